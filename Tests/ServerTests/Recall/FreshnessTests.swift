/// What is stored, changed or deleted through one node is at once so for a recall through another; and the run that says
/// so notices when it is not. The same rounds as `mneme drill freshness`, which has real processes and the real model.
import Client
import JSON
import StateMachine
import Synchronization
import Testing

@testable import Operations
@testable import Server

@Suite("Freshness of recall", .serialized, .timeLimit(.minutes(2)))
struct FreshnessTests {
    @Test func `what is written through one node is found, or not found, through another at once`() async throws {
        let found = Mutex(FreshnessReport())
        try await FreshnessCluster.run { endpoints in
            let options = FreshnessRun.Options(rounds: 600, clients: 4, seed: 20_261_128)
            let report = try await FreshnessRun(endpoints: endpoints, options: options).run()
            found.withLock { $0 = report }
        }
        let report = found.withLock { $0 }
        #expect(report.passed, "\(report.summary)\n\(report.faults.joined(separator: "\n"))")
        #expect(report.embeds && report.rounds == 600)
        // Every kind of round was drawn, and half of what was asked was asked by meaning.
        #expect(report.stores > 200 && report.updates > 60 && report.deletes > 80 && report.others > 20)
        #expect(report.byMeaning > 200 && report.recalls > 600)
    }

    @Test(arguments: FaultyNodes.Fault.allCases) func `what a cluster does wrong is noticed, by its name`(
        fault: FaultyNodes.Fault
    ) async throws {
        let nodes = try FaultyNodes(fault)
        defer { nodes.stop() }
        let options = FreshnessRun.Options(rounds: 200, clients: 3, seed: 11)
        let seen = Mutex(0)
        let report = try await FreshnessRun(endpoints: nodes.endpoints, options: options).run { event in
            if case .fault = event { seen.withLock { $0 += 1 } }
        }
        #expect(report.rounds == 200 && !report.embeds && report.byMeaning == 0)
        #expect(report.passed == (fault == .none), "\(report.summary)\n\(report.faults.joined(separator: "\n"))")
        #expect((report.misses > 0) == [.findsNothing, .keepsOld, .losesRows].contains(fault), "\(report.summary)")
        #expect((report.ghosts > 0) == [.keepsDeleted, .keepsOld].contains(fault), "\(report.summary)")
        #expect((report.wrongs > 0) == (fault == .ignoresFilters), "\(report.summary)")
        #expect(report.isBlind == (fault == .hasNoLeader) && (report.unknown > 0) == report.isBlind)
        #expect(seen.withLock { $0 } == report.misses + report.ghosts + report.wrongs)
        for text in report.faults where fault != .losesRows {
            #expect(text.contains("/api/v1/recall?context=") && text.contains("answer: 200"), "\(text)")
        }
    }

    @Test func `the same seed asks the same`() async throws {
        func contexts(seed: UInt64) async throws -> [String] {
            let nodes = try FaultyNodes(.none)
            defer { nodes.stop() }
            let options = FreshnessRun.Options(rounds: 60, clients: 2, seed: seed)
            _ = try await FreshnessRun(endpoints: nodes.endpoints, options: options).run()
            return nodes.requests.map(\.target).filter { $0.contains("/recall?") }.sorted()
        }
        let first = try await contexts(seed: 3)
        #expect(try await contexts(seed: 3) == first)
        #expect(try await contexts(seed: 4) != first)
    }

