/// Streams one snapshot per lagging peer: pinned on the apply lane, copied and read on the background lane, sent piece
/// by piece, each asked for by the receiver.
///
/// Owns: the progress of each transfer, on the core lane. Must never: hold more than one piece per peer in memory, or
/// block apply, append or another peer.
struct SnapshotSender {
    struct Transfer {
        var peer: NodeID
        var identifier: UInt64
        var file: SnapshotFile?
        /// The peer will ask for the entries after this.
        var heldIndex: LogIndex
        /// When the receiver last showed that it is alive.
        var heardNanoseconds: UInt64
        /// When the last piece was read for sending, and from where.
        var sentNanoseconds: UInt64 = 0
        var wantedBytes: UInt64 = 0
        var reading = false
    }
    /// What the node is to do next.
    enum Action {
        case pin(peer: NodeID)
        case copy(peer: NodeID, work: @Sendable () -> Result<SnapshotFile, StateMachineError>)
        case read(peer: NodeID, identifier: UInt64, file: SnapshotFile, offsetBytes: UInt64, count: Int)
        case send(peer: NodeID, chunk: SnapshotChunk)
        /// Tell the core; nil: failed.
        case finished(peer: NodeID, position: LogPosition?)
        case discard(SnapshotFile)
    }

    private var transfers: [Transfer] = []
    /// What was delivered lately, once per peer: it still fetches the entries after it.
    private var delivered: [(peer: NodeID, index: LogIndex, atNanoseconds: UInt64)] = []
    private var nextIdentifier: UInt64
    private let chunkBytes: Int

    init(firstIdentifier: UInt64, chunkBytes: Int) {
        self.nextIdentifier = firstIdentifier
        self.chunkBytes = chunkBytes
    }

    private func place(of peer: NodeID) -> Int? { transfers.firstIndex { $0.peer == peer } }

    /// The log has to be kept after this index; nil when nobody needs it.
    var heldIndex: LogIndex? { (transfers.map(\.heldIndex) + delivered.map(\.index)).min() }

    /// - Parameter applied: what this node has applied; the snapshot will not be older.
    mutating func start(peer: NodeID, applied: LogIndex, nowNanoseconds now: UInt64) -> [Action] {
        guard place(of: peer) == nil else { return [] }
        transfers.append(
            Transfer(
                peer: peer, identifier: nextIdentifier, file: nil, heldIndex: applied, heardNanoseconds: now))
        nextIdentifier &+= 1
        return [.pin(peer: peer)]
    }

    mutating func pinned(
        peer: NodeID, work: @escaping @Sendable () -> Result<SnapshotFile, StateMachineError>
    ) -> [Action] {
        // The copy runs even when the transfer was given up meanwhile: the work holds the pin and must let go of it.
        [.copy(peer: peer, work: work)]
    }

    mutating func copied(
        peer: NodeID, result: Result<SnapshotFile, StateMachineError>, nowNanoseconds now: UInt64
    ) -> [Action] {
        guard let place = place(of: peer), transfers[place].file == nil else {
            if case .success(let file) = result { return [.discard(file)] }
            return []
        }
        switch result {
        case .failure:
            transfers.remove(at: place)
            return [.finished(peer: peer, position: nil)]
        case .success(let file):
            transfers[place].file = file
            transfers[place].heldIndex = file.position.index
            transfers[place].heardNanoseconds = now
            return read(place, offsetBytes: 0, now)
        }
    }

    private mutating func read(_ place: Int, offsetBytes: UInt64, _ now: UInt64) -> [Action] {
        guard let file = transfers[place].file, !transfers[place].reading else { return [] }
        transfers[place].reading = true
        transfers[place].sentNanoseconds = now
        transfers[place].wantedBytes = offsetBytes
        let count = Int(min(UInt64(chunkBytes), file.sizeBytes - min(offsetBytes, file.sizeBytes)))
        return [
            .read(
                peer: transfers[place].peer, identifier: transfers[place].identifier, file: file,
                offsetBytes: offsetBytes, count: count)
        ]
    }

    mutating func chunkRead(
        peer: NodeID, identifier: UInt64, offsetBytes: UInt64, result: Result<[UInt8], StateMachineError>
    ) -> [Action] {
        guard let place = place(of: peer), transfers[place].identifier == identifier, let file = transfers[place].file
        else { return [] }
        transfers[place].reading = false
        guard case .success(let bytes) = result else { return finish(place, position: nil) }
        let chunk = SnapshotChunk(
            position: file.position, identifier: identifier, offsetBytes: offsetBytes, totalBytes: file.sizeBytes,
            checksum: Checksum.crc32c(bytes), fileDigest: file.digest, bytes: bytes)
        return [.send(peer: peer, chunk: chunk)]
    }

    mutating func reply(from peer: NodeID, _ reply: SnapshotReply, nowNanoseconds now: UInt64) -> [Action] {
        guard let place = place(of: peer), transfers[place].identifier == reply.identifier,
            let file = transfers[place].file
        else { return [] }
        if reply.installed {
            delivered.removeAll { $0.peer == peer }
            delivered.append((peer, file.position.index, now))
            return finish(place, position: file.position)
        }
        if reply.refused { return finish(place, position: nil) }
        transfers[place].heardNanoseconds = now
        // All bytes are there: the receiver installs now. It is alive, and that may take a while. The last piece stays
        // wanted: sent again later, it makes a receiver whose last answer was lost say that it needs nothing more.
        if reply.nextOffsetBytes >= file.sizeBytes { return [] }
        // A repeated answer must not make a second stream of pieces; should the piece be lost, `tick` sends it again.
        if reply.nextOffsetBytes == transfers[place].wantedBytes { return [] }
        return read(place, offsetBytes: reply.nextOffsetBytes, now)
    }

    private mutating func finish(_ place: Int, position: LogPosition?) -> [Action] {
        let transfer = transfers.remove(at: place)
        return [.finished(peer: transfer.peer, position: position)] + (transfer.file.map { [.discard($0)] } ?? [])
    }

    /// Sends the wanted piece again when nothing came back for `resendNanoseconds` (a message was lost). Gives a transfer
    /// up when the peer answers nothing any more, not even heartbeats (what it would get when it comes back is stale), or
    /// when this transfer makes no progress for `timeoutNanoseconds`; the core probes the peer and may ask again.
    mutating func tick(
        nowNanoseconds now: UInt64, resendNanoseconds: UInt64, timeoutNanoseconds: UInt64,
        isSilent: (NodeID) -> Bool
    ) -> [Action] {
        delivered.removeAll { $0.atNanoseconds &+ timeoutNanoseconds <= now }
        var actions: [Action] = []
        for place in transfers.indices.reversed() {
            let transfer = transfers[place]
            guard transfer.file != nil, !transfer.reading else { continue }
            if isSilent(transfer.peer) || transfer.heardNanoseconds &+ timeoutNanoseconds <= now {
                actions += finish(place, position: nil)
            } else if transfer.sentNanoseconds &+ resendNanoseconds <= now {
                actions += read(place, offsetBytes: transfer.wantedBytes, now)
            }
        }
        return actions
    }

    /// Leadership is lost: nobody is sent anything any more.
    mutating func abandonAll() -> [Action] {
        let files = transfers.compactMap(\.file)
        transfers.removeAll()
        delivered.removeAll()
        return files.map { .discard($0) }
    }
}
