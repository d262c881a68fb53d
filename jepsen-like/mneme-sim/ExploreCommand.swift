/// The exhaustive check: every reachable state of small worlds, by the core's own code.
import ArgumentParser
import Foundation
import ModelChecker
import RaftCore

struct ExploreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explore",
        abstract: "Explore every interleaving of small settings, and check every promise in each state.",
        discussion: """
            Without names all settings are explored. A broken promise is printed with the shortest way to it, one event a
            line; one that the core's own assertions notice is printed the same way before the process ends.
            """)

    @Argument(help: "Settings to explore; --list names them.")
    var names: [String] = []
    @Flag(help: "Only list the settings.")
    var list = false
    @Option(help: "Stop a setting after this many states.")
    var statesMax: Int?
    #if MUTANTS
    @Flag(help: "Inject each bug of the list in turn; every one must be found.")
    var mutants = false
    #endif

    func validate() throws {
        for name in names where !ModelSetting.all.contains(where: { $0.name == name }) {
            throw ValidationError("there is no setting \(name); there are \(ModelSetting.all.map(\.name))")
        }
        if let statesMax, !(1...1 << 31).contains(statesMax) {
            throw ValidationError("--states-max must be 1 to \(1 << 31) (got \(statesMax))")
        }
    }

    func run() throws {
        #if MUTANTS
        if mutants { return try hunt() }
        #endif
        var failures = 0
        for var setting in ModelSetting.all where names.isEmpty || names.contains(setting.name) {
            if list {
                print("\(setting.name): \(setting.purpose)")
                continue
            }
            if let statesMax { setting.statesMax = statesMax }
            let report = ExplorationWatch.explore(setting)
            for line in report.lines { print(line) }
            // The next setting takes its time; whoever reads along through a pipe shall not wait for it.
            fflush(nil)
            if report.violation != nil { failures += 1 }
        }
        if failures > 0 { throw ExitCode(129) }
    }

    #if MUTANTS
    private func hunt() throws {
        var survivors = 0
        for hunt in MutantHunt.all {
            let name = Mutant.all.first { $0.number == hunt.mutant }?.description ?? "M\(hunt.mutant)"
            let report = hunt.run()
            if report.violation == nil { survivors += 1 }
            let found = report.violation.map { "invariant \($0.invariant.rawValue)" } ?? "SURVIVED"
            let milliseconds = Int(report.secondsTaken * 1000)
            print(
                "\(name) | \(report.setting.name) | \(found) | \(report.states) states | "
                    + "\(report.depth) events | \(milliseconds) ms")
        }
        for control in MutantHunt.controls {
            let report = control.run()
            for line in report.lines { print(line) }
            if report.violation != nil { survivors += 1 }
        }
        if survivors > 0 { throw ExitCode(129) }
    }
    #endif
}

/// Tells the way to the state in which the core stopped the process.
enum ExplorationWatch {
    // nonisolated(unsafe): one thread explores; the handler runs on that thread, stopped at a trap of the core, where no
    // lock or allocation is half done. A pointer, because the explorer is being changed at that moment.
    nonisolated(unsafe) private static var explorer: UnsafeMutablePointer<Explorer>?

    static func explore(_ setting: ModelSetting) -> ExplorationReport {
        let place = UnsafeMutablePointer<Explorer>.allocate(capacity: 1)
        place.initialize(to: Explorer(setting))
        explorer = place
        for number in [SIGILL, SIGTRAP] {
            signal(number) { number in
                // A second trap, on the way to telling of the first, ends the process at once.
                signal(number, SIG_DFL)
                ExplorationWatch.tell()
                _exit(127)
            }
        }
        defer {
            explorer = nil
            for number in [SIGILL, SIGTRAP] { signal(number, SIG_DFL) }
            place.deinitialize(count: 1)
            place.deallocate()
        }
        return place.pointee.explore()
    }

    private static func tell() {
        guard let explorer else { return }
        let lines = ["an assertion of the core, after:"] + explorer.pointee.traceToHere()
        FileHandle.standardError.write(Data((lines.joined(separator: "\n") + "\n").utf8))
    }
}
