/// Streams snapshots to lagging peers: pinned on the apply lane, copied and read on the background lane, sent piece by
/// piece, each asked for by the receiver.
///
/// One copy serves all peers that wait at the same time, and is kept for a while after a transfer broke off: a peer that
/// comes back goes on where it stopped, which it can only with the same file. Owns: the progress of each transfer, on the
/// core lane. Must never: hold more than one piece per peer in memory, or block apply, append or another peer.
struct SnapshotSender {
    struct Transfer {
        enum Stage: Equatable {
            /// Refused or failed a moment ago; begins then.
            case waiting(untilNanoseconds: UInt64)
            /// The state is being pinned and copied, for this peer or for another that began before.
            case copying
            case sending
        }
        var peer: NodeID
        var identifier: UInt64
        var stage: Stage
        var file: SnapshotFile?
        /// The peer will ask for the entries after this; nil while nothing is promised.
        var heldIndex: LogIndex?
        /// When the receiver last showed that it is alive.
        var heardNanoseconds: UInt64
        /// When the last piece was read for sending, and from where.
        var sentNanoseconds: UInt64 = 0
        var wantedBytes: UInt64 = 0
        var reading = false
        /// The rate limit held the wanted piece back.
        var held = false
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
    /// The part of `NodeOptions` that is about sending.
    struct Limits {
        var chunkBytes: Int
        var bytesPerSecondMax: Int
        var resendNanoseconds: UInt64
        var timeoutNanoseconds: UInt64
        var retryNanosecondsMin: UInt64
        var retryNanosecondsMax: UInt64
        var keepNanoseconds: UInt64

        init(_ options: NodeOptions) {
            chunkBytes = max(1, options.snapshotChunkBytes)
            bytesPerSecondMax = options.snapshotBytesPerSecondMax
            resendNanoseconds = options.snapshotResendNanoseconds
            timeoutNanoseconds = options.snapshotTimeoutNanoseconds
            retryNanosecondsMin = options.snapshotRetryNanosecondsMin
            retryNanosecondsMax = max(options.snapshotRetryNanosecondsMin, options.snapshotRetryNanosecondsMax)
            keepNanoseconds = options.snapshotKeepNanoseconds
        }
    }
    /// Where this node's log stands: a snapshot begun now is not older than `applied`, and one before `base` is of no use
    /// to anybody, for the entries after it are gone.
    struct LogPlace {
        var applied: LogIndex
        var base: LogIndex
    }

    private let limits: Limits
    private var transfers: [Transfer] = []
    /// What was delivered lately, once per peer: it still fetches the entries after it.
    private var delivered: [(peer: NodeID, index: LogIndex, atNanoseconds: UInt64)] = []
    /// Refusals and failures in a row, and when the peer may be tried again; at most one per peer.
    private var failures: [(peer: NodeID, count: Int, untilNanoseconds: UInt64)] = []
    /// The copy of a transfer that broke off, at most one.
    private var kept: (file: SnapshotFile, untilNanoseconds: UInt64)?
    private var rate: SnapshotRate
    private var nextIdentifier: UInt64
    /// Where the last tick began, so that the rate limit is shared fairly.
    private var rotation = 0

    init(firstIdentifier: UInt64, limits: Limits) {
        self.nextIdentifier = firstIdentifier
        self.limits = limits
        self.rate = SnapshotRate(bytesPerSecondMax: limits.bytesPerSecondMax, chunkBytes: limits.chunkBytes)
    }

    private func place(of peer: NodeID) -> Int? { transfers.firstIndex { $0.peer == peer } }

    /// The log has to be kept after this index; nil when nobody needs it.
    var heldIndex: LogIndex? { (transfers.compactMap(\.heldIndex) + delivered.map(\.index)).min() }

    /// Nothing is under way and nothing is kept: time changes nothing.
    var isIdle: Bool { transfers.isEmpty && delivered.isEmpty && kept == nil }

    // MARK: Beginning

    mutating func start(peer: NodeID, log: LogPlace, nowNanoseconds now: UInt64) -> [Action] {
        guard place(of: peer) == nil else { return [] }
        var transfer = Transfer(
            peer: peer, identifier: nextIdentifier, stage: .copying, file: nil, heldIndex: nil, heardNanoseconds: now)
        nextIdentifier += 1
        if let failure = failures.first(where: { $0.peer == peer }), failure.untilNanoseconds > now {
            transfer.stage = .waiting(untilNanoseconds: failure.untilNanoseconds)
            transfers.append(transfer)
            return []
        }
        transfers.append(transfer)
        return begin(transfers.count - 1, log: log, now)
    }

