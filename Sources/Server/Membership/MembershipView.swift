/// Who belongs to the cluster, as one node knows it; what `GET /cluster/v1/members` prints.
///
/// Owns: the plain values and the translation from a configuration. Must never: ask another node.
import Raft

public enum MemberRole: String, Sendable, CaseIterable {
    case voter
    /// Receives everything and counts nowhere until somebody promotes it.
    case learner
    /// A learner that becomes a voter by itself as soon as it has caught up.
    case joining
    /// A voter that leaves with the change that is under way.
    case outgoing
}

public struct MembershipView: Hashable, Sendable {
    public struct Member: Hashable, Sendable {
        public var id: UInt64
        /// host:port of its Raft listener; empty for a cluster of one that nobody can join.
        public var address: String
        public var role: MemberRole
        public var priority: UInt8
        /// Names its data directory; 0: no leader has heard of it yet.
        public var incarnation: UInt64
        /// With role joining: the voter that leaves when this one votes.
        public var replaces: UInt64?
        /// Leader only: last index known to be durable there, how far that is behind, and when it last answered.
        public var matchIndex: UInt64?
        public var lagEntries: UInt64?
        public var lastContactMilliseconds: UInt64?
        public init(id: UInt64, address: String, role: MemberRole, priority: UInt8, incarnation: UInt64) {
            self.id = id
            self.address = address
            self.role = role
            self.priority = priority
            self.incarnation = incarnation
        }
    }
    public var clusterName: String
    /// The node that answers.
    public var nodeID: UInt64
    public var term: UInt64
    public var leaderID: UInt64?
    /// A change of voters is between its two steps.
    public var isJoint: Bool
    public var nextFreeID: UInt64
    public var featureLevel: UInt16
    /// Ascending by id.
    public var members: [Member]

    public init(
        clusterName: String, nodeID: UInt64, term: UInt64, leaderID: UInt64?, isJoint: Bool, nextFreeID: UInt64,
        featureLevel: UInt16, members: [Member]
    ) {
        self.clusterName = clusterName
        self.nodeID = nodeID
        self.term = term
        self.leaderID = leaderID
        self.isJoint = isJoint
        self.nextFreeID = nextFreeID
        self.featureLevel = featureLevel
        self.members = members
    }

    public func member(_ id: UInt64) -> Member? { members.first { $0.id == id } }
    public var voters: [Member] { members.filter { $0.role == .voter } }
}

/// What the core of a node says about the cluster at one moment.
struct MembershipFacts: Hashable, Sendable {
    struct Progress: Hashable, Sendable {
        var id: UInt64
        var matchIndex: UInt64
        var silentMilliseconds: UInt64
    }
    var configuration: Configuration
    var term: UInt64
    var leaderID: UInt64?
    var lastIndex: UInt64
    /// Leader only.
    var progress: [Progress]

    func view(clusterName: String, nodeID: UInt64) -> MembershipView {
        MembershipView(
            clusterName: clusterName, nodeID: nodeID, term: term, leaderID: leaderID, isJoint: configuration.isJoint,
            nextFreeID: configuration.nextFreeID.rawValue, featureLevel: configuration.featureLevel,
            members: configuration.members.map { view($0, nodeID: nodeID) })
    }

    private func view(_ member: RaftCoreMember, nodeID: UInt64) -> MembershipView.Member {
        let id = member.id.rawValue
        var view = MembershipView.Member(
            id: id, address: member.address, role: configuration.role(member), priority: member.priority,
            incarnation: member.incarnation)
        if view.role == .joining { view.replaces = member.replaces?.rawValue }
        if let known = progress.first(where: { $0.id == id }) {
            view.matchIndex = known.matchIndex
            view.lagEntries = lastIndex - min(lastIndex, known.matchIndex)
            view.lastContactMilliseconds = known.silentMilliseconds
        } else if leaderID == nodeID, id == nodeID {
            view.matchIndex = lastIndex
            view.lagEntries = 0
            view.lastContactMilliseconds = 0
        }
        return view
    }
}

extension Configuration {
    func role(_ member: RaftCoreMember) -> MemberRole {
        if voters.contains(member.id) { return .voter }
        if outgoing.contains(member.id) { return .outgoing }
        return member.isJoining ? .joining : .learner
    }
}
