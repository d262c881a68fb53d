/// The one place that knows what a majority is (catalogue bug 14), for elections, commits and read rounds alike.
///
/// Owns: quorum arithmetic over `Configuration`, joint (thesis §4.3) included. Must never: see a log, a role, a clock.

/// Where an election stands.
public enum VoteOutcome: Hashable, Sendable {
    case pending, won, lost
}

extension Configuration {
    /// True when a majority of the voters satisfies `predicate` and, during a joint change, a majority of the outgoing
    /// voters as well.
    public func hasQuorum(of predicate: (NodeID) -> Bool) -> Bool {
        guard !isNone, Configuration.hasMajority(of: voters, predicate) else { return false }
        return outgoing.isEmpty || Configuration.hasMajority(of: outgoing, predicate)
    }

    /// The highest index that a quorum has reached, given how far each voter is. Nobody but voters is asked (bug 15).
    public func quorumIndex(matchOf: (NodeID) -> LogIndex) -> LogIndex {
        guard !isNone else { return .zero }
        let incoming = Configuration.majorityIndex(of: voters, matchOf)
        guard !outgoing.isEmpty else { return incoming }
        return min(incoming, Configuration.majorityIndex(of: outgoing, matchOf))
    }

    /// Counts an election: won with a quorum of grants, lost when the refusals leave no quorum possible.
    public func tally(granted: (NodeID) -> Bool, refused: (NodeID) -> Bool) -> VoteOutcome {
        if hasQuorum(of: granted) { return .won }
        return hasQuorum(of: { !refused($0) }) ? .pending : .lost
    }

    private static func hasMajority(of nodes: [NodeID], _ predicate: (NodeID) -> Bool) -> Bool {
        var count = 0
        for node in nodes where predicate(node) { count += 1 }
        return count >= nodes.count / 2 + 1
    }

    private static func majorityIndex(of nodes: [NodeID], _ matchOf: (NodeID) -> LogIndex) -> LogIndex {
        var matches: [LogIndex] = []
        matches.reserveCapacity(nodes.count)
        for node in nodes { matches.append(matchOf(node)) }
        matches.sort()
        // Ascending: everything from this place to the end, a majority, has reached at least this index.
        return matches[(nodes.count - 1) / 2]
    }
}
