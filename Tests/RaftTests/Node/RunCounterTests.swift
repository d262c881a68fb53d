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
}
