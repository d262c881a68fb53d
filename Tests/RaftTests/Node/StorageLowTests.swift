/// A disk that fills up under a running log: noticed early, survived by the reserve, and left again when there is room.

import Synchronization
import Testing

@testable import Raft

/// Runs what is submitted when the test says so.
private final class ManualLane: Lane {
    private let waiting = Mutex<[@Sendable () -> Void]>([])
    func submit(_ work: @escaping @Sendable () -> Void) { waiting.withLock { $0.append(work) } }
    func assertCurrent() {}
    /// Whether there was anything to do.
    func run() -> Bool {
        let work = waiting.withLock { waiting in
            let work = waiting
            waiting = []
            return work
        }
        for item in work { item() }
        return !work.isEmpty
    }
}

/// A log writer on a small disk, with everything it reports.
private final class Harness {
    static let segmentBytes = 8_192
    let disk: MemoryDisk
    let lane = ManualLane()
    let background = ManualLane()
    let writer: LogWriter
    let wal: WriteAheadLog
    private var changesSeen = 0
    private var nextIndex = 1
    private var sequence = 0

    init(disk: MemoryDisk, options: LogOptions) throws {
        self.disk = disk
        let (wal, recovery) = try WriteAheadLog.open(disk: disk, identity: testIdentity, options: options)
        self.wal = wal
        nextIndex = Int(recovery.lastIndex.rawValue) + 1
        let sink = Sink()
        writer = LogWriter(
            wal: wal, lane: lane, background: background, gauges: NodeGauges(),
            report: { input in sink.reports.withLock { $0.append(input) } },
            fail: { text in sink.failures.withLock { $0.append(text) } })
        self.sink = sink
        lane.submit { [writer] in writer.prepareSpare() }
        settle()
    }
    private final class Sink: Sendable {
        let reports = Mutex<[Input]>([])
        let failures = Mutex<[String]>([])
    }
    private let sink: Sink

    func settle() {
        var busy = true
        while busy {
            let log = lane.run()
            let made = background.run()
            busy = log || made
        }
    }

    /// Appends entries, as many requests of one each, without waiting.
    func append(_ count: Int, bytes: Int = 200, term: Int = 1) {
        for _ in 0..<count {
            sequence += 1
            writer.submit([
                .persist(
                    request(
                        [makeEntry(nextIndex, term: term, bytes: bytes)], term: term, vote: 1, sequence: sequence))
            ])
            nextIndex += 1
            _ = lane.run()
        }
    }
    func vote(term: Int, for node: Int) {
        sequence += 1
        writer.submit([.persist(request(term: term, vote: node, sequence: sequence))])
        _ = lane.run()
    }
    func tick(_ seconds: UInt64) {
        writer.tick(nowNanoseconds: seconds * 1_000_000_000)
        settle()
    }

    /// The changes of the low state since the last call.
    func changes() -> [Bool] {
        let all = sink.reports.withLock { reports in
            reports.compactMap { if case .storageLow(let isLow) = $0 { isLow } else { nil } }
        }
        defer { changesSeen = all.count }
        return Array(all[changesSeen...])
    }
    func lastPersisted() -> UInt64? {
        sink.reports.withLock { reports in
            reports.reversed().lazy.compactMap { if case .persisted(let sequence) = $0 { sequence } else { nil } }.first
        }
    }
    var failure: String? { sink.failures.withLock { $0.first } }
    var sequenceGiven: UInt64 { UInt64(sequence) }
}

@Suite struct StorageLowTests {
    private static let segment = Harness.segmentBytes
    private func options(reserve: Int = 1, low: Int = 3 * segment, room: Int = 5 * segment) -> LogOptions {
        var options = smallOptions(segmentBytes: Self.segment)
        options.reserveSegments = reserve
        options.storageLowBytes = UInt64(low)
        options.storageRoomBytes = UInt64(room)
        options.storageCheckBytes = 500
        return options
    }
    private func used(_ disk: MemoryDisk) throws -> Int {
        let names = try disk.list()
        return names.reduce(0) { $0 + (disk.content(of: $1)?.count ?? 0) }
    }

