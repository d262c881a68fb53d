import Raft

/// The clocks of one simulated machine. They run a little fast or slow, and the wall clock may be set.
///
/// Owns: the two readings as functions of virtual time. Must never: let the monotonic clock go back, whatever happens to
/// the wall clock.
public final class VirtualClock: Clock, @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    private let time: VirtualTime
    private let node: UInt16
    /// Readings at `anchorNanoseconds` of virtual time.
    private var anchorNanoseconds: UInt64 = 0
    private var monotonicAtAnchor: UInt64
    private var wallOffsetNanoseconds: Int64 = 0
    /// Parts per million by which it runs fast (or slow, below zero).
    public private(set) var driftPerMillion: Int64

    public init(time: VirtualTime, node: NodeID, bootNanoseconds: UInt64 = 0, driftPerMillion: Int64 = 0) {
        self.time = time
        self.node = UInt16(truncatingIfNeeded: node.rawValue)
        self.monotonicAtAnchor = bootNanoseconds
        self.driftPerMillion = driftPerMillion
    }

    public func monotonicNanoseconds() -> UInt64 {
        let passed = Int64(time.nowNanoseconds - anchorNanoseconds)
        return monotonicAtAnchor &+ UInt64(passed + passed / 1_000_000 * driftPerMillion)
    }

    public func wallNanoseconds() -> Int64 {
        1_700_000_000_000_000_000 + Int64(monotonicNanoseconds()) + wallOffsetNanoseconds
    }

    public func after(nanoseconds: UInt64, on lane: any Lane, _ work: @escaping @Sendable () -> Void) {
        let delay = Int64(nanoseconds) - Int64(nanoseconds) / 1_000_000 * driftPerMillion
        if let lane = lane as? VirtualLane {
            time.scheduleTimer(afterNanoseconds: UInt64(delay), on: lane, node: node, work)
        } else {
            time.scheduleTimer(afterNanoseconds: UInt64(delay), on: nil, node: node) { lane.submit(work) }
        }
    }

    /// From now on the clock runs at another speed.
    public func setDrift(perMillion: Int64) {
        monotonicAtAnchor = monotonicNanoseconds()
        anchorNanoseconds = time.nowNanoseconds
        driftPerMillion = perMillion
    }

    /// Somebody sets the wall clock, forwards or back.
    public func stepWall(byNanoseconds step: Int64) { wallOffsetNanoseconds += step }
}
