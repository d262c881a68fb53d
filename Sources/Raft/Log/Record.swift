/// What a segment holds after its header: records. This file says what kinds there are and what their bytes are.
///
/// Owns: the record header and the record bodies. Must never: interpret a body whose checksum was not verified.

/// Raw values are part of the disk format.
enum RecordType: UInt8, Sendable, CaseIterable {
    /// Entries with ascending indexes, stored as they were replicated.
    case entries = 1
    /// Term, vote and commit hint, always together (catalogue bug 1).
    case hardState = 2
    /// Every entry at or above an index is gone (catalogue bugs 61, 66).
    case truncate = 3
    /// The log now begins after a position.
    case base = 4
    /// Everything before this record is durable: narrows down what an interrupted write can explain.
    case mark = 5
}

/// A record before it is encoded.
enum LogRecord: Sendable {
    case entries(ArraySlice<Entry>)
    case hardState(HardState)
    case truncate(from: LogIndex)
    case base(LogPosition)
    case mark(durable: LogIndex)

    var type: RecordType {
        switch self {
        case .entries: .entries
        case .hardState: .hardState
        case .truncate: .truncate
        case .base: .base
        case .mark: .mark
        }
    }

    var bodyBytes: Int {
        switch self {
        case .entries(let entries): entries.reduce(0) { $0 + EntryBody.fixedBytes + $1.payload.count }
        case .hardState: HardStateBody.encodedBytes
        case .truncate: 0
        case .base: 16
        case .mark: 8
        }
    }

    /// Bytes on disk: header, body, padding to eight.
    var storedBytes: Int { RecordHeader.encodedBytes + RecordHeader.paddedBytes(body: bodyBytes) }

    /// The index this record is about.
    var firstIndex: LogIndex {
        switch self {
        case .entries(let entries): entries.first?.index ?? .zero
        case .hardState(let state): state.commit
        case .truncate(let from): from
        case .base(let position): position.index.next
        case .mark(let durable): durable
        }
    }

    var count: Int {
        if case .entries(let entries) = self { entries.count } else { 0 }
    }

    /// What the record does to the log's state.
    var effect: RecordEffect {
        switch self {
        case .entries(let entries):
            var runs: [TermRun] = []
            for entry in entries where runs.last?.term != entry.term {
                runs.append(TermRun(term: entry.term, first: entry.index))
            }
            return .entries(first: firstIndex, last: firstIndex.advanced(by: entries.count).previous, runs: runs)
        case .hardState(let state): return .hardState(state)
        case .truncate(let from): return .truncate(from: from)
        case .base(let position): return .base(position)
        case .mark: return .mark
        }
    }
}

/// What a record means for the log as a whole, without payloads.
enum RecordEffect: Hashable, Sendable {
    case entries(first: LogIndex, last: LogIndex, runs: [TermRun])
    case hardState(HardState)
    case truncate(from: LogIndex)
    case base(LogPosition)
    case mark
}

/// 48 bytes before each body. All offsets are multiples of eight.
struct RecordHeader: Hashable, Sendable {
    static let encodedBytes = 48
    static let lastOfBatchFlag: UInt8 = 1

    var bodyBytes: UInt32
    /// Raw, so that a type of a later version can be named in the error.
    var type: UInt8
    /// The batch (one write, one sync) ends here; a batch without such a record never counts.
    var isLastOfBatch: Bool
    var firstIndex: LogIndex
    var count: UInt32
    /// Bytes from the first record of the batch to this one. A valid record proves that everything before its batch
    /// was durable, because only one batch is in flight at a time.
    var batchOffsetBytes: UInt32
    /// The writer's term, for people who read the file.
    var writerTerm: Term
    var bodyChecksum: UInt32
    var chain: UInt32

    /// Bytes the chain runs over.
    private static let chainedBytes = 36

    /// - Parameters:
    ///   - offset: where in the file the record stands; part of the checksum.
    ///   - previousChain: chain value of the record before.
    /// - Returns: the chain value of this record.
    static func store(
        _ header: RecordHeader, into bytes: UnsafeMutableRawBufferPointer, at place: Int, fileOffset: UInt64,
        previousChain: UInt32, seed: UInt32
    ) -> UInt32 {
        bytes.store(header.bodyBytes, at: place)
        bytes[place + 4] = header.type
        bytes[place + 5] = header.isLastOfBatch ? lastOfBatchFlag : 0
        bytes.store(header.firstIndex.rawValue, at: place + 8)
        bytes.store(header.count, at: place + 16)
        bytes.store(header.batchOffsetBytes, at: place + 20)
        bytes.store(header.writerTerm.rawValue, at: place + 24)
        bytes.store(header.bodyChecksum, at: place + 32)
        let chained = UnsafeRawBufferPointer(rebasing: bytes[place..<(place + chainedBytes)])
        let chain = chained.checksum(seed: previousChain)
        bytes.store(chain, at: place + 36)
        bytes.store(UInt32(fileOffset / 8), at: place + 40)
        let covered = UnsafeRawBufferPointer(rebasing: bytes[place..<(place + 44)])
        bytes.store(covered.checksum(seed: seed), at: place + 44)
        return chain
    }

    /// The header at `place`, or nil when those bytes are not a record of this file at this offset.
    static func load(_ bytes: [UInt8], at place: Int, fileOffset: UInt64, seed: UInt32) -> RecordHeader? {
        guard place >= 0, place + encodedBytes <= bytes.count else { return nil }
        // The cheap test first: a search over damaged bytes calls this every eight bytes.
        guard bytes.loadUInt32(at: place + 40) == UInt32(truncatingIfNeeded: fileOffset / 8) else { return nil }
        guard bytes.loadUInt32(at: place + 44) == bytes.checksum(seed: seed, in: place..<(place + 44)) else {
            return nil
        }
        return RecordHeader(
            bodyBytes: bytes.loadUInt32(at: place), type: bytes[place + 4],
            isLastOfBatch: bytes[place + 5] & lastOfBatchFlag != 0,
            firstIndex: LogIndex(bytes.loadUInt64(at: place + 8)), count: bytes.loadUInt32(at: place + 16),
            batchOffsetBytes: bytes.loadUInt32(at: place + 20), writerTerm: Term(bytes.loadUInt64(at: place + 24)),
            bodyChecksum: bytes.loadUInt32(at: place + 32), chain: bytes.loadUInt32(at: place + 36))
    }

    /// Whether the stored chain value follows from `previousChain`.
    func continues(_ previousChain: UInt32, bytes: [UInt8], at place: Int) -> Bool {
        bytes.checksum(seed: previousChain, in: place..<(place + Self.chainedBytes)) == chain
    }

    var storedBytes: Int { Self.encodedBytes + Self.paddedBytes(body: Int(bodyBytes)) }

    /// A body is followed by one to eight bytes, zeros and then `endMark`, up to a multiple of eight. So the piece of a
    /// record in its last sector is never all zero, which is what a sector that was not written looks like.
    static func paddedBytes(body: Int) -> Int { (body + 8) & ~7 }
    static let endMark: UInt8 = 0xA5
}