    // MARK: the decision

    @Test func `space is low below the low mark and enough again only at the upper one, with all files ready`() {
        var options = LogOptions()
        options.storageLowBytes = 100
        options.storageRoomBytes = 150
        var watch = StorageWatch(options: options)
        func see(_ free: UInt64?, ready: Bool = true, refused: Bool = false) -> Bool? {
            watch.observe(freeBytes: free, sparesReady: ready, spareRefused: refused)
        }
        #expect(see(100) == nil)
        #expect(see(nil) == nil, "not told: nothing changes")
        #expect(see(99) == true)
        #expect(see(100) == nil && see(149) == nil, "hysteresis")
        #expect(!watch.mayPrepareSpare(freeBytes: 149) && watch.mayPrepareSpare(freeBytes: 150))
        #expect(see(150, ready: false) == nil)
        #expect(see(nil, ready: false) == nil && watch.isLow, "not told, and not tried")
        #expect(watch.mayPrepareSpare(freeBytes: nil), "trying is the only way to find out")
        #expect(see(nil) == false, "not told, but the disk took every spare")
        #expect(see(nil, ready: false, refused: true) == true && see(nil, refused: true) == nil)
        #expect(see(150) == false)
        #expect(see(1_000, ready: false, refused: true) == true, "a quota may refuse what the file system offers")
        #expect(see(1_000, ready: true, refused: false) == false)
    }

    @Test func `the marks follow the segment size unless they are set`() {
        let standard = LogOptions()
        #expect(standard.lowMarkBytes == 256 << 20 && standard.roomMarkBytes == 384 << 20)
        var small = LogOptions()
        small.segmentBytes = 1 << 20
        #expect(small.lowMarkBytes == 4 << 20 && small.roomMarkBytes == 6 << 20)
        small.storageLowBytes = 10
        #expect(small.roomMarkBytes == 15)
    }

    // MARK: the writer

    @Test func `a disk that fills up is reported before it is full, and again when there is room`() throws {
        let disk = MemoryDisk()
        let harness = try Harness(disk: disk, options: options())
        #expect(harness.changes() == [] && harness.wal.spareCount == 2)
        // Someone else leaves less than the low mark: noticed by what is written, not only by time.
        disk.setCapacity(bytes: try used(disk) + 3 * Self.segment - 1)
        harness.append(3)
        #expect(harness.changes() == [true])
        harness.append(3)
        harness.tick(1)
        #expect(harness.changes() == [], "said once")
        disk.setCapacity(bytes: try used(disk) + 5 * Self.segment - 1)
        harness.tick(2)
        #expect(harness.changes() == [], "between the marks nothing changes")
        disk.setCapacity(bytes: try used(disk) + 5 * Self.segment)
        harness.tick(2)
        #expect(harness.changes() == [], "it is looked at once a second")
        harness.tick(3)
        #expect(harness.changes() == [false])
        #expect(harness.failure == nil)
    }

    @Test func `with a full disk votes and accepted entries are still written, from the reserve, and survive`() throws {
        let disk = MemoryDisk()
        let harness = try Harness(disk: disk, options: options())
        harness.append(5)
        // Not a byte is left; nobody asked the disk in between.
        disk.setCapacity(bytes: try used(disk))
        // What was accepted before fills the current segment and the spare.
        harness.append(20)
        #expect(harness.wal.segmentCount >= 2)
        #expect(harness.changes() == [true])
        let ready = harness.wal.spareCount
        harness.settle()
        #expect(harness.wal.spareCount == ready, "nothing is prepared while the space is low")
        // From here on only votes: a term each.
        for term in 2...31 { harness.vote(term: term, for: term % 3 + 1) }
        #expect(harness.failure == nil)
        #expect(harness.lastPersisted() == harness.sequenceGiven)
        let entries = try allEntries(harness.wal).count
        disk.powerLoss(.lost)
        let (log, recovery) = try reopen(disk, options: options())
        #expect(recovery.hardState.term == Term(31) && recovery.hardState.vote == NodeID(2))
        #expect(try allEntries(log).count == entries && entries == 25)
    }