    /// Takes a copy that is there, waits for one that is being made, or has one made.
    private mutating func begin(_ place: Int, log: LogPlace, _ now: UInt64) -> [Action] {
        let usable = (transfers.compactMap(\.file) + (kept.map { [$0.file] } ?? []))
            .filter { $0.position.index >= log.base }
            .max { $0.position.index < $1.position.index }
        if let usable {
            var actions: [Action] = []
            if let kept, kept.file.path == usable.path {
                self.kept = nil
            } else {
                actions = dropKept()
            }
            return actions + assign(usable, to: place, now)
        }
        let isBeingMade = transfers.indices.contains { $0 != place && transfers[$0].stage == .copying }
        transfers[place].stage = .copying
        transfers[place].heldIndex = log.applied
        // One that is no longer of use makes room for the new one first.
        return dropKept() + (isBeingMade ? [] : [.pin(peer: transfers[place].peer)])
    }

    private mutating func assign(_ file: SnapshotFile, to place: Int, _ now: UInt64) -> [Action] {
        transfers[place].stage = .sending
        transfers[place].file = file
        transfers[place].heldIndex = file.position.index
        transfers[place].heardNanoseconds = now
        return read(place, offsetBytes: 0, now)
    }

    mutating func pinned(
        peer: NodeID, work: @escaping @Sendable () -> Result<SnapshotFile, StateMachineError>
    )
        -> [Action]
    {
        // The copy runs even when the transfer was given up meanwhile: the work holds the pin and must let go of it.
        [.copy(peer: peer, work: work)]
    }

    mutating func copied(
        peer: NodeID, result: Result<SnapshotFile, StateMachineError>, nowNanoseconds now: UInt64
    ) -> [Action] {
        var actions: [Action] = []
        switch result {
        case .failure:
            for place in transfers.indices.reversed() where transfers[place].stage == .copying {
                actions += finish(place, position: nil, .failed, now)
            }
        case .success(let file):
            for place in transfers.indices where transfers[place].stage == .copying {
                actions += assign(file, to: place, now)
            }
            // Nobody waits any more: everyone was given up meanwhile.
            if !isInUse(file) { actions += keep(file, now) }
        }
        return actions
    }

    // MARK: Sending

    private mutating func read(_ place: Int, offsetBytes: UInt64, _ now: UInt64) -> [Action] {
        guard let file = transfers[place].file, !transfers[place].reading else { return [] }
        let count = Int(min(UInt64(limits.chunkBytes), file.sizeBytes - min(offsetBytes, file.sizeBytes)))
        transfers[place].wantedBytes = offsetBytes
        rate.refill(nowNanoseconds: now)
        guard rate.spend(count) else {
            transfers[place].held = true
            return []
        }
        transfers[place].held = false
        transfers[place].reading = true
        transfers[place].sentNanoseconds = now
        return [
            .read(
                peer: transfers[place].peer, identifier: transfers[place].identifier, file: file,
                offsetBytes: offsetBytes, count: count)
        ]
    }

    mutating func chunkRead(
        peer: NodeID, identifier: UInt64, offsetBytes: UInt64, result: Result<[UInt8], StateMachineError>,
        nowNanoseconds now: UInt64
    ) -> [Action] {
        guard let place = place(of: peer), transfers[place].identifier == identifier, let file = transfers[place].file
        else { return [] }
        transfers[place].reading = false
        guard case .success(let bytes) = result else { return finish(place, position: nil, .failed, now) }
        let chunk = SnapshotChunk(
            position: file.position, identifier: identifier, offsetBytes: offsetBytes, totalBytes: file.sizeBytes,
            checksum: Checksum.crc32c(bytes), fileDigest: file.digest, format: file.format,
            bytes: bytes)
        return [.send(peer: peer, chunk: chunk)]
    }

    mutating func reply(from peer: NodeID, _ reply: SnapshotReply, nowNanoseconds now: UInt64) -> [Action] {
        guard let place = place(of: peer), transfers[place].identifier == reply.identifier,
            let file = transfers[place].file
        else { return [] }
        if reply.installed {
            delivered.removeAll { $0.peer == peer }
            delivered.append((peer, file.position.index, now))
            return finish(place, position: file.position, .delivered, now)
        }
        if reply.refused { return finish(place, position: nil, .failed, now) }
        transfers[place].heardNanoseconds = now
        // All bytes are there: the receiver installs now. It is alive, and that may take a while. The last piece stays
        // wanted: sent again later, it makes a receiver whose last answer was lost say that it needs nothing more.
        if reply.nextOffsetBytes >= file.sizeBytes { return [] }
        // A repeated answer must not make a second stream of pieces; should the piece be lost, `tick` sends it again.
        if reply.nextOffsetBytes == transfers[place].wantedBytes { return [] }
        return read(place, offsetBytes: reply.nextOffsetBytes, now)
    }

