/// The sending end of a snapshot transfer, driven by hand: what is lost, doubled, late, refused or slow must cost time only.

import Testing

@testable import Raft

@Suite struct SnapshotTransferTests {
    private static let peer = NodeID(2)
    private static let file = SnapshotFile(
        position: LogPosition(index: LogIndex(50), term: Term(3)), path: "f", sizeBytes: 100,
        digest: [UInt8](repeating: 9, count: 32))
    private static let content = (0..<100).map { UInt8($0) }

    private func words(_ actions: [SnapshotSender.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .pin(let peer): "pin \(peer.rawValue)"
            case .copy(let peer, _): "copy \(peer.rawValue)"
            case .read(_, _, _, let offset, let count): "read \(offset)+\(count)"
            case .send(_, let chunk): "send \(chunk.offsetBytes)"
            case .finished(_, let position): "finished \(position.map { "\($0.index.rawValue)" } ?? "nil")"
            case .discard: "discard"
            }
        }
    }

    private static let second: UInt64 = 1_000_000_000

    private func makeSender(bytesPerSecondMax: Int = 1 << 30, chunkBytes: Int = 10) -> SnapshotSender {
        var options = NodeOptions()
        options.snapshotChunkBytes = chunkBytes
        options.snapshotBytesPerSecondMax = bytesPerSecondMax
        options.snapshotResendNanoseconds = Self.second
        options.snapshotTimeoutNanoseconds = 10 * Self.second
        options.snapshotRetryNanosecondsMin = Self.second
        options.snapshotRetryNanosecondsMax = 20 * Self.second
        options.snapshotKeepNanoseconds = 100 * Self.second
        return SnapshotSender(firstIdentifier: 1, limits: SnapshotSender.Limits(options))
    }
    private func place(applied: UInt64 = 40, base: UInt64 = 20) -> SnapshotSender.LogPlace {
        SnapshotSender.LogPlace(applied: LogIndex(applied), base: LogIndex(base))
    }
    private func start(
        _ sender: inout SnapshotSender, peer: NodeID = peer, base: UInt64 = 20, now: UInt64 = 0
    ) -> [String] {
        words(sender.start(peer: peer, log: place(base: base), nowNanoseconds: now))
    }
    private func copied(_ sender: inout SnapshotSender, now: UInt64 = 0) -> [String] {
        words(sender.copied(peer: Self.peer, result: .success(Self.file), nowNanoseconds: now))
    }
    private func begun() -> SnapshotSender {
        var sender = makeSender()
        #expect(start(&sender) == ["pin 2"])
        #expect(start(&sender) == [], "one transfer per peer")
        let pinned = sender.pinned(peer: Self.peer) { .success(Self.file) }
        #expect(words(pinned) == ["copy 2"])
        #expect(copied(&sender) == ["read 0+10"])
        return sender
    }
    private func wasRead(
        _ sender: inout SnapshotSender, _ offset: Int, identifier: UInt64 = 1, peer: NodeID = peer
    ) -> [String] {
        let count = min(10, 100 - offset)
        return words(
            sender.chunkRead(
                peer: peer, identifier: identifier, offsetBytes: UInt64(offset),
                result: .success(Array(Self.content[offset..<offset + count])), nowNanoseconds: 0))
    }
    private func answer(
        _ sender: inout SnapshotSender, _ next: UInt64, installed: Bool = false, refused: Bool = false,
        identifier: UInt64 = 1, now: UInt64 = 0
    ) -> [String] {
        let reply = SnapshotReply(
            identifier: identifier, nextOffsetBytes: next, installed: installed, refused: refused)
        return words(sender.reply(from: Self.peer, reply, nowNanoseconds: now))
    }
    private func tick(
        _ sender: inout SnapshotSender, _ now: UInt64, silent: Bool = false, base: UInt64 = 20
    ) -> [String] {
        words(sender.tick(log: place(base: base), nowNanoseconds: now, isSilent: { _ in silent }))
    }
    /// A sender that has sent the last piece, and heard that everything arrived.
    private func allSent() -> SnapshotSender {
        var sender = begun()
        for offset in stride(from: 0, to: 100, by: 10) {
            #expect(wasRead(&sender, offset) == ["send \(offset)"])
            let next = offset + 10
            #expect(answer(&sender, UInt64(next)) == (next < 100 ? ["read \(next)+10"] : []))
        }
        return sender
    }

    @Test func `each piece is sent when it is asked for, and the end is told to the core`() {
        var sender = allSent()
        #expect(answer(&sender, 100, installed: true) == ["finished 50", "discard"])
        #expect(answer(&sender, 100, installed: true) == [], "a doubled last answer finishes nothing twice")
    }

    @Test func `the log is held from the start of a transfer until the peer had time to follow`() {
        var sender = makeSender()
        #expect(sender.heldIndex == nil)
        _ = start(&sender)
        #expect(sender.heldIndex == LogIndex(40))
        _ = copied(&sender)
        #expect(sender.heldIndex == LogIndex(50))
        _ = answer(&sender, 100, installed: true, now: 3)
        #expect(sender.heldIndex == LogIndex(50))
        _ = tick(&sender, 10 * Self.second)
        #expect(sender.heldIndex == LogIndex(50))
        _ = tick(&sender, 10 * Self.second + 3)
        #expect(sender.heldIndex == nil)
        #expect(sender.isIdle)
        var failed = begun()
        _ = answer(&failed, 0, refused: true)
        #expect(failed.heldIndex == nil)
        var deposed = begun()
        _ = answer(&deposed, 100, installed: true)
        _ = deposed.abandonAll(nowNanoseconds: 0)
        #expect(deposed.heldIndex == nil)
        let floor = CompactionFloor(keepEntries: 5)
        #expect(floor.through(checkpoint: LogIndex(5)) == nil)
        #expect(floor.through(checkpoint: LogIndex(90)) == LogIndex(85))
        floor.hold(LogIndex(50))
        #expect(floor.through(checkpoint: LogIndex(90)) == LogIndex(50))
        #expect(floor.through(checkpoint: LogIndex(20)) == LogIndex(15))
        floor.storageLow(true)
        #expect(
            floor.through(checkpoint: LogIndex(20)) == LogIndex(20), "nothing is kept while the disk is nearly full")
        #expect(floor.through(checkpoint: LogIndex(90)) == LogIndex(50), "but what a transfer under way will need")
        floor.storageLow(false)
        #expect(floor.through(checkpoint: LogIndex(20)) == LogIndex(15))
    }

    @Test func `a doubled answer does not double the rest of the transfer`() {
        var sender = begun()
        #expect(wasRead(&sender, 0) == ["send 0"])
        #expect(answer(&sender, 10) == ["read 10+10"])
        #expect(answer(&sender, 10) == [])
        #expect(wasRead(&sender, 10) == ["send 10"])
        #expect(answer(&sender, 10) == [], "it was sent already; should it be lost, time tells")
        #expect(tick(&sender, Self.second) == ["read 10+10"])
    }

    @Test func `a lost piece is sent again after a while, and only then`() {
        var sender = begun()
        _ = wasRead(&sender, 0)
        #expect(tick(&sender, Self.second / 2) == [])
        #expect(tick(&sender, Self.second) == ["read 0+10"])
        #expect(tick(&sender, 3 * Self.second) == [], "a read is under way")
        #expect(wasRead(&sender, 0) == ["send 0"])
    }

    @Test func `a receiver that lost what it had gets it from the beginning`() {
        var sender = begun()
        _ = wasRead(&sender, 0)
        _ = answer(&sender, 10)
        _ = wasRead(&sender, 10)
        #expect(answer(&sender, 0) == ["read 0+10"])
    }

    @Test func `bug 39: when the last answer is lost the peer is asked again, not waited for`() {
        var sender = allSent()
        #expect(tick(&sender, Self.second) == ["read 90+10"])
        #expect(wasRead(&sender, 90) == ["send 90"])
        // It has installed meanwhile, and so refuses: the core then probes, and finds where the logs meet.
        #expect(answer(&sender, 0, refused: true) == ["finished nil", "discard"])
    }

    // MARK: ending and beginning again

    @Test func `a transfer ends when the peer falls silent, when nothing moves, and with leadership; the copy stays`() {
        var silent = begun()
        _ = wasRead(&silent, 0)
        #expect(tick(&silent, 1, silent: true) == ["finished nil"])
        var stuck = begun()
        _ = wasRead(&stuck, 0)
        #expect(tick(&stuck, 10 * Self.second) == ["finished nil"])
        var deposed = begun()
        #expect(words(deposed.abandonAll(nowNanoseconds: 0)) == [])
        #expect(wasRead(&deposed, 0) == [], "a read that ends late finds nothing")
        #expect(answer(&deposed, 10) == [])
        for var sender in [silent, stuck, deposed] {
            #expect(!sender.isIdle && sender.heldIndex == nil, "a kept copy does not hold the log")
            #expect(tick(&sender, 111 * Self.second) == ["discard"], "not for ever")
            #expect(sender.isIdle)
        }
    }

    @Test func `a peer that comes back is sent the same copy, while the log reaches back to it`() {
        var sender = begun()
        _ = wasRead(&sender, 0)
        _ = answer(&sender, 10)
        _ = wasRead(&sender, 10)
        #expect(tick(&sender, 1, silent: true) == ["finished nil"])
        #expect(start(&sender, base: 50, now: 2) == ["read 0+10"], "no second copy, no waiting")
        #expect(sender.heldIndex == LogIndex(50))
        #expect(wasRead(&sender, 0, identifier: 2) == ["send 0"])
        // The receiver still has the first two pieces.
        #expect(answer(&sender, 20, identifier: 2) == ["read 20+10"])
        // Broken off again, and now the log is cut behind it: a copy that nobody can follow goes.
        _ = wasRead(&sender, 20, identifier: 2)
        #expect(tick(&sender, 3, silent: true, base: 50) == ["finished nil"])
        #expect(start(&sender, base: 51, now: 4) == ["discard", "pin 2"])
        var ticked = begun()
        _ = wasRead(&ticked, 0)
        #expect(tick(&ticked, 1, silent: true) == ["finished nil"])
        #expect(tick(&ticked, 2, base: 51) == ["discard"])
    }

    @Test func `one copy serves all who wait for one, and goes with the last of them`() {
        var sender = makeSender()
        #expect(start(&sender) == ["pin 2"])
        #expect(start(&sender, peer: NodeID(3)) == [], "it waits for the copy that is being made")
        #expect(copied(&sender) == ["read 0+10", "read 0+10"])
        #expect(start(&sender, peer: NodeID(4)) == ["read 0+10"], "a copy that is being sent serves also")
        #expect(answer(&sender, 100, installed: true) == ["finished 50"])
        let other = SnapshotReply(identifier: 2, nextOffsetBytes: 0, installed: false, refused: true)
        let refused = words(sender.reply(from: NodeID(3), other, nowNanoseconds: 0))
        #expect(refused == ["finished nil"])
        let third = SnapshotReply(identifier: 3, nextOffsetBytes: 100, installed: true, refused: false)
        let done = words(sender.reply(from: NodeID(4), third, nowNanoseconds: 0))
        #expect(done == ["finished 50", "discard"])
        #expect(words(sender.copied(peer: Self.peer, result: .success(Self.file), nowNanoseconds: 0)) == [], "kept")
    }

    @Test func `after a refusal the next copy waits, twice as long each time, up to a limit`() {
        var sender = begun()
        var now: UInt64 = 0
        var waits: [UInt64] = []
        for identifier in 1...8 {
            #expect(
                answer(&sender, 0, refused: true, identifier: UInt64(identifier), now: now)
                    == ["finished nil", "discard"])
            #expect(start(&sender, now: now) == [], "the core asks again after a heartbeat")
            #expect(sender.heldIndex == nil)
            let begin = now
            while tick(&sender, now).isEmpty { now += Self.second / 4 }
            waits.append((now - begin) / Self.second)
            #expect(copied(&sender, now: now) == ["read 0+10"])
        }
        #expect(waits == [1, 2, 4, 8, 16, 20, 20, 20])
        // A success forgets it all.
        #expect(answer(&sender, 100, installed: true, identifier: 9, now: now) == ["finished 50", "discard"])
        #expect(start(&sender, now: now) == ["pin 2"])
    }

    @Test func `a peer that falls silent while its next try is waited for is given up`() {
        var sender = begun()
        _ = answer(&sender, 0, refused: true)
        _ = start(&sender)
        #expect(tick(&sender, 1, silent: true) == ["finished nil"])
        #expect(start(&sender, now: 2) == [], "coming back does not shorten the wait")
        #expect(tick(&sender, Self.second) == ["pin 2"])
    }

    @Test func `a copy that ends after its transfer was given up is kept a while for the next`() {
        var sender = makeSender()
        _ = start(&sender)
        _ = sender.abandonAll(nowNanoseconds: 0)
        #expect(copied(&sender) == [])
        #expect(start(&sender) == ["read 0+10"])
        var late = makeSender()
        _ = start(&late)
        _ = late.abandonAll(nowNanoseconds: 0)
        _ = copied(&late)
        #expect(tick(&late, 100 * Self.second) == ["discard"])
    }

    @Test func `a failed copy or read tells the core, and is not tried again at once`() {
        var sender = makeSender()
        _ = start(&sender)
        let failed = sender.copied(
            peer: Self.peer, result: .failure(StateMachineError("no space left")), nowNanoseconds: 0)
        #expect(words(failed) == ["finished nil"])
        #expect(start(&sender) == [])
        var reading = begun()
        let broken = reading.chunkRead(
            peer: Self.peer, identifier: 1, offsetBytes: 0, result: .failure(StateMachineError("read error")),
            nowNanoseconds: 0)
        #expect(words(broken) == ["finished nil", "discard"])
        #expect(start(&reading) == [])
    }

    @Test func `answers to another transfer are not listened to`() {
        var sender = begun()
        _ = wasRead(&sender, 0)
        #expect(answer(&sender, 100, installed: true, identifier: 77) == [])
        #expect(answer(&sender, 10, identifier: 0) == [])
    }

    // MARK: rate

    /// Pieces of 1 MiB at 4 MiB/s, ticks of 10 ms, a receiver that answers at once.
    @Test func `pieces go no faster than the limit, over all peers together, and each gets its share`() {
        let mebibyte = 1 << 20
        var sender = makeSender(bytesPerSecondMax: 4 * mebibyte, chunkBytes: mebibyte)
        let file = SnapshotFile(
            position: Self.file.position, path: "big", sizeBytes: 1 << 40, digest: Self.file.digest)
        _ = start(&sender)
        _ = start(&sender, peer: NodeID(3))
        var sent: [NodeID: Int] = [:]
        var now: UInt64 = 0
        func carryOut(_ actions: [SnapshotSender.Action]) {
            for case .read(let peer, let identifier, _, let offset, let count) in actions {
                sent[peer, default: 0] += count
                _ = sender.chunkRead(
                    peer: peer, identifier: identifier, offsetBytes: offset, result: .success([1]), nowNanoseconds: now)
                let reply = SnapshotReply(
                    identifier: identifier, nextOffsetBytes: offset + UInt64(count), installed: false, refused: false)
                carryOut(sender.reply(from: peer, reply, nowNanoseconds: now))
            }
        }
        carryOut(sender.copied(peer: Self.peer, result: .success(file), nowNanoseconds: now))
        while now < 20 * Self.second {
            now += 10_000_000
            carryOut(sender.tick(log: place(), nowNanoseconds: now, isSilent: { _ in false }))
        }
        let total = sent.values.reduce(0, +) / mebibyte
        #expect((78...84).contains(total), "\(total) MiB in 20 s")
        #expect(sent.count == 2)
        for (peer, bytes) in sent { #expect(bytes / mebibyte > 25, "\(peer) got \(bytes / mebibyte) MiB") }
    }

    @Test func `what the limit holds back is not taken for silence`() {
        let chunk = 4 << 20
        var sender = makeSender(bytesPerSecondMax: 1, chunkBytes: chunk)
        _ = start(&sender)
        let file = SnapshotFile(
            position: Self.file.position, path: "big", sizeBytes: 3 * UInt64(chunk), digest: Self.file.digest)
        _ = sender.copied(peer: Self.peer, result: .success(file), nowNanoseconds: 0)
        var now: UInt64 = 0
        var seconds: [UInt64] = []
        for piece in 1...2 {
            _ = sender.chunkRead(
                peer: Self.peer, identifier: 1, offsetBytes: UInt64((piece - 1) * chunk), result: .success([1]),
                nowNanoseconds: now)
            let reply = SnapshotReply(
                identifier: 1, nextOffsetBytes: UInt64(piece * chunk), installed: false, refused: false)
            #expect(words(sender.reply(from: Self.peer, reply, nowNanoseconds: now)) == [], "the bucket is empty")
            let begin = now
            var actions: [String] = []
            while actions.isEmpty, now < 300 * Self.second {
                now += Self.second
                actions = tick(&sender, now)
            }
            #expect(actions == ["read \(piece * chunk)+\(chunk)"])
            seconds.append((now - begin) / Self.second)
        }
        // 64 KiB/s is the least rate there is; the debt of a piece then takes six times as long as a transfer may stand.
        #expect(seconds == [1, 64], "\(seconds)")
    }
}
