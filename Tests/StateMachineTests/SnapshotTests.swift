/// Snapshots: pinned while applies go on, installed whole or not at all.
import Foundation
import Testing

@testable import StateMachine

@Suite struct SnapshotTests {
    private static func filled(_ count: Int, prefix: String = "a") throws -> TestStore {
        let test = try TestStore()
        try test.apply(
            (0..<count).map {
                envelope(.store(storing("\(prefix)\($0)", content: "\(prefix) word\($0)")), key: "\(prefix)\($0)")
            })
        return test
    }

    /// As if it had come over the network.
    private static func receive(_ snapshot: StoreSnapshot, at test: TestStore, identifier: UInt64 = 7) throws -> String
    {
        let path = test.store.incomingSnapshotPath(identifier: identifier)
        try FileManager.default.copyItem(atPath: snapshot.path, toPath: path)
        return path
    }

    @Test func `a snapshot holds the state at its index although applies go on, and installs to the same rows`() throws
    {
        let source = try SnapshotTests.filled(50)
        let pinned = source.store.applied()
        let rows = try source.dump()
        let work = try source.store.prepareSnapshot()
        for number in 0..<50 {
            try source.apply(.update(UpdateCommand(id: "a\(number)", content: "changed later", at: time(1))))
        }
        _ = try source.store.checkpoint()
        let snapshot = try work().get()
        #expect(snapshot.index == pinned.index && snapshot.term == pinned.term)
        #expect(snapshot.sha256 == (try PosixStoreFiles().digest(snapshot.path)))
        #expect(snapshot.sizeBytes == (try PosixStoreFiles().size(snapshot.path)))

        let target = try TestStore()
        let path = try SnapshotTests.receive(snapshot, at: target)
        try target.store.install(snapshotPath: path, index: snapshot.index, term: snapshot.term)
        #expect(target.store.applied() == pinned)
        #expect(try target.dump() == rows)
        #expect(try target.search("word7") == ["a7"])
        #expect(!FileManager.default.fileExists(atPath: path), "the file is consumed")
        try checkFullText(directory: target.directory.path)

        // The log goes on from there on both, to the same digest, and sessions came along.
        let more = envelope(.store(storing("z")), key: "a3")
        #expect(try target.apply([more]) == [.stored(id: "a3", version: 4, created: true)])
        try target.reopen()
        #expect(target.store.applied().index == pinned.index + 1)
        source.store.discardSnapshot(path: snapshot.path)
        #expect(!FileManager.default.fileExists(atPath: snapshot.path))
    }

    @Test func `a pinned state is copied once`() throws {
        let source = try SnapshotTests.filled(1)
        let work = try source.store.prepareSnapshot()
        _ = try work().get()
        #expect(throws: StoreError.self) { try work().get() }
    }

    @Test func `applies and snapshots run side by side`() async throws {
        let source = try SnapshotTests.filled(200)
        let work = try source.store.prepareSnapshot()
        let copying = Task.detached { work() }
        for number in 0..<200 { try source.apply(.store(storing("b\(number)"))) }
        let snapshot = try await copying.value.get()
        #expect(snapshot.index == 200)
        let target = try TestStore()
        let path = try SnapshotTests.receive(snapshot, at: target)
        try target.store.install(snapshotPath: path, index: 200, term: 1)
        let remaining = source.log[200...]
        _ = try target.store.apply(Array(remaining))
        #expect(target.store.applied() == source.store.applied())
        #expect(try target.dump() == source.dump())
    }

    @Test func `bug 57: an install replaces everything, deleted rows do not come back`() throws {
        let target = try SnapshotTests.filled(10, prefix: "old")
        let source = try SnapshotTests.filled(20, prefix: "new")
        let snapshot = try source.store.prepareSnapshot()().get()
        let path = try SnapshotTests.receive(snapshot, at: target)
        try target.store.install(snapshotPath: path, index: 20, term: 1)
        #expect(try target.memory("old3") == nil)
        #expect(try target.search("old").isEmpty)
        #expect(try target.dump() == source.dump())
    }

