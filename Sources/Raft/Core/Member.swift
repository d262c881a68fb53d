/// One node of the cluster as the replicated configuration knows it.
///
/// Owns: the facts that outlive a process: where a node is reached, which data directory speaks for it, what it is to
/// become. Must never: hold what only a leader observes (that is `Progress`).

public struct Member: Hashable, Sendable {
    /// More bytes than any host name and port has (RFC 1035 §2.3.4 allows 255 for the name).
    public static let addressBytesMax = 300
    public static let priorityDefault: UInt8 = 100

    public var id: NodeID
    /// `host:port` of its Raft listener; empty when it is reached without one (a group of one, a simulated node).
    public var address: String
    /// Names the data directory that speaks for this id. Zero: not known yet; the first leader that hears from the node
    /// fills it in, and from then on another directory under the same id is a stranger (catalogue bug 9).
    public var incarnation: UInt64
    /// Voters of the highest priority lead when they can.
    public var priority: UInt8
    /// A learner that becomes a voter by itself as soon as it has caught up. Survives a change of leader, because it
    /// stands in the configuration.
    public var isJoining: Bool
    /// With `isJoining`: the voter that leaves in the same change that makes this one a voter.
    public var replaces: NodeID?

    public init(
        id: NodeID, address: String = "", incarnation: UInt64 = 0, priority: UInt8 = Member.priorityDefault,
        isJoining: Bool = false, replaces: NodeID? = nil
    ) {
        self.id = id
        self.address = address
        self.incarnation = incarnation
        self.priority = priority
        self.isJoining = isJoining
        self.replaces = replaces
    }
}
