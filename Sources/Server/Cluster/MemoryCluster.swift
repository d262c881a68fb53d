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
    private let freshness = Freshness()

    /// A pause between two tries of something that was refused because no leader was known.
    private static let retryNanoseconds: UInt64 = 20_000_000
    /// How long a request waits for an election before it is answered 503.
    private static let leaderWaitNanoseconds: UInt64 = 3_000_000_000
    /// How long a stale read with a bound waits for a majority; it asked for speed.
    private static let staleWaitNanoseconds: UInt64 = 1_000_000_000

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
        try requireMembership()
        // What every node will have to decode is decoded here first: an entry that does not decode stops them all.
        do throws(CodecError) { try CommandCodec.check(envelope) } catch {
            throw .invalid(reason: "\(error)")
        }
        let command = CommandCodec.encode(envelope)
        guard command.count <= facts.commandBytesMax else {
            throw .tooLarge(bytes: command.count, bytesMax: facts.commandBytesMax)
        }
        let deadline = deadline(timeoutMilliseconds)
        if envelope.command.featureLevel >= FeatureLevel.tables { try await waitForTables(until: deadline) }
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
            case .refused(.diskFull):
                throw .overloaded(
                    reason: "too many disks are nearly full, the leader's or others: no new writes until there is room")
            case .refused(.changeUnderWay), .refused(.invalidChange), .refused(.notCaughtUp),
                .refused(.quorumUnreachable), .refused(.leasesOff):
                throw .unavailable(reason: "the cluster refused the write with a reason that is not one of writes")
            case .refused(.noLeader), .refused(.notLeader), .refused(.transferring):
                // In a cancelled task no pause takes any time: trying on would only spin.
                guard facts.clock.monotonicNanoseconds() + Self.retryNanoseconds < giveUp, !Task.isCancelled else {
                    throw .unavailable(reason: withoutLeader())
                }
                await pause()
            }
        }
    }

    func hasTables() -> Bool { store.hasTables() }
    func recentDigests() -> [RecentDigests.Entry] { store.recentDigests() }

    /// A cluster reaches the level of its builds some heartbeats after it was founded or upgraded.
    private func waitForTables(until deadline: UInt64) async throws(ServiceError) {
        let giveUp = min(deadline, facts.clock.monotonicNanoseconds() + Self.leaderWaitNanoseconds)
        while !store.hasTables() {
            guard facts.clock.monotonicNanoseconds() + Self.retryNanoseconds < giveUp, !Task.isCancelled else {
                throw .unavailable(
                    reason:
                        "not all members of the cluster run a build of feature level \(FeatureLevel.tables) yet, or "
                        + "one has not been heard since; nothing was written")
            }
            await pause()
        }
    }

    func enqueueTouch(ids: [String]) { touches.add(ids) }

    func readBarrier(
        _ consistency: Consistency, timeoutMilliseconds: Int
    ) async throws(ServiceError) -> ReadStamp {
        try requireMembership()
        switch consistency {
        case .stale(let ageMilliseconds):
            return try await stale(ageMillisecondsMax: ageMilliseconds, timeoutMilliseconds)
        case .lease:
            return try await confirmed(isLease: true, timeoutMilliseconds)
        case .linearizable:
            return try await confirmed(isLease: false, timeoutMilliseconds)
        }
    }

    /// Without a bound: at once, whatever this node has; a look at a majority is begun for the next one when the last is
    /// long ago. With a bound: one look at a majority when the last is too long ago.
    private func stale(
        ageMillisecondsMax bound: UInt64?, _ timeoutMilliseconds: Int
    ) async throws(ServiceError) -> ReadStamp {
        let age = freshness.age(nowNanoseconds: facts.clock.monotonicNanoseconds())
        guard let bound else {
            if freshness.shouldRefresh(nowNanoseconds: facts.clock.monotonicNanoseconds()) { refresh() }
            return ReadStamp(appliedIndex: store.applied().index, ageMilliseconds: age)
        }
        if let age, age <= bound { return ReadStamp(appliedIndex: store.applied().index, ageMilliseconds: age) }
        let begun = facts.clock.monotonicNanoseconds()
        let timeout = UInt64(max(0, timeoutMilliseconds)) * 1_000_000
        let result = await barrier(isLease: false, timeoutNanoseconds: min(timeout, Self.staleWaitNanoseconds))
        let now = facts.clock.monotonicNanoseconds()
        if case .ready = result { freshness.confirmed(asOfNanoseconds: begun) }
        let found = freshness.age(nowNanoseconds: now)
        guard let found, found <= bound else { throw .tooStale(ageMilliseconds: found, ageMillisecondsMax: bound) }
        return ReadStamp(appliedIndex: store.applied().index, ageMilliseconds: found)
    }

    private func refresh() {
        let begun = facts.clock.monotonicNanoseconds()
        node.readBarrier(timeoutNanoseconds: Self.staleWaitNanoseconds) { [freshness] result in
            if case .ready = result {
                freshness.confirmed(asOfNanoseconds: begun)
            } else {
                freshness.refreshFailed()
            }
        }
    }

    private func confirmed(isLease: Bool, _ timeoutMilliseconds: Int) async throws(ServiceError) -> ReadStamp {
        let deadline = deadline(timeoutMilliseconds)
        let giveUp = min(deadline, facts.clock.monotonicNanoseconds() + Self.leaderWaitNanoseconds)
        while true {
            let now = facts.clock.monotonicNanoseconds()
            let result = await barrier(isLease: isLease, timeoutNanoseconds: deadline > now ? deadline - now : 0)
            switch result {
            case .ready(let applied):
                freshness.confirmed(asOfNanoseconds: now)
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

    /// The others do not listen to a node that was removed: a request would only wait here.
    private func requireMembership() throws(ServiceError) {
        guard !facts.ending.isRemoved else {
            throw .unavailable(reason: "this node was removed from the cluster and is stopping; ask another")
        }
    }

    private func propose(
        _ command: [UInt8], timeoutNanoseconds: UInt64, meanwhile: () -> Void
    ) async -> ProposalResult {
        await withCheckedContinuation { continuation in
            node.propose(command, timeoutNanoseconds: timeoutNanoseconds) { continuation.resume(returning: $0) }
            meanwhile()
        }
    }

    private func barrier(isLease: Bool, timeoutNanoseconds: UInt64) async -> ReadResult {
        await withCheckedContinuation { continuation in
            if isLease {
                node.leaseRead(timeoutNanoseconds: timeoutNanoseconds) { continuation.resume(returning: $0) }
            } else {
                node.readBarrier(timeoutNanoseconds: timeoutNanoseconds) { continuation.resume(returning: $0) }
            }
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
        if status.role == .leader { return "this node leads but has lost contact with a majority" }
        let configuration = status.configuration
        guard !configuration.isNone else {
            return "node \(facts.nodeID) has not heard from the leader of its cluster yet; it was started to join one"
        }
        let voters = configuration.voters.count
        return "no leader is known in term \(status.term.rawValue): node \(facts.nodeID) of \(voters) is "
            + "\(status.role.rawValue) and needs \(voters / 2 + 1) nodes that reach each other"
    }

    // MARK: status

    func status() async -> NodeStatus {
        // In this order: what is applied was committed before, so the later look at the core cannot seem to be behind it.
        let applied = store.applied()
        let core = await withCheckedContinuation { continuation in
            node.currentStatus { continuation.resume(returning: $0) }
        }
        let view = MembershipFacts(core, tickMilliseconds: facts.tickMilliseconds).view(
            clusterName: facts.clusterName, nodeID: facts.nodeID)
        let own = NodeID(facts.nodeID)
        let ownRole = view.member(facts.nodeID)?.role.rawValue
        var status = NodeStatus(
            nodeID: facts.nodeID, clusterID: facts.clusterName, role: core.role.rawValue, term: core.term.rawValue,
            leaderID: core.leader?.rawValue, commitIndex: core.commit.rawValue, appliedIndex: applied.index,
            lastIndex: core.lastIndex.rawValue, firstIndex: core.base.index.rawValue + 1,
            digest: hexadecimal(applied.digest), logBytes: node.gauges.current.logBytes,
            uptimeMilliseconds: (facts.clock.monotonicNanoseconds() - facts.startedNanoseconds) / 1_000_000,
            membership: ownRole ?? (core.configuration.wasRemoved(own) ? "removed" : "unknown"), members: view.members)
        if store.keepsVectors { status.vectors = store.vectorReport() }
        return status
    }

    func metricsText() async -> String {
        ClusterMetrics.text(
            core: node.status, applied: store.applied(), gauges: node.gauges.current,
            vectors: store.keepsVectors ? store.vectorReport() : nil, nodeID: facts.nodeID)
    }
}

/// What a node knows about itself besides consensus; fixed while it runs.
struct NodeFacts: Sendable {
    var nodeID: UInt64
    var clusterName: String
    var tickMilliseconds: UInt64
    var commandBytesMax: Int
    var startedNanoseconds: UInt64
    var clock: any Clock
    /// Tells when the cluster has no place for this node any more.
    var ending: EndSignal
}
