/// The verification behind demo and drills, against nodes that were made to lie.
///
/// Must never: let a broken promise pass.
import Client
import Operations
import Testing

@Suite("The verification fails when, and only when, a promise was broken", .timeLimit(.minutes(1)))
struct ClusterVerifierTests {
    private static let rows = (0..<5).map {
        ScriptedCluster.Row(id: "id-\($0)", title: "title \($0)", content: "content \($0) é", tag: "\"\($0 + 1)\"")
    }
    private static func acknowledged(_ endpoint: Endpoint) -> [AcknowledgedMemory] {
        rows.map {
            AcknowledgedMemory(
                id: $0.id, namespace: ScriptedCluster.namespace, title: $0.title, content: $0.content,
                idempotencyKey: "k", entityTag: $0.tag, endpoint: endpoint)
        }
    }

    /// Verifies a cluster after `sabotage`.
    private func verify(
        unacknowledged: Set<String> = [], settleMilliseconds: Int = 20_000,
        _ sabotage: (ScriptedCluster) -> Void
    ) async throws -> (report: VerificationReport, endpoints: [Endpoint]) {
        let cluster = try ScriptedCluster(rows: Self.rows)
        defer { cluster.stop() }
        sabotage(cluster)
        let report = await ClusterVerifier(cluster.endpoints, settleLimit: .milliseconds(settleMilliseconds)).verify(
            acknowledged: Self.acknowledged(cluster.endpoints[0]), unacknowledgedTitles: unacknowledged)
        return (report, cluster.endpoints)
    }

    @Test func `a sound cluster passes, with every row counted on every node`() async throws {
        let (report, _) = try await verify { _ in }
        #expect(report.violations == [])
        #expect(report.isSound)
        #expect(report.digestsAgree)
        #expect(report.nodes.map(\.rows) == [5, 5, 5])
        #expect(report.nodes.map(\.nodeID) == [1, 2, 3])
    }

    @Test("a memory removed from one node is a loss", arguments: 0..<3)
    func removed(place: Int) async throws {
        let (report, endpoints) = try await verify { $0.change(place) { $0.rows.remove(at: 2) } }
        #expect(!report.isSound)
        #expect(report.violations.contains(.missing(endpoint: endpoints[place], id: "id-2", title: "title 2")))
        #expect(report.lost > 0)
        #expect(report.list().contains("LOST: 'title 2'"))
    }

    @Test func `a memory that only the listing knows is a loss`() async throws {
        let (report, endpoints) = try await verify { $0.change(1) { $0.hiddenIDs = ["id-0"] } }
        #expect(report.violations == [.missing(endpoint: endpoints[1], id: "id-0", title: "title 0")])
    }

    @Test func `content that is equal as text but not as bytes is a change`() async throws {
        let (report, endpoints) = try await verify { $0.change(2) { $0.rows[1].content = "content 1 e\u{301}" } }
        #expect(
            report.violations == [
                .different(endpoint: endpoints[2], id: "id-1", title: "title 1", field: "content")
            ])
    }

    @Test func `a version that moved is a write applied twice`() async throws {
        let (report, _) = try await verify { $0.change(0) { $0.rows[3].tag = "\"77\"" } }
        #expect(report.doubled == 1)
        #expect(report.list().contains("APPLIED AGAIN: 'title 3' (id-3)"))
    }

    @Test func `a second row of a title is a double`() async throws {
        let (report, endpoints) = try await verify {
            $0.change(1) { $0.rows.append(.init(id: "other", title: "title 4", content: "x", tag: "\"9\"")) }
        }
        #expect(report.violations.contains(.doubled(endpoint: endpoints[1], title: "title 4", rows: 2)))
        #expect(report.doubled >= 1)
    }

    @Test func `a row nobody wrote is found, one of unknown outcome is accepted`() async throws {
        let extra = ScriptedCluster.Row(id: "x", title: "maybe", content: "x", tag: "\"9\"")
        let sabotage: (ScriptedCluster) -> Void = { cluster in
            for place in 0..<3 { cluster.change(place) { $0.rows.append(extra) } }
        }
        let (report, _) = try await verify(sabotage)
        #expect(report.violations.count == 3)
        #expect(report.list().contains("UNEXPECTED: 'maybe'"))
        let (tolerant, _) = try await verify(unacknowledged: ["maybe"], sabotage)
        #expect(tolerant.isSound)
    }

    @Test func `states that differ at one index are a divergence`() async throws {
        let (report, _) = try await verify { $0.change(2) { $0.digest = "deadbeef" } }
        #expect(report.violations.count == 1)
        #expect(!report.digestsAgree)
        #expect(report.list().contains("DIVERGED: at applied index 10"))
    }

    @Test func `a node that stays behind is not waited for for ever`() async throws {
        let (report, _) = try await verify(settleMilliseconds: 100) { $0.change(1) { $0.appliedIndex = 9 } }
        #expect(!report.isSound)
        #expect(report.list().contains("NOT SETTLED"))
    }

    @Test func `a node that does not answer fails the verification`() async throws {
        let (report, endpoints) = try await verify(settleMilliseconds: 100) { $0.nodes[2].stop() }
        #expect(!report.isSound)
        #expect(report.list().contains("UNREADABLE: \(endpoints[2])"))
    }

    @Test func `one id acknowledged for two titles is a violation`() async throws {
        let cluster = try ScriptedCluster(rows: Self.rows)
        defer { cluster.stop() }
        var acknowledged = Self.acknowledged(cluster.endpoints[0])
        acknowledged[1].id = "id-0"
        let report = await ClusterVerifier(cluster.endpoints).verify(acknowledged: acknowledged)
        #expect(report.violations.contains(.sharedID(id: "id-0", titles: ["title 0", "title 1"])))
    }
}
