/// Crashes and failures: catalogue bugs 51 to 54 and 57.
import CSQLite
import Foundation
import Synchronization
import Testing

@testable import StateMachine

@Suite struct CrashTests {
    private static func database(_ test: TestStore) throws -> Database {
        let writer = try #require(test.store.writerForTests)
        return writer.database
    }

    /// Four commands of different families over an existing state, as one batch.
    private static func prepared(options: StoreOptions = StoreOptions()) throws -> (TestStore, [LogCommand]) {
        let test = try TestStore(options: options)
        try test.apply([
            envelope(.store(storing("a", content: "first words", expiresAt: time(50)))),
            envelope(.store(storing("b"))), envelope(.setRegister(SetRegisterCommand(key: "r", value: [1]))),
        ])
        let commands: [Command] = [
            .store(storing("c", title: "title a", content: "second words")),
            .update(UpdateCommand(id: "b", title: "renamed", at: time(2))),
            .touch(touching(["a", "b"], at: 3)), .setRegister(SetRegisterCommand(key: "r", value: [2])),
            .delete(DeleteCommand(id: "b")), .store(storing("d")),
        ]
        let batch = commands.enumerated().map { offset, command in
            LogCommand(
                index: UInt64(4 + offset), term: 1,
                command: CommandCodec.encode(envelope(command, at: 1, key: "k\(offset)")))
        }
        return (test, batch)
    }

    @Test func `bug 51: a batch that fails at any step leaves index, rows, sessions and digest as they were`() throws {
        let (reference, batch) = try CrashTests.prepared()
        let before = try reference.dump()
        let appliedBefore = reference.store.applied()
        _ = try reference.store.apply(batch)
        let after = try reference.dump()
        #expect(before != after)

        var failures = 0
        var committed = 0
        var countdown = 1
        while true {
            let (test, _) = try CrashTests.prepared()
            let counter = StepCounter(countdown)
            var thrown: StoreError?
            counter.during(try CrashTests.database(test)) {
                do throws(StoreError) {
                    _ = try test.store.apply(batch)
                } catch {
                    thrown = error
                }
            }
            if !counter.fired { break }
            if let thrown {
                failures += 1
                #expect(thrown.sqliteCode & 0xFF == SQLITE_INTERRUPT, "\(thrown)")
                #expect(test.store.applied() == appliedBefore)
                #expect(throws: StoreError.self) { try test.store.apply(batch) }
                try test.reopen()
                // COMMIT may have taken effect before it was interrupted: then all of it is there.
                let rows = try test.dump()
                #expect(rows == before || rows == after, "step \(countdown)")
                if rows == after { committed += 1 }
            } else {
                // SQLite went on in spite of the interrupt: then all of it must be there.
                #expect(try test.dump() == after, "step \(countdown)")
                try checkFullText(directory: test.directory.path)
            }
            countdown += countdown < 20 ? 1 : 29
        }
        #expect(committed <= 1)
        #expect(failures > 40, "only \(failures) steps were interrupted")
    }

    @Test func `bug 51: files as kill -9 leaves them at every statement hold the batch whole or not at all`() throws {
        let (reference, batch) = try CrashTests.prepared()
        let before = try reference.dump()
        _ = try reference.store.apply(batch)
        let after = try reference.dump()
        let (test, _) = try CrashTests.prepared()
        let copies = try TemporaryDirectory()
        let copier = FileCopier(from: test.directory.path, to: copies.path)
        try copier.during(try CrashTests.database(test)) { _ = try test.store.apply(batch) }
        copier.copy()  // after COMMIT
        #expect(copier.count > 40)
        var sawBefore = false
        var sawAfter = false
        for number in 0..<copier.count {
            let path = "\(copies.path)/\(number)"
            let survivor = try MemoryStore.open(directory: path, options: StoreOptions())
            let rows = try replicatedRows(survivor.applied(), directory: path)
            #expect(rows == before || rows == after, "copy \(number) holds part of a batch")
            sawBefore = sawBefore || rows == before
            sawAfter = sawAfter || rows == after
            survivor.close()
        }
        #expect(sawBefore && sawAfter)
    }

    @Test func `a full disk refuses the batch whole, says so, and loses nothing`() throws {
        let (test, batch) = try CrashTests.prepared()
        let before = try test.dump()
        let database = try CrashTests.database(test)
        let pages = try database.integer("PRAGMA page_count")
        _ = try database.integer("PRAGMA max_page_count = \(pages + 4)")
        let large = storing("large", content: String(repeating: "many different words ", count: 3_000))
        let entry = LogCommand(index: 10, term: 1, command: CommandCodec.encode(envelope(.store(large))))
        let error = #expect(throws: StoreError.self) { try test.store.apply(batch + [entry]) }
        #expect(error?.sqliteCode == SQLITE_FULL)
        #expect(error?.message.contains("full") == true)
        try test.reopen()
        #expect(try test.dump() == before)
        _ = try test.store.apply(batch + [entry])
        #expect(try test.memory("large") != nil)
        try checkFullText(directory: test.directory.path)
    }

