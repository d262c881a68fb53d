/// The default ranking: words with their forms, meaning, neighbours, filters that act before anything is read.
import Testing

@testable import StateMachine

@Suite struct StandardRecallTests {
    private static let model = VectorModel(tag: "test", dimension: 4)

    private static func store() throws -> TestStore {
        var options = StoreOptions()
        options.vectorModel = model
        let test = try TestStore(options: options)
        _ = try test.store.apply([
            LogCommand(index: 1, term: 1, kind: .configuration(featureLevel: FeatureLevel.max), command: [1])
        ])
        return test
    }

    private static func unit(_ values: [Float]) -> [Float] {
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return values.map { $0 / length }
    }

    private static func storing(
        _ command: StoreCommand, _ vector: [Float]?, model tag: String = "test"
    ) -> CommandEnvelope {
        var envelope = envelope(.store(command))
        envelope.vectors = vector.map {
            TextVectors(
                model: tag,
                entries: [
                    .init(
                        text: TextDigest(title: command.title, content: command.content),
                        vector: VectorBytes.bytes(unit($0)))
                ])
        }
        return envelope
    }

    private static func recall(_ test: TestStore, _ query: RecallQuery, now: Int64 = 0) throws -> RecallResult {
        try test.read { reader throws(StoreError) in try reader.recall(query, now: time(now)) }
    }

    private static func ids(_ test: TestStore, _ query: RecallQuery, now: Int64 = 0) throws -> [String] {
        try recall(test, query, now: now).hits.map(\.memory.id)
    }

    @Test func `a vector comes with its text, leaves with it, and is found after a restart`() throws {
        let test = try Self.store()
        try test.apply([
            Self.storing(StateMachineTests.storing("a", content: "one"), [1, 0, 0, 0]),
            Self.storing(StateMachineTests.storing("b", content: "two"), [0, 1, 0, 0]),
            Self.storing(StateMachineTests.storing("c", content: "three"), [0, 1, 0.1, 0], model: "another"),
        ])
        var query = RecallQuery(context: "nothing of that", limit: 5)
        query.vector = Self.unit([0.2, 1, 0, 0])
        query.ranking = .vector
        #expect(try Self.ids(test, query) == ["b", "a"])
        #expect(test.store.takeRowsWithoutVector(limit: 9) == [3])
        // The same text again keeps it, another one loses it.
        try test.apply(.update(UpdateCommand(id: "b", priority: 9, at: time(1))))
        #expect(try Self.ids(test, query).first == "b")
        try test.apply(.update(UpdateCommand(id: "b", content: "changed", at: time(2))))
        #expect(try Self.ids(test, query) == ["a"])
        #expect(test.store.takeRowsWithoutVector(limit: 9) == [2])
        // A late vector of the old text is not taken, one of the new text is.
        func late(_ content: String) throws -> Outcome {
            try test.apply(
                .setVectors(
                    SetVectorsCommand(
                        model: "test",
                        items: [
                            .init(
                                id: "b",
                                entry: .init(
                                    text: TextDigest(title: "title b", content: content),
                                    vector: VectorBytes.bytes([0, 1, 0, 0])))
                        ])))
        }
        #expect(try late("two") == .counted(0))
        #expect(try late("changed") == .counted(1))
        try test.reopen()
        #expect(try Self.ids(test, query) == ["b", "a"])
        try test.store.noticeRowsWithoutVector()
        #expect(test.store.takeRowsWithoutVector(limit: 9) == [3])
        try test.apply(.delete(DeleteCommand(id: "b")))
        #expect(try Self.ids(test, query) == ["a"])
        #expect(test.store.takeRowsWithoutVector(limit: 9) == [], "what is gone wants no vector")
        #expect(try test.store.problems() == [])
    }

