/// Search and recall against an independent computation, and the rules around the score.
import Foundation
import Testing

@testable import StateMachine

/// BM25 and the keyword score, computed in plain Swift from the formulas of the contract.
private struct ReferenceRanking {
    struct Document {
        var memory: Memory
        var words: [String]
    }
    let documents: [Document]
    let averageLength: Double

    init(_ memories: [Memory]) {
        documents = memories.map { memory in
            let text = "\(memory.title) \(memory.content) \(memory.tags.joined(separator: " "))"
            return Document(
                memory: memory, words: text.lowercased().split { !($0.isLetter || $0.isNumber) }.map(String.init))
        }
        averageLength = Double(documents.map(\.words.count).reduce(0, +)) / Double(documents.count)
    }

    func textScore(_ document: Document, _ query: [String]) -> Double? {
        var score = 0.0
        var matched = false
        for word in query {
            let holders = Double(documents.count { $0.words.contains(word) })
            let total = Double(documents.count)
            let idf = max(log((total - holders + 0.5) / (holders + 0.5)), 1e-6)
            let frequency = Double(document.words.count { $0 == word })
            if frequency > 0 { matched = true }
            let length = Double(document.words.count)
            score += idf * frequency * 2.2 / (frequency + 1.2 * (1 - 0.75 + 0.75 * length / averageLength))
        }
        return matched ? score : nil
    }

    func recall(_ query: [String], now: Int64, limit: Int) -> [(id: String, score: Double)] {
        var scored: [(id: String, score: Double)] = []
        for document in documents {
            let memory = document.memory
            if let expiry = memory.expiresAt, expiry <= time(now) { continue }
            guard var score = textScore(document, query), let updated = Timestamp.parse(memory.updatedAt) else {
                continue
            }
            score += 0.5 * Double(memory.priority) + 0.1 * Double(min(memory.accessCount, 50)) + 2 * memory.confidence
            score += memory.tier == .long ? 3 : memory.tier == .mid ? 1 : 0
            let age = Double(baseNanoseconds + now * 1_000_000_000 - updated) / 86_400e9
            score += 1 / (1 + 0.1 * age)
            scored.append((memory.id, score))
        }
        return Array(scored.sorted { $0.score == $1.score ? $0.id < $1.id : $0.score > $1.score }.prefix(limit))
    }
}

@Suite struct RecallTests {
    static let vocabulary = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu".split(separator: " ")
        .map(String.init)

    private static func corpus(_ seed: UInt64) throws -> TestStore {
        let test = try TestStore()
        var random = SeededGenerator(state: seed)
        func words(_ count: Int) -> String {
            (0..<count).map { _ in
                // Skewed, so that some words are in almost every row and some in few.
                vocabulary[min(Int.random(in: 0..<12, using: &random), Int.random(in: 0..<12, using: &random))]
            }.joined(separator: " ")
        }
        for number in 0..<80 {
            try test.apply(
                .store(
                    storing(
                        "id\(number)", title: "\(words(2)) n\(number)",
                        content: words(Int.random(in: 1...30, using: &random)),
                        tier: Tier.allCases.randomElement(using: &random) ?? .mid,
                        tags: Bool.random(using: &random) ? [words(1), words(2)] : [],
                        priority: Int.random(in: 1...10, using: &random),
                        confidence: Double.random(in: 0...1, using: &random),
                        at: -Int64.random(in: 0...4_000_000, using: &random),
                        expiresAt: number % 9 == 0 ? time(-5) : number % 7 == 0 ? time(900_000) : nil)))
        }
        for _ in 0..<120 { try test.apply(.touch(touching(["id\(Int.random(in: 0..<80, using: &random))"], at: -2))) }
        return test
    }

    @Test(arguments: [11, 12, 13] as [UInt64])
    func `recall gives the documented scores, exactly, in order`(_ seed: UInt64) throws {
        let test = try RecallTests.corpus(seed)
        let everything = try (0..<80).map { try #require(try test.memory("id\($0)")) }
        let reference = ReferenceRanking(everything)
        for query in [
            ["alpha"], ["mu"], ["alpha", "lambda"], ["kappa", "kappa", "beta"], ["gamma", "nowhere", "theta", "iota"],
        ] {
            let result = try test.read { reader throws(StoreError) in
                var asked = RecallQuery(context: query.joined(separator: " "), limit: 15)
                asked.ranking = .compat
                return try reader.recall(asked, now: time(0))
            }
            let expected = reference.recall(query, now: 0, limit: 15)
            #expect(result.hits.map(\.memory.id) == expected.map(\.id), "\(query)")
            for (hit, wanted) in zip(result.hits, expected) {
                #expect(
                    hit.score == (wanted.score * 1_000).rounded(.toNearestOrAwayFromZero) / 1_000, "\(query) \(wanted)")
            }
        }
    }

    private func recall(_ test: TestStore, _ query: RecallQuery, now: Int64 = 0) throws -> RecallResult {
        var query = query
        query.ranking = .compat
        return try test.read { [query] reader throws(StoreError) in try reader.recall(query, now: time(now)) }
    }

