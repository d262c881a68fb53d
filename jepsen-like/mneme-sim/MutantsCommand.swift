/// Whether the harness would notice: each bug of the list in turn, until it is caught or its budget is spent.
import ArgumentParser
import Foundation
import RaftCore
import Simulator
import Synchronization

struct MutantsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mutants", abstract: "Inject one bug at a time and see that it is caught.",
        discussion: """
            Needs a build with the bugs compiled in: make mutants, or
            MNEME_MUTANTS=1 swift build -c release --product mneme-sim --scratch-path .build-mutants

            A trial runs seeds of its own until a run fails for a reason that names what the mutant breaks. The budget is
            in simulated time summed over seeds: A 10 min, B 2 h, C 20 h; a scenario must fail at once. Afterwards the
            same seeds run without a mutant and must be silent, and more of them if --control-hours asks for it.
            Exit code 1 when a mutant survives or the control is not silent.
            """)

    @Option(help: "Mutants, separated by commas: M06,M12.")
    var only: String?
    @Option(help: "Trials of each.")
    var trials = 20
    @Option(help: "Worker processes.")
    var jobs = 2
    @Option(help: "on or off: the core's own assertions. Off, only what looks from outside can catch a mutant.")
    var assertions: AssertionSwitch = .on
    @Option(help: "The control goes on with seeds of all recipes until it has simulated this many hours.")
    var controlHours = 0
    @Flag(help: "Leave the control out.")
    var withoutControl = false
    @Flag(help: "Print each trial as it ends.")
    var verbose = false

    /// What it starts in processes of its own.
    static var workers: [any ParsableCommand.Type] {
        #if MUTANTS
        return [MutantWorkCommand.self]
        #else
        return []
        #endif
    }

    enum AssertionSwitch: String, ExpressibleByArgument { case on, off }

    func validate() throws {
        guard (1...1_000).contains(trials) else { throw ValidationError("--trials must be 1 to 1000 (got \(trials))") }
        guard (0...10_000).contains(controlHours) else {
            throw ValidationError("--control-hours must be 0 to 10000 (got \(controlHours))")
        }
        guard (1...64).contains(jobs) else { throw ValidationError("--jobs must be 1 to 64 (got \(jobs))") }
    }

    func run() throws {
        #if MUTANTS
        let campaign = MutantCampaign(
            cases: try cases(), trials: trials, jobs: jobs, assertionsAreOn: assertions == .on, isVerbose: verbose)
        guard try campaign.run(controlHoursMin: withoutControl ? nil : controlHours) else { throw ExitCode(1) }
        #else
        throw ValidationError(
            "this build has no mutants; make one that has: "
                + "MNEME_MUTANTS=1 swift build -c release --product mneme-sim --scratch-path .build-mutants")
        #endif
    }

    #if MUTANTS
    private func cases() throws -> [MutantCase] {
        guard let only else { return MutantCase.all.sorted { $0.number < $1.number } }
        return try only.split(separator: ",").map { word in
            guard let label = MutantLabel(argument: String(word)),
                let found = MutantCase.all.first(where: { $0.number == label.number })
            else { throw ValidationError("--only: there is no mutant \(word)") }
            return found
        }
    }
    #endif
}
