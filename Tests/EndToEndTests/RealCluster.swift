import Client
import Foundation
import Operations
import Testing

/// Real `mneme` processes for tests: found beside the test program, stopped and removed whatever happens.
struct RealCluster {
    let cluster: LocalCluster
    let client: MemoryClient
    private let directory: TemporaryDirectory

    /// The `mneme` that was built together with this test program. Nodes have no embedding model, whatever this machine
    /// has, unless a test gives them one.
    static let executable: String = {
        setenv("MNEME_EMBEDDINGS", "off", 1)
        return URL(fileURLWithPath: SystemText.ownExecutable()).deletingLastPathComponent()
            .appendingPathComponent("mneme").path
    }()

    static func run(
        nodes: Int, joiners: Int = 0, serveArguments: [String] = [], _ body: (RealCluster) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory(prefix: "mneme-end-to-end")
        var layout = try ClusterLayout(
            nodes: nodes, joiners: joiners, directory: directory.path, clusterID: "end-to-end", basePort: nil)
        layout.serveArguments = serveArguments
        let real = RealCluster(
            cluster: LocalCluster(layout: layout, executable: executable),
            client: MemoryClient(endpoints: layout.endpoints), directory: directory)
        do {
            try real.cluster.startAll()
            try await real.untilServing(Array(layout.founders.indices))
            try await body(real)
        } catch {
            await real.end()
            throw error
        }
        await real.end()
    }

    private func end() async {
        _ = await cluster.stopAll()
        do { try directory.remove() } catch { Issue.record("cannot remove \(directory.path): \(error)") }
    }

    /// Waits until each of these nodes knows a leader, at most 30 s.
    func untilServing(_ places: [Int]) async throws {
        for place in places {
            try await until("node \(place + 1) knows a leader") {
                do {
                    return try await client.status(of: place).leaderID != nil
                } catch {
                    return false
                }
            }
        }
    }

    /// Asks every 50 ms, at most 30 s: other processes report by their API only.
    func until(_ what: String, _ holds: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try await !holds() {
            guard ContinuousClock.now < deadline else {
                Issue.record("not within 30 s: \(what)")
                throw CancellationError()
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    func leader() async throws -> Int {
        var found: Int?
        try await until("somebody leads") {
            for place in cluster.layout.members.indices {
                let report: NodeReport
                do { report = try await client.status(of: place) } catch { continue }
                if report.role == "leader" { found = place }
            }
            return found != nil
        }
        return try #require(found)
    }

    func store(_ title: String, through place: Int) async throws -> AcknowledgedMemory {
        let request = StoreRequest(
            title: title, content: "content of \(title)", namespace: "end-to-end",
            idempotencyKey: "key \(title)".replacingOccurrences(of: " ", with: "-"))
        guard case .stored(let receipt) = try await client.store(request, first: place) else {
            Issue.record("\(title) was queued for approval")
            throw CancellationError()
        }
        return AcknowledgedMemory(receipt: receipt, request: request)
    }
}
