/// Interrupted writes and damage: which is which, byte for byte.

import Testing

@testable import Raft

@Suite("Torn writes")
struct TornWriteTests {
    /// Before and after of one append of several sectors, durably.
    struct Images {
        var name: String
        var before: [UInt8]
        var after: [UInt8]
        var sectors: [Int]
        var entriesBefore: [Entry]
        var entriesAfter: [Entry]
    }

    private func images(on disk: MemoryDisk, lastBatch: [Entry]) throws -> Images {
        let log = try makeLog(on: disk, count: 5)
        let name = try lastSegment(disk)
        let before = try #require(disk.content(of: name))
        let entriesBefore = try allEntries(log)
        try log.append([request(lastBatch)])
        let after = try #require(disk.content(of: name))
        let sectors = (0..<after.count / 512).filter {
            before[$0 * 512..<($0 + 1) * 512] != after[$0 * 512..<($0 + 1) * 512]
        }
        return Images(
            name: name, before: before, after: after, sectors: sectors, entriesBefore: entriesBefore,
            entriesAfter: try allEntries(log))
    }

    @Test("bug 62: every choice of sectors that made it to the disk gives the whole batch or none of it")
    func everySubsetOfSectors() throws {
        let disk = MemoryDisk()
        let batch = [makeEntry(6, bytes: 700), makeEntry(7, bytes: 500), makeEntry(8, bytes: 900)]
        let images = try images(on: disk, lastBatch: batch)
        try #require(images.sectors.count >= 4)
        for choice in 0..<(1 << images.sectors.count) {
            var bytes = images.before
            for (bit, sector) in images.sectors.enumerated() where choice >> bit & 1 == 1 {
                bytes.replaceSubrange(
                    sector * 512..<(sector + 1) * 512, with: images.after[sector * 512..<(sector + 1) * 512])
            }
            disk.setContent(of: images.name, to: bytes)
            let (log, recovery) = try reopen(disk, known: 5)
            let isWhole = choice == (1 << images.sectors.count) - 1
            try #require(
                try allEntries(log) == (isWhole ? images.entriesAfter : images.entriesBefore), "sectors \(choice)")
            #expect((recovery.tornBytes > 0) == (choice != 0 && !isWhole), "sectors \(choice)")
            log.close()
            if !isWhole {
                disk.powerLoss(.lost)
                try #require(disk.content(of: images.name) == images.before, "the torn place is zero again, durably")
            }
        }
    }

    @Test("bug 62: the power going while a torn tail is zeroed leaves a torn tail", arguments: 0..<6)
    func powerCutDuringRepair(seed: Int) throws {
        let disk = MemoryDisk()
        let images = try images(on: disk, lastBatch: [makeEntry(6, bytes: 700), makeEntry(7, bytes: 900)])
        for cut in 0..<6 {
            var bytes = images.after
            let lost = images.sectors[seed % images.sectors.count]
            for offset in lost * 512..<(lost + 1) * 512 { bytes[offset] = images.before[offset] }
            disk.setContent(of: images.name, to: bytes)
            disk.inject(DiskFault(.powerLoss, after: cut))
            do throws(LogError) {
                let (log, _) = try reopen(disk, known: 5)
                log.close()
            } catch {
                try #require(disk.isPowerLost)
            }
            disk.powerLoss(.torn(seed: UInt64(seed * 10 + cut)))
            let (log, _) = try reopen(disk, known: 5)
            #expect(try allEntries(log) == images.entriesBefore)
            log.close()
        }
    }

    @Test("a torn batch below what the state machine has applied is refused: it was durable")
    func tornBelowKnownDurable() throws {
        let disk = MemoryDisk()
        let images = try images(on: disk, lastBatch: [makeEntry(6, bytes: 700), makeEntry(7, bytes: 900)])
        disk.zero(in: images.name, bytes: images.sectors[1] * 512..<images.sectors[1] * 512 + 512)
        let before = try contents(disk)
        let error = try #require(logError { () throws(LogError) in _ = try reopen(disk, known: 7) })
        guard case .corrupt(let file, _, let index, let reason) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(file == images.name)
        #expect(index == LogIndex(6))
        #expect(reason.contains("applied"))
        #expect(try contents(disk) == before)
    }

    @Test("bug 63: a zeroed sector in the last batch but one is damage, not a torn write")
    func onlyTheLastBatchMayBeTorn() throws {
        let disk = MemoryDisk()
        let images = try images(on: disk, lastBatch: [makeEntry(6, bytes: 1200)])
        let log = try reopen(disk).0
        try log.append([request([makeEntry(7)])])
        log.close()
        let middle = images.sectors[images.sectors.count / 2]
        disk.zero(in: images.name, bytes: middle * 512..<middle * 512 + 512)
        let before = try contents(disk)
        let error = try #require(logError { () throws(LogError) in _ = try reopen(disk) })
        guard case .corrupt(images.name, _, LogIndex(6), let reason) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(reason.contains("later valid write"))
        #expect(try contents(disk) == before)
    }

    @Test("a mark at a quiet moment turns an ambiguous tail into provable damage")
    func markMakesTheTailCertain() throws {
        let disk = MemoryDisk()
        let images = try images(on: disk, lastBatch: [makeEntry(6, bytes: 1200)])
        let torn = images.sectors[1] * 512..<images.sectors[1] * 512 + 512
        let log = try reopen(disk).0
        try log.markDurable()
        log.close()
        disk.zero(in: images.name, bytes: torn)
        #expect(logError { () throws(LogError) in _ = try reopen(disk) } != nil)
        disk.setContent(of: images.name, to: images.after)
        disk.zero(in: images.name, bytes: torn)
        #expect(
            try reopen(disk).1.tornBytes > 0, "without the mark the same damage is what an interrupted write leaves")
    }

    @Test("damage that reaches further than one batch is refused")
    func damageBeyondOneBatch() throws {
        let disk = MemoryDisk()
        let options = smallOptions(segmentBytes: 16384, recordBytesMax: 512, batchBytesMax: 1024)
        _ = try makeLog(on: disk, count: 3, options: options)
        let name = try lastSegment(disk)
        var bytes = try #require(disk.content(of: name))
        bytes[bytes.count - 100] = 1
        disk.setContent(of: name, to: bytes)
        let error = try #require(logError { () throws(LogError) in _ = try reopen(disk, options: options) })
        #expect("\(error)".contains("larger than the one write"))
    }
}

