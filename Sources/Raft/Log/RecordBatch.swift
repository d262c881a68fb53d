/// Turns the records of one group commit into the one buffer that is written with one call.
///
/// Owns: the order of bytes inside a batch. Must never: grow its buffer while encoding; the size is known before.

struct RecordBatch {
    private(set) var records: [LogRecord] = []
    private(set) var storedBytes = 0

    var isEmpty: Bool { records.isEmpty }

    mutating func add(_ record: LogRecord) {
        records.append(record)
        storedBytes += record.storedBytes
    }

    struct Encoded {
        var bytes: [UInt8]
        /// Where each record stands in the file.
        var offsets: [UInt64]
        /// Chain value of the last record.
        var chain: UInt32
    }

    /// - Parameters:
    ///   - offset: where in the segment file the batch will stand.
    ///   - chain: chain value of the record before.
    ///   - seed: start value of the segment's checksums.
    ///   - writerTerm: term of the writer, for people.
    func encode(atBytes offset: UInt64, chain: UInt32, seed: UInt32, writerTerm: Term) -> Encoded {
        var offsets: [UInt64] = []
        offsets.reserveCapacity(records.count)
        var chain = chain
        var bytes = [UInt8](repeating: 0, count: storedBytes)
        bytes.withUnsafeMutableBytes { buffer in
            var place = 0
            for (number, record) in records.enumerated() {
                let bodyStart = place + RecordHeader.encodedBytes
                let bodyEnd = Self.store(record, into: buffer, at: bodyStart)
                let next = bodyStart + RecordHeader.paddedBytes(body: bodyEnd - bodyStart)
                buffer[next - 1] = RecordHeader.endMark
                // The padding is part of the checksum: no byte of a batch is without one.
                let body = UnsafeRawBufferPointer(rebasing: buffer[bodyStart..<next])
                let header = RecordHeader(
                    bodyBytes: UInt32(bodyEnd - bodyStart), type: record.type.rawValue,
                    isLastOfBatch: number == records.count - 1, firstIndex: record.firstIndex,
                    count: UInt32(record.count), batchOffsetBytes: UInt32(place), writerTerm: writerTerm,
                    bodyChecksum: body.checksum(seed: seed), chain: 0)
                let fileOffset = offset + UInt64(place)
                chain = RecordHeader.store(
                    header, into: buffer, at: place, fileOffset: fileOffset, previousChain: chain, seed: seed)
                offsets.append(fileOffset)
                place = next
            }
        }
        return Encoded(bytes: bytes, offsets: offsets, chain: chain)
    }

    private static func store(_ record: LogRecord, into buffer: UnsafeMutableRawBufferPointer, at start: Int) -> Int {
        switch record {
        case .entries(let entries):
            var place = start
            for entry in entries { place = EntryBody.store(entry, into: buffer, at: place) }
            return place
        case .hardState(let state):
            HardStateBody.store(state, into: buffer, at: start)
            return start + HardStateBody.encodedBytes
        case .truncate:
            return start
        case .base(let position):
            buffer.store(position.index.rawValue, at: start)
            buffer.store(position.term.rawValue, at: start + 8)
            return start + 16
        case .mark(let durable):
            buffer.store(durable.rawValue, at: start)
            return start + 8
        }
    }
}
