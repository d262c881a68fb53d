/// Limits and times of a node around the core. Every queue has a bound in bytes or count; the default is never "unlimited".
public struct NodeOptions: Sendable {
    /// Length of one tick of the core.
    public var tickNanoseconds: UInt64 = 10_000_000
    /// Proposals and reads of local clients that may wait at the same time; more are refused as overloaded.
    public var waitersMax = 65_536
    /// Bytes of proposals that may wait; more are refused as overloaded, but one always fits.
    public var waitersBytesMax = 256 << 20
    /// Largest command before compression.
    public var commandBytesMax = 4 << 20
    /// Commands applied in one state-machine transaction.
    public var applyBatchCountMax = 1_024
    public var applyBatchBytesMax = 4 << 20
    /// A transaction costs several times an entry, so while many clients wait here, apply waits a little for more
    /// entries: this long per waiting client, at most `applyLingerNanosecondsMax`, and never for more entries than wait
    /// or `applyLingerCountMax`. One client alone never waits. Zero turns it off.
    public var applyLingerNanosecondsPerWaiter: UInt64 = 50_000
    public var applyLingerNanosecondsMax: UInt64 = 4_000_000
    public var applyLingerCountMax = 128
    /// A checkpoint is made, and the log cut below it, after this many bytes of entries were applied.
    public var checkpointBytes = 64 << 20
    /// Entries kept in the log below a checkpoint, so that a follower shortly away needs no snapshot.
    public var compactionKeepEntries = 20_000
    /// Piece of a snapshot in one message.
    public var snapshotChunkBytes = 512 << 10
    /// A piece that was neither acknowledged nor refused for this long is sent again.
    public var snapshotResendNanoseconds: UInt64 = 1_000_000_000
    /// A transfer without progress for this long is given up; it covers the receiver's verifying and installing.
    public var snapshotTimeoutNanoseconds: UInt64 = 60_000_000_000
    /// Bytes per second that all transfers of snapshots together may send; at least 64 KiB.
    public var snapshotBytesPerSecondMax = 64 << 20
    /// After a refused or failed snapshot the peer gets the next one after this long, doubling with each failure.
    public var snapshotRetryNanosecondsMin: UInt64 = 1_000_000_000
    public var snapshotRetryNanosecondsMax: UInt64 = 60_000_000_000
    /// A copy whose transfer broke off is kept this long, so that a peer that comes back goes on where it stopped.
    public var snapshotKeepNanoseconds: UInt64 = 300_000_000_000
    public init() {}
}
