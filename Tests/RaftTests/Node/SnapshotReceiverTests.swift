/// The receiving end of a snapshot transfer, driven by hand: what is lost, doubled, damaged or late must cost time only.

import Testing

@testable import Raft

@Suite struct SnapshotReceiverTests {
    private static let leader = NodeID(1)
    private static let peer = NodeID(2)
    private static let file = SnapshotFile(
        position: LogPosition(index: LogIndex(50), term: Term(3)), path: "f", sizeBytes: 100,
        digest: [UInt8](repeating: 9, count: 32))
    private static let content = (0..<100).map { UInt8($0) }

    private func chunk(
        _ offset: Int, _ count: Int = 10, identifier: UInt64 = 1, index: UInt64 = 50, format: UInt16 = 1
    ) -> SnapshotChunk {
        let bytes = Array(Self.content[offset..<offset + count])
        return SnapshotChunk(
            position: LogPosition(index: LogIndex(index), term: Term(3)), identifier: identifier,
            offsetBytes: UInt64(offset), totalBytes: 100, checksum: Checksum.crc32c(bytes),
            fileDigest: Self.file.digest, format: format, bytes: bytes)
    }

    /// What the receiver did, in words that compare.
    private func words(_ actions: [SnapshotReceiver.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .begin(let identifier, _, let piece):
                "begin \(identifier) \(piece.map { "\($0.offsetBytes)+\($0.bytes.count)" } ?? "-")"
            case .store(let identifier, let piece): "store \(identifier) \(piece.offsetBytes)+\(piece.bytes.count)"
            case .install(let identifier, let content):
                "install \(identifier) \(content.totalBytes) \(content.position.index.rawValue)"
            case .reply(let to, let reply):
                reply.installed
                    ? "installed" : reply.refused ? "refuse to \(to.rawValue)" : "ask \(reply.nextOffsetBytes)"
            case .discard(let identifier): "discard \(identifier)"
            case .problem: "problem"
            }
        }
    }

    private func receive(
        _ receiver: inout SnapshotReceiver, _ chunk: SnapshotChunk, from: NodeID = leader, commit: UInt64 = 5,
        applied: UInt64 = 5, hasRoom: Bool = true
    ) -> [String] {
        words(
            receiver.chunk(
                chunk, from: from, commit: LogIndex(commit), applied: LogIndex(applied), formats: 1...2,
                hasRoom: hasRoom))
    }
    private func stored(_ receiver: inout SnapshotReceiver, _ next: UInt64, identifier: UInt64 = 1) -> [String] {
        words(receiver.stored(identifier: identifier, nextOffsetBytes: next, problem: nil))
    }

    private func finished(_ receiver: inout SnapshotReceiver, _ installed: Bool) -> [String] {
        words(
            receiver.installFinished(identifier: 1, installed: installed, problem: installed ? nil : "digest"))
    }

    @Test func `pieces in order are stored one by one, then installed, then reported`() {
        var receiver = SnapshotReceiver()
        for offset in stride(from: 0, to: 100, by: 10) {
            #expect(receive(&receiver, chunk(offset)) == ["\(offset == 0 ? "begin" : "store") 1 \(offset)+10"])
            let next = offset + 10
            let expected = next < 100 ? ["ask \(next)"] : ["ask 100", "install 1 100 50"]
            #expect(stored(&receiver, UInt64(next)) == expected)
        }
        #expect(finished(&receiver, true) == ["installed"])
        #expect(receiver.incoming == nil)
    }

    @Test func `while the disk is nearly full no piece is stored, and the transfer goes on when there is room`() {
        var receiver = SnapshotReceiver()
        #expect(receive(&receiver, chunk(0), hasRoom: false) == ["problem", "refuse to 1"])
        #expect(receiver.incoming == nil)
        #expect(receive(&receiver, chunk(0)) == ["begin 1 0+10"])
        #expect(stored(&receiver, 10) == ["ask 10"])
        #expect(receive(&receiver, chunk(10), hasRoom: false) == ["problem", "refuse to 1"])
        #expect(receive(&receiver, chunk(0)) == ["begin 1 0+10"])
        // The store had the first piece already and says where to go on.
        #expect(stored(&receiver, 10) == ["ask 10"])
    }

    @Test func `a piece that is doubled, skips ahead, is damaged or has another length is asked for again`() {
        var receiver = SnapshotReceiver()
        #expect(receive(&receiver, chunk(0)) == ["begin 1 0+10"])
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
        var other = chunk(10)
        other.fileDigest[0] ^= 1
        #expect(receive(&receiver, other) == ["ask 10"])
        var beyond = chunk(90)
        beyond.offsetBytes = UInt64.max - 3
        #expect(receive(&receiver, beyond) == ["ask 10"])
        #expect(receive(&receiver, chunk(10)) == ["store 1 10+10"])
    }

    @Test func `bug 55: a snapshot not beyond the commit index is refused`() {
        var receiver = SnapshotReceiver()
        #expect(receive(&receiver, chunk(0), commit: 50) == ["refuse to 1"])
        #expect(receive(&receiver, chunk(0), commit: 49) == ["begin 1 0+10"])
    }

    /// Seed 38073 of the simulator: the leader's log begins after 50, the peer has 50, its acknowledgement was lost.
    @Test func `bug 39: a snapshot of what is applied already counts as installed, or the leader offers it for ever`() {
        var receiver = SnapshotReceiver()
        #expect(receive(&receiver, chunk(0), commit: 60, applied: 50) == ["installed"])
        #expect(
            receive(&receiver, chunk(0), commit: 60, applied: 49) == ["refuse to 1"], "committed, not on this disk yet")
    }

    @Test func `a snapshot of a format that this build cannot read is refused at its first piece, with the reason`() {
        var receiver = SnapshotReceiver()
        #expect(receive(&receiver, chunk(0, format: 2)) == ["begin 1 0+10"], "an older or newer one it can read")
        var old = SnapshotReceiver()
        #expect(receive(&old, chunk(0, format: 3)) == ["problem", "refuse to 1"])
        #expect(old.incoming == nil)
        let actions = old.chunk(
            chunk(0, format: 3), from: Self.leader, commit: LogIndex(1), applied: LogIndex(1), formats: 1...2,
            hasRoom: true)
        guard case .problem(let text) = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(text.contains("format 3") && text.contains("formats 1 to 2"), "\(text)")
    }

    @Test func `a transfer goes on behind what an earlier one stored, wherever its first piece lies`() {
        // The sender starts at zero; the state machine finds 40 bytes of the same file.
        var receiver = SnapshotReceiver()
        #expect(receive(&receiver, chunk(0, identifier: 9)) == ["begin 9 0+10"])
        #expect(stored(&receiver, 40, identifier: 9) == ["ask 40"])
        #expect(receive(&receiver, chunk(40, identifier: 9)) == ["store 9 40+10"])
        // A process that restarted knows nothing of the transfer: any piece makes it look.
        var restarted = SnapshotReceiver()
        #expect(receive(&restarted, chunk(50, identifier: 9)) == ["begin 9 50+10"])
        #expect(stored(&restarted, 40, identifier: 9) == ["ask 40"])
        // Everything had arrived before the process ended: nothing is sent again.
        var complete = SnapshotReceiver()
        #expect(receive(&complete, chunk(0)) == ["begin 1 0+10"])
        #expect(stored(&complete, 100) == ["ask 100", "install 1 100 50"])
        // A damaged first piece is not stored but does begin.
        var damaged = chunk(0)
        damaged.bytes[0] ^= 1
        var careful = SnapshotReceiver()
        #expect(receive(&careful, damaged) == ["begin 1 -"])
        #expect(stored(&careful, 0) == ["ask 0"])
    }

    @Test func `the same snapshot in a new transfer does not push out what is stored, another one does`() {
        var receiver = SnapshotReceiver()
        _ = receive(&receiver, chunk(0))
        _ = stored(&receiver, 10)
        #expect(receive(&receiver, chunk(0, identifier: 2)) == ["begin 2 0+10"])
        _ = stored(&receiver, 10, identifier: 2)
        #expect(receive(&receiver, chunk(0, identifier: 3, index: 60)) == ["discard 2", "begin 3 0+10"])
    }

    @Test func `another transfer replaces the one under way, but never one that is being stored or installed`() {
        var receiver = SnapshotReceiver()
        #expect(receive(&receiver, chunk(0)) == ["begin 1 0+10"])
        // The store of 1 is under way: its end must not be taken for the store of another leader's piece, whose
        // identifier may be the same number (every node counts from its own run).
        #expect(receive(&receiver, chunk(0), from: NodeID(3)) == [])
        #expect(receive(&receiver, chunk(0, identifier: 2)) == [])
        #expect(stored(&receiver, 10) == ["ask 10"])
        #expect(receive(&receiver, chunk(0), from: NodeID(3)) == ["begin 1 0+10"])
        #expect(stored(&receiver, 10) == ["ask 10"])
        #expect(receiver.incoming?.from == NodeID(3))
        for offset in stride(from: 10, to: 100, by: 10) {
            _ = receive(&receiver, chunk(offset), from: NodeID(3))
            _ = stored(&receiver, UInt64(offset + 10))
        }
        #expect(receive(&receiver, chunk(0, identifier: 2)) == [])
        #expect(finished(&receiver, false) == ["problem", "discard 1", "refuse to 3"])
        #expect(receive(&receiver, chunk(0, identifier: 2)) == ["begin 2 0+10"])
    }

    @Test func `a late piece of a transfer that was given up does not push out its successor`() {
        var receiver = SnapshotReceiver()
        #expect(receive(&receiver, chunk(0, identifier: 5)) == ["begin 5 0+10"])
        #expect(stored(&receiver, 10, identifier: 5) == ["ask 10"])
        #expect(receive(&receiver, chunk(0, identifier: 4)) == [])
        #expect(receive(&receiver, chunk(10, identifier: 5)) == ["store 5 10+10"])
    }

    @Test func `a disk error while storing gives the transfer up`() {
        var receiver = SnapshotReceiver()
        _ = receive(&receiver, chunk(0))
        let actions = receiver.stored(identifier: 1, nextOffsetBytes: 0, problem: "no space left")
        #expect(words(actions) == ["problem", "discard 1", "refuse to 1"])
        #expect(receiver.incoming == nil)
    }
}
