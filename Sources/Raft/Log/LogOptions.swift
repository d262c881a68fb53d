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
    /// Segment files kept ready beside the spare, so that votes and what was accepted already find room when somebody
    /// else fills the disk. Each takes `segmentBytes` of it. 0 to 8.
    public var reserveSegments: Int
    /// With fewer bytes free on the log's file system the node takes no new entries; nil: four segments. It has to cover
    /// what entries that are accepted already still cost: log, state machine, checkpoint.
    public var storageLowBytes: UInt64?
    /// With so many bytes free, and all segment files ready again, it takes entries again; nil: half more than the low
    /// mark. Above the low mark, so that a disk at its edge does not switch to and fro.
    public var storageRoomBytes: UInt64?
    /// The free space is asked for after every so many bytes written, besides once a second.
    public var storageCheckBytes: Int
    /// Gives the salt of each new segment. Not a secret; it only has to differ from file to file.
    public var makeSalt: @Sendable () -> UInt64

    public init(
        segmentBytes: Int = 64 << 20, recordBytesMax: Int = 8 << 20, recordBytesTarget: Int = 256 << 10,
        batchBytesMax: Int = 16 << 20, readIndexSpacingBytes: Int = 16 << 10, reserveSegments: Int = 1,
        storageLowBytes: UInt64? = nil, storageRoomBytes: UInt64? = nil, storageCheckBytes: Int = 4 << 20,
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
        self.reserveSegments = reserveSegments
        self.storageLowBytes = storageLowBytes
        self.storageRoomBytes = storageRoomBytes
        self.storageCheckBytes = storageCheckBytes
        self.makeSalt = makeSalt
    }

    /// The low mark in force.
    public var lowMarkBytes: UInt64 { storageLowBytes ?? 4 * UInt64(max(0, segmentBytes)) }
    /// The mark at which entries are taken again.
    public var roomMarkBytes: UInt64 { storageRoomBytes ?? max(lowMarkBytes, min(lowMarkBytes, 1 << 50) / 2 * 3) }

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
        try require(
            (0...8).contains(reserveSegments), "reserveSegments (\(reserveSegments)) must be 0 to 8")
        try require(
            lowMarkBytes <= 1 << 50 && roomMarkBytes <= 1 << 50 && roomMarkBytes >= lowMarkBytes,
            "storageRoomBytes (\(roomMarkBytes)) must not be less than storageLowBytes (\(lowMarkBytes)), and neither "
                + "more than \(UInt64(1) << 50)")
        try require(storageCheckBytes > 0, "storageCheckBytes (\(storageCheckBytes)) must be positive")
    }
}
