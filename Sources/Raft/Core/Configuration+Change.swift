/// Changes of membership, as values: what is asked, and which configuration comes next.
///
/// Owns: the rules that need no log and no clock. Must never: let two configurations follow each other whose quorums do
/// not intersect (invariant 11): a change of voters goes through a joint configuration, whatever its size (thesis
/// §4.3).

/// What an operator asks for; all of it happens in one step or none.
public struct MembershipChange: Hashable, Sendable {
    /// New members. They begin as learners; those with `isJoining` become voters by themselves.
    public var add: [Member]
    /// Learners that become voters.
    public var promote: [NodeID]
    /// Members that leave.
    public var remove: [NodeID]
    /// New priorities of members.
    public var prioritise: [Priority]

    public struct Priority: Hashable, Sendable {
        public var id: NodeID
        public var priority: UInt8
        public init(id: NodeID, priority: UInt8) {
            self.id = id
            self.priority = priority
        }
    }

    public init(
        add: [Member] = [], promote: [NodeID] = [], remove: [NodeID] = [], prioritise: [Priority] = []
    ) {
        self.add = add.sorted { $0.id < $1.id }
        self.promote = promote
        self.remove = remove
        self.prioritise = prioritise
    }
}

/// Why a change makes no sense, whatever the state of the cluster.
public enum MembershipProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case nothingToDo
    case changeUnderWay
    case idUsedBefore(NodeID, next: NodeID)
    case unknownMember(NodeID)
    case notALearner(NodeID)
    case noVoterLeft
    case tooManyMembers(Int)
    case addressTooLong(NodeID, Int)
    case namedTwice(NodeID)
    case idTooLarge(NodeID)

    public var description: String {
        switch self {
        case .nothingToDo: "the change changes nothing"
        case .changeUnderWay: "another change of membership is under way"
        case .idUsedBefore(let id, let next):
            "node id \(id.rawValue) was used before and ids are never used twice; the next free one is \(next.rawValue)"
        case .unknownMember(let id): "node \(id.rawValue) is not a member"
        case .notALearner(let id): "node \(id.rawValue) is not a learner"
        case .noVoterLeft: "the change would leave no voter"
        case .tooManyMembers(let count): "\(count) members, the limit is \(Configuration.membersMax)"
        case .addressTooLong(let id, let count):
            "the address of node \(id.rawValue) has \(count) bytes, the limit is \(Member.addressBytesMax)"
        case .namedTwice(let id): "node \(id.rawValue) is named twice in one change"
        case .idTooLarge(let id):
            "node id \(id.rawValue) is beyond \(Configuration.nodeIDMax.rawValue), the last there is"
        }
    }
}

extension Configuration {
    /// Leaves every id a successor.
    public static let nodeIDMax = NodeID(1 << 62)

    /// The smallest id that was never used.
    public var nextFreeID: NodeID { NodeID(usedThrough.rawValue &+ 1) }

    /// The configuration that `change` leads to: joint when voters change, else final at once.
    public func applying(_ change: MembershipChange) throws(MembershipProblem) -> Configuration {
        guard !isJoint else { throw .changeUnderWay }
        try check(change)
        var next = members + change.add
        for wanted in change.prioritise {
            for place in next.indices where next[place].id == wanted.id { next[place].priority = wanted.priority }
        }
        var leaving = change.remove
        for id in change.promote {
            for place in next.indices where next[place].id == id {
                if let replaced = next[place].replaces, isVoter(replaced) { leaving.append(replaced) }
                next[place].isJoining = false
                next[place].replaces = nil
            }
        }
        let newVoters = (voters + change.promote).filter { !leaving.contains($0) }
        guard !newVoters.isEmpty else { throw .noVoterLeft }
        // Learners go at once; voters only with the second step, so that they still count in the outgoing half.
        next.removeAll { leaving.contains($0.id) && !isVoter($0.id) }
        guard next.count <= Configuration.membersMax else { throw .tooManyMembers(next.count) }
        let votersChange = newVoters.sorted() != voters
        let result = Configuration(
            members: next, voters: newVoters, outgoing: votersChange ? voters : [],
            usedThrough: usedThrough, featureLevel: featureLevel)
        guard result != self else { throw .nothingToDo }
        return result
    }

    /// The second step of a joint change: the outgoing half is gone, and with it those who were voters only there.
    public func leavingJoint() -> Configuration {
        precondition(isJoint, "invariant 11: only a joint configuration can be left")
        let gone = outgoing.filter { !voters.contains($0) }
        return Configuration(
            members: members.filter { !gone.contains($0.id) }, voters: voters, usedThrough: usedThrough,
            featureLevel: featureLevel)
    }

    /// The same voters with what the leader learned of its members: their directories and a feature level all can
    /// follow.
    public func refining(incarnations: [(id: NodeID, incarnation: UInt64)], featureLevel level: UInt16) -> Configuration
    {
        var next = members
        for place in next.indices where next[place].incarnation == 0 {
            for fact in incarnations where fact.id == next[place].id { next[place].incarnation = fact.incarnation }
        }
        return Configuration(
            members: next, voters: voters, outgoing: outgoing, usedThrough: usedThrough,
            featureLevel: max(featureLevel, level))
    }

    private func check(_ change: MembershipChange) throws(MembershipProblem) {
        var named: [NodeID] = []
        for id in change.add.map(\.id) + change.promote + change.remove {
            guard !named.contains(id) else { throw .namedTwice(id) }
            named.append(id)
        }
        var previous = usedThrough
        for member in change.add.sorted(by: { $0.id < $1.id }) {
            guard member.id > previous else { throw .idUsedBefore(member.id, next: nextFreeID) }
            guard member.id <= Configuration.nodeIDMax else { throw .idTooLarge(member.id) }
            previous = member.id
            let bytes = member.address.utf8.count
            guard bytes <= Member.addressBytesMax else { throw .addressTooLong(member.id, bytes) }
            if let replaced = member.replaces, !isVoter(replaced) { throw .unknownMember(replaced) }
        }
        for id in change.promote {
            guard isMember(id) else { throw .unknownMember(id) }
            guard !isVoter(id) else { throw .notALearner(id) }
        }
        for id in change.remove where !isMember(id) { throw .unknownMember(id) }
        for wanted in change.prioritise where !isMember(wanted.id) { throw .unknownMember(wanted.id) }
    }
}
