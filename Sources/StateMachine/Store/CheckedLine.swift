/// One line of text in a small file, with a checksum: the files by which a store decides which data is its own.
///
/// A flipped bit in a number gives another number, and `CURRENT` or `installed` with another number would be believed.
/// Owns: the form, `TEXT CHECKSUM\n`, where the checksum is the first half of the text's SHA-256 in hexadecimal.
/// Must never: return a text whose checksum does not hold.
enum CheckedLine {
    private static let checksumCharacters = 32

    static func encode(_ text: String) -> [UInt8] { Array("\(text) \(checksum(text))\n".utf8) }

    /// - Parameters:
    ///   - path: for the message.
    ///   - what: what the text should be: "a generation number".
    static func decode(_ bytes: [UInt8], path: String, what: String) throws(StoreError) -> String {
        let line = String(decoding: bytes, as: UTF8.self)
        // Compared byte by byte with what would have been written: no other form of the same text passes.
        guard let space = line.utf8.lastIndex(of: UInt8(ascii: " ")) else {
            throw StoreError(doing: "read \(path)", message: "does not hold \(what)")
        }
        let text = String(line[..<space])
        guard encode(text) == bytes else {
            throw StoreError(
                doing: "read \(path)",
                message: "does not hold \(what) with its checksum: it is damaged. Nothing was changed; restore the "
                    + "directory, or set it aside and let the node join anew under another id")
        }
        return text
    }

    private static func checksum(_ text: String) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let hexadecimal = SHA256Digest.of(Array(text.utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: hexadecimal.prefix(checksumCharacters), as: UTF8.self)
    }
}
