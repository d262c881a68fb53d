import NIOPosix
import Raft
import StateMachine

/// Joins log and store: the one place where a command of the store becomes a proposal of consensus.
///
/// Owns: the answers to `MemoryService`. Must never: answer a write before this node applied it, or retry a write whose
/// outcome is unknown (catalogue bug 70); only what was refused before any append is tried again.
final class MemoryCluster: MemoryService {
    private let node: RaftNode
    private let store: MemoryStore
    private let readers: NIOThreadPool
    private let touches: TouchQueue
    private let facts: NodeFacts

    /// A pause between two tries of something that was refused because no leader was known.
    private static let retryNanoseconds: UInt64 = 20_000_000
    /// How long a request waits for an election before it is answered 503.
    private static let leaderWaitNanoseconds: UInt64 = 3_000_000_000

    init(node: RaftNode, store: MemoryStore, readers: NIOThreadPool, facts: NodeFacts) {
        self.node = node
        self.store = store
        self.readers = readers
        self.facts = facts
        self.touches = TouchQueue(clock: facts.clock) { [node] command, done in
            node.propose(command, timeoutNanoseconds: 2_000_000_000) { _ in done() }
        }
    }

    func submit(
        _ envelope: CommandEnvelope, timeoutMilliseconds: Int
    ) async throws(ServiceError) -> Committed {
        try await submit(envelope, timeoutMilliseconds: timeoutMilliseconds, meanwhile: {})
    }

    func submit(
        _ envelope: CommandEnvelope, timeoutMilliseconds: Int, meanwhile: () -> Void
    ) async throws(ServiceError) -> Committed {
        // What every node will have to decode is decoded here first: an entry that does not decode stops them all.
        do throws(CodecError) { try CommandCodec.check(envelope) } catch {
            throw .storage("this command cannot be put into the log: \(error)")
        }
        let command = CommandCodec.encode(envelope)
        guard command.count <= facts.commandBytesMax else {
            throw .tooLarge(bytes: command.count, bytesMax: facts.commandBytesMax)
        }
        let deadline = deadline(timeoutMilliseconds)
        let giveUp = min(deadline, facts.clock.monotonicNanoseconds() + Self.leaderWaitNanoseconds)
        var isFirst = true
        while true {
            let now = facts.clock.monotonicNanoseconds()
            let remaining = deadline > now ? deadline - now : 0
            let result = await propose(command, timeoutNanoseconds: remaining) { if isFirst { meanwhile() } }
            isFirst = false
            switch result {
            case .applied(let index, let outcome):
                return Committed(outcome: try decode(outcome), index: index.rawValue)
            case .unknown:
                throw .outcomeUnknown(reason: "not seen committed within \(timeoutMilliseconds) ms")
            case .refused(.overloaded):
                throw .overloaded(reason: "too many writes are waiting for the log")
            case .refused(.tooLarge):
                throw .tooLarge(bytes: command.count, bytesMax: facts.commandBytesMax)
            case .refused(.stopping):
                throw .unavailable(reason: "this node is stopping")
            case .refused(.noLeader), .refused(.notLeader):
                // In a cancelled task no pause takes any time: trying on would only spin.
                guard facts.clock.monotonicNanoseconds() + Self.retryNanoseconds < giveUp, !Task.isCancelled else {
                    throw .unavailable(reason: withoutLeader())
                }
                await pause()
            }
        }
    }

    func enqueueTouch(ids: [String]) { touches.add(ids) }

    func readBarrier(
        _ consistency: Consistency, timeoutMilliseconds: Int
    ) async throws(ServiceError) -> ReadStamp {
        switch consistency {
        case .stale:
            return ReadStamp(
                appliedIndex: store.applied().index,
                ageMilliseconds: node.leaderContactAgeNanoseconds / 1_000_000)
        case .lease:
            throw .notBuilt("X-Consistency: lease is not built in this version; use linearizable or stale")
        case .linearizable:
            return try await linearizable(deadline(timeoutMilliseconds), timeoutMilliseconds)
        }
    }

