/// Checks every node against what was acknowledged, through its public API only.
///
/// Owns: the check behind the demo and the drills: nothing lost, nothing changed, nothing applied twice, all states equal.
/// Must never: write, or trust one node about another; each is asked itself, with stale reads.
import Client
import JSON

public struct ClusterVerifier: Sendable {
    /// Rows of one page of a listing; what the contract allows at most.
    private static let pageRows = 1000

    private let watcher: ClusterWatcher
    private let settleLimit: Duration

    /// - Parameters:
    ///   - endpoints: every node of the cluster.
    ///   - settleLimit: how long the nodes may take to reach the same applied index.
    public init(_ endpoints: [Endpoint], settleLimit: Duration = .seconds(60)) {
        watcher = ClusterWatcher(endpoints: endpoints)
        self.settleLimit = settleLimit
    }

    private var client: MemoryClient { watcher.client }

    /// - Parameters:
    ///   - acknowledged: every write that was acknowledged; each title was written by one request.
    ///   - unacknowledgedTitles: writes whose outcome nobody knows; they may be there or not, once.
    public func verify(
        acknowledged: [AcknowledgedMemory], unacknowledgedTitles: Set<String> = []
    ) async -> VerificationReport {
        var report = VerificationReport(acknowledged: acknowledged.count)
        report.violations += ClusterVerifier.sharedIDs(acknowledged)
        do throws(OperationsError) {
            report.nodes = try await settle()
        } catch {
            report.violations.append(.notSettled(reason: error.description))
        }
        let checks = await withTaskGroup(of: (Int, NodeCheck).self) { group in
            for index in client.endpoints.indices {
                group.addTask {
                    (index, await self.check(index, acknowledged: acknowledged, maybe: unacknowledgedTitles))
                }
            }
            var checks: [(Int, NodeCheck)] = []
            for await check in group { checks.append(check) }
            return checks.sorted { $0.0 < $1.0 }
        }
        for (index, check) in checks {
            report.violations += check.violations
            if report.nodes.indices.contains(index) { report.nodes[index].rows = check.rows }
        }
        if let first = report.nodes.first, report.nodes.contains(where: { $0.digest != first.digest }) {
            let digests = report.nodes.map { "node \($0.nodeID) \($0.digest)" }
            report.violations.append(.digests(appliedIndex: first.appliedIndex, digests: digests))
        }
        return report
    }

    /// Waits until all nodes have applied the same index, which is everything that is committed.
    /// - Returns: a finding per node, without rows yet; digests may differ, which is for the caller to judge.
    public func settle() async throws(OperationsError) -> [VerificationReport.NodeFinding] {
        let sights = try await watcher.wait(for: "all nodes at one applied index", within: settleLimit) { sights in
            let reports = sights.compactMap(\.report)
            guard reports.count == sights.count, ClusterWatcher.leader(sights) != nil, let first = reports.first
            else { return false }
            // A digest belongs to its index: they are compared only when nothing is left to apply anywhere.
            return reports.allSatisfy {
                $0.appliedIndex == first.appliedIndex && $0.commitIndex == first.appliedIndex
                    && $0.lastIndex == first.appliedIndex
            }
        }
        return zip(client.endpoints, sights).compactMap { endpoint, sight in
            guard let report = sight.report else { return nil }
            return VerificationReport.NodeFinding(
                endpoint: endpoint, nodeID: report.nodeID, appliedIndex: report.appliedIndex, digest: report.digest,
                rows: 0)
        }
    }

    private struct NodeCheck: Sendable {
        var rows = 0
        var violations: [VerificationReport.Violation] = []
    }

    private func check(
        _ index: Int, acknowledged: [AcknowledgedMemory], maybe: Set<String>
    ) async -> NodeCheck {
        var check = NodeCheck()
        let endpoint = client.endpoints[index]
        do throws(ClientError) {
            for memory in acknowledged {
                let found = try await read(memory.id, index)
                check.violations += ClusterVerifier.compare(memory, found, endpoint: endpoint)
            }
            let titlesByNamespace = Dictionary(grouping: acknowledged, by: \.namespace)
            for (namespace, memories) in titlesByNamespace.sorted(by: { $0.key < $1.key }) {
                let rows = try await rows(of: namespace, index)
                check.rows += rows.count
                check.violations += ClusterVerifier.compare(
                    rows: rows, acknowledged: memories, maybe: maybe, endpoint: endpoint)
            }
        } catch {
            check.violations.append(.unreadable(endpoint: endpoint, reason: error.description))
        }
        return check
    }

    private func read(_ id: String, _ index: Int) async throws(ClientError) -> MemoryWithLinks? {
        let request = APIRequest(
            method: "GET", target: "/api/v1/memories/" + QueryString.percentEncoded(id),
            headers: [APIRequest.Header("X-Consistency", Consistency.stale.rawValue)])
        return try client.memory(from: try await client.sendOnce(request, to: index))
    }

    private func rows(of namespace: String, _ index: Int) async throws(ClientError) -> [MemoryRecord] {
        var rows: [MemoryRecord] = []
        while true {
            var query = QueryString()
            query.add("namespace", namespace)
            query.add("limit", ClusterVerifier.pageRows)
            query.add("offset", rows.count)
            let request = APIRequest(
                method: "GET", target: "/api/v1/memories" + query.text,
                headers: [APIRequest.Header("X-Consistency", Consistency.stale.rawValue)])
            let answer = try await client.sendOnce(request, to: index)
            let page = try client.page(from: answer, member: "memories")
            rows += page.memories
            if page.memories.count < ClusterVerifier.pageRows { return rows }
        }
    }
}
