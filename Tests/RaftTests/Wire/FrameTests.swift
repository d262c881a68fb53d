/// Frames in every way a network can cut and damage them.

import Raft
import Testing

@Suite("Frames")
struct FrameTests {
    /// Feeds `bytes` in pieces and returns the bodies.
    static func bodies(
        _ bytes: [UInt8], pieceBytes: Int, decoder: inout FrameDecoder
    ) throws -> [[UInt8]] {
        var bodies: [[UInt8]] = []
        var offset = 0
        while offset < bytes.count {
            let end = min(bytes.count, offset + pieceBytes)
            try bytes[offset..<end].withUnsafeBytes { piece in
                try decoder.feed(piece) { body throws(WireError) in bodies.append([UInt8](body)) }
            }
            offset = end
        }
        return bodies
    }

    @Test("frames come out the same whether they arrive byte by byte, in odd pieces or at once")
    func chopping() throws {
        var random = WireRandom(seed: 11)
        let messages = (0..<60).map { WireSamples.message(kind: $0 % WireSamples.kinds, random: &random) }
        let stream = try messages.flatMap { try MessageCodec.frame($0) }
        for piece in [1, 2, 3, 7, 8, 9, 64, 1_000, stream.count] {
            var decoder = FrameDecoder()
            let bodies = try FrameTests.bodies(stream, pieceBytes: piece, decoder: &decoder)
            #expect(try bodies.map { try MessageCodec.decode($0) } == messages)
            #expect(decoder.unfinishedBytes == 0)
        }
    }

    @Test("a frame made from a body equals the frame made from its message")
    func encodings() throws {
        var random = WireRandom(seed: 12)
        let message = WireSamples.message(kind: 4, random: &random)
        #expect(try MessageCodec.frame(message) == Frame.encode(MessageCodec.encode(message)))
    }

    @Test("the header is the length and the CRC32C of the body, little-endian")
    func header() throws {
        // "123456789" has the check value 0xE3069283 (RFC 3720 appendix B.4 defines the polynomial).
        let frame = try Frame.encode(Array("123456789".utf8))
        #expect(Array(frame[..<8]) == [9, 0, 0, 0, 0x83, 0x92, 0x06, 0xE3])
    }

    @Test("every single flipped bit of a frame is noticed")
    func bitFlips() throws {
        var random = WireRandom(seed: 13)
        for kind in 0..<WireSamples.kinds {
            let frame = try MessageCodec.frame(
                WireSamples.message(kind: kind, payloadBytesMax: 24, random: &random))
            for bit in 0..<frame.count * 8 {
                var damaged = frame
                damaged[bit / 8] ^= 1 << UInt8(bit % 8)
                var decoder = FrameDecoder(bodyBytesMax: 1 << 20)
                do {
                    let bodies = try FrameTests.bodies(damaged, pieceBytes: damaged.count, decoder: &decoder)
                    // A length that grew waits for more bytes; whatever follows will not match the checksum.
                    #expect(bodies.isEmpty && decoder.unfinishedBytes == damaged.count)
                } catch let error as WireError {
                    switch error {
                    case .checksumMismatch, .frameTooLarge, .emptyFrame: continue
                    default: Issue.record("unexpected: \(error)")
                    }
                }
            }
        }
    }

    @Test("a length beyond the limit is refused at its header, and the decoder stays refused")
    func tooLong() throws {
        var decoder = FrameDecoder(bodyBytesMax: 1_024)
        let expected = WireError.frameTooLarge(bytes: 1_025, bytesMax: 1_024)
        #expect(throws: expected) {
            try FrameTests.bodies([0x01, 0x04, 0, 0, 0, 0, 0, 0], pieceBytes: 3, decoder: &decoder)
        }
        let good = try Frame.encode([1, 2, 3])
        #expect(throws: expected) { try FrameTests.bodies(good, pieceBytes: good.count, decoder: &decoder) }
        #expect(throws: expected) { try Frame.encode([UInt8](repeating: 0, count: 1_025), bodyBytesMax: 1_024) }
    }

    @Test("a frame without a body is refused")
    func empty() {
        var decoder = FrameDecoder()
        #expect(throws: WireError.emptyFrame) {
            try FrameTests.bodies([UInt8](repeating: 0, count: 8), pieceBytes: 8, decoder: &decoder)
        }
        #expect(throws: WireError.emptyFrame) { try Frame.encode([]) }
    }

    @Test("an error of the receiver of a body stops the stream")
    func receiverError() throws {
        let stream = try Frame.encode([9]) + Frame.encode([8])
        var decoder = FrameDecoder()
        var calls = 0
        for _ in 0..<2 {
            #expect(throws: WireError.unknownType(9)) {
                try stream.withUnsafeBytes { bytes in
                    try decoder.feed(bytes) { body throws(WireError) in
                        calls += 1
                        throw .unknownType(body[0])
                    }
                }
            }
        }
        #expect(calls == 1)
    }

    @Test("random streams never crash the decoder")
    func randomStreams() {
        var random = WireRandom(seed: 14)
        for _ in 0..<5_000 {
            var bytes = random.bytes(Int(random.next() % 64))
            if bytes.count > 3, random.next() % 2 == 0 { bytes.replaceSubrange(1...3, with: [0, 0, 0]) }
            var decoder = FrameDecoder(bodyBytesMax: 4_096)
            do {
                _ = try FrameTests.bodies(bytes, pieceBytes: 5, decoder: &decoder)
                #expect(decoder.unfinishedBytes <= bytes.count)
            } catch {
                #expect(error is WireError)
            }
        }
    }
}
