/// Proposals on leaders and followers, their limits; catalogue bugs 70 and 71.

import Testing

@testable import RaftCore

@Suite struct ProposalTests {
    private func forwards(_ messages: [Message]) -> [[UInt64]] {
        messages.compactMap {
            if case .forward(let request) = $0.body { request.proposals.map(\.id.nonce) } else { nil }
        }
    }

    private func following() -> CoreDriver {
        var node = CoreDriver()
        node.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), term: 1)
        node.sent.removeAll()
        return node
    }

    @Test func `without a leader proposals are refused and nothing is appended`() {
        var node = CoreDriver()
        node.propose(1, 2)
        #expect(node.proposalsRefused.map(\.reason) == [.noLeader])
        #expect(node.proposalsRefused[0].proposals.map(\.nonce) == [1, 2])
        #expect(node.terms.isEmpty)
    }

    @Test func `a follower forwards a batch as one message`() {
        var node = following()
        node.propose(1, 2, 3)
        #expect(forwards(node.sent) == [[1, 2, 3]])
        #expect(node.terms.isEmpty)
    }

    @Test func `bug 70: a forwarded proposal is never proposed again, whatever time passes and whoever leads`() {
        var node = following()
        node.propose(1)
        node.sent.removeAll()
        for _ in 0..<50 {
            node.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), term: 1)
            node.tick()
        }
        node.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), from: 3, term: 2)
        node.tick(100)
        #expect(forwards(node.sent).isEmpty)
    }

    @Test func `bug 70: a forward delivered twice is appended once`() {
        var node = CoreDriver()
        node.lead()
        let proposal = Proposal(id: ProposalID(origin: CoreDriver.two, nonce: 1 << 32 | 5), payload: [1])
        for _ in 0..<3 { node.receive(.forward(ForwardRequest(proposals: [proposal])), term: 1) }
        #expect(node.terms == [1, 1])
    }

    @Test func `bug 70: a forward of an older term is not appended in a newer one`() {
        var node = CoreDriver(terms: [1], term: 1)
        node.lead()
        let proposal = Proposal(id: ProposalID(origin: CoreDriver.two, nonce: 5), payload: [1])
        node.receive(.forward(ForwardRequest(proposals: [proposal])), term: 1)
        #expect(node.terms == [1, 2])
        #expect(node.sent.isEmpty)
    }

    @Test func `a refusal from the leader reaches the clients of this node, and no others`() {
        var node = following()
        let mine = ProposalID(origin: CoreDriver.one, nonce: 1)
        let other = ProposalID(origin: CoreDriver.three, nonce: 1)
        node.receive(.forwardRefused(ForwardRefusal(proposals: [mine, other], reason: .overloaded)), term: 1)
        #expect(node.proposalsRefused.map(\.proposals) == [[mine]])
    }

    @Test func `an entry above the limit is refused by name, at the leader and before forwarding`() {
        var node = CoreDriver(options: CoreOptions(entryBytesMax: 100))
        node.lead()
        node.propose(1, 2, bytes: 80)
        #expect(node.proposalsRefused.map(\.reason) == [.tooLarge])
        #expect(node.terms == [1])
        var follower = CoreDriver(options: CoreOptions(entryBytesMax: 100))
        follower.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), term: 1)
        follower.propose(1, bytes: 80)
        #expect(follower.proposalsRefused.map(\.reason) == [.tooLarge])
        #expect(forwards(follower.sent).isEmpty)
    }

    @Test func `bug 71: without a quorum the uncommitted tail stops growing at its limit`() {
        var node = CoreDriver(options: CoreOptions(uncommittedBytesMax: 1000))
        node.lead()
        for nonce: UInt64 in 1...50 { node.propose(nonce, bytes: 52) }
        #expect(node.core.status.uncommittedBytes <= 1000)
        #expect(node.terms.count == 10)
        #expect(node.proposalsRefused.count == 41)
        #expect(node.proposalsRefused.allSatisfy { $0.reason == .overloaded })
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(10)))), term: 1)
        node.propose(99)
        #expect(node.proposalsRefused.count == 41)
    }

    @Test func `bug 71: a new leader counts what its predecessors left uncommitted`() {
        let inherited = [UInt64](repeating: 1, count: 30)
        var node = CoreDriver(terms: inherited, options: CoreOptions(uncommittedBytesMax: 1000))
        node.lead()
        node.propose(1)
        #expect(node.proposalsRefused.map(\.reason) == [.overloaded])
    }

    @Test func `a leader whose own apply is behind refuses proposals instead of piling up commits`() {
        var node = CoreDriver(voters: [1], options: CoreOptions(unappliedBytesMax: 500))
        node.tick()
        for nonce: UInt64 in 1...50 { node.propose(nonce, bytes: 52) }
        #expect(node.proposalsRefused.count > 40)
        node.step(.applied(node.core.commit))
        node.propose(99)
        #expect(node.core.log.lastIndex == node.core.commit)
        #expect(node.proposalsRefused.last?.proposals.map(\.nonce) == [50])
    }

    @Test func `proposals through every node are applied on all nodes once`() {
        var cluster = TestCluster(nodes: 3)
        cluster.elect(1)
        var ids: [ProposalID] = []
        for round in 0..<30 {
            ids.append(cluster.propose(round % 3))
            if round % 4 == 0 { cluster.settle() }
        }
        cluster.settle()
        for node in cluster.nodes {
            #expect(node.appliedProposals.filter { $0 != .none }.sorted { $0.nonce < $1.nonce } == ids)
        }
        cluster.expectNoProblems()
    }
}
