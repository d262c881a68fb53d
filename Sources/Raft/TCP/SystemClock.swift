/// Real time: the machine's monotonic clock and, for people, its wall clock.
///
/// The monotonic clock also counts while the machine is suspended: a leader that slept must see that its lease is over,
/// and a follower that slept must not call what it read long ago fresh.
///
/// Must never: order anything by wall time.

import NIOCore
import Raft

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

public final class SystemClock: Raft.Clock {
    private let timerLoop: any EventLoop

    /// - Parameter timerLoop: waits for lanes that are not event loops themselves; it only hands the work over.
    public init(timerLoop: any EventLoop) { self.timerLoop = timerLoop }

    public func monotonicNanoseconds() -> UInt64 {
        var time = timespec()
        let status = clock_gettime(SystemClock.monotonic, &time)
        precondition(status == 0, "the system has a monotonic clock")
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    #if os(Linux)
    /// `CLOCK_MONOTONIC` of Linux stands still during suspend; this one does not (clock_gettime(2)).
    private static let monotonic = CLOCK_BOOTTIME
    #else
    /// On Darwin this one counts through sleep.
    private static let monotonic = CLOCK_MONOTONIC
    #endif

    public func wallNanoseconds() -> Int64 {
        var time = timespec()
        let status = clock_gettime(CLOCK_REALTIME, &time)
        precondition(status == 0, "the system has a wall clock")
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Work for an event loop waits on that loop; for any other lane it waits on the timer loop and is then submitted.
    public func after(nanoseconds: UInt64, on lane: any Lane, _ work: @escaping @Sendable () -> Void) {
        let delay = TimeAmount.nanoseconds(Int64(clamping: nanoseconds))
        if let lane = lane as? EventLoopLane {
            lane.eventLoop.scheduleTask(in: delay, work)
        } else {
            timerLoop.scheduleTask(in: delay) { lane.submit(work) }
        }
    }
}
