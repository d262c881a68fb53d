/// One trial in worker processes: seeds from its own range until the mutant is caught for the right reason.
#if MUTANTS
import Foundation
import RaftCore
import Simulator

struct MutantTrial {
    let testCase: MutantCase
    let number: Int
    let assertionsAreOn: Bool

    struct Result {
        var property: String?
        /// L1: the process ended itself; L2: seen from outside; L3: it did not get on; explored: by the model checker.
        var layer = ""
        var seed: UInt64 = 0
        var seedCount: UInt64 = 0
        var nanoseconds: UInt64 = 0
        /// What failed for another reason on the way.
        var others: [String] = []
    }

    static func firstSeed(_ trial: Int) -> UInt64 { UInt64(trial) * 1_000_000 + 1 }

    private var budgetNanoseconds: UInt64 {
        switch testCase.way(assertionsAreOn: assertionsAreOn) {
        case .random(_, let budget): budget.nanoseconds
        case .scenario, .explored: 1
        }
    }

    func run() throws -> Result {
        var result = Result()
        var next = Self.firstSeed(number)
        while result.property == nil, result.nanoseconds < budgetNanoseconds {
            let before = result.seedCount
            try runOnce(from: next, &result)
            if result.seedCount == before { throw WorkerError("the worker of \(testCase.number) ran no seed") }
            next = Self.firstSeed(number) + result.seedCount
            if case .random = testCase.way(assertionsAreOn: assertionsAreOn) { continue }
            break
        }
        return result
    }

    private func runOnce(from first: UInt64, _ result: inout Result) throws {
        let left = (budgetNanoseconds - result.nanoseconds) / 1_000_000
        let worker = MutantWorker(
            mutant: testCase.number, recipesOf: testCase.number, first: first, last: first + 99_999,
            milliseconds: left, assertionsAreOn: assertionsAreOn)
        var found = result
        try worker.perform { outcome in
            found.seedCount += 1
            found.nanoseconds += outcome.virtualNanoseconds
            guard found.property == nil else { return }
            for finding in outcome.findings {
                let name = MutantProperty.name(finding)
                if testCase.properties.contains(name) {
                    found.property = name
                    found.seed = outcome.seed
                    found.layer = layer(outcome, name)
                    return
                }
                found.others.append("seed \(outcome.seed): \(finding.prefix(200))")
            }
        }
        result = found
    }

    private func layer(_ outcome: RunOutcome, _ property: String) -> String {
        if case .explored = testCase.way(assertionsAreOn: assertionsAreOn) { return "explored" }
        // The node's own log or recovery said no: a local check, whoever reported it.
        if ["the vote of term", "refuses to start", "stopped itself"].contains(property) { return "L1" }
        switch outcome.runClass {
        case .crash: return "L1"
        case .liveness: return "L3"
        default: return "L2"
        }
    }
}

struct WorkerError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// `mutant-work` in a process of its own: a broken invariant ends it, and that is an outcome too.
struct MutantWorker {
    var mutant: Int
    var recipesOf: Int
    var first: UInt64
    var last: UInt64
    var milliseconds: UInt64
    var assertionsAreOn: Bool

    /// Calls `report` for each seed, the one at which the process died included.
    func perform(_ report: (RunOutcome) -> Void) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = [
            "mutant-work", "--mutant", MutantLabel(number: mutant).text, "--recipes-of",
            MutantLabel(number: recipesOf).text, "--seeds", "\(first)..\(last)", "--milliseconds",
            "\(max(1, milliseconds))", "--assertions", assertionsAreOn ? "on" : "off",
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        var parser = WorkerOutput(first: first)
        while true {
            let data = pipe.fileHandleForReading.availableData
            if data.isEmpty { break }
            parser.take(data) { outcome, _ in report(outcome) }
        }
        process.waitUntilExit()
        _ = parser.finish(status: process.terminationStatus) { outcome, _ in
            var died = outcome
            died.virtualNanoseconds = Self.timeOfDeath(outcome.findings)
            report(died)
        }
    }

    /// "died on signal 4 in seed 7 profile swarm at 1234 simulated ms; …"
    private static func timeOfDeath(_ findings: [String]) -> UInt64 {
        for finding in findings {
            if let match = finding.firstMatch(of: /at (\d+) simulated ms/), let milliseconds = UInt64(match.1) {
                return milliseconds * 1_000_000
            }
        }
        return 0
    }
}
#endif
