/// Exactly once: idempotency keys.
import Testing

@testable import StateMachine

@Suite struct SessionTests {
    @Test func `a retry changes nothing and returns the first outcome, also after a restart`() throws {
        let test = try TestStore()
        let first = try test.apply(.store(storing("a", title: "t")), key: "k")
        try test.apply(.store(storing("x", title: "t", content: "by someone else")))
        let before = try test.memory("a")
        try test.reopen()
        let retry = try test.apply(.store(storing("b", title: "t", content: "again")), at: 9, key: "k")
        #expect(retry == first)
        #expect(try test.memory("a") == before)
        #expect(test.store.applied().index == 3, "the retry still occupies its place in the log")
    }

    @Test func `the same key for another request is refused and changes nothing`() throws {
        let test = try TestStore()
        try test.apply([envelope(.store(storing("a")), key: "k", request: 1)])
        let outcomes = try test.apply([
            envelope(.store(storing("b")), key: "k", request: 2), envelope(.store(storing("c")), key: "k", request: 1),
        ])
        #expect(outcomes == [.idempotencyMismatch, .stored(id: "a", version: 1, created: true)])
        #expect(try test.memory("b") == nil)
        #expect(try test.memory("c") == nil)
    }

    @Test func `refusals are outcomes too and are repeated`() throws {
        let test = try TestStore()
        #expect(try test.apply(.delete(DeleteCommand(id: "a")), key: "k") == .notFound)
        try test.apply(.store(storing("a")))
        #expect(try test.apply(.delete(DeleteCommand(id: "a")), key: "k") == .notFound)
        #expect(try test.memory("a") != nil)
    }

    @Test func `outcomes expire by logged time, never by a clock`() throws {
        var options = StoreOptions()
        options.sessionTTLSeconds = 100
        let test = try TestStore(options: options)
        func set(_ value: UInt8, at seconds: Int64) throws -> Outcome {
            try test.apply(.setRegister(SetRegisterCommand(key: "r", value: [value])), at: seconds, key: "k")
        }
        #expect(try set(1, at: 0) == .registerSet(version: 1))
        #expect(try set(2, at: 99) == .registerSet(version: 1))
        #expect(try set(3, at: 100) == .registerSet(version: 3))
        #expect(try set(4, at: 0) == .registerSet(version: 3), "an older clock does not bring time back")
    }

    @Test func `expired keys beyond the work of one command are treated as gone`() throws {
        var options = StoreOptions()
        options.sessionTTLSeconds = 100
        let test = try TestStore(options: options)
        for number in 0..<60 {
            try test.apply(.setRegister(SetRegisterCommand(key: "r", value: [])), at: 0, key: "k\(number)")
        }
        // One command removes only some of the sixty; the last of them must count as expired all the same.
        let outcome = try test.apply(.setRegister(SetRegisterCommand(key: "r", value: [])), at: 500, key: "k59")
        #expect(outcome == .registerSet(version: 61))
        let database = try Database(
            path: "\(test.directory.path)/generation-1/state.db", mode: .readOnly, cacheBytes: 1 << 20)
        let left = try database.integer("SELECT count(*) FROM sessions")
        #expect(left > 1 && left < 60)
    }

    @Test func `kept outcomes are bounded in rows and in bytes, oldest first`() throws {
        var options = StoreOptions()
        options.sessionRowsMax = 5
        let rows = try TestStore(options: options)
        for number in 0..<9 {
            try rows.apply(.setRegister(SetRegisterCommand(key: "r", value: [])), key: "k\(number)")
        }
        #expect(
            try rows.apply(.setRegister(SetRegisterCommand(key: "r", value: [])), key: "k4") == .registerSet(version: 5)
        )
        #expect(
            try rows.apply(.setRegister(SetRegisterCommand(key: "r", value: [])), key: "k3")
                == .registerSet(version: 11))

        options.sessionRowsMax = 1_000
        options.sessionBytesMax = 4_000
        let bytes = try TestStore(options: options)
        for number in 0..<20 {
            let content = String(repeating: "x", count: 900)
            try bytes.apply(.store(storing("a\(number)", content: content)))
            try bytes.apply(.update(UpdateCommand(id: "a\(number)", at: time(1))), key: "k\(number)")
        }
        let database = try Database(
            path: "\(bytes.directory.path)/generation-1/state.db", mode: .readOnly, cacheBytes: 1 << 20)
        #expect(try database.integer("SELECT sum(length(outcome)) FROM sessions") <= 4_000)
        let kept = try database.integer("SELECT count(*) FROM sessions")
        #expect(kept >= 2 && kept <= 4)
        #expect(try database.integer("SELECT max(number) - min(number) FROM sessions") == 2 * (kept - 1), "the newest")
    }

    @Test func `session limits that differ from the database's are refused`() throws {
        let test = try TestStore()
        test.store.close()
        var options = StoreOptions()
        options.sessionTTLSeconds = 5
        let error = #expect(throws: StoreError.self) {
            try MemoryStore.open(directory: test.directory.path, options: options)
        }
        #expect(error?.description.contains("sessionTTLSeconds 86400, not 5") == true)
    }
}
