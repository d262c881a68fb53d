/// Damage anywhere is named and refused, never cut away.

import Testing

@testable import Raft

@Suite("Corruption")
struct CorruptionTests {
    /// Several segments, several batches each.
    private func filledDisk() throws -> MemoryDisk {
        let disk = MemoryDisk()
        let log = try makeLog(on: disk, count: 60, bytes: 120)
        try #require(log.segmentCount >= 3)
        log.close()
        return disk
    }

    @Test("bug 67: one flipped bit anywhere in the log is refused, with file, byte and index, and changes nothing")
    func everyFlipIsFound() throws {
        let disk = try filledDisk()
        let original = try contents(disk)
        var flips = 0
        for name in try segmentNames(disk) {
            let bytes = try #require(original[name])
            let used = (bytes.lastIndex { $0 != 0 } ?? 0) + 1
            // Densely over the beginning of the records, then in strides that meet every offset modulo eight.
            let places =
                Array(0..<64) + Array(stride(from: 4096, to: 4250, by: 3)) + Array(stride(from: 4250, to: used, by: 61))
            for offset in places {
                disk.flipBit(in: name, atByte: offset, bit: offset)
                let error = logError { () throws(LogError) in _ = try reopen(disk) }
                switch error {
                case .corrupt(let file, let place, let index, _):
                    // A header that is damaged is found at the file, a record no later than at the damage.
                    #expect(file == name)
                    #expect(place <= UInt64(offset))
                    #expect(offset < 4096 || index != nil)
                case .unsupportedVersion:
                    #expect((8..<12).contains(offset))
                default:
                    Issue.record("flip at \(name):\(offset) gave \(String(describing: error))")
                }
                flips += 1
                disk.flipBit(in: name, atByte: offset, bit: offset)
            }
        }
        #expect(flips > 300)
        #expect(try contents(disk) == original)
        #expect(try reopen(disk).1.lastIndex == LogIndex(60))
    }

