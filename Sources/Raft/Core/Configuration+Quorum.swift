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
        return outgoing.isEmpty || Mutant.jointNeedsOnlyIncoming || Configuration.hasMajority(of: outgoing, predicate)
    }

    /// The highest index that a quorum has reached, given how far each voter is. Nobody but voters is asked (bug 15).
    public func quorumIndex(matchOf: (NodeID) -> LogIndex) -> LogIndex {
        guard !isNone else { return .zero }
        let incoming = Configuration.majorityIndex(of: voters, matchOf)
        guard !outgoing.isEmpty, !Mutant.jointNeedsOnlyIncoming else { return incoming }
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

    /// On the stack: this runs for every acknowledgement a leader hears.
    private static func majorityIndex(of nodes: [NodeID], _ matchOf: (NodeID) -> LogIndex) -> LogIndex {
        withUnsafeTemporaryAllocation(of: LogIndex.self, capacity: nodes.count) { matches in
            var count = 0
            for node in nodes {
                let match = matchOf(node)
                var place = count
                while place > 0 && matches[place - 1] > match {
                    matches.initializeElement(at: place, to: matches[place - 1])
                    place -= 1
                }
                matches.initializeElement(at: place, to: match)
                count += 1
            }
            // Ascending: everything from this place to the end, a majority, has reached at least this index.
            return matches[(count - 1) / 2]
        }
    }
}

// MARK: Intersection (invariant 11)

extension Configuration {
    /// True when the two have a half in common, which every quorum of either needs a majority of. All steps that are
    /// ever taken are of this kind, so it is what a leader demands of itself before it appends.
    func sharesHalf(with other: Configuration) -> Bool {
        for half in [voters, outgoing] where !half.isEmpty {
            if half == other.voters || half == other.outgoing { return true }
        }
        return false
    }

    /// True when no quorum of one is disjoint from a quorum of the other, by trying every set of voters; for checkers.
    /// Beyond `votersMax` voters it falls back to `sharesHalf`, which may say false too often but never true.
    public func everyQuorumIntersects(_ other: Configuration, votersMax: Int = 16) -> Bool {
        if sharesHalf(with: other) { return true }
        let all = Set(voters + outgoing + other.voters + other.outgoing).sorted()
        guard all.count <= votersMax else { return false }
        for subset in 0..<(1 << all.count) {
            func isInside(_ node: NodeID) -> Bool {
                for place in all.indices where all[place] == node { return subset >> place & 1 == 1 }
                return false
            }
            if hasQuorum(of: isInside) && other.hasQuorum(of: { !isInside($0) }) { return false }
        }
        return true
    }
}
