/// An outcome as a line between a worker and whoever started it, and as a line for people.
import Foundation
import Simulator

enum RunLine {
    static func summary(_ outcome: RunOutcome, coreSeconds: Double) -> String {
        let virtual = Double(outcome.virtualNanoseconds) * 1e-9
        return "seed \(outcome.seed) \(outcome.profile.rawValue): \(outcome.runClass.word), "
            + "hash \(String(outcome.eventHash, radix: 16)), \(outcome.events) events, \(outcome.answered) answered, "
            + "\(outcome.leaders) leaders, \(Int(virtual)) simulated s in \(Int(coreSeconds * 1_000)) ms of a core = "
            + "\(Int(virtual / max(1e-6, coreSeconds))) x real time"
    }

    static func encode(_ outcome: RunOutcome, coreNanoseconds: UInt64) -> String {
        let numbers: [UInt64] = [
            outcome.seed, UInt64(outcome.runClass.rawValue), outcome.eventHash, UInt64(outcome.events),
            outcome.virtualNanoseconds, coreNanoseconds, UInt64(outcome.answered), UInt64(outcome.leaders),
            UInt64(outcome.undecided), UInt64(outcome.triggeredCrashes),
        ]
        func list(_ values: [Int]) -> String { values.map { "\($0)" }.joined(separator: ",") }
        return "end \(outcome.profile.rawValue) " + numbers.map { "\($0)" }.joined(separator: " ") + " "
            + list(outcome.counters.faults) + " " + list(outcome.counters.probes)
    }

    static func decode(_ line: String) -> (outcome: RunOutcome, coreNanoseconds: UInt64)? {
        let words = line.split(separator: " ")
        guard words.count == 14, words[0] == "end", let profile = Profile(rawValue: String(words[1])) else {
            return nil
        }
        let numbers = words[2..<12].compactMap { UInt64($0) }
        guard numbers.count == 10, let runClass = RunClass(rawValue: Int32(truncatingIfNeeded: numbers[1])) else {
            return nil
        }
        var outcome = RunOutcome(seed: numbers[0], profile: profile)
        outcome.runClass = runClass
        outcome.eventHash = numbers[2]
        outcome.events = Int(numbers[3])
        outcome.virtualNanoseconds = numbers[4]
        outcome.answered = Int(numbers[6])
        outcome.leaders = Int(numbers[7])
        outcome.undecided = Int(numbers[8])
        outcome.triggeredCrashes = Int(numbers[9])
        outcome.counters.faults = words[12].split(separator: ",").compactMap { Int($0) }
        outcome.counters.probes = words[13].split(separator: ",").compactMap { Int($0) }
        guard outcome.counters.faults.count == FaultKind.allCases.count,
            outcome.counters.probes.count == Probe.allCases.count
        else { return nil }
        return (outcome, numbers[5])
    }
}
