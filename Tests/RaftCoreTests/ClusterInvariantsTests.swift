/// The checker itself: what it must see, and what it must not take for a fault.

import Testing

@testable import RaftCore

@Suite struct ClusterInvariantsTests {
    private func view(
        _ id: UInt64, _ role: Role, term: UInt64, terms: [UInt64], commit: UInt64 = 0,
        configuration: Configuration = voters(1, 2, 3), at index: UInt64 = 0, entries: [Entry] = []
    ) -> ClusterView {
        var found = disk(terms: terms)
        found.entries.append(contentsOf: entries)
        return ClusterView(
            nodeID: NodeID(id), incarnation: 1, isRunning: true, role: role, term: Term(term), vote: nil,
            commit: LogIndex(commit), applied: .zero, appliedDigest: nil, durableIndex: found.last.index,
            log: found.logTail, configuration: configuration, configurationIndex: LogIndex(index))
    }

    @Test func `invariant 16: a leader of a term before the one an entry was committed in need not have it`() {
        var checker = ClusterInvariants()
        // Node 1 leads t3 and reaches nobody; node 2 leads t4 and commits entries of t1 that node 1 lacks.
        let old = view(1, .leader, term: 3, terms: [1, 3])
        let views = [
            old, view(2, .leader, term: 4, terms: [1, 1, 1, 4], commit: 4),
            view(3, .follower, term: 4, terms: [1, 1, 1, 4]),
        ]
        #expect(checker.check(views).isEmpty)
        // A leader of t5 must have them.
        let late = view(1, .leader, term: 5, terms: [1, 3])
        #expect(checker.check([late, views[1], views[2]]).map(\.invariant) == [.leaderCompleteness])
    }

    @Test func `invariant 18: a commit is judged by both halves of a joint configuration, and by voters only`() {
        let joint = voters(1, 2, outgoing: [1, 3, 4])
        func violations(holders: [UInt64]) -> [Invariant] {
            var checker = ClusterInvariants()
            let views = (1...5).map { id in
                view(
                    id, id == 1 ? .leader : .follower, term: 1, terms: holders.contains(id) ? [1] : [],
                    commit: id == 1 ? 1 : 0, configuration: joint)
            }
            return checker.check(views).map(\.invariant)
        }
        #expect(violations(holders: [1, 2]) == [.committedOnceForEver])
        #expect(violations(holders: [1, 3, 5]) == [.committedOnceForEver])
        #expect(violations(holders: [1, 2, 4]).isEmpty)
    }

    @Test func `invariant 11: committed configurations whose quorums need not meet are seen`() {
        func violations(_ next: Configuration) -> [Invariant] {
            var checker = ClusterInvariants(founding: voters(1, 2, 3))
            let views = (1...5).map { id in
                view(
                    id, id == 1 ? .leader : .follower, term: 1, terms: [], commit: id == 1 ? 1 : 0,
                    configuration: next, at: 1, entries: [entry(1, 1, next)])
            }
            return checker.check(views).map(\.invariant)
        }
        #expect(violations(voters(1, 4, 5)) == [.configurationIsSound])
        #expect(violations(voters(1, 4, 5, outgoing: [1, 2, 3])).isEmpty)
    }

    @Test func `invariant 12: a leader that is no voter of what is committed is seen`() {
        var checker = ClusterInvariants()
        let views = [view(1, .leader, term: 1, terms: [1], configuration: voters(2, 3))]
        #expect(checker.check(views).map(\.invariant) == [.onlyVotersCampaign])
    }
}
