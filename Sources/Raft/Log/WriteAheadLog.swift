/// The durable log of one node: segmented, checksummed, chained. This file holds its state and how it is opened.
///
/// Owns: the directory. Must never: go on after an error of a write or a sync (the kernel may have dropped the pages,
/// catalogue bug 68), cut damage away that an interrupted write does not explain, or be used from two lanes.

/// What recovery found.
public struct LogRecovery: Hashable, Sendable {
    public var hardState: HardState
    public var base: LogPosition
    public var termRuns: [TermRun]
    public var lastIndex: LogIndex
    /// Bytes of an interrupted last write that were dropped; 0 when the log ended cleanly.
    public var tornBytes: UInt64
    /// Where they stood; nil when nothing was dropped.
    public var tornFile: String?
    /// The log ends before `knownDurableIndex`: only a snapshot whose log reset was not written yet explains that. The
    /// caller must compare with the state machine before it serves.
    public var endsBeforeState: Bool
    /// The directory was empty and the log was created.
    public var wasCreated: Bool
    /// Files whose names disagree with their headers; the headers were believed.
    public var misnamedFiles: [String]
    public var segmentCount: Int
}

public final class WriteAheadLog: @unchecked Sendable {
    // Sendable: after `open` every member is touched only on the log lane of the node, which is serial. `store`, the one
    // object that other lanes may reach (through `prepareSpare`), is Sendable by itself.
    let disk: any Disk
    let identity: LogIdentity
    let options: LogOptions
    let store: SegmentStore

    /// Oldest first; the last one is written to.
    var segments: [LogSegment]
    /// What is durable.
    var state: LogState
    var extents: LogExtents
    /// Where the next batch goes in the last segment.
    var writeOffset: UInt64
    /// Chain value of the last durable record.
    var chain: UInt32
    /// The first error; everything after it is refused.
    var stopReason: String?

    init(
        disk: any Disk, identity: LogIdentity, options: LogOptions, store: SegmentStore, segments: [LogSegment],
        state: LogState, extents: LogExtents, writeOffset: UInt64, chain: UInt32
    ) {
        self.disk = disk
        self.identity = identity
        self.options = options
        self.store = store
        self.segments = segments
        self.state = state
        self.extents = extents
        self.writeOffset = writeOffset
        self.chain = chain
    }

    /// Opens the log in `disk`, or creates one in an empty directory.
    ///
    /// - Parameters:
    ///   - disk: the directory; locked by its opener, so that no other process writes there.
    ///   - identity: whose log it has to be. A directory of another node, cluster or incarnation is refused.
    ///   - options: sizes for what is written from now on; existing segments keep theirs.
    ///   - knownDurableIndex: an index this log certainly held durably: the applied index of the state machine when it
    ///     got there by applying, `.zero` when an installed snapshot put it there.
    ///   - mayCreate: false when the state beside an empty directory is not empty: then a log is missing, and a new one
    ///     would have forgotten whom the node voted for.
    /// - Returns: the log, ready to append, and what was found.
    /// - Throws: `LogError`; on `.corrupt` nothing was changed.
    public static func open(
        disk: any Disk, identity: LogIdentity, options: LogOptions = LogOptions(), knownDurableIndex: LogIndex = .zero,
        mayCreate: Bool = true
    ) throws(LogError) -> (WriteAheadLog, LogRecovery) {
        try options.validate()
        let opening = LogOpening(
            disk: disk, identity: identity, options: options, knownDurable: knownDurableIndex, mayCreate: mayCreate)
        return try opening.run()
    }

    /// The oldest index that can be read.
    public var firstIndex: LogIndex { state.base.index.next }
    public var lastIndex: LogIndex { state.lastIndex }
    public var base: LogPosition { state.base }
    public var hardState: HardState { state.hardState }
    public var termRuns: [TermRun] { state.termRuns }
    /// Size of all segment files; the spare is not counted.
    public var bytesOnDisk: UInt64 { segments.reduce(0) { $0 + $1.header.segmentBytes } }
    public var segmentCount: Int { segments.count }

    /// Term of the entry at `index`, also for the base; nil outside the log.
    public func term(at index: LogIndex) -> Term? { state.term(at: index) }

    /// Allocates one more segment file ahead of need. Slow (it writes a whole segment of zeros); may be called on any
    /// lane while the log is in use. A failure harms nothing: the next append that needs a file tries again.
    public func prepareSpare() throws(LogError) { try store.prepareSpare() }

    /// Whether `prepareSpare` has something to do: without a spare, the append that fills a segment waits for the next
    /// one's zeros, and without a reserve a disk that fills up from outside ends the node. Any lane.
    public var needsSpare: Bool { store.needsSpare }

    /// Segment files that are ready. Any lane.
    public var spareCount: Int { store.readyCount }

    /// Bytes that the log's file system still has. Any lane.
    public func freeBytes() throws(DiskError) -> UInt64 { try disk.freeBytes() }

    /// Ends all use of the object; open files are closed. Nothing is written: every append was durable already.
    public func close() {
        if stopReason == nil { stopReason = "it was closed" }
        for segment in segments { segment.file.close() }
    }

    func requireRunning() throws(LogError) {
        if let stopReason { throw .stopped(because: stopReason) }
    }

    /// Remembers the first error for good.
    func stop(_ error: LogError) -> LogError {
        if stopReason == nil { stopReason = "\(error)" }
        return error
    }
}
