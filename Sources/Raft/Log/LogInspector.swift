/// Looks at a log without touching it: what `mneme log inspect` prints.
///
/// Owns: the walk over all segments, also over those that recovery would refuse. Must never: write, lock, or judge by
/// other rules than a start does: the verdict comes from `LogReplay` itself.

public enum LogInspector {
    public enum Detail: Sendable, Comparable {
        case segments
        case records
        case entries
    }

    /// - Parameters:
    ///   - disk: opened for inspection; a running node's directory may be looked at, its last write then counts as
    ///     interrupted while it is under way.
    ///   - detail: how far down the report goes. Entries cost memory in proportion to the log.
    /// - Returns: always a report; what is wrong stands in its verdict.
    public static func inspect(disk: any Disk, detail: Detail = .entries) -> LogInspection {
        var inspection = LogInspection(
            directory: disk.path, identity: nil, segments: [],
            verdict: .init(kind: .unreadable, message: "there is no log in this directory"),
            base: .init(index: 0, term: 0), last: .init(index: 0, term: 0),
            hardState: report(HardState()))
        do throws(LogError) {
            if let identity = try LogIdentity.read(disk: disk) { inspection.identity = report(identity) }
        } catch {
            inspection.verdict = verdict(error)
            return inspection
        }
        var headerProblem: LogError?
        do throws(LogError) {
            for name in try LogReplay.segmentNames(disk) {
                do throws(LogError) {
                    inspection.segments.append(try segment(disk, name, detail: detail))
                } catch {
                    headerProblem = headerProblem ?? error
                }
            }
        } catch {
            inspection.verdict = verdict(error)
            return inspection
        }
        inspection.segments.sort { $0.sequence < $1.sequence }
        guard headerProblem == nil else {
            if let headerProblem { inspection.verdict = verdict(headerProblem) }
            return inspection
        }
        guard !inspection.segments.isEmpty else { return inspection }
        judge(disk, &inspection)
        return inspection
    }

    private static func judge(_ disk: any Disk, _ inspection: inout LogInspection) {
        do throws(LogError) {
            var replay = try LogReplay(disk: disk, readIndexSpacingBytes: 1 << 20)
            do throws(LogError) {
                try replay.run(knownDurable: .zero)
                inspection.verdict = verdict(replay)
            } catch {
                inspection.verdict = verdict(error)
            }
            inspection.base = report(replay.state.base)
            inspection.last = report(replay.state.last)
            inspection.hardState = report(replay.state.hardState)
        } catch {
            inspection.verdict = verdict(error)
        }
    }

    private static func verdict(_ replay: LogReplay) -> LogInspection.Verdict {
        guard replay.lastDecision == .torn, let scan = replay.lastScan else {
            return .init(kind: .clean, message: "all \(replay.segments.count) segments are whole")
        }
        let file = replay.segments.last?.fileName
        return .init(
            kind: .tornTail,
            message: "the last write was interrupted: \(scan.dirtyEndOffset - scan.endOffset) bytes in \(file ?? "?") "
                + "from byte \(scan.endOffset) were never acknowledged and are dropped at the next start",
            file: file, offset: scan.endOffset, index: replay.state.lastIndex.next.rawValue)
    }

    private static func verdict(_ error: LogError) -> LogInspection.Verdict {
        guard case .corrupt(let file, let offset, let index, _) = error else {
            return .init(kind: .unreadable, message: "\(error)")
        }
        return .init(kind: .corrupt, message: "\(error)", file: file, offset: offset, index: index?.rawValue)
    }

    // MARK: One segment

