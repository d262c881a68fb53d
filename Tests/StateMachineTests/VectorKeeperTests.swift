/// The file of vectors, the thread that writes it, and that what recall has in memory is what the database says, whatever
/// the file held.
import Foundation
import Testing
import VectorIndex

@testable import StateMachine

@Suite struct VectorKeeperTests {
    private static let model = VectorModel(tag: "test", dimension: 20)

    private static func store(saveChangesMin: Int = 1 << 30, saveAtEndMin: Int = 1) throws -> TestStore {
        var options = StoreOptions()
        options.vectorModel = model
        options.vectorKeeper.saveChangesMin = saveChangesMin
        options.vectorKeeper.saveAtEndMin = saveAtEndMin
        let test = try TestStore(options: options)
        _ = try test.store.apply([
            LogCommand(index: 1, term: 1, kind: .configuration(featureLevel: FeatureLevel.max), command: [1])
        ])
        return test
    }

    private static func vector(_ seed: Int) -> [Float] {
        var generator = SeededGenerator(state: UInt64(seed))
        return (0..<model.dimension).map { _ in Float.random(in: -1...1, using: &generator) }
    }

    private static func storing(_ id: String, _ seed: Int, model tag: String = "test") -> CommandEnvelope {
        let command = StateMachineTests.storing(id, content: "text \(seed)")
        var envelope = envelope(.store(command))
        envelope.vectors = TextVectors(
            model: tag,
            entries: [
                .init(
                    text: TextDigest(title: command.title, content: command.content),
                    vector: VectorBytes.bytes(vector(seed)))
            ])
        return envelope
    }

