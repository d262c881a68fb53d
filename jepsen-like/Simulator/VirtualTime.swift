import Raft

/// Virtual time: one heap of events, one thread, one seed. Whole nodes run on it, lanes and all.
///
/// Owns: the order of everything that happens in a simulated run. Must never: read a real clock or a random source of
/// the system; two runs of one seed are the same run.
public final class VirtualTime: @unchecked Sendable {
    // Sendable: created, filled and run on one thread only; `run` asserts that it is not entered twice.
    private struct Event {
        var atNanoseconds: UInt64
        var sequence: UInt64
        var work: @Sendable () -> Void

        func isBefore(_ other: Event) -> Bool {
            atNanoseconds != other.atNanoseconds ? atNanoseconds < other.atNanoseconds : sequence < other.sequence
        }
    }

    private var heap: [Event] = []
    private var sequence: UInt64 = 0
    private var running = false
    public private(set) var nowNanoseconds: UInt64 = 1
    public private(set) var eventCount = 0
    public var random: SplitMix64

    public init(seed: UInt64) { random = SplitMix64(seed: seed) }

    public func schedule(atNanoseconds time: UInt64, _ work: @escaping @Sendable () -> Void) {
        sequence += 1
        heap.append(Event(atNanoseconds: max(time, nowNanoseconds), sequence: sequence, work: work))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    public func schedule(afterNanoseconds delay: UInt64, _ work: @escaping @Sendable () -> Void) {
        schedule(atNanoseconds: nowNanoseconds + delay, work)
    }

    /// Runs events until `isDone` holds (asked after every event), the time is over, or nothing is left.
    /// Returns whether `isDone` held.
    @discardableResult
    public func run(forNanoseconds duration: UInt64, until isDone: () -> Bool = { false }) -> Bool {
        precondition(!running, "virtual time is run from one place")
        running = true
        defer { running = false }
        let end = nowNanoseconds + duration
        while let next = heap.first, next.atNanoseconds <= end {
            removeFirst()
            nowNanoseconds = next.atNanoseconds
            eventCount += 1
            next.work()
            if isDone() { return true }
        }
        nowNanoseconds = end
        return isDone()
    }

    private func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < heap.count else { return }
            let right = left + 1
            let child = right < heap.count && heap[right].isBefore(heap[left]) ? right : left
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}

extension SplitMix64 {
    /// True `perThousand` times in a thousand.
    public mutating func chance(perThousand: Int) -> Bool { next(below: 1_000) < perThousand }
    /// Both ends included.
    public mutating func between(_ low: UInt64, _ high: UInt64) -> UInt64 { low + next() % (high - low + 1) }
}

/// A lane of a simulated node. Work runs in order, each piece a little later than it was submitted; none of it runs
/// once the node's life has ended.
public final class VirtualLane: Lane, @unchecked Sendable {
    // Sendable: used on the thread that runs `time` only.
    private let time: VirtualTime
    private let life: NodeLife
    private let delayNanosecondsMax: UInt64
    private var lastNanoseconds: UInt64 = 0
    private var running = false

    public init(time: VirtualTime, life: NodeLife, delayNanosecondsMax: UInt64) {
        self.time = time
        self.life = life
        self.delayNanosecondsMax = delayNanosecondsMax
    }

    public func submit(_ work: @escaping @Sendable () -> Void) {
        let delay = time.random.between(1, delayNanosecondsMax)
        lastNanoseconds = max(lastNanoseconds, time.nowNanoseconds + delay)
        time.schedule(atNanoseconds: lastNanoseconds) { [self, life] in
            guard life.isAlive else { return }
            running = true
            work()
            running = false
        }
    }

    /// What is submitted from now on runs no earlier than in `nanoseconds`: a disk that hangs.
    public func stall(forNanoseconds nanoseconds: UInt64) {
        lastNanoseconds = max(lastNanoseconds, time.nowNanoseconds + nanoseconds)
    }

    public func assertCurrent() {
        precondition(running, "called from outside its lane")
    }
}

/// One run of a simulated process: ends at a crash, and everything scheduled for it with it.
public final class NodeLife: @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    public private(set) var isAlive = true
    public init() {}
    public func end() { isAlive = false }
}

public final class VirtualClock: Clock {
    private let time: VirtualTime
    public init(time: VirtualTime) { self.time = time }
    public func monotonicNanoseconds() -> UInt64 { time.nowNanoseconds }
    public func wallNanoseconds() -> Int64 { 1_700_000_000_000_000_000 + Int64(time.nowNanoseconds) }
    public func after(nanoseconds: UInt64, on lane: any Lane, _ work: @escaping @Sendable () -> Void) {
        time.schedule(afterNanoseconds: nanoseconds) { lane.submit(work) }
    }
}
