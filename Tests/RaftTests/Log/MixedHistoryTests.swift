/// Bytes that were all valid once, but not together: lost writes, writes that came back, files of two pasts.

import Testing

@testable import Raft

@Suite("Mixed histories")
struct MixedHistoryTests {
    /// A second disk with the same bytes.
    private func copy(_ disk: MemoryDisk) throws -> MemoryDisk {
        let other = MemoryDisk()
        for (name, bytes) in try contents(disk) { other.setContent(of: name, to: bytes) }
        return other
    }

    @Test("a record that came back from before a repair breaks the chain")
    func staleRecord() throws {
        let disk = MemoryDisk()
        _ = try makeLog(on: disk, count: 3)
        let name = try lastSegment(disk)
        let start = try usedBytes(disk)
        let past = try copy(disk)
        try reopen(past).0.append([request([makeEntry(4, flavour: 1)])])
        let stale = try #require(past.content(of: name))[start..<(try usedBytes(past))]
        let log = try reopen(disk).0
        try log.append([request([makeEntry(4, flavour: 2)])])
        try log.append([request([makeEntry(5)])])
        // The device lost the second write of this place and shows the first again: same place, same salt, same size.
        var bytes = try #require(disk.content(of: name))
        bytes.replaceSubrange(stale.indices, with: stale)
        disk.setContent(of: name, to: bytes)
        let error = logError { () throws(LogError) in _ = try reopen(disk) }
        guard case .corrupt(name, UInt64(stale.endIndex), LogIndex(5), let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("chain"))
    }

    @Test("segments of two pasts do not fit together, even with equal positions")
    func mixedSegments() throws {
        let disk = MemoryDisk()
        _ = try makeLog(on: disk, count: 3)
        let other = try copy(disk)
        for (place, flavour) in [(disk, 1), (other, 2)] {
            let log = try reopen(place).0
            for index in 4...60 { try log.append([request([makeEntry(index, bytes: 120, flavour: flavour)])]) }
            log.close()
        }
        let names = try segmentNames(disk)
        try #require(try segmentNames(other) == names && names.count > 2)
        disk.setContent(of: names[1], to: try #require(other.content(of: names[1])))
        let error = logError { () throws(LogError) in _ = try reopen(disk) }
        guard case .corrupt(names[1], 0, nil, let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("chain of \(names[0])"))
    }

    @Test("zeros at the end of a payload do not make a flipped bit in the last batch look torn")
    func zerosAtTheEnd() throws {
        for bytes in stride(from: 200, to: 720, by: 8) {
            let disk = MemoryDisk()
            let log = try makeLog(on: disk, count: 1)
            let start = try usedBytes(disk)
            var entry = makeEntry(2, bytes: bytes)
            entry.payload += [UInt8](repeating: 0, count: 300)
            try log.append([request([entry])])
            log.close()
            let name = try lastSegment(disk)
            disk.flipBit(in: name, atByte: start + 48 + 32 + 10)
            let error = logError { () throws(LogError) in _ = try reopen(disk) }
            guard case .corrupt(name, UInt64(start), LogIndex(2), _) = error else {
                Issue.record("\(bytes) bytes before the zeros: \(String(describing: error))")
                return
            }
        }
    }
}
