/// Asks the nodes how they are, until they are as hoped or time is up.
///
/// Owns: the polling. One status request per node every `pollInterval`; there is no event to wait for across processes.
/// Must never: wait without a deadline.
import Client

public struct ClusterWatcher: Sendable {
    /// 20 ms: well below an election, and nothing a node would feel.
    public static let pollInterval = Duration.milliseconds(20)

    public let client: MemoryClient

    public init(endpoints: [Endpoint]) {
        let limits = HTTPConnection.Limits(connectTimeoutMilliseconds: 1000)
        client = MemoryClient(
            endpoints: endpoints,
            options: ClientOptions(attemptTimeoutMilliseconds: 2000, callTimeoutMilliseconds: 2000, limits: limits))
    }

    /// One node's answer or why there is none.
    public enum Sight: Sendable {
        case reachable(NodeReport)
        case unreachable(String)

        public var report: NodeReport? {
            if case .reachable(let report) = self { return report }
            return nil
        }
    }

    /// Asks every node at the same time; results in the order of the endpoints.
    public func look() async -> [Sight] {
        await withTaskGroup(of: (Int, Sight).self) { group in
            for index in client.endpoints.indices {
                group.addTask { (index, await self.look(at: index)) }
            }
            var sights = [Sight](repeating: .unreachable("not asked"), count: client.endpoints.count)
            for await (index, sight) in group { sights[index] = sight }
            return sights
        }
    }

    public func look(at index: Int) async -> Sight {
        do throws(ClientError) {
            return .reachable(try await client.status(of: index))
        } catch {
            return .unreachable(ClusterWatcher.reason(error))
        }
    }

    /// The reason without the endpoint, which the caller shows anyway.
    private static func reason(_ error: ClientError) -> String {
        if case .allEndpointsFailed(let failures, _) = error, let first = failures.first { return first.reason }
        return error.description
    }

    /// Polls until `isReached` is true.
    /// - Parameter abort: a reason to stop waiting, such as a child that died.
    /// - Throws: `OperationsError` with `what`, the time, and what the nodes said last.
    public func wait(
        for what: String, within limit: Duration, abort: @Sendable () -> String? = { nil },
        until isReached: @Sendable ([Sight]) -> Bool
    ) async throws(OperationsError) -> [Sight] {
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while true {
            let sights = await look()
            if isReached(sights) { return sights }
            if let reason = abort() { throw OperationsError(reason) }
            guard clock.now < deadline else {
                throw OperationsError(
                    "\(what): not within \(limit.milliseconds) ms; last seen: \(summary(sights))")
            }
            try await pause()
        }
    }

    func pause() async throws(OperationsError) {
        do {
            try await Task.sleep(for: ClusterWatcher.pollInterval)
        } catch {
            throw OperationsError("interrupted")
        }
    }

    private func summary(_ sights: [Sight]) -> String {
        zip(client.endpoints, sights).map { endpoint, sight in
            switch sight {
            case .reachable(let report):
                "\(endpoint) \(report.role) term \(report.term) applied \(report.appliedIndex)/\(report.commitIndex)"
            case .unreachable(let reason): "\(endpoint) \(reason)"
            }
        }.joined(separator: "; ")
    }

    /// Index of the node that leads in the highest term among those that answer, and says so itself.
    public static func leader(_ sights: [Sight]) -> Int? {
        sights.indices
            .filter { sights[$0].report?.role == "leader" }
            .max { (sights[$0].report?.term ?? 0) < (sights[$1].report?.term ?? 0) }
    }

    /// Whether all nodes answer and one of them leads.
    public static func isWhole(_ sights: [Sight]) -> Bool {
        sights.allSatisfy { $0.report != nil } && leader(sights) != nil
    }
}
