/// The tokeniser: with a small vocabulary what each rule does, with the real one the ids of the reference.
import Testing

@testable import Embedding

@Suite("WordPiece")
struct WordPieceTests {
    static let pieces = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "a", "##b", "ab", "want", "##ed", ",", "!", "i",
        "世", "cafe", "strasse", "##s", "[", "]", "cl", "##c", "=", "σ", "가", "\u{1100}\u{1161}", "x", "sep",
    ]

    static func tokeniser(_ pieces: [String] = pieces, separator: String = "\n") throws -> WordPiece {
        try Array((pieces.joined(separator: separator) + separator).utf8).withUnsafeBytes {
            try WordPiece(vocabulary: $0, file: "vocab.txt")
        }
    }

    static func words(_ text: String) throws -> [String] {
        try tokeniser().ids(of: text).dropFirst().dropLast().map { pieces[Int($0)] }
    }

    @Test(
        "cuts, cleans, folds and matches the longest piece",
        arguments: [
            ("unaffable", "un ##aff ##able"), ("wanted, wanted!", "want ##ed , want ##ed !"), ("abb", "ab ##b"),
            ("WANT", "want"), ("café CAFE\u{301}", "cafe cafe"), ("a世b", "a 世 [UNK]"), ("世世", "世 世"),
            ("", ""), (" \t\r\n\u{a0}\u{3000} ", ""), ("a\u{0}b", "ab"), ("a\u{200b}b", "ab"), ("a\u{fffd}b", "ab"),
            ("İ", "i"), ("unknown", "[UNK]"), ("a unz a", "a [UNK] a"), ("a≠a", "a = a"), ("Σ ΑΣ", "σ [UNK]"),
            ("각 가", "[UNK] \u{1100}\u{1161}"), ("[CLS]", "[ cl ##s ]"), ("[SEP]", "[ sep ]"), ("[UNK]", "[ [UNK] ]"),
            ("\u{301}", ""), ("\u{301}a\u{301}\u{323}b\u{301}", "ab"),
        ])
    func rules(_ text: String, _ expected: String) throws {
        #expect(try WordPieceTests.words(text).joined(separator: " ") == expected)
    }

    @Test("a text is framed by [CLS] and [SEP] and never has more than 256 ids")
    func framing() throws {
        let tokeniser = try WordPieceTests.tokeniser()
        #expect(tokeniser.ids(of: "") == [2, 3])
        #expect(tokeniser.ids(of: "a") == [2, 7, 3])
        for count in [253, 254, 255, 1000] {
            let ids = tokeniser.ids(of: String(repeating: "a ", count: count))
            #expect(ids.count == min(count, 254) + 2)
            #expect(ids.first == 2 && ids.last == 3 && ids.filter { $0 == 7 }.count == ids.count - 2)
        }
        // The last word is cut in its middle.
        let cut = tokeniser.ids(of: String(repeating: "a ", count: 253) + "unaffable")
        #expect(cut.suffix(3) == [7, 4, 3])
    }

    @Test("a word of 100 characters is looked up, one of 101 is unknown; accents do not count")
    func wordLength() throws {
        let tokeniser = try WordPieceTests.tokeniser()
        let accented = String(repeating: "b\u{301}", count: 99)
        #expect(tokeniser.ids(of: "a" + accented).count == 101)
        #expect(tokeniser.ids(of: "ab" + accented) == [2, 1, 3])
        #expect(tokeniser.ids(of: String(repeating: "b", count: 100_000) + " a") == [2, 1, 7, 3])
    }

    @Test("what is left of a word after accents were taken out stands in canonical order")
    func canonicalOrder() throws {
        // U+302E (class 224) is no nonspacing mark, so it stays; U+1D16D (class 226) too.
        let tokeniser = try WordPieceTests.tokeniser(["[UNK]", "[CLS]", "[SEP]", "a\u{302e}\u{1d16d}", "a"])
        #expect(tokeniser.ids(of: "a\u{1d16d}\u{302e}") == [1, 3, 2])
        #expect(tokeniser.ids(of: "a\u{1d16d}\u{301}\u{302e}") == [1, 3, 2])
        // A letter in between, or an accent of class 0, keeps them apart.
        #expect(tokeniser.ids(of: "a\u{1d16d}\u{20dd}\u{302e}") == [1, 0, 2])
        #expect(tokeniser.ids(of: "a\u{1d16d}\u{903}\u{302e}") == [1, 0, 2])
    }

    @Test("does with every character of Unicode what the reference does")
    func everyScalar() throws {
        let tokeniser = try WordPieceTests.tokeniser(["[UNK]", "ab", "a", "b", "[CLS]", "[SEP]"])
        let names: [[Int32]: String] = [[1]: "dropped", [2, 3]: "space", [2, 0, 3]: "apart"]
        var runs: [String] = []
        var last = ""
        // Beyond: nothing but private use and the unassigned, whose ends the fixture pins as well.
        let parts: [ClosedRange<UInt32>] = [
            1...0x33480, 0xe0000...0xe0200, 0xefff0...0xf0001, 0xffff0...0x100001, 0x10fff0...0x10ffff,
        ]
        let expected = try Reference.fixture("scalar-classes.txt").split(separator: "\n").map(String.init)
        for scalar in parts.joined().compactMap(Unicode.Scalar.init) {
            let ids = Array(tokeniser.ids(of: "a\(Character(scalar))b").dropFirst().dropLast())
            let name = names[ids] ?? "kept"
            if name != last { runs.append("\(String(scalar.value, radix: 16)) \(name)") }
            last = name
        }
        #expect(runs.filter { !expected.contains($0) } == [])
        #expect(expected.filter { !runs.contains($0) } == [])
    }

    @Test("vocabularies with Windows line ends or without an end; without the special pieces none")
    func vocabularyFiles() throws {
        let windows = try WordPieceTests.tokeniser(["[UNK]", "[CLS]", "[SEP]", "a"], separator: "\r\n")
        #expect(windows.ids(of: "a") == [1, 3, 2])
        #expect(windows.vocabularyCount == 4)
        #expect(throws: EmbeddingError.self) { try WordPieceTests.tokeniser(["[UNK]", "[CLS]", "a"]) }
        #expect(throws: EmbeddingError.self) { try WordPieceTests.tokeniser([]) }
    }

    @Test(
        "hostile texts take bounded time",
        arguments: [
            " ", "\u{0}", "x", "\u{301}", "가", "ǖ", "\u{302e}\u{1d16d}", "\u{1d16d}\u{302e}", "\u{e000}", "-", "世", "[",
        ])
    func hostile(_ unit: String) throws {
        let text = "a" + String(repeating: unit, count: 10_000_000 / unit.utf8.count) + " a"
        let clock = ContinuousClock()
        var ids: [Int32] = []
        let tokeniser = try WordPieceTests.tokeniser()
        let duration = clock.measure { ids = tokeniser.ids(of: text) }
        #expect((3...256).contains(ids.count))
        // Ten times what a debug build needs on a busy machine; without the bound it would be a minute.
        #expect(duration < .seconds(10))
    }

    @Test("ids of the reference for every sentence", .enabled(if: ModelDirectory.isPresent, ModelDirectory.explanation))
    func reference() throws {
        let embedder = try ModelDirectory.embedder()
        let references = try Reference.all.get()
        #expect(references.count >= 200)
        for reference in references { #expect(embedder.ids(of: reference.text) == reference.ids, "\(reference.text)") }
    }
}
