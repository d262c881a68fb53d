/// Makes the core's persist requests durable, in order, many with one sync (group commit).
///
/// Owns: the write-ahead log and the watch over its free space, on the log lane. While one sync runs, later requests queue
/// up and share the next one. Must never: report a request before the sync that covers it returned; retry a failed write;
/// write anywhere else.
final class LogWriter: @unchecked Sendable {
    // Sendable: the variables and `wal` are touched only on `lane`, but for `wal.prepareSpare`, which is made for any, and
    // `nextCheckNanoseconds`, which only the core lane touches; everything else is Sendable itself.
    enum Work: Sendable {
        case persist(PersistRequest)
        case load(peer: NodeID, from: LogIndex, through: LogIndex, bytesMax: Int)
        case compact(through: LogIndex)
        case checkStorage
        case finish(@Sendable () -> Void)
    }

    private static let checkIntervalNanoseconds: UInt64 = 1_000_000_000

    private let wal: WriteAheadLog
    private let lane: any Lane
    private let background: any Lane
    private let queue: LaneQueue<Work>
    private let report: @Sendable (Input) -> Void
    private let fail: @Sendable (String) -> Void
    private let gauges: NodeGauges
    private var spareUnderWay = false
    private var storage: StorageWatch
    /// Bytes of entries written since the free space was asked for.
    private var uncheckedBytes = 0
    private var nextCheckNanoseconds: UInt64 = 0
    /// Set for good: nothing is written, read or cut after it.
    private var failed = false

    init(
        wal: WriteAheadLog, lane: any Lane, background: any Lane, gauges: NodeGauges,
        report: @escaping @Sendable (Input) -> Void,
        fail: @escaping @Sendable (String) -> Void
    ) {
        self.wal = wal
        self.storage = StorageWatch(options: wal.options)
        self.lane = lane
        self.background = background
        self.queue = LaneQueue(lane: lane)
        self.gauges = gauges
        self.report = report
        self.fail = fail
    }

    func submit(_ work: [Work]) {
        queue.put(work) { [self] in drain() }
    }

    private func drain() {
        lane.assertCurrent()
        let taken = queue.take()
        if !failed {
            do throws(LogError) {
                try carryOut(taken)
            } catch {
                failed = true
                fail("the log cannot go on: \(error)")
            }
        }
        // Whoever stops the node is answered also when there is nothing left to stop.
        for case .finish(let done) in taken { done() }
    }

    private func carryOut(_ taken: [Work]) throws(LogError) {
        var requests: [PersistRequest] = []
        for work in taken {
            switch work {
            case .persist(let request):
                requests.append(request)
            case .load(let peer, let from, let through, let bytesMax):
                try flush(&requests)
                report(.entriesLoaded(peer: peer, from: from, entries: try load(from, through, bytesMax)))
            case .compact(let through):
                try flush(&requests)
                try compact(through: through)
            case .checkStorage:
                checkStorage()
            case .finish:
                break
            }
        }
        try flush(&requests)
    }

    private func flush(_ requests: inout [PersistRequest]) throws(LogError) {
        guard let last = requests.last else { return }
        var writtenBytes = 0
        for request in requests {
            for entry in request.entries { writtenBytes += entry.costBytes }
        }
        try wal.append(requests)
        gauges.recordLogBatch(requests: requests.count, logBytes: wal.bytesOnDisk)
        requests.removeAll(keepingCapacity: true)
        report(.persisted(sequence: last.sequence))
        uncheckedBytes += writtenBytes
        if uncheckedBytes >= wal.options.storageCheckBytes {
            checkStorage()
        } else {
            makeSpare()
        }
    }

    // MARK: Space

    /// Core lane: has the free space looked at about once a second, also while nothing is written.
    func tick(nowNanoseconds now: UInt64) {
        guard now >= nextCheckNanoseconds else { return }
        nextCheckNanoseconds = now &+ Self.checkIntervalNanoseconds
        submit([.checkStorage])
    }

    /// Log lane, at the start: looks at the disk and has the first segment files made.
    func prepareSpare() { checkStorage() }

    /// Asking the file system for its free space is no I/O, so it happens here and not on the background lane, which may
    /// be busy with the copy of a snapshot for minutes: just when space goes fastest.
    private func checkStorage(spareRefused: Bool = false) {
        lane.assertCurrent()
        guard !failed else { return }
        uncheckedBytes = 0
        let free = freeBytes()
        if let isLow = storage.observe(freeBytes: free, sparesReady: sparesReady, spareRefused: spareRefused) {
            report(.storageLow(isLow))
        }
        if !spareRefused, storage.mayPrepareSpare(freeBytes: free) { makeSpare() }
    }

    private var sparesReady: Bool { !wal.needsSpare && !spareUnderWay }

    /// nil when the file system does not tell: no ground to stop, and none to go on.
    private func freeBytes() -> UInt64? {
        do throws(DiskError) { return try wal.freeBytes() } catch { return nil }
    }

    /// Has the next segment zero-filled ahead of need, so that no append waits for it. One that the disk has no room for
    /// harms nothing yet; any other failure is one of a write or a sync, which nothing may outlive.
    private func makeSpare() {
        guard wal.needsSpare, !spareUnderWay, !storage.isLow || storage.mayPrepareSpare(freeBytes: freeBytes()) else {
            return
        }
        spareUnderWay = true
        background.submit { [self] in
            var problem: LogError?
            do throws(LogError) { try wal.prepareSpare() } catch { problem = error }
            lane.submit { [self, problem] in spareMade(problem) }
        }
    }

    private func spareMade(_ problem: LogError?) {
        spareUnderWay = false
        guard !failed else { return }
        switch problem {
        case nil:
            checkStorage()
        case .diskFull:
            checkStorage(spareRefused: true)
        case .some(let error):
            failed = true
            fail("the log cannot go on: \(error)")
        }
    }

    private func load(_ from: LogIndex, _ through: LogIndex, _ bytesMax: Int) throws(LogError) -> [Entry]? {
        guard from >= wal.firstIndex, from <= wal.lastIndex else { return nil }
        return try wal.entries(from: from, through: min(through, wal.lastIndex), bytesMax: bytesMax)
    }

    private func compact(through index: LogIndex) throws(LogError) {
        guard index > wal.base.index, index <= wal.lastIndex, let term = wal.term(at: index) else { return }
        let position = LogPosition(index: index, term: term)
        try wal.compact(through: position)
        gauges.recordLogBatch(requests: 0, logBytes: wal.bytesOnDisk)
        report(.compacted(through: position))
    }
}
