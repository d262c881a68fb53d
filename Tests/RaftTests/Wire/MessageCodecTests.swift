/// The codec against generated, cut, flipped and random bytes.

import Raft
import Testing

@Suite("Message codec")
struct MessageCodecTests {
    @Test("every kind of message survives encoding and decoding")
    func roundTrip() throws {
        var random = WireRandom(seed: 1)
        for kind in 0..<WireSamples.kinds {
            for _ in 0..<200 {
                let message = WireSamples.message(kind: kind, random: &random)
                let bytes = try MessageCodec.encode(message)
                #expect(bytes.count == MessageCodec.encodedBytes(message))
                #expect(try MessageCodec.decode(bytes) == message)
            }
        }
    }

    @Test("the samples cover every case of MessageBody, which numbers its types 1 to 16")
    func typeNumbers() throws {
        var random = WireRandom(seed: 2)
        var types: Set<UInt8> = []
        for kind in 0..<WireSamples.kinds {
            types.insert(try MessageCodec.encode(WireSamples.message(kind: kind, random: &random))[0])
        }
        #expect(types == Set(1...16))
    }

    @Test("the bytes of a vote request are those of the documented format")
    func knownBytes() throws {
        let message = RaftMessage(
            from: NodeID(1), to: NodeID(0x0203), term: Term(4), incarnation: 0x0908,
            body: .voteRequest(
                VoteRequest(last: LogPosition(index: LogIndex(5), term: Term(0x0607)), isTransfer: true)))
        let zeros = [UInt8](repeating: 0, count: 7)
        let start: [UInt8] = [3, 3] + [1] + zeros + [3, 2] + zeros.dropLast()
        let header: [UInt8] = start + [4] + zeros + [8, 9] + zeros.dropLast()
        let expected: [UInt8] = header + [5] + zeros + [7, 6] + zeros.dropLast() + [1]
        #expect(try MessageCodec.encode(message) == expected)
    }

