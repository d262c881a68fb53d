import Raft
import Simulator
import StoreMachine

/// What every node applied, by index: one truth for all, against which a store is held at the end.
///
/// Owns: the record and the findings. Must never: take part in anything; the machines it stands before do all the work.
public final class StoreLedger {
    public private(set) var entries: [CommittedCommand] = []
    public private(set) var findings: [String] = []
    public private(set) var counts: [Count: Int] = [:]

    public enum Count: String, CaseIterable, Sendable {
        case applied, checkpoints, snapshotsMade, snapshotsInstalled, installsFailed, starts, powerCuts, kills, faults
        case acknowledged
    }

    public init() {}

    public func count(_ what: Count) { counts[what, default: 0] += 1 }

    /// State-machine safety (paper figure 3): no two nodes apply different entries at one index.
    func applied(_ command: CommittedCommand, on node: NodeID) {
        let place = Int(command.position.index.rawValue) - 1
        if place < entries.count {
            if entries[place] != command { find("\(node) applies another entry at \(command.position)") }
        } else if place == entries.count {
            entries.append(command)
        } else {
            find("\(node) applies \(command.position), but nobody applied \(entries.count + 1)")
        }
    }

    public func find(_ text: String) {
        if findings.count < 20 { findings.append(text) }
    }
}

/// A home whose machine tells the ledger.
final class LedgerHome: MachineHome {
    let store: MemoryStoreHome
    private let node: NodeID
    private let ledger: StoreLedger

    init(node: NodeID, store: MemoryStoreHome, ledger: StoreLedger) {
        self.node = node
        self.store = store
        self.ledger = ledger
    }

    func open(featureLevelMax: UInt16) throws -> any ReplicatedStateMachine {
        let machine = try store.openStore()
        ledger.count(.starts)
        return LedgerMachine(machine, node: node, ledger: ledger)
    }
    func end(_ end: EndOfProcess) { store.end(end) }
    func wipe() { store.wipe() }
}

/// Stands before the product's machine and writes down what it was given.
final class LedgerMachine: ReplicatedStateMachine, @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    let machine: MemoryMachine
    private let node: NodeID
    private let ledger: StoreLedger

    init(_ machine: MemoryMachine, node: NodeID, ledger: StoreLedger) {
        self.machine = machine
        self.node = node
        self.ledger = ledger
    }

    func appliedPosition() -> AppliedPosition { machine.appliedPosition() }

    func apply(_ commands: [CommittedCommand]) throws(StateMachineError) -> [[UInt8]] {
        let outcomes = try machine.apply(commands)
        for command in commands { ledger.applied(command, on: node) }
        ledger.count(.applied)
        return outcomes
    }

    func checkpoint() throws(StateMachineError) -> LogPosition {
        let position = try machine.checkpoint()
        ledger.count(.checkpoints)
        return position
    }

    func prepareSnapshot() throws(StateMachineError) -> @Sendable () -> Result<SnapshotFile, StateMachineError> {
        let work = try machine.prepareSnapshot()
        ledger.count(.snapshotsMade)
        return work
    }

    func installIncoming(
        identifier: UInt64, totalBytes: UInt64, digest: [UInt8], position: LogPosition
    ) throws(StateMachineError) {
        do {
            try machine.installIncoming(
                identifier: identifier, totalBytes: totalBytes, digest: digest, position: position)
        } catch {
            ledger.count(.installsFailed)
            throw error
        }
        ledger.count(.snapshotsInstalled)
    }

    var snapshotFormatsRead: ClosedRange<UInt16> { machine.snapshotFormatsRead }

    func beginIncoming(identifier: UInt64, content: IncomingSnapshot) throws(StateMachineError) -> UInt64 {
        try machine.beginIncoming(identifier: identifier, content: content)
    }
    func readSnapshot(
        _ file: SnapshotFile, atBytes offset: UInt64, count: Int
    ) throws(StateMachineError) -> [UInt8] {
        try machine.readSnapshot(file, atBytes: offset, count: count)
    }
    func discardSnapshot(_ file: SnapshotFile) { machine.discardSnapshot(file) }
    func writeIncoming(identifier: UInt64, atBytes offset: UInt64, bytes: [UInt8]) throws(StateMachineError) {
        try machine.writeIncoming(identifier: identifier, atBytes: offset, bytes: bytes)
    }
    func discardIncoming(identifier: UInt64) { machine.discardIncoming(identifier: identifier) }
}
