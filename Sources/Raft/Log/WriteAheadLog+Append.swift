/// Appending: requests become records, records become one write and one sync.
///
/// Owns: the way into the log. Must never: report success before the sync that covers it, or go on after an error.

extension WriteAheadLog {
    /// Makes all requests durable, in order, normally with one write and one sync (more when they exceed
    /// `batchBytesMax` or replace the whole log).
    ///
    /// - Throws: any error is final: nothing of the batch may be acknowledged, the object refuses every later call, and
    ///   the caller has to stop the process.
    public func append(_ requests: [PersistRequest]) throws(LogError) {
        try requireRunning()
        do throws(LogError) {
            var pending = PendingBatch(state: state)
            for request in requests { try add(request, to: &pending) }
            try flush(&pending)
        } catch {
            throw stop(error)
        }
    }

    /// Writes down that everything so far is durable. Worth a call when the log falls silent: until the next write the
    /// last batch is the one place where recovery cannot tell an interrupted write from later damage.
    public func markDurable() throws(LogError) {
        try appendRecord(.mark(durable: state.lastIndex))
    }

    func appendRecovered(_ hardState: HardState) throws(LogError) {
        try appendRecord(.hardState(hardState))
    }

    func appendRecord(_ record: LogRecord) throws(LogError) {
        try requireRunning()
        do throws(LogError) {
            var pending = PendingBatch(state: state)
            try add(record, to: &pending)
            try flush(&pending)
        } catch {
            throw stop(error)
        }
    }

    /// A batch that grows, with the state that will hold once it is durable.
    private struct PendingBatch {
        var batch = RecordBatch()
        var state: LogState
    }

    private var batchLimit: Int { min(options.batchBytesMax, options.segmentBytes - SegmentHeader.pageBytes) }

    private func add(_ request: PersistRequest, to pending: inout PendingBatch) throws(LogError) {
        if let position = request.resetTo {
            try flush(&pending)
            try reset(to: position)
            pending.state = state
        }
        if let index = request.truncateFrom, index <= pending.state.lastIndex {
            try add(.truncate(from: index), to: &pending)
        }
        var start = 0
        while start < request.entries.count {
            let end = try recordEnd(request.entries, from: start)
            try add(.entries(request.entries[start..<end]), to: &pending)
            start = end
        }
        if let hardState = request.hardState, hardState != pending.state.hardState {
            try add(.hardState(hardState), to: &pending)
        }
        guard pending.state.last.term <= pending.state.hardState.term else {
            throw .invalidRequest(
                reason: "invariant 3: request \(request.sequence) leaves entries of term "
                    + "\(pending.state.last.term.rawValue) with the hard state at term "
                    + "\(pending.state.hardState.term.rawValue)")
        }
    }

    /// Where the record that begins with entry `start` ends: about `recordBytesTarget` bytes, at least one entry.
    private func recordEnd(_ entries: [Entry], from start: Int) throws(LogError) -> Int {
        var bytes = 0
        var end = start
        let target = min(options.recordBytesTarget, options.recordBytesMax)
        while end < entries.count {
            let size = EntryBody.fixedBytes + entries[end].payload.count
            guard size <= options.recordBytesMax else {
                throw .entryTooLarge(index: entries[end].index, bytes: size, bytesMax: options.recordBytesMax)
            }
            guard end == start || bytes + size <= target else { break }
            // A record stores only its first index; the others follow from it.
            guard entries[end].index == entries[start].index.advanced(by: end - start) else {
                throw .invalidRequest(
                    reason: "invariant 4: entry \(entries[end].index.rawValue) follows "
                        + "\(entries[end - 1].index.rawValue) in one request")
            }
            bytes += size
            end += 1
        }
        return end
    }

    private func add(_ record: LogRecord, to pending: inout PendingBatch) throws(LogError) {
        if pending.batch.storedBytes + record.storedBytes > batchLimit { try flush(&pending) }
        do throws(LogViolation) {
            try pending.state.apply(record.effect)
        } catch {
            throw .invalidRequest(reason: error.reason)
        }
        pending.batch.add(record)
    }

    /// One write, one sync. Afterwards the pending state is the durable one.
    private func flush(_ pending: inout PendingBatch) throws(LogError) {
        guard !pending.batch.isEmpty else { return }
        let room = segments[segments.count - 1].header.segmentBytes - writeOffset
        if UInt64(pending.batch.storedBytes) > room { try beginSegment(state, isReset: false) }
        let segment = segments[segments.count - 1]
        let encoded = pending.batch.encode(
            atBytes: writeOffset, chain: chain, seed: segment.header.checksumSeed,
            writerTerm: pending.state.hardState.term)
        do throws(DiskError) {
            try segment.file.write(encoded.bytes, atBytes: writeOffset)
            try segment.file.sync()
        } catch {
            let isIgnored =
                error.operation == .sync && Mutant.retriesFailedSync || error.isOutOfSpace && Mutant.ignoresFullDisk
            if !isIgnored { throw outOfSpace(error, segment: segment) }
        }
        writeOffset += UInt64(encoded.bytes.count)
        chain = encoded.chain
        state = pending.state
        for (record, offset) in zip(pending.batch.records, encoded.offsets) {
            extents.apply(
                record.effect, segment: segment.header.sequence, offset: offset, bytes: UInt64(record.storedBytes))
        }
        pending.batch = RecordBatch()
    }

    private func outOfSpace(_ error: DiskError, segment: LogSegment) -> LogError {
        guard error.isOutOfSpace else { return .disk(error) }
        var free: UInt64?
        do throws(DiskError) { free = try disk.freeBytes() } catch { free = nil }
        return .diskFull(
            file: "\(disk.path)/\(segment.fileName)", neededBytes: UInt64(options.segmentBytes), freeBytes: free)
    }

    /// A batch never straddles two files, and a segment is begun only when everything before it is durable.
    func beginSegment(_ state: LogState, isReset: Bool) throws(LogError) {
        let header = SegmentHeader(
            sequence: segments[segments.count - 1].header.sequence + 1, salt: options.makeSalt(), identity: identity,
            previous: state.last, base: state.base, hardState: state.hardState, previousChain: chain, isReset: isReset,
            segmentBytes: UInt64(options.segmentBytes), batchBytesMax: UInt64(options.batchBytesMax))
        segments.append(try store.create(header))
        writeOffset = UInt64(SegmentHeader.pageBytes)
    }

    /// A snapshot replaced everything: the header of a new segment says so, whole or not at all; then the old files go.
    private func reset(to position: LogPosition) throws(LogError) {
        var after = state
        after.reset(to: position)
        try beginSegment(after, isReset: true)
        state = after
        extents.reset()
        try removeUnusedSegments()
    }
}