    @Test func `a namespace with a slash widens to its ancestors, and nearness reorders`() throws {
        let test = try TestStore()
        try test.apply(
            .storeBatch([
                storing("leaf", content: "needle", namespace: "a/b/c"),
                storing("middle", content: "needle", namespace: "a/b", priority: 6),
                storing("root", content: "needle", namespace: "a", priority: 9),
                storing("sibling", content: "needle", namespace: "a/x"),
                storing("below", content: "needle", namespace: "a/b/c/d"),
                storing("flat", content: "needle", namespace: "flat"),
            ]))
        let wide = try recall(test, RecallQuery(context: "needle", namespace: "a/b/c"))
        #expect(wide.hits.map(\.memory.id) == ["leaf", "middle", "root"])
        let narrow = try recall(test, RecallQuery(context: "needle", namespace: "a"))
        #expect(narrow.hits.map(\.memory.id) == ["root"])
        let plain = try #require(narrow.hits.first?.score)
        let root = try #require(wide.hits.last?.score)
        #expect(abs(root - plain / 1.6) < 0.001)
        // The boost comes after the limit: it cannot admit the leaf.
        #expect(
            try recall(test, RecallQuery(context: "needle", namespace: "a/b/c", limit: 2)).hits.map(\.memory.id) == [
                "middle", "root",
            ])
    }

    @Test func `the budget stops at the first row that does not fit`() throws {
        let test = try TestStore()
        try test.apply(
            .storeBatch([
                storing("a", title: "t1", content: "needle" + String(repeating: ".", count: 32), priority: 9),
                storing("b", title: "t2", content: "needle" + String(repeating: ".", count: 392), priority: 8),
                storing("c", title: "t3", content: "needle", priority: 7),
            ]))
        let all = try recall(test, RecallQuery(context: "needle"))
        #expect(all.hits.map(\.memory.id) == ["a", "b", "c"])
        #expect(all.tokensUsed == 10 + 100 + 2)
        let some = try recall(test, RecallQuery(context: "needle", budgetTokens: 50))
        #expect(some.hits.map(\.memory.id) == ["a"], "c would fit, but the walk stops at b")
        #expect(some.tokensUsed == 10)
        #expect(try recall(test, RecallQuery(context: "needle", budgetTokens: 9)).hits.isEmpty)
        #expect(try recall(test, RecallQuery(context: "needle", limit: 0)).hits.isEmpty)
    }

    @Test func `a row updated exactly ten days ahead does not fail the query`() throws {
        let test = try TestStore()
        try test.apply(.store(storing("a", content: "needle", at: 864_000)))
        try test.apply(.store(storing("b", content: "needle")))
        let hits = try recall(test, RecallQuery(context: "needle")).hits
        #expect(hits.map(\.memory.id) == ["b", "a"])
        #expect(hits.allSatisfy { $0.score.isFinite })
    }

    @Test func `filters: tag, since, until, expiry`() throws {
        let test = try TestStore()
        try test.apply([
            envelope(.store(storing("a", content: "needle", tags: ["x", "y,z"], at: 10))),
            envelope(.store(storing("b", content: "needle", tags: ["y"], at: 20, expiresAt: time(100)))),
            envelope(.store(storing("c", content: "needle", at: 30))),
        ])
        func ids(_ query: RecallQuery, now: Int64 = 50) throws -> Set<String> {
            Set(try recall(test, query, now: now).hits.map(\.memory.id))
        }
        #expect(try ids(RecallQuery(context: "needle", tags: ["y,z"])) == ["a"], "one literal tag, not a list")
        #expect(try ids(RecallQuery(context: "needle", tags: ["y"])) == ["b"])
        #expect(try ids(RecallQuery(context: "needle", since: time(20), until: time(20))) == ["b"])
        #expect(try ids(RecallQuery(context: "needle"), now: 100) == ["a", "c"], "expired at the very instant")
        #expect(try ids(RecallQuery(context: "needle"), now: 99) == ["a", "b", "c"])
    }

    @Test func `search wants all words, recall any`() throws {
        let test = try TestStore()
        try test.apply(
            .storeBatch([
                storing("a", content: "red green"), storing("b", content: "red"), storing("c", content: "green blue"),
            ]))
        #expect(try test.search("red green") == ["a"])
        #expect(try recall(test, RecallQuery(context: "red green")).hits.count == 3)
        #expect(try test.search("well-known").isEmpty)
        try test.apply(.store(storing("d", title: "well known", content: "known well")))
        #expect(try test.search("well-known") == ["d"], "a hyphenated word is a phrase")
        #expect(try test.search("known-known").isEmpty)
    }

    struct Sanitised: Sendable {
        var text: String
        var all: String
        var any: String
    }

    @Test(arguments: [
        Sanitised(text: "one two", all: #""one" "two""#, any: #""one" OR "two""#),
        Sanitised(text: "  well-known\tv1.2\n", all: #""well-known" "v1.2""#, any: #""well-known" OR "v1.2""#),
        Sanitised(
            text: "a AND b or c Not d nEaR e", all: #""a" "b" "c" "d" "e""#, any: #""a" OR "b" OR "c" OR "d" OR "e""#),
        Sanitised(
            text: #"say "hi" col:umn (x*) ^y {z} p|q r+s"#, all: #""say" "hi" "column" "x" "y" "z" "pq" "rs""#,
            any: #""say" OR "hi" OR "column" OR "x" OR "y" OR "z" OR "pq" OR "rs""#),
        Sanitised(
            text: "zero\u{200B}width \u{FEFF}bom soft\u{AD}hyphen", all: #""zerowidth" "bom" "softhyphen""#,
            any: #""zerowidth" OR "bom" OR "softhyphen""#),
        Sanitised(
            text: "nbsp\u{A0}splits\u{3000}too", all: #""nbsp" "splits" "too""#, any: #""nbsp" OR "splits" OR "too""#),
        Sanitised(text: "A\"ND", all: #""AND""#, any: #""AND""#),
        Sanitised(text: "nul\u{0}inside", all: #""nulinside""#, any: #""nulinside""#),
        Sanitised(text: "", all: #""_empty_""#, any: #""_empty_""#),
        Sanitised(text: "\"\" (*) AND", all: #""_empty_""#, any: #""_empty_""#),
    ])
    func `free text becomes quoted phrases`(_ row: Sanitised) {
        #expect(FullTextQuery.make(row.text, join: .all) == row.all)
        #expect(FullTextQuery.make(row.text, join: .any) == row.any)
    }

    @Test func `no text is a syntax error`() throws {
        let test = try TestStore()
        try test.apply(.store(storing("a", content: "an empty cup")))
        #expect(try test.search("\"\"") == ["a"], "the fallback finds the word empty")
        var random = SeededGenerator(state: 3)
        let pieces = [
            "\"", "'", "*", "(", ")", "NEAR", "AND", "-", ":", "^", "\u{0}", "\u{200B}", "title", "{", "+", "\\", "%",
            "😀", "e\u{301}", ";", " ", "\n",
        ]
        for _ in 0..<400 {
            let text = (0..<Int.random(in: 0..<12, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            _ = try test.search(text)
            _ = try recall(test, RecallQuery(context: text))
            _ = try test.read { reader throws(StoreError) in
                try reader.similarTitles(title: text, namespace: "global", limit: 5)
            }
        }
        let long = String(repeating: "word ", count: 100_000)
        _ = try recall(test, RecallQuery(context: long))
        #expect(FullTextQuery.make(long, join: .any).utf8.count < 20_000)
    }

    @Test func `visibility follows scope and position`() throws {
        let test = try TestStore()
        var stores: [StoreCommand] = []
        for namespace in [
            "acme", "acme/eng", "acme/eng/team", "acme/eng/team/bot", "acme/sales", "acmeXeng", "ACME/eng/zzz", "flat",
        ] {
            for scope in ["private", "team", "unit", "org", "collective", "odd"] {
                stores.append(
                    storing(
                        "\(namespace)|\(scope)", content: "needle", namespace: namespace,
                        metadata: #"{"scope":"\#(scope)"}"#))
            }
            stores.append(storing("\(namespace)|none", content: "needle", namespace: namespace))
        }
        stores.append(storing("flat|number", content: "needle", namespace: "flat", metadata: #"{"scope":7}"#))
        try test.apply(.storeBatch(stores))
        func visible(_ position: String) throws -> Set<String> {
            let found = try test.read { reader throws(StoreError) in
                try reader.search(SearchQuery(text: "needle", limit: 1_000, asAgent: position), now: time(0)).map(\.id)
            }
            let recalled = try recall(test, RecallQuery(context: "needle", limit: 1_000, asAgent: position)).hits.map(
                \.memory.id)
            #expect(Set(found) == Set(recalled))
            return Set(found.filter { !$0.hasSuffix("|collective") })
        }
        #expect(
            try visible("acme/eng/team/bot") == [
                "acme/eng/team/bot|private", "acme/eng/team/bot|none", "acme/eng/team|team", "acme/eng/team/bot|team",
                "acme/eng|unit",
                "acme/eng/team|unit", "acme/eng/team/bot|unit", "ACME/eng/zzz|unit", "acme|org", "acme/eng|org",
                "acme/eng/team|org",
                "acme/eng/team/bot|org", "acme/sales|org", "ACME/eng/zzz|org",
            ])
        #expect(try visible("flat") == ["flat|private", "flat|none"])
        #expect(try visible("a%/e__/t%/b").isEmpty, "wildcards are literal")
        #expect(try visible("").isEmpty)
        #expect(
            try recall(test, RecallQuery(context: "needle", limit: 1_000)).hits.count == stores.count,
            "no position, no filter")
    }
}
