/// One trial of one mutant, or of the control: seeds one after the other until something is found or the budget is spent.
#if MUTANTS
import ArgumentParser
import Foundation
import ModelChecker
import RaftCore
import Simulator

struct MutantWorkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mutant-work",
        abstract: "Run seeds with one bug injected, and print one line each, for other commands or to look at one.",
        shouldDisplay: false)

    @Option(help: "M01 to M61; M00 is none.")
    var mutant: MutantLabel
    @Option(help: "Whose recipes are run, if another's.")
    var recipesOf: MutantLabel?
    @Option(help: "a..b; ends earlier when the mutant is caught or the time is spent.")
    var seeds: SeedRange
    @Option(help: "Simulated milliseconds that may still be spent.")
    var milliseconds: UInt64 = .max / 1_000_000
    @Option(help: "on or off: the core's own assertions.")
    var assertions: MutantsCommand.AssertionSwitch = .on
    @Flag(help: "Print the trace, as replay does.")
    var trace = false

    func run() throws {
        guard let testCase = MutantCase.all.first(where: { $0.number == (recipesOf ?? mutant).number }) else {
            throw ValidationError("there is no case for \((recipesOf ?? mutant).number)")
        }
        Mutant.chosen = mutant.number
        Mutant.assertionsAreOn = assertions == .on
        var spent: UInt64 = 0
        for seed in seeds.first...seeds.last {
            let way = testCase.way(assertionsAreOn: assertions == .on)
            tell("begin \(seed) \(Profile.swarm.rawValue)")
            let outcome: RunOutcome
            switch way {
            case .random(let recipes, _):
                outcome = perform(recipes[Int(seed % UInt64(recipes.count))].plan(seed: seed))
            case .scenario(let name):
                guard let scenario = Scenario.all.first(where: { $0.name == name }) else {
                    throw ValidationError("there is no scenario \(name)")
                }
                outcome = scenario.run(seed: seed, trace: tracer)
            case .explored:
                outcome = explore(seed)
            }
            for finding in outcome.findings { tell("finding \(finding.replacing("\n", with: " "))") }
            tell(RunLine.encode(outcome, coreNanoseconds: 0))
            spent += outcome.virtualNanoseconds
            let names = outcome.findings.map(MutantProperty.name)
            if names.contains(where: testCase.properties.contains) || spent / 1_000_000 >= milliseconds { return }
        }
    }

    private var tracer: ((String) -> Void)? {
        guard trace else { return nil }
        return { print($0) }
    }

    private func tell(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    private func perform(_ plan: Plan) -> RunOutcome {
        let simulation = Simulation(plan: plan)
        if trace {
            print(plan)
            simulation.trace = tracer
        }
        CrashReport.watch(simulation, arguments: [])
        defer { CrashReport.end() }
        return simulation.perform()
    }

    /// The control explores the same setting without the bug.
    private func explore(_ seed: UInt64) -> RunOutcome {
        var outcome = RunOutcome(seed: seed, profile: .swarm)
        guard let hunt = MutantHunt.all.first(where: { $0.mutant == (recipesOf ?? mutant).number }) else {
            outcome.findings = ["there is no exploration for this mutant"]
            return outcome
        }
        var chosen = hunt
        chosen.mutant = mutant.number
        let report = chosen.run()
        outcome.events = Int(report.states)
        if let violation = report.violation {
            outcome.runClass = .correctness
            outcome.findings = ["invariant \(violation.invariant.rawValue) after \(report.states) states explored"]
        }
        return outcome
    }
}

struct MutantLabel: ExpressibleByArgument {
    var number: Int
    init?(argument: String) {
        guard argument.hasPrefix("M"), let number = Int(argument.dropFirst()) else { return nil }
        self.number = number
    }
    init(number: Int) { self.number = number }
    var text: String { number < 10 ? "M0\(number)" : "M\(number)" }
}
#endif
