import Raft
import StateMachine
import Synchronization

/// Gathers the bookkeeping of recalls into few commands: one is under way, the rest waits and goes with the next.
///
/// Owns: the ids not yet proposed. Must never: delay an answer, grow without bound, or retry (a lost touch costs one
/// access count; a doubled one would be wrong).
final class TouchQueue: Sendable {
    private struct State {
        var ids: [String] = []
        var underWay = false
    }
    private static let idsMax = 10_000
    private static let idsPerCommandMax = 1_000
    /// Steps of v0.6.3: what a recall sets the expiry of a short and of a mid memory to.
    private static let shortStepSeconds: Int64 = 3_600
    private static let midStepSeconds: Int64 = 86_400

    private let state = Mutex(State())
    private let clock: any Clock
    private let propose: @Sendable ([UInt8], @escaping @Sendable () -> Void) -> Void

    init(
        clock: any Clock, propose: @escaping @Sendable ([UInt8], @escaping @Sendable () -> Void) -> Void
    ) {
        self.clock = clock
        self.propose = propose
    }

    func add(_ ids: [String]) {
        guard !ids.isEmpty else { return }
        let start = state.withLock { state in
            state.ids.append(contentsOf: ids.prefix(Self.idsMax - state.ids.count))
            if state.underWay { return false }
            state.underWay = true
            return true
        }
        if start { next() }
    }

    private func next() {
        let ids = state.withLock { state -> [String] in
            let ids = Array(state.ids.prefix(Self.idsPerCommandMax))
            state.ids.removeFirst(ids.count)
            if ids.isEmpty { state.underWay = false }
            return ids
        }
        guard !ids.isEmpty else { return }
        let now = clock.wallNanoseconds()
        let command = TouchCommand(
            ids: ids, at: Timestamp.text(nanoseconds: now), atNanoseconds: now,
            shortStepSeconds: Self.shortStepSeconds, midStepSeconds: Self.midStepSeconds)
        propose(CommandCodec.encode(CommandEnvelope(timeNanoseconds: now, command: .touch(command)))) { [weak self] in
            self?.next()
        }
    }
}