@Suite("Recovery table")
struct RecoveryTableTests {
    private var allFacts: [RecoveryFacts] {
        (0..<256).map { bits in
            func bit(_ number: Int) -> Bool { bits >> number & 1 == 1 }
            return RecoveryFacts(
                isLastSegment: bit(0), isZeroToEnd: bit(1), hasOpenBatch: bit(2), hasLaterBatch: bit(3),
                isBelowKnownDurable: bit(4), exceedsBatch: bit(5), isSectorShaped: bit(6), isNonsense: bit(7))
        }
    }

    @Test("every combination of facts has a row, and every row decides some combination")
    func isTotal() {
        var used = Set<Int>()
        for facts in allFacts {
            let row = RecoveryTable.rows.firstIndex { $0.matches(facts) }
            #expect(row != nil, "\(facts)")
            if let row { used.insert(row) }
        }
        #expect(used == Set(RecoveryTable.rows.indices))
    }

    @Test("torn is decided only where an interrupted write explains everything")
    func tornIsRare() {
        for facts in allFacts where RecoveryTable.decide(facts) == .torn {
            #expect(facts.isLastSegment && !facts.hasLaterBatch && !facts.isBelowKnownDurable)
            #expect(!facts.exceedsBatch && facts.isSectorShaped && !facts.isNonsense)
            #expect(!facts.isZeroToEnd || facts.hasOpenBatch)
        }
    }

    @Test("an end is an end only without half a batch and with nothing but zeros behind it")
    func cleanIsClean() {
        for facts in allFacts {
            switch RecoveryTable.decide(facts) {
            case .clean, .endsBeforeState:
                #expect(facts.isLastSegment && facts.isZeroToEnd && !facts.hasOpenBatch && !facts.isNonsense)
                #expect((RecoveryTable.decide(facts) == .endsBeforeState) == facts.isBelowKnownDurable)
            case .nextSegment:
                #expect(!facts.isLastSegment && facts.isZeroToEnd && !facts.hasOpenBatch)
            case .torn, .corrupt: break
            }
        }
    }
}
