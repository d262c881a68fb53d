/// Runs seeds one after the other and writes a line for each: what a campaign starts in processes of its own.
import ArgumentParser
import Foundation
import Simulator

struct WorkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work", abstract: "Run seeds and print one line each, for other commands.", shouldDisplay: false)

    @Option(help: "a..b")
    var seeds: SeedRange
    @OptionGroup var flags: PlanFlags

    func run() throws {
        let arguments = try flags.changes().arguments
        func tell(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
        for seed in seeds.first...seeds.last {
            let plan = try flags.plan(seed: seed)
            tell("begin \(seed) \(plan.profile.rawValue)")
            let simulation = Simulation(plan: plan)
            CrashReport.watch(simulation, arguments: arguments)
            let began = processorNanoseconds()
            let outcome = simulation.perform()
            let spent = processorNanoseconds() - began
            CrashReport.end()
            for finding in outcome.findings { tell("finding \(finding)") }
            tell(RunLine.encode(outcome, coreNanoseconds: spent))
        }
    }
}