    /// The vector goes into the log with the change, so it has to be of the text that the change leads to, whatever this
    /// node knows of the memory when it is asked.
    @Test(
        arguments: [#"{"content":"tomatoes ripen on the balcony"}"#, #"{"title":"Balcony garden"}"#], [false, true])
    func `a change of the title or the content alone is found by meaning, through a node that is behind too`(
        change: String, isBehind: Bool
    ) async throws {
        let embedding = EmbeddingService(HashedWords())
        let (ahead, before) = (
            try LocalService(vectorModel: embedding.model), try LocalService(vectorModel: embedding.model)
        )
        let other = MemoryAPI(service: ahead, embedding: embedding)
        let id = try #require(
            await other.send("POST", "/api/v1/memories", #"{"title":"Garden","content":"seeds for the spring"}"#)
                .json["id"]?.stringValue)
        let behind = NodeBehind(ahead: ahead, before: isBehind ? before : ahead)
        let changed = await MemoryAPI(service: behind, embedding: embedding).send(
            "PUT", "/api/v1/memories/\(id)", change)
        #expect(changed.status == 200, "\(changed.text)")
        let title = try #require(changed.json["title"]?.stringValue)
        let content = try #require(changed.json["content"]?.stringValue)

        var question = QueryString()
        question.add("context", EmbeddedText.of(title: title, content: content))
        question.add("ranking", "vector")
        let found = await other.send("GET", "/api/v1/recall" + question.text, "")
        let hits = found.json["memories"]?.arrayValue ?? []
        #expect(hits.compactMap { $0["id"]?.stringValue } == [id], "\(found.text)")
        #expect(hits.first?["score"]?.doubleValue == 1, "\(found.text)")
        try await embedding.stop()
    }
}

extension MemoryAPI {
    fileprivate func send(_ method: String, _ target: String, _ json: String) async -> APIResponse {
        let parts = target.split(separator: "?", maxSplits: 1)
        return await respond(
            to: Server.APIRequest(
                method: method, path: String(parts[0]), rawQuery: parts.count > 1 ? String(parts[1]) : nil,
                headers: APIHeaders(json.isEmpty ? [] : [("Content-Type", "application/json")]),
                body: Array(json.utf8), bodyExceedsLimit: false))
    }
}

@Suite("The judge of a recall") struct FreshnessJudgeTests {
    private let kept = FreshnessMemory(
        id: "kept", namespace: "a/b", tier: "mid", tags: ["red", "blue"],
        text: FreshnessText(title: "t", content: "new words k0x2", mark: "k0x2"))

    private func row(_ id: String, _ changes: [(String, JSONValue)] = []) throws -> MemoryRecord {
        var fields = JSONObject([
            ("id", .string(id)), ("title", "t"), ("content", "new words k0x2"), ("namespace", "a/b"), ("tier", "mid"),
            ("tags", ["blue", "red"]),
        ])
        for (key, value) in changes { fields[key] = value }
        return try #require(MemoryRecord(.object(fields)))
    }

    private func verdict(
        _ hits: [MemoryRecord], wanted: Bool = true, _ change: (inout FreshnessQuestion) -> Void = { _ in }
    ) -> [String] {
        var question = FreshnessQuestion(context: "words", ranking: .standard)
        change(&question)
        let judge = FreshnessJudge(
            question: question, wanted: wanted ? kept : nil, own: ["kept": kept], gone: ["gone"],
            isBuried: { $0 == "old words k9x1" })
        return judge.faults(in: hits).map { "\($0.kind.rawValue) \($0.id)" }
    }

    @Test func `a memory that is as it was made is no fault, one that is missing is a miss`() throws {
        #expect(verdict([try row("kept")]) == [])
        #expect(verdict([try row("another")]) == ["MISS kept"])
        #expect(verdict([], wanted: false) == [])
        #expect(verdict([try row("kept"), try row("kept")]) == ["WRONG "])
    }

    @Test func `what is gone, as it was before, or buried by anybody is a ghost`() throws {
        #expect(verdict([try row("kept"), try row("gone")]) == ["GHOST gone"])
        for change in [
            ("content", "old words k0x1"), ("title", "s"), ("namespace", "a"), ("tier", "long"), ("tags", ["red"]),
        ] as [(String, JSONValue)] {
            #expect(verdict([try row("kept", [change])]) == ["GHOST kept"], "\(change.0)")
        }
        #expect(verdict([try row("kept"), try row("x", [("content", "old words k9x1")])]) == ["GHOST x"])
    }

    @Test func `a row that the filter keeps out is a fault, whoever it belongs to`() throws {
        let (own, other) = (try row("kept"), try row("x", [("namespace", "a"), ("tags", ["red"]), ("tier", "long")]))
        #expect(verdict([own, other]) == [])
        #expect(verdict([own, other]) { $0.namespace = "a/b" } == [], "an ancestor is asked too")
        #expect(verdict([own, other]) { ($0.namespace, $0.reachesSubtree) = ("a", true) } == [])
        #expect(verdict([own, other]) { ($0.namespace, $0.reachesSubtree) = ("a/b", true) } == ["WRONG x"])
        #expect(verdict([own, other]) { $0.tag = "blue" } == ["WRONG x"])
        #expect(verdict([own, other]) { $0.tier = "mid" } == ["WRONG x"])
    }

    @Test func `a content is buried for questions that are sent after its burial, until it may come back`() {
        let ledger = FreshnessLedger(FreshnessReport(), observe: { _ in })
        let before = ledger.burials
        ledger.bury("a")
        #expect(!ledger.isBuried("a", before: before) && ledger.isBuried("a", before: ledger.burials))
        ledger.exhume("a")
        #expect(!ledger.isBuried("a", before: ledger.burials))
    }

    @Test func `the same seed makes the same texts, and no two share the word of their own`() {
        var (first, again, third) = (SeededGenerator(seed: 5), SeededGenerator(seed: 5), SeededGenerator(seed: 5))
        var (texts, same, others) = (FreshnessTexts(client: 1), FreshnessTexts(client: 1), FreshnessTexts(client: 2))
        var marks: Set<String> = []
        for _ in 0..<500 {
            let text = texts.next(&first)
            #expect(text == same.next(&again))
            #expect(text.words.contains(text.mark) && !text.title.contains(text.mark + " "))
            #expect(marks.insert(text.mark).inserted && marks.insert(others.next(&third).mark).inserted)
        }
    }

    @Test func `a run that hardly got an answer does not pass`() {
        var report = FreshnessReport()
        (report.roundsPlanned, report.rounds, report.recalls, report.unknown) = (100, 100, 100, 5)
        #expect(report.passed && report.summary.hasSuffix("PASSED"))
        report.unknown = 11
        #expect(!report.passed && report.summary.contains("BLIND"))
        report.unknown = 0
        report.rounds = 99
        #expect(!report.passed)
        report.rounds = 100
        report.ghosts = 1
        #expect(!report.passed && report.json["passed"]?.boolValue == false)
    }
}
