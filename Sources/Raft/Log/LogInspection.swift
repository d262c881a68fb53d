/// What `LogInspector` found: plain values, ready for JSON, and their rendering for people.
///
/// Owns: the report's shape. Must never: contain payloads; an inspection may be sent to strangers.

public struct LogInspection: Codable, Hashable, Sendable {
    public struct Identity: Codable, Hashable, Sendable {
        /// 32 hexadecimal digits.
        public var cluster: String
        public var node: UInt64
        public var incarnation: UInt64
    }

    public struct Position: Codable, Hashable, Sendable {
        public var index: UInt64
        public var term: UInt64
    }

    public struct HardStateReport: Codable, Hashable, Sendable {
        public var term: UInt64
        /// Node id; nil when no vote was given in the term.
        public var vote: UInt64?
        public var commit: UInt64
    }

    public struct EntryReport: Codable, Hashable, Sendable {
        public var index: UInt64
        public var term: UInt64
        /// noop, command, configuration.
        public var kind: String
        /// none (no payload), raw, lz4, or unknown.
        public var codec: String
        /// Bytes of the payload as stored.
        public var storedBytes: Int
        /// Bytes of the payload decompressed, as its envelope states.
        public var rawBytes: Int
        public var proposalOrigin: UInt64
        public var proposalNonce: UInt64
    }

    public struct RecordReport: Codable, Hashable, Sendable {
        /// Bytes from the start of the file.
        public var offset: UInt64
        /// entries, hardState, truncate, base, mark.
        public var type: String
        /// Bytes on disk, header and padding included.
        public var storedBytes: Int
        /// One write and one sync end with this record.
        public var endsBatch: Bool
        public var writerTerm: UInt64
        public var entries: [EntryReport]?
        public var hardState: HardStateReport?
        public var truncateFrom: UInt64?
        public var base: Position?
    }

    public struct SegmentReport: Codable, Hashable, Sendable {
        public var file: String
        public var sequence: UInt64
        public var firstIndex: UInt64
        public var previous: Position
        public var base: Position
        public var hardState: HardStateReport
        public var isReset: Bool
        public var segmentBytes: UInt64
        /// Header and complete batches.
        public var usedBytes: UInt64
        public var recordCount: Int
        public var entryCount: Int
        public var storedPayloadBytes: Int
        public var rawPayloadBytes: Int
        /// The name does not say what the header says.
        public var isMisnamed: Bool
        /// Empty unless asked for.
        public var records: [RecordReport]
    }

    public struct Verdict: Codable, Hashable, Sendable {
        public enum Kind: String, Codable, Sendable {
            /// Every byte is as it was written.
            case clean
            /// The last write was interrupted; a start drops it.
            case tornTail
            /// A start would refuse this log.
            case corrupt
            /// No log, or one that cannot be read.
            case unreadable
        }
        public var kind: Kind
        public var message: String
        public var file: String?
        public var offset: UInt64?
        public var index: UInt64?
    }

    public var directory: String
    public var identity: Identity?
    public var segments: [SegmentReport]
    public var verdict: Verdict
    public var base: Position
    public var last: Position
    public var hardState: HardStateReport
}

extension LogInspection {
    /// One line per segment, record and entry, the verdict last.
    public var text: String {
        var lines = ["log in \(directory)"]
        if let identity {
            lines.append(
                "node \(identity.node), incarnation \(identity.incarnation), cluster \(identity.cluster)")
        }
        for segment in segments { lines.append(contentsOf: Self.lines(segment)) }
        lines.append("holds indexes \(base.index + 1)…\(last.index) (base term \(base.term), last term \(last.term))")
        lines.append("hard state: \(Self.line(hardState))")
        lines.append("verdict: \(verdict.kind.rawValue): \(verdict.message)")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(_ segment: SegmentReport) -> [String] {
        let notes = (segment.isReset ? " (log reset)" : "") + (segment.isMisnamed ? " (misnamed)" : "")
        var lines = [
            "segment \(segment.sequence) \(segment.file)\(notes)",
            "  from index \(segment.firstIndex), after term \(segment.previous.term), base \(segment.base.index)@"
                + "\(segment.base.term), \(line(segment.hardState))",
            "  \(segment.usedBytes) of \(segment.segmentBytes) bytes, \(segment.recordCount) records, "
                + "\(segment.entryCount) entries, payloads \(segment.storedPayloadBytes) bytes stored, "
                + "\(segment.rawPayloadBytes) raw",
        ]
        for record in segment.records {
            lines.append("  \(line(record))")
            for entry in record.entries ?? [] { lines.append("    \(line(entry))") }
        }
        return lines
    }

    private static func line(_ state: HardStateReport) -> String {
        "term \(state.term), vote \(state.vote.map { "n\($0)" } ?? "none"), commit \(state.commit)"
    }

    private static func line(_ record: RecordReport) -> String {
        var text = "@\(record.offset) \(record.type) \(record.storedBytes) bytes, writer term \(record.writerTerm)"
        if let state = record.hardState { text += ": \(line(state))" }
        if let from = record.truncateFrom { text += ": entries from \(from) are gone" }
        if let base = record.base { text += ": the log begins after \(base.index)@\(base.term)" }
        return text + (record.endsBatch ? " ·" : "")
    }

    private static func line(_ entry: EntryReport) -> String {
        var text = "\(entry.index)@\(entry.term) \(entry.kind), \(entry.codec) \(entry.storedBytes)"
        if entry.codec == "lz4" { text += " of \(entry.rawBytes)" }
        text += " bytes"
        if entry.proposalOrigin != 0 || entry.proposalNonce != 0 {
            text += ", proposal n\(entry.proposalOrigin)/\(entry.proposalNonce)"
        }
        return text
    }
}
