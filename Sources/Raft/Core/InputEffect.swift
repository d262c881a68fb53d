/// The two closed enums through which the core touches the world: what it hears (`Input`) and what it asks (`Effect`).
///
/// Storage is a message (etcd-io/raft's asynchronous storage writes, thesis §10.2.1): the core asks for persistence and
/// hears of its completion by number; everything that must not leave before is held back inside the core until then.

/// What the core hears.
public enum Input: Hashable, Sendable {
    /// One unit of logical time has passed.
    case tick
    case message(Message)
    /// Proposals of this node's own clients. Followers forward them.
    case propose([Proposal])
    /// A linearizable read of this node's own client, named by `ReadID`.
    case read(ReadID)
    /// As `read`, but served under the leader's lease while one holds (thesis §6.4.1), else like `read`.
    case leaseRead(ReadID)
    /// Monotonic time (it counts also while the machine sleeps), given before the other inputs of a step but read after
    /// they came: a read is judged by it, and must not have come later. Only leases look at it, so a node without lease
    /// reads may leave it out.
    case clock(nanoseconds: UInt64)
    /// Hand leadership to `target`, or to the fittest voter; followers pass it on. Whoever asks watches the status.
    case transferLeadership(target: NodeID?)
    /// The disk is nearly full (or has room again): take no new entries, keep voting and hearing.
    case storageLow(Bool)
    /// The write `sequence` of `Effect.persist` and all before it are durable.
    case persisted(sequence: UInt64)
    /// The state machine has applied everything up to here.
    case applied(LogIndex)
    /// Answer to `Effect.loadEntries`: entries contiguous from the asked index, at least one; or nil when the log no
    /// longer holds them (compacted in between): the peer then needs a snapshot.
    case entriesLoaded(peer: NodeID, from: LogIndex, entries: [Entry]?)
    /// Answer to `Effect.sendSnapshot`. `position` is what the peer now holds; nil when sending failed.
    case snapshotSent(peer: NodeID, position: LogPosition?)
    /// A snapshot from `leader` was verified, installed in the state machine and made durable there. The core drops or
    /// keeps its log by log matching (invariant 14) and asks for the log to be reset accordingly.
    case snapshotInstalled(position: LogPosition, configuration: LoggedConfiguration?)
    /// The durable log now starts after `through`: everything at or before it is gone.
    case compacted(through: LogPosition)
}

/// Names one local read until it is answered.
public struct ReadID: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What the core asks of the node around it, in this order. The node must not reorder `persist`, `apply` or `send`
/// effects among their own kind.
public enum Effect: Hashable, Sendable {
    /// Send now. Messages that depend on durability are emitted only once it is reported, so all sends are immediate.
    case send(Message)
    /// Make this durable, in order; then report `Input.persisted(sequence:)`. Several may be made durable by one sync.
    case persist(PersistRequest)
    /// These entries are committed: apply them, in order. Contiguous with the previous `apply`.
    case apply([Entry])
    /// The named local reads may be answered by the state machine as soon as it has applied `index`.
    case readReady(reads: [ReadID], index: LogIndex)
    /// The named local reads cannot be served; nothing was read.
    case readRefused(reads: [ReadID], reason: RefusalReason)
    /// The named local proposals were refused before being appended anywhere.
    case proposalsRefused(proposals: [ProposalID], reason: RefusalReason)
    /// Read entries from the durable log for a peer that lags behind the in-memory tail.
    case loadEntries(peer: NodeID, from: LogIndex, bytesMax: Int)
    /// The peer needs entries that the log no longer has: send it a snapshot of the state machine.
    case sendSnapshot(peer: NodeID)
    /// Role, term or known leader changed (for observers; carries the new values).
    case stateChanged(role: Role, term: Term, leader: NodeID?)
    /// Another configuration is in force (appended, cut away again, or installed): talk to these members from now on.
    /// First among the effects of its step. A leader goes on for a while to talk to members that left
    /// (`CoreStatus.departing`), so their links must outlive this.
    case configurationChanged(Configuration)
    /// A committed configuration no longer has this node: it may stop. It votes and campaigns no more.
    case removedFromCluster
}

/// One durable write: at most one each of a new hard state, a cut of the suffix, and entries to append; or a reset of
/// the whole log to start after `resetTo`. Applied in the order: reset, truncation, entries, hard state.
public struct PersistRequest: Hashable, Sendable {
    /// Grows by one per request.
    public var sequence: UInt64
    public var hardState: HardState?
    /// Drop every entry with an index at or above this before appending.
    public var truncateFrom: LogIndex?
    /// Drop the whole log; the next entry has index `resetTo.index + 1` (snapshot installed).
    public var resetTo: LogPosition?
    public var entries: [Entry]

    public init(
        sequence: UInt64, hardState: HardState? = nil, truncateFrom: LogIndex? = nil, resetTo: LogPosition? = nil,
        entries: [Entry] = []
    ) {
        self.sequence = sequence
        self.hardState = hardState
        self.truncateFrom = truncateFrom
        self.resetTo = resetTo
        self.entries = entries
    }
}
