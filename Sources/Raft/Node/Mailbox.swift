import Synchronization

/// The one door into the core lane: everything that happens elsewhere is put here, and the lane is woken once per batch.
///
/// A hop to another thread costs microseconds, so what arrives while the lane is busy or not yet awake rides along.
/// Must never: run anything itself, or reorder events of one sender.

/// What reaches the core lane from outside.
enum NodeEvent: Sendable {
    case input(Input)
    case messages([RaftMessage])
    case snapshot(SnapshotEvent)
}

final class Mailbox: Sendable {
    struct Batch {
        var events: [NodeEvent] = []
        var proposals: [Proposal] = []
        var reads: [ReadID] = []
        var leaseReads: [ReadID] = []
    }
    private struct State {
        var batch = Batch()
        var wakePending = false
    }
    private let state = Mutex(State())

    /// Adds with `add`; returns true when the caller must wake the lane.
    func put(_ add: (inout Batch) -> Void) -> Bool {
        state.withLock { state in
            add(&state.batch)
            if state.wakePending { return false }
            state.wakePending = true
            return true
        }
    }

    /// Everything so far; a later `put` asks for a new wake.
    func take() -> Batch {
        state.withLock { state in
            var batch = Batch()
            swap(&batch, &state.batch)
            state.wakePending = false
            return batch
        }
    }
}

/// A serial consumer behind a bounded queue on a lane of its own: the shape of the log writer and of the applier.
/// The bound is kept by whoever produces (the core's limits in bytes); the queue itself only coalesces wake-ups.
final class LaneQueue<Item: Sendable>: Sendable {
    private struct State {
        var items: [Item] = []
        var wakePending = false
    }
    private let state = Mutex(State())
    private let lane: any Lane

    init(lane: any Lane) { self.lane = lane }

    /// Appends and wakes the lane once; `drain` runs there.
    func put(_ items: [Item], drain: @escaping @Sendable () -> Void) {
        let wake = state.withLock { state in
            state.items.append(contentsOf: items)
            if state.wakePending { return false }
            state.wakePending = true
            return true
        }
        if wake { lane.submit(drain) }
    }

    func take() -> [Item] {
        state.withLock { state in
            var items: [Item] = []
            swap(&items, &state.items)
            state.wakePending = false
            return items
        }
    }
}