    private static func segment(
        _ disk: any Disk, _ name: String, detail: Detail
    ) throws(LogError) -> LogInspection.SegmentReport {
        let bytes = try LogReplay.readFile(disk, name, bytes: nil)
        let page = Array(bytes.prefix(SegmentHeader.pageBytes))
        let header = try SegmentHeader.decode(page, file: name)
        let scan = SegmentScanner(bytes: bytes, header: header).scan()
        var report = LogInspection.SegmentReport(
            file: name, sequence: header.sequence, firstIndex: header.firstIndex.rawValue,
            previous: Self.report(header.previous), base: Self.report(header.base),
            hardState: Self.report(header.hardState), isReset: header.isReset, segmentBytes: header.segmentBytes,
            usedBytes: scan.endOffset, recordCount: scan.records.count, entryCount: 0, storedPayloadBytes: 0,
            rawPayloadBytes: 0, isMisnamed: name != header.fileName, records: [])
        for record in scan.records {
            let entries = try entries(record, bytes, file: name)
            report.entryCount += entries.count
            for entry in entries {
                report.storedPayloadBytes += entry.storedBytes
                report.rawPayloadBytes += entry.rawBytes
            }
            if detail >= .records {
                report.records.append(Self.report(record, entries: detail >= .entries ? entries : nil))
            }
        }
        return report
    }

    private static func entries(
        _ record: ScannedRecord, _ bytes: [UInt8], file: String
    ) throws(LogError) -> [LogInspection.EntryReport] {
        guard case .entries = record.effect else { return [] }
        let stored: [StoredEntry]
        do throws(BodyViolation) {
            stored = try RecordBody.entries(bytes, in: record.body, header: record.header)
        } catch {
            throw .corrupt(
                file: file, offsetBytes: record.offset, index: record.header.firstIndex, reason: error.reason)
        }
        return stored.map { report($0, bytes) }
    }

    private static func report(_ entry: StoredEntry, _ bytes: [UInt8]) -> LogInspection.EntryReport {
        var codec = "none"
        var rawBytes = 0
        if !entry.payload.isEmpty {
            codec = "unknown"
            rawBytes = entry.payload.count
        }
        // Only commands travel in an envelope; a configuration has an encoding of its own.
        if entry.kind == .command, !entry.payload.isEmpty {
            let envelope = Array(bytes[entry.payload].prefix(EntryCompression.headerBytes))
            do throws(EntryCompressionError) {
                let header = try EntryCompression.header(envelope)
                codec = header.codec == .lz4 ? "lz4" : "raw"
                rawBytes = header.rawBytes
            } catch {
                // The log carries any bytes; that these are no envelope is what "unknown" says.
            }
        }
        return .init(
            index: entry.index.rawValue, term: entry.term.rawValue, kind: "\(entry.kind)", codec: codec,
            storedBytes: entry.payload.count, rawBytes: rawBytes, proposalOrigin: entry.proposal.origin.rawValue,
            proposalNonce: entry.proposal.nonce)
    }

    private static func report(
        _ record: ScannedRecord, entries: [LogInspection.EntryReport]?
    ) -> LogInspection.RecordReport {
        var report = LogInspection.RecordReport(
            offset: record.offset, type: RecordType(rawValue: record.header.type).map { "\($0)" } ?? "unknown",
            storedBytes: record.header.storedBytes, endsBatch: record.header.isLastOfBatch,
            writerTerm: record.header.writerTerm.rawValue)
        switch record.effect {
        case .entries: report.entries = entries
        case .hardState(let state): report.hardState = Self.report(state)
        case .truncate(let from): report.truncateFrom = from.rawValue
        case .base(let position): report.base = Self.report(position)
        case .mark: break
        }
        return report
    }

    private static func report(_ identity: LogIdentity) -> LogInspection.Identity {
        .init(
            cluster: hexadecimal(identity.clusterID), node: identity.nodeID.rawValue, incarnation: identity.incarnation)
    }

    private static func report(_ position: LogPosition) -> LogInspection.Position {
        .init(index: position.index.rawValue, term: position.term.rawValue)
    }

    private static func report(_ state: HardState) -> LogInspection.HardStateReport {
        .init(term: state.term.rawValue, vote: state.vote?.rawValue, commit: state.commit.rawValue)
    }
}
