/// Texts that break things: syntax of full-text search, JSON and SQL, invisible and astral characters, blanks of every kind,
/// lengths around the limits.
///
/// Owns: the pieces. Must never: know what they are fed to.
enum HostileText {
    private static let pieces = [
        "raft", "lantern", "empty", "AND", "or", "NOT", "NEAR(", "\"", "*", "^", "{", "}", "(", ")", ":", "|", "+", "-",
        "'", "\\", "/", "%", "_", ";--", "NULL", "\u{0}", "\u{1}", "\u{7F}", "\u{85}", "\u{200B}", "\u{202E}",
        "\u{FEFF}",
        "\u{FE0F}", "é", "e\u{301}", "ß", "İ", "\u{1F600}", "\u{1F468}\u{200D}\u{1F469}", "\u{10FFFF}", "日本語",
        "العربية",
        "\n", "\r", "\t", " ", "\u{A0}", "\u{3000}", "..", ".", "//", "a/b/c", "well-known", "3.14", "-1", "0x7f",
        "2026-01-01T00:00:00Z", "1e999", "true", "{\"a\":1}", "[1,2", "<script>", "$.governance", "title:", "rowid",
    ]

    static func make(_ random: inout FuzzRandom) -> String {
        if random.oneIn(40) {
            return String(repeating: random.pick(pieces), count: random.pick([64, 511, 513, 8_192]))
        }
        var text = ""
        for _ in 0..<random.below(6) {
            text += random.pick(pieces)
            if random.oneIn(2) { text += " " }
        }
        return text
    }
}
