/// The ledger, the source of texts, and everything that prints.
///
/// Must never: need a server.
import Client
import Foundation
import JSON
import Testing

@testable import Operations

@Suite("The ledger counts only what was acknowledged", .timeLimit(.minutes(1)))
struct WriteLedgerTests {
    private func memory(_ number: Int) -> AcknowledgedMemory {
        AcknowledgedMemory(
            id: "\(number)", namespace: "n", title: "t\(number)", content: "c", idempotencyKey: "k", entityTag: nil,
            endpoint: .standard)
    }

    @Test func `the gap after a kill is measured on a write that began after it`() {
        let ledger = WriteLedger()
        let before = ContinuousClock().now
        ledger.markKill()
        ledger.acknowledge(memory(1), begunAt: before)
        #expect(ledger.timeToNextAcknowledgement == nil)
        ledger.acknowledge(memory(2), begunAt: ContinuousClock().now)
        let gap = ledger.timeToNextAcknowledgement
        #expect(gap != nil)
        ledger.acknowledge(memory(3), begunAt: ContinuousClock().now)
        #expect(ledger.timeToNextAcknowledgement == gap)
        #expect(ledger.count == 3)
    }

    @Test func `whoever waits is let go at the count, or when the writers end before it`() async {
        let ledger = WriteLedger()
        async let two = ledger.reached(2)
        async let hundred = ledger.reached(100)
        ledger.acknowledge(memory(1), begunAt: ContinuousClock().now)
        ledger.acknowledge(memory(2), begunAt: ContinuousClock().now)
        #expect(await two)
        ledger.giveUp(title: "t3", reason: "no leader")
        ledger.markWritersEnded()
        #expect(await !hundred)
        #expect(await ledger.reached(2))
        #expect(ledger.unacknowledgedTitles == ["t3"])
        #expect(ledger.failures == ["'t3': no leader"])
    }
}

@Suite("The demo finds real text")
struct SourceTextsTests {
    @Test func `documentation stands in where there are no packages`() throws {
        let directory = try TemporaryDirectory(prefix: "mneme-test")
        defer { #expect(throws: Never.self) { try directory.remove() } }
        let long = String(repeating: "word ", count: 20)
        try Data("\(long)\r\n\r\nshort\r\n\r\n\(long)two\u{7}\n\n".utf8).write(
            to: URL(fileURLWithPath: directory.path + "/a.txt"))
        try Data([0xff, 0xfe, 0x00] + Array(long.utf8)).write(to: URL(fileURLWithPath: directory.path + "/b.bin"))
        let texts = SourceTexts.documentation(10, roots: [directory.path, "/no/such/place"])
        #expect(texts.map(\.title) == ["\(directory.path)/a.txt §1", "\(directory.path)/a.txt §2"])
        #expect(texts.last?.content == long + "two")
        #expect(SourceTexts.documentation(1, roots: [directory.path]).count == 1)
    }

    @Test func `every text is one a node accepts`() throws {
        let found = try SourceTexts.find(100)
        #expect(!found.questions.isEmpty)
        #expect(Set(found.texts.map(\.title)).count == found.texts.count)
        for text in found.texts {
            #expect(!text.content.isEmpty && text.content.utf8.count <= 65_536)
            #expect(!text.title.isEmpty && text.title.unicodeScalars.count <= 512)
            #expect(!text.content.unicodeScalars.contains("\r"))
        }
    }
}

@Suite("Memories print in the shapes that scripts read")
struct MemoryTextTests {
    private let now: Int64 = 1_800_000_000
    private func record(_ json: String) throws -> MemoryRecord {
        try #require(MemoryRecord(try JSONValue.parse(json)))
    }
    private var plain: MemoryText { MemoryText(now: now, usesColor: false) }

