/// A lane is one serial line of execution: a real thread in production, a slot in the event heap of the simulator.
///
/// Every mutable object of the node belongs to exactly one lane (core, log, apply) and is touched only there. The node's
/// code is the same over both kinds of lane, which is what lets a whole node run on virtual time.
public protocol Lane: AnyObject, Sendable {
    /// Runs `work` on the lane, after everything submitted before it. Never runs it inline.
    func submit(_ work: @escaping @Sendable () -> Void)
    /// Stops the process (or the simulated node) unless the caller is on this lane.
    func assertCurrent()
}

/// Monotonic and wall time. The core never sees either; the node turns monotonic time into ticks.
public protocol Clock: AnyObject, Sendable {
    func monotonicNanoseconds() -> UInt64
    /// Nanoseconds since 1970 UTC; for people, never for ordering.
    func wallNanoseconds() -> Int64
    /// Runs `work` on `lane` after at least `nanoseconds`.
    func after(nanoseconds: UInt64, on lane: any Lane, _ work: @escaping @Sendable () -> Void)
}

/// Messages between nodes. At most once, in any order, possibly never: Raft needs no more.
public protocol Transport: AnyObject, Sendable {
    /// Never blocks. Drops the message when the peer is not reachable or its queue is full.
    func send(_ message: RaftMessage)
    /// Sends what was gathered since the last flush; the node calls it once per turn.
    func flush()
}
