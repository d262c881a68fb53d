/// What was written, what was acknowledged, and when, by any number of writers at once.
///
/// Owns: the record that a verification starts from. Must never: count a write as acknowledged before a node said so.
import Client
import Synchronization

public final class WriteLedger: Sendable {
    private struct State {
        var acknowledged: [AcknowledgedMemory] = []
        var unacknowledgedTitles: Set<String> = []
        var failures: [String] = []
        var writersEnded = false
        var killedAt: ContinuousClock.Instant?
        var firstAfterKill: Duration?
        var longest: Duration = .zero
        var waiters: [(count: Int, continuation: CheckedContinuation<Bool, Never>)] = []

        mutating func takeDue() -> [CheckedContinuation<Bool, Never>] {
            guard !waiters.isEmpty else { return [] }
            let reached = acknowledged.count
            let due = waiters.filter { $0.count <= reached }.map(\.continuation)
            waiters.removeAll { $0.count <= reached }
            return due
        }
    }
    private let state = Mutex(State())

    public init() {}

    public var acknowledged: [AcknowledgedMemory] { state.withLock { $0.acknowledged } }
    public var count: Int { state.withLock { $0.acknowledged.count } }
    /// Writes whose outcome nobody knows.
    public var unacknowledgedTitles: Set<String> { state.withLock { $0.unacknowledgedTitles } }
    public var failures: [String] { state.withLock { $0.failures } }
    /// From the kill to the first acknowledgement of a write that began after it.
    public var timeToNextAcknowledgement: Duration? { state.withLock { $0.firstAfterKill } }

    /// The longest time from a write's beginning to its acknowledgement since this was last asked.
    public func takeLongest() -> Duration {
        state.withLock { state in
            defer { state.longest = .zero }
            return state.longest
        }
    }

    public func acknowledge(_ memory: AcknowledgedMemory, begunAt: ContinuousClock.Instant) {
        let due = state.withLock { state -> [CheckedContinuation<Bool, Never>] in
            state.acknowledged.append(memory)
            state.longest = max(state.longest, ContinuousClock().now - begunAt)
            // A write that was under way at the kill may have been committed before it: only later ones show that the
            // cluster works again.
            if let killedAt = state.killedAt, state.firstAfterKill == nil, begunAt >= killedAt {
                state.firstAfterKill = ContinuousClock().now - killedAt
            }
            return state.takeDue()
        }
        for continuation in due { continuation.resume(returning: true) }
    }

    /// A write ended without an acknowledgement.
    public func giveUp(title: String, reason: String) {
        state.withLock { state in
            state.unacknowledgedTitles.insert(title)
            state.failures.append("'\(title)': \(reason)")
        }
    }

    /// The moment just before the signal is sent.
    public func markKill() {
        state.withLock { state in
            state.killedAt = ContinuousClock().now
            state.firstAfterKill = nil
        }
    }

    /// No writer will acknowledge anything any more: whoever waits is let go.
    public func markWritersEnded() {
        let waiting = state.withLock { state -> [CheckedContinuation<Bool, Never>] in
            state.writersEnded = true
            defer { state.waiters = [] }
            return state.waiters.map(\.continuation)
        }
        for continuation in waiting { continuation.resume(returning: false) }
    }

    /// Waits until so many writes are acknowledged.
    /// - Returns: false when the writers ended before.
    public func reached(_ count: Int) async -> Bool {
        await withCheckedContinuation { continuation in
            let answer: Bool? = state.withLock { state in
                if state.acknowledged.count >= count { return true }
                if state.writersEnded { return false }
                state.waiters.append((count, continuation))
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }
}