    /// Sends the wanted piece again when nothing came back for a while (a message was lost), or when the rate limit held
    /// it back. Gives a transfer up when the peer answers nothing any more, not even heartbeats (what it would get when it
    /// comes back is stale), or when this transfer makes no progress for too long; the core probes the peer and may ask
    /// again.
    mutating func tick(log: LogPlace, nowNanoseconds now: UInt64, isSilent: (NodeID) -> Bool) -> [Action] {
        delivered.removeAll { $0.atNanoseconds &+ limits.timeoutNanoseconds <= now }
        var actions: [Action] = []
        if let kept, kept.untilNanoseconds <= now || kept.file.position.index < log.base { actions += dropKept() }
        for place in transfers.indices.reversed() { actions += tick(place, log: log, now, isSilent) }
        rotation &+= 1
        let count = transfers.count
        for step in 0..<count {
            let place = (rotation + step) % count
            let transfer = transfers[place]
            guard transfer.stage == .sending, !transfer.reading else { continue }
            if transfer.held || transfer.sentNanoseconds &+ limits.resendNanoseconds <= now {
                actions += read(place, offsetBytes: transfer.wantedBytes, now)
            }
        }
        return actions
    }

    private mutating func tick(
        _ place: Int, log: LogPlace, _ now: UInt64, _ isSilent: (NodeID) -> Bool
    ) -> [Action] {
        let transfer = transfers[place]
        switch transfer.stage {
        case .waiting(let until):
            if isSilent(transfer.peer) { return finish(place, position: nil, .brokenOff, now) }
            return until <= now ? begin(place, log: log, now) : []
        case .copying:
            return []
        case .sending:
            guard !transfer.reading else { return [] }
            if isSilent(transfer.peer) { return finish(place, position: nil, .brokenOff, now) }
            // What the rate limit held back is not the peer's silence.
            if transfer.held { transfers[place].heardNanoseconds = now }
            guard transfers[place].heardNanoseconds &+ limits.timeoutNanoseconds <= now else { return [] }
            return finish(place, position: nil, .stuck, now)
        }
    }

    // MARK: Ending

    private enum Ending {
        case delivered
        /// Refused by the peer, or the copy cannot be made or read: not with this file again, and not at once.
        case failed
        /// No progress: later, with the same file.
        case stuck
        /// The peer is gone: when it comes back it goes on.
        case brokenOff
    }

    private mutating func finish(_ place: Int, position: LogPosition?, _ ending: Ending, _ now: UInt64) -> [Action] {
        let transfer = transfers.remove(at: place)
        var actions: [Action] = [.finished(peer: transfer.peer, position: position)]
        switch ending {
        case .delivered: failures.removeAll { $0.peer == transfer.peer }
        case .failed, .stuck: backOff(transfer.peer, now)
        case .brokenOff: break
        }
        guard let file = transfer.file, !isInUse(file) else { return actions }
        let isKept = ending == .stuck || ending == .brokenOff
        actions += isKept ? keep(file, now) : [.discard(file)]
        return actions
    }

    /// Doubles from `retryNanosecondsMin` to `retryNanosecondsMax`: each try costs a copy of the state.
    private mutating func backOff(_ peer: NodeID, _ now: UInt64) {
        let before = failures.first { $0.peer == peer }?.count ?? 0
        failures.removeAll { $0.peer == peer }
        var delay = limits.retryNanosecondsMin
        for _ in 0..<min(before, 40) where delay < limits.retryNanosecondsMax { delay &*= 2 }
        failures.append((peer, before + 1, now &+ min(delay, limits.retryNanosecondsMax)))
    }

    private func isInUse(_ file: SnapshotFile) -> Bool { transfers.contains { $0.file?.path == file.path } }

    /// The newer copy stays.
    private mutating func keep(_ file: SnapshotFile, _ now: UInt64) -> [Action] {
        if let kept, kept.file.position.index > file.position.index { return [.discard(file)] }
        let actions = dropKept()
        kept = (file, now &+ limits.keepNanoseconds)
        return actions
    }

    private mutating func dropKept() -> [Action] {
        guard let file = kept?.file else { return [] }
        kept = nil
        return isInUse(file) ? [] : [.discard(file)]
    }

    /// Leadership is lost: nobody is sent anything any more. The copy stays a while, for leadership may come back.
    mutating func abandonAll(nowNanoseconds now: UInt64) -> [Action] {
        var files: [SnapshotFile] = []
        for file in transfers.compactMap(\.file) where !files.contains(file) { files.append(file) }
        transfers.removeAll()
        delivered.removeAll()
        failures.removeAll()
        var actions: [Action] = []
        for file in files { actions += keep(file, now) }
        return actions
    }
}
