import Foundation
import Server
import StateMachine
import Synchronization

/// A cluster of one without consensus: commands are applied at once to a real store in a directory of its own.
///
/// Owns: the store and its log index. Must never: answer in the store's place.
public final class FuzzStore: MemoryService {
    public let store: MemoryStore
    private let directory: String
    private let index = Mutex<UInt64>(1)
    /// Why the store refused a command that the API let through; that must not happen.
    private let failure = Mutex<String?>(nil)

    public init() throws {
        directory =
            FileManager.default.temporaryDirectory.appendingPathComponent("mneme-fuzz-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        store = try MemoryStore.open(directory: directory + "/store", options: StoreOptions())
        _ = try store.apply([
            LogCommand(index: 1, term: 1, kind: .configuration(featureLevel: FeatureLevel.max), command: [1])
        ])
    }

    deinit {
        store.close()
        do {
            try FileManager.default.removeItem(atPath: directory)
        } catch {
            print("cannot remove \(directory): \(error)")
        }
    }

    func takeFailure() -> String? {
        failure.withLock { failure in
            defer { failure = nil }
            return failure
        }
    }

    public func submit(
        _ envelope: CommandEnvelope, timeoutMilliseconds: Int
    ) async throws(ServiceError) -> Committed {
        let result: Result<Committed, ServiceError> = index.withLock { index in
            do {
                try CommandCodec.check(envelope)
                let bytes = CommandCodec.encode(envelope)
                let outcomes = try store.apply([LogCommand(index: index + 1, term: 1, command: bytes)])
                index += 1
                return .success(Committed(outcome: try OutcomeCodec.decode(outcomes[0]), index: index))
            } catch {
                failure.withLock { $0 = "\(error)" }
                return .failure(.storage("\(error)"))
            }
        }
        return try result.get()
    }

    public func hasTables() -> Bool { store.hasTables() }
    public func recentDigests() -> [RecentDigests.Entry] { store.recentDigests() }
    public func enqueueTouch(ids: [String]) {}

    public func readBarrier(
        _ consistency: Consistency, timeoutMilliseconds: Int
    ) async throws(ServiceError) -> ReadStamp {
        ReadStamp(appliedIndex: index.withLock { $0 }, ageMilliseconds: 0)
    }

    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (StoreReader) throws(StoreError) -> Result
    ) async throws(ServiceError) -> Result {
        do throws(StoreError) { return try store.read(body) } catch { throw .storage("\(error)") }
    }

    public func status() async -> NodeStatus {
        NodeStatus(
            nodeID: 1, clusterID: "fuzz", role: "leader", term: 1, leaderID: 1, commitIndex: 1, appliedIndex: 1,
            lastIndex: 1, firstIndex: 1, digest: "", logBytes: 0, uptimeMilliseconds: 0, membership: "voter",
            members: [])
    }
    public func metricsText() async -> String { "" }
}
