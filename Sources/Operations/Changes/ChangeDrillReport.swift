/// What a drill that changes a cluster under load saw, step by step.
///
/// Owns: its table and its JSON. Must never: pass with a violation.
import JSON

public struct ChangeDrillReport: Hashable, Sendable {
    public struct Step: Hashable, Sendable {
        public var name: String
        /// From the request, or the signal, to the state that was wanted.
        public var milliseconds: Int64
        public var leaderID: UInt64
        public var voters: [UInt64]
        /// Acknowledged and answered during the step, and the longest of each.
        public var writes: Int
        public var reads: Int
        public var longestWriteMilliseconds: Int64
        public var longestReadMilliseconds: Int64
    }
    public var steps: [Step] = []
    public var acknowledged = 0
    public var reads = 0
    public var violations: [String] = []

    public init() {}

    public var passed: Bool { violations.isEmpty }

    private static let columns = [
        ("STEP", -34), ("TOOK", 9), ("LEADER", 7), ("VOTERS", -18), ("WRITES", 7), ("READS", 7), ("LONGEST WRITE", 14),
        ("LONGEST READ", 13),
    ]
    /// Fixed widths: lines appear one by one, as the steps end.
    public static var header: String { line(columns.map(\.0)) }

    public static func line(_ step: Step) -> String {
        line([
            step.name, "\(step.milliseconds) ms", "\(step.leaderID)",
            step.voters.map { "\($0)" }.joined(separator: " "),
            "\(step.writes)", "\(step.reads)", "\(step.longestWriteMilliseconds) ms",
            "\(step.longestReadMilliseconds) ms",
        ])
    }

    private static func line(_ cells: [String]) -> String {
        zip(cells, columns).map { cell, column in
            column.1 < 0 ? cell.rightPadded(to: -column.1) : cell.leftPadded(to: column.1)
        }.joined(separator: " ")
    }

    public var summary: String {
        var lines = ["\(acknowledged) acknowledged writes, \(reads) linearizable reads, \(violations.count) violations"]
        lines += violations.prefix(20)
        lines.append(passed ? "PASSED" : "FAILED")
        return lines.joined(separator: "\n")
    }

    public var json: JSONValue {
        [
            "acknowledged": .integer(Int64(acknowledged)), "passed": .bool(passed), "reads": .integer(Int64(reads)),
            "steps": .array(steps.map(ChangeDrillReport.json)),
            "violations": .array(violations.map(JSONValue.string)),
        ]
    }

    private static func json(_ step: Step) -> JSONValue {
        [
            "leader_id": .integer(Int64(clamping: step.leaderID)),
            "longest_read_ms": .integer(step.longestReadMilliseconds),
            "longest_write_ms": .integer(step.longestWriteMilliseconds), "ms": .integer(step.milliseconds),
            "name": .string(step.name), "reads": .integer(Int64(step.reads)),
            "voters": .array(step.voters.map { .integer(Int64(clamping: $0)) }), "writes": .integer(Int64(step.writes)),
        ]
    }
}
