import Raft

/// A lane of a simulated node: work in the order it was submitted, each piece a little later than that.
///
/// Owns: its queue, how long work waits, and the pause of its machine. Must never: run anything once its process has
/// ended, or let a later piece overtake an earlier one.
public final class VirtualLane: Lane, @unchecked Sendable {
    // Sendable: used on the thread that runs `time` only.
    private let time: VirtualTime
    private let kind: VirtualTime.Kind
    private let node: UInt16
    private let load: LaneLoad
    private var slot: UInt32 = 0
    private var queue: [@Sendable () -> Void] = []
    private var head = 0
    private var lastNanoseconds: UInt64 = 0
    private var isRunning = false
    private var isAlive = true
    private var isPaused = false
    /// Pieces whose time came during a pause.
    private var owed = 0
    /// Called after every piece of work.
    var observe: () -> Void = {}

    init(time: VirtualTime, kind: VirtualTime.Kind, node: NodeID, load: LaneLoad) {
        self.time = time
        self.kind = kind
        self.node = UInt16(truncatingIfNeeded: node.rawValue)
        self.load = load
        slot = time.register(self)
    }

    /// A lane on its own, for tests of one part of a node.
    public convenience init(time: VirtualTime, delayNanosecondsMax: UInt64) {
        let load = LaneLoad(
            random: SplitMix64(seed: 1), processorNanosecondsMax: delayNanosecondsMax,
            applyNanosecondsMax: delayNanosecondsMax, diskNanosecondsMax: delayNanosecondsMax)
        self.init(time: time, kind: .core, node: NodeID(0), load: load)
    }

    public func submit(_ work: @escaping @Sendable () -> Void) {
        guard isAlive else { return }
        queue.append(work)
        lastNanoseconds = max(lastNanoseconds, time.nowNanoseconds &+ load.nextNanoseconds(kind))
        time.push(at: lastNanoseconds, kind: kind, node: node, slot: slot)
    }

    func runNext() {
        guard isAlive else { return }
        guard !isPaused else {
            owed += 1
            return
        }
        // More turns than work is what `unstall` leaves behind.
        guard head < queue.count else { return }
        let work = queue[head]
        head += 1
        if head == queue.count {
            queue.removeAll(keepingCapacity: true)
            head = 0
        } else if head == 64 {
            queue.removeSubrange(..<head)
            head = 0
        }
        isRunning = true
        work()
        isRunning = false
        if isAlive { observe() }
    }

    func pause() { isPaused = true }

    func resume() {
        guard isPaused, isAlive else { return }
        isPaused = false
        for _ in 0..<owed { time.push(at: time.nowNanoseconds, kind: kind, node: node, slot: slot) }
        owed = 0
    }

    /// The process ends, and everything it had still to do with it.
    func end() {
        isAlive = false
        queue = []
        observe = {}
        time.forget(lane: slot)
    }

    /// What is submitted from now on runs no earlier than in `nanoseconds`: a disk that hangs.
    public func stall(forNanoseconds nanoseconds: UInt64) {
        lastNanoseconds = max(lastNanoseconds, time.nowNanoseconds &+ nanoseconds)
    }

    /// The hang is over: what waits may run now.
    func unstall() {
        lastNanoseconds = time.nowNanoseconds
        for _ in head..<max(head, queue.count) {
            time.push(at: lastNanoseconds, kind: kind, node: node, slot: slot)
        }
    }

    public func assertCurrent() {
        precondition(isRunning, "called from outside its lane")
    }
}

/// How long the lanes of one machine keep work waiting: the speed of its processor and of its disk.
///
/// Owns: the draws for it, from a stream of its own. Must never: share that stream with another machine.
public final class LaneLoad: @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    private var random: SplitMix64
    public var processorNanosecondsMax: UInt64
    public var applyNanosecondsMax: UInt64
    public var diskNanosecondsMin: UInt64
    public var diskNanosecondsMax: UInt64
    /// One disk operation in a thousand takes twenty times as long.
    public var hasSlowDiskTail = false
    /// 1 on a healthy machine; 10 to 100 on one whose processor is taken by others.
    public var slowness: UInt64 = 1

    public init(
        random: SplitMix64, processorNanosecondsMax: UInt64, applyNanosecondsMax: UInt64,
        diskNanosecondsMin: UInt64 = 1,
        diskNanosecondsMax: UInt64
    ) {
        self.random = random
        self.processorNanosecondsMax = processorNanosecondsMax
        self.applyNanosecondsMax = applyNanosecondsMax
        self.diskNanosecondsMin = diskNanosecondsMin
        self.diskNanosecondsMax = diskNanosecondsMax
    }

    func nextNanoseconds(_ kind: VirtualTime.Kind) -> UInt64 {
        switch kind {
        case .log, .background:
            let nanoseconds = random.between(diskNanosecondsMin, max(diskNanosecondsMin, diskNanosecondsMax))
            return hasSlowDiskTail && random.chance(perThousand: 1) ? nanoseconds &* 20 : nanoseconds
        case .apply:
            return applyNanosecondsMax == 0 ? 0 : random.between(1, applyNanosecondsMax) &* slowness
        case .core, .timer, .delivery, .script:
            return processorNanosecondsMax == 0 ? 0 : random.between(1, processorNanosecondsMax) &* slowness
        }
    }
}