    private static func fill(_ test: TestStore, _ numbers: Range<Int>) throws {
        for first in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 100) {
            let batch = first..<min(first + 100, numbers.upperBound)
            try test.apply(batch.map { storing("m\($0)", $0) })
        }
    }

    private static func nearest(_ test: TestStore, _ seed: Int) throws -> String? {
        var query = RecallQuery(context: "nothing", limit: 1)
        query.vector = vector(seed)
        query.ranking = .vector
        return try test.read { [query] reader throws(StoreError) in
            try reader.recall(query, now: time(0)).hits.first?.memory.id
        }
    }

    private static func file(_ test: TestStore) throws -> String {
        let generation = try #require(
            FileManager.default.contentsOfDirectory(atPath: test.directory.path).first { $0.hasPrefix("generation-") })
        let directory = test.directory.path + "/" + generation
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasPrefix("vectors-") }
        return directory + "/" + (try #require(names.count == 1 ? names.first : nil, "\(names)"))
    }

    /// Until the keeper has come so far.
    private static func wait(_ test: TestStore, for isReached: (VectorReport) throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(60)
        try test.store.waitForVectors { report in
            try #require(ContinuousClock.now < deadline, "\(report)")
            return try isReached(report)
        }
    }

    @Test func `a start takes the vectors from the file, and what changed since from the database`() throws {
        let test = try Self.store()
        try Self.fill(test, 0..<500)
        _ = try test.store.checkpoint()
        try Self.fill(test, 500..<510)
        try Self.wait(test) { $0.unlinked == 0 }
        try test.reopen()
        #expect(test.store.takeVectorNote() == nil)
        let index = try #require(test.store.index.vectorIndex)
        #expect(index.slotCount == 510 && index.unlinkedCount == 0, "nothing was made anew")
        #expect(try VectorIndexFile.open(Self.file(test)).coveredIndex > 1)
        #expect(try test.store.problems() == [])
        #expect(try Self.nearest(test, 7) == "m7" && Self.nearest(test, 505) == "m505")
    }

    @Test func `whatever old file lies there, recall has what the database says`() throws {
        let test = try Self.store()
        try Self.fill(test, 0..<60)
        _ = try test.store.checkpoint()
        try test.reopen()
        let file = try Self.file(test)
        let old = try Data(contentsOf: URL(fileURLWithPath: file))
        // Deleted, changed with and without a vector, given to another model, new.
        try test.apply(.delete(DeleteCommand(id: "m3")))
        try test.apply(.update(UpdateCommand(id: "m4", content: "without", at: time(1))))
        try test.apply([Self.storing("m5", 1_005), Self.storing("m6", 1_006, model: "another")])
        try test.apply([Self.storing("new", 2_000)])
        test.store.close()
        try old.write(to: URL(fileURLWithPath: file))
        test.store = try MemoryStore.open(directory: test.directory.path, options: test.options)
        #expect(test.store.takeVectorNote() == nil)
        #expect(try test.store.problems() == [])
        #expect(try Self.nearest(test, 3) != "m3" && Self.nearest(test, 4) != "m4")
        #expect(try Self.nearest(test, 1_005) == "m5" && Self.nearest(test, 2_000) == "new")
        #expect(test.store.vectorReport().vectors == 58)
    }

    @Test func `a file that is ahead of the store, damaged or of another shape is not used`() throws {
        let test = try Self.store()
        try Self.fill(test, 0..<40)
        try test.reopen()
        let file = try Self.file(test)
        let good = try Data(contentsOf: URL(fileURLWithPath: file))
        func reopen(after change: () throws -> Void) throws -> String? {
            test.store.close()
            try change()
            test.store = try MemoryStore.open(directory: test.directory.path, options: test.options)
            #expect(try test.store.problems() == [])
            #expect(try Self.nearest(test, 7) == "m7")
            return test.store.takeVectorNote()
        }
        let ahead = try reopen {
            try VectorIndexFile.open(file).index.save(to: file, coveredIndex: 1 << 40)
        }
        #expect(ahead?.contains("the store is at 41") == true)
        let damaged = try reopen { try good.prefix(70_000).write(to: URL(fileURLWithPath: file)) }
        #expect(damaged?.contains("damaged") == true)
        let other = try VectorIndex(parameters: VectorIndexParameters(dimension: 64))
        let alien = try reopen { try other.save(to: file, coveredIndex: 1) }
        #expect(alien?.contains("other parameters") == true)
        #expect(
            try reopen { try FileManager.default.removeItem(atPath: file) } == nil, "nothing to tell: a first start")
    }

    @Test func `what is removed makes room, while writes and reads go on`() throws {
        let test = try Self.store()
        try Self.fill(test, 0..<3_000)
        let large = test.store.index.vectorIndex
        for first in stride(from: 0, to: 1_600, by: 100) {
            try test.apply((first..<first + 100).map { envelope(.delete(DeleteCommand(id: "m\($0)"))) })
        }
        // Writes meanwhile, so that the compact copy has something to catch up with.
        for number in stride(from: 3_000, to: 5_000, by: 5) {
            if test.store.index.vectorIndex !== large { break }
            try Self.fill(test, number..<number + 5)
            try test.apply(.delete(DeleteCommand(id: "m\(number)")))
            #expect(try Self.nearest(test, number + 4) == "m\(number + 4)")
            #expect(try Self.nearest(test, number) != "m\(number)")
        }
        try Self.wait(test) { _ in test.store.index.vectorIndex !== large }
        // More than a thousand were removed when the copy began; hardly any was written after it.
        let (before, now) = (try #require(large), try #require(test.store.index.vectorIndex))
        #expect(now.slotCount + 900 < before.slotCount)
        try Self.wait(test) { $0.unlinked == 0 }
        #expect(try test.store.problems() == [])
        #expect(try Self.nearest(test, 2_000) == "m2000" && Self.nearest(test, 1_000) != "m1000")
    }

    @Test func `the file is written again as the store grows`() throws {
        let test = try Self.store(saveChangesMin: 50)
        try Self.fill(test, 0..<60)
        try Self.wait(test) { _ in
            let names = try FileManager.default.subpathsOfDirectory(atPath: test.directory.path)
            return names.contains { $0.hasSuffix(".hnsw") }
        }
        #expect(try VectorIndexFile.open(Self.file(test)).index.liveCount >= 50)
    }

    @Test func `a snapshot brings its vectors, and those that both have stay where they are`() throws {
        let source = try Self.store()
        let target = try Self.store()
        for test in [source, target] {
            try Self.fill(test, 0..<80)
            try Self.wait(test) { $0.unlinked == 0 }
        }
        try source.apply([Self.storing("m5", 1_005), Self.storing("new", 2_000)])
        try source.apply(.delete(DeleteCommand(id: "m3")))
        let snapshot = try source.store.prepareSnapshot()().get()
        let path = target.store.incomingSnapshotPath(identifier: 1)
        try FileManager.default.copyItem(atPath: snapshot.path, toPath: path)
        let slot = target.store.index.vectorIndex?.slot(of: 10)
        try target.store.install(snapshotPath: path, index: snapshot.index, term: snapshot.term)
        #expect(try target.store.problems() == [])
        #expect(try Self.nearest(target, 1_005) == "m5" && Self.nearest(target, 2_000) == "new")
        #expect(try Self.nearest(target, 3) != "m3")
        #expect(target.store.index.vectorIndex?.slot(of: 10) == slot && slot != nil)
        try target.reopen()
        #expect(try target.store.problems() == [])
    }

    @Test func `a row whose vector is replaced all the time is never missed`() throws {
        let test = try Self.store()
        try Self.fill(test, 0..<200)
        let store = test.store
        let isDone = Flag()
        let reader = Thread {
            var round = 0
            while !isDone.isSet {
                round += 1
                var query = RecallQuery(context: "nothing", limit: 200)
                query.vector = Self.vector(7)
                query.ranking = .vector
                if round % 2 == 0 { query.namespace = "global" }
                let view = store.index.view()
                let filter = RowFilter(query, now: time(0), directory: view.directory)
                do {
                    let rows = try view.nearest(query.vector ?? [], count: 200, filter).map(\.row)
                    #expect(rows.count == Set(rows).count && rows.contains(8), "round \(round)")
                } catch {
                    Issue.record("\(error)")
                }
            }
            isDone.acknowledge()
        }
        reader.start()
        for number in 0..<400 { try test.apply([Self.storing("m7", 10_000 + number)]) }
        isDone.set()
        isDone.waitForAcknowledgement()
        #expect(try test.store.problems() == [])
    }
}

/// Says that a thread is to end, and hears that it has.
private final class Flag: @unchecked Sendable {
    // Sendable: `value` is read and written under the lock.
    private let lock = NSLock()
    private let ended = DispatchSemaphore(value: 0)
    private var value = false
    var isSet: Bool { lock.withLock { value } }
    func set() { lock.withLock { value = true } }
    func acknowledge() { ended.signal() }
    func waitForAcknowledgement() { ended.wait() }
}
