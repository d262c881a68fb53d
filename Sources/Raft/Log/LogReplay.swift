/// Replays the segments of a directory in memory, one after the other, and says where the log ends. Recovery and
/// inspection both run on it, so that `inspect` shows exactly what a start would do.
///
/// Owns: the checks from segment to segment (sequence, chain, contiguity). Must never: change a byte on disk.

/// A segment file whose header page was read and verified.
struct LoadedSegment {
    var fileName: String
    var header: SegmentHeader
}

struct LogReplay {
    let disk: any Disk
    private(set) var segments: [LoadedSegment]
    private(set) var state = LogState()
    private(set) var extents: LogExtents
    private(set) var chain: UInt32 = 0
    private(set) var lastScan: SegmentScan?
    private(set) var lastDecision: RecoveryDecision = .clean

    /// Reads all segment headers. Order and range come from the headers alone (catalogue bug 65).
    init(disk: any Disk, readIndexSpacingBytes: Int) throws(LogError) {
        self.disk = disk
        self.extents = LogExtents(spacingBytes: readIndexSpacingBytes)
        var found: [LoadedSegment] = []
        for name in try Self.segmentNames(disk) {
            let page = try Self.readFile(disk, name, bytes: UInt64(SegmentHeader.pageBytes))
            found.append(LoadedSegment(fileName: name, header: try SegmentHeader.decode(page, file: name)))
        }
        segments = found.sorted { $0.header.sequence < $1.header.sequence }
    }

    static func segmentNames(_ disk: any Disk) throws(LogError) -> [String] {
        do throws(DiskError) { return try disk.list().filter(SegmentHeader.isSegmentName) } catch { throw .disk(error) }
    }

    static func readFile(_ disk: any Disk, _ name: String, bytes: UInt64?) throws(LogError) -> [UInt8] {
        do throws(DiskError) {
            let file = try disk.open(name, mode: .readOnly)
            defer { file.close() }
            let size = try file.sizeBytes()
            return try file.read(atBytes: 0, count: Int(min(bytes ?? size, size)))
        } catch {
            throw .disk(error)
        }
    }

    /// Files whose name does not say what their header says. Harmless, worth a line in the process log.
    var misnamedFiles: [String] { segments.filter { $0.fileName != $0.header.fileName }.map(\.fileName) }

    func checkIdentity(_ identity: LogIdentity) throws(LogError) {
        for segment in segments where segment.header.identity != identity {
            throw .identityMismatch(
                path: disk.path, file: segment.fileName, expected: identity, found: segment.header.identity)
        }
    }

    /// Replays all segments.
    /// - Parameter knownDurable: an index that is certainly durable in this log: what the state machine has applied.
    mutating func run(knownDurable: LogIndex) throws(LogError) {
        for number in segments.indices { try replay(segment: number, knownDurable: knownDurable) }
        try finish()
    }

    private mutating func replay(segment number: Int, knownDurable: LogIndex) throws(LogError) {
        let segment = segments[number]
        try enter(number)
        let bytes = try Self.readFile(disk, segment.fileName, bytes: nil)
        guard UInt64(bytes.count) == segment.header.segmentBytes else {
            throw corrupt(
                segment, 0, "the file has \(bytes.count) bytes, its header says \(segment.header.segmentBytes)")
        }
        let scan = SegmentScanner(bytes: bytes, header: segment.header).scan()
        lastScan = scan
        for record in scan.records { try apply(record, in: segment) }
        chain = scan.chain
        let exceeds = scan.dirtyEndOffset > scan.endOffset + segment.header.batchBytesMax
        let facts = RecoveryFacts(
            isLastSegment: number == segments.count - 1, isZeroToEnd: scan.isZeroToEnd, hasOpenBatch: scan.hasOpenBatch,
            hasLaterBatch: scan.hasLaterBatch, isBelowKnownDurable: state.lastIndex < knownDurable,
            exceedsBatch: exceeds, isSectorShaped: scan.isSectorShaped, isNonsense: scan.violation != nil)
        lastDecision = RecoveryTable.decide(facts)
        if case .corrupt(let why) = lastDecision {
            let first = indexAtStop(scan)
            throw .corrupt(
                file: segment.fileName, offsetBytes: scan.stopOffset, index: first, reason: "\(scan.stopReason); \(why)"
            )
        }
    }

    /// Checks what only the whole log can show.
    private func finish() throws(LogError) {
        guard let first = segments.first, state.heldFrom > state.base.index.next else { return }
        throw corrupt(
            first, 0,
            "the log begins after index \(state.base.index.rawValue), but its oldest segment begins with index "
                + "\(state.heldFrom.rawValue): segments in between are gone")
    }

    private mutating func enter(_ number: Int) throws(LogError) {
        let header = segments[number].header
        if number == 0 {
            state = LogState(startOf: header)
        } else {
            let before = segments[number - 1]
            guard header.sequence == before.header.sequence + 1 else {
                throw corrupt(
                    segments[number], 0,
                    "its sequence is \(header.sequence), the one before, \(before.fileName), has "
                        + "\(before.header.sequence)")
            }
            guard header.previousChain == chain else {
                throw corrupt(segments[number], 0, "it does not continue the chain of \(before.fileName)")
            }
            if !header.isReset, header.previous != state.last || header.base != state.base {
                throw corrupt(
                    segments[number], 0,
                    "it continues after \(header.previous), but \(before.fileName) ends with \(state.last)")
            }
            guard header.hardState == state.hardState else {
                throw corrupt(segments[number], 0, "its hard state is not the one \(before.fileName) ends with")
            }
        }
        if header.isReset {
            state.reset(to: header.base)
            extents.reset()
        }
    }

    private mutating func apply(_ record: ScannedRecord, in segment: LoadedSegment) throws(LogError) {
        do throws(LogViolation) {
            try state.apply(record.effect)
        } catch {
            throw .corrupt(
                file: segment.fileName, offsetBytes: record.offset, index: record.header.firstIndex,
                reason: error.reason)
        }
        extents.apply(
            record.effect, segment: segment.header.sequence, offset: record.offset,
            bytes: UInt64(record.header.storedBytes))
    }

    /// The index of the next entry at the place where the scan stopped.
    private func indexAtStop(_ scan: SegmentScan) -> LogIndex {
        var index = state.lastIndex.next
        for record in scan.openRecords {
            switch record.effect {
            case .entries(_, let last, _): index = last.next
            case .truncate(let from): index = min(index, from)
            case .hardState, .base, .mark: break
            }
        }
        return index
    }

    private func corrupt(_ segment: LoadedSegment, _ offset: UInt64, _ reason: String) -> LogError {
        .corrupt(file: segment.fileName, offsetBytes: offset, index: nil, reason: reason)
    }
}
