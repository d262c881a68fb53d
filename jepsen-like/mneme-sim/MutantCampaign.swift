/// All trials of all mutants over several processes, the table at the end, and the control.
#if MUTANTS
import Foundation
import RaftCore
import Simulator
import Synchronization

final class MutantCampaign: Sendable {
    private struct State {
        var next = 0
        /// By place in `cases`, then by trial.
        var results: [[Int: MutantTrial.Result]]
        var problem: String?
        var controlFindings: [String] = []
        var controlNanoseconds: UInt64 = 0
        var controlSeeds: UInt64 = 0
    }
    private struct ControlRun: Hashable {
        var number: Int
        var first: UInt64
        var count: UInt64
    }

    /// Beyond every trial's.
    private static let controlFirstSeed: UInt64 = 1_000_000_000_000
    private static let controlSeedsAtOnce: UInt64 = 20

    private let cases: [MutantCase]
    private let trials: Int
    private let jobs: Int
    private let assertionsAreOn: Bool
    private let isVerbose: Bool
    private let state: Mutex<State>

    init(cases: [MutantCase], trials: Int, jobs: Int, assertionsAreOn: Bool, isVerbose: Bool) {
        self.cases = cases
        self.trials = trials
        self.jobs = jobs
        self.assertionsAreOn = assertionsAreOn
        self.isVerbose = isVerbose
        state = Mutex(State(results: cases.map { _ in [:] }))
    }

    /// - Returns: whether every mutant was killed in every trial, and the control was silent.
    ///
    /// - Parameter controlHoursMin: how long the control is simulated at least; nil leaves it out.
    func run(controlHoursMin: Int?) throws -> Bool {
        inParallel { [self] in work() }
        if let problem = state.withLock({ $0.problem }) { throw WorkerError(problem) }
        let killed = printTable()
        guard let controlHoursMin else { return killed }
        let runs = controlRuns()
        state.withLock { $0.next = 0 }
        inParallel { [self] in control(runs) }
        let nanosecondsMin = UInt64(controlHoursMin) * 3_600_000_000_000
        state.withLock { $0.next = 0 }
        inParallel { [self] in goOnWithControl(until: nanosecondsMin) }
        if let problem = state.withLock({ $0.problem }) { throw WorkerError(problem) }
        return printControl() && killed
    }

