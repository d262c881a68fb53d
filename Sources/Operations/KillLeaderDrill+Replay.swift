/// The second half of "exactly once": the same key again gives the same answer, also from another node, after a leader
/// change and a restart.
///
/// Owns: choosing writes and sending them again. Must never: change a byte of the request.
import Client

extension KillLeaderDrill {
    private static let replaysAroundKill = 30
    private static let replaysElsewhere = 30

    struct Replays: Sendable {
        var count = 0
        var violations: [VerificationReport.Violation] = []
    }

    /// Sends writes again, most of them from around the kill, each through a node that did not acknowledge it.
    /// - Parameter place: how many were acknowledged when the leader died.
    func replay(
        _ acknowledged: [AcknowledgedMemory], around place: Int, _ cluster: LocalCluster
    ) async -> Replays {
        var replays = Replays()
        let client = MemoryClient(endpoints: cluster.endpoints, options: WriteLoad.clientOptions)
        for memory in KillLeaderDrill.sample(acknowledged, around: place) {
            let origin = cluster.endpoints.firstIndex(of: memory.endpoint) ?? 0
            let request = StoreRequest(
                title: memory.title, content: memory.content, namespace: memory.namespace, source: "chaos",
                idempotencyKey: memory.idempotencyKey)
            let first = KillLeaderDrill.outcome(id: memory.id, tag: memory.entityTag)
            var second = ""
            do throws(ClientError) {
                switch try await client.store(request, first: (origin + 1) % cluster.endpoints.count) {
                case .stored(let receipt):
                    second = KillLeaderDrill.outcome(id: receipt.id, tag: receipt.entityTag)
                case .queued(let action): second = "queued as \(action.pendingID)"
                }
            } catch {
                second = error.description
            }
            replays.count += 1
            if second != first {
                replays.violations.append(.notIdempotent(title: memory.title, first: first, second: second))
            }
        }
        return replays
    }

    private static func outcome(id: String, tag: String?) -> String { "\(id) version \(tag ?? "unknown")" }

    private static func sample(_ all: [AcknowledgedMemory], around place: Int) -> [AcknowledgedMemory] {
        let near = max(0, place - replaysAroundKill / 2)..<min(all.count, place + replaysAroundKill / 2)
        let step = max(1, all.count / replaysElsewhere)
        let others = stride(from: 0, to: all.count, by: step).filter { !near.contains($0) }
        return (Array(near) + others).map { all[$0] }
    }
}
