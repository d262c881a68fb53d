import Raft

/// Something happened on a node that is worth a crash, a line of the trace, or a count.
public enum NodeMoment: UInt8, Sendable, CaseIterable {
    case grantedVote, becameLeader, lostLeadership, firstAppendOfTerm, appended, truncated, committed, applied
    case checkpointed, snapshotPinned, snapshotCopied, snapshotPieceRead, snapshotPieceStored, snapshotInstalling
    case snapshotInstalled, logCut, configurationAppended, configurationCommitted, timeoutNowSent
}

/// Stands between a node and its state machine and tells what is asked of it. Changes nothing.
///
/// Owns: nothing. Must never: answer in the machine's place, or hold a call back.
final class WatchedMachine: ReplicatedStateMachine, @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    private let machine: any ReplicatedStateMachine
    var tell: (NodeMoment) -> Void = { _ in }
    /// Position and digest after every batch and every install.
    var changed: (AppliedPosition) -> Void = { _ in }

    init(_ machine: any ReplicatedStateMachine) { self.machine = machine }

    func appliedPosition() -> AppliedPosition { machine.appliedPosition() }

    func apply(_ commands: [CommittedCommand]) throws(StateMachineError) -> [[UInt8]] {
        let outcomes = try machine.apply(commands)
        changed(machine.appliedPosition())
        tell(.applied)
        return outcomes
    }

    func checkpoint() throws(StateMachineError) -> LogPosition {
        let position = try machine.checkpoint()
        tell(.checkpointed)
        return position
    }

    func prepareSnapshot() throws(StateMachineError) -> @Sendable () -> Result<SnapshotFile, StateMachineError> {
        let work = try machine.prepareSnapshot()
        tell(.snapshotPinned)
        return { [self] in
            let result = work()
            tell(.snapshotCopied)
            return result
        }
    }

    func installIncoming(
        identifier: UInt64, totalBytes: UInt64, digest: [UInt8], position: LogPosition
    ) throws(StateMachineError) {
        tell(.snapshotInstalling)
        try machine.installIncoming(
            identifier: identifier, totalBytes: totalBytes, digest: digest, position: position)
        changed(machine.appliedPosition())
        tell(.snapshotInstalled)
    }

    var snapshotFormatsRead: ClosedRange<UInt16> { machine.snapshotFormatsRead }

    func beginIncoming(identifier: UInt64, content: IncomingSnapshot) throws(StateMachineError) -> UInt64 {
        try machine.beginIncoming(identifier: identifier, content: content)
    }

    func readSnapshot(
        _ file: SnapshotFile, atBytes offset: UInt64, count: Int
    ) throws(StateMachineError) -> [UInt8] {
        tell(.snapshotPieceRead)
        return try machine.readSnapshot(file, atBytes: offset, count: count)
    }

    func discardSnapshot(_ file: SnapshotFile) { machine.discardSnapshot(file) }

    func writeIncoming(identifier: UInt64, atBytes offset: UInt64, bytes: [UInt8]) throws(StateMachineError) {
        try machine.writeIncoming(identifier: identifier, atBytes: offset, bytes: bytes)
        tell(.snapshotPieceStored)
    }

    func discardIncoming(identifier: UInt64) { machine.discardIncoming(identifier: identifier) }
}
