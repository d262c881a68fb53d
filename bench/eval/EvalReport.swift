/// The result as tables for people and as JSON for programs.
///
/// Owns: their layout. Must never: round before it compares.
import Foundation
import JSON
import Operations

struct EvalReport: Sendable {
    var fingerprint: String
    var before: [ModeResult]
    /// Empty when nothing was used.
    var after: [ModeResult]
    var rounds: Int

    /// All modes side by side.
    static func summary(_ results: [ModeResult]) -> String {
        var table = TextTable(columns("mode"))
        for result in results { table.add(row(result.mode.ranking, result.total)) }
        return table.text
    }

    /// One mode by kind of question and by scope.
    static func details(_ result: ModeResult) -> String {
        var table = TextTable(columns(result.mode.ranking))
        for kind in QuestionKind.allCases {
            if let score = result.byKind[kind] { table.add(row(kind.rawValue, score)) }
        }
        table.add(row("(whole store)", result.wholeStore))
        table.add(row("(one namespace)", result.withinNamespace))
        table.add(row("all", result.total))
        return table.text
    }

    private static func columns(_ first: String) -> [(title: String, alignment: TextTable.Alignment)] {
        [(first, .left), ("questions", .right)] + Score.depths.map { ("R@\($0)", .right) }
            + [("MRR", .right), ("p50 ms", .right), ("p95 ms", .right)]
    }

    private static func row(_ name: String, _ score: Score) -> [String] {
        [name, "\(score.questions)"] + Score.depths.map { percent(score.recall(at: $0)) }
            + [
                String(format: "%.3f", score.meanReciprocalRank), String(format: "%.2f", score.latency(share: 0.5)),
                String(format: "%.2f", score.latency(share: 0.95)),
            ]
    }

    private static func percent(_ share: Double) -> String { String(format: "%.1f", share * 100) }

    /// What use changed: after minus before, recall in points of a hundred.
    var changes: String {
        var names: [(title: String, alignment: TextTable.Alignment)] = [("change by use", .left), ("kind", .left)]
        names += Score.depths.map { ("R@\($0)", .right) }
        names += [("MRR", .right), ("p50 ms", .right), ("p95 ms", .right)]
        var table = TextTable(names)
        for (old, new) in zip(before, after) {
            table.add(EvalReport.change(old.mode.ranking, "all", old.total, new.total))
            for kind in QuestionKind.allCases {
                guard let first = old.byKind[kind], let second = new.byKind[kind] else { continue }
                table.add(EvalReport.change("", kind.rawValue, first, second))
            }
        }
        return table.text
    }

    private static func change(_ mode: String, _ kind: String, _ old: Score, _ new: Score) -> [String] {
        let recalls = Score.depths.map { depth in
            String(format: "%+.1f", (new.recall(at: depth) - old.recall(at: depth)) * 100)
        }
        return [mode, kind] + recalls + [
            String(format: "%+.3f", new.meanReciprocalRank - old.meanReciprocalRank),
            String(format: "%+.2f", new.latency(share: 0.5) - old.latency(share: 0.5)),
            String(format: "%+.2f", new.latency(share: 0.95) - old.latency(share: 0.95)),
        ]
    }

    func json(set: JSONObject) -> JSONObject {
        var object = JSONObject()
        object["set"] = .object(set)
        object["fingerprint"] = .string(fingerprint)
        object["rounds_of_use"] = .integer(Int64(rounds))
        object["before_use"] = .object(EvalReport.byMode(before))
        if !after.isEmpty { object["after_use"] = .object(EvalReport.byMode(after)) }
        return object
    }

    private static func byMode(_ results: [ModeResult]) -> JSONObject {
        var object = JSONObject()
        for result in results { object[result.mode.ranking] = .object(result.json) }
        return object
    }
}
