/// The rules of figure 2 of the Raft paper, one by one.

import Testing

@testable import RaftCore

@Suite struct FigureTwoTests {
    // MARK: AppendEntries, receiver

    @Test func `AppendEntries 1: refused if the term is old, and the sender learns the new one`() {
        var node = CoreDriver(terms: [1], term: 5)
        node.append(after: (1, 1), terms: [3], from: 2, term: 3)
        #expect(node.terms == [1])
        #expect(node.sent.map(\.term) == [Term(5)])
        guard case .conflict = node.sent.appendReplies.first else {
            Issue.record("expected a refusal, got \(node.sent)")
            return
        }
    }

    @Test func `AppendEntries 2: refused if there is no entry at previous with its term`() {
        var node = CoreDriver(terms: [1, 1, 2], term: 3)
        node.append(after: (3, 3), terms: [3], term: 3)
        node.append(after: (7, 3), terms: [3], term: 3)
        #expect(
            node.sent.appendReplies == [
                .conflict(rejected: LogIndex(3), hint: position(3, 2), lastIndex: LogIndex(3)),
                .conflict(rejected: LogIndex(7), hint: position(3, 2), lastIndex: LogIndex(3)),
            ])
        #expect(node.terms == [1, 1, 2])
    }

    @Test func `AppendEntries 3: a conflicting entry and all after it are deleted`() {
        var node = CoreDriver(terms: [1, 1, 2, 2, 2], term: 3)
        node.append(after: (2, 1), terms: [3], term: 3)
        #expect(node.terms == [1, 1, 3])
        #expect(node.persists.last?.truncateFrom == LogIndex(3))
        #expect(node.persists.last?.entries.map(\.position) == [position(3, 3)])
    }

    @Test func `AppendEntries 4: entries not yet in the log are appended and acknowledged`() {
        var node = CoreDriver(terms: [1], term: 1)
        node.append(after: (0, 0), terms: [1, 1, 1], term: 1)
        #expect(node.terms == [1, 1, 1])
        #expect(node.persists.last?.entries.map(\.index) == [LogIndex(2), LogIndex(3)])
        #expect(node.sent.appendReplies == [.matched(LogIndex(3))])
    }

    @Test func `AppendEntries 5: the commit index follows the leader's, but not beyond the entries of the message`() {
        var node = CoreDriver(terms: [1, 1, 1, 1], term: 2)
        node.append(after: (1, 1), terms: [1], commit: 4, term: 2)
        #expect(node.core.commit == LogIndex(2))
        node.append(after: (2, 1), terms: [1, 1], commit: 3, term: 2)
        #expect(node.core.commit == LogIndex(3))
        #expect(node.applied.map(\.index.rawValue) == [1, 2, 3])
    }

    // MARK: RequestVote, receiver

    @Test func `RequestVote 1: refused if the term is old, and the sender learns the new one`() {
        var node = CoreDriver(term: 5)
        node.receive(.voteRequest(VoteRequest(last: position(9, 4))), term: 4)
        #expect(node.sent.voteReplies == [false])
        #expect(node.sent.first?.term == Term(5))
    }

    @Test func `RequestVote 2: granted to one candidate per term, if its log is at least as up to date`() {
        var node = CoreDriver(terms: [1, 2], term: 2)
        node.receive(.voteRequest(VoteRequest(last: position(9, 1))), from: 2, term: 3)
        #expect(node.takeSent().voteReplies == [false])
        node.receive(.voteRequest(VoteRequest(last: position(2, 2))), from: 3, term: 3)
        #expect(node.takeSent().voteReplies == [true])
        node.receive(.voteRequest(VoteRequest(last: position(9, 2))), from: 2, term: 3)
        #expect(node.takeSent().voteReplies == [false])
    }

    // MARK: All servers

    @Test func `All servers 1: what is committed is applied, in order and once`() {
        var node = CoreDriver()
        node.append(after: (0, 0), terms: [1, 1, 1], commit: 2, term: 1)
        node.append(after: (3, 1), terms: [], commit: 3, term: 1)
        node.append(after: (3, 1), terms: [], commit: 3, term: 1)
        #expect(node.applied.map(\.index.rawValue) == [1, 2, 3])
    }

    @Test(
        "All servers 2: a higher term in any message makes a follower of everyone",
        arguments: [
            MessageBody.appendReply(AppendReply(result: .matched(.zero))), .heartbeatReply(HeartbeatReply(round: 0)),
            .voteReply(VoteReply(granted: false)), .heartbeat(Heartbeat(commit: .zero, round: 0)),
            .preVoteReply(VoteReply(granted: false)), .readRequest(ReadRequest(context: 1)),
        ])
    func higherTerm(body: MessageBody) {
        var node = CoreDriver()
        node.lead()
        #expect(node.core.role == .leader)
        node.receive(body, from: 3, term: 9)
        #expect(node.core.role == .follower)
        #expect(node.core.term == Term(9))
    }

    // MARK: Followers and candidates

    @Test func `Followers 2: without a leader for an election timeout, a follower stands`() {
        var node = CoreDriver()
        node.tick(node.core.options.electionTimeoutTicks - 1)
        #expect(node.core.role == .follower)
        node.tick(node.core.options.electionTimeoutTicks)
        #expect(node.core.role == .preCandidate)
    }

    @Test func `Followers 2: a heartbeat or a granted vote starts the wait anew`() {
        var node = CoreDriver(terms: [1])
        for _ in 0..<20 {
            node.tick(node.core.options.electionTimeoutTicks - 1)
            node.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), term: 1)
        }
        #expect(node.core.role == .follower)
        node.tick(node.core.options.electionTimeoutTicks)
        node.receive(.voteRequest(VoteRequest(last: position(5, 5))), from: 3, term: 6)
        #expect(node.sent.voteReplies == [true])
        node.tick(node.core.options.electionTimeoutTicks - 1)
        #expect(node.core.role == .follower)
    }

    @Test func `Candidates 1: on standing, the term grows, the own vote is cast, all others are asked`() {
        var node = CoreDriver(terms: [1, 1], term: 4)
        node.runOutOfPatience()
        #expect(node.core.term == Term(4))
        #expect(node.takeSent().preVoteRequests.count == 2)
        node.receive(.preVoteReply(VoteReply(granted: true)), term: 5)
        #expect(node.core.role == .candidate)
        #expect(node.persists.last?.hardState == HardState(term: Term(5), vote: CoreDriver.one, commit: .zero))
        #expect(node.sent.voteRequests == [VoteRequest(last: position(2, 1)), VoteRequest(last: position(2, 1))])
    }

    @Test func `Candidates 2 and 3: a majority makes a leader, an append of the term a follower`() {
        var winner = CoreDriver()
        winner.lead()
        #expect(winner.core.role == .leader)
        var loser = CoreDriver()
        loser.runOutOfPatience()
        loser.receive(.preVoteReply(VoteReply(granted: true)), term: 1)
        #expect(loser.core.role == .candidate)
        loser.append(after: (0, 0), terms: [1], from: 3, term: 1)
        #expect(loser.core.role == .follower)
        #expect(loser.core.leader == CoreDriver.three)
    }

    @Test func `Candidates 4: with no majority in time, the election starts over`() {
        var node = CoreDriver()
        node.runOutOfPatience()
        node.receive(.preVoteReply(VoteReply(granted: true)), term: 1)
        #expect(node.core.role == .candidate)
        node.sent.removeAll()
        node.tick(2 * node.core.options.electionTimeoutTicks)
        #expect(node.core.role == .preCandidate)
        #expect(node.sent.preVoteRequests.count >= 2)
        node.receive(.preVoteReply(VoteReply(granted: true)), term: 2)
        #expect(node.core.term == Term(2))
        #expect(node.core.role == .candidate)
    }

    // MARK: Leaders

    @Test func `Leaders 1: heartbeats go out at once on election and then regularly`() {
        var node = CoreDriver(options: CoreOptions(heartbeatTicks: 2, electionTimeoutTicks: 10))
        node.runOutOfPatience()
        node.receive(.preVoteReply(VoteReply(granted: true)), term: 1)
        node.sent.removeAll()
        node.receive(.voteReply(VoteReply(granted: true)), term: 1)
        #expect(node.takeSent().appends().count == 2)
        node.tick(6)
        #expect(node.sent.heartbeats(to: CoreDriver.two).count == 3)
    }

    @Test func `Leaders 2: a command is appended, and answered by apply once committed`() {
        var node = CoreDriver()
        node.lead()
        node.propose(1)
        #expect(node.terms == [1, 1])
        #expect(node.applied.isEmpty)
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(2)))), term: 1)
        #expect(node.applied.map(\.proposal.nonce) == [0, 1])
    }

    @Test func `Leaders 3: a follower is sent what it lacks; success moves match and next, conflict moves next back`() {
        var node = CoreDriver(terms: [1, 1, 1, 1], term: 1)
        node.lead()
        let place = node.core.placeOfPeer(CoreDriver.two) ?? 0
        #expect(node.core.peers[place].next == LogIndex(5))
        node.receive(
            .appendReply(
                AppendReply(
                    result: .conflict(rejected: LogIndex(4), hint: position(1, 1), lastIndex: LogIndex(2)))), term: 2)
        let resent = node.takeSent().appends(to: CoreDriver.two)
        #expect(resent.last?.previous == position(2, 1))
        #expect(resent.last?.entries.map(\.index.rawValue) == [3, 4, 5])
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(5)))), term: 2)
        #expect(node.core.peers[place].match == LogIndex(5))
        #expect(node.core.peers[place].next == LogIndex(6))
    }

    @Test func `Leaders 4: a majority of matches commits an entry of the own term, and with it all before`() {
        var node = CoreDriver(terms: [1, 1], term: 1)
        node.lead()
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(2)))), term: 2)
        #expect(node.core.commit == .zero)
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(3)))), term: 2)
        #expect(node.core.commit == LogIndex(3))
    }
}
