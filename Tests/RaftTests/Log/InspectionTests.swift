/// `mneme log inspect`: shows everything, changes nothing, judges like a start does.

import Foundation
import Testing

@testable import Raft

@Suite("Log inspection")
struct InspectionTests {
    private func sampleDisk() throws -> MemoryDisk {
        let disk = MemoryDisk(path: "sample")
        let (log, _) = try reopen(disk)
        var compressed = makeEntry(2)
        compressed.payload = EntryCompression.compress([UInt8](repeating: 65, count: 1000))
        try log.append([
            request(
                [Entry(index: LogIndex(1), term: Term(1), kind: .noop), compressed], term: 1, vote: 2, commit: 1)
        ])
        try log.append([request([makeEntry(3, bytes: 900)])])
        try log.append([request(term: 2, commit: 1, truncateFrom: 3)])
        try log.compact(through: position(1, 1))
        try log.markDurable()
        log.close()
        return disk
    }

    @Test("headers, records, entries and hard states are shown")
    func content() throws {
        let disk = try sampleDisk()
        let before = try contents(disk)
        let report = LogInspector.inspect(disk: disk)
        #expect(report.verdict.kind == .clean)
        #expect(report.identity == .init(cluster: "0102030405060708090a0b0c0d0e0f10", node: 1, incarnation: 1))
        let segment = try #require(report.segments.first)
        #expect(
            segment.records.map(\.type) == ["entries", "hardState", "entries", "truncate", "hardState", "base", "mark"])
        #expect(segment.records.map(\.endsBatch) == [false, true, true, false, true, true, true])
        let entries = try #require(segment.records[0].entries)
        #expect(entries.map(\.kind) == ["noop", "command"])
        #expect(entries.map(\.codec) == ["none", "lz4"])
        #expect(entries[1].rawBytes == 1000)
        #expect(entries[1].storedBytes < 100)
        #expect(entries[1].proposalNonce == 2)
        #expect(segment.records[3].truncateFrom == 3)
        #expect(segment.records[5].base == .init(index: 1, term: 1))
        #expect(report.last == .init(index: 2, term: 1))
        #expect(report.hardState == .init(term: 2, vote: nil, commit: 1))
        #expect(try contents(disk) == before)
    }

    @Test("text and JSON say the same and carry no payload")
    func rendering() throws {
        let disk = try sampleDisk()
        let report = LogInspector.inspect(disk: disk)
        let text = report.text
        for piece in ["verdict: clean", "entries from 3 are gone", "lz4", "of 1000 bytes", "vote n2", "proposal n1/2"] {
            #expect(text.contains(piece), "\(piece) in \(text)")
        }
        let data = try JSONEncoder().encode(report)
        #expect(try JSONDecoder().decode(LogInspection.self, from: data) == report)
        #expect(LogInspector.inspect(disk: disk, detail: .segments).segments[0].records.isEmpty)
    }

    @Test("a torn tail, a flipped bit and an empty directory each get their verdict, and nothing is changed")
    func verdicts() throws {
        let disk = MemoryDisk()
        let log = try makeLog(on: disk, count: 50, bytes: 100)
        try log.append([request([makeEntry(51, bytes: 1200)])])
        log.close()
        let name = try lastSegment(disk)
        let whole = try contents(disk)
        disk.zero(in: name, bytes: (try usedBytes(disk) / 512) * 512..<8192)
        let torn = try contents(disk)
        let report = LogInspector.inspect(disk: disk)
        #expect(report.verdict.kind == .tornTail)
        #expect(report.verdict.file == name)
        #expect(report.verdict.index == 51)
        #expect(report.last.index == 50)
        #expect(try contents(disk) == torn)

        disk.setContent(of: name, to: try #require(whole[name]))
        let first = try #require(try segmentNames(disk).first)
        disk.flipBit(in: first, atByte: 5000)
        let damaged = LogInspector.inspect(disk: disk)
        #expect(damaged.verdict.kind == .corrupt)
        #expect(damaged.verdict.file == first)
        #expect(damaged.verdict.offset.map { $0 <= 5000 && $0 > 4096 } == true)
        #expect(damaged.verdict.index != nil)
        #expect(damaged.segments.count > 1, "what is readable is shown all the same")

        disk.flipBit(in: first, atByte: 100)
        #expect(LogInspector.inspect(disk: disk).verdict.kind == .corrupt)
        #expect(LogInspector.inspect(disk: MemoryDisk()).verdict.kind == .unreadable)
    }
}
