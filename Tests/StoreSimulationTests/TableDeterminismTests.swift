/// Fifty thousand commands of every type give the same store, whatever happens on the way to it.
import Raft
import Simulator
import StateMachine
import StoreMachine
import StoreSimulation
import Testing

@Suite struct TableDeterminismTests {
    private static let count = 50_000

    /// The level rises at the third entry; before it there are only the commands of level 0.
    private static func log(seed: UInt64) -> [CommittedCommand] {
        var workload = StoreWorkload(seed: seed)
        workload.idCount = 40
        workload.contentWordsMax = 20
        var entries: [CommittedCommand] = []
        for index in 1...UInt64(count) {
            let position = LogPosition(index: LogIndex(index), term: Term(1))
            if index == 3 {
                let configuration = Configuration(voters: [NodeID(1)]).refining(
                    incarnations: [], featureLevel: FeatureLevel.max)
                entries.append(
                    CommittedCommand(position: position, kind: .configuration, command: configuration.encode()))
                workload.includesTables = true
            } else {
                entries.append(CommittedCommand(position: position, kind: .command, command: workload.nextBytes()))
            }
        }
        return entries
    }

    private static func machine(_ disk: MemoryDisk = MemoryDisk()) throws -> (MemoryStoreHome, MemoryMachine) {
        let home = MemoryStoreHome(disk: disk, seed: 1)
        return (home, try home.openStore())
    }

    /// As a node receives it: piece by piece.
    private static func send(_ source: MemoryMachine, to target: MemoryMachine) throws {
        let file = try source.prepareSnapshot()().get()
        let content = IncomingSnapshot(
            position: file.position, totalBytes: file.sizeBytes, digest: file.digest, format: file.format)
        var offset = try target.beginIncoming(identifier: 9, content: content)
        while offset < file.sizeBytes {
            let piece = try source.readSnapshot(
                file, atBytes: offset, count: Int(min(256 << 10, file.sizeBytes - offset)))
            try target.writeIncoming(identifier: 9, atBytes: offset, bytes: piece)
            offset += UInt64(piece.count)
        }
        try target.installIncoming(
            identifier: 9, totalBytes: file.sizeBytes, digest: file.digest, position: file.position)
        source.discardSnapshot(file)
    }

    @Test func `every type of command, other batches, a restart and a snapshot in the middle: equal digests and rows`()
        throws
    {
        let log = Self.log(seed: 20_261)
        let kinds = Set(
            try log.filter { $0.kind == .command }.map { entry in
                String("\(try CommandCodec.decode(entry.command).command)".prefix { $0 != "(" })
            })
        #expect(kinds.count == 26, "the log holds \(kinds.sorted())")

        let (_, reference) = try Self.machine()
        var outcomes: Set<String> = []
        var next = 0
        var random = SplitMix64(seed: 7)
        let middle = log.count / 2
        let late = try Self.machine().1
        while next < log.count {
            let end = min(log.count, next < middle ? min(middle, next + 200) : next + 200)
            for bytes in try reference.apply(Array(log[next..<end])) {
                outcomes.insert(String("\(try OutcomeCodec.decode(bytes))".prefix { $0 != "(" }))
            }
            next = end
            // The third store comes by a snapshot of the first.
            if next == middle { try Self.send(reference, to: late) }
        }
        #expect(outcomes.count >= 20, "outcomes met: \(outcomes.sorted())")

        let disk = MemoryDisk()
        var (home, other) = try Self.machine(disk)
        next = 0
        while next < log.count {
            let end = min(log.count, next + 1 + random.next(below: 150))
            _ = try other.apply(Array(log[next..<end]))
            next = end
            if next > middle, next < middle + 150 {
                // A restart loses nothing that a checkpoint covers.
                _ = try other.checkpoint()
                disk.processKill()
                home = MemoryStoreHome(disk: disk, seed: 2)
                other = try home.openStore()
            }
        }
        for start in stride(from: middle, to: log.count, by: 333) {
            _ = try late.apply(Array(log[start..<min(log.count, start + 333)]))
        }
        let expected = try reference.store.contentDigest()
        for (name, machine) in [("other batches", other), ("snapshot", late)] {
            #expect(machine.appliedPosition().digest == reference.appliedPosition().digest, "\(name)")
            #expect(try machine.store.contentDigest() == expected, "\(name)")
            #expect(try machine.store.problems() == [], "\(name)")
            #expect(try machine.store.logicalDump() == reference.store.logicalDump(), "\(name)")
        }
    }
}
