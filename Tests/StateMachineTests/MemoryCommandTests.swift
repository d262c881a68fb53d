/// The merge rules of store, update and delete.
import Testing

@testable import StateMachine

@Suite struct MemoryCommandTests {
    @Test func `a new memory gets its fields, and the log index as its version`() throws {
        let test = try TestStore()
        let outcome = try test.apply(
            .store(storing("a", tags: ["x", "y z"], priority: 7, metadata: #"{"agent_id":"alice","scope":"team"}"#)))
        #expect(outcome == .stored(id: "a", version: 1, created: true))
        let memory = try #require(try test.memory("a"))
        #expect(memory.tags == ["x", "y z"])
        #expect(memory.priority == 7)
        #expect(memory.createdAt == time(0) && memory.updatedAt == time(0))
        #expect(memory.lastAccessedAt == nil && memory.accessCount == 0)
    }

    struct TierCase: Sendable {
        var existing: Tier
        var incoming: Tier
        var merged: Tier
    }

    @Test(arguments: [
        TierCase(existing: .short, incoming: .short, merged: .short),
        TierCase(existing: .short, incoming: .mid, merged: .mid),
        TierCase(existing: .short, incoming: .long, merged: .long),
        TierCase(existing: .mid, incoming: .short, merged: .mid),
        TierCase(existing: .mid, incoming: .mid, merged: .mid),
        TierCase(existing: .mid, incoming: .long, merged: .long),
        TierCase(existing: .long, incoming: .short, merged: .long),
        TierCase(existing: .long, incoming: .mid, merged: .long),
        TierCase(existing: .long, incoming: .long, merged: .long),
    ])
    func `an upsert never lowers the tier, and long has no expiry`(_ tiers: TierCase) throws {
        let test = try TestStore()
        try test.apply(.store(storing("a", title: "t", tier: tiers.existing, expiresAt: "2030-01-01T00:00:00Z")))
        try test.apply(.store(storing("b", title: "t", tier: tiers.incoming, expiresAt: "2031-01-01T00:00:00Z")))
        let memory = try #require(try test.memory("a"))
        #expect(memory.tier == tiers.merged)
        #expect(memory.expiresAt == (tiers.merged == .long ? nil : "2031-01-01T00:00:00Z"))
        #expect(try test.memory("b") == nil)
    }

    @Test func `an upsert replaces text, keeps the larger priority and confidence, and keeps identity and history`()
        throws
    {
        let test = try TestStore()
        try test.apply(
            .store(
                storing(
                    "a", title: "t", content: "old words", tier: .short, tags: ["old"], priority: 8, confidence: 0.2,
                    source: "user", expiresAt: "2030-01-01T00:00:00Z", metadata: #"{"agent_id":"alice","k":1}"#)))
        try test.apply(.touch(touching(["a"], at: 5)))
        let outcome = try test.apply(
            .store(
                storing(
                    "b", title: "t", content: "new words", tier: .short, tags: ["new"], priority: 3, confidence: 0.9,
                    source: "hook", at: 60, metadata: #"{"agent_id":"mallory","z":true}"#)))
        #expect(outcome == .stored(id: "a", version: 3, created: false))
        let memory = try #require(try test.memory("a"))
        #expect(memory.content == "new words" && memory.tags == ["new"] && memory.source == "hook")
        #expect(memory.priority == 8 && memory.confidence == 0.9)
        #expect(memory.createdAt == time(0) && memory.updatedAt == time(60))
        #expect(memory.accessCount == 1 && memory.lastAccessedAt == time(5))
        #expect(memory.expiresAt == time(5 + 3600), "an absent incoming expiry keeps what is there")
        #expect(memory.metadata == #"{"agent_id":"alice","z":true}"#, "the author is immutable, the rest is replaced")
        #expect(try test.search("old").isEmpty)
        #expect(try test.search("new") == ["a"])
        try checkFullText(directory: test.directory.path)
    }

    @Test func `a null author is no author`() throws {
        let test = try TestStore()
        try test.apply(.store(storing("a", title: "t", metadata: #"{"agent_id":null}"#)))
        try test.apply(.store(storing("b", title: "t", metadata: #"{"agent_id":"bob"}"#)))
        #expect(try test.memory("a")?.metadata == #"{"agent_id":"bob"}"#)
    }

    @Test func `titles that only look alike are different memories`() throws {
        let test = try TestStore()
        try test.apply(.store(storing("a", title: "caf\u{E9}")))
        try test.apply(.store(storing("b", title: "cafe\u{301}")))
        #expect(try test.memory("b") != nil, "composed and decomposed forms are different bytes")
        let update = try test.apply(.update(UpdateCommand(id: "a", content: "\u{D55C}", at: time(1))))
        #expect(update != .notFound)
        try test.apply(.update(UpdateCommand(id: "a", content: "\u{1112}\u{1161}\u{11AB}", at: time(2))))
        #expect(try test.memory("a")?.content.utf8.elementsEqual("\u{1112}\u{1161}\u{11AB}".utf8) == true)
        #expect(try test.search("\u{1112}\u{1161}\u{11AB}") == ["a"], "the index follows the bytes")
        try checkFullText(directory: test.directory.path)
    }

    @Test func `a fresh id that belongs to another row is refused and changes nothing`() throws {
        let test = try TestStore()
        try test.apply(.store(storing("a", title: "one")))
        let before = try test.memory("a")
        #expect(try test.apply(.store(storing("a", title: "two"))) == .idTaken(id: "a"))
        #expect(try test.memory("a") == before)
        #expect(try test.read { reader throws(StoreError) in try reader.count() } == 1)
    }

    @Test func `ids differ by case although prefixes do not`() throws {
        let test = try TestStore()
        try test.apply(.store(storing("AB")))
        try test.apply(.store(storing("ab")))
        #expect(try test.memory("AB")?.title == "title AB")
        #expect(try test.memory("ab")?.title == "title ab")
        #expect(try test.memory("Ab") == nil)
    }

    @Test func `a batch gives one outcome per element and merges within itself`() throws {
        let test = try TestStore()
        let outcome = try test.apply(
            .storeBatch([
                storing("a", title: "t"), storing("b", title: "u"), storing("c", title: "t", content: "later"),
            ]))
        #expect(
            outcome
                == .storedBatch([
                    .stored(id: "a", version: 1, created: true), .stored(id: "b", version: 1, created: true),
                    .stored(id: "a", version: 1, created: false),
                ]))
        #expect(try test.memory("a")?.content == "later")
    }

    @Test func `an update keeps what it does not name and always moves updated_at and version`() throws {
        let test = try TestStore()
        try test.apply(
            .store(storing("a", tags: ["k"], expiresAt: "2030-01-01T00:00:00Z", metadata: #"{"agent_id":"alice"}"#)))
        let before = try #require(try test.memory("a"))
        let outcome = try test.apply(.update(UpdateCommand(id: "a", at: time(9))))
        var expected = before
        expected.updatedAt = time(9)
        expected.version = 2
        #expect(outcome == .updated(expected))
        #expect(try test.memory("a") == expected)
    }

    @Test(arguments: [
        (Tier.long, Tier.short, Tier.long), (.long, .mid, .long), (.mid, .short, .mid), (.mid, .long, .long),
        (.short, .mid, .mid), (.short, .long, .long), (.short, .short, .short),
    ])
    func `an update never lowers the tier and leaves the expiry alone`(
        _ from: Tier, _ asked: Tier, _ result: Tier
    ) throws {
        let test = try TestStore()
        try test.apply(.store(storing("a", tier: from, expiresAt: "2030-01-01T00:00:00Z")))
        try test.apply(.update(UpdateCommand(id: "a", tier: asked, at: time(1))))
        let memory = try #require(try test.memory("a"))
        #expect(memory.tier == result)
        #expect(memory.expiresAt == "2030-01-01T00:00:00Z", "raising to long does not clear the expiry")
    }

    @Test
    func `an update replaces priority, confidence, tags, title, namespace, expiry and metadata but not the author`()
        throws
    {
        let test = try TestStore()
        try test.apply(.store(storing("a", tags: ["old"], priority: 9, metadata: #"{"agent_id":"alice","x":1}"#)))
        try test.apply(
            .update(
                UpdateCommand(
                    id: "a", title: "renamed", content: "fresh", namespace: "other", tags: ["new"], priority: 2,
                    confidence: 0.1, expiresAt: "2020-01-01T00:00:00Z", metadata: #"{"agent_id":"bob","y":2}"#,
                    at: time(1), expectedVersion: 1)))
        let memory = try #require(try test.memory("a"))
        #expect(memory.title == "renamed" && memory.namespace == "other" && memory.tags == ["new"])
        #expect(memory.priority == 2 && memory.confidence == 0.1 && memory.expiresAt == "2020-01-01T00:00:00Z")
        #expect(memory.metadata == #"{"agent_id":"alice","y":2}"#)
        try checkFullText(directory: test.directory.path)
    }

    @Test(arguments: ["", "null"])
    func `an empty or null expiry clears it`(_ text: String) throws {
        let test = try TestStore()
        try test.apply(.store(storing("a", expiresAt: "2030-01-01T00:00:00Z")))
        try test.apply(.update(UpdateCommand(id: "a", expiresAt: text, at: time(1))))
        #expect(try test.memory("a")?.expiresAt == nil)
    }

    @Test func `an update onto another row's title is refused with the owner and changes nothing`() throws {
        let test = try TestStore()
        try test.apply([envelope(.store(storing("a"))), envelope(.store(storing("b")))])
        let before = try test.memory("b")
        let outcome = try test.apply(.update(UpdateCommand(id: "b", title: "title a", content: "lost", at: time(1))))
        #expect(outcome == .titleTaken(title: "title a", namespace: "global", ownerID: "a"))
        #expect(try test.memory("b") == before)
        #expect(try test.apply(.update(UpdateCommand(id: "b", title: "title b", at: time(1)))) != outcome)
    }

    @Test func `a wrong expected version is refused with the row, for update and delete`() throws {
        let test = try TestStore()
        try test.apply(.store(storing("a")))
        let current = try #require(try test.memory("a"))
        #expect(
            try test.apply(.update(UpdateCommand(id: "a", title: "no", at: time(1), expectedVersion: 7)))
                == .versionConflict(current: current))
        #expect(
            try test.apply(.delete(DeleteCommand(id: "a", expectedVersion: 7))) == .versionConflict(current: current))
        #expect(try test.memory("a") == current)
        #expect(try test.apply(.delete(DeleteCommand(id: "a", expectedVersion: 1))) == .deleted(id: "a"))
        #expect(try test.memory("a") == nil)
        #expect(try test.apply(.delete(DeleteCommand(id: "a"))) == .notFound)
        #expect(try test.apply(.update(UpdateCommand(id: "a", at: time(1)))) == .notFound)
        #expect(try test.search("title").isEmpty)
        try checkFullText(directory: test.directory.path)
    }

    @Test func `registers compare and set by version`() throws {
        let test = try TestStore()
        func set(_ value: UInt8, expecting: UInt64?) throws -> Outcome {
            try test.apply(.setRegister(SetRegisterCommand(key: "k", value: [value], expectedVersion: expecting)))
        }
        #expect(try set(1, expecting: 5) == .registerConflict(version: 0, value: []))
        #expect(try set(2, expecting: 0) == .registerSet(version: 2))
        #expect(try set(3, expecting: 0) == .registerConflict(version: 2, value: [2]))
        #expect(try set(4, expecting: 2) == .registerSet(version: 4))
        #expect(try set(5, expecting: nil) == .registerSet(version: 5))
        let found = try test.read { reader throws(StoreError) in try reader.register("k") }
        #expect(found?.version == 5 && found?.value == [5])
        #expect(try test.read { reader throws(StoreError) in try reader.register("other") } == nil)
    }
}

func touching(_ ids: [String], at seconds: Int64, short: Int64 = 3_600, mid: Int64 = 86_400) -> TouchCommand {
    TouchCommand(
        ids: ids, at: time(seconds), atNanoseconds: baseNanoseconds + seconds * 1_000_000_000, shortStepSeconds: short,
        midStepSeconds: mid)
}

extension TestStore {
    func search(_ text: String, now: Int64 = 0) throws -> [String] {
        try read { reader throws(StoreError) in try reader.search(SearchQuery(text: text), now: time(now)).map(\.id) }
    }
}
