/// Handing over leadership: on request, by priority, because a node is unfit; catalogue bugs 40 and 47.

import Testing

@testable import RaftCore

@Suite struct TransferTests {
    private let options = CoreOptions(heartbeatTicks: 2, electionTimeoutTicks: 10, featureLevelMax: 0)

    private func leader() -> CoreDriver {
        var node = CoreDriver(options: options)
        node.lead()
        for peer: UInt64 in [2, 3] {
            node.receive(.appendReply(AppendReply(result: .matched(LogIndex(1)))), from: peer, term: 1)
        }
        node.sent.removeAll()
        return node
    }

    private func told(_ node: CoreDriver) -> [NodeID] {
        node.sent.compactMap { if case .timeoutNow = $0.body { $0.to } else { nil } }
    }

    @Test func `the target leads without waiting for a time-out, and nothing is lost`() {
        var cluster = TestCluster(nodes: 3, options: options)
        cluster.elect(0)
        let id = cluster.propose(0)
        cluster.step(0, .transferLeadership(target: NodeID(3)))
        cluster.settle()
        #expect(cluster.leaderPlace == 2 && cluster.nodes[2].core.term == Term(2))
        #expect(cluster.nodes[0].core.role == .follower && cluster.nodes[0].core.leader == NodeID(3))
        #expect(cluster.nodes[1].appliedProposals.contains(id))
        cluster.expectNoProblems()
    }

    @Test func `a follower passes the wish on; without a leader it comes to nothing`() {
        var cluster = TestCluster(nodes: 3, options: options)
        cluster.step(1, .transferLeadership(target: NodeID(2)))
        #expect(cluster.network.isEmpty)
        cluster.elect(0)
        cluster.step(1, .transferLeadership(target: NodeID(2)))
        cluster.settle()
        #expect(cluster.leaderPlace == 1)
        cluster.step(2, .transferLeadership(target: nil))
        cluster.settle()
        #expect(cluster.leaderPlace == 0)
        cluster.expectNoProblems()
    }

