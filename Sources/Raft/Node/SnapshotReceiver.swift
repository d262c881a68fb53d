/// Puts an incoming snapshot together, one piece at a time, and asks for the next; at the end it is verified and
/// installed on the apply lane. What is stored durably outlives the transfer and the process: a later transfer of the
/// same file goes on behind it.
///
/// Owns: the progress of the one transfer under way, on the core lane. Must never: accept a piece out of order, of
/// another snapshot or with a wrong checksum; acknowledge a piece before it is stored.
struct SnapshotReceiver {
    struct Incoming: Equatable {
        var from: NodeID
        var identifier: UInt64
        var content: IncomingSnapshot
        var nextOffsetBytes: UInt64
        var storing: Bool
        var installing: Bool
    }
    struct Piece: Equatable {
        var offsetBytes: UInt64
        var bytes: [UInt8]
    }
    enum Action {
        /// Find out what is stored of this content, store the piece if it is the next one, and say what is next.
        case begin(identifier: UInt64, content: IncomingSnapshot, piece: Piece?)
        case store(identifier: UInt64, piece: Piece)
        case install(identifier: UInt64, content: IncomingSnapshot)
        case reply(to: NodeID, SnapshotReply)
        case discard(identifier: UInt64)
        /// For people.
        case problem(String)
    }

    private(set) var incoming: Incoming?

    /// - Parameters:
    ///   - commit: what this node has committed; nothing older is taken.
    ///   - applied: what this node has applied, and so has on its disk.
    ///   - formats: the snapshot formats that the state machine can install.
    ///   - hasRoom: false while the disk is nearly full. Nothing more is stored then, not even of a transfer under way:
    ///     the file would take the room that votes and configurations need.
    mutating func chunk(
        _ chunk: SnapshotChunk, from: NodeID, commit: LogIndex, applied: LogIndex, formats: ClosedRange<UInt16>,
        hasRoom: Bool
    ) -> [Action] {
        if incoming?.identifier != chunk.identifier || incoming?.from != from {
            return begin(chunk, from: from, commit: commit, applied: applied, formats: formats, hasRoom: hasRoom)
        }
        guard var current = incoming, !current.storing, !current.installing else { return [] }
        guard hasRoom else {
            // What is stored stays: the transfer goes on behind it when there is room again.
            incoming = nil
            return [noRoom(chunk, from), refuse(current.identifier, to: from)]
        }
        guard chunk.offsetBytes == current.nextOffsetBytes, chunk.content == current.content, let piece = whole(chunk)
        else { return [ask(current.identifier, from, offset: current.nextOffsetBytes)] }
        current.storing = true
        incoming = current
        return [.store(identifier: current.identifier, piece: piece)]
    }

    /// The first piece of a transfer that this node does not know. It need not be the first of the file.
    private mutating func begin(
        _ chunk: SnapshotChunk, from: NodeID, commit: LogIndex, applied: LogIndex, formats: ClosedRange<UInt16>,
        hasRoom: Bool
    ) -> [Action] {
        // A piece on its way to the disk or an install must be heard of first; its end names only the identifier, which
        // another sender may use as well. The new sender will repeat itself.
        guard incoming?.storing != true, incoming?.installing != true else { return [] }
        // Identifiers of one sender grow: this is a late piece of a transfer that it gave up.
        if let current = incoming, current.from == from, chunk.identifier < current.identifier { return [] }
        // This node holds all of it already; only its answer to the entries was lost. A mere refusal would leave the leader,
        // whose log begins after the snapshot, with nothing to offer but the same one again, for ever.
        if chunk.position.index <= applied { return [done(chunk.identifier, chunk.content.totalBytes, to: from)] }
        // The snapshot is not needed any more (catalogue bug 55).
        guard chunk.position.index > commit else { return [refuse(chunk.identifier, to: from)] }
        guard hasRoom else { return [noRoom(chunk, from), refuse(chunk.identifier, to: from)] }
        guard formats.contains(chunk.format) else {
            let problem =
                "\(from) sends a snapshot of format \(chunk.format); this build reads formats \(formats.lowerBound) to "
                + "\(formats.upperBound): run the same version on both"
            return [.problem(problem), refuse(chunk.identifier, to: from)]
        }
        guard chunk.totalBytes > 0 else { return [refuse(chunk.identifier, to: from)] }
        var actions: [Action] = []
        if let old = incoming, old.content != chunk.content { actions.append(.discard(identifier: old.identifier)) }
        incoming = Incoming(
            from: from, identifier: chunk.identifier, content: chunk.content, nextOffsetBytes: 0, storing: true,
            installing: false)
        return actions + [.begin(identifier: chunk.identifier, content: chunk.content, piece: whole(chunk))]
    }

    private func noRoom(_ chunk: SnapshotChunk, _ from: NodeID) -> Action {
        .problem(
            "\(from) sends a snapshot of \(chunk.totalBytes) bytes, which waits: the disk of this node is nearly full")
    }

    /// The bytes of a chunk, if they are what was sent and lie within the file.
    private func whole(_ chunk: SnapshotChunk) -> Piece? {
        let (end, isBeyond) = chunk.offsetBytes.addingReportingOverflow(UInt64(chunk.bytes.count))
        guard !isBeyond, end <= chunk.totalBytes, !chunk.bytes.isEmpty, Checksum.crc32c(chunk.bytes) == chunk.checksum
        else { return nil }
        return Piece(offsetBytes: chunk.offsetBytes, bytes: chunk.bytes)
    }

    /// A piece is stored, or a beginning is made: `nextOffsetBytes` is where the next piece goes.
    mutating func stored(identifier: UInt64, nextOffsetBytes: UInt64, problem: String?) -> [Action] {
        guard var current = incoming, current.identifier == identifier, current.storing else { return [] }
        current.storing = false
        if let problem {
            incoming = nil
            return [.problem(problem), .discard(identifier: identifier), refuse(identifier, to: current.from)]
        }
        current.nextOffsetBytes = nextOffsetBytes
        let isComplete = nextOffsetBytes == current.content.totalBytes
        current.installing = isComplete
        incoming = current
        let ask = ask(identifier, current.from, offset: nextOffsetBytes)
        return isComplete ? [ask, .install(identifier: identifier, content: current.content)] : [ask]
    }

    mutating func installFinished(identifier: UInt64, installed: Bool, problem: String?) -> [Action] {
        guard let current = incoming, current.identifier == identifier else { return [] }
        incoming = nil
        guard installed else {
            let notes: [Action] = problem.map { [.problem($0)] } ?? []
            return notes + [.discard(identifier: identifier), refuse(identifier, to: current.from)]
        }
        return [done(identifier, current.content.totalBytes, to: current.from)]
    }

    private func done(_ identifier: UInt64, _ totalBytes: UInt64, to node: NodeID) -> Action {
        let reply = SnapshotReply(
            identifier: identifier, nextOffsetBytes: totalBytes, installed: true, refused: false)
        return .reply(to: node, reply)
    }

    private func ask(_ identifier: UInt64, _ to: NodeID, offset: UInt64) -> Action {
        .reply(
            to: to,
            SnapshotReply(identifier: identifier, nextOffsetBytes: offset, installed: false, refused: false))
    }
    private func refuse(_ identifier: UInt64, to: NodeID) -> Action {
        .reply(to: to, SnapshotReply(identifier: identifier, nextOffsetBytes: 0, installed: false, refused: true))
    }
}

extension SnapshotChunk {
    var content: IncomingSnapshot {
        IncomingSnapshot(position: position, totalBytes: totalBytes, digest: fileDigest, format: format)
    }
}
