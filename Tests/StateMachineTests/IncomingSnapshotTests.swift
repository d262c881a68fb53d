/// Snapshots that arrive piece by piece: what is durable is gone on with, everything else is not believed.
import Foundation
import Testing

@testable import StateMachine

@Suite struct IncomingSnapshotTests {
    private static let content = SnapshotContent(
        index: 90, term: 3, sizeBytes: 100, sha256: [UInt8](repeating: 0xAB, count: 32))
    private static let bytes = (0..<100).map { UInt8($0 + 1) }

    private func store(syncEvery: UInt64 = 20) throws -> TestStore {
        var options = StoreOptions()
        options.incomingSyncBytes = syncEvery
        return try TestStore(options: options)
    }
    private func write(_ test: TestStore, _ range: Range<Int>, identifier: UInt64 = 1) throws {
        try test.store.writeIncoming(
            identifier: identifier, atBytes: UInt64(range.lowerBound), bytes: Array(Self.bytes[range]))
    }
    private func names(_ test: TestStore) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: test.directory.path)
            .filter { $0.hasPrefix("incoming-") }.sorted()
    }
    private func begin(
        _ test: TestStore, _ identifier: UInt64 = 1, _ content: SnapshotContent = content
    ) throws
        -> UInt64
    {
        try test.store.beginIncoming(identifier: identifier, content: content)
    }

    @Test func `a transfer goes on behind what was synced, in the same process and in the next one`() throws {
        let test = try store()
        #expect(try begin(test) == 0)
        for start in stride(from: 0, to: 50, by: 10) { try write(test, start..<start + 10) }
        // 50 bytes are written, 40 are synced: of the rest nothing is promised.
        #expect(try begin(test, 2) == 40)
        #expect(try names(test) == ["incoming-2", "incoming-2.state"])
        try test.reopen()
        #expect(try names(test) == ["incoming-2", "incoming-2.state"])
        #expect(try begin(test, 3) == 40)
        for start in stride(from: 40, to: 100, by: 10) { try write(test, start..<start + 10, identifier: 3) }
        try test.reopen()
        #expect(try begin(test, 4) == 100, "all of it, synced at the end")
        let path = test.store.incomingSnapshotPath(identifier: 4)
        #expect(try PosixStoreFiles().read(path, bytesMax: 200) == Self.bytes)
    }

    @Test func `bytes behind the synced ones are written over, whatever they are`() throws {
        let test = try store()
        _ = try begin(test)
        try write(test, 0..<20)
        try test.store.writeIncoming(identifier: 1, atBytes: 20, bytes: [UInt8](repeating: 0xEE, count: 15))
        try test.reopen()
        #expect(try begin(test) == 20)
        for start in stride(from: 20, to: 100, by: 20) { try write(test, start..<start + 20) }
        #expect(try PosixStoreFiles().read(test.store.incomingSnapshotPath(identifier: 1), bytesMax: 200) == Self.bytes)
    }

    @Test func `another snapshot begins at zero and takes the place of what was there`() throws {
        var digest = Self.content
        digest.sha256[31] ^= 1
        var index = Self.content
        index.index += 1
        var term = Self.content
        term.term += 1
        var size = Self.content
        size.sizeBytes += 1
        for other in [digest, index, term, size] {
            let test = try store()
            _ = try begin(test)
            try write(test, 0..<40)
            #expect(try begin(test, 2, other) == 0)
            #expect(try names(test) == [], "one at a time: the space of the old one is free")
            try test.store.writeIncoming(identifier: 2, atBytes: 0, bytes: Array(Self.bytes[0..<40]))
            #expect(try begin(test, 3, Self.content) == 0)
        }
    }

    @Test func `a snapshot begun anew from zero forgets what was synced before`() throws {
        let test = try store()
        _ = try begin(test)
        try write(test, 0..<40)
        try write(test, 0..<10)
        try test.reopen()
        #expect(try begin(test) == 0)
    }

    @Test func `every flipped bit in the state file only costs sending again`() throws {
        let test = try store()
        _ = try begin(test)
        try write(test, 0..<40)
        let path = test.store.incomingSnapshotPath(identifier: 1)
        let state = try PosixStoreFiles().read(path + ".state", bytesMax: 1_000)
        for place in stride(from: 0, to: state.count, by: 3) {
            var damaged = state
            damaged[place] ^= UInt8(1 << (place % 8))
            try Data(Self.bytes[0..<40]).write(to: URL(fileURLWithPath: path))
            try Data(damaged).write(to: URL(fileURLWithPath: path + ".state"))
            #expect(try begin(test) == 0, "bit \(place % 8) of byte \(place)")
            #expect(try names(test) == [])
        }
    }

    @Test func `a state file without its data, or with less than it says, is not believed`() throws {
        let test = try store()
        _ = try begin(test)
        try write(test, 0..<40)
        let path = test.store.incomingSnapshotPath(identifier: 1)
        let state = try Data(contentsOf: URL(fileURLWithPath: path + ".state"))
        try Data(Self.bytes[0..<39]).write(to: URL(fileURLWithPath: path))
        #expect(try begin(test) == 0)
        try state.write(to: URL(fileURLWithPath: path + ".state"))
        #expect(try begin(test) == 0)
        #expect(try names(test) == [])
    }

    @Test func `a start removes what is not ahead of the store, what has no state, and all but the newest`() throws {
        let test = try store()
        for number in 0..<5 { try test.apply(.store(storing("a\(number)"))) }
        var stale = Self.content
        stale.index = 5
        _ = try begin(test, 1, stale)
        try write(test, 0..<40)
        try test.reopen()
        #expect(try names(test) == [])
        _ = try begin(test, 2)
        try write(test, 0..<10, identifier: 2)
        #expect(try names(test) == ["incoming-2"])
        try test.reopen()
        #expect(try names(test) == [], "nothing of it was synced")
        _ = try begin(test, 3)
        try write(test, 0..<40, identifier: 3)
        var newer = Self.content
        newer.index += 7
        let other = IncomingState(identifier: 9, content: newer, syncedBytes: 10)
        try test.store.directory.writeIncoming(other)
        try Data(Self.bytes[0..<10]).write(to: URL(fileURLWithPath: test.store.incomingSnapshotPath(identifier: 9)))
        try test.reopen()
        #expect(try names(test) == ["incoming-9", "incoming-9.state"])
        test.store.discardSnapshot(path: test.store.incomingSnapshotPath(identifier: 9))
        #expect(try names(test) == [])
    }

    @Test func `an installed snapshot leaves nothing of its transfer behind`() throws {
        let source = try store()
        for number in 0..<8 { try source.apply(.store(storing("b\(number)"))) }
        let snapshot = try source.store.prepareSnapshot()().get()
        let bytes = try PosixStoreFiles().read(snapshot.path, bytesMax: 10 << 20)
        let target = try store(syncEvery: 16 << 10)
        let content = SnapshotContent(
            index: snapshot.index, term: snapshot.term, sizeBytes: snapshot.sizeBytes, sha256: snapshot.sha256)
        var offset = Int(try begin(target, 1, content))
        var restarts: UInt64 = 1
        while offset < bytes.count {
            let end = min(offset + 4_000, bytes.count)
            try target.store.writeIncoming(
                identifier: restarts, atBytes: UInt64(offset), bytes: Array(bytes[offset..<end]))
            offset = end
            // The process ends every now and then, and goes on with what it finds.
            if (offset / 4_000) % 7 == 0, offset < bytes.count, restarts < 4 {
                try target.reopen()
                restarts += 1
                offset = Int(try begin(target, restarts, content))
            }
        }
        #expect(restarts > 1, "\(bytes.count) bytes")
        #expect(try target.store.incomingDigest(identifier: restarts) == snapshot.sha256)
        try target.store.install(
            snapshotPath: target.store.incomingSnapshotPath(identifier: restarts), index: 8, term: 1)
        #expect(try names(target) == [])
        #expect(try target.dump() == source.dump())
        #expect(try target.store.installed() == (8, 1))
    }

    // MARK: the small files

    @Test func `every flipped bit in CURRENT or installed is refused by name, and changes nothing`() throws {
        let source = try store()
        for number in 0..<8 { try source.apply(.store(storing("b\(number)"))) }
        let snapshot = try source.store.prepareSnapshot()().get()
        let test = try store()
        try FileManager.default.copyItem(
            atPath: snapshot.path, toPath: test.store.incomingSnapshotPath(identifier: 1))
        try test.store.install(snapshotPath: test.store.incomingSnapshotPath(identifier: 1), index: 8, term: 1)
        let rows = try test.dump()
        test.store.close()
        for name in ["CURRENT", "generation-2/installed"] {
            let path = test.directory.path + "/" + name
            let good = try Data(contentsOf: URL(fileURLWithPath: path))
            for place in good.indices {
                // `installed` is read after the database, which takes its time.
                for bit in name == "CURRENT" ? Array(0..<8) : [place % 8] {
                    var damaged = good
                    damaged[place] ^= UInt8(1 << bit)
                    try damaged.write(to: URL(fileURLWithPath: path))
                    let error = #expect(throws: StoreError.self, "bit \(bit) of byte \(place) of \(name)") {
                        _ = try MemoryStore.open(directory: test.directory.path, options: StoreOptions())
                    }
                    #expect(error?.description.contains(name) == true)
                }
            }
            for count in stride(from: 0, to: good.count, by: 5) {
                try good.prefix(count).write(to: URL(fileURLWithPath: path))
                #expect(throws: StoreError.self) {
                    _ = try MemoryStore.open(directory: test.directory.path, options: StoreOptions())
                }
            }
            try good.write(to: URL(fileURLWithPath: path))
        }
        try test.reopen()
        #expect(try test.dump() == rows)
        #expect(test.store.installed() == (8, 1))
    }

    @Test func `a snapshot with any flipped bit has another digest`() throws {
        let source = try store()
        for number in 0..<4 { try source.apply(.store(storing("b\(number)"))) }
        let snapshot = try source.store.prepareSnapshot()().get()
        var bytes = try PosixStoreFiles().read(snapshot.path, bytesMax: 10 << 20)
        let target = try store()
        for place in stride(from: 0, to: bytes.count, by: 4_099) {
            bytes[place] ^= UInt8(1 << (place % 8))
            try Data(bytes).write(to: URL(fileURLWithPath: target.store.incomingSnapshotPath(identifier: 5)))
            #expect(try target.store.incomingDigest(identifier: 5) != snapshot.sha256)
            bytes[place] ^= UInt8(1 << (place % 8))
        }
        try Data(bytes).write(to: URL(fileURLWithPath: target.store.incomingSnapshotPath(identifier: 5)))
        #expect(try target.store.incomingDigest(identifier: 5) == snapshot.sha256)
    }
}
