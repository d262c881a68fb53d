/// The cluster configuration as part of the replicated state: kept with its entry, never looked into.
import Foundation
import Testing

@testable import StateMachine

@Suite struct ConfigurationTests {
    private func entry(_ index: UInt64, _ bytes: [UInt8], term: UInt64 = 1) -> LogCommand {
        LogCommand(index: index, term: term, kind: .configuration(featureLevel: 1), command: bytes)
    }
    private func command(_ index: UInt64, _ id: String) -> LogCommand {
        LogCommand(index: index, term: 1, command: CommandCodec.encode(envelope(.store(storing(id)))))
    }

    @Test func `a store knows no configuration until an entry brings one, and keeps it with the index of its entry`()
        throws
    {
        let test = try TestStore()
        #expect(test.store.applied().configuration == nil)
        // Bytes that no command has: they must not meet its decoder.
        let outcomes = try test.store.apply([command(1, "a"), entry(2, [0xFF, 0xFF, 0]), command(3, "b")])
        #expect(try OutcomeCodec.decode(outcomes[1]) == .none)
        let expected = StoredConfiguration(index: 2, bytes: [0xFF, 0xFF, 0])
        #expect(test.store.applied().configuration == expected)
        try test.reopen()
        #expect(test.store.applied().configuration == expected)
        #expect(test.store.applied().index == 3)
        _ = try test.store.apply([command(4, "c")])
        #expect(test.store.applied().configuration == expected, "other entries leave it alone")
    }

    @Test func `of several in one transaction the last one stays`() throws {
        let test = try TestStore()
        _ = try test.store.apply([entry(1, [1]), entry(2, [2, 2]), entry(3, [3])])
        try test.reopen()
        #expect(test.store.applied().configuration == StoredConfiguration(index: 3, bytes: [3]))
    }

    @Test func `a batch that fails leaves the configuration of before`() throws {
        let test = try TestStore()
        _ = try test.store.apply([entry(1, [1])])
        #expect(throws: StoreError.self) {
            try test.store.apply([entry(2, [2]), LogCommand(index: 3, term: 1, command: [9, 9])])
        }
        try test.reopen()
        #expect(test.store.applied().index == 1)
        #expect(test.store.applied().configuration == StoredConfiguration(index: 1, bytes: [1]))
    }

    @Test func `the digest sees the bytes of every configuration, not the batches`() throws {
        let together = try TestStore()
        _ = try together.store.apply([entry(1, [1]), entry(2, [2])])
        let apart = try TestStore()
        for each in [entry(1, [1]), entry(2, [2])] { _ = try apart.store.apply([each]) }
        #expect(together.store.applied() == apart.store.applied())
        let other = try TestStore()
        _ = try other.store.apply([entry(1, [7]), entry(2, [2])])
        #expect(other.store.applied().digest != apart.store.applied().digest)
        let without = try TestStore()
        _ = try without.store.apply([
            LogCommand(index: 1, term: 1, command: []), LogCommand(index: 2, term: 1, command: []),
        ])
        #expect(without.store.applied().digest != apart.store.applied().digest)
    }

    @Test func `bug 32: a snapshot carries the last committed configuration as of its index, not a later one`() throws {
        let source = try TestStore()
        _ = try source.store.apply([command(1, "a"), entry(2, [4, 5, 6]), command(3, "b")])
        let pinned = source.store.applied()
        let work = try source.store.prepareSnapshot()
        _ = try source.store.apply([entry(4, [9])])
        let snapshot = try work().get()
        let target = try TestStore()
        _ = try target.store.apply([entry(1, [1])])
        let path = target.store.incomingSnapshotPath(identifier: 1)
        try FileManager.default.copyItem(atPath: snapshot.path, toPath: path)
        try target.store.install(snapshotPath: path, index: snapshot.index, term: snapshot.term)
        #expect(target.store.applied() == pinned)
        #expect(target.store.applied().configuration == StoredConfiguration(index: 2, bytes: [4, 5, 6]))
        try target.reopen()
        #expect(target.store.applied().configuration == pinned.configuration)
    }

    @Test func `a directory of the schema before is refused with both versions and what to do`() throws {
        let test = try TestStore()
        try test.apply(.store(storing("a")))
        test.store.close()
        do {
            let database = try Database(
                path: test.directory.path + "/generation-1/state.db", mode: .readWrite, cacheBytes: 1 << 20)
            try database.execute("UPDATE meta SET schema_version = 1")
        }
        let error = #expect(throws: StoreError.self) { try test.reopen() }
        #expect(error?.description.contains("schema version 1, this build knows 2 to 3") == true)
    }
}
