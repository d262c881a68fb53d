/// A change of membership as somebody asks for it, before the cluster's state is looked at.
///
/// Owns: turning the wish into a `MembershipChange` of one configuration, or saying in words why that cannot be. Must
/// never: wait or send; `MembershipService` does.
import Raft

public struct MembershipPlan: Hashable, Sendable {
    public struct Addition: Hashable, Sendable {
        /// nil: the next free one.
        public var id: UInt64?
        /// host:port of its Raft listener.
        public var address: String
        public var priority: UInt8
        /// Stays a learner until somebody promotes it.
        public var isLearner: Bool
        /// The voter that leaves when this one votes.
        public var replaces: UInt64?
        public init(
            id: UInt64? = nil, address: String, priority: UInt8 = MembershipPlan.priorityDefault,
            isLearner: Bool = false, replaces: UInt64? = nil
        ) {
            self.id = id
            self.address = address
            self.priority = priority
            self.isLearner = isLearner
            self.replaces = replaces
        }
    }
    public struct Priority: Hashable, Sendable {
        public var id: UInt64
        public var priority: UInt8
        public init(id: UInt64, priority: UInt8) {
            self.id = id
            self.priority = priority
        }
    }
    public static let priorityDefault: UInt8 = RaftCoreMember.priorityDefault

    public var add: [Addition]
    public var remove: [UInt64]
    public var promote: [UInt64]
    public var priorities: [Priority]

    public init(
        add: [Addition] = [], remove: [UInt64] = [], promote: [UInt64] = [], priorities: [Priority] = []
    ) {
        self.add = add
        self.remove = remove
        self.promote = promote
        self.priorities = priorities
    }
}

/// A plan in terms of one configuration.
struct ResolvedPlan: Hashable, Sendable {
    var change: MembershipChange
    /// Ids of the additions, in the order of the plan.
    var addedIDs: [UInt64]
    /// Everything the plan adds is there already, under these ids, and waits for its node to appear.
    var isRepetition = false
}

extension MembershipPlan {
    /// - Throws: `ClusterRefusal.notFound` or `.conflict`, in words.
    func resolved(in configuration: Configuration) throws(ClusterRefusal) -> ResolvedPlan {
        if let known = repetition(in: configuration) {
            return ResolvedPlan(change: MembershipChange(), addedIDs: [known], isRepetition: true)
        }
        try checkNamed(in: configuration)
        try checkReachable(in: configuration)
        var next = max(configuration.nextFreeID.rawValue, (add.compactMap(\.id).max() ?? 0) + 1)
        // Ids that are named go first, so that the ones that are not come after all of them.
        var ids: [UInt64] = []
        for addition in add {
            if let id = addition.id {
                ids.append(id)
            } else {
                ids.append(next)
                next += 1
            }
        }
        let members = zip(add, ids).map { addition, id in
            RaftCoreMember(
                id: NodeID(id), address: addition.address, priority: addition.priority,
                isJoining: !addition.isLearner, replaces: addition.replaces.map { NodeID($0) })
        }
        let change = MembershipChange(
            add: members, promote: promote.map { NodeID($0) }, remove: remove.map { NodeID($0) },
            prioritise: priorities.map { MembershipChange.Priority(id: NodeID($0.id), priority: $0.priority) })
        return ResolvedPlan(change: change, addedIDs: ids)
    }

    /// A node that was admitted and stopped before it could write that down asks again: it gets the same id, as long as
    /// nobody has ever spoken under it.
    private func repetition(in configuration: Configuration) -> UInt64? {
        guard add.count == 1, remove.isEmpty, promote.isEmpty, priorities.isEmpty, let wanted = add.first
        else { return nil }
        let known = configuration.members.first { member in
            member.address == wanted.address && member.incarnation == 0 && !configuration.isVoter(member.id)
                && member.isJoining != wanted.isLearner && member.replaces?.rawValue == wanted.replaces
                && (wanted.id ?? member.id.rawValue) == member.id.rawValue
        }
        return known?.id.rawValue
    }

    private func checkNamed(in configuration: Configuration) throws(ClusterRefusal) {
        let named = remove + promote + priorities.map(\.id) + add.compactMap(\.replaces)
        for id in named where !configuration.isMember(NodeID(id)) {
            throw .notFound(
                configuration.wasRemoved(NodeID(id))
                    ? "node \(id) is not a member any more: it was removed" : "node \(id) is not a member")
        }
        let leaving = remove + add.compactMap(\.replaces)
        for addition in add {
            for member in configuration.members
            where member.address == addition.address && !leaving.contains(member.id.rawValue) {
                throw .conflict(
                    "address: node \(member.id.rawValue) is at \(addition.address) already; remove it in the same "
                        + "change, or name it as the one that is replaced")
            }
        }
    }

    /// New nodes are reached by the old ones and the other way round, so all need an address.
    private func checkReachable(in configuration: Configuration) throws(ClusterRefusal) {
        guard !add.isEmpty else { return }
        for member in configuration.members where member.address.isEmpty {
            throw .conflict(
                "node \(member.id.rawValue) was founded without an address for other nodes, so none can join it; a "
                    + "cluster of one that is to grow is founded with --raft-port or --peer")
        }
    }
}
