/// SHA-256 of bytes at hand, for callers outside the apply lane.
import COpenSSL

public enum SHA256Digest {
    /// The 32 bytes of the digest. libcrypto's one-shot function cannot fail for bytes in memory.
    public static func of(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { digest, count in
            bytes.withUnsafeBufferPointer { _ = COpenSSL.SHA256($0.baseAddress, $0.count, digest.baseAddress) }
            count = Int(SHA256_DIGEST_LENGTH)
        }
    }
}
