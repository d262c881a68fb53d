/// A service without a cluster: commands are applied at once to a real store in a temporary directory, so that contract
/// tests see real answers.
///
/// Owns: the store, the log index, and the faults a test asks for. Must never: answer instead of the store.
import Foundation
import JSON
import Server
import StateMachine
import Synchronization
import Testing

final class LocalService: MemoryService {
    private struct State {
        var index: UInt64 = 0
        var submitFailure: ServiceError?
        var barrierFailure: ServiceError?
        var readFailure: ServiceError?
        var barriers: [Consistency] = []
        var touched: [[String]] = []
        var submitted: [CommandEnvelope] = []
    }
    let store: MemoryStore
    private let directory: String
    private let state = Mutex(State())

    /// - Parameters:
    ///   - featureLevel: of the cluster that this stands for.
    ///   - vectorModel: whose vectors recall knows; nil: none.
    init(featureLevel: UInt16 = FeatureLevel.max, vectorModel: VectorModel? = nil) throws {
        directory = NSTemporaryDirectory() + "mneme-api-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var options = StoreOptions()
        options.vectorModel = vectorModel
        store = try MemoryStore.open(directory: directory + "/store", options: options)
        guard featureLevel > 0 else { return }
        // As the first configuration of a cluster of this build does it.
        _ = try store.apply([
            LogCommand(index: 1, term: 1, kind: .configuration(featureLevel: featureLevel), command: [1])
        ])
        state.withLock { $0.index = 1 }
    }

    func hasTables() -> Bool { store.hasTables() }
    func recentDigests() -> [RecentDigests.Entry] { store.recentDigests() }

    deinit {
        store.close()
        do {
            try FileManager.default.removeItem(atPath: directory)
        } catch {
            Issue.record("cannot remove \(directory): \(error)")
        }
    }

    func submit(
        _ envelope: CommandEnvelope, timeoutMilliseconds: Int
    ) async throws(ServiceError) -> Committed {
        let result: Result<Committed, ServiceError> = state.withLock { state in
            if let failure = state.submitFailure { return .failure(failure) }
            state.submitted.append(envelope)
            state.index += 1
            do {
                try CommandCodec.check(envelope)
                let entry = LogCommand(index: state.index, term: 1, command: CommandCodec.encode(envelope))
                let outcomes = try store.apply([entry])
                return .success(Committed(outcome: try OutcomeCodec.decode(outcomes[0]), index: state.index))
            } catch {
                return .failure(.storage("\(error)"))
            }
        }
        return try result.get()
    }

    func enqueueTouch(ids: [String]) { state.withLock { $0.touched.append(ids) } }

    func readBarrier(
        _ consistency: Consistency, timeoutMilliseconds: Int
    ) async throws(ServiceError) -> ReadStamp {
        let result: Result<ReadStamp, ServiceError> = state.withLock { state in
            state.barriers.append(consistency)
            var bound: UInt64??
            if case .stale(let ageMax) = consistency { bound = .some(ageMax) }
            if case .some(.some(let ageMax)) = bound, ageMax < 7 {
                return .failure(.tooStale(ageMilliseconds: 7, ageMillisecondsMax: ageMax))
            }
            if let failure = state.barrierFailure, bound == nil { return .failure(failure) }
            return .success(ReadStamp(appliedIndex: state.index, ageMilliseconds: bound == nil ? 0 : 7))
        }
        return try result.get()
    }

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (StoreReader) throws(StoreError) -> Result
    ) async throws(ServiceError) -> Result {
        if let failure = state.withLock({ $0.readFailure }) { throw failure }
        do throws(StoreError) {
            return try store.read(body)
        } catch {
            throw .storage(error.description)
        }
    }

    func status() async -> NodeStatus {
        var member = MembershipView.Member(
            id: 2, address: "127.0.0.1:1", role: .learner, priority: 100, incarnation: 0)
        member.matchIndex = 3
        return NodeStatus(
            nodeID: 1, clusterID: "test", role: "leader", term: 1, leaderID: 1, commitIndex: index, appliedIndex: index,
            lastIndex: index, firstIndex: 1, digest: "00ff", logBytes: 0, uptimeMilliseconds: 5,
            membership: "voter", members: [member])
    }

    func metricsText() async -> String { "# TYPE mneme_raft_term gauge\nmneme_raft_term 1\n" }

    // MARK: what tests look at and set

    var index: UInt64 { state.withLock { $0.index } }
    var barriers: [Consistency] { state.withLock { $0.barriers } }
    var touched: [[String]] { state.withLock { $0.touched } }
    var submitted: [CommandEnvelope] { state.withLock { $0.submitted } }
    func failSubmits(_ failure: ServiceError?) { state.withLock { $0.submitFailure = failure } }
    func failBarriers(_ failure: ServiceError?) { state.withLock { $0.barrierFailure = failure } }
    func failReads(_ failure: ServiceError?) { state.withLock { $0.readFailure = failure } }
}

/// A clock that tests set.
final class TestClock: Sendable {
    private let now: Mutex<Int64>
    /// 2026-01-02T03:04:05.123456789Z.
    static let start: Int64 = 1_767_323_045_123_456_789
    static let startText = "2026-01-02T03:04:05.123456789+00:00"

    init() { now = Mutex(TestClock.start) }
    var nanoseconds: Int64 { now.withLock { $0 } }
    func advance(seconds: Int64) { now.withLock { $0 += seconds * 1_000_000_000 } }
}

/// An API over a fresh store.
struct Contract {
    let service: LocalService
    let clock = TestClock()
    let api: MemoryAPI

    init(cluster: (any ClusterService)? = nil, featureLevel: UInt16 = FeatureLevel.max) throws {
        let service = try LocalService(featureLevel: featureLevel)
        let clock = clock
        let random = SeededRandom()
        self.service = service
        api = MemoryAPI(
            service: service, cluster: cluster,
            options: APIOptions(clockNanoseconds: { clock.nanoseconds }, random: { random.next() }))
    }

    func send(
        _ method: String, _ target: String, headers: [(String, String)] = [], bytes: [UInt8] = [],
        bodyExceedsLimit: Bool = false
    ) async -> APIResponse {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return await api.respond(
            to: APIRequest(
                method: method, path: String(parts[0]), rawQuery: parts.count > 1 ? String(parts[1]) : nil,
                headers: APIHeaders(headers), body: bytes, bodyExceedsLimit: bodyExceedsLimit))
    }

    func send(
        _ method: String, _ target: String, headers: [(String, String)] = [], json: String
    ) async -> APIResponse {
        await send(
            method, target, headers: [("Content-Type", "application/json")] + headers, bytes: Array(json.utf8))
    }

    /// Creates a memory and gives its id.
    func create(_ json: String, headers: [(String, String)] = []) async throws -> String {
        let response = await send("POST", "/api/v1/memories", headers: headers, json: json)
        try #require(response.status == 201, "\(response.text)")
        return try #require(response.json["id"]?.stringValue)
    }
}

final class SeededRandom: Sendable {
    private let state = Mutex(UInt64(42))
    /// Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (2014).
    func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }
}

extension APIResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONValue {
        do {
            return try JSONValue.parse(body)
        } catch {
            Issue.record("not JSON: \(text)")
            return .null
        }
    }
    var errorText: String? { json["error"]?.stringValue }
}

extension String {
    /// What stands before and behind the first occurrence.
    func splitOnce(_ separator: String) -> (before: String, after: String)? {
        guard let range = range(of: separator) else { return nil }
        return (String(self[..<range.lowerBound]), String(self[range.upperBound...]))
    }
}
