/// What a store must hold after each entry of a log, computed on a disk without faults, and a script of everything a node
/// does to its store, to be cut short anywhere.
import Raft
import Simulator
import StateMachine
import StoreMachine
import StoreSimulation
import Testing

/// A log and the state after each of its entries.
struct StoreHistory {
    struct Mark: Hashable {
        var digest: [UInt8]
        var content: [UInt8]
    }
    /// Log of this many entries; 1 is the first.
    let entries: [CommittedCommand]
    /// By index; the first is the empty store.
    let marks: [Mark]
    /// A snapshot of the whole log.
    let snapshot: [UInt8]
    let snapshotDigest: [UInt8]

    static func make(seed: UInt64, count: Int) throws -> StoreHistory {
        var workload = StoreWorkload(seed: seed)
        let entries = (1...UInt64(count)).map { index in
            // A no-op among them, as every new leader writes one.
            index % 9 == 4
                ? CommittedCommand(position: position(index), kind: .noop, command: [])
                : CommittedCommand(position: position(index), kind: .command, command: workload.nextBytes())
        }
        let machine = try MemoryStoreHome(disk: MemoryDisk(), seed: seed).openStore()
        var marks = [try mark(machine)]
        for entry in entries {
            _ = try machine.apply([entry])
            marks.append(try mark(machine))
        }
        let file = try machine.prepareSnapshot()().get()
        let bytes = try machine.readSnapshot(file, atBytes: 0, count: Int(file.sizeBytes))
        #expect(try machine.store.problems() == [])
        machine.store.close()
        return StoreHistory(entries: entries, marks: marks, snapshot: bytes, snapshotDigest: file.digest)
    }

    static func position(_ index: UInt64) -> LogPosition { LogPosition(index: LogIndex(index), term: Term(1)) }

    static func mark(_ machine: MemoryMachine) throws -> Mark {
        Mark(digest: machine.appliedPosition().digest, content: try machine.store.contentDigest())
    }
}

/// One life of a store, step by step, and what it has been promised so far.
struct StoreScript {
    let history: StoreHistory
    /// Highest index handed to `apply`, whether or not it came back.
    var attempted: UInt64 = 0
    /// Highest index that `apply` (or an install) came back with.
    var applied: UInt64 = 0
    /// Highest index that a checkpoint or an install came back with: it must survive anything.
    var durable: UInt64 = 0
    /// Index of the snapshot that an install was tried with.
    var installing: UInt64?

    init(_ history: StoreHistory) { self.history = history }

    /// Everything a node does: batches, checkpoints, reads, a snapshot beside later batches, and at the end a snapshot
    /// from elsewhere that replaces it all. `isUndisturbed` runs leave nothing out.
    mutating func run(on machine: MemoryMachine, installs: Bool = true) throws {
        let last = UInt64(history.entries.count) / 3 * 2
        try checkpointBehindReader(machine)
        var batch: UInt64 = 1
        while applied < last {
            try apply(on: machine, through: min(last, applied + batch))
            batch = batch % 4 + 1
            if applied % 3 == 0 { _ = try machine.store.read { reader throws(StoreError) in try reader.count() } }
            if applied % 5 == 0 { try checkpoint(machine) }
            if applied % 7 == 0 {
                let copy = try machine.prepareSnapshot()
                try apply(on: machine, through: min(last, applied + 1))
                // The pinned reader is in the way of this one.
                try checkpoint(machine)
                let file = try copy().get()
                #expect(file.position.index.rawValue < applied || applied == last)
                machine.discardSnapshot(file)
            }
        }
        if installs { try install(on: machine) }
    }

    mutating func apply(on machine: MemoryMachine, through index: UInt64) throws {
        guard index > applied else { return }
        attempted = index
        _ = try machine.apply(Array(history.entries[Int(applied)..<Int(index)]))
        applied = index
    }

    mutating func checkpoint(_ machine: MemoryMachine) throws {
        let covered = try machine.checkpoint().index.rawValue
        #expect(covered == applied)
        durable = covered
    }

    /// A reader that began before there was a write-ahead file to speak of: SQLite then moves and syncs nothing.
    private mutating func checkpointBehindReader(_ machine: MemoryMachine) throws {
        let copy = try machine.prepareSnapshot()
        try apply(on: machine, through: applied + 2)
        try checkpoint(machine)
        machine.discardSnapshot(try copy().get())
    }

    mutating func install(on machine: MemoryMachine) throws {
        let index = UInt64(history.entries.count)
        try receive(on: machine)
        installing = index
        try machine.installIncoming(
            identifier: 7, totalBytes: UInt64(history.snapshot.count), digest: history.snapshotDigest,
            position: StoreHistory.position(index))
        applied = index
        durable = index
    }

    /// Takes the snapshot in, from where an earlier transfer got to.
    /// - Returns: where that was.
    @discardableResult
    func receive(on machine: MemoryMachine) throws -> Int {
        let begun = try machine.beginIncoming(
            identifier: 7,
            content: IncomingSnapshot(
                position: StoreHistory.position(UInt64(history.entries.count)),
                totalBytes: UInt64(history.snapshot.count), digest: history.snapshotDigest))
        for start in stride(from: Int(begun), to: history.snapshot.count, by: 20_000) {
            let piece = Array(history.snapshot[start..<min(start + 20_000, history.snapshot.count)])
            try machine.writeIncoming(identifier: 7, atBytes: UInt64(start), bytes: piece)
        }
        return Int(begun)
    }

    /// Opens the store again and holds it to what it promised. Then the rest of the log, or the snapshot once more, must
    /// lead where they lead.
    /// - Parameter isProcessOnly: the machine stayed up, so everything that was applied must be there.
    func verify(_ disk: MemoryDisk, seed: UInt64, isProcessOnly: Bool, _ context: String) throws {
        let machine = try MemoryStoreHome(disk: disk, seed: seed).openStore()
        let found = machine.appliedPosition()
        let index = found.position.index.rawValue
        let least = isProcessOnly ? max(applied, durable) : durable
        let isInstalled = installing == index
        #expect(
            isInstalled || (least...max(attempted, least)).contains(index), "\(context): at \(index), least \(least)")
        #expect(try StoreHistory.mark(machine) == history.marks[Int(index)], "\(context): state at \(index)")
        #expect(try machine.store.problems() == [], "\(context)")
        #expect(found.installed == (isInstalled ? StoreHistory.position(index) : .zero), "\(context)")
        if index < UInt64(history.entries.count) {
            if seed % 2 == 0 {
                _ = try machine.apply(Array(history.entries[Int(index)...]))
            } else {
                var again = StoreScript(history)
                try again.install(on: machine)
            }
        }
        _ = try machine.checkpoint()
        #expect(try StoreHistory.mark(machine) == history.marks.last, "\(context): after the rest of the log")
        machine.store.close()
    }
}
