/// A campaign: many seeds, several processes, one summary.
import ArgumentParser
import Foundation
import Simulator
import Synchronization

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run many seeds and sum up.",
        discussion: "mneme-sim run --seeds 1..10000 --jobs 2 --probes")

    @Option(help: "a..b, both included.")
    var seeds: SeedRange
    @OptionGroup var flags: PlanFlags
    @Option(help: "Worker processes.")
    var jobs = 2
    @Option(help: "Begin no more seeds after this many real seconds.")
    var seconds: Double?
    @Flag(help: "Fail when a coverage probe was never hit.")
    var probes = false
    @Flag(help: "Print every seed.")
    var verbose = false

    func validate() throws {
        guard (1...64).contains(jobs) else { throw ValidationError("--jobs must be 1 to 64 (got \(jobs))") }
    }

    func run() throws {
        let campaign = Campaign(seeds: seeds, seconds: seconds, isVerbose: verbose, changes: try flags.changes())
        var arguments = try flags.changes().arguments
        if let profile = flags.profile { arguments += ["--profile", profile.rawValue] }
        let shared = arguments
        let threads = (0..<jobs).map { _ in
            let done = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                campaign.work(arguments: shared)
                done.signal()
            }
            return done
        }
        for done in threads { done.wait() }
        let worst = campaign.printSummary(requireProbes: probes)
        if worst != 0 { throw ExitCode(worst) }
    }
}

/// The shared part of a campaign's threads.
final class Campaign: Sendable {
    private struct State {
        var next: UInt64
        var total = Totals()
        var failures: [RunOutcome] = []
        var problem: String?
    }
    private struct Totals {
        var seeds = 0
        var virtualNanoseconds: UInt64 = 0
        var workNanoseconds: UInt64 = 0
        var events = 0
        var answered = 0
        var undecided = 0
        var unrecoverable = 0
        var counters = Counters()
    }
    private static let chunk: UInt64 = 25

    private let seeds: SeedRange
    private let isVerbose: Bool
    private let changes: PlanChanges
    private let began = ContinuousClock().now
    private let secondsMax: Double?
    private let state: Mutex<State>

    init(seeds: SeedRange, seconds: Double?, isVerbose: Bool, changes: PlanChanges) {
        self.seeds = seeds
        self.isVerbose = isVerbose
        self.changes = changes
        secondsMax = seconds
        state = Mutex(State(next: seeds.first))
    }

    private var elapsed: Double { (ContinuousClock().now - began).seconds }

    private func take() -> SeedRange? {
        if let secondsMax, elapsed > secondsMax { return nil }
        return state.withLock { state in
            guard state.next <= seeds.last else { return nil }
            let range = SeedRange(first: state.next, last: min(seeds.last, state.next + Self.chunk - 1))
            state.next = range.last + 1
            return range
        }
    }

    func work(arguments: [String]) {
        while let range = take() {
            do {
                try Worker(seeds: range, arguments: arguments).perform { outcome, core in add(outcome, core) }
            } catch {
                state.withLock { $0.problem = "cannot start a worker: \(error)" }
                return
            }
        }
    }

    private func add(_ outcome: RunOutcome, _ core: UInt64) {
        state.withLock { state in
            state.total.seeds += 1
            state.total.virtualNanoseconds += outcome.virtualNanoseconds
            state.total.workNanoseconds += core
            state.total.events += outcome.events
            state.total.answered += outcome.answered
            state.total.undecided += outcome.undecided
            state.total.counters.add(outcome.counters)
            if outcome.runClass == .unrecoverable { state.total.unrecoverable += 1 }
            if outcome.runClass > .unrecoverable { state.failures.append(outcome) }
        }
        if outcome.runClass > .unrecoverable {
            print("seed \(outcome.seed) \(outcome.profile.rawValue): \(outcome.runClass.word)")
            for finding in outcome.findings.prefix(4) { print("    \(finding.prefix(600))") }
            print("    " + CrashReport.replay(seed: outcome.seed, profile: outcome.profile, changes.arguments))
        } else if isVerbose {
            print(RunLine.summary(outcome, coreSeconds: Double(core) * 1e-9))
        }
    }

    /// Returns the exit code.
    func printSummary(requireProbes: Bool) -> Int32 {
        let (total, failures, problem) = state.withLock { ($0.total, $0.failures, $0.problem) }
        if let problem {
            print(problem)
            return 1
        }
        let virtual = Double(total.virtualNanoseconds) * 1e-9
        let work = Double(total.workNanoseconds) * 1e-9
        print(
            "seeds \(seeds.first)..: \(total.seeds) runs, \(failures.count) failed, \(total.unrecoverable) unrecoverable"
        )
        print(
            "\(Int(virtual)) simulated s (\(Int(virtual / 3_600)) h) in \(Int(elapsed)) real s; "
                + "\(Int(virtual / max(0.001, work))) x real time per core; \(total.events) events, "
                + "\(total.answered) requests answered, \(total.undecided) undecided checks")
        let faults = zip(FaultKind.allCases, total.counters.faults).filter { $0.1 > 0 }
        print("faults: " + faults.map { "\($0.0.rawValue) \($0.1)" }.joined(separator: ", "))
        let probes = zip(Probe.allCases, total.counters.probes)
        print("probes: " + probes.map { "\($0.0) \($0.1)" }.joined(separator: ", "))
        let missed = probes.filter { $0.1 == 0 }.map { "\($0.0)" }
        if !missed.isEmpty { print("never hit: " + missed.joined(separator: ", ")) }
        for (runClass, count) in [RunClass.crash, .liveness, .correctness].map({ kind in
            (kind, failures.filter { $0.runClass == kind }.count)
        }) where count > 0 { print("\(runClass.word): \(count)") }
        if let worst = failures.map(\.runClass).max() { return worst.rawValue }
        return requireProbes && !missed.isEmpty ? 1 : 0
    }
}
