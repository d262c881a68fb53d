/// Puts an incoming snapshot together, one piece at a time, and asks for the next; at the end it is verified and
/// installed on the apply lane.
///
/// Owns: the progress of the one transfer under way, on the core lane. Must never: accept a piece out of order, of
/// another snapshot or with a wrong checksum; acknowledge a piece before it is stored.
struct SnapshotReceiver {
    struct Incoming: Equatable {
        var from: NodeID
        var identifier: UInt64
        var position: LogPosition
        var totalBytes: UInt64
        var digest: [UInt8]
        var nextOffsetBytes: UInt64
        var storing: Bool
        var installing: Bool
    }
    enum Action {
        case store(identifier: UInt64, offsetBytes: UInt64, bytes: [UInt8])
        case install(identifier: UInt64, totalBytes: UInt64, digest: [UInt8], position: LogPosition)
        case reply(to: NodeID, SnapshotReply)
        case discard(identifier: UInt64)
    }

    private(set) var incoming: Incoming?

    mutating func chunk(_ chunk: SnapshotChunk, from: NodeID, commit: LogIndex) -> [Action] {
        var actions: [Action] = []
        if incoming?.identifier != chunk.identifier || incoming?.from != from {
            // A piece on its way to the disk or an install must be heard of first; its end names only the identifier,
            // which another sender may use as well. The new sender will repeat itself.
            guard incoming?.storing != true, incoming?.installing != true else { return [] }
            // Identifiers of one sender grow: this is a late piece of a transfer that it gave up.
            if let current = incoming, current.from == from, chunk.identifier < current.identifier { return [] }
            // The snapshot is not needed any more (catalogue bug 55).
            guard chunk.position.index > commit else { return [refuse(chunk.identifier, to: from)] }
            guard chunk.offsetBytes == 0, chunk.totalBytes > 0 else { return [ask(chunk.identifier, from, offset: 0)] }
            if let old = incoming { actions.append(.discard(identifier: old.identifier)) }
            incoming = Incoming(
                from: from, identifier: chunk.identifier, position: chunk.position, totalBytes: chunk.totalBytes,
                digest: chunk.fileDigest, nextOffsetBytes: 0, storing: false, installing: false)
        }
        guard var current = incoming, !current.storing, !current.installing else { return actions }
        let end = chunk.offsetBytes &+ UInt64(chunk.bytes.count)
        guard chunk.offsetBytes == current.nextOffsetBytes, !chunk.bytes.isEmpty, end <= current.totalBytes,
            chunk.totalBytes == current.totalBytes, Checksum.crc32c(chunk.bytes) == chunk.checksum
        else { return actions + [ask(current.identifier, from, offset: current.nextOffsetBytes)] }
        current.storing = true
        incoming = current
        return actions + [
            .store(identifier: current.identifier, offsetBytes: chunk.offsetBytes, bytes: chunk.bytes)
        ]
    }

    mutating func stored(identifier: UInt64, nextOffsetBytes: UInt64, problem: String?) -> [Action] {
        guard var current = incoming, current.identifier == identifier, current.storing else { return [] }
        current.storing = false
        guard problem == nil else {
            incoming = nil
            return [.discard(identifier: identifier), refuse(identifier, to: current.from)]
        }
        current.nextOffsetBytes = nextOffsetBytes
        let complete = nextOffsetBytes == current.totalBytes
        current.installing = complete
        incoming = current
        let ask = ask(identifier, current.from, offset: nextOffsetBytes)
        guard complete else { return [ask] }
        let install = Action.install(
            identifier: identifier, totalBytes: current.totalBytes, digest: current.digest, position: current.position)
        return [ask, install]
    }

    mutating func installFinished(identifier: UInt64, installed: Bool) -> [Action] {
        guard let current = incoming, current.identifier == identifier else { return [] }
        incoming = nil
        guard installed else { return [.discard(identifier: identifier), refuse(identifier, to: current.from)] }
        let reply = SnapshotReply(
            identifier: identifier, nextOffsetBytes: current.totalBytes, installed: true, refused: false)
        return [.reply(to: current.from, reply)]
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
