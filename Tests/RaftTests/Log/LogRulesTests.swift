/// What the log accepts, and what it refuses to write.

import Testing

@testable import Raft

@Suite("Log rules")
struct LogRulesTests {
    private func refusal(_ requests: [PersistRequest], after: [PersistRequest]) throws -> String {
        let disk = MemoryDisk()
        let (log, _) = try reopen(disk)
        try log.append(after)
        let before = try contents(disk)
        let error = logError { () throws(LogError) in try log.append(requests) }
        guard case .invalidRequest(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return ""
        }
        #expect(try contents(disk) == before, "nothing was written")
        return reason
    }

    @Test("bug 1: term, vote and commit stand in one record")
    func hardStateIsOneRecord() throws {
        let disk = MemoryDisk()
        let (log, _) = try reopen(disk)
        try log.append([request(term: 7, vote: 3)])
        let report = LogInspector.inspect(disk: disk)
        #expect(report.segments[0].records.count == 1)
        #expect(report.segments[0].records[0].hardState == .init(term: 7, vote: 3, commit: 0))
    }

    @Test("bugs 2, 3: the log refuses a term that goes back and a vote that changes within a term")
    func hardStateOnlyMovesForward() throws {
        #expect(try refusal([request(term: 4)], after: [request(term: 5)]).contains("go back"))
        #expect(try refusal([request(term: 5, vote: 2)], after: [request(term: 5, vote: 1)]).contains("vote"))
        #expect(try refusal([request(term: 5)], after: [request(term: 5, vote: 1)]).contains("vote"))
        #expect(
            try refusal([request([makeEntry(1, term: 6)])], after: [request(term: 5)]).contains("invariant 3"))
    }

    @Test("bug 3: a log whose entries are of a later term than its hard state starts in that term, without a vote")
    func termIsRaised() throws {
        let disk = MemoryDisk()
        let options = smallOptions(recordBytesMax: 256, batchBytesMax: 320)
        let (log, _) = try reopen(disk, options: options)
        try log.append([request([makeEntry(1, term: 2)], term: 2, vote: 3)])
        // The request does not fit into one batch; the power goes after the batch with the entry.
        disk.inject(DiskFault(.powerLoss, on: .write, after: 1))
        _ = logError { () throws(LogError) in
            try log.append([request([makeEntry(2, term: 5, bytes: 200)], term: 5, vote: 1)])
        }
        disk.powerLoss(.lost)
        let (again, recovery) = try reopen(disk, options: options)
        #expect(recovery.lastIndex == LogIndex(2))
        #expect(recovery.hardState == HardState(term: Term(5), vote: nil, commit: .zero))
        again.close()
        disk.powerLoss(.lost)
        #expect(try reopen(disk, options: options).0.hardState.term == Term(5), "and that is durable")
    }

    @Test("bug 4: a vote without entries is durable when append returns")
    func voteAlone() throws {
        let disk = MemoryDisk()
        let (log, _) = try reopen(disk)
        let syncs = disk.syncCount
        try log.append([request(term: 3, vote: 2)])
        #expect(disk.syncCount == syncs + 1)
        disk.powerLoss(.lost)
        #expect(try reopen(disk).1.hardState == HardState(term: Term(3), vote: NodeID(2), commit: .zero))
    }

    @Test("many requests cost one write and one sync")
    func groupCommit() throws {
        let disk = MemoryDisk()
        let (log, _) = try reopen(disk)
        let operations = disk.operationCount
        try log.append((1...20).map { request([makeEntry($0)], term: 1, sequence: $0) })
        #expect(disk.operationCount == operations + 2)
        #expect(log.lastIndex == LogIndex(20))
        try log.append([])
        try log.append([PersistRequest(sequence: 9)])
        #expect(disk.operationCount == operations + 2, "nothing to write, nothing written")
    }

    @Test("gaps, going back, falling terms and truncation of committed entries are refused")
    func contiguity() throws {
        let three = [request((1...3).map { makeEntry($0, term: 2) }, term: 2, commit: 2)]
        #expect(try refusal([request([makeEntry(5, term: 2)])], after: three).contains("do not follow"))
        #expect(try refusal([request([makeEntry(3, term: 2)])], after: three).contains("do not follow"))
        #expect(try refusal([request([makeEntry(4, term: 1)])], after: three).contains("after term"))
        #expect(try refusal([request(truncateFrom: 2)], after: three).contains("committed"))
        #expect(
            try refusal([request([makeEntry(4, term: 2), makeEntry(6, term: 2)])], after: three).contains("invariant 4")
        )
    }

    @Test("an entry beyond the limit is refused by name and limit")
    func largeEntry() throws {
        let (log, _) = try reopen(MemoryDisk())
        try log.append([request(term: 1)])
        let error = logError { () throws(LogError) in try log.append([request([makeEntry(1, bytes: 2017)])]) }
        #expect(error == .entryTooLarge(index: LogIndex(1), bytes: 2049, bytesMax: 2048))
        let (other, _) = try reopen(MemoryDisk())
        try other.append([request([makeEntry(1, bytes: 2016)], term: 1)])
        #expect(try allEntries(other) == [makeEntry(1, bytes: 2016)])
    }

    @Test("bug 66: a truncation alone survives a power cut")
    func truncationIsARecord() throws {
        let disk = MemoryDisk()
        let log = try makeLog(on: disk, count: 30)
        try log.append([request(truncateFrom: 11)])
        disk.powerLoss(.lost)
        let (again, recovery) = try reopen(disk)
        #expect(recovery.lastIndex == LogIndex(10))
        #expect(try allEntries(again) == (1...10).map { makeEntry($0) })
        #expect(again.term(at: LogIndex(11)) == nil)
    }

    @Test("bug 61: overwritten entries stay gone, also when the truncation stands in an older segment than the base")
    func ghostEntries() throws {
        let disk = MemoryDisk()
        let log = try makeLog(on: disk, count: 40, bytes: 100)
        try log.append([
            request((20...30).map { makeEntry($0, term: 2, flavour: 5) }, term: 2, truncateFrom: 20)
        ])
        for index in 31...60 { try log.append([request([makeEntry(index, term: 2)])]) }
        try log.compact(through: position(25, 2))
        let expected = (26...30).map { makeEntry($0, term: 2, flavour: 5) } + (31...60).map { makeEntry($0, term: 2) }
        #expect(try allEntries(log) == expected)
        disk.powerLoss(.lost)
        let (again, recovery) = try reopen(disk, known: 25)
        #expect(try allEntries(again) == expected)
        #expect(recovery.base == position(25, 2))
        #expect(recovery.termRuns == [TermRun(term: Term(2), first: LogIndex(26))])
    }

    @Test("bug 60: compaction removes oldest first, and a power cut at any step leaves a whole log")
    func compactionOrder() throws {
        for cut in 0..<12 {
            let disk = MemoryDisk()
            let log = try makeLog(on: disk, count: 90, bytes: 120)
            let segments = log.segmentCount
            try #require(segments >= 4)
            disk.inject(DiskFault(.powerLoss, after: cut))
            do throws(LogError) { try log.compact(through: position(80, 1)) } catch { try #require(disk.isPowerLost) }
            disk.powerLoss(.torn(seed: UInt64(cut)))
            let (again, recovery) = try reopen(disk, known: 80)
            #expect([LogIndex(0), LogIndex(80)].contains(recovery.base.index))
            try again.compact(through: position(80, 1))
            try again.compact(through: position(80, 1))
            #expect(again.segmentCount < segments)
            #expect(try allEntries(again) == (81...90).map { makeEntry($0, bytes: 120) })
            #expect(again.bytesOnDisk == UInt64(again.segmentCount * 8192))
        }
    }

    @Test("compaction at a position the log does not hold is refused and harms nothing")
    func wrongCompaction() throws {
        let log = try makeLog(on: MemoryDisk(), count: 5)
        for wrong in [position(6, 1), position(3, 2)] {
            guard case .invalidRequest = logError({ () throws(LogError) in try log.compact(through: wrong) }) else {
                Issue.record("compaction at \(wrong) was accepted")
                return
            }
        }
        try log.compact(through: position(5, 1))
        #expect(log.firstIndex == LogIndex(6))
        #expect(log.lastIndex == LogIndex(5))
        try log.append([request([makeEntry(6)])])
        #expect(try allEntries(log) == [makeEntry(6)])
    }

    @Test("a reset replaces the whole log, also by an earlier position, and its files go")
    func reset() throws {
        for target in [position(200, 3), position(20, 3)] {
            let disk = MemoryDisk()
            let log = try makeLog(on: disk, count: 60, bytes: 100)
            let next = Int(target.index.rawValue) + 1
            try log.append([
                request([makeEntry(61, bytes: 10)]),
                request(
                    [makeEntry(next, term: 3)], term: 3, commit: Int(target.index.rawValue), resetTo: target),
            ])
            #expect(log.segmentCount == 1)
            #expect(log.base == target)
            disk.powerLoss(.lost)
            let (again, recovery) = try reopen(disk)
            #expect(recovery.base == target)
            #expect(recovery.hardState.commit == target.index)
            #expect(try allEntries(again) == [makeEntry(next, term: 3)])
        }
    }

    @Test("reads keep to range and byte limit, the first entry always included")
    func reads() throws {
        let log = try makeLog(on: MemoryDisk(), count: 50, bytes: 100)
        func read(_ from: Int, _ through: Int, _ bytesMax: Int) throws -> [Int] {
            try log.entries(from: LogIndex(UInt64(from)), through: LogIndex(UInt64(through)), bytesMax: bytesMax)
                .map { Int($0.index.rawValue) }
        }
        #expect(try read(7, 9, .max) == [7, 8, 9])
        #expect(try read(7, 50, 0) == [7])
        #expect(try read(7, 50, 3 * 148) == [7, 8, 9])
        #expect(try read(7, 50, 3 * 148 - 1) == [7, 8])
        try log.compact(through: position(10, 1))
        for (from, through) in [(10, 12), (51, 51), (20, 51), (0, 3)] {
            guard
                case .notInLog = logError({ () throws(LogError) in
                    _ = try log.entries(
                        from: LogIndex(UInt64(from)), through: LogIndex(UInt64(through)), bytesMax: .max)
                })
            else {
                Issue.record("read \(from)…\(through) was accepted")
                return
            }
        }
        #expect(try read(11, 12, .max) == [11, 12])
    }
}
