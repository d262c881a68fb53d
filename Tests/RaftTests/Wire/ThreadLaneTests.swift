/// The thread lane: order, identity, stopping.

import Raft
import Testing

@Suite("Thread lane")
struct ThreadLaneTests {
    @Test("work of one submitter runs in order and never inline")
    func order() async throws {
        let lane = try ThreadLane(name: "order")
        let recorder = WireRecorder<Int>()
        for number in 0..<5_000 {
            lane.submit {
                lane.assertCurrent()
                recorder.record(number)
                if number % 1_000 == 0 {
                    lane.submit { recorder.record(1_000_000 + number) }
                    recorder.record(2_000_000 + number)
                }
            }
        }
        let all = try await recorder.wait(for: "5 010 records") { $0.count == 5_010 }
        lane.stop()
        #expect(all.filter { $0 < 1_000_000 } == Array(0..<5_000))
        for number in [0, 1_000, 4_000] {
            let nested = try #require(all.firstIndex(of: 1_000_000 + number))
            let after = try #require(all.firstIndex(of: 2_000_000 + number))
            #expect(after < nested)
        }
    }

    @Test("submissions of many threads all run, each thread's in order")
    func manySubmitters() async throws {
        let lane = try ThreadLane(name: "many")
        let recorder = WireRecorder<[Int]>()
        await withTaskGroup(of: Void.self) { group in
            for submitter in 0..<8 {
                group.addTask {
                    for number in 0..<200 {
                        lane.submit { recorder.record([submitter, number]) }
                    }
                }
            }
        }
        lane.stop()
        let all = recorder.elements
        for submitter in 0..<8 {
            #expect(all.filter { $0[0] == submitter }.map { $0[1] } == Array(0..<200))
        }
    }

    @Test("stop runs everything that waits, ends the thread, and drops what comes later")
    func stop() throws {
        let lane = try ThreadLane(name: "stop")
        let recorder = WireRecorder<Int>()
        for number in 0..<1_000 { lane.submit { recorder.record(number) } }
        lane.stop()
        #expect(recorder.elements.count == 1_000)
        weak var captured: WireRecorder<Int>?
        do {
            let late = WireRecorder<Int>()
            captured = late
            lane.submit { late.record(-1) }
        }
        lane.stop()
        #expect(captured == nil, "work that will never run must not keep what it captured")
    }

    @Test("an idle lane wakes for every lone submission")
    func wakeUps() async throws {
        let lane = try ThreadLane(name: "wake")
        let recorder = WireRecorder<Int>()
        for number in 1...300 {
            lane.submit { recorder.record(number) }
            try await recorder.wait(for: "record \(number)") { $0.count == number }
        }
        lane.stop()
    }

    @Test("a lane that is stopped is freed with its thread")
    func freed() throws {
        weak var observed: ThreadLane?
        do {
            let lane = try ThreadLane(name: "freed")
            observed = lane
            lane.submit {}
            lane.stop()
        }
        #expect(observed == nil)
    }

    @Test("only the lane itself is current")
    func identity() async throws {
        let lane = try ThreadLane(name: "identity")
        let other = try ThreadLane(name: "other")
        let recorder = WireRecorder<Bool>()
        lane.submit { recorder.record([lane.isCurrent, other.isCurrent]) }
        #expect(try await recorder.wait(for: "answer") { $0.count == 2 } == [true, false])
        #expect(!lane.isCurrent)
        lane.stop()
        other.stop()
    }
}
