/// The binary form of `Message`, the body of every frame after the handshake. Exact bytes: `docs/wire-format.md`.
///
/// Owns: type numbers, sizes and field order. Fixed little-endian widths, so that the size is known before the first
/// byte is written and payloads are copied once. Must never: check what the core checks (contiguity, terms), accept two
/// encodings of one value, or crash on any input.

public enum MessageCodec {
    /// The newest layout of the messages below.
    public static let version: UInt8 = 3
    /// The oldest that is still read and, to a peer that knows no newer one, written.
    public static let versionMin: UInt8 = 2

    /// The layout that two nodes use which agreed on a protocol version: the numbers go together.
    public static func layout(protocolVersion: UInt16) -> UInt8 {
        UInt8(clamping: max(UInt16(versionMin), min(UInt16(version), protocolVersion)))
    }
    /// Longest snapshot digest that can be carried (SHA-256 has 32, SHA-512 has 64).
    public static let digestBytesMax = 64

    /// Type, version, from, to, term, incarnation.
    static let headerBytes = 34
    /// Index, term, kind, origin, nonce, payload length.
    static let entryFixedBytes = 37
    /// Origin, nonce, kind, payload length.
    static let proposalFixedBytes = 21
    static let proposalIDBytes = 16
    static let positionBytes = 16

    /// First byte of a message. Numbers are never reused; 0xF0 and above are control frames.
    enum MessageType: UInt8 {
        case preVoteRequest = 1
        case preVoteReply = 2
        case voteRequest = 3
        case voteReply = 4
        case append = 5
        case appendReply = 6
        case heartbeat = 7
        case heartbeatReply = 8
        case forward = 9
        case forwardRefused = 10
        case readRequest = 11
        case readReply = 12
        case snapshotChunk = 13
        case snapshotReply = 14
        case timeoutNow = 15
        case transferRequest = 16
    }

    /// Exact size of the encoded message.
    public static func encodedBytes(_ message: Message, layout: UInt8 = version) -> Int {
        headerBytes + bodyBytes(message.body, layout: layout)
    }

    /// Size of the whole frame, after checking that the message can be sent at all.
    ///
    /// - Throws: `.frameTooLarge` or `.fieldTooLong`.
    public static func frameBytes(
        _ message: Message, layout: UInt8 = version, bodyBytesMax: Int = Frame.defaultBodyBytesMax
    ) throws(WireError) -> Int {
        if case .snapshotChunk(let chunk) = message.body, chunk.fileDigest.count > digestBytesMax {
            throw .fieldTooLong(
                field: "snapshotChunk.fileDigest", bytes: chunk.fileDigest.count, bytesMax: digestBytesMax)
        }
        let size = encodedBytes(message, layout: layout)
        guard size <= bodyBytesMax else { throw .frameTooLarge(bytes: size, bytesMax: bodyBytesMax) }
        return Frame.headerBytes + size
    }

    /// Encodes a message as a frame into memory of exactly `frameBytes` bytes.
    public static func encodeFrame(
        _ message: Message, layout: UInt8 = version, into frame: UnsafeMutableRawBufferPointer
    ) {
        encode(message, layout: layout, into: UnsafeMutableRawBufferPointer(rebasing: frame[Frame.headerBytes...]))
        Frame.seal(frame)
    }

    /// A message as one frame.
    ///
    /// - Throws: `.frameTooLarge` or `.fieldTooLong`.
    public static func frame(
        _ message: Message, layout: UInt8 = version, bodyBytesMax: Int = Frame.defaultBodyBytesMax
    ) throws(WireError) -> [UInt8] {
        let size = try frameBytes(message, layout: layout, bodyBytesMax: bodyBytesMax)
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
            encodeFrame(message, layout: layout, into: UnsafeMutableRawBufferPointer(buffer))
            initialized = size
        }
    }

    /// A message without frame.
    ///
    /// - Throws: `.frameTooLarge` (at `Frame.largestBodyBytesMax`) or `.fieldTooLong`.
    public static func encode(_ message: Message, layout: UInt8 = version) throws(WireError) -> [UInt8] {
        let size =
            try frameBytes(message, layout: layout, bodyBytesMax: Frame.largestBodyBytesMax) - Frame.headerBytes
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
            encode(message, layout: layout, into: UnsafeMutableRawBufferPointer(buffer))
            initialized = size
        }
    }

    private static func bodyBytes(_ body: MessageBody, layout: UInt8) -> Int {
        switch body {
        case .preVoteRequest, .voteRequest: return positionBytes + 1
        case .preVoteReply, .voteReply: return 1
        case .append(let request):
            var total = positionBytes + 8 + 4 + request.entries.count * entryFixedBytes
            for entry in request.entries { total += entry.payload.count }
            return total
        case .appendReply(let reply):
            switch reply.result {
            case .matched: return 1 + 8
            case .conflict: return 1 + 8 + positionBytes + 8
            }
        case .heartbeat: return layout < 3 ? 16 : 16 + 8
        case .heartbeatReply: return layout < 3 ? 8 + 2 : 8 + 2 + 8 + 1 + 8
        case .forward(let request):
            var total = 4 + request.proposals.count * proposalFixedBytes
            for proposal in request.proposals { total += proposal.payload.count }
            return total
        case .forwardRefused(let refusal): return 1 + 4 + refusal.proposals.count * proposalIDBytes
        case .readRequest: return 8
        case .readReply(let reply): return 8 + 1 + (reply.index == nil ? 0 : 8)
        case .snapshotChunk(let chunk):
            return positionBytes + 8 + 8 + 8 + 4 + 1 + chunk.fileDigest.count + 2 + 4 + chunk.bytes.count
        case .snapshotReply: return 8 + 8 + 1 + 1
        case .timeoutNow: return 0
        case .transferRequest(let target): return 1 + (target == nil ? 0 : 8)
        }
    }
}
