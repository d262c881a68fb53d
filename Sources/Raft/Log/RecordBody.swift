/// The bodies of records: entries, hard state, positions.
///
/// Owns: their bytes, both ways. Must never: trust a count or a length before comparing it with the bytes there are.

/// term 8 · hasVote 8 · vote 8 · commit 8.
enum HardStateBody {
    static let encodedBytes = 32

    static func store(_ state: HardState, into bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
        bytes.store(state.term.rawValue, at: offset)
        bytes.store(state.vote == nil ? UInt64(0) : 1, at: offset + 8)
        bytes.store(state.vote?.rawValue ?? 0, at: offset + 16)
        bytes.store(state.commit.rawValue, at: offset + 24)
    }

    /// The caller has checked that 32 bytes exist.
    static func load(_ bytes: [UInt8], at offset: Int) -> HardState? {
        let flag = bytes.loadUInt64(at: offset + 8)
        guard flag <= 1 else { return nil }
        return HardState(
            term: Term(bytes.loadUInt64(at: offset)),
            vote: flag == 1 ? NodeID(bytes.loadUInt64(at: offset + 16)) : nil,
            commit: LogIndex(bytes.loadUInt64(at: offset + 24)))
    }
}

/// term 8 · origin 8 · nonce 8 · payloadBytes 4 · kind 1 · zero 3 · payload.
enum EntryBody {
    static let fixedBytes = 32

    static func store(_ entry: Entry, into bytes: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
        bytes.store(entry.term.rawValue, at: offset)
        bytes.store(entry.proposal.origin.rawValue, at: offset + 8)
        bytes.store(entry.proposal.nonce, at: offset + 16)
        bytes.store(UInt32(entry.payload.count), at: offset + 24)
        bytes[offset + 28] = entry.kind.rawValue
        entry.payload.withUnsafeBytes { payload in
            if let base = payload.baseAddress, payload.count > 0, let target = bytes.baseAddress {
                (target + offset + fixedBytes).copyMemory(from: base, byteCount: payload.count)
            }
        }
        return offset + fixedBytes + entry.payload.count
    }
}

/// An entry inside verified bytes, its payload not yet copied out.
struct StoredEntry: Hashable, Sendable {
    var index: LogIndex
    var term: Term
    var kind: EntryKind
    var proposal: ProposalID
    /// Where the payload stands in the array that was decoded.
    var payload: Range<Int>

    func entry(from bytes: [UInt8]) -> Entry {
        Entry(index: index, term: term, kind: kind, proposal: proposal, payload: Array(bytes[payload]))
    }
}

extension LogIndex {
    /// Beyond this an index is not believed: counting on from it must not overflow.
    static let storedMax = LogIndex(1 << 62)
}

/// A body whose checksum holds but whose content makes no sense: damage before the checksum, or a foreign writer.
struct BodyViolation: Error, Hashable, Sendable {
    var reason: String
}

enum RecordBody {
    /// Decodes the entries of a verified entries record.
    /// - Parameter range: the body inside `bytes`.
    static func entries(
        _ bytes: [UInt8], in range: Range<Int>, header: RecordHeader
    ) throws(BodyViolation) -> [StoredEntry] {
        let count = Int(header.count)
        guard count > 0, count <= range.count / EntryBody.fixedBytes else {
            throw BodyViolation(reason: "a record of \(range.count) bytes claims \(count) entries")
        }
        var entries: [StoredEntry] = []
        entries.reserveCapacity(count)
        var offset = range.lowerBound
        for number in 0..<count {
            guard offset + EntryBody.fixedBytes <= range.upperBound else {
                throw BodyViolation(reason: "entry \(number) of the record lies beyond its end")
            }
            let payloadBytes = Int(bytes.loadUInt32(at: offset + 24))
            let payloadStart = offset + EntryBody.fixedBytes
            guard payloadBytes <= range.upperBound - payloadStart else {
                throw BodyViolation(reason: "the payload of entry \(number) lies beyond the record's end")
            }
            guard let kind = EntryKind(rawValue: bytes[offset + 28]) else {
                throw BodyViolation(reason: "entry \(number) has the unknown kind \(bytes[offset + 28])")
            }
            entries.append(
                StoredEntry(
                    index: header.firstIndex.advanced(by: number), term: Term(bytes.loadUInt64(at: offset)), kind: kind,
                    proposal: ProposalID(
                        origin: NodeID(bytes.loadUInt64(at: offset + 8)), nonce: bytes.loadUInt64(at: offset + 16)),
                    payload: payloadStart..<(payloadStart + payloadBytes)))
            offset = payloadStart + payloadBytes
        }
        guard offset == range.upperBound else {
            throw BodyViolation(reason: "\(range.upperBound - offset) bytes follow the last entry of the record")
        }
        return entries
    }

    /// What a verified record does to the log. Unknown types are refused, never skipped: they may remove entries.
    static func effect(
        _ bytes: [UInt8], in range: Range<Int>, header: RecordHeader
    ) throws(BodyViolation) -> RecordEffect {
        guard let type = RecordType(rawValue: header.type) else {
            throw BodyViolation(reason: "record type \(header.type) is unknown to this version of the program")
        }
        guard header.firstIndex <= LogIndex.storedMax else {
            throw BodyViolation(reason: "the \(type) record names the absurd index \(header.firstIndex.rawValue)")
        }
        func expect(_ bodyBytes: Int) throws(BodyViolation) {
            guard range.count == bodyBytes else {
                throw BodyViolation(reason: "a \(type) record has \(range.count) bytes instead of \(bodyBytes)")
            }
        }
        switch type {
        case .entries:
            let entries = try entries(bytes, in: range, header: header)
            var runs: [TermRun] = []
            for entry in entries where runs.last?.term != entry.term {
                runs.append(TermRun(term: entry.term, first: entry.index))
            }
            return .entries(
                first: header.firstIndex, last: header.firstIndex.advanced(by: entries.count).previous, runs: runs)
        case .hardState:
            try expect(HardStateBody.encodedBytes)
            guard let state = HardStateBody.load(bytes, at: range.lowerBound) else {
                throw BodyViolation(reason: "a hard state has an unknown vote flag")
            }
            return .hardState(state)
        case .truncate:
            try expect(0)
            return .truncate(from: header.firstIndex)
        case .base:
            try expect(16)
            let index = LogIndex(bytes.loadUInt64(at: range.lowerBound))
            guard index <= LogIndex.storedMax, index.next == header.firstIndex else {
                throw BodyViolation(reason: "a base record names two different places")
            }
            return .base(LogPosition(index: index, term: Term(bytes.loadUInt64(at: range.lowerBound + 8))))
        case .mark:
            try expect(8)
            return .mark
        }
    }
}
