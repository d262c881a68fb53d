/// One core without a cluster: a test plays its disk, its peers and its clock, and reads what it answers.

import Testing

@testable import RaftCore

struct CoreDriver {
    var core: RaftCore
    /// Everything sent since the last look.
    var sent: [Message] = []
    var persists: [PersistRequest] = []
    var applied: [Entry] = []
    var ready: [(reads: [ReadID], index: LogIndex)] = []
    var readsRefused: [(reads: [ReadID], reason: RefusalReason)] = []
    var proposalsRefused: [(proposals: [ProposalID], reason: RefusalReason)] = []
    var loads: [(peer: NodeID, from: LogIndex, bytesMax: Int)] = []
    var snapshots: [NodeID] = []
    /// What `configurationChanged` told.
    var configurations: [Configuration] = []
    /// How often `removedFromCluster` was told.
    var removals = 0
    /// Writes are reported durable at once.
    var diskIsFast = true

    static let one = NodeID(1)
    static let two = NodeID(2)
    static let three = NodeID(3)

    /// Node 1 of `voters`, with a log of entries of these terms.
    init(
        voters: [UInt64] = [1, 2, 3], terms: [UInt64] = [], term: UInt64? = nil, vote: UInt64? = nil,
        commit: UInt64 = 0, applied: UInt64 = 0, options: CoreOptions = CoreOptions(), seed: UInt64 = 7
    ) {
        var disk = disk(terms: terms, term: term, vote: vote.map { NodeID($0) }, commit: commit)
        let position = disk.entries.first { $0.index.rawValue == applied }?.position ?? .zero
        core = RaftCore(
            options: options, nodeID: CoreDriver.one,
            configuration: voters.isEmpty ? .none : Configuration(voters: voters.map { NodeID($0) }),
            seed: seed, recovered: disk.recover(applied: position))
    }

    /// Node 1 as it finds this disk at its start.
    init(
        recovering disk: SimulatedDisk, founding: Configuration, configuration: LoggedConfiguration? = nil,
        options: CoreOptions = CoreOptions(), seed: UInt64 = 7
    ) {
        var disk = disk
        core = RaftCore(
            options: options, nodeID: CoreDriver.one, configuration: founding, seed: seed,
            recovered: disk.recover(applied: disk.base, configuration: configuration))
    }

    mutating func step(_ inputs: Input...) {
        var effects: [Effect] = []
        core.step(inputs, into: &effects)
        take(effects)
    }

    private mutating func take(_ effects: [Effect]) {
        var sequence: UInt64?
        for effect in effects {
            switch effect {
            case .send(let message): sent.append(message)
            case .persist(let request):
                persists.append(request)
                sequence = request.sequence
            case .apply(let entries): applied.append(contentsOf: entries)
            case .readReady(let reads, let index): ready.append((reads, index))
            case .readRefused(let reads, let reason): readsRefused.append((reads, reason))
            case .proposalsRefused(let proposals, let reason): proposalsRefused.append((proposals, reason))
            case .loadEntries(let peer, let from, let bytesMax): loads.append((peer, from, bytesMax))
            case .sendSnapshot(let peer): snapshots.append(peer)
            case .stateChanged: break
            case .configurationChanged(let configuration): configurations.append(configuration)
            case .removedFromCluster: removals += 1
            }
        }
        if diskIsFast, let sequence { step(.persisted(sequence: sequence)) }
    }

    mutating func receive(_ body: MessageBody, from: UInt64 = 2, term: UInt64) {
        step(.message(Message(from: NodeID(from), to: CoreDriver.one, term: Term(term), body: body)))
    }

    /// Entries of these terms after `previous`.
    mutating func append(
        after previous: (index: UInt64, term: UInt64), terms: [UInt64], commit: UInt64 = 0, from: UInt64 = 2,
        term: UInt64
    ) {
        let request = appendRequest(after: previous, terms: terms, commit: commit)
        receive(.append(request), from: from, term: term)
    }

    func appendRequest(
        after previous: (index: UInt64, term: UInt64), terms: [UInt64], commit: UInt64 = 0
    ) -> AppendRequest {
        var entries: [Entry] = []
        for (place, value) in terms.enumerated() {
            entries.append(
                Entry(
                    index: LogIndex(previous.index + UInt64(place) + 1), term: Term(value), kind: .command,
                    payload: [UInt8(truncatingIfNeeded: value)]))
        }
        return AppendRequest(
            previous: LogPosition(index: LogIndex(previous.index), term: Term(previous.term)), entries: entries,
            commit: LogIndex(commit))
    }

    mutating func tick(_ times: Int = 1) { for _ in 0..<times { step(.tick) } }

    /// Lets the clock run until the node asks for pre-votes.
    mutating func runOutOfPatience() {
        for _ in 0..<(2 * core.options.electionTimeoutTicks) where core.role == .follower { step(.tick) }
    }

    /// Stands and wins with the votes of node 2; its disk must be fast.
    mutating func lead() {
        runOutOfPatience()
        receive(.preVoteReply(VoteReply(granted: true)), term: core.term.rawValue + 1)
        receive(.voteReply(VoteReply(granted: true)), term: core.term.rawValue)
        sent.removeAll()
        persists.removeAll()
    }

    mutating func takeSent() -> [Message] {
        defer { sent.removeAll() }
        return sent
    }

    var terms: [UInt64] {
        var result: [UInt64] = []
        var index = core.log.base.index.next
        while let term = core.log.term(at: index) {
            result.append(term.rawValue)
            index = index.next
        }
        return result
    }

    mutating func propose(_ nonces: UInt64..., bytes: Int = 8) {
        step(
            .propose(
                nonces.map {
                    Proposal(
                        id: ProposalID(origin: CoreDriver.one, nonce: $0),
                        payload: Array(repeating: UInt8(truncatingIfNeeded: $0), count: bytes))
                }))
    }
}

extension [Message] {
    var voteReplies: [Bool] {
        compactMap { if case .voteReply(let reply) = $0.body { reply.granted } else { nil } }
    }
    var preVoteReplies: [Bool] {
        compactMap { if case .preVoteReply(let reply) = $0.body { reply.granted } else { nil } }
    }
    var appendReplies: [AppendReply.Result] {
        compactMap { if case .appendReply(let reply) = $0.body { reply.result } else { nil } }
    }
    func appends(to peer: NodeID? = nil) -> [AppendRequest] {
        compactMap {
            guard peer == nil || $0.to == peer, case .append(let request) = $0.body else { return nil }
            return request
        }
    }
    func heartbeats(to peer: NodeID? = nil) -> [Heartbeat] {
        compactMap {
            guard peer == nil || $0.to == peer, case .heartbeat(let heartbeat) = $0.body else { return nil }
            return heartbeat
        }
    }
    var voteRequests: [VoteRequest] {
        compactMap { if case .voteRequest(let request) = $0.body { request } else { nil } }
    }
    var preVoteRequests: [VoteRequest] {
        compactMap { if case .preVoteRequest(let request) = $0.body { request } else { nil } }
    }
}

func position(_ index: UInt64, _ term: UInt64) -> LogPosition {
    LogPosition(index: LogIndex(index), term: Term(term))
}