    @Test(arguments: InstallStep.allCases)
    func `bug 54: an install stopped at any step leaves the old state or the new one, whole`(_ step: InstallStep) throws
    {
        let target = try SnapshotTests.filled(5, prefix: "old")
        let source = try SnapshotTests.filled(20, prefix: "new")
        let oldRows = try target.dump()
        let newRows = try source.dump()
        let snapshot = try source.store.prepareSnapshot()().get()
        let path = try SnapshotTests.receive(snapshot, at: target)
        target.store.installStep = { reached throws(StoreError) in
            if reached == step { throw StoreError(doing: "test", message: "power cut") }
        }
        #expect(throws: StoreError.self) { try target.store.install(snapshotPath: path, index: 20, term: 1) }
        #expect(!target.store.isUsable)
        #expect(throws: StoreError.self, "the process must not go on with a half-made install") {
            try target.store.apply([LogCommand(index: 6, term: 1, command: [])])
        }
        try target.reopen()
        let expectNew = step == .switched
        #expect(target.store.applied().index == (expectNew ? 20 : 5))
        #expect(try target.dump() == (expectNew ? newRows : oldRows))
        let names = try FileManager.default.contentsOfDirectory(atPath: target.directory.path).sorted()
        #expect(names.count == 2, "leftovers: \(names)")
        if !expectNew {
            let again = try SnapshotTests.receive(snapshot, at: target)
            try target.store.install(snapshotPath: again, index: 20, term: 1)
            #expect(try target.dump() == newRows)
        }
    }

    @Test func `bug 56: a snapshot that is not ahead is refused and the store goes on`() throws {
        let target = try SnapshotTests.filled(20)
        let source = try SnapshotTests.filled(20, prefix: "b")
        let snapshot = try source.store.prepareSnapshot()().get()
        let path = try SnapshotTests.receive(snapshot, at: target)
        #expect(throws: StoreError.self) { try target.store.install(snapshotPath: path, index: 20, term: 1) }
        #expect(target.store.isUsable)
        try target.apply(.store(storing("still")))
        #expect(target.store.applied().index == 21)
    }

    @Test func `a file that does not hold what was promised is refused before anything changes`() throws {
        let source = try SnapshotTests.filled(20)
        let snapshot = try source.store.prepareSnapshot()().get()
        let target = try SnapshotTests.filled(2, prefix: "t")
        let path = try SnapshotTests.receive(snapshot, at: target)
        #expect(throws: StoreError.self) { try target.store.install(snapshotPath: path, index: 21, term: 1) }
        #expect(throws: StoreError.self) { try target.store.install(snapshotPath: path, index: 20, term: 2) }
        #expect(throws: StoreError.self) { try target.store.install(snapshotPath: path + "x", index: 20, term: 1) }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        for page in stride(from: 8_192, to: bytes.count, by: 4_096) { bytes[page] ^= 0xFF }
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(throws: StoreError.self) { try target.store.install(snapshotPath: path, index: 20, term: 1) }
        try target.apply(.store(storing("still")))
        #expect(target.store.applied().index == 3)
    }

    @Test func `readers at work keep their state through an install, later ones see the new one`() throws {
        let target = try SnapshotTests.filled(5, prefix: "old")
        let source = try SnapshotTests.filled(20, prefix: "new")
        let snapshot = try source.store.prepareSnapshot()().get()
        let path = try SnapshotTests.receive(snapshot, at: target)
        var seen: [Int] = []
        try target.store.read { reader throws(StoreError) in
            seen.append(try reader.count())
            try target.store.install(snapshotPath: path, index: 20, term: 1)
            seen.append(try reader.count())
            #expect(try reader.memory(id: "old1") != nil)
        }
        #expect(seen == [5, 5])
        #expect(try target.read { reader throws(StoreError) in try reader.count() } == 20)
        let names = try FileManager.default.contentsOfDirectory(atPath: target.directory.path)
        #expect(names.filter { $0.hasPrefix("generation-") } == ["generation-2"], "the old generation is gone")
    }

    @Test func `a checkpoint covers what was applied, also while a reader holds an old state`() throws {
        let test = try SnapshotTests.filled(5)
        #expect(try test.store.checkpoint() == (5, 1))
        try test.store.read { reader throws(StoreError) in
            _ = try reader.count()
            do { try test.apply(.store(storing("more"))) } catch { Issue.record("\(error)") }
            #expect(try test.store.checkpoint() == (6, 1))
        }
        #expect(try test.store.checkpoint() == (6, 1))
    }

    @Test func `the write-ahead file stays bounded without being asked, while other readers come and go`() throws {
        var options = StoreOptions()
        options.walCheckpointBytes = 1 << 20
        let test = try TestStore(options: options)
        let path = test.directory.path + "/generation-1/state.db"
        var moved = 0
        var lastSize = try PosixStoreFiles().size(path)
        for number in 0..<150 {
            try test.apply(.store(storing("a\(number)", content: String(repeating: "w\(number) ", count: 10_000))))
            #expect(try test.read { reader throws(StoreError) in try reader.count() } == number + 1)
            let size = try PosixStoreFiles().size(path)
            if size > lastSize { moved += 1 }
            lastSize = size
        }
        #expect(moved > 2, "the database file grew \(moved) times")
        let size = try PosixStoreFiles().size(path + "-wal")
        #expect(size < 6 << 20, "\(size) bytes")
        try checkFullText(directory: test.directory.path)
    }

    @Test func `a background checkpoint changes nothing, reports its failure, and is waited for`() throws {
        let test = try SnapshotTests.filled(50)
        let rows = try test.dump()
        let writer = try #require(test.store.writerForTests)
        let background = BackgroundCheckpoint()
        #expect(!background.isRunning && !background.isFinished)
        try background.start(writer.generation)
        #expect(background.isRunning)
        try background.wait()
        #expect(!background.isRunning)
        #expect(try test.dump() == rows)
        let nowhere = Generation(number: 77, directory: writer.generation.directory)
        try background.start(nowhere)
        #expect(throws: StoreError.self) { try background.wait() }
        try background.wait()
    }

    @Test func `a closed store refuses everything`() throws {
        let test = try SnapshotTests.filled(1)
        test.store.close()
        #expect(throws: StoreError.self) { try test.store.apply([LogCommand(index: 2, term: 1, command: [])]) }
        #expect(throws: StoreError.self) { try test.store.checkpoint() }
        #expect(throws: StoreError.self) { try test.read { reader throws(StoreError) in try reader.count() } }
    }
}
