/// How much faster than real time: standing still, under load, and in the mix of a campaign.
import ArgumentParser
import Simulator

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure the speed of the simulator on one core.")

    @Option(help: "Seeds of the mix.")
    var seeds = 60

    func run() throws {
        print("a debug build is ten times slower; figures are of one core")
        var idle = Plan.drawn(seed: 1, profile: .idle)
        idle.faultsEndNanoseconds = 3_600_000_000_000
        measure("idle, 5 nodes, heartbeat and tick 50 ms", [idle])
        var loaded = Plan.drawn(seed: 1, profile: .idle)
        loaded.hasWorkload = true
        loaded.workload = WorkloadOptions()
        loaded.workload.clients = 8
        loaded.workload.requests = 20_000
        loaded.workload.thinkNanosecondsMax = 20_000_000
        loaded.profile = .swarm
        loaded.cluster.network.encodesMessages = true
        loaded.safetyNanosecondsMax = 3_600_000_000_000
        measure("8 clients, 5 nodes, no faults, every message encoded", [loaded])
        loaded.nodeCount = 3
        loaded.cluster.nodeCount = 3
        measure("8 clients, 3 nodes, no faults, every message encoded", [loaded])
        measure(
            "mixed profiles with faults",
            (1...UInt64(max(1, seeds))).map {
                Plan.drawn(seed: $0, profile: Profile.mixed(seed: $0))
            })
    }

    private func measure(_ words: String, _ plans: [Plan]) {
        var virtual = 0.0
        var core = 0.0
        var events = 0
        var answered = 0
        var messages = 0
        for plan in plans {
            let simulation = Simulation(plan: plan)
            let began = processorNanoseconds()
            let outcome = simulation.perform()
            core += Double(processorNanoseconds() - began) * 1e-9
            virtual += Double(outcome.virtualNanoseconds) * 1e-9
            events += outcome.events
            answered += outcome.answered
            messages += outcome.messages
        }
        print(
            "\(words): \(Int(virtual)) simulated s in \(Int(core * 1_000)) ms of a core = "
                + "\(Int(virtual / core)) x real time; "
                + "\(Int(Double(events) / core)) events/s, \(Int(Double(answered) / virtual)) requests and "
                + "\(Int(Double(messages) / virtual)) messages per simulated s")
    }
}
