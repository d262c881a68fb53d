/// Reading entries back, for followers that lag and for the start of a node.
///
/// Owns: the verified way out of the log. Must never: return an entry whose checksum, index or place is wrong.

extension WriteAheadLog {
    /// Entries `from`…`through`, cut after `bytesMax` bytes (`Entry.costBytes`); the first one is always included.
    ///
    /// - Throws: `.notInLog` when `from` or `through` is outside the log; `.corrupt` when bytes that were once verified
    ///   no longer are: the caller has to stop the process.
    public func entries(from: LogIndex, through: LogIndex, bytesMax: Int) throws(LogError) -> [Entry] {
        try requireRunning()
        guard from >= firstIndex, from <= through, through <= lastIndex else {
            let asked = from < firstIndex || from > lastIndex ? from : through
            throw .notInLog(asked: asked, first: firstIndex, last: lastIndex)
        }
        var result: [Entry] = []
        var bytes = 0
        var next = from
        while next <= through {
            guard let (extent, offset) = extents.locate(next),
                let segment = segments.first(where: { $0.header.sequence == extent.segment })
            else {
                throw stop(.corrupt(file: disk.path, offsetBytes: 0, index: next, reason: "the read index has a hole"))
            }
            var reader = EntryReader(segment: segment, offset: offset, endOffset: extent.endOffset)
            let last = min(through, extent.last)
            do throws(LogError) {
                while next <= last {
                    let (stored, window) = try reader.nextEntries(expecting: next)
                    for entry in stored where entry.index >= next && entry.index <= last {
                        let cost = entry.payload.count + 48
                        if !result.isEmpty, bytes + cost > bytesMax { return result }
                        result.append(entry.entry(from: window))
                        bytes += cost
                        next = entry.index.next
                    }
                }
            } catch {
                throw stop(error)
            }
        }
        return result
    }
}

/// Walks the entry records of one stretch of a segment.
struct EntryReader {
    private let segment: LogSegment
    private let seed: UInt32
    private var offset: UInt64
    private let endOffset: UInt64
    private var window: [UInt8] = []
    private var windowOffset: UInt64 = 0

    private static let windowBytes = 128 << 10

    init(segment: LogSegment, offset: UInt64, endOffset: UInt64) {
        self.segment = segment
        self.seed = segment.header.checksumSeed
        self.offset = offset
        self.endOffset = endOffset
    }

    /// The entries of the next record that has any, and the bytes their payloads stand in.
    mutating func nextEntries(expecting index: LogIndex) throws(LogError) -> ([StoredEntry], [UInt8]) {
        while offset < endOffset {
            try fill(RecordHeader.encodedBytes)
            let place = Int(offset - windowOffset)
            guard let header = RecordHeader.load(window, at: place, fileOffset: offset, seed: seed) else {
                throw corrupt(index, "a record that was valid before no longer is")
            }
            guard UInt64(header.storedBytes) <= endOffset - offset else {
                throw corrupt(index, "the record reaches beyond the records written")
            }
            let isEntries = header.type == RecordType.entries.rawValue
            guard isEntries else {
                offset += UInt64(header.storedBytes)
                continue
            }
            try fill(header.storedBytes)
            let start = Int(offset - windowOffset)
            let bodyStart = start + RecordHeader.encodedBytes
            let end = start + header.storedBytes
            guard window.checksum(seed: seed, in: bodyStart..<end) == header.bodyChecksum || Mutant.skipsChecksums
            else {
                throw corrupt(index, "the checksum of the record's body does not match")
            }
            let stored: [StoredEntry]
            do throws(BodyViolation) {
                let body = bodyStart..<(bodyStart + Int(header.bodyBytes))
                stored = try RecordBody.entries(window, in: body, header: header)
            } catch {
                throw corrupt(index, error.reason)
            }
            offset += UInt64(header.storedBytes)
            return (stored, window)
        }
        throw corrupt(index, "the entry is not in the records that should hold it")
    }

    /// Makes sure that `count` bytes from `offset` are in the window.
    private mutating func fill(_ count: Int) throws(LogError) {
        if offset >= windowOffset, offset + UInt64(count) <= windowOffset + UInt64(window.count) { return }
        do throws(DiskError) {
            let wanted = min(max(Self.windowBytes, count), Int(endOffset - offset))
            window = try segment.file.read(atBytes: offset, count: max(wanted, count))
        } catch {
            throw .disk(error)
        }
        windowOffset = offset
        guard window.count >= count else {
            throw .corrupt(
                file: segment.fileName, offsetBytes: offset, index: nil, reason: "the file ends inside a record")
        }
    }

    private func corrupt(_ index: LogIndex, _ reason: String) -> LogError {
        .corrupt(file: segment.fileName, offsetBytes: offset, index: index, reason: reason)
    }
}
