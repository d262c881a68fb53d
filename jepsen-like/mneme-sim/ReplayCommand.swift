/// One seed, looked at closely.
import ArgumentParser
import Foundation
import Simulator

struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "replay", abstract: "Run one seed.")

    @Option(help: "The seed.")
    var seed: UInt64
    @OptionGroup var flags: PlanFlags
    @Flag(help: "Print one line per change of state per node, and every fault.")
    var trace = false
    @Flag(help: "Print the whole plan before the run.")
    var plan = false
    @Option(help: "Write a picture of the last two simulated seconds here.")
    var html: String?

    func run() throws {
        let drawn = try flags.plan(seed: seed)
        if plan || trace {
            print(drawn)
            for fault in drawn.faults { print(fault) }
        }
        let simulation = Simulation(plan: drawn)
        if trace { simulation.trace = { print($0) } }
        if html != nil { simulation.keepDiagram() }
        CrashReport.watch(simulation, arguments: try flags.changes().arguments)
        let began = processorNanoseconds()
        let outcome = simulation.perform()
        let seconds = Double(processorNanoseconds() - began) * 1e-9
        CrashReport.end()
        print(RunLine.summary(outcome, coreSeconds: seconds))
        for finding in outcome.findings { print("  \(finding)") }
        if let html, let diagram = simulation.diagram {
            let page = diagram.page(
                title: "seed \(seed), profile \(drawn.profile.rawValue)", nodes: simulation.cluster.ids,
                now: simulation.now)
            try page.write(toFile: html, atomically: true, encoding: .utf8)
            print("picture: \(html)")
        }
        if outcome.runClass != .clean { throw ExitCode(outcome.runClass.rawValue) }
    }
}

/// Time that this process has had a core, in nanoseconds: what a run costs, whoever else uses the machine.
func processorNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
