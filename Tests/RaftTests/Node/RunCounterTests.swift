/// Every start gets a greater number than all before it, whatever happened to the disk in between.

import Testing

@testable import Raft

@Suite struct RunCounterTests {
    @Test func `numbers grow by one from one`() throws {
        let disk = MemoryDisk()
        for expected in 1...20 { #expect(try RunCounter.next(disk: disk) == UInt32(expected)) }
    }

    /// Power lost at each operation of a start, with every fate of what was not synced; then a start that works.
    @Test(arguments: [UnsyncedFate.lost, .kept, .torn(seed: 1), .torn(seed: 2), .torn(seed: 3)])
    func `a power cut at any step repeats no number that was handed out`(fate: UnsyncedFate) throws {
        var cuts = 0
        for step in 0..<20 {
            let disk = MemoryDisk()
            var highest: UInt32 = 0
            for _ in 0..<3 { highest = try RunCounter.next(disk: disk) }
            disk.inject(DiskFault(.powerLoss, after: step))
            do {
                highest = try RunCounter.next(disk: disk)
            } catch {
                cuts += 1
            }
            disk.powerLoss(fate)
            let next = try RunCounter.next(disk: disk)
            #expect(next > highest, "cut at step \(step)")
            #expect(try RunCounter.next(disk: disk) == next + 1)
        }
        #expect(cuts >= 5, "the cut met open, write, sync, rename and the sync of the directory")
    }

    @Test func `a failed write or sync hands out nothing`() throws {
        for operation in [DiskError.Operation.open, .write, .sync, .rename] {
            let disk = MemoryDisk()
            #expect(try RunCounter.next(disk: disk) == 1)
            disk.inject(DiskFault(.error(DiskFault.inputOutputError), on: operation))
            #expect(throws: DiskError.self) { try RunCounter.next(disk: disk) }
            disk.clearFaults()
            #expect(try RunCounter.next(disk: disk) >= 2)
        }
    }

    @Test func `a damaged or shortened file is refused, never guessed`() throws {
        let disk = MemoryDisk()
        _ = try RunCounter.next(disk: disk)
        let good = try #require(disk.content(of: "runs"))
        for byte in good.indices {
            for bit in 0..<8 {
                disk.setContent(of: "runs", to: good)
                disk.flipBit(in: "runs", atByte: byte, bit: bit)
                #expect(throws: DiskError.self) { try RunCounter.next(disk: disk) }
            }
        }
        for count in 0..<good.count {
            disk.setContent(of: "runs", to: Array(good.prefix(count)))
            #expect(throws: DiskError.self) { try RunCounter.next(disk: disk) }
        }
        disk.setContent(of: "runs", to: good)
        #expect(try RunCounter.next(disk: disk) == 2)
    }

    @Test func `the last number that fits a nonce is the last one handed out`() throws {
        let disk = MemoryDisk()
        let number = RunCounter.numberMax - 1
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) }
        let sum = Checksum.crc32c(bytes)
        disk.setContent(of: "runs", to: bytes + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt32($0))) })
        #expect(try RunCounter.next(disk: disk) == RunCounter.numberMax)
        #expect(throws: DiskError.self) { try RunCounter.next(disk: disk) }
    }

    // MARK: a file that is missing

    private func remove(_ disk: MemoryDisk) throws {
        try disk.remove("runs")
        try disk.syncDirectory()
    }

    @Test func `a missing file beside a log that was in use is refused, named, with what to do`() throws {
        let disk = MemoryDisk(path: "data")
        let log = try makeLog(on: disk, count: 0)
        #expect(throws: DiskError.self, "the log has a record already") { try RunCounter.next(disk: disk) }
        log.close()
        for count in [1, 60] {
            let used = MemoryDisk(path: "data")
            _ = try WriteAheadLog.open(disk: used, identity: testIdentity, options: smallOptions())
            #expect(try RunCounter.next(disk: used) == 1, "founding comes first, the first number second")
            let log = try makeLog(on: used, count: count, bytes: 120)
            if count == 60 {
                try #require(log.segmentCount > 2)
                try log.compact(through: position(60, 1))
                try #require(log.segmentCount == 1)
            }
            try remove(used)
            let before = try contents(used)
            do throws(DiskError) {
                let number = try RunCounter.next(disk: used)
                Issue.record("run \(number) was handed out twice")
            } catch {
                #expect(error.path == "data/runs")
                #expect(error.description.contains("it is missing although the log beside it was in use"))
                #expect(error.description.contains("Put the file back"))
            }
            #expect(try contents(used) == before)
        }
    }

    @Test func `a log that a snapshot replaced counts as used, and so does one that cannot be read`() throws {
        let disk = MemoryDisk()
        let (log, _) = try WriteAheadLog.open(disk: disk, identity: testIdentity, options: smallOptions())
        try log.append([request(term: 3, commit: 9, resetTo: position(9, 3))])
        #expect(throws: DiskError.self) { try RunCounter.next(disk: disk) }
        let fresh = MemoryDisk()
        _ = try WriteAheadLog.open(disk: fresh, identity: testIdentity, options: smallOptions())
        fresh.flipBit(in: try lastSegment(fresh), atByte: 17)
        #expect(throws: DiskError.self) { try RunCounter.next(disk: fresh) }
    }

    /// The power goes at each step of a first start: founding the log, then the first number.
    @Test(arguments: [UnsyncedFate.lost, .kept, .torn(seed: 4), .torn(seed: 5)])
    func `a first start that is cut short anywhere does not lock the node out`(fate: UnsyncedFate) throws {
        for step in 0..<20 {
            let disk = MemoryDisk()
            disk.inject(DiskFault(.powerLoss, after: step))
            do {
                _ = try WriteAheadLog.open(disk: disk, identity: testIdentity, options: smallOptions())
                _ = try RunCounter.next(disk: disk)
            } catch {
                try #require(disk.isPowerLost)
            }
            disk.powerLoss(fate)
            _ = try WriteAheadLog.open(disk: disk, identity: testIdentity, options: smallOptions())
            #expect(try RunCounter.next(disk: disk) >= 1, "step \(step)")
        }
    }

    @Test func `bug 70: a directory that takes another's place under the same id does not repeat its numbers`() throws {
        let first = try RunCounter.next(disk: MemoryDisk(), incarnation: 0x1234_5678_9abc_def0)
        let second = try RunCounter.next(disk: MemoryDisk(), incarnation: 0x0fed_cba9_8765_4321)
        #expect(first != second && max(first, second) <= RunCounter.numberMax / 2)
        let disk = MemoryDisk()
        let before = try RunCounter.next(disk: disk, incarnation: 77)
        #expect(before == 78)
        #expect(try RunCounter.next(disk: disk, incarnation: 77) == 79, "only the first number depends on it")
    }
}
