/// The first page of every segment file: where it stands in the log, and the salt that makes its checksums its own.
///
/// Owns: the bytes of that page. Must never: change after the file was renamed into place. The page is the truth about
/// a segment; the file name only repeats two of its fields for people (catalogue bug 65).

struct SegmentHeader: Hashable, Sendable {
    /// Grows by one from segment to segment, without gaps.
    var sequence: UInt64
    /// Part of every checksum in the segment: bytes of another file can never look valid here.
    var salt: UInt64
    var identity: LogIdentity
    /// The last entry before this segment.
    var previous: LogPosition
    /// Where the log began when the segment was made; everything at or before it is in the state machine.
    var base: LogPosition
    var hardState: HardState
    /// Chain value of the last record before this segment.
    var previousChain: UInt32
    /// The whole log was replaced (snapshot installed): nothing before this segment counts.
    var isReset: Bool
    /// Size of the file, this page included.
    var segmentBytes: UInt64
    /// Largest write made durable by one sync in this segment.
    var batchBytesMax: UInt64

    var firstIndex: LogIndex { previous.index.next }
    /// Start value of every checksum in the segment.
    var checksumSeed: UInt32 { Self.checksumSeed(salt: salt) }

    static let pageBytes = 4096
    static let formatVersion: UInt32 = 1
    private static let magic: UInt64 = 0x4C41_5745_4D45_4E4D  // "MNEMEWAL"
    private static let resetFlag: UInt32 = 1
    private static let checksumOffset = pageBytes - 4
    private static let sizeMax: UInt64 = 1 << 40

    static func checksumSeed(salt: UInt64) -> UInt32 {
        withUnsafeBytes(of: salt.littleEndian) { $0.checksum(seed: 0) }
    }

    /// Name of the file that holds this segment. A hint: recovery never trusts it.
    var fileName: String {
        "wal-\(padded(sequence))-\(padded(firstIndex.rawValue)).log"
    }

    private func padded(_ value: UInt64) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, 16 - digits.count)) + digits
    }

    static func isSegmentName(_ name: String) -> Bool { name.hasPrefix("wal-") && name.hasSuffix(".log") }

    func encode() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.pageBytes)
        bytes.withUnsafeMutableBytes { page in
            page.store(Self.magic, at: 0)
            page.store(Self.formatVersion, at: 8)
            page.store(isReset ? Self.resetFlag : 0, at: 12)
            page.store(sequence, at: 16)
            page.store(salt, at: 24)
            for (offset, byte) in identity.clusterID.enumerated() { page[32 + offset] = byte }
            page.store(identity.nodeID.rawValue, at: 48)
            page.store(identity.incarnation, at: 56)
            page.store(previous.index.rawValue, at: 64)
            page.store(previous.term.rawValue, at: 72)
            page.store(base.index.rawValue, at: 80)
            page.store(base.term.rawValue, at: 88)
            HardStateBody.store(hardState, into: page, at: 96)
            page.store(segmentBytes, at: 128)
            page.store(batchBytesMax, at: 136)
            page.store(previousChain, at: 144)
        }
        let checksum = bytes.checksum(seed: checksumSeed, in: 0..<Self.checksumOffset)
        bytes.withUnsafeMutableBytes { $0.store(checksum, at: Self.checksumOffset) }
        return bytes
    }

    /// - Parameter bytes: the first page of the file `name`.
    /// - Throws: `LogError.corrupt` or `.unsupportedVersion`, naming the file.
    static func decode(_ bytes: [UInt8], file name: String) throws(LogError) -> SegmentHeader {
        func corrupt(_ reason: String) -> LogError {
            .corrupt(file: name, offsetBytes: 0, index: nil, reason: reason)
        }
        guard bytes.count == pageBytes else {
            throw corrupt("the file has only \(bytes.count) bytes, less than a segment header")
        }
        guard !bytes.isZero(in: 0..<pageBytes) else { throw corrupt("the segment header is blank") }
        guard bytes.loadUInt64(at: 0) == magic else { throw corrupt("it does not begin like a log segment") }
        let version = bytes.loadUInt32(at: 8)
        guard version == formatVersion else {
            throw .unsupportedVersion(file: name, version: version, supported: formatVersion)
        }
        let salt = bytes.loadUInt64(at: 24)
        let checksum = bytes.checksum(seed: checksumSeed(salt: salt), in: 0..<checksumOffset)
        guard checksum == bytes.loadUInt32(at: checksumOffset) else {
            throw corrupt("the checksum of the segment header does not match")
        }
        guard let hardState = HardStateBody.load(bytes, at: 96) else {
            throw corrupt("the hard state in the segment header has an unknown vote flag")
        }
        let header = SegmentHeader(
            sequence: bytes.loadUInt64(at: 16), salt: salt,
            identity: LogIdentity(
                clusterID: Array(bytes[32..<48]), nodeID: NodeID(bytes.loadUInt64(at: 48)),
                incarnation: bytes.loadUInt64(at: 56)),
            previous: LogPosition(
                index: LogIndex(bytes.loadUInt64(at: 64)), term: Term(bytes.loadUInt64(at: 72))),
            base: LogPosition(index: LogIndex(bytes.loadUInt64(at: 80)), term: Term(bytes.loadUInt64(at: 88))),
            hardState: hardState, previousChain: bytes.loadUInt32(at: 144),
            isReset: bytes.loadUInt32(at: 12) & resetFlag != 0,
            segmentBytes: bytes.loadUInt64(at: 128), batchBytesMax: bytes.loadUInt64(at: 136))
        let largest = max(header.segmentBytes, header.batchBytesMax)
        let indexes = max(header.previous.index, hardState.commit)
        guard largest <= sizeMax, indexes <= LogIndex.storedMax, header.base.index <= header.previous.index else {
            throw corrupt("the segment header holds sizes or indexes that no log has")
        }
        return header
    }
}
