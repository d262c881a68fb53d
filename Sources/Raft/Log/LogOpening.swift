/// The steps from a directory to a log that may be written: identity, replay, repair of an interrupted write.
///
/// Owns: the only writes that recovery makes: zeroing the place of an interrupted batch and writing the last batch again.
/// Must never: make them before the whole log was verified.

struct LogOpening {
    let disk: any Disk
    let identity: LogIdentity
    let options: LogOptions
    let knownDurable: LogIndex
    let mayCreate: Bool

    func run() throws(LogError) -> (WriteAheadLog, LogRecovery) {
        // 1. Whose directory is it? Before anything is read or removed.
        let recorded = try MetaFile.read(disk: disk)
        if let recorded, recorded != identity {
            throw .identityMismatch(path: disk.path, file: MetaFile.name, expected: identity, found: recorded)
        }
        // 2. Replay, without changing anything.
        var replay = try LogReplay(disk: disk, readIndexSpacingBytes: options.readIndexSpacingBytes)
        try replay.checkIdentity(identity)
        if replay.segments.isEmpty {
            guard recorded == nil else {
                throw .corrupt(
                    file: MetaFile.name, offsetBytes: 0, index: nil,
                    reason: "the directory is that of \(identity), but its log segments are gone")
            }
            guard mayCreate else { throw .missing(path: disk.path) }
            try SegmentStore.removeTemporaryFiles(disk)
            return try create()
        }
        try replay.run(knownDurable: knownDurable)
        if recorded == nil { try requireUnused(replay) }
        // 3. Now the directory is known to be ours and whole.
        try SegmentStore.removeTemporaryFiles(disk)
        if recorded == nil { try MetaFile.create(identity, disk: disk) }
        let log = try openSegments(replay)
        let tornBytes = try repair(log, replay)
        let recovery = try finish(log, replay, tornBytes: tornBytes)
        return (log, recovery)
    }

    /// The first segment comes before `meta`, so that `meta` proves a log was there. Without `meta` only the very first,
    /// still empty segment is explained by an interrupted creation.
    private func requireUnused(_ replay: LogReplay) throws(LogError) {
        guard replay.segments.count == 1, replay.segments[0].header.sequence == 1,
            replay.lastScan?.records.isEmpty == true
        else {
            throw .corrupt(
                file: MetaFile.name, offsetBytes: 0, index: nil,
                reason: "the file is missing although the directory holds a log that was in use")
        }
    }

    private func create() throws(LogError) -> (WriteAheadLog, LogRecovery) {
        let store = SegmentStore(disk: disk, options: options)
        let header = SegmentHeader(
            sequence: 1, salt: options.makeSalt(), identity: identity, previous: .zero, base: .zero,
            hardState: HardState(), previousChain: 0, isReset: false, segmentBytes: UInt64(options.segmentBytes),
            batchBytesMax: UInt64(options.batchBytesMax))
        let segment = try store.create(header)
        try MetaFile.create(identity, disk: disk)
        let log = WriteAheadLog(
            disk: disk, identity: identity, options: options, store: store, segments: [segment], state: LogState(),
            extents: LogExtents(spacingBytes: options.readIndexSpacingBytes),
            writeOffset: UInt64(SegmentHeader.pageBytes), chain: 0)
        let recovery = LogRecovery(
            hardState: HardState(), base: .zero, termRuns: [], lastIndex: .zero, tornBytes: 0, tornFile: nil,
            endsBeforeState: knownDurable > .zero, wasCreated: true, misnamedFiles: [], segmentCount: 1)
        return (log, recovery)
    }

    private func openSegments(_ replay: LogReplay) throws(LogError) -> WriteAheadLog {
        var segments: [LogSegment] = []
        do throws(DiskError) {
            for segment in replay.segments {
                let file = try disk.open(segment.fileName, mode: .existing)
                segments.append(LogSegment(header: segment.header, fileName: segment.fileName, file: file))
            }
            // A rename whose directory sync failed in the last run is visible but not durable yet.
            try disk.syncDirectory()
        } catch {
            throw .disk(error)
        }
        let end = replay.lastScan?.endOffset ?? UInt64(SegmentHeader.pageBytes)
        return WriteAheadLog(
            disk: disk, identity: identity, options: options,
            store: SegmentStore(disk: disk, options: options), segments: segments, state: replay.state,
            extents: replay.extents, writeOffset: end, chain: replay.chain)
    }

    /// Writes the last batch again and zeros what may follow it, then syncs. After a failed sync and a restart the page
    /// cache may show what the disk does not hold (Rebello et al., ATC'20); from here on it does.
    /// - Returns: bytes of an interrupted batch that were dropped.
    private func repair(_ log: WriteAheadLog, _ replay: LogReplay) throws(LogError) -> UInt64 {
        guard let scan = replay.lastScan, let segment = log.segments.last else { return 0 }
        let torn = replay.lastDecision == .torn ? scan.dirtyEndOffset - scan.endOffset : 0
        let zeroEnd = min(segment.header.segmentBytes, scan.endOffset + max(segment.header.batchBytesMax, torn))
        do throws(DiskError) {
            let batch = try segment.file.read(
                atBytes: scan.lastBatchOffset, count: Int(scan.endOffset - scan.lastBatchOffset))
            if !batch.isEmpty { try segment.file.write(batch, atBytes: scan.lastBatchOffset) }
            try writeZeros(segment.file, from: scan.endOffset, to: zeroEnd)
            try segment.file.sync()
        } catch {
            throw .disk(error)
        }
        return torn
    }

    private func writeZeros(_ file: any DiskFile, from start: UInt64, to end: UInt64) throws(DiskError) {
        let chunkBytes: UInt64 = 1 << 20
        let zeros = [UInt8](repeating: 0, count: Int(min(chunkBytes, end - start)))
        var offset = start
        while offset < end {
            let count = min(chunkBytes, end - offset)
            try file.write(count == UInt64(zeros.count) ? zeros : Array(zeros[0..<Int(count)]), atBytes: offset)
            offset += count
        }
    }

    /// Invariant 3: the term is never below the last entry's (catalogue bug 3). An interrupted request may leave entries
    /// whose hard state did not make it; nothing of it was acknowledged, and no vote can have been given in that term,
    /// for a vote is durable before it is sent.
    private func finish(
        _ log: WriteAheadLog, _ replay: LogReplay, tornBytes: UInt64
    ) throws(LogError) -> LogRecovery {
        var hardState = log.state.hardState
        let lastTerm = max(log.state.last.term, log.state.base.term)
        if lastTerm > hardState.term { hardState = HardState(term: lastTerm, vote: nil, commit: hardState.commit) }
        hardState.commit = min(max(hardState.commit, log.state.base.index), log.state.lastIndex)
        if hardState != log.state.hardState { try log.appendRecovered(hardState) }
        // What a compaction or a reset could not finish.
        try log.removeUnusedSegments()
        return LogRecovery(
            hardState: hardState, base: log.state.base, termRuns: log.state.termRuns, lastIndex: log.state.lastIndex,
            tornBytes: tornBytes, tornFile: tornBytes > 0 ? log.segments.last?.fileName : nil,
            endsBeforeState: replay.lastDecision == .endsBeforeState, wasCreated: false,
            misnamedFiles: replay.misnamedFiles, segmentCount: log.segments.count)
    }
}