    @Test func `meaning finds what shares no word, words find what has no vector, and explain says which`() throws {
        let test = try Self.store()
        try test.apply([
            Self.storing(
                StateMachineTests.storing("cat", content: "My cat sleeps all day", namespace: "x"), [1, 0.1, 0, 0]),
            Self.storing(
                StateMachineTests.storing("car", content: "The car needs oil", namespace: "y"), [0, 0, 1, 0.1]),
            Self.storing(StateMachineTests.storing("pet", content: "A pet shop opened", namespace: "z"), nil),
        ])
        var query = RecallQuery(context: "which pet", limit: 5)
        query.vector = Self.unit([1, 0, 0, 0])
        let result = try Self.recall(test, query)
        #expect(result.isHybrid)
        #expect(Set(result.hits.map(\.memory.id)) == ["cat", "pet"])
        let cat = result.hits.first { $0.memory.id == "cat" }
        #expect((cat?.parts.cosine ?? 0) > 0.9 && cat?.parts.textRank == nil)
        let pet = result.hits.first { $0.memory.id == "pet" }
        #expect(pet?.parts.cosine == nil && (pet?.parts.textRank ?? 0) > 0)
        query.ranking = .keyword
        #expect(try Self.ids(test, query) == ["pet"])
    }

    @Test func `use changes no score`() throws {
        let test = try Self.store()
        for number in 0..<6 {
            try test.apply([
                Self.storing(
                    StateMachineTests.storing("m\(number)", content: "needle \(number)", namespace: "n\(number)"),
                    [1, Float(number) / 4, 0, 0])
            ])
        }
        var query = RecallQuery(context: "needle", limit: 6)
        query.vector = [1, 0, 0, 0]
        let before = try Self.recall(test, query)
        for _ in 0..<12 {
            try test.apply(
                .touch(
                    TouchCommand(
                        ids: ["m5", "m4"], at: time(60), atNanoseconds: baseNanoseconds, shortStepSeconds: 60,
                        midStepSeconds: 60)))
        }
        let after = try Self.recall(test, query)
        #expect(before.hits.map(\.memory.id) == after.hits.map(\.memory.id))
        #expect(before.hits.map(\.score) == after.hits.map(\.score))
    }

    @Test func `what stands beside a good match gets a share, in its namespace only`() throws {
        let test = try Self.store()
        for (id, content, namespace, vector) in [
            ("far", "unrelated words", "talk", [0, 0, 1, 0]),
            ("question", "where did we put the lantern", "talk", [1, 0, 0, 0]),
            ("answer", "behind the blue door", "talk", [0.4, 1, 0, 0]),
            ("other", "behind the blue gate", "elsewhere", [0.4, 1, 0, 0]),
        ] as [(String, String, String, [Float])] {
            try test.apply([
                Self.storing(StateMachineTests.storing(id, content: content, namespace: namespace), vector)
            ])
        }
        var query = RecallQuery(context: "lantern", limit: 5)
        query.vector = [1, 0, 0, 0]
        let hits = try Self.recall(test, query).hits
        #expect(hits.map(\.memory.id) == ["question", "answer", "other"], "what is about something else stays away")
        #expect(hits[1].parts.neighbours > 0 && hits[2].parts.neighbours == 0)
    }

    @Test func `common words cost no more than the bounds say, and rare ones are found among them`() throws {
        let test = try Self.store()
        try test.apply(
            (0..<3_000).map { envelope(.store(StateMachineTests.storing("m\($0)", content: "common word \($0 % 7)"))) })
        try test.apply(.store(StateMachineTests.storing("rare", content: "common zephyr")))
        #expect(try Self.ids(test, RecallQuery(context: "the common zephyr", limit: 3)).first == "rare")
        #expect(try Self.ids(test, RecallQuery(context: "common word", limit: 3)).count == 3)
    }

