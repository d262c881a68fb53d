/// What the routes under `/cluster/v1` see of membership and leadership.
///
/// Owns: the protocol and its refusals. `MembershipService` is the real one. Must never: know HTTP.

/// Why a change did not happen, or is not known to have happened; always in words for the operator.
public enum ClusterRefusal: Error, Hashable, Sendable {
    /// Names something that is not there. 404.
    case notFound(String)
    /// Makes no sense in the cluster as it is. 409.
    case conflict(String)
    /// Nothing was changed, because the cluster cannot do it now. 503 with Retry-After.
    case unavailable(String)
    /// It was handed to the log and its end was not seen in time. 503.
    case outcomeUnknown(String)
    /// Leadership did not move in time. 504.
    case timedOut(String)
}

public struct MembershipOutcome: Hashable, Sendable {
    /// False: the first step is committed and the cluster finishes the rest by itself.
    public var isFinished: Bool
    /// What is still to come; empty when it is finished.
    public var pending: String
    /// Log index of the first step; nil when nothing had to be written.
    public var index: UInt64?
    /// In the order in which they were asked for.
    public var addedIDs: [UInt64]
    public var view: MembershipView
    public init(isFinished: Bool, pending: String, index: UInt64?, addedIDs: [UInt64], view: MembershipView) {
        self.isFinished = isFinished
        self.pending = pending
        self.index = index
        self.addedIDs = addedIDs
        self.view = view
    }
}

public struct TransferOutcome: Hashable, Sendable {
    public var leaderID: UInt64
    public var term: UInt64
    public var milliseconds: UInt64
    public init(leaderID: UInt64, term: UInt64, milliseconds: UInt64) {
        self.leaderID = leaderID
        self.term = term
        self.milliseconds = milliseconds
    }
}

public protocol ClusterService: Sendable {
    /// As this node knows it; needs no leader.
    func membership() async -> MembershipView
    /// Makes the change and waits until the cluster has finished it, at most `waitMilliseconds`.
    func change(_ plan: MembershipPlan, waitMilliseconds: Int) async throws(ClusterRefusal) -> MembershipOutcome
    /// Moves leadership to `target`, or to whoever is fittest, and waits until a node leads that did not before.
    func transfer(to target: UInt64?, waitMilliseconds: Int) async throws(ClusterRefusal) -> TransferOutcome
}
