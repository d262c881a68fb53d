/// Who belongs to the cluster, and who votes. A configuration is in force from the moment its entry is in the log
/// (thesis §4.1), not when it is committed or applied (catalogue bug 25).
///
/// Every member is a voter, an outgoing voter, both, or else a learner, which receives everything and counts nowhere.
/// Owns: the sets. Must never: be changed in place; a change makes a new value (`Configuration+Change`).

public struct Configuration: Hashable, Sendable {
    /// Everybody, ascending by id, each id once.
    public private(set) var members: [Member]
    /// Ascending, without repeats. Empty only in `none`.
    public private(set) var voters: [NodeID]
    /// The voters of before, while a joint change (thesis §4.3) is under way; empty otherwise.
    public private(set) var outgoing: [NodeID]
    /// The highest id that was ever a member. Ids are never used twice, so an id up to here that is no member belongs
    /// to a node that was removed, and a greater one to a node this configuration does not know yet.
    public private(set) var usedThrough: NodeID
    /// What every member can read and apply; gates new kinds of entries and commands during a rolling upgrade.
    public private(set) var featureLevel: UInt16

    /// What a node holds that has not heard of its cluster yet: no members, no quorum, nobody may stand.
    public static let none = Configuration()

    private init() {
        members = []
        voters = []
        outgoing = []
        usedThrough = NodeID(0)
        featureLevel = 0
    }

    public init(
        members: [Member], voters: [NodeID], outgoing: [NodeID] = [], usedThrough: NodeID = NodeID(0),
        featureLevel: UInt16 = 0
    ) {
        precondition(!voters.isEmpty, "invariant 11: a configuration has at least one voter")
        self.members = members.sorted { $0.id < $1.id }
        self.voters = Configuration.normalised(voters)
        self.outgoing = Configuration.normalised(outgoing)
        self.usedThrough = max(usedThrough, self.members.last?.id ?? NodeID(0))
        self.featureLevel = featureLevel
        var previous: NodeID?
        for member in self.members {
            precondition(previous != member.id, "invariant 11: \(member.id) is a member twice")
            previous = member.id
        }
        for voter in self.voters + self.outgoing {
            precondition(self.member(voter) != nil, "invariant 11: voter \(voter) is no member")
        }
    }

    /// A configuration of nothing but voters, as a new cluster begins.
    public init(voters: [NodeID], outgoing: [NodeID] = []) {
        let ids = Configuration.normalised(voters + outgoing)
        self.init(members: ids.map { Member(id: $0) }, voters: voters, outgoing: outgoing)
    }

    public var isNone: Bool { voters.isEmpty }
    public var isJoint: Bool { !outgoing.isEmpty }
    /// Ascending.
    public var memberIDs: [NodeID] { members.map(\.id) }
    /// Ascending.
    public var learners: [NodeID] { members.map(\.id).filter { !isVoter($0) } }

    public func member(_ id: NodeID) -> Member? {
        for member in members where member.id == id { return member }
        return nil
    }
    public func isMember(_ id: NodeID) -> Bool { incarnation(of: id) != nil }
    /// The data directory that speaks for `id`, zero when not known yet; nil when `id` is no member. Asked for every
    /// message, hence without making a copy of the member.
    func incarnation(of id: NodeID) -> UInt64? {
        for place in members.indices where members[place].id == id { return members[place].incarnation }
        return nil
    }
    func priority(of id: NodeID) -> UInt8 {
        for place in members.indices where members[place].id == id { return members[place].priority }
        return 0
    }
    /// The highest among those who vote in the end.
    var priorityMax: UInt8 {
        var highest: UInt8 = 0
        for voter in voters { highest = max(highest, priority(of: voter)) }
        return highest
    }
    /// Votes in one of the halves.
    public func isVoter(_ id: NodeID) -> Bool { voters.contains(id) || outgoing.contains(id) }
    /// Was a member once and is none now.
    public func wasRemoved(_ id: NodeID) -> Bool { id <= usedThrough && !isMember(id) }

    private static func normalised(_ nodes: [NodeID]) -> [NodeID] {
        var result: [NodeID] = []
        for node in nodes.sorted() where result.last != node { result.append(node) }
        return result
    }
}
