/// SHA-256 of a run of bytes, through the system's libcrypto.
///
/// Owns: the value and how it is made. Must never: be made of less than all the bytes.
import COpenSSL

struct ContentHash: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64)

    /// - Returns: nil when libcrypto has no SHA-256 to offer.
    init?(of bytes: UnsafeRawBufferPointer) {
        words = (0, 0, 0, 0)
        let done = withUnsafeMutableBytes(of: &words) { digest in
            EVP_Digest(
                bytes.baseAddress, bytes.count, digest.bindMemory(to: UInt8.self).baseAddress, nil, EVP_sha256(), nil)
        }
        guard done == 1 else { return nil }
    }

    init?(of text: String) {
        var contiguous = text
        let hash = contiguous.withUTF8 { ContentHash(of: UnsafeRawBufferPointer($0)) }
        guard let hash else { return nil }
        self = hash
    }

    /// 64 digits, lower case.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return withUnsafeBytes(of: words) { bytes in
            String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
        }
    }

    static func == (left: ContentHash, right: ContentHash) -> Bool { left.words == right.words }

    // A quarter of a cryptographic hash is as good as all of it for a hash table.
    func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
