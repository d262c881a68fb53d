/// The two ends of a snapshot transfer, driven by hand: what is lost, doubled, damaged or late must cost time only.

import Testing

@testable import Raft

@Suite struct SnapshotTransferTests {
    private static let leader = NodeID(1)
    private static let peer = NodeID(2)
    private static let file = SnapshotFile(
        position: LogPosition(index: LogIndex(50), term: Term(3)), path: "f", sizeBytes: 100,
        digest: [UInt8](repeating: 9, count: 32))
    private static let content = (0..<100).map { UInt8($0) }

    private func chunk(
        _ offset: Int, _ count: Int = 10, identifier: UInt64 = 1, index: UInt64 = 50
    ) -> SnapshotChunk {
        let bytes = Array(Self.content[offset..<offset + count])
        return SnapshotChunk(
            position: LogPosition(index: LogIndex(index), term: Term(3)), identifier: identifier,
            offsetBytes: UInt64(offset), totalBytes: 100, checksum: Checksum.crc32c(bytes),
            fileDigest: Self.file.digest, bytes: bytes)
    }

    /// What the receiver did, in words that compare.
    private func words(_ actions: [SnapshotReceiver.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .store(let identifier, let offset, let bytes): "store \(identifier) \(offset)+\(bytes.count)"
            case .install(let identifier, let total, _, let position):
                "install \(identifier) \(total) \(position.index.rawValue)"
            case .reply(let to, let reply):
                reply.installed
                    ? "installed" : reply.refused ? "refuse to \(to.rawValue)" : "ask \(reply.nextOffsetBytes)"
            case .discard(let identifier): "discard \(identifier)"
            }
        }
    }
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

    // MARK: receiver

    private func receive(
        _ receiver: inout SnapshotReceiver, _ chunk: SnapshotChunk, from: NodeID = leader, commit: UInt64 = 5
    ) -> [String] {
        words(receiver.chunk(chunk, from: from, commit: LogIndex(commit)))
    }
    private func stored(_ receiver: inout SnapshotReceiver, _ next: UInt64, identifier: UInt64 = 1) -> [String] {
        words(receiver.stored(identifier: identifier, nextOffsetBytes: next, problem: nil))
    }

    private func finished(_ receiver: inout SnapshotReceiver, _ installed: Bool) -> [String] {
        words(receiver.installFinished(identifier: 1, installed: installed))
    }

    @Test func `pieces in order are stored one by one, then installed, then reported`() {
        var receiver = SnapshotReceiver()
        for offset in stride(from: 0, to: 100, by: 10) {
            #expect(receive(&receiver, chunk(offset)) == ["store 1 \(offset)+10"])
            let next = offset + 10
            let expected = next < 100 ? ["ask \(next)"] : ["ask 100", "install 1 100 50"]
            #expect(stored(&receiver, UInt64(next)) == expected)
        }
        #expect(finished(&receiver, true) == ["installed"])
        #expect(receiver.incoming == nil)
    }

    @Test func `a piece that is doubled, skips ahead, is damaged or has another length is asked for again`() {
        var receiver = SnapshotReceiver()
        #expect(receive(&receiver, chunk(0)) == ["store 1 0+10"])
        #expect(receive(&receiver, chunk(0)) == [], "while it is being stored there is nothing to say")
        #expect(stored(&receiver, 10) == ["ask 10"])
        #expect(receive(&receiver, chunk(0)) == ["ask 10"])
        #expect(receive(&receiver, chunk(20)) == ["ask 10"])
        var damaged = chunk(10)
        damaged.bytes[3] ^= 1
        #expect(receive(&receiver, damaged) == ["ask 10"])
        var empty = chunk(10)
        empty.bytes = []
        empty.checksum = Checksum.crc32c([])
        #expect(receive(&receiver, empty) == ["ask 10"])
        var longer = chunk(10)
        longer.totalBytes = 200
        #expect(receive(&receiver, longer) == ["ask 10"])
        var beyond = chunk(90)
        beyond.offsetBytes = UInt64.max - 3
        #expect(receive(&receiver, beyond) == ["ask 10"])
        #expect(receive(&receiver, chunk(10)) == ["store 1 10+10"])
    }

    @Test func `bug 55: a snapshot not beyond the commit index is refused`() {
        var receiver = SnapshotReceiver()
        #expect(receive(&receiver, chunk(0), commit: 50) == ["refuse to 1"])
        #expect(receive(&receiver, chunk(0), commit: 49) == ["store 1 0+10"])
    }

    @Test func `the middle of an unknown snapshot makes the receiver ask for its beginning`() {
        var receiver = SnapshotReceiver()
        #expect(receive(&receiver, chunk(40)) == ["ask 0"])
        #expect(receiver.incoming == nil)
    }

    @Test func `another transfer replaces the one under way, but never one that is being stored or installed`() {
        var receiver = SnapshotReceiver()
        #expect(receive(&receiver, chunk(0)) == ["store 1 0+10"])
        // The store of 1 is under way: its end must not be taken for the store of another leader's piece, whose
        // identifier may be the same number (every node counts from its own run).
        #expect(receive(&receiver, chunk(0), from: NodeID(3)) == [])
        #expect(receive(&receiver, chunk(0, identifier: 2)) == [])
        #expect(stored(&receiver, 10) == ["ask 10"])
        #expect(receive(&receiver, chunk(0), from: NodeID(3)) == ["discard 1", "store 1 0+10"])
        #expect(stored(&receiver, 10) == ["ask 10"])
        #expect(receiver.incoming?.from == NodeID(3))
        for offset in stride(from: 10, to: 100, by: 10) {
            _ = receive(&receiver, chunk(offset), from: NodeID(3))
            _ = stored(&receiver, UInt64(offset + 10))
        }
        #expect(receive(&receiver, chunk(0, identifier: 2)) == [])
        #expect(finished(&receiver, false) == ["discard 1", "refuse to 3"])
        #expect(receive(&receiver, chunk(0, identifier: 2)) == ["store 2 0+10"])
    }

    @Test func `a late piece of a transfer that was given up does not push out its successor`() {
        var receiver = SnapshotReceiver()
        #expect(receive(&receiver, chunk(0, identifier: 5)) == ["store 5 0+10"])
        #expect(stored(&receiver, 10, identifier: 5) == ["ask 10"])
        #expect(receive(&receiver, chunk(0, identifier: 4)) == [])
        #expect(receive(&receiver, chunk(10, identifier: 5)) == ["store 5 10+10"])
    }

    @Test func `a disk error while storing gives the transfer up`() {
        var receiver = SnapshotReceiver()
        _ = receive(&receiver, chunk(0))
        let actions = receiver.stored(identifier: 1, nextOffsetBytes: 0, problem: "no space left")
        #expect(words(actions) == ["discard 1", "refuse to 1"])
        #expect(receiver.incoming == nil)
    }

    // MARK: sender

    private static let second: UInt64 = 1_000_000_000

    private func start(_ sender: inout SnapshotSender) -> [String] {
        words(sender.start(peer: Self.peer, applied: LogIndex(40), nowNanoseconds: 0))
    }
    private func begun() -> SnapshotSender {
        var sender = SnapshotSender(firstIdentifier: 1, chunkBytes: 10)
        #expect(start(&sender) == ["pin 2"])
        #expect(start(&sender) == [], "one transfer per peer")
        let pinned = sender.pinned(peer: Self.peer) { .success(Self.file) }
        #expect(words(pinned) == ["copy 2"])
        let actions = sender.copied(peer: Self.peer, result: .success(Self.file), nowNanoseconds: 0)
        #expect(words(actions) == ["read 0+10"])
        return sender
    }
    private func wasRead(_ sender: inout SnapshotSender, _ offset: Int) -> [String] {
        let count = min(10, 100 - offset)
        return words(
            sender.chunkRead(
                peer: Self.peer, identifier: 1, offsetBytes: UInt64(offset),
                result: .success(Array(Self.content[offset..<offset + count]))))
    }
    private func answer(
        _ sender: inout SnapshotSender, _ next: UInt64, installed: Bool = false, refused: Bool = false,
        identifier: UInt64 = 1, now: UInt64 = 0
    ) -> [String] {
        let reply = SnapshotReply(
            identifier: identifier, nextOffsetBytes: next, installed: installed, refused: refused)
        return words(sender.reply(from: Self.peer, reply, nowNanoseconds: now))
    }
    private func tick(_ sender: inout SnapshotSender, _ now: UInt64, silent: Bool = false) -> [String] {
        words(
            sender.tick(
                nowNanoseconds: now, resendNanoseconds: Self.second, timeoutNanoseconds: 10 * Self.second,
                isSilent: { _ in silent }))
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
        var sender = SnapshotSender(firstIdentifier: 1, chunkBytes: 10)
        #expect(sender.heldIndex == nil)
        _ = start(&sender)
        #expect(sender.heldIndex == LogIndex(40))
        _ = sender.copied(peer: Self.peer, result: .success(Self.file), nowNanoseconds: 0)
        #expect(sender.heldIndex == LogIndex(50))
        _ = answer(&sender, 100, installed: true, now: 3)
        #expect(sender.heldIndex == LogIndex(50))
        _ = tick(&sender, 10 * Self.second)
        #expect(sender.heldIndex == LogIndex(50))
        _ = tick(&sender, 10 * Self.second + 3)
        #expect(sender.heldIndex == nil)
        var failed = begun()
        _ = answer(&failed, 0, refused: true)
        #expect(failed.heldIndex == nil)
        var deposed = begun()
        _ = answer(&deposed, 100, installed: true)
        _ = deposed.abandonAll()
        #expect(deposed.heldIndex == nil)
        let floor = CompactionFloor(keepEntries: 5)
        #expect(floor.through(checkpoint: LogIndex(5)) == nil)
        #expect(floor.through(checkpoint: LogIndex(90)) == LogIndex(85))
        floor.hold(LogIndex(50))
        #expect(floor.through(checkpoint: LogIndex(90)) == LogIndex(50))
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

    @Test func `a transfer ends when the peer falls silent, when nothing moves, and with leadership`() {
        var silent = begun()
        _ = wasRead(&silent, 0)
        #expect(tick(&silent, 1, silent: true) == ["finished nil", "discard"])
        var stuck = begun()
        _ = wasRead(&stuck, 0)
        #expect(tick(&stuck, 10 * Self.second) == ["finished nil", "discard"])
        var deposed = begun()
        let abandoned = deposed.abandonAll()
        #expect(words(abandoned) == ["discard"])
        #expect(wasRead(&deposed, 0) == [], "a read that ends late finds nothing")
        #expect(answer(&deposed, 10) == [])
    }

    @Test func `a copy that ends after its transfer was given up is thrown away`() {
        var sender = SnapshotSender(firstIdentifier: 1, chunkBytes: 10)
        _ = sender.start(peer: Self.peer, applied: LogIndex(40), nowNanoseconds: 0)
        _ = sender.abandonAll()
        let late = sender.copied(peer: Self.peer, result: .success(Self.file), nowNanoseconds: 0)
        #expect(words(late) == ["discard"])
    }

    @Test func `a failed copy or read tells the core`() {
        var sender = SnapshotSender(firstIdentifier: 1, chunkBytes: 10)
        _ = sender.start(peer: Self.peer, applied: LogIndex(40), nowNanoseconds: 0)
        let failed = sender.copied(
            peer: Self.peer, result: .failure(StateMachineError("no space left")), nowNanoseconds: 0)
        #expect(words(failed) == ["finished nil"])
        var reading = begun()
        let broken = reading.chunkRead(
            peer: Self.peer, identifier: 1, offsetBytes: 0, result: .failure(StateMachineError("read error")))
        #expect(words(broken) == ["finished nil", "discard"])
    }

    @Test func `answers to another transfer are not listened to`() {
        var sender = begun()
        _ = wasRead(&sender, 0)
        #expect(answer(&sender, 100, installed: true, identifier: 77) == [])
        #expect(answer(&sender, 10, identifier: 0) == [])
    }
}
