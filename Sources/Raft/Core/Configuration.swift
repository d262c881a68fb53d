/// Who votes. Membership is fixed in this version, but joint configurations (thesis §4.3) already have their place:
/// every quorum question goes through `Configuration`, which asks both halves while a change is under way.
///
/// Owns: the voter sets and the quorum arithmetic. Must never: be empty, or answer from anything but its own sets.

public struct Configuration: Hashable, Sendable {
    /// Ascending, without repeats, never empty.
    public private(set) var voters: [NodeID]
    /// The outgoing voters while a joint change is under way; empty otherwise.
    public private(set) var outgoing: [NodeID]

    public init(voters: [NodeID], outgoing: [NodeID] = []) {
        precondition(!voters.isEmpty, "invariant 11: a configuration has at least one voter")
        self.voters = Configuration.normalised(voters)
        self.outgoing = Configuration.normalised(outgoing)
    }

    /// Every node that takes part, ascending.
    public var members: [NodeID] { Configuration.normalised(voters + outgoing) }

    public func isVoter(_ node: NodeID) -> Bool { voters.contains(node) || outgoing.contains(node) }

    private static func normalised(_ nodes: [NodeID]) -> [NodeID] {
        var result: [NodeID] = []
        for node in nodes.sorted() where result.last != node { result.append(node) }
        return result
    }
}
