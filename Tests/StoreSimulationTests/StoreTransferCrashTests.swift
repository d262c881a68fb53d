/// A snapshot on its way into the real store, with the power cut at every disk operation of the transfer and the install:
/// the next process goes on with what is durable, and ends with the whole state.
import Raft
import Simulator
import StateMachine
import StoreMachine
import StoreSimulation
import Testing

@Suite struct StoreTransferCrashTests {
    private static let pieceBytes = 12 << 10

    /// A store that syncs what comes in after every other piece.
    private func open(_ disk: MemoryDisk, seed: UInt64) throws -> MemoryMachine {
        var options = MemoryStoreHome.options
        options.incomingSyncBytes = UInt64(2 * Self.pieceBytes)
        return try MemoryStoreHome(disk: disk, seed: seed, options: options).openStore()
    }
    private func content(_ history: StoreHistory) -> IncomingSnapshot {
        IncomingSnapshot(
            position: StoreHistory.position(UInt64(history.entries.count)), totalBytes: UInt64(history.snapshot.count),
            digest: history.snapshotDigest, format: MemoryStore.snapshotFormat)
    }
    /// What a receiver does from here to the end of the install.
    /// - Parameter written: told how much has been handed over.
    /// - Returns: where it went on.
    private func receive(
        _ machine: MemoryMachine, _ history: StoreHistory, identifier: UInt64, written: (Int) -> Void
    ) throws -> Int {
        let content = content(history)
        let begin = Int(try machine.beginIncoming(identifier: identifier, content: content))
        var offset = begin
        while offset < history.snapshot.count {
            let end = min(offset + Self.pieceBytes, history.snapshot.count)
            // What a piece in flight leaves counts as handed over.
            written(end)
            try machine.writeIncoming(
                identifier: identifier, atBytes: UInt64(offset), bytes: Array(history.snapshot[offset..<end]))
            offset = end
        }
        try machine.installIncoming(
            identifier: identifier, totalBytes: content.totalBytes, digest: content.digest, position: content.position)
        return begin
    }

    @Test(arguments: [UnsyncedFate.lost, .kept, .torn(seed: 3), .torn(seed: 4)])
    func `a cut at any operation of receiving and installing costs at most what was not synced`(
        fate: UnsyncedFate
    ) throws {
        let history = try StoreHistory.make(seed: 21, count: 40)
        try #require(history.snapshot.count > 5 * Self.pieceBytes, "\(history.snapshot.count) bytes")
        let last = UInt64(history.entries.count)
        var wentOn = 0
        var cuts = 0
        var operation = 0
        while true {
            let disk = MemoryDisk()
            var machine = try open(disk, seed: 1)
            _ = try machine.apply(Array(history.entries[0..<3]))
            _ = try machine.checkpoint()
            disk.inject(DiskFault(.powerLoss, after: operation))
            var handed = 0
            var isCut = false
            do {
                _ = try receive(machine, history, identifier: 1) { handed = max(handed, $0) }
            } catch {
                isCut = true
            }
            guard isCut || disk.isPowerLost else { break }
            cuts += 1
            disk.powerLoss(fate)
            machine = try open(disk, seed: 2)
            let applied = machine.appliedPosition()
            #expect([3, last].contains(applied.position.index.rawValue), "operation \(operation): old or new, whole")
            #expect(
                try StoreHistory.mark(machine) == history.marks[Int(applied.position.index.rawValue)],
                "operation \(operation)")
            if applied.position.index.rawValue == 3 {
                let begin = try receive(machine, history, identifier: 2) { _ in }
                #expect(begin <= handed, "operation \(operation): nothing is called stored that never came")
                // An install that was cut between moving the file and the switch has consumed it.
                let isConsumed = handed == history.snapshot.count && begin == 0
                #expect(
                    begin >= handed - 3 * Self.pieceBytes || isConsumed,
                    "operation \(operation): went on at \(begin) of \(handed)")
                if begin > 0 { wentOn += 1 }
            } else {
                #expect(applied.installed == applied.position)
            }
            #expect(try StoreHistory.mark(machine) == history.marks[Int(last)], "operation \(operation)")
            #expect(try disk.names(in: MemoryStoreHome.directory).filter { $0.hasPrefix("incoming") } == [])
            #expect(try machine.store.problems() == [])
            machine.store.close()
            operation += operation < 60 ? 1 : 3
        }
        #expect(cuts > 30 && wentOn > 10, "\(cuts) cuts, \(wentOn) went on")
    }

    @Test func `damage that the transfer did not see is found before the install; the next try begins at zero`()
        throws
    {
        let history = try StoreHistory.make(seed: 22, count: 20)
        let disk = MemoryDisk()
        let machine = try open(disk, seed: 1)
        let content = content(history)
        _ = try machine.beginIncoming(identifier: 1, content: content)
        var damaged = history.snapshot
        damaged[damaged.count / 2] ^= 8
        try machine.writeIncoming(identifier: 1, atBytes: 0, bytes: damaged)
        do throws(StateMachineError) {
            try machine.installIncoming(
                identifier: 1, totalBytes: content.totalBytes, digest: content.digest, position: content.position)
            Issue.record("a damaged snapshot was installed")
        } catch {
            #expect(!error.leavesStateInDoubt && error.description.contains("SHA-256"), "\(error)")
        }
        // What the receiver does with a snapshot that was refused.
        machine.discardIncoming(identifier: 1)
        #expect(try receive(machine, history, identifier: 2) { _ in } == 0)
        #expect(try StoreHistory.mark(machine) == history.marks[20])
    }
}
