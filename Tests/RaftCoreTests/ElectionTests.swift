/// Terms, votes, PreVote, stickiness, check-quorum; catalogue bugs 1 to 8, 34, 35, 37, 38, 41, 44.

import Testing

@testable import RaftCore

@Suite struct ElectionTests {
    private let options = CoreOptions(heartbeatTicks: 2, electionTimeoutTicks: 10)

    // MARK: Terms and votes

    @Test func `bug 1: a new term and the vote in it are one durable write`() {
        var node = CoreDriver(terms: [1])
        node.diskIsFast = false
        node.receive(.voteRequest(VoteRequest(last: position(1, 1))), from: 3, term: 4)
        #expect(node.persists.map(\.hardState) == [HardState(term: Term(4), vote: CoreDriver.three, commit: .zero)])
    }

    @Test func `bug 2: stepping down within a term keeps the vote`() {
        var node = CoreDriver()
        node.runOutOfPatience()
        node.receive(.preVoteReply(VoteReply(granted: true)), term: 1)
        node.append(after: (0, 0), terms: [1], from: 2, term: 1)
        #expect(node.core.role == .follower)
        #expect(node.core.hardState.vote == CoreDriver.one)
        node.receive(.voteRequest(VoteRequest(last: position(9, 1))), from: 3, term: 1)
        #expect(node.sent.voteReplies == [false])
    }

