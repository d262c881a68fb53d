/// What the repetitions of a drill showed: a line each, and the percentiles.
///
/// Owns: the table, the JSON and the verdict.
import Client
import JSON

public struct DrillReport: Hashable, Sendable {
    public struct Repetition: Hashable, Sendable {
        public var number: Int
        public var killedNode: UInt64
        public var acknowledgedBeforeKill: Int
        public var acknowledgedAfterKill: Int
        public var nextAcknowledgementMilliseconds: Int64
        public var catchUpMilliseconds: Int64
        /// Writes that were sent again with their key.
        public var replays: Int
        public var lost: Int
        public var doubled: Int
        public var digestsAgree: Bool
        public var violations: [String]
        public var passed: Bool { violations.isEmpty && digestsAgree }
    }

    public var repetitions: [Repetition]
    /// Of the last check, over everything that was ever acknowledged.
    public var finalViolations: [String]
    public var acknowledged: Int

    public init(repetitions: [Repetition] = [], finalViolations: [String] = [], acknowledged: Int = 0) {
        self.repetitions = repetitions
        self.finalViolations = finalViolations
        self.acknowledged = acknowledged
    }

    public var passed: Bool { finalViolations.isEmpty && repetitions.allSatisfy(\.passed) }

    private static let columns = [
        ("REP", 4), ("KILLED", 7), ("BEFORE", 7), ("AFTER", 7), ("NEXT ACK", 10), ("CATCH-UP", 10), ("REPLAYS", 8),
        ("LOST", 5), ("DOUBLED", 8), ("DIGESTS", 8), ("RESULT", 7),
    ]
    /// Fixed widths: lines appear one by one, as the repetitions end.
    public static var header: String { columns.map { $0.0.leftPadded(to: $0.1) }.joined(separator: " ") }

    public static func line(_ repetition: Repetition) -> String {
        let cells = [
            "\(repetition.number)", "node \(repetition.killedNode)", "\(repetition.acknowledgedBeforeKill)",
            "\(repetition.acknowledgedAfterKill)", "\(repetition.nextAcknowledgementMilliseconds) ms",
            "\(repetition.catchUpMilliseconds) ms", "\(repetition.replays)", "\(repetition.lost)",
            "\(repetition.doubled)", repetition.digestsAgree ? "equal" : "DIFFER",
            repetition.passed ? "ok" : "FAILED",
        ]
        return zip(cells, columns).map { $0.leftPadded(to: $1.1) }.joined(separator: " ")
    }

    public var summary: String {
        let gaps = repetitions.map(\.nextAcknowledgementMilliseconds)
        let catchUps = repetitions.map(\.catchUpMilliseconds)
        var lines = [
            "\(repetitions.count) kills, \(acknowledged) acknowledged writes, "
                + "\(repetitions.map(\.lost).reduce(0, +)) lost, \(repetitions.map(\.doubled).reduce(0, +)) doubled",
            "leader killed to next acknowledged write: p50 \(Percentile.of(gaps, 50)) ms, "
                + "p99 \(Percentile.of(gaps, 99)) ms, max \(gaps.max() ?? 0) ms",
            "restart to caught up: p50 \(Percentile.of(catchUps, 50)) ms, p99 \(Percentile.of(catchUps, 99)) ms",
        ]
        if !finalViolations.isEmpty {
            lines.append("last check over everything: \(finalViolations.count) violations")
            lines += finalViolations.prefix(20)
        }
        lines.append(passed ? "PASSED" : "FAILED")
        return lines.joined(separator: "\n")
    }

    public var json: JSONValue {
        let gaps = repetitions.map(\.nextAcknowledgementMilliseconds)
        return [
            "acknowledged": .integer(Int64(acknowledged)), "passed": .bool(passed),
            "final_violations": .array(finalViolations.map(JSONValue.string)),
            "next_ack_ms": [
                "p50": .integer(Percentile.of(gaps, 50)), "p99": .integer(Percentile.of(gaps, 99)),
                "max": .integer(gaps.max() ?? 0),
            ],
            "repetitions": .array(repetitions.map(DrillReport.json)),
        ]
    }

    private static func json(_ repetition: Repetition) -> JSONValue {
        [
            "number": .integer(Int64(repetition.number)),
            "killed_node": .integer(Int64(clamping: repetition.killedNode)),
            "acknowledged_before_kill": .integer(Int64(repetition.acknowledgedBeforeKill)),
            "acknowledged_after_kill": .integer(Int64(repetition.acknowledgedAfterKill)),
            "next_ack_ms": .integer(repetition.nextAcknowledgementMilliseconds),
            "catch_up_ms": .integer(repetition.catchUpMilliseconds), "replays": .integer(Int64(repetition.replays)),
            "lost": .integer(Int64(repetition.lost)), "doubled": .integer(Int64(repetition.doubled)),
            "digests_agree": .bool(repetition.digestsAgree),
            "violations": .array(repetition.violations.map(JSONValue.string)),
        ]
    }
}

/// Nearest-rank percentiles: always a value that was measured.
public enum Percentile {
    /// - Parameter rank: 0…100.
    /// - Returns: 0 for no values.
    public static func of(_ values: [Int64], _ rank: Double) -> Int64 {
        guard !values.isEmpty else { return 0 }
        let sorted = values.sorted()
        let place = Int((rank / 100 * Double(sorted.count)).rounded(.up))
        return sorted[min(sorted.count, max(1, place)) - 1]
    }
}
