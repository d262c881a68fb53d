/// The real clock and the event-loop lane.

import NIOPosix
import Raft
import RaftTCP
import Testing

@Suite("System clock")
struct SystemClockTests {
    @Test("monotonic time never goes back and wall time is in this century")
    func readings() {
        let clock = SystemClock(timerLoop: MultiThreadedEventLoopGroup.singleton.next())
        var last = clock.monotonicNanoseconds()
        for _ in 0..<1_000 {
            let now = clock.monotonicNanoseconds()
            #expect(now >= last)
            last = now
        }
        #expect(clock.wallNanoseconds() > 1_700_000_000_000_000_000)
    }

    @Test("delayed work runs on its lane, and not before its time")
    func delays() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let clock = SystemClock(timerLoop: loop)
        let thread = try ThreadLane(name: "clock")
        let lanes: [any Lane] = [EventLoopLane(eventLoop: loop), thread]
        for lane in lanes {
            let recorder = WireRecorder<UInt64>()
            let start = clock.monotonicNanoseconds()
            clock.after(nanoseconds: 5_000_000, on: lane) {
                lane.assertCurrent()
                recorder.record(clock.monotonicNanoseconds())
            }
            let end = try #require(try await recorder.wait(for: "the delayed work") { !$0.isEmpty }.first)
            #expect(end - start >= 5_000_000)
        }
        thread.stop()
    }

    @Test("an event-loop lane runs work in order and not inline")
    func order() async throws {
        let lane = EventLoopLane(eventLoop: MultiThreadedEventLoopGroup.singleton.next())
        let recorder = WireRecorder<Int>()
        lane.submit {
            lane.submit { recorder.record(2) }
            lane.submit { recorder.record(3) }
            recorder.record(1)
        }
        #expect(try await recorder.wait(for: "three records") { $0.count == 3 } == [1, 2, 3])
    }
}