    @Test func `bug 52: entries that leave a gap or repeat are refused`() throws {
        for wrong in [0, 1, 3, 9] as [UInt64] {
            let test = try TestStore()
            try test.apply(.store(storing("a")))
            let entry = LogCommand(index: wrong, term: 1, command: [])
            let error = #expect(throws: StoreError.self) { try test.store.apply([entry]) }
            #expect(error?.description.contains("without a gap") == true)
            try test.reopen()
            #expect(test.store.applied().index == 1)
        }
        let test = try TestStore()
        try test.apply([envelope(.store(storing("a")))], term: 4)
        #expect(throws: StoreError.self) { try test.store.apply([LogCommand(index: 2, term: 3, command: [])]) }
    }

    @Test func `bug 53: where the store stands is read from the database itself`() throws {
        let test = try TestStore()
        for number in 0..<20 { try test.apply(.store(storing("a\(number)"))) }
        let work = try test.store.prepareSnapshot()
        let snapshot = try work().get()
        for number in 20..<25 { try test.apply(.store(storing("a\(number)"))) }
        let applied = test.store.applied()
        try test.reopen()
        #expect(test.store.applied() == applied)
        #expect(!FileManager.default.fileExists(atPath: snapshot.path), "a leftover snapshot says nothing at open")
    }

    @Test func `an entry this build cannot decode stops the store with a clear message`() throws {
        for (bytes, text) in [([9, 1], "command version 9"), ([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 77], "command type 77")]
            as [([UInt8], String)]
        {
            let test = try TestStore()
            let good = LogCommand(index: 1, term: 1, command: CommandCodec.encode(envelope(.store(storing("a")))))
            let error = #expect(throws: StoreError.self) {
                try test.store.apply([good, LogCommand(index: 2, term: 1, command: bytes)])
            }
            #expect(error?.description.contains(text) == true)
            #expect(error?.description.contains("index 2") == true)
            try test.reopen()
            #expect(test.store.applied().index == 0, "nothing of the batch is applied")
        }
    }

    @Test func `a directory without CURRENT that holds data is not started empty`() throws {
        let test = try TestStore()
        try test.apply(.store(storing("a")))
        test.store.close()
        try FileManager.default.removeItem(atPath: test.directory.path + "/CURRENT")
        let error = #expect(throws: StoreError.self) {
            try MemoryStore.open(directory: test.directory.path, options: StoreOptions())
        }
        #expect(error?.description.contains("refusing to start empty") == true)
    }

    @Test func `CURRENT that names nothing, or holds nonsense, is refused`() throws {
        for (text, expected) in [
            (String(decoding: CheckedLine.encode("7"), as: UTF8.self), "does not exist"), ("7\n", "does not hold"),
            (String(decoding: CheckedLine.encode("seven"), as: UTF8.self), "does not hold a generation number"),
            ("", "does not hold"),
        ] {
            let test = try TestStore()
            test.store.close()
            try Data(text.utf8).write(to: URL(fileURLWithPath: test.directory.path + "/CURRENT"))
            let error = #expect(throws: StoreError.self) {
                try MemoryStore.open(directory: test.directory.path, options: StoreOptions())
            }
            #expect(error?.description.contains(expected) == true)
        }
    }

    @Test func `a database that is not ours is refused`() throws {
        let test = try TestStore()
        test.store.close()
        let path = test.directory.path + "/generation-1/state.db"
        for bytes in [Data("not a database at all, but long enough to be read as one".utf8), Data()] {
            try bytes.write(to: URL(fileURLWithPath: path))
            #expect(throws: StoreError.self) {
                try MemoryStore.open(directory: test.directory.path, options: StoreOptions())
            }
        }
    }

    @Test func `a crash while the first generation is made is survived`() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: directory.path + "/generation-1", withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: directory.path + "/generation-1/state.db"))
        let test = try TestStore(directory: directory)
        try test.apply(.store(storing("a")))
        #expect(try test.memory("a") != nil)
    }
}

/// Interrupts SQLite at its n-th virtual machine step.
private final class StepCounter {
    private var left: Int
    private(set) var fired = false
    init(_ steps: Int) { left = steps }

    func during(_ database: Database, _ body: () throws -> Void) rethrows {
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_progress_handler(
            database.handle, 1,
            { context in
                guard let context else { return 0 }
                let counter = Unmanaged<StepCounter>.fromOpaque(context).takeUnretainedValue()
                counter.left -= 1
                if counter.left == 0 { counter.fired = true }
                return counter.left == 0 ? 1 : 0
            }, context)
        try body()
        sqlite3_progress_handler(database.handle, 0, nil, nil)
    }
}

/// Copies a store's files as they are at the start of every statement, without SQLite's shared memory, which does not
/// survive either.
private final class FileCopier {
    private let from: String
    private let to: String
    private(set) var count = 0
    init(from: String, to: String) {
        self.from = from
        self.to = to
    }

    func copy() {
        do {
            let target = "\(to)/\(count)"
            try FileManager.default.copyItem(atPath: from, toPath: target)
            let shared = target + "/generation-1/state.db-shm"
            if FileManager.default.fileExists(atPath: shared) { try FileManager.default.removeItem(atPath: shared) }
            count += 1
        } catch {
            Issue.record("copy failed: \(error)")
        }
    }

    func during(_ database: Database, _ body: () throws -> Void) rethrows {
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_trace_v2(
            database.handle, UInt32(SQLITE_TRACE_STMT),
            { _, context, _, _ in
                if let context { Unmanaged<FileCopier>.fromOpaque(context).takeUnretainedValue().copy() }
                return 0
            }, context)
        try body()
        sqlite3_trace_v2(database.handle, 0, nil, nil)
    }
}