    @Test(
        "ages in every unit",
        arguments: [
            ("2027-01-15T08:00:00+00:00", "just now"), ("2027-01-15T07:59:01Z", "just now"),
            ("2027-01-15T07:59:00.123456789+00:00", "1m ago"), ("2027-01-15T10:00:00+05:00", "3h ago"),
            ("2027-01-14T08:00:00+00:00", "1d ago"), ("2026-12-16T08:00:00+00:00", "1mo ago"),
            ("2024-02-29T00:00:00+00:00", "35mo ago"), ("2030-01-01T00:00:00+00:00", "just now"), ("soon", "soon"),
        ])
    func age(timestamp: String, expected: String) throws {
        let record = try record(
            #"{"id":"0123456789","tier":"mid","namespace":"n","title":"T","content":"c","priority":5,"#
                + #""updated_at":"\#(timestamp)"}"#)
        #expect(plain.line(record) == "[mid/01234567] T (p=5, ns=n, \(expected))")
    }

    @Test func `a recall hit has its bar, score and confidence`() throws {
        let record = try record(
            #"{"id":"éééééé","tier":"long","namespace":"n","title":"T","content":"c","priority":8,"confidence":0.5,"#
                + #""access_count":3,"score":7.5,"updated_at":"2027-01-15T08:00:00+00:00"}"#)
        #expect(
            plain.recallLines(record)
                == "[long/éééé] T ████████░░ score=7.50 (ns=n, 3x, just now conf=50%)\n  c")
        #expect(MemoryText(now: now, usesColor: true).recallLines(record).hasPrefix("[\u{1b}[92mlong\u{1b}[0m/"))
    }

    @Test func `get prints the fields in their traditional order`() throws {
        let record = try record(
            #"{"content":"c","id":"i","metadata":{"a":[1,{}]},"tags":[],"tier":"mid","title":"T","zeta":1}"#)
        #expect(
            FieldOrderJSON.text(record) == """
                {
                  "id": "i",
                  "tier": "mid",
                  "title": "T",
                  "content": "c",
                  "tags": [],
                  "metadata": {
                    "a": [
                      1,
                      {}
                    ]
                  },
                  "zeta": 1
                }
                """)
    }

    @Test func `agent ids are checked before they are sent`() throws {
        #expect(try CallerIdentity.agentID(flag: "ai:claude@host/1") == "ai:claude@host/1")
        #expect(throws: OperationsError.self) { try CallerIdentity.agentID(flag: "a b") }
        #expect(throws: OperationsError.self) {
            try CallerIdentity.agentID(flag: String(repeating: "a", count: 129))
        }
    }
}

@Suite("Status and drill tables")
struct TableTests {
    @Test func `a node that does not answer keeps its line, with the reason`() async throws {
        let cluster = try ScriptedCluster(rows: [])
        defer { cluster.stop() }
        cluster.change(1) { $0.appliedIndex = 7 }
        let endpoints = cluster.endpoints + [try ScriptedNode.deadEndpoint()]
        let sights = await ClusterWatcher(endpoints: endpoints).look()
        let view = ClusterStatusView(endpoints: endpoints, sights: sights)
        let lines = view.table.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.count == 5)
        #expect(
            lines[1].dropFirst() == [
                "1", "-", "leader", "3", "1", "10", "10", "00ff00ff", "0", "4096", "B", "reachable",
            ])
        #expect(lines[2][9] == "3")
        #expect(lines[4].suffix(2) == ["connection", "refused"])
        #expect(view.hasLeader)
        #expect(view.json["nodes"]?.arrayValue?.count == 4)
        #expect(view.json["nodes"]?.arrayValue?.last?["reachable"] == false)
    }

    @Test func `percentiles are measured values`() {
        #expect(Percentile.of([], 50) == 0)
        #expect(Percentile.of([3, 1, 2], 50) == 2)
        #expect(Percentile.of(Array(1...100), 99) == 99)
        #expect(Percentile.of([5], 99) == 5)
    }

    @Test func `a drill with one violation anywhere has failed`() {
        var repetition = DrillReport.Repetition(
            number: 1, killedNode: 2, acknowledgedBeforeKill: 200, acknowledgedAfterKill: 260,
            nextAcknowledgementMilliseconds: 700, catchUpMilliseconds: 300, replays: 60, lost: 0, doubled: 0,
            digestsAgree: true, violations: [])
        var report = DrillReport(repetitions: [repetition], finalViolations: [], acknowledged: 460)
        #expect(report.passed)
        #expect(report.summary.hasSuffix("PASSED"))
        report.finalViolations = ["LOST: x"]
        #expect(!report.passed)
        repetition.digestsAgree = false
        report = DrillReport(repetitions: [repetition], finalViolations: [], acknowledged: 460)
        #expect(report.summary.hasSuffix("FAILED"))
        #expect(report.json["passed"] == false)
    }
}
