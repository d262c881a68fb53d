/// The real directory, and the twin held against it.

import Foundation
import Testing

@testable import Raft

/// A directory that goes away with the test.
struct TemporaryDirectory: ~Copyable {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("mneme-\(UUID().uuidString)").path
    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { print("left behind: \(path): \(error)") }
    }
}

@Suite("Disks")
struct PosixDiskTests {
    @Test("a log on a real directory survives reopening")
    func realLog() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/a/b"
        do {
            let log = try makeLog(on: try PosixDisk(path: path), count: 100, bytes: 120)
            #expect(log.segmentCount > 2)
            try log.prepareSpare()
            try log.compact(through: position(50, 1))
        }
        let disk = try PosixDisk(path: path)
        let (log, recovery) = try reopen(disk, known: 100)
        #expect(recovery.base == position(50, 1))
        #expect(try allEntries(log) == (51...100).map { makeEntry($0, bytes: 120) })
        #expect(try disk.list().filter { $0.hasSuffix(".tmp") } == [])
        #expect(LogInspector.inspect(disk: try PosixDisk(path: path, access: .inspect)).verdict.kind == .clean)
    }

    @Test("a spare may be prepared on other threads while the log is written")
    func spareBesideAppends() async throws {
        let directory = TemporaryDirectory()
        let disk = try PosixDisk(path: directory.path)
        let log = try makeLog(on: disk, count: 1)
        let preparing = Task.detached {
            for _ in 0..<30 { try log.prepareSpare() }
        }
        for index in 2...120 { try log.append([request([makeEntry(index, bytes: 200)])]) }
        try await preparing.value
        #expect(try allEntries(log) == [makeEntry(1)] + (2...120).map { makeEntry($0, bytes: 200) })
        for _ in 0..<2 { try log.prepareSpare() }
        #expect(!log.needsSpare)
        #expect(try disk.list().filter { $0.hasSuffix(".tmp") }.count == 2, "the spare and the reserve")
        log.close()
        #expect(try reopen(disk).1.lastIndex == LogIndex(120))
    }

    @Test("a directory in use is refused by its path, until the other lets go")
    func locking() throws {
        let directory = TemporaryDirectory()
        let path = directory.path
        var first: PosixDisk? = try PosixDisk(path: path)
        #expect(first?.path == path)
        do throws(DiskError) {
            _ = try PosixDisk(path: path)
            Issue.record("two owners")
        } catch {
            #expect(error.operation == .lock)
            #expect("\(error)".contains(path))
            #expect("\(error)".contains("another process"))
        }
        _ = try PosixDisk(path: path, access: .inspect)
        first = nil
        _ = try PosixDisk(path: path)
    }

    @Test("a directory that cannot be is named")
    func impossibleDirectory() {
        for path in ["/proc/nothing/here", "/dev/null/x"] {
            do throws(DiskError) {
                _ = try PosixDisk(path: path)
                Issue.record("\(path) was opened")
            } catch {
                #expect(error.path.hasPrefix("/"))
                #expect(error.errorNumber != 0)
            }
        }
    }

    @Test("the real disk and its twin answer alike", arguments: [false, true])
    func alike(isReal: Bool) throws {
        let directory = TemporaryDirectory()
        let disk: any Disk = isReal ? try PosixDisk(path: directory.path) : MemoryDisk()
        func number(_ body: () throws(DiskError) -> Void) -> Int32? {
            do throws(DiskError) {
                try body()
                return nil
            } catch {
                return error.errorNumber
            }
        }
        #expect(try disk.list() == [])
        #expect(number { () throws(DiskError) in _ = try disk.open("a", mode: .existing) } == 2)
        #expect(number { () throws(DiskError) in _ = try disk.open("a", mode: .readOnly) } == 2)
        #expect(number { () throws(DiskError) in try disk.remove("a") } == 2)
        #expect(number { () throws(DiskError) in try disk.rename("a", to: "b") } == 2)
        let file = try disk.open("a", mode: .createNew)
        #expect(number { () throws(DiskError) in _ = try disk.open("a", mode: .createNew) } == 17)
        try file.write([1, 2, 3], atBytes: 2)
        try file.sync()
        #expect(try file.read(atBytes: 0, count: 100) == [0, 0, 1, 2, 3])
        #expect(try file.read(atBytes: 4, count: 100) == [3])
        #expect(try file.read(atBytes: 9, count: 100) == [])
        #expect(try file.read(atBytes: 0, count: 0) == [])
        try file.allocate(bytes: 3)
        #expect(try file.sizeBytes() == 5)
        try file.allocate(bytes: 2_500_000)
        #expect(try file.sizeBytes() == 2_500_000)
        #expect(try file.read(atBytes: 0, count: 6) == [0, 0, 1, 2, 3, 0])
        #expect(try file.read(atBytes: 2_499_990, count: 100) == [UInt8](repeating: 0, count: 10))
        try file.truncate(toBytes: 4)
        #expect(try file.read(atBytes: 0, count: 100) == [0, 0, 1, 2])
        try disk.rename("a", to: "c")
        _ = try disk.open("b", mode: .createIfMissing)
        #expect(try disk.list() == ["b", "c"])
        #expect(try disk.exists("c"))
        #expect(try !disk.exists("a"))
        let reader = try disk.open("c", mode: .readOnly)
        #expect(try reader.read(atBytes: 2, count: 2) == [1, 2])
        #expect(number { () throws(DiskError) in try reader.write([1], atBytes: 0) } == 9)
        try disk.remove("b")
        try disk.syncDirectory()
        #expect(try disk.list() == ["c"])
        #expect(try disk.freeBytes() > 0)
        file.close()
        file.close()
    }

    @Test("the twin forgets what was not synced: content, length and names")
    func twinForgets() throws {
        let disk = MemoryDisk()
        let file = try disk.open("a", mode: .createNew)
        try file.write([1], atBytes: 0)
        try file.sync()
        disk.powerLoss(.lost)
        #expect(try disk.list() == [], "the name was never synced")

        let again = try disk.open("a", mode: .createNew)
        try again.write([UInt8](repeating: 1, count: 2048), atBytes: 0)
        try again.sync()
        try disk.syncDirectory()
        try again.write([UInt8](repeating: 2, count: 4096), atBytes: 0)
        try disk.rename("a", to: "b")
        disk.powerLoss(.lost)
        #expect(disk.content(of: "a") == [UInt8](repeating: 1, count: 2048))
        #expect(throws: DiskError.self) { try again.sizeBytes() }
    }

    @Test("a torn write leaves some sectors, the same ones for the same seed")
    func twinTears() throws {
        func result(_ seed: UInt64) throws -> [UInt8] {
            let disk = MemoryDisk()
            let file = try disk.open("a", mode: .createNew)
            try file.allocate(bytes: 8192)
            try file.sync()
            try disk.syncDirectory()
            try file.write([UInt8](repeating: 2, count: 8192), atBytes: 0)
            disk.powerLoss(.torn(seed: seed))
            return try #require(disk.content(of: "a"))
        }
        let bytes = try result(4)
        let kept = (0..<16).map { bytes[$0 * 512] == 2 }
        #expect(kept.contains(true) && kept.contains(false))
        for sector in 0..<16 {
            #expect(Set(bytes[sector * 512..<(sector + 1) * 512]).count == 1, "sectors are whole")
        }
        #expect(try result(4) == bytes)
        #expect(try result(5) != bytes)
    }
}