    private func linearizable(
        _ deadline: UInt64, _ timeoutMilliseconds: Int
    ) async throws(ServiceError) -> ReadStamp {
        let giveUp = min(deadline, facts.clock.monotonicNanoseconds() + Self.leaderWaitNanoseconds)
        while true {
            let now = facts.clock.monotonicNanoseconds()
            let result = await barrier(timeoutNanoseconds: deadline > now ? deadline - now : 0)
            switch result {
            case .ready(let applied):
                return ReadStamp(appliedIndex: applied.rawValue, ageMilliseconds: 0)
            case .timedOut:
                throw .unavailable(reason: "no majority confirmed the read within \(timeoutMilliseconds) ms")
            case .refused(.overloaded):
                throw .overloaded(reason: "too many reads are waiting")
            case .refused(.stopping):
                throw .unavailable(reason: "this node is stopping")
            case .refused:
                // In a cancelled task no pause takes any time: trying on would only spin.
                guard facts.clock.monotonicNanoseconds() + Self.retryNanoseconds < giveUp, !Task.isCancelled else {
                    throw .unavailable(reason: withoutLeader())
                }
                await pause()
            }
        }
    }

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (StoreReader) throws(StoreError) -> Result
    ) async throws(ServiceError) -> Result {
        do {
            return try await readers.runIfActive { [store] in try store.read(body) }
        } catch {
            throw .storage("\(error)")
        }
    }

    func readIfIdle<Result: Sendable>(
        _ body: @Sendable (StoreReader) throws(StoreError) -> Result
    ) throws(ServiceError) -> Result? {
        do throws(StoreError) { return try store.readIfIdle(body) } catch { throw .storage("\(error)") }
    }

    // MARK: pieces

    private func propose(
        _ command: [UInt8], timeoutNanoseconds: UInt64, meanwhile: () -> Void
    ) async -> ProposalResult {
        await withCheckedContinuation { continuation in
            node.propose(command, timeoutNanoseconds: timeoutNanoseconds) { continuation.resume(returning: $0) }
            meanwhile()
        }
    }

    private func barrier(timeoutNanoseconds: UInt64) async -> ReadResult {
        await withCheckedContinuation { continuation in
            node.readBarrier(timeoutNanoseconds: timeoutNanoseconds) { continuation.resume(returning: $0) }
        }
    }

    private func decode(_ outcome: [UInt8]) throws(ServiceError) -> Outcome {
        do throws(CodecError) { return try OutcomeCodec.decode(outcome) } catch {
            throw .storage("the outcome of an applied command does not decode: \(error)")
        }
    }

    private func deadline(_ timeoutMilliseconds: Int) -> UInt64 {
        facts.clock.monotonicNanoseconds() + UInt64(max(timeoutMilliseconds, 0)) * 1_000_000
    }

    /// A cancelled sleep only shortens the pause; the loops above end by their own deadline.
    private func pause() async {
        do { try await Task.sleep(nanoseconds: Self.retryNanoseconds) } catch { return }
    }

    private func withoutLeader() -> String {
        let status = node.status
        let members = facts.peers.count
        if status.role == .leader { return "this node leads but has lost contact with a majority" }
        return "no leader is known in term \(status.term.rawValue): node \(facts.nodeID) of \(members) is "
            + "\(status.role.rawValue) and needs \(members / 2 + 1) nodes that reach each other"
    }

    // MARK: status

    func status() async -> NodeStatus {
        // In this order: what is applied was committed before, so the later look at the core cannot seem to be behind it.
        let applied = store.applied()
        let core = await withCheckedContinuation { continuation in
            node.currentStatus { continuation.resume(returning: $0) }
        }
        let tick = facts.tickMilliseconds
        let peers = facts.peers.map { peer in
            let progress = core.peers.first { $0.peer.rawValue == peer.id }
            return NodeStatus.Peer(
                id: peer.id, address: peer.address, matchIndex: progress?.match.rawValue,
                lagEntries: progress.map { core.lastIndex.rawValue - min(core.lastIndex.rawValue, $0.match.rawValue) },
                lastContactMilliseconds: progress.map { UInt64($0.silentTicks) * tick })
        }
        return NodeStatus(
            nodeID: facts.nodeID, clusterID: facts.clusterName, role: core.role.rawValue, term: core.term.rawValue,
            leaderID: core.leader?.rawValue, commitIndex: core.commit.rawValue, appliedIndex: applied.index,
            lastIndex: core.lastIndex.rawValue, firstIndex: core.base.index.rawValue + 1,
            digest: hex(applied.digest), logBytes: node.gauges.current.logBytes,
            uptimeMilliseconds: (facts.clock.monotonicNanoseconds() - facts.startedNanoseconds) / 1_000_000,
            peers: peers)
    }

    func metricsText() async -> String {
        ClusterMetrics.text(
            core: node.status, applied: store.applied(), gauges: node.gauges.current, nodeID: facts.nodeID)
    }

    private func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// What a node knows about itself besides consensus; fixed while it runs.
struct NodeFacts: Sendable {
    struct Peer: Sendable {
        var id: UInt64
        var address: String
    }
    var nodeID: UInt64
    var clusterName: String
    var peers: [Peer]
    var tickMilliseconds: UInt64
    var commandBytesMax: Int
    var startedNanoseconds: UInt64
    var clock: any Clock
}
