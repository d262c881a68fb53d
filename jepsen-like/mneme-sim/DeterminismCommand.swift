/// The same seed twice here and once in another process: three equal hashes, or the run depends on something it must not.
import ArgumentParser
import Simulator

struct DeterminismCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "determinism", abstract: "Run every seed three times and compare the event hashes.",
        discussion: """
            Set iteration and the like differ between processes, so one of the three runs in a process of its own.
            --print shows the hashes, to compare builds: the output of a debug and of a release build must be equal.
            """)

    @Option(help: "a..b, both included.")
    var seeds: SeedRange
    @OptionGroup var flags: PlanFlags
    @Flag(name: .customLong("print"), help: "Print each hash.")
    var prints = false
    @Flag(help: "Only once, and not in another process: for comparing builds by --print.")
    var once = false

    func run() throws {
        var mismatches = 0
        var elsewhere: [UInt64: UInt64] = [:]
        var arguments = try flags.changes().arguments
        if let profile = flags.profile { arguments += ["--profile", profile.rawValue] }
        if !once {
            try Worker(seeds: seeds, arguments: arguments).perform { outcome, _ in
                elsewhere[outcome.seed] = outcome.eventHash
            }
        }
        for seed in seeds.first...seeds.last {
            let plan = try flags.plan(seed: seed)
            let first = Simulation(plan: plan).perform().eventHash
            if prints { print("\(seed) \(plan.profile.rawValue) \(String(first, radix: 16))") }
            guard !once else { continue }
            let second = Simulation(plan: plan).perform().eventHash
            if first != second || elsewhere[seed] != first {
                mismatches += 1
                print("seed \(seed) \(plan.profile.rawValue): \(first), \(second), elsewhere \(elsewhere[seed] ?? 0)")
            }
        }
        if !once { print("\(seeds.count) seeds three times: \(mismatches) mismatches") }
        if mismatches > 0 { throw ExitCode(129) }
    }
}
