/// Free text as an FTS5 query: every word a quoted phrase, so that no text is syntax.
///
/// Owns: the sanitiser of v0.6.3 (semantics §3.2). Must never: let a quote, an operator or a NUL reach FTS5.

/// Whether a text holds anything that could be searched for.
public enum SearchText {
    public static func hasWords(_ text: String) -> Bool {
        FullTextQuery.phrases(text).contains { $0.unicodeScalars.contains(where: isOfWord) }
    }

    /// What the tokenizer of the index (unicode61) makes words of.
    private static func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .privateUse:
            true
        default: false
        }
    }
}

enum FullTextQuery {
    enum Join {
        /// OR: recall, similar titles.
        case any
        /// AND: search.
        case all
    }

    /// What is searched when nothing is left; FTS5 reads it as the word "empty".
    static let fallback = "\"_empty_\""
    /// Words of one query; further ones are ignored. Bounds the work of one request.
    static let wordsMax = 1_024

    static func make(_ text: String, join: Join) -> String {
        let phrases = phrases(text)
        if phrases.isEmpty { return fallback }
        return phrases.map { "\"\($0)\"" }.joined(separator: join == .any ? " OR " : " ")
    }

    /// The words without what has a meaning in FTS5's language.
    static func phrases(_ text: String) -> [String] {
        var phrases: [String] = []
        var word = String.UnicodeScalarView()
        func finishWord() {
            defer { word = String.UnicodeScalarView() }
            guard !word.isEmpty, phrases.count < wordsMax else { return }
            let raw = String(word)
            if isOperator(raw) { return }
            var kept = String.UnicodeScalarView()
            for scalar in word where !isSyntax(scalar) { kept.append(scalar) }
            if kept.isEmpty { return }
            phrases.append(String(kept))
        }
        for scalar in text.unicodeScalars where !isInvisible(scalar) {
            if scalar.properties.isWhitespace {
                finishWord()
            } else {
                word.append(scalar)
            }
        }
        finishWord()
        return phrases
    }

    private static func isOperator(_ word: String) -> Bool {
        guard word.utf8.count <= 4 else { return false }
        switch word.uppercased() {
        case "AND", "OR", "NOT", "NEAR": return true
        default: return false
        }
    }

    private static func isSyntax(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\"", "*", "^", "{", "}", "(", ")", ":", "|", "+": true
        default: false
        }
    }

    /// Code points that show nothing and would split or hide words; and NUL, which would end the query early.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0, 0x00AD, 0x034F, 0x061C, 0x180E, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2064, 0x2066...0x2069,
            0xFE00...0xFE0F, 0xFEFF:
            true
        default: false
        }
    }
}
