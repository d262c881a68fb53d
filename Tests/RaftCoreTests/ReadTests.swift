/// Linearizable reads on leaders and followers; catalogue bugs 45, 46, 49, 50.

import Testing

@testable import RaftCore

@Suite struct ReadTests {
    private func leaderWithCommit() -> CoreDriver {
        var node = CoreDriver()
        node.lead()
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(1)))), term: 1)
        node.sent.removeAll()
        return node
    }

    @Test func `bug 45: a read waits until the leader has committed in its own term`() {
        var node = CoreDriver(terms: [1, 1], commit: 2, applied: 2)
        node.lead()
        node.step(.read(ReadID(1)))
        #expect(node.sent.heartbeats().isEmpty)
        node.receive(.heartbeatReply(HeartbeatReply(round: 0)), term: 2)
        #expect(node.ready.isEmpty)
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(3)))), term: 2)
        let round = node.sent.heartbeats(to: CoreDriver.two).last?.round ?? 0
        node.receive(.heartbeatReply(HeartbeatReply(round: round)), term: 2)
        #expect(node.ready.map(\.index) == [LogIndex(3)])
    }

    @Test func `bug 46: a restarted single voter reads at what it had acknowledged, not at the stored hint`() {
        var node = CoreDriver(voters: [1], terms: [1, 1, 1], commit: 1, applied: 1)
        node.step(.read(ReadID(1)))
        #expect(node.readsRefused.map(\.reason) == [.noLeader])
        node.tick()
        node.step(.read(ReadID(2)))
        #expect(node.ready.map(\.index) == [LogIndex(4)])
    }

    @Test func `bug 46: with a slow disk the read of a single voter waits for the own-term commit`() {
        var node = CoreDriver(voters: [1], terms: [1, 1, 1], commit: 1, applied: 1)
        node.diskIsFast = false
        node.tick()
        node.step(.persisted(sequence: 1))
        #expect(node.core.role == .leader)
        node.step(.read(ReadID(2)))
        #expect(node.ready.isEmpty)
        node.step(.persisted(sequence: 2))
        #expect(node.ready.map(\.index) == [LogIndex(4)])
    }

    @Test func `bug 49: a leader answers only after a quorum confirmed it`() {
        var node = leaderWithCommit()
        node.step(.read(ReadID(1)))
        #expect(node.ready.isEmpty)
        node.receive(.heartbeatReply(HeartbeatReply(round: 1)), term: 1)
        #expect(node.ready.first?.reads == [ReadID(1)])
    }

    @Test func `invariant 10: a confirmation that began before the read does not serve it`() {
        var node = leaderWithCommit()
        node.step(.read(ReadID(1)))
        node.step(.read(ReadID(2)), .read(ReadID(3)))
        #expect(node.sent.heartbeats(to: CoreDriver.two).map(\.round) == [1])
        node.receive(.heartbeatReply(HeartbeatReply(round: 1)), term: 1)
        #expect(node.ready.map(\.reads) == [[ReadID(1)]])
        // The next round began with the end of the first, for both that came meanwhile.
        #expect(node.sent.heartbeats(to: CoreDriver.two).map(\.round) == [1, 2])
        node.receive(.heartbeatReply(HeartbeatReply(round: 1)), from: 3, term: 1)
        #expect(node.ready.count == 1)
        node.receive(.heartbeatReply(HeartbeatReply(round: 2)), from: 3, term: 1)
        #expect(node.ready.last?.reads == [ReadID(2), ReadID(3)])
    }

    @Test func `a lost round is repeated by the next heartbeat`() {
        var node = leaderWithCommit()
        node.step(.read(ReadID(1)))
        node.sent.removeAll()
        node.tick(node.core.options.heartbeatTicks)
        #expect(node.sent.heartbeats(to: CoreDriver.two).map(\.round) == [1])
    }

    @Test func `bug 50: reads that a leader had not confirmed are refused when it loses leadership`() {
        var node = leaderWithCommit()
        node.step(.read(ReadID(1)))
        node.step(.read(ReadID(2)))
        node.receive(.readRequest(ReadRequest(context: 77)), from: 3, term: 1)
        node.sent.removeAll()
        node.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), from: 3, term: 2)
        #expect(node.readsRefused.map(\.reads) == [[ReadID(1), ReadID(2)]])
        #expect(node.sent.contains { $0.body == .readReply(ReadReply(context: 77, index: nil)) })
    }

    private func contexts(_ messages: [Message]) -> [UInt64] {
        messages.compactMap { if case .readRequest(let request) = $0.body { request.context } else { nil } }
    }

    @Test func `a follower asks once for all its waiting reads, and again only when answered`() {
        var node = CoreDriver()
        node.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), term: 1)
        node.sent.removeAll()
        node.step(.read(ReadID(1)), .read(ReadID(2)))
        node.step(.read(ReadID(3)))
        let first = contexts(node.takeSent())
        #expect(first.count == 1)
        node.receive(.readReply(ReadReply(context: first[0], index: LogIndex(5))), term: 1)
        #expect(node.ready.map(\.reads) == [[ReadID(1), ReadID(2)]])
        #expect(node.ready.map(\.index) == [LogIndex(5)])
        let second = contexts(node.takeSent())
        #expect(second.count == 1 && second != first)
    }

    @Test func `a follower's unanswered question is asked again under a new name, and a late answer is void`() {
        var node = CoreDriver()
        node.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), term: 1)
        node.step(.read(ReadID(1)))
        let first = contexts(node.takeSent())
        node.tick(3 * node.core.options.heartbeatTicks)
        let second = contexts(node.takeSent())
        #expect(second.count == 1 && second != first)
        node.receive(.readReply(ReadReply(context: first[0], index: LogIndex(1))), term: 1)
        #expect(node.ready.isEmpty)
        node.receive(.readReply(ReadReply(context: second[0], index: LogIndex(2))), term: 1)
        #expect(node.ready.map(\.index) == [LogIndex(2)])
    }

    @Test func `two starts of a node never name their questions alike`() {
        var names: Set<UInt64> = []
        for seed: UInt64 in 0..<50 {
            var node = CoreDriver(seed: seed)
            node.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), term: 1)
            node.step(.read(ReadID(1)))
            names.formUnion(contexts(node.sent))
        }
        #expect(names.count == 50)
    }

    @Test func `a change of leader asks the new one; no leader refuses`() {
        var node = CoreDriver()
        node.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), from: 2, term: 1)
        node.step(.read(ReadID(1)))
        node.sent.removeAll()
        node.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), from: 3, term: 2)
        let asked = node.takeSent().filter { if case .readRequest = $0.body { true } else { false } }
        #expect(asked.map(\.to) == [CoreDriver.three])
        node.tick(2 * node.core.options.electionTimeoutTicks)
        #expect(node.readsRefused.map(\.reason) == [.noLeader])
    }

    @Test func `reads beyond the limit are refused as overload`() {
        var node = CoreDriver(options: CoreOptions(readsMax: 3))
        node.lead()
        for id: UInt64 in 1...5 { node.step(.read(ReadID(id))) }
        #expect(node.readsRefused.map(\.reason) == [.overloaded, .overloaded])
    }

    @Test func `reads through every node see every write acknowledged before`() {
        var cluster = TestCluster(nodes: 3)
        cluster.elect(0)
        for round in 0..<10 {
            cluster.propose(round % 3)
            cluster.settle()
            let reads = (0..<3).map { cluster.read($0) }
            cluster.settle()
            for place in 0..<3 { #expect(cluster.nodes[place].ready[reads[place]] != nil) }
        }
        #expect(cluster.invariants.committedThrough == LogIndex(11))
        cluster.expectNoProblems()
    }
}