    @Test func `the reserve is worth what it costs: without it the same disk ends the node sooner`() throws {
        func segmentsWritten(reserve: Int) throws -> Int {
            let disk = MemoryDisk()
            let harness = try Harness(disk: disk, options: options(reserve: reserve))
            disk.setCapacity(bytes: try used(disk))
            while harness.failure == nil, harness.wal.segmentCount < 10 { harness.append(1) }
            #expect(harness.failure?.contains("no room for log file memory/") == true)
            #expect(harness.failure?.contains("8192 bytes are needed, 0 bytes are free") == true)
            #expect(harness.lastPersisted().map { $0 < harness.sequenceGiven } == true, "what failed is not reported")
            let kept = try allEntries(harness.wal.reopened(disk, options(reserve: reserve)))
            #expect(UInt64(kept.count) == harness.sequenceGiven - 1, "nothing that was reported is lost")
            return harness.wal.segmentCount
        }
        #expect(try segmentsWritten(reserve: 0) == 2)
        #expect(try segmentsWritten(reserve: 1) == 3)
        #expect(try segmentsWritten(reserve: 3) == 5)
    }

    @Test func `when the spare itself is refused the space is low, and the files are made once there is room`() throws {
        let disk = MemoryDisk()
        let harness = try Harness(disk: disk, options: options(low: 0, room: 0))
        disk.setCapacity(bytes: try used(disk) + 100)
        while harness.wal.spareCount == 2 { harness.append(1) }
        harness.settle()
        #expect(harness.changes() == [true], "with marks of zero only the refusal tells")
        #expect(try disk.list().filter { $0.hasSuffix(".tmp") }.count == 1, "nothing half-made is left")
        harness.tick(1)
        #expect(harness.changes() == [])
        disk.setCapacity(bytes: nil)
        harness.tick(2)
        #expect(harness.wal.spareCount == 2)
        #expect(harness.changes() == [false])
        #expect(harness.failure == nil)
    }

    @Test func `a start on a full disk says so at once and still takes votes`() throws {
        let disk = MemoryDisk()
        do {
            let first = try Harness(disk: disk, options: options())
            first.append(3)
        }
        disk.processKill()
        // The files that were ready are gone with the restart; somebody else takes their place.
        disk.setCapacity(bytes: try used(disk) - 2 * Self.segment)
        let again = try Harness(disk: disk, options: options())
        #expect(again.changes() == [true])
        #expect(again.wal.spareCount == 0)
        again.vote(term: 7, for: 2)
        #expect(again.lastPersisted() == again.sequenceGiven && again.failure == nil)
        disk.setCapacity(bytes: nil)
        again.tick(5)
        #expect(again.changes() == [false] && again.wal.spareCount == 2)
    }

    @Test func `bug 68: a failed sync of a spare ends the node like any other`() throws {
        let disk = MemoryDisk()
        let harness = try Harness(disk: disk, options: options())
        disk.inject(DiskFault(.error(DiskFault.inputOutputError), on: .sync, namePrefix: "segment-"))
        while harness.wal.spareCount == 2, harness.failure == nil { harness.append(1) }
        harness.settle()
        #expect(harness.failure?.contains("sync") == true, "\(String(describing: harness.failure))")
        let reported = harness.lastPersisted()
        harness.append(1)
        #expect(harness.lastPersisted() == reported, "nothing is written after it")
    }
}

extension WriteAheadLog {
    /// What a restart finds.
    fileprivate func reopened(_ disk: MemoryDisk, _ options: LogOptions) throws -> WriteAheadLog {
        disk.powerLoss(.lost)
        disk.setCapacity(bytes: nil)
        return try reopen(disk, options: options).0
    }
}
