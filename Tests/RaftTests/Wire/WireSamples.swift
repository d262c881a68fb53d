/// Seeded messages of every kind, for the tests of the wire.

import Raft

/// SplitMix64: small, seeded, the same everywhere.
struct WireRandom: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
    /// Small, large and extreme numbers alike.
    mutating func number() -> UInt64 {
        switch next() % 4 {
        case 0: next() % 8
        case 1: next() >> (next() % 64)
        case 2: UInt64.max - next() % 3
        default: next()
        }
    }
}

enum WireSamples {
    /// Number of different shapes that `message` makes.
    static let kinds = 19

    static func message(kind: Int, payloadBytesMax: Int = 40, random: inout WireRandom) -> RaftMessage {
        RaftMessage(
            from: NodeID(random.number()), to: NodeID(random.number()), term: Term(random.number()),
            incarnation: random.number(), body: body(kind: kind, payloadBytesMax: payloadBytesMax, random: &random))
    }

    static func position(_ random: inout WireRandom) -> LogPosition {
        LogPosition(index: LogIndex(random.number()), term: Term(random.number()))
    }

    static func proposal(_ random: inout WireRandom) -> ProposalID {
        ProposalID(origin: NodeID(random.number()), nonce: random.number())
    }

    static func entry(payloadBytesMax: Int, random: inout WireRandom) -> Entry {
        let kind = EntryKind.allCases[Int(random.next() % UInt64(EntryKind.allCases.count))]
        let payload = random.bytes(Int(random.next() % UInt64(payloadBytesMax + 1)))
        return Entry(
            index: LogIndex(random.number()), term: Term(random.number()), kind: kind,
            proposal: proposal(&random), payload: payload)
    }

    private static func body(kind: Int, payloadBytesMax: Int, random: inout WireRandom) -> MessageBody {
        let flag = random.next() % 2 == 0
        let count = Int(random.next() % 4)
        switch kind {
        case 0: return .preVoteRequest(VoteRequest(last: position(&random), isTransfer: flag))
        case 1: return .preVoteReply(VoteReply(granted: flag, isRemoved: count % 2 == 0))
        case 2: return .voteRequest(VoteRequest(last: position(&random), isTransfer: flag))
        case 3: return .voteReply(VoteReply(granted: flag, isRemoved: count % 2 == 0))
        case 4:
            let entries = (0..<count).map { _ in entry(payloadBytesMax: payloadBytesMax, random: &random) }
            return .append(
                AppendRequest(
                    previous: position(&random), entries: entries, commit: LogIndex(random.number())))
        case 5: return .appendReply(AppendReply(result: .matched(LogIndex(random.number()))))
        case 6:
            return .appendReply(
                AppendReply(
                    result: .conflict(
                        rejected: LogIndex(random.number()), hint: position(&random),
                        lastIndex: LogIndex(random.number()))))
        case 7:
            return .heartbeat(
                Heartbeat(
                    commit: LogIndex(random.number()), round: random.number(), sent: LogIndex(random.number())))
        case 8:
            let level = UInt16(truncatingIfNeeded: random.next())
            return .heartbeatReply(
                HeartbeatReply(
                    round: random.number(), featureLevelMax: level, matched: LogIndex(random.number()), hasNoRoom: flag,
                    storageIsLow: count % 2 == 0, promiseNanoseconds: random.number()))
        case 9:
            let proposals = (0..<count).map { _ in
                let length = Int(random.next() % UInt64(payloadBytesMax + 1))
                return Proposal(
                    id: proposal(&random), kind: flag ? .command : .membershipChange, payload: random.bytes(length))
            }
            return .forward(ForwardRequest(proposals: proposals))
        case 10:
            let reasons = RefusalReason.allCases
            let reason = reasons[Int(random.next() % UInt64(reasons.count))]
            return .forwardRefused(
                ForwardRefusal(proposals: (0..<count).map { _ in proposal(&random) }, reason: reason))
        case 11: return .readRequest(ReadRequest(context: random.number()))
        case 12: return .readReply(ReadReply(context: random.number(), index: LogIndex(random.number())))
        case 13: return .readReply(ReadReply(context: random.number(), index: nil))
        case 14:
            let bytes = random.bytes(Int(random.next() % UInt64(payloadBytesMax + 1)))
            return .snapshotChunk(
                SnapshotChunk(
                    position: position(&random), identifier: random.number(), offsetBytes: random.number(),
                    totalBytes: random.number(), checksum: UInt32(truncatingIfNeeded: random.next()),
                    fileDigest: random.bytes(flag ? 32 : 0), bytes: bytes))
        case 15: return .timeoutNow
        case 16: return .transferRequest(target: NodeID(random.number()))
        case 17: return .transferRequest(target: nil)
        default:
            return .snapshotReply(
                SnapshotReply(
                    identifier: random.number(), nextOffsetBytes: random.number(), installed: flag,
                    refused: random.next() % 2 == 0))
        }
    }
}