    private func inParallel(_ work: @escaping @Sendable () -> Void) {
        let threads = (0..<jobs).map { _ in
            let done = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                work()
                done.signal()
            }
            return done
        }
        for done in threads { done.wait() }
    }

    private func take() -> Int? {
        state.withLock { state in
            guard state.problem == nil else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    private func work() {
        while let number = take(), number < cases.count * trials {
            let (place, trial) = (number / trials, number % trials)
            // The exhaustive check has no chance in it: once is as good as twenty times.
            if case .explored = cases[place].way(assertionsAreOn: assertionsAreOn), trial > 0 { continue }
            do {
                let result = try MutantTrial(
                    testCase: cases[place], number: trial, assertionsAreOn: assertionsAreOn
                ).run()
                state.withLock { $0.results[place][trial] = result }
                if isVerbose { tell(cases[place], trial, result) }
            } catch {
                state.withLock { $0.problem = "\(error)" }
            }
        }
    }

    private func tell(_ testCase: MutantCase, _ trial: Int, _ result: MutantTrial.Result) {
        let label = MutantLabel(number: testCase.number).text
        let verdict = result.property.map { "\(result.layer) \($0), seed \(result.seed)" } ?? "survived"
        print("\(label) trial \(trial + 1): \(verdict), \(result.seedCount) seeds, \(time(result.nanoseconds))")
        for other in result.others.prefix(3) { print("    beside it: \(other)") }
    }

    // MARK: table

    private func time(_ nanoseconds: UInt64) -> String {
        let seconds = Double(nanoseconds) * 1e-9
        if seconds < 60 { return "\(Int(seconds.rounded(.up))) s" }
        return seconds < 7_200
            ? "\(Int(seconds / 6) / 10).\(Int(seconds / 6) % 10) min" : "\(Int(seconds / 360) / 10) h"
    }

    private func printTable() -> Bool {
        print("| Mutant | Fault | Caught by | Looked for in | Median | Max | Killed | Verdict |")
        print("|---|---|---|---|---|---|---|---|")
        let results = state.withLock { $0.results }
        var survivors: [String] = []
        for (place, testCase) in cases.enumerated() {
            guard let mutant = testCase.mutant else { continue }
            let all = results[place].values
            let caught = all.filter { $0.property != nil }
            let times = caught.map(\.nanoseconds).sorted()
            let median = times.isEmpty ? "–" : time(times[times.count / 2])
            let most = times.last.map { time($0) } ?? "–"
            let isKilled = caught.count == all.count && !all.isEmpty
            if !isKilled { survivors.append(mutant.label) }
            print(
                "| \(mutant.description) | \(mutant.fault) | \(words(caught)) | \(whereabouts(testCase)) | \(median) "
                    + "| \(most) | \(caught.count)/\(all.count) | \(isKilled ? "killed" : "**survived**") |")
        }
        let count = cases.count - survivors.count
        print("\n\(count) of \(cases.count) killed" + (survivors.isEmpty ? "" : "; survived: \(survivors)"))
        return survivors.isEmpty
    }

    private func words(_ caught: [MutantTrial.Result]) -> String {
        var counts: [String: Int] = [:]
        for result in caught { counts["\(result.layer) \(result.property ?? "")", default: 0] += 1 }
        let sorted = counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
        return sorted.isEmpty ? "–" : sorted.map { "\($0.key) (\($0.value))" }.joined(separator: ", ")
    }

    private func whereabouts(_ testCase: MutantCase) -> String {
        switch testCase.way(assertionsAreOn: assertionsAreOn) {
        case .random(let recipes, let budget): "\(recipes.map(\.rawValue).joined(separator: ", ")); \(budget.letter)"
        case .scenario(let name): "scenario \(name)"
        case .explored: "every interleaving"
        }
    }

    // MARK: control

    /// The seeds that caught something or were spent, each recipe's once.
    private func controlRuns() -> [ControlRun] {
        let results = state.withLock { $0.results }
        var most: [String: [Int: ControlRun]] = [:]
        for (place, testCase) in cases.enumerated() {
            for (trial, result) in results[place] {
                let run = ControlRun(
                    number: testCase.number, first: MutantTrial.firstSeed(trial), count: result.seedCount)
                let key = whereabouts(testCase) + (isExplored(testCase) ? "\(testCase.number)" : "")
                if (most[key]?[trial]?.count ?? 0) < run.count { most[key, default: [:]][trial] = run }
            }
        }
        return most.values.flatMap(\.values).sorted { ($0.number, $0.first) < ($1.number, $1.first) }
    }

    private func isExplored(_ testCase: MutantCase) -> Bool {
        if case .explored = testCase.way(assertionsAreOn: assertionsAreOn) { return true }
        return false
    }

    private func control(_ runs: [ControlRun]) {
        while let number = take(), number < runs.count {
            var run = runs[number]
            while run.count > 0 {
                let before = run.count
                do { try perform(&run) } catch { state.withLock { $0.problem = "\(error)" } }
                if run.count == before { return }
            }
        }
    }

    /// Fresh seeds of every recipe in turn.
    private func goOnWithControl(until nanosecondsMin: UInt64) {
        let random = cases.filter {
            if case .random = $0.way(assertionsAreOn: assertionsAreOn) { return true }
            return false
        }
        guard !random.isEmpty else { return }
        while state.withLock({ $0.controlNanoseconds < nanosecondsMin }), let number = take() {
            var run = ControlRun(
                number: random[number % random.count].number,
                first: Self.controlFirstSeed + UInt64(number) * Self.controlSeedsAtOnce, count: Self.controlSeedsAtOnce)
            do { try perform(&run) } catch { state.withLock { $0.problem = "\(error)" } }
        }
    }

    private func perform(_ run: inout ControlRun) throws {
        var done: UInt64 = 0
        try MutantWorker(
            mutant: 0, recipesOf: run.number, first: run.first, last: run.first + run.count - 1,
            milliseconds: .max / 1_000_000, assertionsAreOn: assertionsAreOn
        ).perform { outcome in
            done += 1
            state.withLock { state in
                state.controlSeeds += 1
                state.controlNanoseconds += outcome.virtualNanoseconds
                guard outcome.runClass > .unrecoverable else { return }
                let label = MutantLabel(number: run.number).text
                state.controlFindings.append(
                    "seed \(outcome.seed) of \(label): \((outcome.findings.first ?? "").prefix(300))")
            }
        }
        run.first += done
        run.count -= done
    }

    private func printControl() -> Bool {
        let (findings, seeds, nanoseconds) = state.withLock {
            ($0.controlFindings, $0.controlSeeds, $0.controlNanoseconds)
        }
        print("control: \(seeds) seeds, \(time(nanoseconds)) simulated, \(findings.count) findings")
        for finding in findings { print("    \(finding)") }
        return findings.isEmpty
    }
}

extension MutantCase.Budget {
    var letter: String { "\(self)".uppercased() }
}
#endif