    @Test("a flipped bit in the middle is refused with the index it hit, and the files stay as they were")
    func middleFlip() throws {
        let disk = try filledDisk()
        let name = try #require(try segmentNames(disk).first)
        disk.flipBit(in: name, atByte: 4096 + 80 + 3 * 208 + 60, bit: 3)
        let before = try contents(disk)
        let error = try #require(logError { () throws(LogError) in _ = try reopen(disk) })
        guard case .corrupt(name, let offset, let index, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(offset == 4096 + 88 + 3 * 208)
        #expect(index == LogIndex(4))
        #expect("\(error)".contains("byte \(offset), log index 4"))
        #expect(try contents(disk) == before)
    }

    @Test("bug 67: a bit that flips under a running log is found by the read")
    func flipUnderRunningLog() throws {
        let disk = MemoryDisk()
        let log = try makeLog(on: disk, count: 10)
        let name = try lastSegment(disk)
        let used = try usedBytes(disk)
        var bytes = try #require(disk.content(of: name))
        bytes[used - 20] ^= 4
        let file = try disk.open(name, mode: .existing)
        try file.write(bytes, atBytes: 0)
        let error = logError { () throws(LogError) in
            _ = try log.entries(from: LogIndex(1), through: LogIndex(10), bytesMax: .max)
        }
        guard case .corrupt(name, _, .some(LogIndex(10)), _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        guard case .stopped = logError({ () throws(LogError) in try log.append([request([makeEntry(11)])]) }) else {
            Issue.record("a log that found damage goes on")
            return
        }
    }

    @Test("a record copied to another place, or lost between two others, breaks the chain")
    func lostRecord() throws {
        let disk = MemoryDisk()
        _ = try makeLog(on: disk, count: 6, bytes: 40)
        let name = try lastSegment(disk)
        let original = try #require(disk.content(of: name))
        let start = 4096 + 88
        let size = 48 + 80
        // Records 2 and 3 exchanged.
        var bytes = original
        bytes.replaceSubrange(start + size..<start + 2 * size, with: original[start + 2 * size..<start + 3 * size])
        bytes.replaceSubrange(start + 2 * size..<start + 3 * size, with: original[start + size..<start + 2 * size])
        disk.setContent(of: name, to: bytes)
        guard
            case .corrupt(name, UInt64(start + size), LogIndex(2), _) = logError({ () throws(LogError) in
                _ = try reopen(disk)
            })
        else {
            Issue.record("exchanged records were accepted")
            return
        }
    }

    @Test("the salt keeps bytes of another segment from ever looking valid")
    func salt() throws {
        let disk = MemoryDisk()
        _ = try makeLog(on: disk, count: 3)
        let name = try lastSegment(disk)
        let used = try #require(disk.content(of: name))[4096...]
        let other = MemoryDisk()
        var options = smallOptions()
        options.makeSalt = { 77 }
        _ = try reopen(other, options: options)
        let fresh = try #require(other.content(of: name))
        other.setContent(of: name, to: Array(fresh[..<4096]) + Array(used))
        guard case .corrupt(name, 4096, LogIndex(1), _) = logError({ () throws(LogError) in _ = try reopen(other) })
        else {
            Issue.record("records of another salt were accepted")
            return
        }
    }

    /// One batch of one record with correct checksums, whatever it says.
    private func openWith(type: UInt8, first: UInt64, count: UInt32, body: [UInt8]) throws -> LogError? {
        let disk = MemoryDisk()
        _ = try reopen(disk)
        let name = try lastSegment(disk)
        var bytes = try #require(disk.content(of: name))
        let seed = try SegmentHeader.decode(Array(bytes[..<4096]), file: name).checksumSeed
        let padded = body + [UInt8](repeating: 0, count: RecordHeader.paddedBytes(body: body.count) - body.count)
        bytes.replaceSubrange(4096 + 48..<4096 + 48 + padded.count, with: padded)
        let header = RecordHeader(
            bodyBytes: UInt32(body.count), type: type, isLastOfBatch: true, firstIndex: LogIndex(first), count: count,
            batchOffsetBytes: 0, writerTerm: Term(1), bodyChecksum: Checksum.crc32c(padded, seed: seed), chain: 0)
        bytes.withUnsafeMutableBytes {
            _ = RecordHeader.store(header, into: $0, at: 4096, fileOffset: 4096, previousChain: 0, seed: seed)
        }
        disk.setContent(of: name, to: bytes)
        return logError { () throws(LogError) in _ = try reopen(disk) }
    }

    @Test("nonsense under valid checksums is refused with its reason: never skipped, never a crash")
    func nonsense() throws {
        let max = UInt64.max
        let cases: [(UInt8, UInt64, UInt32, [UInt8], String)] = [
            (9, 1, 0, [], "record type 9 is unknown"),
            (1, 1, 0, [], "claims 0 entries"),
            (1, 1, .max, [UInt8](repeating: 0, count: 64), "claims 4294967295 entries"),
            (1, 1, 1, [UInt8](repeating: 255, count: 32), "beyond the record's end"),
            (1, 1, 1, [UInt8](repeating: 0, count: 28) + [7, 0, 0, 0], "unknown kind 7"),
            (1, 1, 1, [UInt8](repeating: 0, count: 40), "8 bytes follow"),
            (1, 3, 1, [UInt8](repeating: 0, count: 32), "do not follow index 0"),
            (1, max, 1, [UInt8](repeating: 0, count: 32), "absurd index"),
            (2, 0, 0, [UInt8](repeating: 2, count: 32), "unknown vote flag"),
            (2, 0, 0, [1, 2, 3], "has 3 bytes instead of 32"),
            (3, 0, 0, [], "below the log's base"),
            (4, 10, 0, [9] + [UInt8](repeating: 0, count: 15), "outside 0…0"),
            (4, 5, 0, [UInt8](repeating: 255, count: 16), "two different places"),
        ]
        for (type, first, count, body, reason) in cases {
            let error = try openWith(type: type, first: first, count: count, body: body)
            #expect(error?.description.contains(reason) == true, "\(String(describing: error)) instead of \(reason)")
        }
    }

    @Test("bug 64: an empty or blank segment file is refused by name", arguments: [0, 100, 4096, 8192])
    func blankFile(bytes: Int) throws {
        let disk = try filledDisk()
        let name = try lastSegment(disk)
        disk.setContent(of: name, to: [UInt8](repeating: 0, count: bytes))
        let before = try contents(disk)
        guard case .corrupt(name, 0, nil, _) = logError({ () throws(LogError) in _ = try reopen(disk) }) else {
            Issue.record("a blank segment was accepted")
            return
        }
        #expect(try contents(disk) == before)
    }

    @Test("bug 64: a segment that is missing in the middle, at the end or entirely is noticed")
    func missingSegments() throws {
        for victim in 0..<3 {
            let disk = try filledDisk()
            let names = try segmentNames(disk)
            let name = victim == 2 ? names[names.count - 1] : names[victim]
            try disk.remove(name)
            try disk.syncDirectory()
            if victim == 2 {
                // Without its last segment a log looks shorter; the state machine knows better.
                #expect(try reopen(disk, known: 60).1.endsBeforeState)
            } else {
                guard case .corrupt = logError({ () throws(LogError) in _ = try reopen(disk) }) else {
                    Issue.record("a missing segment was not noticed")
                    return
                }
            }
        }
        let disk = try filledDisk()
        for name in try segmentNames(disk) { try disk.remove(name) }
        let error = logError { () throws(LogError) in _ = try reopen(disk) }
        #expect("\(String(describing: error))".contains("gone"))
    }

    @Test("a truncated segment file is refused")
    func shortFile() throws {
        let disk = try filledDisk()
        let name = try lastSegment(disk)
        let bytes = try #require(disk.content(of: name))
        disk.setContent(of: name, to: Array(bytes.dropLast(512)))
        #expect(
            "\(String(describing: logError { () throws(LogError) in _ = try reopen(disk) }))".contains(
                "its header says"))
    }

    @Test("bug 65: file names are hints, the headers decide")
    func namesDisagree() throws {
        let disk = try filledDisk()
        let names = try segmentNames(disk)
        let first = try #require(disk.content(of: names[0]))
        let second = try #require(disk.content(of: names[1]))
        disk.setContent(of: names[0], to: second)
        disk.setContent(of: names[1], to: first)
        try disk.rename(names[2], to: "wal-whatever.log")
        let (log, recovery) = try reopen(disk)
        #expect(recovery.misnamedFiles.count == 3)
        #expect(try allEntries(log).map(\.index.rawValue) == Array(1...60))
    }

    @Test("the same segment twice is refused")
    func duplicateSegment() throws {
        let disk = try filledDisk()
        let names = try segmentNames(disk)
        disk.setContent(of: "wal-copy.log", to: try #require(disk.content(of: names[1])))
        #expect("\(String(describing: logError { () throws(LogError) in _ = try reopen(disk) }))".contains("sequence"))
    }

    @Test("a directory of another node, cluster or incarnation is refused with both names")
    func otherIdentity() throws {
        let disk = try filledDisk()
        let before = try contents(disk)
        var cluster = testIdentity
        cluster.clusterID[3] = 99
        var node = testIdentity
        node.nodeID = NodeID(2)
        var incarnation = testIdentity
        incarnation.incarnation = 2
        for other in [cluster, node, incarnation] {
            let error = logError { () throws(LogError) in
                _ = try WriteAheadLog.open(disk: disk, identity: other, options: smallOptions())
            }
            guard case .identityMismatch(_, "meta", other, testIdentity) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(error?.description.contains(testIdentity.description) == true)
        }
        #expect(try contents(disk) == before)
        #expect(try LogIdentity.read(disk: disk) == testIdentity)
    }

    @Test("a segment of another node among ours is refused")
    func foreignSegment() throws {
        let disk = try filledDisk()
        let other = MemoryDisk()
        var identity = testIdentity
        identity.nodeID = NodeID(9)
        _ = try WriteAheadLog.open(disk: other, identity: identity, options: smallOptions())
        let name = try lastSegment(other)
        disk.setContent(of: "wal-foreign.log", to: try #require(other.content(of: name)))
        guard
            case .identityMismatch(_, "wal-foreign.log", _, _) = logError({ () throws(LogError) in
                _ = try reopen(disk)
            })
        else {
            Issue.record("a foreign segment was accepted")
            return
        }
    }

    @Test("a damaged or missing meta file is refused; an interrupted creation is completed")
    func metaFile() throws {
        let disk = try filledDisk()
        disk.flipBit(in: "meta", atByte: 40)
        guard case .corrupt("meta", 0, nil, _) = logError({ () throws(LogError) in _ = try reopen(disk) }) else {
            Issue.record("a damaged meta file was accepted")
            return
        }
        try disk.remove("meta")
        guard case .corrupt("meta", 0, nil, _) = logError({ () throws(LogError) in _ = try reopen(disk) }) else {
            Issue.record("a missing meta file was accepted")
            return
        }
        for cut in 0..<12 {
            let fresh = MemoryDisk()
            fresh.inject(DiskFault(.powerLoss, after: cut))
            do throws(LogError) { _ = try reopen(fresh) } catch { try #require(fresh.isPowerLost) }
            fresh.powerLoss(.torn(seed: UInt64(cut)))
            let log = try makeLog(on: fresh, count: 2)
            #expect(log.lastIndex == LogIndex(2))
            #expect(try fresh.list().filter { $0.hasSuffix(".tmp") } == [])
        }
    }
}