    /// Conditions drawn at random over rows drawn at random: what the indexes let pass and SQL checks is what SQL alone
    /// finds.
    @Test func `filters in memory keep back nothing that SQL lets pass`() throws {
        var generator = SeededGenerator(state: 11)
        let test = try Self.store()
        let namespaces = ["a", "a/b", "a/b/c", "A/b", "d", "a-b"]
        let scopes = ["private", "team", "unit", "org", "collective", "odd"]
        let dates = [time(0), time(50), "2026-01-01T00:00:50Z", "not a date", "2026-01-01T00:00:50.5+00:00"]
        let bounds = dates + ["2026-01-01", "2026-01-01T00:00", "2026", "2027-01", "x"]
        var commands: [CommandEnvelope] = []
        for number in 0..<300 {
            var command = StateMachineTests.storing(
                "m\(number)", content: "needle", namespace: namespaces.randomElement(using: &generator) ?? "a",
                tier: [Tier.short, .mid, .long].randomElement(using: &generator) ?? .mid,
                tags: ["x", "y", "z"].filter { _ in Bool.random(using: &generator) },
                expiresAt: Bool.random(using: &generator) ? dates.randomElement(using: &generator) : nil,
                metadata: "{\"scope\":\"\(scopes.randomElement(using: &generator) ?? "")\"}")
            command.at = dates.randomElement(using: &generator) ?? time(0)
            commands.append(Self.storing(command, [1, 0, 0, 0]))
        }
        try test.apply(commands)
        for _ in 0..<400 {
            var query = RecallQuery(context: "needle", limit: 400)
            func maybe<T>(_ value: T?) -> T? { Bool.random(using: &generator) ? value : nil }
            query.namespace = maybe(namespaces.randomElement(using: &generator))
            query.reach = [.ancestors, .exact, .subtree].randomElement(using: &generator) ?? .exact
            query.tier = maybe(Tier.long)
            query.tags = maybe(["x", "y"].shuffled(using: &generator).prefix(1) + []) ?? []
            query.since = maybe(bounds.randomElement(using: &generator))
            query.until = maybe(bounds.randomElement(using: &generator))
            query.asAgent = maybe(namespaces.randomElement(using: &generator))
            query.vector = [1, 0, 0, 0]
            let now = time(Int64.random(in: 0...100, using: &generator))
            let expected = try test.read { [query] reader throws(StoreError) in
                let parts = reader.conditions(of: query, now: now)
                let statement = try reader.database.statement("SELECT id FROM memories \(parts.whereClause)")
                defer { statement.reset() }
                try statement.bind(parts.arguments)
                var ids: Set<String> = []
                while try statement.step() { ids.insert(statement.text(0)) }
                return ids
            }
            for ranking in [RecallQuery.Ranking.vector, .keyword] {
                query.ranking = ranking
                let found = try test.read { [query] reader throws(StoreError) in
                    try reader.recall(query, now: now).hits.map(\.memory.id)
                }
                #expect(Set(found) == expected && found.count == expected.count, "\(query) at \(now)")
            }
        }
    }

    @Test func `what a filter in memory cannot tell apart does not crowd out what SQL lets pass`() throws {
        let test = try Self.store()
        let others = (0..<2_000).map { "tag\($0)" }
        let alike = try #require(others.first { RowDirectory.tagBit($0) == RowDirectory.tagBit("wanted") })
        try test.apply(
            (0..<400).map { number in
                Self.storing(
                    StateMachineTests.storing("m\(number)", content: "needle", tags: [alike]),
                    [1, Float(number) / 1e4, 0, 0])
            })
        try test.apply([
            Self.storing(
                StateMachineTests.storing("last", content: "needle among many other words", tags: ["wanted"]),
                [0.5, 1, 0, 0])
        ])
        var query = RecallQuery(context: "needle", limit: 5)
        query.vector = [1, 0, 0, 0]
        query.tags = ["wanted"]
        for ranking in [RecallQuery.Ranking.standard, .vector, .keyword] {
            query.ranking = ranking
            #expect(try Self.ids(test, query) == ["last"], "\(ranking)")
        }
    }

    @Test func `a word that stands everywhere is no match`() throws {
        let test = try Self.store()
        let vectors: [[Float]] = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
        for (number, vector) in vectors.enumerated() {
            let content = "team" + String(repeating: " and more", count: number * 5)
            try test.apply([Self.storing(StateMachineTests.storing("m\(number)", content: content), vector)])
        }
        var query = RecallQuery(context: "team", limit: 3)
        query.vector = Self.unit([0, 0, 1, 0.1])
        let hits = try Self.recall(test, query).hits
        #expect(hits.first?.memory.id == "m2", "meaning decides, not the length of the text")
        #expect(hits.dropFirst().allSatisfy { $0.score < 0.2 }, "a share of the neighbour, no more")
    }

