/// Writing messages. Every field goes straight to its place; payloads are copied once, as a block.

extension MessageCodec {
    /// Encodes a message into memory of exactly `encodedBytes(message, layout:)` bytes. What an older layout does not have
    /// is left out; it reads back as not told.
    static func encode(_ message: Message, layout: UInt8, into target: UnsafeMutableRawBufferPointer) {
        var writer = ByteWriter(target)
        writer.uint8(type(of: message.body).rawValue)
        writer.uint8(layout)
        writer.uint64(message.from.rawValue)
        writer.uint64(message.to.rawValue)
        writer.uint64(message.term.rawValue)
        writer.uint64(message.incarnation)
        encode(message.body, layout: layout, to: &writer)
        writer.finish()
    }

    private static func type(of body: MessageBody) -> MessageType {
        switch body {
        case .preVoteRequest: .preVoteRequest
        case .preVoteReply: .preVoteReply
        case .voteRequest: .voteRequest
        case .voteReply: .voteReply
        case .append: .append
        case .appendReply: .appendReply
        case .heartbeat: .heartbeat
        case .heartbeatReply: .heartbeatReply
        case .forward: .forward
        case .forwardRefused: .forwardRefused
        case .readRequest: .readRequest
        case .readReply: .readReply
        case .snapshotChunk: .snapshotChunk
        case .snapshotReply: .snapshotReply
        case .timeoutNow: .timeoutNow
        case .transferRequest: .transferRequest
        }
    }

    private static func encode(_ body: MessageBody, layout: UInt8, to writer: inout ByteWriter) {
        switch body {
        case .preVoteRequest(let request), .voteRequest(let request):
            encode(request.last, to: &writer)
            writer.boolean(request.isTransfer)
        case .preVoteReply(let reply), .voteReply(let reply):
            encode(reply, layout: layout, to: &writer)
        case .append(let request):
            encode(request, to: &writer)
        case .appendReply(let reply):
            encode(reply, to: &writer)
        case .heartbeat(let heartbeat):
            writer.uint64(heartbeat.commit.rawValue)
            writer.uint64(heartbeat.round)
            if layout >= 3 { writer.uint64(heartbeat.sent.rawValue) }
        case .heartbeatReply(let reply):
            encode(reply, layout: layout, to: &writer)
        case .forward(let request):
            writer.uint32(UInt32(request.proposals.count))
            for proposal in request.proposals {
                encode(proposal.id, to: &writer)
                writer.uint8(proposal.kind.rawValue)
                writer.uint32(UInt32(proposal.payload.count))
                writer.bytes(proposal.payload)
            }
        case .forwardRefused(let refusal):
            writer.uint8(refusal.reason.rawValue)
            writer.uint32(UInt32(refusal.proposals.count))
            for proposal in refusal.proposals { encode(proposal, to: &writer) }
        case .readRequest(let request):
            writer.uint64(request.context)
        case .readReply(let reply):
            writer.uint64(reply.context)
            writer.boolean(reply.index != nil)
            if let index = reply.index { writer.uint64(index.rawValue) }
        case .snapshotChunk(let chunk):
            encode(chunk, to: &writer)
        case .snapshotReply(let reply):
            writer.uint64(reply.identifier)
            writer.uint64(reply.nextOffsetBytes)
            writer.boolean(reply.installed)
            writer.boolean(reply.refused)
        case .timeoutNow:
            break
        case .transferRequest(let target):
            writer.boolean(target != nil)
            if let target { writer.uint64(target.rawValue) }
        }
    }

    private static func encode(_ reply: VoteReply, layout: UInt8, to writer: inout ByteWriter) {
        writer.uint8((reply.granted ? 1 : 0) | (reply.isRemoved && layout >= 3 ? 2 : 0))
    }

    private static func encode(_ reply: HeartbeatReply, layout: UInt8, to writer: inout ByteWriter) {
        writer.uint64(reply.round)
        writer.uint16(reply.featureLevelMax)
        guard layout >= 3 else { return }
        writer.uint64(reply.matched.rawValue)
        writer.uint8((reply.hasNoRoom ? 1 : 0) | (reply.storageIsLow ? 2 : 0))
        writer.uint64(reply.promiseNanoseconds)
    }

    private static func encode(_ position: LogPosition, to writer: inout ByteWriter) {
        writer.uint64(position.index.rawValue)
        writer.uint64(position.term.rawValue)
    }

    private static func encode(_ proposal: ProposalID, to writer: inout ByteWriter) {
        writer.uint64(proposal.origin.rawValue)
        writer.uint64(proposal.nonce)
    }

    private static func encode(_ request: AppendRequest, to writer: inout ByteWriter) {
        encode(request.previous, to: &writer)
        writer.uint64(request.commit.rawValue)
        writer.uint32(UInt32(request.entries.count))
        for entry in request.entries {
            writer.uint64(entry.index.rawValue)
            writer.uint64(entry.term.rawValue)
            writer.uint8(entry.kind.rawValue)
            encode(entry.proposal, to: &writer)
            writer.uint32(UInt32(entry.payload.count))
            writer.bytes(entry.payload)
        }
    }

    private static func encode(_ reply: AppendReply, to writer: inout ByteWriter) {
        switch reply.result {
        case .matched(let index):
            writer.uint8(0)
            writer.uint64(index.rawValue)
        case .conflict(let rejected, let hint, let lastIndex):
            writer.uint8(1)
            writer.uint64(rejected.rawValue)
            encode(hint, to: &writer)
            writer.uint64(lastIndex.rawValue)
        }
    }

    private static func encode(_ chunk: SnapshotChunk, to writer: inout ByteWriter) {
        encode(chunk.position, to: &writer)
        writer.uint64(chunk.identifier)
        writer.uint64(chunk.offsetBytes)
        writer.uint64(chunk.totalBytes)
        writer.uint32(chunk.checksum)
        writer.uint8(UInt8(chunk.fileDigest.count))
        writer.bytes(chunk.fileDigest)
        writer.uint16(chunk.format)
        writer.uint32(UInt32(chunk.bytes.count))
        writer.bytes(chunk.bytes)
    }
}
