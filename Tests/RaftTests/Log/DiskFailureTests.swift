/// Disks that fail, fill up, or belong to someone else.

import Testing

@testable import Raft

@Suite("Disk failures")
struct DiskFailureTests {
    @Test(
        "bug 68: a failed sync ends the log object; nothing is tried again",
        arguments: [DiskError.Operation.sync, .write])
    func errorsPoison(operation: DiskError.Operation) throws {
        let disk = MemoryDisk()
        let log = try makeLog(on: disk, count: 3)
        disk.inject(DiskFault(.error(DiskFault.inputOutputError), on: operation))
        guard case .disk(let error) = logError({ () throws(LogError) in try log.append([request([makeEntry(4)])]) })
        else {
            Issue.record("the error was hidden")
            return
        }
        #expect(error.operation == operation)
        #expect(error.path.hasSuffix(try lastSegment(disk)))
        let operations = disk.operationCount
        let refusals = [
            logError { () throws(LogError) in try log.append([request([makeEntry(4)])]) },
            logError { () throws(LogError) in try log.compact(through: position(2, 1)) },
            logError { () throws(LogError) in
                _ = try log.entries(from: LogIndex(1), through: LogIndex(1), bytesMax: 1)
            },
            logError { () throws(LogError) in try log.markDurable() },
        ]
        for refusal in refusals {
            guard case .stopped(let reason) = refusal else {
                Issue.record("the log went on after \(operation)")
                return
            }
            #expect(reason.contains("injected"))
        }
        #expect(disk.operationCount == operations)
    }

    @Test("bug 68: what a failed sync left in the page cache is written again before it is believed")
    func failedSyncThenRestart() throws {
        let disk = MemoryDisk()
        let log = try makeLog(on: disk, count: 3)
        disk.inject(DiskFault(.error(DiskFault.inputOutputError), on: .sync))
        _ = logError { () throws(LogError) in try log.append([request([makeEntry(4, bytes: 900)])]) }
        // The process dies, the machine does not: the cache shows the batch, the platter does not hold it.
        disk.processKill()
        let (again, recovery) = try reopen(disk)
        #expect(recovery.lastIndex == LogIndex(4))
        again.close()
        disk.powerLoss(.lost)
        #expect(try allEntries(try reopen(disk).0).count == 4)
    }

    @Test("a failed zeroing of a torn tail cannot come back as a ghost")
    func failedRepair() throws {
        let disk = MemoryDisk()
        let log = try makeLog(on: disk, count: 3)
        try log.append([request([makeEntry(4, bytes: 600), makeEntry(5, bytes: 600), makeEntry(6, bytes: 100)])])
        let name = try lastSegment(disk)
        let firstSector = (try usedBytes(disk) - 1600) / 512 + 1
        disk.zero(in: name, bytes: firstSector * 512..<firstSector * 512 + 512)
        disk.inject(DiskFault(.error(DiskFault.inputOutputError), on: .sync, namePrefix: "wal-"))
        guard case .disk = logError({ () throws(LogError) in _ = try reopen(disk) }) else {
            Issue.record("the failed sync was hidden")
            return
        }
        disk.processKill()
        let (again, _) = try reopen(disk)
        try again.append([request([makeEntry(4, flavour: 3)])])
        again.close()
        disk.powerLoss(.lost)
        let (last, recovery) = try reopen(disk)
        #expect(try allEntries(last) == (1...3).map { makeEntry($0) } + [makeEntry(4, flavour: 3)])
        #expect(recovery.tornBytes == 0)
    }

    @Test("a full disk is named with file, need and free bytes, and loses nothing")
    func fullDisk() throws {
        let disk = MemoryDisk(path: "data", capacityBytes: 3 * 8192 + 1000)
        let log = try makeLog(on: disk, count: 1)
        var acknowledged = 1
        var failure: LogError?
        while failure == nil, acknowledged < 500 {
            do throws(LogError) {
                try log.append([request([makeEntry(acknowledged + 1)])])
                acknowledged += 1
            } catch {
                failure = error
            }
        }
        guard case .diskFull(let file, 8192, let free?) = try #require(failure) else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(file.hasPrefix("data/"))
        #expect(free < 8192)
        guard case .stopped = logError({ () throws(LogError) in try log.append([request([makeEntry(1)])]) }) else {
            Issue.record("the log went on without room")
            return
        }
        disk.powerLoss(.lost)
        disk.setCapacity(bytes: nil)
        #expect(try allEntries(try reopen(disk).0) == (1...acknowledged).map { makeEntry($0) })
    }

    @Test("a spare that cannot be made harms nothing and leaves nothing behind")
    func spareOnFullDisk() throws {
        let disk = MemoryDisk(capacityBytes: 8192 + 1000)
        let log = try makeLog(on: disk, count: 1)
        guard case .diskFull = logError({ () throws(LogError) in try log.prepareSpare() }) else {
            Issue.record("no room was not noticed")
            return
        }
        #expect(try disk.list().filter { $0.hasSuffix(".tmp") } == [])
        try log.append([request([makeEntry(2)])])
        disk.setCapacity(bytes: nil)
        for _ in 0..<3 { try log.prepareSpare() }
        #expect(try disk.list().filter { $0.hasSuffix(".tmp") }.count == 2, "the spare and the reserve")
        #expect(log.spareCount == 2 && !log.needsSpare)
        let allocations = disk.operationCount
        for index in 3...40 { try log.append([request([makeEntry(index, bytes: 60)])]) }
        #expect(log.segmentCount == 2)
        #expect(disk.operationCount - allocations == 2 * 38 + 4, "the spare was used: header, sync, rename, sync")
        log.close()
        #expect(try reopen(disk).1.lastIndex == LogIndex(40))
    }

    @Test("options that do not fit together are refused by name")
    func invalidOptions() {
        for options in [
            smallOptions(segmentBytes: 5000), smallOptions(segmentBytes: 4096), smallOptions(recordBytesMax: 5000),
            smallOptions(recordBytesMax: 8, batchBytesMax: 4096), reserve(-1), reserve(9), marks(low: 2, room: 1),
            marks(low: .max, room: nil), marks(low: nil, room: .max), marks(low: nil, room: nil, check: 0),
        ] {
            let error = logError { () throws(LogError) in _ = try reopen(MemoryDisk(), options: options) }
            guard case .invalidOptions = error else {
                Issue.record("\(options) was accepted")
                return
            }
        }
    }

    private func reserve(_ segments: Int) -> LogOptions {
        var options = smallOptions()
        options.reserveSegments = segments
        return options
    }
    private func marks(low: UInt64?, room: UInt64?, check: Int = 1) -> LogOptions {
        var options = smallOptions()
        options.storageLowBytes = low
        options.storageRoomBytes = room
        options.storageCheckBytes = check
        return options
    }
}
