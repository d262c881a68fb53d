/// How well a mode found the evidence, and how fast.
///
/// Owns: the metrics and their averages. Must never: average over different sets of questions.
import JSON

/// Averages over some questions.
struct Score: Sendable {
    var questions = 0
    /// Sums; divided only when read.
    private var recallSums: [Int: Double] = [:]
    private var reciprocalRankSum = 0.0
    private var nanoseconds: [Int64] = []

    static let depths = [5, 10, 20]

    mutating func add(_ question: EvalQuestion, _ reply: RecallNode.Reply) {
        questions += 1
        let evidence = Set(question.evidence)
        for depth in Score.depths {
            let found = evidence.intersection(reply.ids.prefix(depth)).count
            recallSums[depth, default: 0] += Double(found) / Double(evidence.count)
        }
        if let first = reply.ids.firstIndex(where: { evidence.contains($0) }) {
            reciprocalRankSum += 1 / Double(first + 1)
        }
        nanoseconds.append(reply.nanoseconds)
    }

    /// The share of a question's evidence among the first memories, on average.
    func recall(at depth: Int) -> Double { questions == 0 ? 0 : (recallSums[depth] ?? 0) / Double(questions) }

    /// Of the first evidence; 0 when none is among the first 20.
    var meanReciprocalRank: Double { questions == 0 ? 0 : reciprocalRankSum / Double(questions) }

    /// In milliseconds; the value that this share of the questions does not exceed.
    func latency(share: Double) -> Double {
        let sorted = nanoseconds.sorted()
        guard !sorted.isEmpty else { return 0 }
        let index = min(sorted.count - 1, Int((Double(sorted.count) * share).rounded(.up)) - 1)
        return Double(sorted[max(0, index)]) / 1_000_000
    }

    var json: JSONObject {
        var object = JSONObject()
        object["questions"] = .integer(Int64(questions))
        for depth in Score.depths { object["recall_at_\(depth)"] = .double(recall(at: depth)) }
        object["mrr"] = .double(meanReciprocalRank)
        object["latency_p50_ms"] = .double(latency(share: 0.5))
        object["latency_p95_ms"] = .double(latency(share: 0.95))
        return object
    }
}

/// One mode asked every question once.
struct ModeResult: Sendable {
    var mode: RecallMode
    var total = Score()
    var byKind: [QuestionKind: Score] = [:]
    /// Questions to the whole store, and those within a namespace.
    var wholeStore = Score()
    var withinNamespace = Score()

    mutating func add(_ question: EvalQuestion, _ reply: RecallNode.Reply) {
        total.add(question, reply)
        byKind[question.kind, default: Score()].add(question, reply)
        if question.namespace == nil {
            wholeStore.add(question, reply)
        } else {
            withinNamespace.add(question, reply)
        }
    }

    var json: JSONObject {
        var kinds = JSONObject()
        for (kind, score) in byKind { kinds[kind.rawValue] = .object(score.json) }
        var object = JSONObject()
        object["total"] = .object(total.json)
        object["by_kind"] = .object(kinds)
        object["whole_store"] = .object(wholeStore.json)
        object["within_namespace"] = .object(withinNamespace.json)
        return object
    }
}

/// Asks every question in every mode.
struct Measurement: Sendable {
    let node: RecallNode
    let questions: [EvalQuestion]
    private static let warmUp = 20

    func measure(_ mode: RecallMode) async throws -> ModeResult {
        for question in questions.prefix(Measurement.warmUp) {
            _ = try await node.ask(question, mode: mode, touches: false)
        }
        var result = ModeResult(mode: mode)
        for question in questions {
            try Task.checkCancellation()
            result.add(question, try await node.ask(question, mode: mode, touches: false))
        }
        return result
    }

    /// All questions once, leaving traces as an agent's recalls do.
    func use(_ mode: RecallMode) async throws {
        for question in questions {
            try Task.checkCancellation()
            _ = try await node.ask(question, mode: mode, touches: true)
        }
    }
}
