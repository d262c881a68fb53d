/// Nothing a network can deliver stops the process: random and extreme messages against every role.

import Testing

@testable import RaftCore

@Suite struct HostileMessageTests {
    private func number(_ random: inout SplitMix64) -> UInt64 {
        switch random.next(below: 8) {
        case 0: .max
        case 1: 1 << 62
        case 2: (1 << 62) - 1
        case 3: random.next()
        default: UInt64(random.next(below: 8))
        }
    }

    private func position(_ random: inout SplitMix64) -> LogPosition {
        LogPosition(index: LogIndex(number(&random)), term: Term(number(&random)))
    }

    private func body(_ random: inout SplitMix64, isLeader: Bool) -> MessageBody {
        // Proof of a second leader must stop a leader, so leaders are spared messages that only leaders send.
        switch random.next(below: isLeader ? 10 : 14) {
        case 0: .preVoteRequest(VoteRequest(last: position(&random)))
        case 1: .preVoteReply(VoteReply(granted: random.next(below: 2) == 0))
        case 2: .voteRequest(VoteRequest(last: position(&random)))
        case 3: .voteReply(VoteReply(granted: random.next(below: 2) == 0))
        case 4: .appendReply(AppendReply(result: .matched(LogIndex(number(&random)))))
        case 5:
            .appendReply(
                AppendReply(
                    result: .conflict(
                        rejected: LogIndex(number(&random)), hint: position(&random),
                        lastIndex: LogIndex(number(&random)))))
        case 6: .heartbeatReply(HeartbeatReply(round: number(&random)))
        case 7: .readRequest(ReadRequest(context: number(&random)))
        case 8: .readReply(ReadReply(context: number(&random), index: LogIndex(number(&random))))
        case 9:
            .forward(
                ForwardRequest(
                    proposals: [Proposal(id: ProposalID(origin: NodeID(2), nonce: number(&random)), payload: [])]))
        case 10: .heartbeat(Heartbeat(commit: LogIndex(number(&random)), round: number(&random)))
        case 11:
            .snapshotChunk(
                SnapshotChunk(
                    position: position(&random), identifier: 1, offsetBytes: number(&random),
                    totalBytes: number(&random), checksum: 0, fileDigest: [], bytes: []))
        default: .append(append(&random))
        }
    }

    private func append(_ random: inout SplitMix64) -> AppendRequest {
        let previous = position(&random)
        var entries: [Entry] = []
        var index = previous.index
        for _ in 0..<random.next(below: 4) {
            index = random.next(below: 10) == 0 ? LogIndex(number(&random)) : LogIndex(index.rawValue &+ 1)
            entries.append(Entry(index: index, term: Term(number(&random)), kind: .command))
        }
        return AppendRequest(previous: previous, entries: entries, commit: LogIndex(number(&random)))
    }

    @Test func `random messages stop nobody and break no invariant of a single core`() {
        for seed: UInt64 in 1...150 {
            var random = SplitMix64(seed: seed)
            var node = CoreDriver(terms: [1, 1, 2], term: 2, commit: 1, options: TestCluster.smallOptions)
            if seed % 3 == 0 { node.lead() }
            for _ in 0..<300 {
                let term = random.next(below: 3) == 0 ? number(&random) : node.core.term.rawValue
                let content = body(&random, isLeader: node.core.role == .leader)
                let from = UInt64(random.next(below: 5))
                let commit = node.core.commit
                node.receive(content, from: from, term: term)
                #expect(node.core.commit >= commit)
                if random.next(below: 4) == 0 { node.tick() }
                if random.next(below: 8) == 0 { node.step(.read(ReadID(random.next()))) }
                if random.next(below: 8) == 0 { node.propose(random.next() >> 1) }
            }
        }
    }
}
