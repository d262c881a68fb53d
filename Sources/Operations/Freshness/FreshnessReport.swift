/// What the rounds of a freshness drill saw: counts, latencies, and every miss and ghost.
///
/// Owns: the table, the JSON and the verdict. Must never: pass with a fault, or when hardly anything was seen.
import Client
import JSON

public struct FreshnessReport: Hashable, Sendable {
    /// Of the rounds, so many may end without the cluster having said how, before the run has shown too little.
    private static let unknownShareMax = 0.1

    public var seed: UInt64 = 0
    /// Whether the nodes have an embedding model, so that half of what is asked is asked by meaning.
    public var embeds = false
    public var roundsPlanned = 0
    public var rounds = 0
    public var stores = 0
    public var updates = 0
    /// With those that were forgotten or archived.
    public var deletes = 0
    /// Promotions, moves to another namespace, and returns from the archive.
    public var others = 0
    public var recalls = 0
    /// Of the recalls, with `ranking=vector`.
    public var byMeaning = 0
    public var misses = 0
    public var ghosts = 0
    /// Answers against the contract that are neither.
    public var wrongs = 0
    /// Requests whose outcome the cluster did not tell.
    public var unknown = 0
    public var storeMicroseconds: [Int64] = []
    public var recallMicroseconds: [Int64] = []
    public var seconds = 0.0
    /// In words, the first hundred.
    public var faults: [String] = []
    /// The first reasons why an outcome is unknown.
    public var unknownReasons: [String] = []

    public init() {}

    public var isBlind: Bool {
        rounds < roundsPlanned || recalls == 0 || Double(unknown) > Self.unknownShareMax * Double(rounds)
    }
    public var passed: Bool { misses == 0 && ghosts == 0 && wrongs == 0 && !isBlind }

    public var summary: String {
        var lines = [
            "\(rounds) rounds (seed \(seed)): \(stores) stores, \(updates) updates, \(deletes) deletes, "
                + "\(others) promotions, moves and restores",
            "\(recalls) recalls through other nodes, \(byMeaning) of them by meaning: \(misses) misses, "
                + "\(ghosts) ghosts, \(wrongs) other faults; \(unknown) outcomes unknown",
            "store p50 \(Self.milliseconds(storeMicroseconds, 50)) ms, p99 \(Self.milliseconds(storeMicroseconds, 99)) "
                + "ms; recall p50 \(Self.milliseconds(recallMicroseconds, 50)) ms, "
                + "p99 \(Self.milliseconds(recallMicroseconds, 99)) ms",
            "\(Console.fixed(seconds, decimals: 1)) s",
        ]
        lines += unknownReasons.map { "unknown: \($0)" }
        if isBlind { lines.append("BLIND: too few rounds ended with an answer to say anything") }
        lines.append(passed ? "PASSED" : "FAILED")
        return lines.joined(separator: "\n")
    }

    public var json: JSONValue {
        func number(_ value: Int) -> JSONValue { .integer(Int64(value)) }
        func latency(_ values: [Int64]) -> JSONValue {
            ["p50": .integer(Percentile.of(values, 50)), "p99": .integer(Percentile.of(values, 99))]
        }
        return [
            "by_meaning": number(byMeaning), "deletes": number(deletes), "embeds": .bool(embeds),
            "faults": .array(faults.map(JSONValue.string)), "ghosts": number(ghosts), "misses": number(misses),
            "others": number(others), "passed": .bool(passed), "recall_us": latency(recallMicroseconds),
            "recalls": number(recalls), "rounds": number(rounds), "seconds": .double(seconds),
            "seed": .string("\(seed)"), "store_us": latency(storeMicroseconds), "stores": number(stores),
            "unknown": number(unknown), "updates": number(updates), "wrongs": number(wrongs),
        ]
    }

    private static func milliseconds(_ microseconds: [Int64], _ rank: Double) -> String {
        Console.fixed(Double(Percentile.of(microseconds, rank)) / 1_000, decimals: 1)
    }
}
