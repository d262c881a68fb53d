/// Reading messages from bytes that may be anything. Every count is checked against the bytes that are left before
/// memory for it is reserved, so a message never costs more memory than a small multiple of its own size.

extension MessageCodec {
    /// Decodes one message, which must fill `bytes` exactly.
    ///
    /// - Throws: what is wrong, naming the field.
    public static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Message {
        var reader = ByteReader(bytes)
        let code = try reader.uint8("type")
        guard let type = MessageType(rawValue: code) else { throw .unknownType(code) }
        let layout = try reader.uint8("version")
        guard layout >= versionMin, layout <= version else { throw .unknownVersion(layout) }
        let from = NodeID(try reader.uint64("from"))
        let to = NodeID(try reader.uint64("to"))
        let term = Term(try reader.uint64("term"))
        let incarnation = try reader.uint64("incarnation")
        let body = try decodeBody(type, layout: layout, from: &reader)
        try reader.finish()
        return Message(from: from, to: to, term: term, incarnation: incarnation, body: body)
    }

    /// Decodes one message, which must fill `bytes` exactly.
    public static func decode(_ bytes: [UInt8]) throws(WireError) -> Message {
        let result: Result<Message, WireError> = bytes.withUnsafeBytes { pointer in
            do throws(WireError) { return .success(try decode(pointer)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private static func decodeBody(
        _ type: MessageType, layout: UInt8, from reader: inout ByteReader
    ) throws(WireError) -> MessageBody {
        switch type {
        case .preVoteRequest: return .preVoteRequest(try voteRequest(&reader))
        case .voteRequest: return .voteRequest(try voteRequest(&reader))
        case .preVoteReply: return .preVoteReply(try voteReply(&reader, layout: layout))
        case .voteReply: return .voteReply(try voteReply(&reader, layout: layout))
        case .append: return .append(try appendRequest(&reader))
        case .appendReply: return .appendReply(AppendReply(result: try appendResult(&reader)))
        case .heartbeat:
            let commit = LogIndex(try reader.uint64("heartbeat.commit"))
            let round = try reader.uint64("heartbeat.round")
            let sent = layout < 3 ? .zero : LogIndex(try reader.uint64("heartbeat.sent"))
            return .heartbeat(Heartbeat(commit: commit, round: round, sent: sent))
        case .heartbeatReply: return .heartbeatReply(try heartbeatReply(&reader, layout: layout))
        case .forward: return .forward(ForwardRequest(proposals: try proposals(&reader)))
        case .forwardRefused: return .forwardRefused(try forwardRefusal(&reader))
        case .readRequest: return .readRequest(ReadRequest(context: try reader.uint64("readRequest.context")))
        case .readReply: return .readReply(try readReply(&reader))
        case .snapshotChunk: return .snapshotChunk(try snapshotChunk(&reader))
        case .snapshotReply: return .snapshotReply(try snapshotReply(&reader))
        case .timeoutNow: return .timeoutNow
        case .transferRequest:
            let named = try reader.boolean("transferRequest.hasTarget")
            return .transferRequest(target: named ? NodeID(try reader.uint64("transferRequest.target")) : nil)
        }
    }

    /// A byte of flags; the bits beyond `known` have no meaning yet, and nobody sends them.
    private static func flags(
        _ reader: inout ByteReader, _ field: StaticString, known: UInt8
    ) throws(WireError) -> UInt8 {
        let value = try reader.uint8(field)
        guard value & ~known == 0 else { throw .invalidValue(field: "\(field)", value: UInt64(value)) }
        return value
    }

    private static func voteReply(_ reader: inout ByteReader, layout: UInt8) throws(WireError) -> VoteReply {
        let flags = try flags(&reader, "granted", known: layout < 3 ? 1 : 3)
        return VoteReply(granted: flags & 1 != 0, isRemoved: flags & 2 != 0)
    }

    private static func heartbeatReply(
        _ reader: inout ByteReader, layout: UInt8
    ) throws(WireError) -> HeartbeatReply {
        var reply = HeartbeatReply(round: try reader.uint64("heartbeatReply.round"))
        reply.featureLevelMax = try reader.uint16("heartbeatReply.featureLevelMax")
        guard layout >= 3 else { return reply }
        reply.matched = LogIndex(try reader.uint64("heartbeatReply.matched"))
        let flags = try flags(&reader, "heartbeatReply.flags", known: 3)
        reply.hasNoRoom = flags & 1 != 0
        reply.storageIsLow = flags & 2 != 0
        reply.promiseNanoseconds = try reader.uint64("heartbeatReply.promise")
        return reply
    }

    private static func voteRequest(_ reader: inout ByteReader) throws(WireError) -> VoteRequest {
        let last = try position(&reader, "last.index", "last.term")
        return VoteRequest(last: last, isTransfer: try reader.boolean("isTransfer"))
    }

    private static func position(
        _ reader: inout ByteReader, _ indexField: StaticString, _ termField: StaticString
    ) throws(WireError) -> LogPosition {
        let index = LogIndex(try reader.uint64(indexField))
        return LogPosition(index: index, term: Term(try reader.uint64(termField)))
    }

    private static func proposalID(_ reader: inout ByteReader) throws(WireError) -> ProposalID {
        let origin = NodeID(try reader.uint64("proposal.origin"))
        return ProposalID(origin: origin, nonce: try reader.uint64("proposal.nonce"))
    }

    private static func payload(_ reader: inout ByteReader, _ field: StaticString) throws(WireError) -> [UInt8] {
        try reader.bytes(field, count: try reader.count(field, elementBytesMin: 1))
    }

    private static func appendRequest(_ reader: inout ByteReader) throws(WireError) -> AppendRequest {
        let previous = try position(&reader, "append.previous.index", "append.previous.term")
        let commit = LogIndex(try reader.uint64("append.commit"))
        let count = try reader.count("append.entries", elementBytesMin: entryFixedBytes)
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count { entries.append(try entry(&reader)) }
        return AppendRequest(previous: previous, entries: entries, commit: commit)
    }

    private static func entry(_ reader: inout ByteReader) throws(WireError) -> Entry {
        let position = try position(&reader, "entry.index", "entry.term")
        let code = try reader.uint8("entry.kind")
        guard let kind = EntryKind(rawValue: code) else {
            throw .invalidValue(field: "entry.kind", value: UInt64(code))
        }
        let proposal = try proposalID(&reader)
        return Entry(
            index: position.index, term: position.term, kind: kind, proposal: proposal,
            payload: try payload(&reader, "entry.payload"))
    }

    private static func appendResult(_ reader: inout ByteReader) throws(WireError) -> AppendReply.Result {
        let code = try reader.uint8("appendReply.result")
        switch code {
        case 0:
            return .matched(LogIndex(try reader.uint64("appendReply.matched")))
        case 1:
            let rejected = LogIndex(try reader.uint64("appendReply.rejected"))
            let hint = try position(&reader, "appendReply.hint.index", "appendReply.hint.term")
            return .conflict(
                rejected: rejected, hint: hint, lastIndex: LogIndex(try reader.uint64("appendReply.lastIndex")))
        default:
            throw .invalidValue(field: "appendReply.result", value: UInt64(code))
        }
    }

    private static func proposals(_ reader: inout ByteReader) throws(WireError) -> [Proposal] {
        let count = try reader.count("forward.proposals", elementBytesMin: proposalFixedBytes)
        var proposals: [Proposal] = []
        proposals.reserveCapacity(count)
        for _ in 0..<count {
            let id = try proposalID(&reader)
            let code = try reader.uint8("proposal.kind")
            guard let kind = ProposalKind(rawValue: code) else {
                throw .invalidValue(field: "proposal.kind", value: UInt64(code))
            }
            proposals.append(Proposal(id: id, kind: kind, payload: try payload(&reader, "proposal.payload")))
        }
        return proposals
    }

    private static func forwardRefusal(_ reader: inout ByteReader) throws(WireError) -> ForwardRefusal {
        let code = try reader.uint8("forwardRefused.reason")
        guard let reason = RefusalReason(rawValue: code) else {
            throw .invalidValue(field: "forwardRefused.reason", value: UInt64(code))
        }
        let count = try reader.count("forwardRefused.proposals", elementBytesMin: proposalIDBytes)
        var proposals: [ProposalID] = []
        proposals.reserveCapacity(count)
        for _ in 0..<count { proposals.append(try proposalID(&reader)) }
        return ForwardRefusal(proposals: proposals, reason: reason)
    }

    private static func readReply(_ reader: inout ByteReader) throws(WireError) -> ReadReply {
        let context = try reader.uint64("readReply.context")
        let granted = try reader.boolean("readReply.hasIndex")
        return ReadReply(context: context, index: granted ? LogIndex(try reader.uint64("readReply.index")) : nil)
    }

    private static func snapshotChunk(_ reader: inout ByteReader) throws(WireError) -> SnapshotChunk {
        let position = try position(&reader, "snapshotChunk.position.index", "snapshotChunk.position.term")
        let identifier = try reader.uint64("snapshotChunk.identifier")
        let offset = try reader.uint64("snapshotChunk.offsetBytes")
        let total = try reader.uint64("snapshotChunk.totalBytes")
        let checksum = try reader.uint32("snapshotChunk.checksum")
        let digestBytes = Int(try reader.uint8("snapshotChunk.fileDigest"))
        guard digestBytes <= digestBytesMax else {
            throw .fieldTooLong(field: "snapshotChunk.fileDigest", bytes: digestBytes, bytesMax: digestBytesMax)
        }
        let digest = try reader.bytes("snapshotChunk.fileDigest", count: digestBytes)
        let format = try reader.uint16("snapshotChunk.format")
        return SnapshotChunk(
            position: position, identifier: identifier, offsetBytes: offset, totalBytes: total, checksum: checksum,
            fileDigest: digest, format: format, bytes: try payload(&reader, "snapshotChunk.bytes"))
    }

    private static func snapshotReply(_ reader: inout ByteReader) throws(WireError) -> SnapshotReply {
        let identifier = try reader.uint64("snapshotReply.identifier")
        let next = try reader.uint64("snapshotReply.nextOffsetBytes")
        let installed = try reader.boolean("snapshotReply.installed")
        return SnapshotReply(
            identifier: identifier, nextOffsetBytes: next, installed: installed,
            refused: try reader.boolean("snapshotReply.refused"))
    }
}
