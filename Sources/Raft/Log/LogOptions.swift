/// Sizes of the log on disk, and its one source of randomness.
///
/// Owns: the limits and the check that they fit together. Must never: hold a default that means "unlimited".

public struct LogOptions: Sendable {
    /// Size of every new segment file, header page included. A multiple of 4096.
    public var segmentBytes: Int
    /// Largest record body; an entry whose payload and 32 fixed bytes exceed it is refused.
    public var recordBytesMax: Int
    /// Entries are cut into records of about this many bytes, so that a reader needs not verify megabytes for one entry.
    public var recordBytesTarget: Int
    /// Largest write made durable by one sync, and so the largest region that an interrupted write can damage.
    public var batchBytesMax: Int
    /// Distance between two remembered entry positions of the in-memory read index.
    public var readIndexSpacingBytes: Int
    /// Gives the salt of each new segment. Not a secret; it only has to differ from file to file.
    public var makeSalt: @Sendable () -> UInt64

    public init(
        segmentBytes: Int = 64 << 20, recordBytesMax: Int = 8 << 20, recordBytesTarget: Int = 256 << 10,
        batchBytesMax: Int = 16 << 20, readIndexSpacingBytes: Int = 16 << 10,
        makeSalt: @escaping @Sendable () -> UInt64 = {
            var generator = SystemRandomNumberGenerator()
            return generator.next()
        }
    ) {
        self.segmentBytes = segmentBytes
        self.recordBytesMax = recordBytesMax
        self.recordBytesTarget = recordBytesTarget
        self.batchBytesMax = batchBytesMax
        self.readIndexSpacingBytes = readIndexSpacingBytes
        self.makeSalt = makeSalt
    }

    /// - Throws: `LogError.invalidOptions` naming the option and its limit.
    func validate() throws(LogError) {
        func require(_ holds: Bool, _ reason: @autoclosure () -> String) throws(LogError) {
            if !holds { throw .invalidOptions(reason: reason()) }
        }
        try require(
            segmentBytes % SegmentHeader.pageBytes == 0 && segmentBytes >= 2 * SegmentHeader.pageBytes,
            "segmentBytes (\(segmentBytes)) must be a multiple of \(SegmentHeader.pageBytes), at least two of them")
        try require(
            segmentBytes <= 1 << 30, "segmentBytes (\(segmentBytes)) must not exceed \(1 << 30)")
        try require(
            recordBytesMax >= 64 && recordBytesMax + RecordHeader.encodedBytes <= batchBytesMax,
            "recordBytesMax (\(recordBytesMax)) must be at least 64 and leave 48 bytes of batchBytesMax (\(batchBytesMax))"
        )
        try require(
            recordBytesMax + RecordHeader.encodedBytes + 8 <= segmentBytes - SegmentHeader.pageBytes,
            "recordBytesMax (\(recordBytesMax)) does not fit into a segment of \(segmentBytes) bytes")
        try require(
            recordBytesTarget > 0 && readIndexSpacingBytes > 0,
            "recordBytesTarget and readIndexSpacingBytes must be positive")
    }
}
