/// Reads one segment from its header to the first thing that is not a valid record, and describes what stands there.
///
/// Owns: telling valid records from everything else. Must never: decide what an invalid one means (`RecoveryTable`
/// does), or change a byte.

struct ScannedRecord: Sendable {
    var offset: UInt64
    var header: RecordHeader
    var effect: RecordEffect
    /// The body inside the scanned bytes.
    var body: Range<Int>
}

struct SegmentScan: Sendable {
    /// Records of batches that are complete.
    var records: [ScannedRecord] = []
    /// Valid records of a batch whose end is missing.
    var openRecords: [ScannedRecord] = []
    /// Just after the last complete batch.
    var endOffset = UInt64(SegmentHeader.pageBytes)
    /// Where the last complete batch begins; equal to `endOffset` when there is none.
    var lastBatchOffset = UInt64(SegmentHeader.pageBytes)
    /// Chain value after the last complete batch.
    var chain: UInt32
    /// Where the first thing that is not a valid record begins.
    var stopOffset = UInt64(SegmentHeader.pageBytes)
    /// Why the scan stopped, for the error message.
    var stopReason = ""
    /// A record whose checksums hold but whose body makes no sense. Never explained by an interrupted write.
    var violation: BodyViolation?
    /// Everything from `stopOffset` to the end of the file is zero.
    var isZeroToEnd = false
    /// Just after the last byte of the file that is not zero.
    var dirtyEndOffset: UInt64 = 0
    /// A valid record of a later batch stands beyond `stopOffset`.
    var hasLaterBatch = false
    /// A whole 512-byte unit under the first invalid record still is as it was before the batch: zero.
    var isSectorShaped = false

    var hasOpenBatch: Bool { !openRecords.isEmpty }
}

struct SegmentScanner {
    static let sectorBytes = 512

    let bytes: [UInt8]
    let header: SegmentHeader
    private let seed: UInt32

    /// - Parameter bytes: the whole file.
    init(bytes: [UInt8], header: SegmentHeader) {
        self.bytes = bytes
        self.header = header
        self.seed = header.checksumSeed
    }

    func scan() -> SegmentScan {
        var scan = SegmentScan(chain: header.previousChain)
        var chain = header.previousChain
        var offset = SegmentHeader.pageBytes
        var stopExtent = RecordHeader.encodedBytes
        while true {
            guard let record = RecordHeader.load(bytes, at: offset, fileOffset: UInt64(offset), seed: seed) else {
                scan.stopReason = "no valid record header stands here"
                break
            }
            let body =
                (offset + RecordHeader.encodedBytes)..<(offset + RecordHeader.encodedBytes + Int(record.bodyBytes))
            let end = offset + record.storedBytes
            guard end <= bytes.count else {
                scan.stopReason = "the record would reach beyond the end of the file"
                break
            }
            stopExtent = record.storedBytes
            guard record.continues(chain, bytes: bytes, at: offset) else {
                scan.stopReason = "the record does not continue the chain: one before it was lost or repeated"
                break
            }
            guard UInt64(record.batchOffsetBytes) + scan.endOffset == UInt64(offset) else {
                scan.stopReason = "the record names another batch than the one it stands in"
                break
            }
            guard bytes.checksum(seed: seed, in: body.lowerBound..<end) == record.bodyChecksum || Mutant.skipsChecksums
            else {
                scan.stopReason = "the checksum of the record's body does not match"
                break
            }
            do throws(BodyViolation) {
                let effect = try RecordBody.effect(bytes, in: body, header: record)
                scan.openRecords.append(
                    ScannedRecord(offset: UInt64(offset), header: record, effect: effect, body: body))
            } catch {
                scan.violation = error
                scan.stopReason = error.reason
                break
            }
            chain = record.chain
            offset = end
            stopExtent = RecordHeader.encodedBytes
            if record.isLastOfBatch {
                scan.records.append(contentsOf: scan.openRecords)
                scan.openRecords.removeAll(keepingCapacity: true)
                scan.lastBatchOffset = scan.endOffset
                scan.endOffset = UInt64(end)
                scan.chain = chain
            }
        }
        scan.stopOffset = UInt64(offset)
        describeStop(&scan, extent: stopExtent)
        return scan
    }

    private func describeStop(_ scan: inout SegmentScan, extent: Int) {
        let stop = Int(scan.stopOffset)
        scan.dirtyEndOffset = UInt64(dirtyEnd(from: stop))
        scan.isZeroToEnd = scan.dirtyEndOffset <= scan.stopOffset
        guard !scan.isZeroToEnd || scan.hasOpenBatch else { return }
        let batch = Int(scan.endOffset)
        scan.isSectorShaped = isSectorShaped(stop..<min(bytes.count, stop + extent), batchStart: batch)
        scan.hasLaterBatch = hasLaterBatch(from: stop + 8, to: Int(scan.dirtyEndOffset), batchStart: batch)
    }

    /// Just after the last byte that is not zero; `start` when there is none from there on.
    private func dirtyEnd(from start: Int) -> Int {
        var end = bytes.count
        while end > start {
            let chunk = max(start, end - 64 * 1024)
            if bytes.isZero(in: chunk..<end) {
                end = chunk
                continue
            }
            while end > chunk, bytes[end - 1] == 0 { end -= 1 }
            return end
        }
        return start
    }

    /// Before a batch is written its place is zero, so a sector that did not make it to the disk is zero from the batch's
    /// start on. No undamaged record leaves a whole sector's share zero, except by 512 zeros inside a payload.
    private func isSectorShaped(_ range: Range<Int>, batchStart: Int) -> Bool {
        var sector = range.lowerBound / Self.sectorBytes * Self.sectorBytes
        while sector < range.upperBound {
            let share = max(sector, batchStart)..<min(sector + Self.sectorBytes, bytes.count)
            if bytes.isZero(in: share) { return true }
            sector += Self.sectorBytes
        }
        return false
    }

    private func hasLaterBatch(from start: Int, to end: Int, batchStart: Int) -> Bool {
        var offset = start
        while offset + RecordHeader.encodedBytes <= end {
            if let record = RecordHeader.load(bytes, at: offset, fileOffset: UInt64(offset), seed: seed),
                offset - Int(record.batchOffsetBytes) > batchStart
            {
                return true
            }
            offset += 8
        }
        return false
    }
}