    @Test("to a build that speaks layout 2 goes what that layout has, and what it sends is read")
    func layoutBefore() throws {
        let reply = HeartbeatReply(
            round: 7, featureLevelMax: 1, matched: LogIndex(9), hasNoRoom: true, storageIsLow: true,
            promiseNanoseconds: 5)
        let pairs: [(MessageBody, MessageBody, bytes: Int)] = [
            (
                .heartbeat(Heartbeat(commit: LogIndex(1), round: 2, sent: LogIndex(3))),
                .heartbeat(Heartbeat(commit: LogIndex(1), round: 2)), 50
            ),
            (.heartbeatReply(reply), .heartbeatReply(HeartbeatReply(round: 7, featureLevelMax: 1)), 44),
            (.voteReply(VoteReply(granted: false, isRemoved: true)), .voteReply(VoteReply(granted: false)), 35),
            (.preVoteReply(VoteReply(granted: true)), .preVoteReply(VoteReply(granted: true)), 35),
        ]
        for (body, expected, count) in pairs {
            var message = RaftMessage(from: NodeID(1), to: NodeID(2), term: Term(3), incarnation: 4, body: body)
            let bytes = try MessageCodec.encode(message, layout: 2)
            #expect(bytes.count == count && bytes[1] == 2)
            #expect(MessageCodec.encodedBytes(message, layout: 2) == count)
            message.body = expected
            #expect(try MessageCodec.decode(bytes) == message)
            if case .voteReply = body {
                #expect(throws: WireError.invalidValue(field: "granted", value: 2)) {
                    try MessageCodec.decode(Array(bytes.dropLast()) + [2])
                }
            }
        }
        #expect(MessageCodec.layout(protocolVersion: 2) == 2 && MessageCodec.layout(protocolVersion: 3) == 3)
    }

    @Test("every truncation of a valid message is an error")
    func truncation() throws {
        var random = WireRandom(seed: 3)
        for kind in 0..<WireSamples.kinds {
            for _ in 0..<5 {
                let bytes = try MessageCodec.encode(WireSamples.message(kind: kind, random: &random))
                for length in 0..<bytes.count {
                    #expect(throws: WireError.self) { try MessageCodec.decode(Array(bytes[..<length])) }
                }
            }
        }
    }

    @Test("bytes behind a message are an error that counts them")
    func trailing() throws {
        var random = WireRandom(seed: 4)
        for kind in 0..<WireSamples.kinds {
            let bytes = try MessageCodec.encode(WireSamples.message(kind: kind, random: &random))
            #expect(throws: WireError.trailingBytes(count: 3)) { try MessageCodec.decode(bytes + [0, 0, 0]) }
        }
    }

    @Test("an unknown type and an unknown layout version are errors that name them")
    func unknown() throws {
        var random = WireRandom(seed: 5)
        var bytes = try MessageCodec.encode(WireSamples.message(kind: 7, random: &random))
        bytes[1] = 1
        #expect(throws: WireError.unknownVersion(1)) { try MessageCodec.decode(bytes) }
        for type in [UInt8(0), 17, 0xF0, 255] {
            bytes[0] = type
            #expect(throws: WireError.unknownType(type)) { try MessageCodec.decode(bytes) }
        }
        #expect("\(WireError.unknownType(99))" == "unknown message type 99")
    }

    @Test("counts and lengths beyond the remaining bytes are refused before anything is allocated")
    func hugeCounts() throws {
        let none = LogPosition.zero
        let append = RaftMessage(
            from: NodeID(1), to: NodeID(2), term: Term(1),
            body: .append(
                AppendRequest(
                    previous: none, entries: [Entry(index: LogIndex(1), term: Term(1), kind: .noop)],
                    commit: .zero)))
        var bytes = try MessageCodec.encode(append)
        for offset in 58..<62 { bytes[offset] = 0xFF }
        #expect(
            throws: WireError.countTooLarge(field: "append.entries", count: 0xFFFF_FFFF, countMax: 1)
        ) { try MessageCodec.decode(bytes) }
        bytes.replaceSubrange(58..<62, with: [2, 0, 0, 0])
        #expect(throws: WireError.countTooLarge(field: "append.entries", count: 2, countMax: 1)) {
            try MessageCodec.decode(bytes)
        }
        bytes = try MessageCodec.encode(append)
        for offset in (bytes.count - 4)..<bytes.count { bytes[offset] = 0xFF }
        #expect(
            throws: WireError.countTooLarge(field: "entry.payload", count: 0xFFFF_FFFF, countMax: 0)
        ) { try MessageCodec.decode(bytes) }
    }

    @Test("a message larger than the frame limit is refused at encoding")
    func tooLarge() {
        let payload = [UInt8](repeating: 7, count: 2_000)
        let message = RaftMessage(
            from: NodeID(1), to: NodeID(2), term: Term(1),
            body: .forward(ForwardRequest(proposals: [Proposal(id: .none, payload: payload)])))
        #expect(throws: WireError.frameTooLarge(bytes: 2_059, bytesMax: 2_058)) {
            try MessageCodec.frame(message, bodyBytesMax: 2_058)
        }
        let chunk = SnapshotChunk(
            position: .zero, identifier: 1, offsetBytes: 0, totalBytes: 0, checksum: 0,
            fileDigest: [UInt8](repeating: 0, count: 65), bytes: [])
        #expect(throws: WireError.fieldTooLong(field: "snapshotChunk.fileDigest", bytes: 65, bytesMax: 64)) {
            try MessageCodec.encode(
                RaftMessage(from: NodeID(1), to: NodeID(2), term: Term(1), body: .snapshotChunk(chunk)))
        }
    }

    @Test("100 000 random byte strings decode to an error or to a message with exactly these bytes")
    func randomBytes() throws {
        var random = WireRandom(seed: 6)
        var decoded = 0
        for round in 0..<100_000 {
            var bytes = random.bytes(Int(random.next() % 96))
            // Three of four get far enough in to reach the fields.
            if round % 4 != 0, bytes.count > 1 {
                bytes[0] = UInt8(1 + random.next() % 16)
                bytes[1] = MessageCodec.version
            }
            do throws(WireError) {
                let message = try MessageCodec.decode(bytes)
                decoded += 1
                #expect(try MessageCodec.encode(message) == bytes)
            } catch {
                if error.description.isEmpty { Issue.record("an error without words: \(error)") }
            }
        }
        #expect(decoded > 0)
    }

    @Test("damaged messages decode to an error or to a message with exactly these bytes")
    func damage() throws {
        var random = WireRandom(seed: 7)
        for round in 0..<10_000 {
            var bytes = try MessageCodec.encode(
                WireSamples.message(kind: round % WireSamples.kinds, random: &random))
            for _ in 0...(random.next() % 3) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            do throws(WireError) {
                let message = try MessageCodec.decode(bytes)
                let again = try MessageCodec.encode(message)
                if again != bytes { Issue.record("two encodings of \(message)") }
            } catch { continue }
        }
    }
}
