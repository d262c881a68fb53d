/// Seeds of the simulator, run as tests: few here, thousands with `make sim`.

import Raft
import Testing

@testable import Simulator

@Suite struct SimulationTests {
    private func run(_ seed: UInt64, _ profile: Profile, _ change: (inout Plan) -> Void = { _ in }) -> RunOutcome {
        var plan = Plan.drawn(seed: seed, profile: profile)
        change(&plan)
        return Simulation(plan: plan).perform()
    }

    @Test(arguments: [Profile.tiny, .swarm, .member, .storage, .liveness])
    func `bugs 42 and 59: seeds of every profile run clean, converge and are answered`(profile: Profile) {
        for seed in UInt64(1_001)...1_003 {
            let outcome = run(seed, profile) { $0.workload.requests = min(60, $0.workload.requests) }
            #expect(outcome.findings == [], "seed \(seed)")
            #expect(outcome.answered > 0, "seed \(seed) proves nothing")
        }
    }

    @Test func `the same seed is the same run, and another seed is another`() {
        let first = run(7, .tiny)
        let second = run(7, .tiny)
        #expect(first.eventHash == second.eventHash)
        #expect(first.events == second.events)
        #expect(run(8, .tiny).eventHash != first.eventHash)
    }

    @Test func `dropping one fault leaves the others as they were drawn`() {
        let whole = Plan.drawn(seed: 3, profile: .swarm)
        var changes = PlanChanges()
        changes.droppedFaults = [1]
        var fewer = whole
        changes.apply(to: &fewer)
        #expect(fewer.faults == whole.faults.filter { $0.number != 1 })
        #expect(whole.faults.count == fewer.faults.count + 1)
    }

    @Test func `streams of one seed are independent of one another`() {
        let streams = RandomStreams(seed: 5)
        var first = streams.stream(.network)
        var disk = streams.stream(.disk, 1)
        for _ in 0..<100 { _ = disk.next() }
        var second = streams.stream(.network)
        #expect(first.next() == second.next())
        var otherDisk = streams.stream(.disk, 2)
        var sameDisk = streams.stream(.disk, 1)
        #expect(otherDisk.next() != sameDisk.next())
    }

    @Test func `exponential delays have the mean they are asked for`() {
        var random = SplitMix64(seed: 9)
        let sum = (0..<20_000).reduce(UInt64(0)) { sum, _ in sum + random.exponential(mean: 1_000_000) }
        #expect((970_000...1_030_000).contains(sum / 20_000))
    }

    @Test func `a majority that is down for good leads nobody`() {
        let plan = Plan.drawn(seed: 1, profile: .idle)
        let cluster = SimulatedCluster(seed: 1, options: plan.cluster) { _, _ in ListHome() }
        for id in cluster.ids { #expect(throws: Never.self) { try cluster.start(id) } }
        #expect(cluster.run(forNanoseconds: 10_000_000_000) { cluster.leader != nil })
        for id in cluster.ids.prefix(3) { cluster.crash(id) }
        cluster.run(forNanoseconds: 20_000_000_000)
        #expect(cluster.leader == nil)
    }

    @Test func `a pause holds a node back and loses none of its order`() {
        let time = VirtualTime()
        let lane = VirtualLane(time: time, delayNanosecondsMax: 1_000)
        let seen = Seen()
        lane.pause()
        for number in 0..<50 { lane.submit { seen.numbers.append(number) } }
        time.run(forNanoseconds: 1_000_000)
        #expect(seen.numbers == [])
        for number in 50..<100 { lane.submit { seen.numbers.append(number) } }
        lane.resume()
        time.run(forNanoseconds: 1_000_000)
        #expect(seen.numbers == Array(0..<100))
    }

    private final class Seen: @unchecked Sendable {
        // Sendable: used on the thread that runs virtual time only.
        var numbers: [Int] = []
    }
}
