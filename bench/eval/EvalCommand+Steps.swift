/// The steps of an evaluation, one after the other.
///
/// Owns: what is printed when. Must never: measure a mode after another one has changed the store.
import Client
import Foundation
import JSON
import Operations

extension EvalCommand {
    struct MadeSet: Sendable {
        var set: LabelledSet
        var fingerprint: String
        var summary: JSONObject
    }

    /// Makes the set and says what is in it.
    func makeSet() throws -> MadeSet {
        guard let split = WordSplit(rawValue: split), let endDay = EvalCommand.day(until) else {
            throw EvalError("the arguments were not validated")
        }
        let sizes = SetGenerator.Sizes(memoriesMin: memories, questionsPerKind: questionsPerKind)
        let product = SetGenerator(seed: seed, split: split, sizes: sizes, endDay: endDay).product()
        let set = product.set
        let fingerprint = set.fingerprint
        let namespaces = Set(set.memories.map(\.namespace)).count
        print(
            "set: seed \(seed), words \(split.rawValue), \(set.memories.count) memories in \(namespaces) namespaces, "
                + "\(set.questions.count) questions, fingerprint \(fingerprint)")
        var table = TextTable([
            ("kind", .left), ("questions", .right), ("sound", .right), ("whole store", .right), ("evidence", .right),
        ])
        var counts = JSONObject()
        for kind in QuestionKind.allCases {
            let questions = set.questions(of: kind)
            counts[kind.rawValue] = .integer(Int64(questions.count))
            let evidence = Double(questions.map(\.evidence.count).reduce(0, +)) / Double(max(1, questions.count))
            table.add([
                kind.rawValue, "\(questions.count)", "\(product.candidates[kind] ?? 0)",
                "\(questions.filter { $0.namespace == nil }.count)", String(format: "%.2f", evidence),
            ])
        }
        print(table.text)
        for (reason, count) in product.dropped.sorted(by: { $0.key < $1.key }) {
            print("left out: \(count) x \(reason)")
        }
        if let write { try Data(set.bytes).write(to: URL(fileURLWithPath: write)) }
        var summary = JSONObject()
        summary["seed"] = .string("\(seed)")
        summary["split"] = .string(split.rawValue)
        summary["until"] = .string(until)
        summary["memories"] = .integer(Int64(set.memories.count))
        summary["questions"] = .object(counts)
        return MadeSet(set: set, fingerprint: fingerprint, summary: summary)
    }

    /// On the node that was named, or on one of our own, which ends whatever happens.
    func evaluate(_ made: MadeSet) async throws {
        if let serve {
            let node = try await ServedNode.start(executable: serve)
            do {
                try await evaluate(made, at: node.endpoint)
            } catch {
                try await node.stop()
                throw error
            }
            try await node.stop()
        } else if let endpoint {
            try await evaluate(made, at: Endpoint(parsing: endpoint))
        }
    }

    private func evaluate(_ made: MadeSet, at endpoint: Endpoint) async throws {
        let node = RecallNode(endpoint: endpoint, isPlain: plain, explains: explain)
        try await node.requireEmptyStore()
        try await node.load(made.set.memories)
        try await node.waitForVectors()
        let measurement = Measurement(node: node, questions: made.set.questions)
        if let question = made.set.questions.first, let mode = modeList.first,
            try await !node.leavesNoTrace(question, mode: mode)
        {
            print("\nnote: this node counts measuring as use; compare modes in runs of their own (--modes NAME)")
        }
        print("\nbefore use")
        let before = try await measureAll(measurement)
        var report = EvalReport(fingerprint: made.fingerprint, before: before, after: [], rounds: rounds)
        if rounds > 0 {
            let mode = RecallMode(ranking: useMode)
            for _ in 0..<rounds { try await measurement.use(mode) }
            print("\nafter \(rounds) rounds of use (\(useMode))")
            report.after = try await measureAll(measurement)
            print("\n" + report.changes)
        }
        if let json {
            let document = JSONValue.object(report.json(set: made.summary)).encoded()
            try Data(document).write(to: URL(fileURLWithPath: json))
        }
    }

    private func measureAll(_ measurement: Measurement) async throws -> [ModeResult] {
        var results: [ModeResult] = []
        for mode in modeList {
            results.append(try await measurement.measure(mode))
        }
        print(EvalReport.summary(results))
        if details || results.count == 1 {
            for result in results { print("\n" + EvalReport.details(result)) }
        }
        return results
    }
}
