/// Makes a failing run small: fault kinds, knobs, nodes, clients, requests, time, and at last single faults.
import ArgumentParser
import Foundation
import Simulator

struct ShrinkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shrink", abstract: "Find a smaller plan that fails in the same way.")

    @Option(help: "The failing seed.")
    var seed: UInt64
    @OptionGroup var flags: PlanFlags
    @Option(help: "Runs to spend at most.")
    var attempts = 300

    func run() throws {
        let profile = flags.profile ?? Profile.mixed(seed: seed)
        var shrinker = Shrinker(seed: seed, profile: profile, changes: try flags.changes(), attemptsLeft: attempts)
        guard try shrinker.begin() else {
            print("seed \(seed) \(profile.rawValue) does not fail")
            return
        }
        try shrinker.shrink()
        print(CrashReport.replay(seed: seed, profile: profile, shrinker.changes.arguments))
    }
}

struct Shrinker {
    let seed: UInt64
    let profile: Profile
    private(set) var changes: PlanChanges
    private(set) var attemptsLeft: Int
    private var wanted: (runClass: RunClass, words: Substring) = (.clean, "")

    init(seed: UInt64, profile: Profile, changes: PlanChanges, attemptsLeft: Int) {
        self.seed = seed
        self.profile = profile
        self.changes = changes
        self.attemptsLeft = attemptsLeft
    }

    private var plan: Plan {
        var plan = Plan.drawn(seed: seed, profile: profile)
        changes.apply(to: &plan)
        return plan
    }

    private func outcome(_ changes: PlanChanges) throws -> RunOutcome? {
        var found: RunOutcome?
        try Worker(
            seeds: SeedRange(first: seed, last: seed), arguments: ["--profile", profile.rawValue] + changes.arguments
        ).perform { outcome, _ in found = outcome }
        return found
    }

    /// What kind of failure it is: its class and the invariant it names, so that another bug does not take its place.
    private func signature(_ outcome: RunOutcome) -> (RunClass, Substring) {
        (outcome.runClass, (outcome.findings.first ?? "").prefix(12))
    }

    mutating func begin() throws -> Bool {
        guard let outcome = try outcome(changes), outcome.runClass > .unrecoverable else { return false }
        let (runClass, words) = signature(outcome)
        wanted = (runClass, words)
        print("\(runClass.word): \(outcome.findings.first ?? ""), \(plan.faults.count) faults planned")
        return true
    }

    /// Keeps `next` when the run still fails in the same way.
    private mutating func attempt(_ next: PlanChanges, _ words: String) throws -> Bool {
        guard attemptsLeft > 0, next != changes else { return false }
        attemptsLeft -= 1
        guard let outcome = try outcome(next) else { return false }
        let (runClass, found) = signature(outcome)
        guard runClass == wanted.runClass, found == wanted.words else { return false }
        changes = next
        print("  still fails \(words): \(plan.faults.count) faults, \(outcome.triggeredCrashes) triggered crashes")
        return true
    }

    private mutating func attempt(_ words: String, _ change: (inout PlanChanges) -> Void) throws -> Bool {
        var next = changes
        change(&next)
        return try attempt(next, words)
    }

    mutating func shrink() throws {
        _ = try attempt("without triggers") { $0.withoutTriggers = true }
        _ = try attempt("without older builds") { $0.withoutOlderBuilds = true }
        _ = try attempt("without knobs") { $0.withoutKnobs = true }
        _ = try attempt("without network trouble") { $0.withoutNetworkTrouble = true }
        let kinds = Set(plan.faults.map(\.kind))
        for kind in FaultKind.allCases where kinds.contains(kind) {
            _ = try attempt("without \(kind.rawValue)") { $0.withoutFaults.append(kind) }
        }
        for count in [1, 2, 3, 4, 5] where count < plan.nodeCount {
            if try attempt("with \(count) nodes", { $0.nodes = count }) { break }
        }
        for count in [1, 2, 4] where count < plan.workload.clients {
            if try attempt("with \(count) clients", { $0.clients = count }) { break }
        }
        var requests = plan.workload.requests
        while requests > 1, try attempt("with \(requests / 2) requests", { $0.requests = requests / 2 }) {
            requests /= 2
        }
        try shrinkTime()
        try dropFaults()
    }

    private mutating func shrinkTime() throws {
        var good = plan.faultsEndNanoseconds / 1_000_000
        var bad: UInt64 = 0
        while good > bad + max(100, good / 20), attemptsLeft > 0 {
            let middle = (good + bad) / 2
            if try attempt("with faults up to \(middle) ms", { $0.faultsEndMilliseconds = middle }) {
                good = middle
            } else {
                bad = middle
            }
        }
    }

    /// Delta debugging: halves, then quarters, down to single faults.
    private mutating func dropFaults() throws {
        func left() -> [Int] {
            plan.faults.filter { $0.atNanoseconds < plan.faultsEndNanoseconds }.map(\.number)
        }
        var size = max(1, left().count / 2)
        while attemptsLeft > 0 {
            var place = 0
            while place < left().count, attemptsLeft > 0 {
                let group = Array(left()[place..<min(left().count, place + size)])
                if try !attempt("without faults \(group.prefix(6))", { $0.droppedFaults += group }) { place += size }
            }
            if size == 1 { break }
            size = max(1, size / 2)
        }
        var number = 1
        while number <= 40, attemptsLeft > 0, !changes.withoutTriggers {
            _ = try attempt("without triggered crash \(number)") { $0.droppedTriggers.append(number) }
            number += 1
        }
    }
}