    @Test func `the target is told only when it has the whole log; proposals are refused until then`() {
        var node = leader()
        node.propose(1)
        node.step(.transferLeadership(target: CoreDriver.two))
        #expect(told(node).isEmpty && node.core.status.isTransferring)
        node.propose(2)
        #expect(node.proposalsRefused.map(\.reason) == [.transferring])
        let forwarded = Proposal(id: ProposalID(origin: CoreDriver.three, nonce: 1), payload: [])
        node.receive(.forward(ForwardRequest(proposals: [forwarded])), from: 3, term: 1)
        let refusals = node.sent.compactMap { if case .forwardRefused(let it) = $0.body { it.reason } else { nil } }
        #expect(refusals == [.transferring])
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(2)))), term: 1)
        #expect(told(node) == [CoreDriver.two])
        node.sent.removeAll()
        node.tick(options.heartbeatTicks)
        #expect(told(node) == [CoreDriver.two])
    }

    @Test func `bug 40: a transfer that does not come about ends after one election time-out`() {
        var node = leader()
        node.step(.transferLeadership(target: CoreDriver.two))
        for _ in 0..<options.electionTimeoutTicks {
            #expect(node.core.status.isTransferring)
            node.receive(.heartbeatReply(HeartbeatReply(round: 0)), from: 3, term: 1)
            node.tick()
        }
        #expect(!node.core.status.isTransferring && node.core.role == .leader)
        node.propose(5)
        #expect(node.proposalsRefused.isEmpty && node.core.log.lastIndex == LogIndex(2))
    }

    @Test func `not to itself, to a learner, to a stranger, and not as follower or candidate`() {
        var node = leader()
        for target in [CoreDriver.one, NodeID(9)] {
            node.step(.transferLeadership(target: target))
            #expect(!node.core.status.isTransferring)
        }
        var follower = CoreDriver(options: options)
        follower.receive(.timeoutNow, term: 0)
        #expect(follower.core.role == .follower)
        follower.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), from: 2, term: 1)
        follower.receive(.timeoutNow, from: 3, term: 1)
        follower.receive(.timeoutNow, from: 2, term: 0)
        #expect(follower.core.role == .follower)
        follower.receive(.timeoutNow, from: 2, term: 1)
        #expect(follower.core.role == .candidate && follower.sent.voteRequests.allSatisfy(\.isTransfer))
    }

    @Test func `an election by transfer passes the protection of the leader; any other does not`() {
        var node = CoreDriver(options: options)
        node.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), from: 2, term: 1)
        node.receive(.voteRequest(VoteRequest(last: .zero)), from: 3, term: 2)
        #expect(node.sent.voteReplies.isEmpty)
        node.receive(.voteRequest(VoteRequest(last: .zero, isTransfer: true)), from: 3, term: 2)
        #expect(node.sent.voteReplies == [true])
    }

    @Test func `without a target the voter with the longest log is chosen, then priority, then the lowest id`() {
        func chosen(_ matches: [UInt64], _ priorities: [UInt8] = [100, 100, 100]) -> NodeID? {
            var founding = voters(1, 2, 3)
            founding = Configuration(
                members: founding.members.enumerated().map { Member(id: $1.id, priority: priorities[$0]) },
                voters: founding.voters)
            var node = CoreDriver(recovering: SimulatedDisk(), founding: founding, options: options)
            for _ in 0..<40 where node.core.role == .follower { node.tick() }
            node.receive(.preVoteReply(VoteReply(granted: true)), term: 1)
            node.receive(.voteReply(VoteReply(granted: true)), term: 1)
            node.propose(1)
            for (place, match) in matches.enumerated() {
                let reply = AppendReply(result: .matched(LogIndex(match)))
                node.receive(.appendReply(reply), from: UInt64(place) + 2, term: 1)
            }
            node.step(.transferLeadership(target: nil))
            return node.core.transfer?.target
        }
        #expect(chosen([1, 2]) == CoreDriver.three)
        #expect(chosen([2, 2]) == CoreDriver.two)
        #expect(chosen([2, 2], [100, 90, 95]) == CoreDriver.three)
    }

    // MARK: By itself

    private func prioritised(_ priorities: [UInt8], options: CoreOptions) -> TestCluster {
        var cluster = TestCluster(nodes: priorities.count, options: options)
        cluster.elect(0)
        cluster.tickAll(times: 4)
        let wanted = priorities.enumerated().map { MembershipChange.Priority(id: NodeID(UInt64($0) + 1), priority: $1) }
        cluster.change(0, MembershipChange(prioritise: wanted))
        cluster.settle()
        return cluster
    }

    @Test func `the voter of the highest priority leads, after it was level for an election time-out`() {
        var cluster = prioritised([90, 100, 110], options: options)
        cluster.tickAll(times: options.electionTimeoutTicks / 2)
        #expect(cluster.leaderPlace == 0)
        for _ in 0..<(3 * options.electionTimeoutTicks) {
            cluster.propose(1)
            cluster.tickAll()
        }
        #expect(cluster.leaderPlace == 2 && cluster.nodes[2].core.term == Term(2))
        cluster.crash(2)
        cluster.tickAll(times: 12 * options.electionTimeoutTicks)
        #expect(cluster.leaderPlace == 1)
        cluster.restart(2)
        cluster.tickAll(times: 12 * options.electionTimeoutTicks)
        #expect(cluster.leaderPlace == 2)
        cluster.expectNoProblems()
    }

    @Test func `lower priority waits an election time-out longer before it stands`() {
        var cluster = prioritised([110, 100, 100], options: options)
        for _ in 0..<50 {
            cluster.nodes[0].core.drawElectionDeadline()
            cluster.nodes[1].core.drawElectionDeadline()
            #expect((10..<20).contains(cluster.nodes[0].core.electionDeadlineTicks))
            #expect((20..<30).contains(cluster.nodes[1].core.electionDeadlineTicks))
        }
    }

    @Test func `a leader short of disk space refuses proposals, changes members all the same, and hands over`() {
        var node = leader()
        node.step(.storageLow(true))
        node.propose(1)
        #expect(node.proposalsRefused.map(\.reason) == [.diskFull])
        let change = MembershipChange(add: [Member(id: NodeID(4))])
        let id = ProposalID(origin: CoreDriver.one, nonce: 2)
        node.step(.propose([Proposal(id: id, kind: .membershipChange, payload: change.encode())]))
        #expect(node.core.configuration.learners == [NodeID(4)])
        var cluster = TestCluster(nodes: 3, options: options)
        cluster.elect(0)
        cluster.step(0, .storageLow(true))
        cluster.tickAll(times: 2)
        #expect(cluster.leaderPlace == 1)
        cluster.propose(1)
        cluster.tickAll(times: 2)
        // It takes no entries, but hears and votes; and has them as soon as there is room.
        #expect(cluster.nodes[0].applied < cluster.nodes[1].applied && cluster.nodes[0].core.leader == NodeID(2))
        cluster.step(0, .storageLow(false))
        cluster.tickAll(times: 2)
        #expect(cluster.nodes[0].applied == cluster.nodes[1].applied)
        cluster.expectNoProblems()
    }

    @Test func `a voter that did not take over is asked last the next time`() {
        var node = leader()
        node.step(.transferLeadership(target: CoreDriver.two))
        for _ in 0...options.electionTimeoutTicks {
            node.tick()
            for peer: UInt64 in [2, 3] { node.receive(.heartbeatReply(HeartbeatReply(round: 0)), from: peer, term: 1) }
        }
        #expect(!node.core.status.isTransferring)
        node.step(.transferLeadership(target: nil))
        #expect(node.core.transfer?.target == CoreDriver.three)
    }

    @Test func `when every disk is nearly full leadership does not wander about`() {
        var cluster = TestCluster(nodes: 3, options: options)
        cluster.elect(0)
        for place in 0..<3 { cluster.step(place, .storageLow(true)) }
        cluster.tickAll(times: 100 * options.electionTimeoutTicks)
        #expect(cluster.leaderPlace == 0 && cluster.nodes[0].core.term == Term(1))
        let tries = cluster.coverage.transfers
        #expect(tries < 60)
        cluster.expectNoProblems()
    }

    @Test func `a leader that applies nothing for four election time-outs hands over`() {
        var node = leader()
        node.propose(1)
        for tick in 0..<(4 * options.electionTimeoutTicks) {
            node.receive(.appendReply(AppendReply(result: .matched(node.core.log.lastIndex))), term: 1)
            node.receive(.heartbeatReply(HeartbeatReply(round: 0)), from: 3, term: 1)
            #expect(!node.core.status.isTransferring, "after \(tick) ticks")
            node.tick()
        }
        #expect(node.core.transfer?.target == CoreDriver.two)
    }
}
