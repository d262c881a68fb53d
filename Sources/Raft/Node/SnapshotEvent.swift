/// What the lanes tell the core lane about snapshots.
enum SnapshotEvent: Sendable {
    case tick(nowNanoseconds: UInt64)
    /// The state is pinned; `work` copies it on the background lane.
    case pinned(peer: NodeID, work: @Sendable () -> Result<SnapshotFile, StateMachineError>)
    /// The copy for `peer` is finished, or failed.
    case copied(peer: NodeID, result: Result<SnapshotFile, StateMachineError>)
    /// A piece was read for sending.
    case chunkRead(peer: NodeID, identifier: UInt64, offsetBytes: UInt64, result: Result<[UInt8], StateMachineError>)
    /// A received piece is stored.
    case chunkStored(identifier: UInt64, nextOffsetBytes: UInt64, problem: String?)
    /// `position` nil: not installed, because it is not newer than what is applied (`problem` nil) or it failed.
    /// `configuration`: the one that the installed state holds; nil when no entry of its log had one.
    case installFinished(
        identifier: UInt64, position: LogPosition?, configuration: LoggedConfiguration? = nil, problem: String?)
}
