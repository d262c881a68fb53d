/// Small logs for tests: tiny segments, fixed salts, entries that say where they belong.

import Synchronization
import Testing

@testable import Raft

let testIdentity = LogIdentity(
    clusterID: Array(1...16), nodeID: NodeID(1), incarnation: 1)

/// Small enough that a few dozen entries fill several segments.
func smallOptions(
    segmentBytes: Int = 8192, recordBytesMax: Int = 2048, recordBytesTarget: Int = 512, batchBytesMax: Int = 4096
) -> LogOptions {
    let salts = SaltCounter()
    return LogOptions(
        segmentBytes: segmentBytes, recordBytesMax: recordBytesMax, recordBytesTarget: recordBytesTarget,
        batchBytesMax: batchBytesMax, readIndexSpacingBytes: 256, makeSalt: { salts.next() })
}

/// Different salts, the same in every run.
final class SaltCounter: Sendable {
    private let count = Mutex<UInt64>(0)
    func next() -> UInt64 {
        count.withLock { count in
            count += 1
            return 0x9E37_79B9_7F4A_7C15 &* count
        }
    }
}

/// An entry whose payload is filled with bytes that depend on its position and are never zero.
func makeEntry(_ index: Int, term: Int = 1, bytes: Int = 40, flavour: Int = 0) -> Entry {
    let start: Int = index * 31 + term * 7 + flavour * 13
    let payload: [UInt8] = (0..<bytes).map { offset in UInt8(1 + (start + offset) % 255) }
    return Entry(
        index: LogIndex(UInt64(index)), term: Term(UInt64(term)), kind: .command,
        proposal: ProposalID(origin: NodeID(UInt64(term)), nonce: UInt64(index)), payload: payload)
}

func request(
    _ entries: [Entry] = [], term: Int? = nil, vote: Int? = nil, commit: Int = 0, truncateFrom: Int? = nil,
    resetTo: LogPosition? = nil, sequence: Int = 1
) -> PersistRequest {
    let hardState = term.map {
        HardState(
            term: Term(UInt64($0)), vote: vote.map { NodeID(UInt64($0)) }, commit: LogIndex(UInt64(commit)))
    }
    return PersistRequest(
        sequence: UInt64(sequence), hardState: hardState, truncateFrom: truncateFrom.map { LogIndex(UInt64($0)) },
        resetTo: resetTo, entries: entries)
}

func position(_ index: Int, _ term: Int) -> LogPosition {
    LogPosition(index: LogIndex(UInt64(index)), term: Term(UInt64(term)))
}

/// A log with `count` entries of term 1, one batch each.
func makeLog(
    on disk: any Disk, count: Int, bytes: Int = 40, options: LogOptions = smallOptions()
) throws -> WriteAheadLog {
    let (log, _) = try WriteAheadLog.open(disk: disk, identity: testIdentity, options: options)
    try log.append([request(term: 1, vote: 1)])
    for index in 1...max(1, count) where count > 0 { try log.append([request([makeEntry(index, bytes: bytes)])]) }
    return log
}

func reopen(
    _ disk: any Disk, known: Int = 0, options: LogOptions = smallOptions()
) throws(LogError) -> (WriteAheadLog, LogRecovery) {
    try WriteAheadLog.open(
        disk: disk, identity: testIdentity, options: options, knownDurableIndex: LogIndex(UInt64(known)))
}

func allEntries(_ log: WriteAheadLog) throws(LogError) -> [Entry] {
    guard log.lastIndex >= log.firstIndex else { return [] }
    return try log.entries(from: log.firstIndex, through: log.lastIndex, bytesMax: .max)
}

/// The visible bytes of every file, for "nothing was changed".
func contents(_ disk: MemoryDisk) throws -> [String: [UInt8]] {
    var result: [String: [UInt8]] = [:]
    for name in try disk.list() { result[name] = disk.content(of: name) }
    return result
}

func segmentNames(_ disk: any Disk) throws -> [String] {
    try disk.list().filter { $0.hasPrefix("wal-") }
}

func lastSegment(_ disk: any Disk) throws -> String {
    try #require(try segmentNames(disk).last)
}

/// The error `body` throws; nil (and a recorded issue) when it throws none.
func logError(_ body: () throws(LogError) -> Void) -> LogError? {
    do throws(LogError) {
        try body()
        Issue.record("no error was thrown")
        return nil
    } catch {
        return error
    }
}

/// Bytes used in the last segment: header page and records.
func usedBytes(_ disk: MemoryDisk) throws -> Int {
    let content = try #require(disk.content(of: try lastSegment(disk)))
    return (content.lastIndex { $0 != 0 } ?? -1) + 1
}
