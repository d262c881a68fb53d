/// Makes the core's persist requests durable, in order, many with one sync (group commit).
///
/// Owns: the write-ahead log, on the log lane. While one sync runs, later requests queue up and share the next one.
/// Must never: report a request before the sync that covers it returned; retry a failed write; write anywhere else.
final class LogWriter: @unchecked Sendable {
    // Sendable: `wal`, `spareUnderWay` and `failed` are touched only on `lane`, but for `wal.prepareSpare`, which is made
    // for any; everything else is Sendable itself.
    enum Work: Sendable {
        case persist(PersistRequest)
        case load(peer: NodeID, from: LogIndex, through: LogIndex, bytesMax: Int)
        case compact(through: LogIndex)
        case finish(@Sendable () -> Void)
    }

    private let wal: WriteAheadLog
    private let lane: any Lane
    private let background: any Lane
    private let queue: LaneQueue<Work>
    private let report: @Sendable (Input) -> Void
    private let fail: @Sendable (String) -> Void
    private let gauges: NodeGauges
    /// Also set for good after a failure: without room for a spare there is no point in asking again.
    private var spareUnderWay = false
    /// Set for good: nothing is written, read or cut after it.
    private var failed = false

    init(
        wal: WriteAheadLog, lane: any Lane, background: any Lane, gauges: NodeGauges,
        report: @escaping @Sendable (Input) -> Void,
        fail: @escaping @Sendable (String) -> Void
    ) {
        self.wal = wal
        self.lane = lane
        self.background = background
        self.queue = LaneQueue(lane: lane)
        self.gauges = gauges
        self.report = report
        self.fail = fail
    }

    func submit(_ work: [Work]) {
        queue.put(work) { [weak self] in self?.drain() }
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
            case .finish:
                break
            }
        }
        try flush(&requests)
    }

    private func flush(_ requests: inout [PersistRequest]) throws(LogError) {
        guard let last = requests.last else { return }
        try wal.append(requests)
        gauges.recordLogBatch(requests: requests.count, logBytes: wal.bytesOnDisk)
        requests.removeAll(keepingCapacity: true)
        report(.persisted(sequence: last.sequence))
        prepareSpare()
    }

    /// Has the next segment zero-filled ahead of need, so that no append waits for it. A failure here harms nothing: the
    /// append that needs the file tries again, and its error is final.
    func prepareSpare() {
        guard wal.needsSpare, !spareUnderWay else { return }
        spareUnderWay = true
        background.submit { [self] in
            var failed = false
            do throws(LogError) { try wal.prepareSpare() } catch { failed = true }
            lane.submit { [self, failed] in spareUnderWay = failed }
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
