/// Three whole nodes in this process, on loopback, that embed by a rule instead of a model.
///
/// Owns: their directories, and that every node has ended before a test does. Must never: need a file that a fresh checkout
/// does not have.
import Client
import Foundation
import Logging
import Operations
import StateMachine
import Synchronization
import Testing

@testable import Server

/// A bag of words: each adds to, or takes from, one of a few numbers. The same text has the same vector everywhere, and
/// texts that share words are near each other.
struct HashedWords: TextEmbedding {
    static let dimension = 32
    let model = VectorModel(tag: "hashed-words-32", dimension: HashedWords.dimension)

    func embed(_ text: String) -> [Float] {
        var vector = [Float](repeating: 0, count: Self.dimension)
        for word in text.split(separator: " ") {
            let hash = Self.hash(word)
            vector[Int(hash % UInt64(Self.dimension))] += hash & (1 << 40) == 0 ? 1 : -1
        }
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 0 else { return [1] + [Float](repeating: 0, count: Self.dimension - 1) }
        return vector.map { $0 / length }
    }

    /// FNV-1a, with its bits mixed once more: neighbouring numbers at the end of a word are to land far apart.
    private static func hash(_ word: Substring) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in word.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ (hash >> 32)) &* 0xbf58_476d_1ce4_e5b9
        return hash ^ (hash >> 29)
    }
}

enum FreshnessCluster {
    private static let nodes = 3
    private static let startLimit = Duration.seconds(30)

    /// Runs `body` while the nodes serve; they end, whatever becomes of it.
    static func run(_ body: @escaping @Sendable ([Client.Endpoint]) async throws -> Void) async throws {
        let directory = try TemporaryDirectory(prefix: "mneme-freshness-test")
        defer {
            do { try directory.remove() } catch { Issue.record("cannot remove \(directory.path): \(error)") }
        }
        let layout = try ClusterLayout(nodes: nodes, directory: directory.path, clusterID: "freshness", basePort: nil)
        let servers = try layout.members.map { try server($0, layout) }
        let stops = servers.map { _ in AsyncStream.makeStream(of: Void.self) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (server, stop) in zip(servers, stops) {
                group.addTask {
                    let end = try await server.run(until: stop.stream)
                    guard case .stopped = end else { throw OperationsError("a node ended by itself: \(end)") }
                }
            }
            group.addTask {
                // Ends the nodes, also when the body fails: whoever waits for the group waits for them.
                defer { for stop in stops { stop.continuation.finish() } }
                _ = try await ClusterWatcher(endpoints: layout.endpoints).wait(
                    for: "all nodes up with a leader", within: startLimit, until: ClusterWatcher.isWhole)
                try await body(layout.endpoints)
            }
            while let result = await group.nextResult() {
                guard case .failure(let error) = result else { continue }
                for stop in stops { stop.continuation.finish() }
                throw error
            }
        }
    }

    private static func server(_ member: ClusterLayout.Member, _ layout: ClusterLayout) throws -> NodeServer {
        let flags = ServeFlags(
            dataDirectory: member.dataDirectory, host: "127.0.0.1", port: member.httpPort, nodeID: member.id,
            clusterName: layout.clusterID, peers: layout.members.map { "\($0.id)=127.0.0.1:\($0.raftPort)" },
            raftPort: member.raftPort)
        var logger = Logger(label: "freshness")
        logger.logLevel = .error
        return NodeServer(configuration: try ServeConfiguration(flags: flags, founding: nil), logger: logger) { _ in
            HashedWords()
        }
    }
}

/// A node that has not heard of the newest entries yet, until it is asked for more than what it has.
///
/// Its reads see the store as it was before; a barrier or a write of its own brings it up to date, as with a real node.
final class NodeBehind: MemoryService {
    private let ahead: LocalService
    private let before: LocalService
    private let hasCaughtUp = Atomic<Bool>(false)

    /// - Parameters:
    ///   - ahead: what the cluster has.
    ///   - before: what this node has.
    init(ahead: LocalService, before: LocalService) {
        self.ahead = ahead
        self.before = before
    }

    func submit(
        _ envelope: CommandEnvelope, timeoutMilliseconds: Int
    ) async throws(ServiceError) -> Committed {
        let committed = try await ahead.submit(envelope, timeoutMilliseconds: timeoutMilliseconds)
        hasCaughtUp.store(true, ordering: .releasing)
        return committed
    }

    func readBarrier(
        _ consistency: Server.Consistency, timeoutMilliseconds: Int
    ) async throws(ServiceError) -> ReadStamp {
        let stamp = try await ahead.readBarrier(consistency, timeoutMilliseconds: timeoutMilliseconds)
        if !consistency.isStale { hasCaughtUp.store(true, ordering: .releasing) }
        return stamp
    }

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (StoreReader) throws(StoreError) -> Result
    ) async throws(ServiceError) -> Result {
        try await (hasCaughtUp.load(ordering: .acquiring) ? ahead : before).read(body)
    }

    func hasTables() -> Bool { ahead.hasTables() }
    func recentDigests() -> [RecentDigests.Entry] { ahead.recentDigests() }
    func enqueueTouch(ids: [String]) {}
    func status() async -> NodeStatus { await ahead.status() }
    func metricsText() async -> String { await ahead.metricsText() }
}
