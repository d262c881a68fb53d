import Synchronization

/// How far a compaction may go: below a checkpoint by the entries to keep, and not beyond what a follower that is being
/// sent a snapshot will ask for next. Without that a busy leader cuts the log away while the snapshot travels, and the
/// follower gets one snapshot after the other and never catches up.
///
/// Owns: the position held for followers; written on the core lane, read on the apply lane. Must never: hold it longer
/// than `SnapshotSender` says, which ends every transfer by time.
final class CompactionFloor: Sendable {
    private let held = Mutex<LogIndex?>(nil)
    private let keepEntries: UInt64

    /// - Parameter keepEntries: entries kept below every checkpoint.
    init(keepEntries: Int) { self.keepEntries = UInt64(max(0, keepEntries)) }

    func hold(_ index: LogIndex?) { held.withLock { $0 = index } }

    /// The last index that may go once the state machine is durable at `checkpoint`; nil when none may.
    func through(checkpoint: LogIndex) -> LogIndex? {
        guard checkpoint.rawValue > keepEntries else { return nil }
        let index = LogIndex(checkpoint.rawValue - keepEntries)
        return held.withLock { $0.map { min(index, $0) } ?? index }
    }
}
