import Raft

/// Virtual time: one heap of events, one thread, one seed. Whole nodes run on it, lanes and all.
///
/// Owns: the order of everything that happens in a simulated run, and the running hash of it. Must never: read a real
/// clock or a random source of the system; two runs of one seed are the same run.
public final class VirtualTime: @unchecked Sendable {
    // Sendable: created, filled and run on one thread only; `run` asserts that it is not entered twice.

    /// What an event is; part of the event hash.
    public enum Kind: UInt8, Sendable {
        case core = 1
        case log = 2
        case apply = 3
        case background = 4
        case timer = 5
        case delivery = 6
        case script = 7
    }

    /// Plain numbers, so that sifting the heap touches no reference count. What is to run lies in a slot beside it.
    private struct Event {
        var atNanoseconds: UInt64
        var sequence: UInt64
        var slot: UInt32
        var node: UInt16
        var kind: Kind

        func isBefore(_ other: Event) -> Bool {
            atNanoseconds != other.atNanoseconds ? atNanoseconds < other.atNanoseconds : sequence < other.sequence
        }
    }
    private struct Timer {
        var lane: VirtualLane?
        var work: @Sendable () -> Void
    }

    private var heap: [Event] = []
    private var sequence: UInt64 = 0
    private var running = false
    private var lanes: [VirtualLane?] = []
    private var timers = Slots<Timer>()
    private var scripts = Slots<@Sendable () -> Void>()
    /// Set by the network, which keeps what it carries in its own slots.
    var deliver: (UInt32) -> Void = { _ in }
    public private(set) var nowNanoseconds: UInt64 = 1
    public private(set) var eventCount = 0
    /// Over (time, kind, node) of every event so far, and over whatever was folded in between.
    public private(set) var eventHash: UInt64 = 0x6d6e_656d_655f_7369

    public init() {}

    /// Folds a fact of the run into its hash, such as the state of a node.
    public func fold(_ value: UInt64) {
        let mixed = (eventHash ^ value) &* 0x9E37_79B9_7F4A_7C15
        eventHash = mixed ^ (mixed >> 29)
    }

    /// For what is no node's own doing: clients, faults, the checks of a test.
    public func schedule(afterNanoseconds delay: UInt64, _ work: @escaping @Sendable () -> Void) {
        let slot = scripts.put(work)
        push(at: nowNanoseconds &+ delay, kind: .script, node: 0, slot: slot)
    }

    func scheduleTimer(
        afterNanoseconds delay: UInt64, on lane: VirtualLane?, node: UInt16, _ work: @escaping @Sendable () -> Void
    ) {
        let slot = timers.put(Timer(lane: lane, work: work))
        push(at: nowNanoseconds &+ delay, kind: .timer, node: node, slot: slot)
    }

    /// A number under which events can name the lane.
    func register(_ lane: VirtualLane) -> UInt32 {
        lanes.append(lane)
        return UInt32(lanes.count - 1)
    }
    /// Events that still name it do nothing. Numbers are not used again, so none of them meets another lane.
    func forget(lane: UInt32) { lanes[Int(lane)] = nil }

    func push(at time: UInt64, kind: Kind, node: UInt16, slot: UInt32) {
        sequence += 1
        heap.append(
            Event(
                atNanoseconds: max(time, nowNanoseconds), sequence: sequence, slot: slot, node: node, kind: kind))
        siftUp()
    }

    /// Runs events until `isDone` holds (asked after every event), the time is over, or nothing is left.
    /// Returns whether `isDone` held.
    @discardableResult
    public func run(forNanoseconds duration: UInt64, until isDone: () -> Bool = { false }) -> Bool {
        precondition(!running, "virtual time is run from one place")
        running = true
        defer { running = false }
        let end = nowNanoseconds &+ duration
        while let next = heap.first, next.atNanoseconds <= end {
            removeFirst()
            nowNanoseconds = next.atNanoseconds
            eventCount += 1
            fold(next.atNanoseconds << 12 ^ UInt64(next.kind.rawValue) << 8 ^ UInt64(next.node))
            perform(next)
            if isDone() { return true }
        }
        nowNanoseconds = end
        return isDone()
    }

    private func perform(_ event: Event) {
        switch event.kind {
        case .core, .log, .apply, .background:
            lanes[Int(event.slot)]?.runNext()
        case .delivery:
            deliver(event.slot)
        case .timer:
            let timer = timers.take(event.slot)
            if let lane = timer.lane { lane.submit(timer.work) } else { timer.work() }
        case .script:
            scripts.take(event.slot)()
        }
    }

    // Four children per parent: half the levels of a binary heap, and the children share a cache line or two.

    private func siftUp() {
        heap.withUnsafeMutableBufferPointer { heap in
            var child = heap.count - 1
            let moved = heap[child]
            while child > 0 {
                let parent = (child - 1) / 4
                guard moved.isBefore(heap[parent]) else { break }
                heap[child] = heap[parent]
                child = parent
            }
            heap[child] = moved
        }
    }

    private func removeFirst() {
        let moved = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap.withUnsafeMutableBufferPointer { heap in
            var parent = 0
            while true {
                let first = 4 * parent + 1
                guard first < heap.count else { break }
                var child = first
                for other in (first + 1)..<max(first + 1, min(first + 4, heap.count))
                where heap[other].isBefore(heap[child]) {
                    child = other
                }
                guard heap[child].isBefore(moved) else { break }
                heap[parent] = heap[child]
                parent = child
            }
            heap[parent] = moved
        }
    }
}

/// Values under small numbers that are used again once taken.
struct Slots<Value> {
    private var values: [Value?] = []
    private var free: [UInt32] = []

    mutating func put(_ value: Value) -> UInt32 {
        if let slot = free.popLast() {
            values[Int(slot)] = value
            return slot
        }
        values.append(value)
        return UInt32(values.count - 1)
    }

    mutating func take(_ slot: UInt32) -> Value {
        guard let value = values[Int(slot)] else { preconditionFailure("an event names the empty slot \(slot)") }
        values[Int(slot)] = nil
        free.append(slot)
        return value
    }
}
