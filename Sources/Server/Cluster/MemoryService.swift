/// What the HTTP handlers see of the cluster: submit a command, pass a read barrier, read the local store.
///
/// Owns: the protocol and its errors. `MemoryCluster` is the real one, joining log and store. Must never: know HTTP.
import StateMachine

public enum Consistency: Hashable, Sendable {
    case linearizable
    /// Linearizable, without asking a majority while the leader holds a lease.
    case lease
    /// What this node has. With a bound: only if it lacks nothing that is older than so many milliseconds.
    case stale(ageMillisecondsMax: UInt64?)

    var isStale: Bool { if case .stale = self { true } else { false } }
}

/// What a read was served at.
public struct ReadStamp: Hashable, Sendable {
    public var appliedIndex: UInt64
    /// The state lacks nothing that was acknowledged longer ago than this. nil: no majority has confirmed it since this
    /// node started, so nobody can tell.
    public var ageMilliseconds: UInt64?
    public init(appliedIndex: UInt64, ageMilliseconds: UInt64?) {
        self.appliedIndex = appliedIndex
        self.ageMilliseconds = ageMilliseconds
    }
}

public struct Committed: Hashable, Sendable {
    public var outcome: Outcome
    public var index: UInt64
    public init(outcome: Outcome, index: UInt64) {
        self.outcome = outcome
        self.index = index
    }
}

public enum ServiceError: Error, Hashable, Sendable {
    /// Nothing was written: there is no leader that can take it. 503 with Retry-After.
    case unavailable(reason: String)
    /// Nothing was written: too much is waiting already. 503 with Retry-After.
    case overloaded(reason: String)
    /// The write was handed to the log but its end was not seen in time. It may or may not take effect. 503.
    case outcomeUnknown(reason: String)
    /// The command is larger than one log entry may be. 413.
    case tooLarge(bytes: Int, bytesMax: Int)
    /// Nothing was written: a field is beyond what the log takes, and no route of its own said so first. 400.
    case invalid(reason: String)
    /// Asked for something this build does not have. 501.
    case notBuilt(String)
    /// A stale read asked for less age than this node can vouch for. 503.
    case tooStale(ageMilliseconds: UInt64?, ageMillisecondsMax: UInt64)
    /// The local database failed to answer a read. 500.
    case storage(String)
}

/// One node as its peers and operators see it; what `GET /cluster/v1/status` prints.
public struct NodeStatus: Sendable {
    public var nodeID: UInt64
    public var clusterID: String
    public var role: String
    public var term: UInt64
    public var leaderID: UInt64?
    public var commitIndex: UInt64
    public var appliedIndex: UInt64
    public var lastIndex: UInt64
    public var firstIndex: UInt64
    /// Lower-case hex.
    public var digest: String
    public var logBytes: UInt64
    public var uptimeMilliseconds: UInt64
    /// What recall knows on this node: memories, and how many of them have a vector. nil: it computes none.
    public var vectors: VectorReport?
    /// This node's place in the cluster: a role of a member, `removed`, or `unknown` while it waits to be told.
    public var membership: String
    /// Everybody, this node included.
    public var members: [MembershipView.Member]
    public init(
        nodeID: UInt64, clusterID: String, role: String, term: UInt64, leaderID: UInt64?, commitIndex: UInt64,
        appliedIndex: UInt64, lastIndex: UInt64, firstIndex: UInt64, digest: String, logBytes: UInt64,
        uptimeMilliseconds: UInt64, membership: String, members: [MembershipView.Member]
    ) {
        self.nodeID = nodeID
        self.clusterID = clusterID
        self.role = role
        self.term = term
        self.leaderID = leaderID
        self.commitIndex = commitIndex
        self.appliedIndex = appliedIndex
        self.lastIndex = lastIndex
        self.firstIndex = firstIndex
        self.digest = digest
        self.logBytes = logBytes
        self.uptimeMilliseconds = uptimeMilliseconds
        self.membership = membership
        self.members = members
    }
}

public protocol MemoryService: Sendable {
    /// Proposes, waits until this node has applied it, and returns its outcome. Returns within `timeoutMilliseconds`.
    func submit(_ envelope: CommandEnvelope, timeoutMilliseconds: Int) async throws(ServiceError) -> Committed
    /// The same; `meanwhile` runs once, on the caller, while the proposal is under way.
    func submit(
        _ envelope: CommandEnvelope, timeoutMilliseconds: Int, meanwhile: () -> Void
    ) async throws(ServiceError) -> Committed
    /// Whether the commands of feature level 2 can be submitted: every member's build knows them.
    func hasTables() -> Bool
    /// What this node's state was after each of the last entries.
    func recentDigests() -> [RecentDigests.Entry]
    /// Proposes recall bookkeeping without waiting; dropped when there is no leader or too much is queued.
    func enqueueTouch(ids: [String])
    /// Waits until a local read is as fresh as `consistency` asks.
    func readBarrier(_ consistency: Consistency, timeoutMilliseconds: Int) async throws(ServiceError) -> ReadStamp
    /// Runs `body` on a read-only snapshot of the local store, off the event loops.
    func read<Result: Sendable>(
        _ body: @escaping @Sendable (StoreReader) throws(StoreError) -> Result
    ) async throws(ServiceError) -> Result
    /// Runs `body` where the caller is, when that needs no waiting: for lookups that cost less than a change of thread.
    /// nil: not possible right now; use `read`.
    func readIfIdle<Result: Sendable>(
        _ body: @Sendable (StoreReader) throws(StoreError) -> Result
    ) throws(ServiceError) -> Result?
    func status() async -> NodeStatus
    /// Counters and gauges as Prometheus text, without the `ai_memory_` families that the API adds.
    func metricsText() async -> String
}

/// What a service without a way of its own does.
extension MemoryService {
    public func submit(
        _ envelope: CommandEnvelope, timeoutMilliseconds: Int, meanwhile: () -> Void
    ) async throws(ServiceError) -> Committed {
        meanwhile()
        return try await submit(envelope, timeoutMilliseconds: timeoutMilliseconds)
    }

    public func readIfIdle<Result: Sendable>(
        _ body: @Sendable (StoreReader) throws(StoreError) -> Result
    ) throws(ServiceError) -> Result? {
        nil
    }
}
