/// What consensus needs from the thing it replicates. Raft sees commands and outcomes as bytes.
///
/// All calls come from the apply lane, one at a time. Apply must be deterministic: the same entries give the same bytes
/// in every replicated table, the same outcomes and the same digest on every node.

public struct AppliedPosition: Hashable, Sendable {
    public var position: LogPosition
    /// Rolling digest of everything applied so far; equal on any two nodes at the same index.
    public var digest: [UInt8]
    public init(position: LogPosition, digest: [UInt8]) {
        self.position = position
        self.digest = digest
    }
}

/// A committed command, decompressed. `command` is empty for entries that carry none (no-op, configuration).
public struct CommittedCommand: Hashable, Sendable {
    public var position: LogPosition
    public var kind: EntryKind
    public var command: [UInt8]
    public init(position: LogPosition, kind: EntryKind, command: [UInt8]) {
        self.position = position
        self.kind = kind
        self.command = command
    }
}

/// A finished snapshot file, ready to be sent.
public struct SnapshotFile: Hashable, Sendable {
    public var position: LogPosition
    public var path: String
    public var sizeBytes: UInt64
    /// SHA-256 of the file.
    public var digest: [UInt8]
    public init(position: LogPosition, path: String, sizeBytes: UInt64, digest: [UInt8]) {
        self.position = position
        self.path = path
        self.sizeBytes = sizeBytes
        self.digest = digest
    }
}

public struct StateMachineError: Error, Sendable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}

public protocol ReplicatedStateMachine: AnyObject, Sendable {
    /// What is applied now (restored from the database itself on start, catalogue bug 53).
    func appliedPosition() -> AppliedPosition
    /// Applies all of `commands` in one transaction; returns one outcome each. Contiguous with the applied position.
    /// Any error is fatal for the node: nothing of the batch may then be visible.
    func apply(_ commands: [CommittedCommand]) throws(StateMachineError) -> [[UInt8]]
    /// Makes everything applied so far durable; returns the position it covers. The log may be cut up to it.
    func checkpoint() throws(StateMachineError) -> LogPosition
    /// Pins the state as it is now and returns the work that copies it to a file. The work runs on another thread and
    /// must not hold up later applies.
    func prepareSnapshot() throws(StateMachineError) -> @Sendable () -> Result<SnapshotFile, StateMachineError>
    /// Removes a snapshot file made by `prepareSnapshot` or received.
    func discardSnapshot(path: String)
    /// A path in the state machine's directory (same file system) where an incoming snapshot may be written.
    func incomingSnapshotPath(identifier: UInt64) -> String
    /// Replaces the whole state by a verified file, atomically and durably; the file is consumed.
    func install(snapshotPath: String, position: LogPosition) throws(StateMachineError)
}
