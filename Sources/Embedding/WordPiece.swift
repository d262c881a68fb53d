/// BERT's uncased tokeniser: text in, token ids out, [CLS] first and [SEP] last.
///
/// Owns: the vocabulary. Must never: turn what a text says ("[SEP]") into a special token; read more of a text than
/// `WordPiece.byteCountMax`.

final class WordPiece: Sendable {
    /// What the model takes, special tokens included; the rest of the text is cut off.
    static let tokensMax = 256
    /// Reading stops as soon as there are enough tokens, usually after a kilobyte. Characters that yield none (spaces,
    /// controls, accents, the inside of an endless word) would prolong it without limit, so no more than this is looked at:
    /// four times what a memory may hold.
    static let byteCountMax = 1 << 18
    /// A word with more characters is unknown as a whole.
    static let wordLengthMax = 100

    let vocabularyCount: Int
    private let trie: TokenTrie
    private let unknown: Int32
    private let classification: Int32
    private let separator: Int32

    /// - Parameters:
    ///   - vocabulary: UTF-8, one piece per line; its id is the number of the line.
    ///   - file: where it came from, for the error.
    init(vocabulary: UnsafeRawBufferPointer, file: String) throws(EmbeddingError) {
        var trie = TokenTrie()
        var specials: [String: Int32] = [:]
        var lines = vocabulary.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        for (token, line) in lines.enumerated() {
            let piece = String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
            let id = Int32(truncatingIfNeeded: token)
            if piece.utf8.first == UInt8(ascii: "[") { specials[piece] = id }
            if piece.utf8.starts(with: "##".utf8) {
                trie.insert(piece.unicodeScalars.dropFirst(2), under: .continuation, token: id)
            } else {
                trie.insert(piece.unicodeScalars, under: .beginning, token: id)
            }
        }
        guard let unknown = specials["[UNK]"], let first = specials["[CLS]"], let last = specials["[SEP]"] else {
            throw EmbeddingError(file: file, message: "is no BERT vocabulary: it lacks [UNK], [CLS] or [SEP]")
        }
        // Made now, not while the first text waits.
        _ = CanonicalDecomposition.shared
        self.trie = trie
        self.unknown = unknown
        classification = first
        separator = last
        vocabularyCount = lines.count
    }

    /// Two to `tokensMax` ids. Takes time proportional to what is read: at most `byteCountMax`.
    func ids(of text: String) -> [Int32] {
        var sink = TokenSink(pieces: self)
        sink.ids.append(classification)
        var splitter = WordSplitter()
        var byteCount = 0
        for scalar in text.unicodeScalars {
            byteCount += UTF8.width(scalar)
            if byteCount > WordPiece.byteCountMax || sink.ids.count >= WordPiece.tokensMax - 1 { break }
            splitter.take(scalar, into: &sink)
        }
        splitter.finish(into: &sink)
        // The last word may have had more pieces than there was room for.
        var ids = Array(sink.ids.prefix(WordPiece.tokensMax - 1))
        ids.append(separator)
        return ids
    }

    /// Greedy: the longest piece, then the longest of what is left. A word with a rest that no piece fits is unknown.
    fileprivate func append(_ word: [Unicode.Scalar], to ids: inout [Int32]) {
        let before = ids.count
        var start = 0
        while start < word.count {
            guard word.count <= WordPiece.wordLengthMax,
                let (token, end) = trie.longest(in: word, from: start, under: start == 0 ? .beginning : .continuation)
            else {
                ids.removeLast(ids.count - before)
                ids.append(unknown)
                return
            }
            ids.append(token)
            start = end
        }
    }
}

private struct TokenSink: WordSink {
    let pieces: WordPiece
    var ids: [Int32] = []

    init(pieces: WordPiece) {
        self.pieces = pieces
        ids.reserveCapacity(WordPiece.tokensMax + WordPiece.wordLengthMax)
    }

    mutating func accept(_ word: [Unicode.Scalar]) { pieces.append(word, to: &ids) }
}
