import Synchronization

/// How old a node's state can be at most: the time since a majority last confirmed that nothing was missing.
///
/// A confirmed read that was asked at a moment proves that the state, once it has applied the read's index, contains all
/// that was acknowledged before that moment (thesis §6.4). Hearing from a leader proves less: a follower that is far
/// behind hears from it too. Must never: take a confirmation for later than the moment it was asked for.
final class Freshness: Sendable {
    private struct State {
        var asOfNanoseconds: UInt64?
        var isRefreshing = false
        var triedNanoseconds: UInt64 = 0
    }
    /// A stale read without a bound begins a look at a majority when the last one is so long ago.
    private static let refreshNanoseconds: UInt64 = 200_000_000
    private let state = Mutex(State())

    /// Milliseconds, rounded up; nil before the first confirmation.
    func age(nowNanoseconds now: UInt64) -> UInt64? {
        state.withLock { state in
            guard let asOf = state.asOfNanoseconds else { return nil }
            return now > asOf ? (now - asOf + 999_999) / 1_000_000 : 0
        }
    }

    /// The state contains everything acknowledged before this moment.
    func confirmed(asOfNanoseconds moment: UInt64) {
        state.withLock { state in
            state.asOfNanoseconds = max(state.asOfNanoseconds ?? 0, moment)
            state.isRefreshing = false
        }
    }

    /// True when the caller is to begin a look at a majority, whose end it then reports.
    func shouldRefresh(nowNanoseconds now: UInt64) -> Bool {
        state.withLock { state in
            let last = max(state.asOfNanoseconds ?? 0, state.triedNanoseconds)
            guard !state.isRefreshing, now > last, now - last >= Self.refreshNanoseconds else { return false }
            state.isRefreshing = true
            state.triedNanoseconds = now
            return true
        }
    }

    func refreshFailed() { state.withLock { $0.isRefreshing = false } }
}
