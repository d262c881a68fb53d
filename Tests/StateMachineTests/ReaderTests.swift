/// Lookups, lists, similar titles, statistics, and the pool of connections.
import Synchronization
import Testing

@testable import StateMachine

@Suite struct ReaderTests {
    private func lookup(_ test: TestStore, _ text: String) throws -> MemoryLookup {
        try test.read { reader throws(StoreError) in try reader.lookup(text) }
    }

    private func found(_ lookup: MemoryLookup) -> String? {
        if case .found(let memory) = lookup { memory.id } else { nil }
    }

    @Test func `an id is found exactly, else by a prefix that ignores case and has no wildcards`() throws {
        let test = try TestStore()
        let ids = ["ab", "abc1", "ABD2", "a%x", "a_y", "zeta", "Zeta2", "ünï", "\u{10FFFF}x"]
        try test.apply(.storeBatch(ids.map { storing($0) }))
        for id in ids { #expect(found(try lookup(test, id)) == id) }
        #expect(found(try lookup(test, "ABC")) == "abc1")
        #expect(found(try lookup(test, "abd")) == "ABD2")
        #expect(found(try lookup(test, "a%")) == "a%x")
        #expect(found(try lookup(test, "a_")) == "a_y")
        #expect(found(try lookup(test, "ün")) == "ünï")
        #expect(found(try lookup(test, "\u{10FFFF}")) == "\u{10FFFF}x")
        #expect(try lookup(test, "Ab") == .ambiguous(["ab", "abc1", "ABD2"]))
        #expect(try lookup(test, "ZETA") == .ambiguous(["zeta", "Zeta2"]))
        #expect(try lookup(test, "%") == .notFound)
        #expect(try lookup(test, "_") == .notFound)
        #expect(try lookup(test, "") == .notFound)
        #expect(try lookup(test, "abc12") == .notFound)
        #expect(try lookup(test, "zz") == .notFound)
    }

    @Test func `the ids of an ambiguous prefix are bounded, and found through the index`() throws {
        let test = try TestStore()
        try test.apply(.storeBatch((0..<300).map { storing("p\($0)") }))
        guard case .ambiguous(let ids) = try lookup(test, "P") else {
            Issue.record("not ambiguous")
            return
        }
        #expect(ids.count == StoreReader.ambiguousIDsMax)
        let database = try Database(
            path: "\(test.directory.path)/generation-1/state.db", mode: .readOnly, cacheBytes: 1 << 20)
        let plan = try database.text(
            "EXPLAIN QUERY PLAN SELECT id FROM memories WHERE id COLLATE NOCASE >= 'p' ORDER BY id COLLATE NOCASE, id")
        _ = plan
        let statement = try database.statement(
            "EXPLAIN QUERY PLAN SELECT id FROM memories WHERE id COLLATE NOCASE >= 'p' ORDER BY id COLLATE NOCASE, id")
        #expect(try statement.step())
        #expect(statement.text(3).contains("USING") && statement.text(3).contains("memories_id"))
    }

    @Test func `list orders by priority, update and id, and filters exactly`() throws {
        let test = try TestStore()
        try test.apply([
            envelope(.store(storing("c", tier: .long, priority: 9, at: 5, metadata: #"{"agent_id":"alice"}"#))),
            envelope(.store(storing("b", priority: 9, at: 5))), envelope(.store(storing("a", priority: 9, at: 4))),
            envelope(.store(storing("d", namespace: "n", tags: ["x"], priority: 2, at: 6))),
            envelope(.store(storing("e", priority: 10, at: 1, expiresAt: time(50)))),
            envelope(.store(storing("f", namespace: "n/sub", priority: 1, at: 7))),
        ])
        func ids(_ query: ListQuery, now: Int64 = 10) throws -> [String] {
            try test.read { reader throws(StoreError) in try reader.list(query, now: time(now)).map(\.id) }
        }
        #expect(try ids(ListQuery()) == ["e", "b", "c", "a", "d", "f"])
        #expect(try ids(ListQuery(), now: 50) == ["b", "c", "a", "d", "f"])
        #expect(try ids(ListQuery(limit: 2, offset: 1)) == ["b", "c"])
        #expect(try ids(ListQuery(limit: 0)).isEmpty)
        #expect(try ids(ListQuery(limit: -4, offset: -1)).isEmpty)
        #expect(try ids(ListQuery(namespace: "n")) == ["d"])
        #expect(try ids(ListQuery(tier: .long)) == ["c"])
        #expect(try ids(ListQuery(minPriority: 10)) == ["e"])
        #expect(try ids(ListQuery(since: time(5), until: time(6))) == ["b", "c", "d"])
        #expect(try ids(ListQuery(tag: "x")) == ["d"])
        #expect(try ids(ListQuery(agentID: "alice")) == ["c"])
        #expect(try ids(ListQuery(namespace: "")).isEmpty)
        #expect(try ids(ListQuery(namespace: "' OR 1=1 --")).isEmpty)
    }

    @Test func `similar titles are the best by rank while the store is small`() throws {
        let test = try TestStore()
        try test.apply(
            .storeBatch([
                storing("a", title: "red apple pie", content: "x"), storing("b", title: "green apple", content: "x"),
                storing("c", title: "blue sky", content: "x"),
                storing("d", title: "red apple", content: "x", namespace: "other"),
                storing("e", title: "old apple", content: "x", expiresAt: time(-9)),
            ]))
        let ids = try test.read { reader throws(StoreError) in
            try reader.similarTitles(title: "red apple", namespace: "global", limit: 5)
        }
        #expect(ids.first == "a")
        #expect(Set(ids) == ["a", "b", "e"], "expired rows too, other namespaces not")
    }

    @Test func `similar titles look at the newest matches when the store is large`() throws {
        let test = try TestStore()
        for start in stride(from: 0, to: 1_200, by: 400) {
            try test.apply(
                .storeBatch(
                    (start..<(start + 400)).map { storing("f\($0)", title: "Common filler \($0)", content: "x") }))
        }
        try test.apply(
            .storeBatch([
                storing("a", title: "common RED apple", content: "x"),
                storing("b", title: "common apple", content: "x"),
                storing("c", title: "nothing shared", content: "x"),
                storing("d", title: "red apple common", content: "x", namespace: "other"),
            ]))
        let ids = try test.read { reader throws(StoreError) in
            try reader.similarTitles(title: "Red, apple (common)", namespace: "global", limit: 3)
        }
        #expect(ids == ["a", "b", "f1199"], "most shared words first, then newest")
    }

    @Test func `shared words are counted once, ignoring ASCII case and punctuation`() {
        func shared(_ title: String, _ other: String) -> Int {
            Array(other.utf8).withUnsafeBytes { TitleWords(title).sharedCount(with: $0) }
        }
        #expect(shared("One two THREE", "three, two! two") == 2)
        #expect(shared("", "a") == 0)
        #expect(shared("größe 9", "GRößE 9") == 2)
    }

    @Test func `statistics count everything, largest first`() throws {
        let test = try TestStore()
        try test.apply([
            envelope(.store(storing("a", namespace: "n", tier: .long))), envelope(.store(storing("b", namespace: "n"))),
            envelope(.store(storing("c", namespace: "m", expiresAt: time(-5)))),
            envelope(.store(storing("d", namespace: "a", expiresAt: time(3_600)))),
            envelope(.store(storing("e", namespace: "a", expiresAt: time(3_601)))),
        ])
        let stats = try test.read { reader throws(StoreError) in try reader.stats(now: time(0)) }
        #expect(stats.total == 5 && stats.linksCount == 0 && stats.expiringSoon == 1)
        #expect(stats.byNamespace.map { "\($0.namespace)\($0.count)" } == ["a2", "n2", "m1"])
        #expect(stats.byTier.map { "\($0.tier.name)\($0.count)" } == ["mid4", "long1"])
        #expect(stats.databaseSizeBytes > 0)
        let empty = try TestStore()
        let none = try empty.read { reader throws(StoreError) in try reader.stats(now: time(0)) }
        #expect(none.total == 0 && none.byTier.isEmpty && none.byNamespace.isEmpty)
    }

    @Test func `the probe reads a real row, and a reader sees one state`() throws {
        let test = try TestStore()
        try test.read { reader throws(StoreError) in try reader.integrityProbe() }
        try test.apply(.store(storing("a")))
        try test.store.read { reader throws(StoreError) in
            try reader.integrityProbe()
            #expect(reader.appliedIndex == 1)
            do { try test.apply(.store(storing("b"))) } catch { Issue.record("\(error)") }
            #expect(try reader.count() == 1, "later commits are invisible")
        }
        #expect(try test.read { reader throws(StoreError) in reader.appliedIndex } == 2)
    }

    @Test func `more readers than connections take turns, and a failed read gives its connection back`() async throws {
        var options = StoreOptions()
        options.readConnections = 2
        let test = try TestStore(options: options)
        try test.apply(.store(storing("a")))
        let store = test.store
        for _ in 0..<5 {
            #expect(throws: StoreError.self) {
                try store.read { reader throws(StoreError) in try reader.stats(now: "not a time") }
            }
        }
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<40 { group.addTask { try store.read { reader throws(StoreError) in try reader.count() } } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts == Array(repeating: 1, count: 40))
    }
}