    @Test func `bug 3: a node whose term is below its log does not start`() async {
        await #expect(processExitsWith: .failure) {
            _ = CoreDriver(terms: [1, 7], term: 3)
        }
    }

    @Test func `bug 4: a vote without entries is written, and told only when durable`() {
        var node = CoreDriver(terms: [1], term: 4)
        node.diskIsFast = false
        node.receive(.voteRequest(VoteRequest(last: position(1, 1))), from: 3, term: 4)
        #expect(node.persists.count == 1)
        #expect(node.sent.isEmpty)
        node.step(.persisted(sequence: node.persists[0].sequence))
        #expect(node.sent.voteReplies == [true])
    }

    @Test func `a term raised by any message is durable before this node says it`() {
        var node = CoreDriver()
        node.diskIsFast = false
        node.append(after: (0, 0), terms: [], term: 3)
        node.receive(.heartbeat(Heartbeat(commit: .zero, round: 5)), term: 3)
        #expect(node.sent.isEmpty)
        node.step(.persisted(sequence: 1))
        #expect(node.sent.map(\.term) == [Term(3), Term(3)])
    }

    @Test func `messages held for an older term are dropped with it`() {
        var node = CoreDriver()
        node.diskIsFast = false
        node.receive(.voteRequest(VoteRequest(last: .zero)), from: 2, term: 3)
        node.receive(.voteRequest(VoteRequest(last: .zero)), from: 3, term: 4)
        node.step(.persisted(sequence: 1))
        #expect(node.sent.isEmpty)
        node.step(.persisted(sequence: 2))
        #expect(node.sent.map(\.to) == [CoreDriver.three])
    }

    @Test func `bugs 5 and 6: a proposal handled with a higher term's heartbeat is never stamped with that term`() {
        var node = CoreDriver()
        node.lead()
        let heartbeat = Message(
            from: CoreDriver.two, to: CoreDriver.one, term: Term(2),
            body: .heartbeat(Heartbeat(commit: .zero, round: 1)))
        let proposal = Proposal(id: ProposalID(origin: CoreDriver.one, nonce: 1), payload: [1])
        node.step(.message(heartbeat), .propose([proposal]))
        #expect(node.terms == [1])
        let forwarded = node.sent.contains { if case .forward = $0.body { true } else { false } }
        #expect(forwarded)
    }

    @Test(
        "bug 7: up to date means last term first, then index",
        arguments: [
            (position(1, 3), position(9, 2), true), (position(9, 2), position(1, 3), false),
            (position(5, 2), position(5, 2), true), (position(4, 2), position(5, 2), false),
            (position(6, 2), position(5, 2), true), (position(0, 0), position(0, 0), true),
        ])
    func upToDate(candidate: LogPosition, voter: LogPosition, expected: Bool) {
        #expect(candidate.isAtLeastAsUpToDate(as: voter) == expected)
    }

    @Test func `bug 8: a repeated request of the same candidate is granted again, and written once`() {
        var node = CoreDriver(terms: [1])
        for _ in 0..<3 { node.receive(.voteRequest(VoteRequest(last: position(1, 1))), from: 3, term: 4) }
        #expect(node.sent.voteReplies == [true, true, true])
        #expect(node.persists.count == 1)
    }

    @Test func `invariant 2: a vote survives a crash`() {
        var cluster = TestCluster(nodes: 3, options: options)
        let request = VoteRequest(last: .zero)
        cluster.step(0, .message(Message(from: NodeID(2), to: NodeID(1), term: Term(5), body: .voteRequest(request))))
        cluster.write(0)
        cluster.crash(0)
        cluster.restart(0)
        cluster.network.removeAll()
        cluster.step(0, .message(Message(from: NodeID(3), to: NodeID(1), term: Term(5), body: .voteRequest(request))))
        cluster.write(0)
        #expect(cluster.network.voteReplies == [false])
        cluster.expectNoProblems()
    }

    @Test func `the own vote counts only when durable, and the requests leave only then`() {
        var node = CoreDriver()
        node.diskIsFast = false
        node.runOutOfPatience()
        node.sent.removeAll()
        node.receive(.preVoteReply(VoteReply(granted: true)), term: 1)
        #expect(node.core.role == .candidate)
        #expect(node.sent.isEmpty)
        node.step(.persisted(sequence: 1))
        #expect(node.takeSent().voteRequests.count == 2)
    }

    @Test func `a grant that comes before the own vote is durable does not make a leader yet`() {
        var node = CoreDriver()
        node.diskIsFast = false
        node.runOutOfPatience()
        node.receive(.preVoteReply(VoteReply(granted: true)), term: 1)
        node.receive(.voteReply(VoteReply(granted: true)), term: 1)
        #expect(node.core.role == .candidate)
        node.step(.persisted(sequence: 1))
        #expect(node.core.role == .leader)
    }

    @Test func `invariant 1: a leader that hears an append of its own term stops its process`() async {
        await #expect(processExitsWith: .failure) {
            var node = CoreDriver()
            node.lead()
            node.append(after: (0, 0), terms: [1], from: 3, term: 1)
        }
    }

    @Test func `invariant 1: a follower never takes a second leader for a term`() {
        var node = CoreDriver()
        node.append(after: (0, 0), terms: [1], from: 2, term: 1)
        node.append(after: (1, 1), terms: [1], from: 3, term: 1)
        #expect(node.terms == [1])
        #expect(node.core.leader == CoreDriver.two)
        #expect(node.core.status.ignoredMessages == 1)
    }

    // MARK: PreVote and stickiness

    @Test func `PreVote: an isolated node does not raise its term, so its return disturbs nobody`() {
        var cluster = TestCluster(nodes: 3, options: options)
        cluster.elect(0)
        let term = cluster.nodes[0].core.term
        cluster.isolate(2)
        cluster.tickAll(times: 200)
        #expect(cluster.nodes[2].core.term == term)
        cluster.heal()
        cluster.tickAll(times: 50)
        #expect(cluster.nodes[0].core.role == .leader)
        #expect(cluster.nodes.map(\.core.term) == [term, term, term])
        cluster.expectNoProblems()
    }

    @Test func `a pre-vote changes nobody's term or vote and is granted to several`() {
        var node = CoreDriver(terms: [1])
        node.receive(.preVoteRequest(VoteRequest(last: position(1, 1))), from: 2, term: 9)
        node.receive(.preVoteRequest(VoteRequest(last: position(1, 1))), from: 3, term: 9)
        #expect(node.sent.preVoteReplies == [true, true])
        #expect(node.sent.map(\.term) == [Term(9), Term(9)])
        #expect(node.persists.isEmpty)
        #expect(node.core.term == Term(1))
    }

    @Test func `a pre-vote is refused to a shorter log`() {
        var node = CoreDriver(terms: [1, 1])
        node.receive(.preVoteRequest(VoteRequest(last: position(1, 1))), term: 9)
        #expect(node.sent.preVoteReplies == [false])
    }

    @Test func `bug 34: who hears a leader grants neither vote nor pre-vote and keeps its term`() {
        var node = CoreDriver(terms: [1])
        node.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), term: 1)
        node.sent.removeAll()
        node.receive(.preVoteRequest(VoteRequest(last: position(9, 9))), from: 3, term: 9)
        node.receive(.voteRequest(VoteRequest(last: position(9, 9))), from: 3, term: 9)
        #expect(node.sent.isEmpty)
        #expect(node.core.term == Term(1))
        node.tick(node.core.options.electionTimeoutTicks)
        node.receive(.voteRequest(VoteRequest(last: position(9, 9))), from: 3, term: 9)
        #expect(node.sent.voteReplies == [true])
    }

    @Test func `bug 35: a node that is no voter does not stand, and a node of no cluster neither`() {
        for voters: [UInt64] in [[2, 3], []] {
            var outsider = CoreDriver(voters: voters)
            outsider.tick(100)
            #expect(outsider.core.role == .follower)
            #expect(outsider.sent.isEmpty)
        }
    }

    @Test func `bug 37: a longer log in an old term and a higher term without it still elect a leader`() {
        let disks = [
            disk(terms: [1, 1, 1], term: 1), disk(terms: [1], term: 6), disk(terms: [1], term: 1),
        ]
        // Two of three are up: one has the log, the other the term.
        var cluster = TestCluster(nodes: 3, options: options, disks: disks)
        cluster.crash(2)
        cluster.tickAll(times: 100)
        #expect(cluster.leaderPlace == 0)
        #expect(cluster.nodes[0].core.term > Term(6))
        cluster.expectNoProblems()
    }

    @Test func `bug 37: a leader of an old term learns of the new one from whom it writes to`() {
        var node = CoreDriver(terms: [1], term: 6)
        node.append(after: (1, 1), terms: [2], term: 2)
        node.receive(.heartbeat(Heartbeat(commit: .zero, round: 1)), term: 2)
        node.receive(.preVoteRequest(VoteRequest(last: position(3, 2))), term: 3)
        #expect(node.sent.map(\.term) == [Term(6), Term(6), Term(6)])
    }

    // MARK: Liveness

    @Test func `check-quorum: a leader that hears no quorum for an election timeout steps down`() {
        var cluster = TestCluster(nodes: 5, options: options)
        cluster.elect(0)
        cluster.isolate(0)
        cluster.tickAll(times: 2 * options.electionTimeoutTicks)
        #expect(cluster.nodes[0].core.role != .leader)
        cluster.tickAll(times: 6 * options.electionTimeoutTicks)
        #expect(cluster.leaderPlace != nil && cluster.leaderPlace != 0)
        cluster.expectNoProblems()
    }

    @Test func `check-quorum: a leader that hears others but is not heard steps down`() {
        var cluster = TestCluster(nodes: 3, options: options)
        cluster.elect(0)
        cluster.crash(1)
        cluster.cut[0][2] = true
        cluster.tickAll(times: 3 * options.electionTimeoutTicks)
        #expect(cluster.nodes[0].core.role != .leader)
        cluster.expectNoProblems()
    }

    @Test func `bug 38: a leader whose disk hangs steps down and does not stand again until it works`() {
        var node = CoreDriver(options: options)
        node.lead()
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(1)))), term: 1)
        node.diskIsFast = false
        node.propose(1)
        let write = node.persists.last?.sequence ?? 0
        for _ in 0..<(options.electionTimeoutTicks + 1) {
            node.receive(.heartbeatReply(HeartbeatReply(round: 0)), term: 1)
            node.tick()
        }
        #expect(node.core.role == .follower)
        node.sent.removeAll()
        node.tick(100)
        #expect(node.sent.isEmpty)
        node.step(.persisted(sequence: write))
        node.tick(100)
        #expect(!node.sent.preVoteRequests.isEmpty)
    }

    @Test func `bug 44: heartbeats and appends do not wait for the leader's own disk`() {
        var node = CoreDriver(options: options)
        node.lead()
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(1)))), term: 1)
        node.sent.removeAll()
        node.diskIsFast = false
        node.propose(1)
        #expect(node.sent.appends(to: CoreDriver.two).last?.entries.count == 1)
        node.tick(4)
        #expect(node.sent.heartbeats(to: CoreDriver.two).count == 2)
    }

    @Test func `bug 41: after any restart, of one or of all, there is a leader within a few time-outs`() {
        for down in [[0], [1], [2], [0, 1, 2]] {
            var cluster = TestCluster(nodes: 3, seed: 5, options: options)
            cluster.elect(0)
            cluster.propose(0)
            cluster.settle()
            for place in down { cluster.crash(place) }
            for place in down { cluster.restart(place) }
            cluster.tickAll(times: 5 * options.electionTimeoutTicks)
            #expect(cluster.leaderPlace != nil)
            cluster.expectNoProblems()
        }
    }

    @Test func `a single voter leads at the first tick`() {
        var node = CoreDriver(voters: [1])
        node.tick()
        #expect(node.core.role == .leader)
        #expect(node.core.commit == LogIndex(1))
    }

    @Test func `election time-outs are spread over [T, 2T) and differ between nodes and tries`() {
        var node = CoreDriver(options: CoreOptions(heartbeatTicks: 1, electionTimeoutTicks: 50))
        var seen: Set<Int> = []
        for _ in 0..<400 {
            node.core.drawElectionDeadline()
            #expect((50..<100).contains(node.core.electionDeadlineTicks))
            seen.insert(node.core.electionDeadlineTicks)
        }
        #expect(seen.count > 45)
        let firsts = (0..<20).map { seed in
            CoreDriver(options: node.core.options, seed: UInt64(seed)).core.electionDeadlineTicks
        }
        #expect(Set(firsts).count > 8)
    }
}
