import Synchronization

/// How far a compaction may go: below a checkpoint by the entries to keep, and not beyond what a follower that is being
/// sent a snapshot will ask for next. Without that a busy leader cuts the log away while the snapshot travels, and the
/// follower gets one snapshot after the other and never catches up.
///
/// Owns: the position held for followers, and whether space is short; written on the core lane, read on the apply lane.
/// Must never: hold a position longer than `SnapshotSender` says, which ends every transfer by time.
final class CompactionFloor: Sendable {
    private struct State {
        var held: LogIndex?
        var isStorageLow = false
    }
    private let state = Mutex(State())
    private let keepEntries: UInt64

    /// - Parameter keepEntries: entries kept below every checkpoint.
    init(keepEntries: Int) { self.keepEntries = UInt64(max(0, keepEntries)) }

    func hold(_ index: LogIndex?) { state.withLock { $0.held = index } }

    /// While the disk is nearly full no entries are kept for followers that were shortly away: they get a snapshot.
    func storageLow(_ isLow: Bool) { state.withLock { $0.isStorageLow = isLow } }

    /// The last index that may go once the state machine is durable at `checkpoint`; nil when none may.
    func through(checkpoint: LogIndex) -> LogIndex? {
        let state = state.withLock { $0 }
        let keep = state.isStorageLow ? 0 : keepEntries
        guard checkpoint.rawValue > keep else { return nil }
        let index = LogIndex(checkpoint.rawValue - keep)
        return state.held.map { min(index, $0) } ?? index
    }
}
