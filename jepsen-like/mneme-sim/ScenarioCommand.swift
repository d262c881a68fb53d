/// Scripted scenarios: what random faults meet too rarely, or what only a measure shows.
import ArgumentParser
import Simulator

struct ScenarioCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scenario", abstract: "Run a scripted scenario; without a name, all of them.")

    @Argument(help: "Its name; --list shows them.")
    var name: String?
    @Option(help: "a..b; the seed decides delays and clocks.")
    var seeds = SeedRange(first: 1, last: 1)
    @Flag(help: "Only list them.")
    var list = false
    @Flag(help: "Print what happens.")
    var trace = false

    func validate() throws {
        if let name, !Scenario.all.contains(where: { $0.name == name }) {
            throw ValidationError("there is no scenario \(name); there are \(Scenario.all.map(\.name))")
        }
    }

    func run() throws {
        var failures = 0
        for scenario in Scenario.all where name == nil || name == scenario.name {
            print("\(scenario.name): \(scenario.purpose)")
            guard !list else { continue }
            for seed in seeds.first...seeds.last {
                let outcome = scenario.run(seed: seed, trace: trace ? { print($0) } : nil)
                for finding in outcome.findings {
                    failures += 1
                    print("  seed \(seed): \(finding)")
                }
            }
        }
        if failures > 0 { throw ExitCode(129) }
    }
}
