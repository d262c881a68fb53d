/// Reads under a lease; catalogue bugs 47 and 48. Time comes from the clock given, in ticks of 10 ms.

import Testing

@testable import RaftCore

@Suite struct LeaseTests {
    private static let tick: UInt64 = 10_000_000
    private let options = CoreOptions(
        heartbeatTicks: 1, electionTimeoutTicks: 10, leaseReads: true, clockDriftPerThousand: 100,
        tickNanoseconds: LeaseTests.tick, featureLevelMax: 0)
    /// Ten ticks, shortened by a tenth.
    private let length: UInt64 = 90_000_000

    /// Leads t1 with its entry committed; the clock stands at `now`, just after a round was sent.
    private func leader(at now: UInt64, options: CoreOptions? = nil) -> CoreDriver {
        var node = CoreDriver(options: options ?? self.options)
        node.step(.clock(nanoseconds: 1))
        for step in 1...60 where node.core.role == .follower {
            node.step(.clock(nanoseconds: UInt64(step) * LeaseTests.tick), .tick)
        }
        node.receive(.preVoteReply(VoteReply(granted: true)), term: 1)
        node.receive(.voteReply(VoteReply(granted: true)), term: 1)
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(1)))), term: 1)
        node.step(.clock(nanoseconds: now), .tick)
        return node
    }

    private func isLeased(_ node: CoreDriver, at now: UInt64) -> Bool {
        var node = node
        let before = node.ready.count
        node.step(.clock(nanoseconds: now), .leaseRead(ReadID(99)))
        return node.ready.count > before
    }

    /// The answer of a follower that promises what the leader counts on.
    private func answer(_ round: UInt64, promise: UInt64 = 100_000_000) -> MessageBody {
        .heartbeatReply(HeartbeatReply(round: round, promiseNanoseconds: promise))
    }

    private func lastRound(_ node: CoreDriver) -> UInt64 { node.sent.heartbeats(to: CoreDriver.two).last?.round ?? 0 }

    @Test func `bug 48: the lease runs from the sending of the round, by the clock, less the drift`() {
        let now: UInt64 = 2_000_000_000
        var node = leader(at: now)
        #expect(!isLeased(node, at: now))
        let round = lastRound(node)
        // The answer comes late; ticks meanwhile count for nothing.
        node.step(.clock(nanoseconds: now + 50_000_000))
        node.receive(answer(round), term: 1)
        #expect(isLeased(node, at: now + 50_000_000))
        #expect(isLeased(node, at: now + length - 1))
        #expect(!isLeased(node, at: now + length))
        // A pause without a single tick ends it all the same.
        #expect(node.core.status.leaseIsValid)
        node.step(.clock(nanoseconds: now + 10 * length))
        #expect(!node.core.status.leaseIsValid)
    }

    @Test func `without a lease the read asks, and a clock that goes back lengthens nothing`() {
        var node = leader(at: 2_000_000_000)
        node.receive(answer(lastRound(node)), term: 1)
        node.step(.clock(nanoseconds: 3_000_000_000))
        #expect(!isLeased(node, at: 1_000_000_000))
        node.sent.removeAll()
        node.step(.leaseRead(ReadID(5)))
        #expect(node.ready.isEmpty && !node.sent.heartbeats().isEmpty)
        node.receive(answer(lastRound(node)), term: 1)
        #expect(node.ready.map(\.reads) == [[ReadID(5)]])
    }

    @Test func `with lease reads off, a lease read asks like any other`() {
        var off = options
        off.leaseReads = false
        var node = leader(at: 2_000_000_000, options: off)
        node.receive(answer(lastRound(node)), term: 1)
        #expect(!isLeased(node, at: 2_000_000_000))
    }

    @Test func `a follower that promises less than the leader counts on extends no lease, but confirms the round`() {
        let now: UInt64 = 2_000_000_000
        for promise in [UInt64(0), 99_999_999] {
            var node = leader(at: now)
            node.step(.read(ReadID(7)))
            node.receive(answer(lastRound(node), promise: promise), term: 1)
            #expect(node.ready.map(\.reads) == [[ReadID(7)]], "started with another timeout, or without leases")
            #expect(!isLeased(node, at: now))
        }
    }

    @Test func `bug 47: the lease ends with the beginning of a transfer and does not come back in the term`() {
        let now: UInt64 = 2_000_000_000
        var node = leader(at: now)
        node.receive(answer(lastRound(node)), term: 1)
        #expect(isLeased(node, at: now))
        node.step(.transferLeadership(target: CoreDriver.two))
        #expect(!isLeased(node, at: now))
        for step in 1...20 {
            node.step(.clock(nanoseconds: now + UInt64(step) * LeaseTests.tick), .tick)
            node.receive(answer(lastRound(node)), term: 1)
        }
        #expect(node.core.role == .leader && !node.core.status.isTransferring)
        #expect(!isLeased(node, at: now + 20 * LeaseTests.tick))
    }

    @Test func `another configuration needs another round`() {
        let now: UInt64 = 2_000_000_000
        var node = leader(at: now)
        let round = lastRound(node)
        let change = MembershipChange(remove: [CoreDriver.three])
        let id = ProposalID(origin: CoreDriver.one, nonce: 1)
        node.step(.propose([Proposal(id: id, kind: .membershipChange, payload: change.encode())]))
        node.receive(answer(round), term: 1)
        #expect(!isLeased(node, at: now))
        node.step(.clock(nanoseconds: now + LeaseTests.tick), .tick)
        node.receive(answer(lastRound(node)), term: 1)
        #expect(isLeased(node, at: now + LeaseTests.tick))
    }

    @Test func `a promise is kept by the clock, through terms, without a leader, and with ticks that come in a bunch`()
    {
        var node = CoreDriver(terms: [1], options: options)
        node.step(.clock(nanoseconds: 1))
        node.tick(options.electionTimeoutTicks)
        let heard: UInt64 = 1_000_000_000
        node.step(.clock(nanoseconds: heard))
        node.receive(.heartbeat(Heartbeat(commit: .zero, round: 1)), from: 2, term: 1)
        // All the ticks of a whole time-out at once, and a later term from elsewhere.
        node.tick(2 * options.electionTimeoutTicks)
        node.receive(.appendReply(AppendReply(result: .matched(.zero))), from: 3, term: 3)
        #expect(node.core.term == Term(3) && node.core.leader == nil)
        node.sent.removeAll()
        for at in [heard, heard + 99_999_999] {
            node.step(.clock(nanoseconds: at), .tick)
            node.receive(.preVoteRequest(VoteRequest(last: position(9, 3))), from: 3, term: 4)
            node.receive(.voteRequest(VoteRequest(last: position(9, 3))), from: 3, term: 4)
            node.receive(.voteRequest(VoteRequest(last: position(9, 3))), from: 3, term: 3)
        }
        #expect(node.core.term == Term(3) && node.core.role == .follower)
        #expect(node.sent.preVoteReplies.isEmpty && !node.sent.voteReplies.contains(true))
        node.step(.clock(nanoseconds: heard + 100_000_000))
        node.receive(.voteRequest(VoteRequest(last: position(9, 3))), from: 3, term: 4)
        #expect(node.sent.voteReplies.last == true)
    }

    @Test func `a node that has just started votes for nobody: it may have promised; but by transfer it does`() {
        var node = CoreDriver(terms: [1], options: options)
        node.step(.clock(nanoseconds: 5_000_000_000))
        node.receive(.voteRequest(VoteRequest(last: position(9, 1))), from: 3, term: 4)
        #expect(node.sent.isEmpty && node.core.term == Term(1))
        var asked = node
        asked.receive(.voteRequest(VoteRequest(last: position(9, 1), isTransfer: true)), from: 3, term: 4)
        #expect(asked.sent.voteReplies == [true])
        node.tick(options.electionTimeoutTicks)
        node.step(.clock(nanoseconds: 5_100_000_000))
        node.receive(.voteRequest(VoteRequest(last: position(9, 1))), from: 3, term: 4)
        #expect(node.sent.voteReplies == [true])
    }

    @Test func `rounds without an answer are bounded, and followers ask the leader`() {
        var node = leader(at: 2_000_000_000)
        for step in 0..<200 {
            node.step(.clock(nanoseconds: 2_000_000_000 + UInt64(step)), .read(ReadID(UInt64(step))))
            node.core.broadcastHeartbeat()
        }
        #expect(node.core.lease.rounds.count <= LeaseState.roundsMax)
        var follower = CoreDriver(options: options)
        follower.receive(.heartbeat(Heartbeat(commit: .zero, round: 1)), from: 2, term: 1)
        follower.step(.leaseRead(ReadID(1)))
        #expect(follower.sent.contains { if case .readRequest = $0.body { true } else { false } })
    }
}
