/// Who is listened to, who may stand, who may vote: removed nodes, lost directories, nodes without a cluster; catalogue
/// bugs 9, 34 and 35.

import Testing

@testable import RaftCore

@Suite struct StandingTests {
    private let options = CoreOptions(heartbeatTicks: 2, electionTimeoutTicks: 10)

    @Test func `bug 34: a removed node that was never told does not disturb the others`() {
        for preVote in [true, false] {
            var options = options
            options.preVote = preVote
            var cluster = TestCluster(nodes: 4, options: options)
            cluster.elect(0)
            cluster.tickAll(times: 4)
            cluster.isolate(3)
            cluster.change(0, MembershipChange(remove: [NodeID(4)]))
            cluster.tickAll(times: 150)
            cluster.heal()
            cluster.tickAll(times: 200)
            #expect(cluster.leaderPlace == 0 && cluster.nodes[0].core.term == Term(1))
            #expect(cluster.members(0) == [[1, 2, 3], [], []])
            cluster.expectNoProblems()
        }
    }

    @Test func `bug 34: a removed node's requests are refused in the own term, everything else is dropped`() {
        var node = CoreDriver(options: options)
        let joint = voters(1, 2, outgoing: [1, 2, 3])
        let entries = [entry(1, 1, joint), entry(2, 1, joint.leavingJoint())]
        node.receive(.append(AppendRequest(previous: .zero, entries: entries, commit: LogIndex(1))), term: 1)
        node.sent.removeAll()
        node.tick(5)
        // Not committed yet: heard like anyone.
        var before = node
        before.receive(.heartbeatReply(HeartbeatReply(round: 0)), from: 3, term: 7)
        #expect(before.core.term == Term(7))
        node.receive(.heartbeat(Heartbeat(commit: LogIndex(2), round: 0)), term: 1)
        node.sent.removeAll()
        node.tick(options.electionTimeoutTicks)
        let elapsed = node.core.electionElapsedTicks
        node.receive(.voteRequest(VoteRequest(last: position(9, 9))), from: 3, term: 9)
        node.receive(.preVoteRequest(VoteRequest(last: position(9, 9))), from: 3, term: 9)
        #expect(node.sent.voteReplies == [false] && node.sent.preVoteReplies == [false])
        #expect(node.sent.map(\.term) == [Term(1), Term(1)])
        node.receive(.appendReply(AppendReply(result: .matched(.zero))), from: 3, term: 9)
        node.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), from: 3, term: 9)
        #expect(node.core.term == Term(1) && node.core.electionElapsedTicks == elapsed)
        #expect(node.core.status.ignoredMessages == 0)
    }

    @Test func `a node that knows of its removal neither votes nor stands, and says so once`() {
        var node = CoreDriver(options: options)
        let joint = voters(2, 3, outgoing: [1, 2, 3])
        let entries = [entry(1, 1, joint), entry(2, 1, joint.leavingJoint())]
        node.receive(.append(AppendRequest(previous: .zero, entries: entries, commit: LogIndex(1))), term: 1)
        #expect(node.removals == 0)
        node.receive(.heartbeat(Heartbeat(commit: LogIndex(2), round: 0)), term: 1)
        node.receive(.heartbeat(Heartbeat(commit: LogIndex(2), round: 0)), term: 1)
        #expect(node.removals == 1)
        node.sent.removeAll()
        node.tick(100)
        #expect(node.sent.isEmpty && node.core.leader == nil)
        node.receive(.voteRequest(VoteRequest(last: position(9, 1))), from: 3, term: 2)
        #expect(node.sent.voteReplies == [false])
    }

    @Test func `bug 34: a removed node that missed its farewell is told when it asks for votes, and stands no more`() {
        for preVote in [true, false] {
            var options = options
            options.preVote = preVote
            var cluster = TestCluster(nodes: 4, options: options)
            cluster.elect(0)
            cluster.tickAll(times: 4)
            cluster.isolate(3)
            cluster.change(0, MembershipChange(remove: [NodeID(4)]))
            cluster.tickAll(times: 150)
            #expect(!cluster.nodes[3].wasToldOfRemoval)
            cluster.heal()
            cluster.tickAll(times: 40)
            #expect(cluster.nodes[3].wasToldOfRemoval && cluster.nodes[3].core.role == .follower)
            let term = cluster.nodes[3].core.term
            cluster.tickAll(times: 100)
            #expect(cluster.nodes[3].core.term == term && cluster.leaderPlace == 0)
            cluster.expectNoProblems()
        }
    }

    @Test func `only who stands is told of its removal`() {
        var node = CoreDriver(options: options)
        node.receive(.voteReply(VoteReply(granted: false, isRemoved: true)), term: 9)
        #expect(node.core.term == .zero && node.removals == 0)
        node.runOutOfPatience()
        #expect(node.core.role == .preCandidate)
        node.receive(.preVoteReply(VoteReply(granted: false, isRemoved: true)), term: 9)
        #expect(node.core.role == .follower && node.core.term == .zero && node.removals == 1)
        node.sent.removeAll()
        node.tick(100)
        #expect(node.sent.isEmpty)
    }

    @Test func `a node that knows no cluster listens, and follows whoever leads`() {
        var node = CoreDriver(voters: [], options: options)
        node.append(after: (0, 0), terms: [2], commit: 1, from: 7, term: 2)
        #expect(node.core.leader == NodeID(7) && node.core.commit == LogIndex(1))
    }

    @Test func `who does not stand forgets a silent leader, so that its clients are told`() {
        var node = CoreDriver(voters: [2, 3], options: options)
        node.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), term: 1)
        node.step(.read(ReadID(1)))
        node.tick(30)
        #expect(node.readsRefused.map(\.reason) == [.noLeader])
        #expect(node.core.role == .follower)
    }

    // MARK: Directories

    private func named(_ count: Int) -> TestCluster {
        var cluster = TestCluster(nodes: count, options: options)
        cluster.nameDirectories()
        cluster.elect(0)
        cluster.tickAll(times: 8)
        return cluster
    }

    @Test func `the leader writes down which directory speaks for whom, and what level all can follow`() {
        let cluster = named(3)
        for node in cluster.nodes {
            #expect(node.core.configuration.members.map(\.incarnation) == [1001, 2001, 3001])
            #expect(node.core.configuration.featureLevel == options.featureLevelMax)
        }
        #expect(cluster.nodes[0].core.history.newestIndex < LogIndex(5))
        cluster.expectNoProblems()
    }

    @Test func `the feature level waits until every member announced it, learners too`() {
        var cluster = TestCluster(nodes: 3, options: options)
        cluster.nodes[2].options.featureLevelMax = 0
        cluster.nodes[2].isRunning = false
        cluster.restart(2)
        cluster.elect(0)
        cluster.tickAll(times: 20)
        #expect(cluster.nodes[0].core.configuration.featureLevel == 0)
        cluster.nodes[2].options.featureLevelMax = 3
        cluster.crash(2)
        cluster.restart(2)
        cluster.tickAll(times: 30)
        #expect(cluster.nodes[0].core.configuration.featureLevel == 1)
        cluster.expectNoProblems()
    }

    @Test func `bug 9: a node that lost its directory is a stranger and cannot make up a quorum`() {
        var cluster = named(3)
        // Committed by 1 and 3; node 2 lags.
        cluster.isolate(1)
        let id = cluster.propose(0)
        cluster.settle()
        #expect(cluster.nodes[0].appliedProposals.contains(id))
        // Node 3 comes back with an empty disk under its old id; the leader is gone. What 1 and 3 held must not be
        // voted away by 2 and the new 3, neither of which has it.
        cluster.crash(2)
        cluster.nodes[2].disk = SimulatedDisk()
        cluster.nodes[2].digests = []
        cluster.nodes[2].appliedTerms = []
        cluster.nodes[2].appliedProposals = []
        cluster.nodes[2].appliedConfiguration = nil
        cluster.nodes[2].options.incarnation = TestCluster.incarnation(of: NodeID(3), generation: 2)
        cluster.nodes[2].founding = .none
        cluster.restart(2)
        cluster.crash(0)
        cluster.heal()
        cluster.tickAll(times: 200)
        #expect(cluster.leaderPlace == nil)
        #expect(cluster.nodes[1].core.status.ignoredMessages > 0)
        // With the old leader there is a quorum again; the stranger's acknowledgements count for nothing.
        cluster.restart(0)
        cluster.tickAll(times: 100)
        let leader = cluster.leaderPlace ?? 2
        #expect(leader != 2 && cluster.nodes[leader].appliedProposals.contains(id))
        cluster.crash(1 - leader)
        let commit = cluster.nodes[leader].core.commit
        cluster.propose(leader)
        cluster.settle()
        #expect(cluster.nodes[leader].core.commit == commit)
        cluster.expectNoProblems()
    }

    @Test func `bug 9: before it is written down, the first directory heard in a term keeps its place`() {
        var node = CoreDriver(options: CoreOptions(featureLevelMax: 0))
        node.lead()
        func reply(_ incarnation: UInt64, _ index: UInt64) -> Message {
            Message(
                from: CoreDriver.two, to: CoreDriver.one, term: Term(1), incarnation: incarnation,
                body: .appendReply(AppendReply(result: .matched(LogIndex(index)))))
        }
        node.step(.message(reply(5, 0)))
        node.step(.message(reply(6, 1)))
        #expect(node.core.commit == .zero && node.core.ignoredMessages == 1)
        node.step(.message(reply(5, 1)))
        #expect(node.core.commit == LogIndex(1))
        node.tick()
        #expect(node.core.configuration.member(CoreDriver.two)?.incarnation == 5)
    }

    @Test func `a node whose own directory is not the one written down neither votes nor stands`() {
        let bound = voters(1, 2, 3).refining(incarnations: [(CoreDriver.one, 77)], featureLevel: 0)
        var own = options
        own.incarnation = 78
        var node = CoreDriver(recovering: SimulatedDisk(), founding: bound, options: own)
        node.tick(100)
        node.receive(.voteRequest(VoteRequest(last: position(9, 1))), from: 2, term: 2)
        #expect(node.core.role == .follower && node.sent.voteReplies == [false])
        #expect(node.core.status.isExcluded && node.removals == 0)
        #expect(node.sent.allSatisfy { $0.incarnation == 78 })
    }

    @Test func `bug 9: a new cluster begins with all its founders, later a majority is enough`() {
        var options = options
        options.foundsUnanimously = true
        var cluster = TestCluster(nodes: 3, options: options)
        cluster.nameDirectories()
        cluster.isolate(2)
        cluster.tickAll(times: 300)
        #expect(cluster.leaderPlace == nil && cluster.nodes[0].core.log.lastIndex == .zero)
        cluster.heal()
        cluster.tickAll(times: 300)
        let first = cluster.leaderPlace
        #expect(first != nil)
        cluster.isolate(first ?? 0)
        cluster.tickAll(times: 300)
        let terms = cluster.nodes.map(\.core.term)
        #expect(terms.contains { $0 > terms[first ?? 0] }, "two of three elect, once they have entries")
        cluster.expectNoProblems()
    }

    @Test func `bug 9: two lost directories do not make a cluster of their own beside the third node`() {
        var options = options
        options.foundsUnanimously = true
        var cluster = TestCluster(nodes: 3, options: options)
        // The one that still has the cluster's log grants nothing to an empty one.
        var keeper = CoreDriver(voters: [1, 2, 3], options: options)
        keeper.receive(
            .append(AppendRequest(previous: .zero, entries: [entry(1, 1, voters(1, 2, 3))], commit: .zero)), from: 2,
            term: 1)
        keeper.sent.removeAll()
        keeper.tick(3 * options.electionTimeoutTicks)
        keeper.sent.removeAll()
        keeper.receive(.preVoteRequest(VoteRequest(last: .zero)), from: 2, term: 50)
        keeper.receive(.voteRequest(VoteRequest(last: .zero)), from: 2, term: 50)
        #expect(!keeper.sent.preVoteReplies.contains(true) && !keeper.sent.voteReplies.contains(true))
        // The other two, with nothing but the founding list, would need it.
        cluster.isolate(2)
        cluster.tickAll(times: 300)
        #expect(cluster.leaderPlace == nil)
    }

    @Test func `bug 9: a directory that knows nobody gives no vote, whatever the candidate believes`() {
        var node = CoreDriver(voters: [], options: options)
        node.receive(.preVoteRequest(VoteRequest(last: position(27, 2))), from: 5, term: 5)
        node.receive(.voteRequest(VoteRequest(last: position(27, 2))), from: 5, term: 5)
        #expect(node.sent.preVoteReplies == [false] && node.sent.voteReplies == [false])
        #expect(node.core.term == Term(5))
        // Once a leader has told it of its cluster it votes like anyone.
        let entries = [entry(1, 5, voters(1, 5))]
        node.receive(.append(AppendRequest(previous: .zero, entries: entries, commit: .zero)), from: 5, term: 5)
        node.tick(3 * options.electionTimeoutTicks)
        node.sent.removeAll()
        node.receive(.voteRequest(VoteRequest(last: position(27, 2), isTransfer: true)), from: 5, term: 90)
        node.receive(.voteRequest(VoteRequest(last: position(28, 6), isTransfer: true)), from: 5, term: 91)
        #expect(node.sent.voteReplies == [false, true])
    }

    @Test func `bug 9: an empty directory with the founding list helps founders, and nobody who has entries`() {
        var options = options
        options.foundsUnanimously = true
        var lost = CoreDriver(voters: [1, 2, 3], options: options)
        lost.receive(.preVoteRequest(VoteRequest(last: position(9, 2))), from: 2, term: 5)
        lost.receive(.voteRequest(VoteRequest(last: position(9, 2))), from: 2, term: 5)
        #expect(lost.sent.preVoteReplies == [false] && lost.sent.voteReplies == [false])
        // A founder votes for a founder, and from then on, though nothing reached it yet, for whoever has entries.
        var founder = CoreDriver(voters: [1, 2, 3], options: options)
        founder.receive(.voteRequest(VoteRequest(last: .zero)), from: 2, term: 1)
        founder.receive(.voteRequest(VoteRequest(last: position(1, 1))), from: 3, term: 2)
        #expect(founder.sent.voteReplies == [true, true])
    }

    @Test func `bug 9: the vote of a directory that the log does not name makes no leader but with all others`() {
        var options = options
        options.foundsUnanimously = true
        options.incarnation = 11
        func candidate(_ incarnations: [UInt64]) -> CoreDriver {
            var node = CoreDriver(voters: [1, 2, 3], options: options)
            let members = incarnations.enumerated().map {
                Member(id: NodeID(UInt64($0.offset) + 1), incarnation: $0.element)
            }
            let named = Configuration(members: members, voters: [NodeID(1), NodeID(2), NodeID(3)])
            node.receive(.append(AppendRequest(previous: .zero, entries: [entry(1, 1, named)], commit: .zero)), term: 1)
            node.tick(3 * options.electionTimeoutTicks)
            let term = node.core.term.next.rawValue
            let grant = MessageBody.preVoteReply(VoteReply(granted: true))
            node.step(
                .message(
                    Message(
                        from: NodeID(3), to: NodeID(1), term: Term(term), incarnation: incarnations[2], body: grant)))
            return node
        }
        #expect(candidate([11, 12, 13]).core.role == .candidate, "known, so two of three are enough")
        #expect(candidate([11, 12, 0]).core.role == .preCandidate, "unknown: the third is needed as well")
    }
}
