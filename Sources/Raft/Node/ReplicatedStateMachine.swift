/// What consensus needs from the thing it replicates. Raft sees commands, outcomes and snapshots as bytes.
///
/// Owns: the protocol and its plain values. Must never: say what a command means. Apply must be deterministic: the same
/// entries give the same bytes in every replicated table, the same outcomes and the same digest on every node.

public struct AppliedPosition: Hashable, Sendable {
    public var position: LogPosition
    /// Rolling digest of everything applied so far; equal on any two nodes at the same index.
    public var digest: [UInt8]
    /// Where the state was last replaced by a snapshot; zero when never. It may lie beyond a log that was not reset yet
    /// when the node stopped between the two steps of an install.
    public var installed: LogPosition
    /// The last configuration among what is applied, as it stood in its entry, and that entry's index; nil when none was.
    /// Part of the replicated state: written in the transaction of its entry, carried by snapshots.
    public var configuration: AppliedConfiguration?
    public init(
        position: LogPosition, digest: [UInt8], installed: LogPosition = .zero,
        configuration: AppliedConfiguration? = nil
    ) {
        self.position = position
        self.digest = digest
        self.installed = installed
        self.configuration = configuration
    }
}

extension AppliedPosition {
    /// The configuration as of what is applied; nil when no applied entry had one.
    func loggedConfiguration() throws(ConfigurationDecodingError) -> LoggedConfiguration? {
        guard let configuration else { return nil }
        return LoggedConfiguration(
            index: configuration.index, configuration: try Configuration.decode(configuration.bytes))
    }
}

/// The bytes of an applied entry of kind `configuration`.
public struct AppliedConfiguration: Hashable, Sendable {
    public var index: LogIndex
    public var bytes: [UInt8]
    public init(index: LogIndex, bytes: [UInt8]) {
        self.index = index
        self.bytes = bytes
    }
}

/// A committed command, decompressed. For an entry of kind `configuration` it is the configuration's
/// bytes; for a no-op it is empty.
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

/// A finished snapshot, ready to be sent.
public struct SnapshotFile: Hashable, Sendable {
    public var position: LogPosition
    /// Names it to the state machine that made it.
    public var path: String
    public var sizeBytes: UInt64
    /// SHA-256 of its bytes.
    public var digest: [UInt8]
    /// What its maker calls the layout of its bytes.
    public var format: UInt16
    public init(position: LogPosition, path: String, sizeBytes: UInt64, digest: [UInt8], format: UInt16 = 1) {
        self.position = position
        self.path = path
        self.sizeBytes = sizeBytes
        self.digest = digest
        self.format = format
    }
}

/// What a snapshot holds that another node sends: two transfers of equal content carry the same bytes.
public struct IncomingSnapshot: Hashable, Sendable {
    public var position: LogPosition
    public var totalBytes: UInt64
    /// SHA-256 of the whole file.
    public var digest: [UInt8]
    public var format: UInt16
    public init(position: LogPosition, totalBytes: UInt64, digest: [UInt8], format: UInt16 = 1) {
        self.position = position
        self.totalBytes = totalBytes
        self.digest = digest
        self.format = format
    }
}

public struct StateMachineError: Error, Sendable, CustomStringConvertible {
    public var description: String
    /// An install failed half-way: only opening the state machine again tells what it holds, so the node must stop.
    public var leavesStateInDoubt: Bool
    public init(_ description: String, leavesStateInDoubt: Bool = false) {
        self.description = description
        self.leavesStateInDoubt = leavesStateInDoubt
    }
}

public protocol ReplicatedStateMachine: AnyObject, Sendable {
    /// What is applied now; on start it comes from the database itself (catalogue bug 53). Any thread.
    func appliedPosition() -> AppliedPosition

    // Apply lane only.

    /// Applies all of `commands` in one transaction; returns one outcome each. Contiguous with the applied position.
    /// Any error is fatal for the node: nothing of the batch may then be visible.
    func apply(_ commands: [CommittedCommand]) throws(StateMachineError) -> [[UInt8]]
    /// Makes everything applied so far durable; returns the position it covers. The log may be cut up to it.
    func checkpoint() throws(StateMachineError) -> LogPosition
    /// Pins the state as it is now and returns the work that copies it. The work runs on another lane and must not hold
    /// up later applies.
    func prepareSnapshot() throws(StateMachineError) -> @Sendable () -> Result<SnapshotFile, StateMachineError>
    /// Verifies a received snapshot against `digest` (SHA-256), then replaces the whole state by it, atomically and
    /// durably. When it throws the old state stands, unless the error says that the state is in doubt.
    func installIncoming(
        identifier: UInt64, totalBytes: UInt64, digest: [UInt8], position: LogPosition
    ) throws(StateMachineError)

    /// The snapshot formats this build can install.
    var snapshotFormatsRead: ClosedRange<UInt16> { get }

    // Background lane only.

    /// Begins or goes on with an incoming snapshot, which is called `identifier` from now on. What an earlier transfer or
    /// an earlier run stored of the same content is kept, everything else that came in is removed.
    /// - Returns: how many bytes from the start are stored and durable; the next piece goes there.
    func beginIncoming(identifier: UInt64, content: IncomingSnapshot) throws(StateMachineError) -> UInt64
    func readSnapshot(_ file: SnapshotFile, atBytes offset: UInt64, count: Int) throws(StateMachineError) -> [UInt8]
    func discardSnapshot(_ file: SnapshotFile)
    /// Stores a piece of an incoming snapshot; offset 0 starts it anew.
    func writeIncoming(identifier: UInt64, atBytes offset: UInt64, bytes: [UInt8]) throws(StateMachineError)
    func discardIncoming(identifier: UInt64)
}

extension ReplicatedStateMachine {
    public var snapshotFormatsRead: ClosedRange<UInt16> { 1...1 }

    /// For a state machine that keeps nothing of a broken transfer.
    public func beginIncoming(identifier: UInt64, content: IncomingSnapshot) throws(StateMachineError) -> UInt64 { 0 }
}