    @Test func `the count of a common word is remembered until the store has changed, that of a rare one never`() throws
    {
        let counts = WordCounts()
        var asked: [String] = []
        func rows(_ word: String, total: Int, are rows: Int) throws -> Int {
            try counts.rows(of: word, total: total) { () throws(StoreError) in
                asked.append(word)
                return rows
            }
        }
        #expect(try rows("common", total: 10_000, are: 5_000) == 5_000)
        #expect(try rows("common", total: 10_400, are: 5_300) == 5_000)
        #expect(try rows("rare", total: 10_000, are: 3) == 3 && rows("rare", total: 10_000, are: 4) == 4)
        #expect(asked == ["common", "rare", "rare"])
        #expect(try rows("common", total: 10_600, are: 5_400) == 5_400 && rows("common", total: 10_000, are: 1) == 1)
    }

    @Test(
        arguments: [
            ("2026-02-01", nil, false), ("2026-01-10", nil, true), ("2026", nil, true), (nil, "2026-01", false),
            (nil, "2026-02-01", true), (nil, "2025-12-31T23:59", false), ("no date", "z", true),
        ] as [(String?, String?, Bool)])
    func `a bound that is a date alone acts in memory already`(
        _ since: String?, _ until: String?, _ passes: Bool
    ) throws {
        var directory = RowDirectory()
        directory.write(
            1,
            RowFacts(
                namespace: "n", tier: .mid, scope: "private", createdAt: "2026-01-15T10:00:00+00:00", expiresAt: nil,
                tags: [], version: 1))
        var query = RecallQuery(context: "x", limit: 1)
        (query.since, query.until) = (since, until)
        let filter = RowFilter(query, now: time(0), directory: directory)
        #expect(filter.passes(try #require(directory.packed(1))) == passes)
    }

    @Test func `title and content are embedded with one space between them, as in v0.6.3`() {
        #expect(EmbeddedText.of(title: "a", content: "b c") == "a b c")
    }

    @Test func `noticed rows come once each, in order, however often they are noticed`() {
        var noticed = NoticedRows()
        for row in 1...3_000 { noticed.add(Int64(row)) }
        noticed.add(5)
        noticed.remove(2)
        #expect(noticed.take(3) == [1, 3, 4] && noticed.count == 2_996)
        noticed.add(2)
        var rest: [Int64] = []
        while noticed.count > 0 { rest += noticed.take(700) }
        #expect(rest == Array(5...3_000) + [2])
        noticed.add(9)
        #expect(noticed.take(9) == [9] && noticed.take(9) == [])
        // Where nobody takes, what does not wait any more is forgotten; and what is too much is told.
        noticed.add(-1)
        for row in 1...100_000 {
            noticed.add(Int64(row))
            noticed.remove(Int64(row))
        }
        #expect(noticed.take(2) == [-1] && noticed.count == 0 && !noticed.hasOverflowed)
        for row in 0...NoticedRows.countMax { noticed.add(Int64(row)) }
        #expect(noticed.hasOverflowed && noticed.count == NoticedRows.countMax)
    }

    @Test(arguments: [
        ("What is the name of the dog?", ["name", "dog"]), ("the who", ["the", "who"]),
        ("Anna's bike!", ["anna", "bike"]),
        ("v1.2.3 (beta)", ["v1.2.3", "beta"]),
    ])
    func `questions are cut down to their words`(_ question: String, _ words: [String]) {
        #expect(RecallTerms(question).terms.map { $0.forms[0] } == words)
    }

    @Test(arguments: [
        ("running", ["run", "runs", "running"]), ("stopped", ["stop", "stopping"]), ("cities", ["city"]),
        ("city", ["cities"]), ("making", ["make", "makes"]), ("boxes", ["box"]), ("tries", ["try", "tried"]),
        ("bus", ["buses"]),
    ])
    func `a word brings its regular forms`(_ word: String, _ wanted: [String]) {
        let forms = RecallTerms.forms(of: word)
        #expect(forms.first == word)
        for form in wanted { #expect(forms.contains(form), "\(word): \(forms)") }
    }
}
