/// The same log gives the same bytes, however it is cut into batches.
import Testing

@testable import StateMachine

@Suite struct DeterminismTests {
    /// A log in which commands meet: few titles, few ids, retries, conflicts, gaps of time that expire sessions.
    static func log(seed: UInt64, count: Int) -> [LogCommand] {
        var random = SeededGenerator(state: seed)
        var second: Int64 = 0
        return (1...count).map { index in
            second += Int64.random(in: -3...40, using: &random)
            let id = "id-\(Int.random(in: 0..<30, using: &random))"
            let command: Command
            switch Int.random(in: 0..<11, using: &random) {
            case 0: return LogCommand(index: UInt64(index), term: 1, command: [])
            case 10:
                let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: index % 300)
                return LogCommand(index: UInt64(index), term: 1, kind: .configuration(featureLevel: 1), command: bytes)
            case 1...4: command = .store(randomStore(id: "id-\(index)", &random, at: second))
            case 5:
                command = .storeBatch((0..<3).map { randomStore(id: "id-\(index)-\($0)", &random, at: second) })
            case 6:
                command = .update(
                    UpdateCommand(
                        id: id,
                        title: Bool.random(using: &random) ? "title \(Int.random(in: 0..<9, using: &random))" : nil,
                        content: "updated \(index)", at: time(second),
                        expectedVersion: Bool.random(using: &random) ? UInt64.random(in: 0..<60, using: &random) : nil))
            case 7: command = .delete(DeleteCommand(id: id))
            case 8:
                command = .touch(
                    touching((0..<8).map { _ in "id-\(Int.random(in: 0..<30, using: &random))" }, at: second))
            default:
                command = .setRegister(
                    SetRegisterCommand(
                        key: "k\(Int.random(in: 0..<3, using: &random))", value: [UInt8(truncatingIfNeeded: index)],
                        expectedVersion: Bool.random(using: &random) ? 0 : nil))
            }
            let key = Bool.random(using: &random) ? "key-\(Int.random(in: 0..<20, using: &random))" : nil
            return LogCommand(
                index: UInt64(index), term: 1, command: CommandCodec.encode(envelope(command, at: second, key: key)))
        }
    }

    private static func randomStore(
        id: String, _ random: inout SeededGenerator, at second: Int64
    ) -> StoreCommand {
        storing(
            id, title: "title \(Int.random(in: 0..<9, using: &random))",
            content: "words \(UInt8.random(in: 0...255, using: &random))",
            tier: Tier.allCases.randomElement(using: &random) ?? .mid,
            tags: ["t\(Int.random(in: 0..<4, using: &random))"],
            at: second, expiresAt: Bool.random(using: &random) ? time(second + 100) : nil,
            metadata: #"{"agent_id":"a\#(Int.random(in: 0..<3, using: &random))"}"#)
    }

    /// Small limits, so that sessions both expire and are pushed out.
    static var options: StoreOptions {
        var options = StoreOptions()
        options.sessionTTLSeconds = 120
        options.sessionRowsMax = 6
        return options
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `bug 58: the same log gives the same rows, digest and outcomes however it is batched`(_ seed: UInt64) throws {
        let log = DeterminismTests.log(seed: seed, count: 300)
        let reference = try TestStore(options: DeterminismTests.options)
        let expected = try reference.store.apply(log)
        let rows = try reference.dump()
        #expect(rows.count > 10)
        var random = SeededGenerator(state: seed &+ 99)
        for largest in [1, 7, 50] {
            let other = try TestStore(options: DeterminismTests.options)
            var outcomes: [[UInt8]] = []
            var next = 0
            while next < log.count {
                let end = min(log.count, next + Int.random(in: 1...largest, using: &random))
                outcomes += try other.store.apply(Array(log[next..<end]))
                next = end
                // Counters kept in memory must equal those of the database.
                if Int.random(in: 0..<20, using: &random) == 0 { try other.reopen() }
            }
            #expect(outcomes == expected)
            #expect(other.store.applied() == reference.store.applied())
            #expect(try other.dump() == rows)
            try checkFullText(directory: other.directory.path)
        }
    }

    @Test func `the digest depends on every effect`() throws {
        func digest(_ change: (inout StoreCommand) -> Void) throws -> [UInt8] {
            var command = storing("a", tags: ["x"], expiresAt: time(9))
            change(&command)
            let test = try TestStore()
            try test.apply(.store(command))
            return test.store.applied().digest
        }
        let changes: [(inout StoreCommand) -> Void] = [
            { _ in }, { $0.id = "b" }, { $0.tier = .long }, { $0.namespace = "n" }, { $0.title = "t" },
            { $0.content = "c" },
            { $0.tags = [] }, { $0.priority = 6 }, { $0.confidence = 0.5 }, { $0.source = "cli" }, { $0.at = time(1) },
            { $0.expiresAt = nil }, { $0.metadata = #"{"a":1}"# },
        ]
        let digests = try changes.map { try digest($0) }
        #expect(Set(digests).count == changes.count)
        #expect(digests.allSatisfy { $0.count == 32 })
    }

    @Test func `the state machine's time never runs backwards`() throws {
        let test = try TestStore()
        try test.apply(.store(storing("a")), at: 100)
        try test.apply(.store(storing("b")), at: 50)
        #expect(test.store.applied().logTimeNanoseconds == baseNanoseconds + 100_000_000_000)
    }

    @Test func `row numbers are not reused after a delete`() throws {
        let test = try TestStore()
        try test.apply(.store(storing("a")))
        try test.apply(.delete(DeleteCommand(id: "a")))
        try test.apply(.store(storing("b")))
        let database = try Database(
            path: "\(test.directory.path)/generation-1/state.db", mode: .readOnly, cacheBytes: 1 << 20)
        #expect(try database.integer("SELECT row FROM memories") == 2)
    }

    @Test func `no statement of the apply path scans a table`() throws {
        let test = try TestStore()
        let database = try Database(
            path: "\(test.directory.path)/generation-1/state.db", mode: .readOnly, cacheBytes: 1 << 20)
        let statements = try ApplyStatements(database)
        let all = Mirror(reflecting: statements).children.compactMap { $0.value as? Statement }
        #expect(all.count == 22)
        for statement in all where !statement.sql.contains("memories_fts") {
            let plan = try Statement(database: database.handle, sql: "EXPLAIN QUERY PLAN " + statement.sql)
            while try plan.step() {
                let line = plan.text(3)
                let oldest = statement.sql.contains("FROM sessions ORDER BY number")
                #expect(!line.hasPrefix("SCAN") || oldest, "\(statement.sql): \(line)")
                #expect(!line.contains("TEMP B-TREE"), "\(statement.sql): \(line)")
            }
        }
    }
}
