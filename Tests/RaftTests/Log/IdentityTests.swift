/// An identity is drawn once, kept for ever, and never guessed.

import Testing

@testable import Raft

@Suite("Identity")
struct IdentityTests {
    private static let cluster = [UInt8](1...16)

    private func identity(
        _ disk: MemoryDisk, node: UInt64 = 1, cluster: [UInt8] = cluster, draw: UInt64 = 77
    ) throws(LogError) -> LogIdentity {
        try LogIdentity.readOrFound(disk: disk, clusterID: cluster, nodeID: NodeID(node), random: { draw })
    }
    private func open(_ disk: MemoryDisk, _ identity: LogIdentity) throws(LogError) {
        _ = try WriteAheadLog.open(disk: disk, identity: identity, options: smallOptions())
    }

    @Test("an empty directory gets the incarnation drawn, and keeps it whatever is drawn later")
    func drawnOnce() throws {
        let disk = MemoryDisk()
        let founded = try identity(disk, draw: 0xDEAD_BEEF_0000_0001)
        #expect(founded.incarnation == 0xDEAD_BEEF_0000_0001)
        #expect(try disk.list() == [], "drawing writes nothing")
        try open(disk, founded)
        let before = try contents(disk)
        #expect(try identity(disk, draw: 5) == founded)
        #expect(try LogIdentity.read(disk: disk) == founded)
        try open(disk, try identity(disk, draw: 6))
        #expect(try contents(disk)["meta"] == before["meta"], "opening never changes it")
        // Wiped: another directory, and everybody can tell.
        let wiped = MemoryDisk()
        try open(wiped, try identity(wiped, draw: 9))
        #expect(try LogIdentity.read(disk: wiped)?.incarnation == 9)
    }

    @Test("zero is no incarnation; a source that gives nothing else is refused")
    func neverZero() throws {
        var draws: [UInt64] = [0, 0, 3]
        let founded = try LogIdentity.readOrFound(
            disk: MemoryDisk(), clusterID: Self.cluster, nodeID: NodeID(1), random: { draws.removeFirst() })
        #expect(founded.incarnation == 3)
        let error = logError { () throws(LogError) in _ = try identity(MemoryDisk(), draw: 0) }
        guard case .invalidRequest = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("bug 9: a directory of another node or cluster is refused with both names, whatever its incarnation")
    func otherOwner() throws {
        let disk = MemoryDisk()
        try open(disk, try identity(disk))
        var other = Self.cluster
        other[0] = 200
        for error in [
            logError { () throws(LogError) in _ = try identity(disk, node: 2) },
            logError { () throws(LogError) in _ = try identity(disk, cluster: other) },
        ] {
            guard case .identityMismatch(_, "meta", let expected, let found) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(found.incarnation == 77 && expected.incarnation == 77)
            #expect(error?.description.contains("node 1 (incarnation 77)") == true)
        }
    }

    @Test(
        "a founding cut short at any step goes on under one incarnation",
        arguments: [
            UnsyncedFate.lost, .kept, .torn(seed: 1), .torn(seed: 2), .torn(seed: 3),
        ])
    func cutFounding(fate: UnsyncedFate) throws {
        var cuts = 0
        for step in 0..<14 {
            let disk = MemoryDisk()
            disk.inject(DiskFault(.powerLoss, after: step))
            do throws(LogError) { try open(disk, try identity(disk, draw: 11)) } catch { cuts += 1 }
            disk.powerLoss(fate)
            // Either nothing was there yet, and this is another directory, or it is the one that was begun.
            let segments = try segmentNames(disk)
            let again = try identity(disk, draw: 22)
            #expect(again.incarnation == (segments.isEmpty ? 22 : 11), "step \(step)")
            try open(disk, again)
            #expect(try LogIdentity.read(disk: disk) == again)
        }
        #expect(cuts > 5)
    }

    @Test("a log that is gone beside a state that is not empty is not founded again")
    func missingLog() throws {
        let disk = MemoryDisk(path: "data/log")
        let error = logError { () throws(LogError) in
            _ = try WriteAheadLog.open(
                disk: disk, identity: testIdentity, options: smallOptions(), mayCreate: false)
        }
        #expect(error == .missing(path: "data/log"))
        #expect(error?.description.contains("the log was removed") == true)
        #expect(try disk.list() == [])
    }
}
