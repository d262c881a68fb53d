import Raft

/// Recognises rare things in messages and state changes.
///
/// Owns: what it has to remember for that. Must never: change anything.
struct ProbeWatch {
    private var highestTerm: Term = .zero
    private var votesOfTerm: (term: Term, candidates: Set<NodeID>) = (.zero, [])
    private var formerLeaders: Set<NodeID> = []
    private var jointLeader: (leader: NodeID, term: Term)?
    private var lastConfigurations: [NodeID: Configuration] = [:]
    private var snapshotReceivers: Set<NodeID> = []

    mutating func saw(_ message: RaftMessage, in cluster: SimulatedCluster, _ counters: inout Counters) {
        if message.term < highestTerm { counters.count(.lateMessageOfOldTerm) }
        highestTerm = max(highestTerm, message.term)
        if cluster.node(message.from).isOlderBuild { counters.count(.olderLayoutSent) }
        if cluster.node(message.from).isDamaged { counters.count(.strangerIgnored) }
        switch message.body {
        case .voteRequest:
            if votesOfTerm.term != message.term { votesOfTerm = (message.term, []) }
            if votesOfTerm.candidates.insert(message.from).inserted, votesOfTerm.candidates.count == 2 {
                counters.count(.splitVote)
            }
            if !cluster.options.core.preVote { counters.count(.electionWithoutPreVote) }
        case .voteReply(let reply): if !reply.granted { counters.count(.voteRefused) }
        case .preVoteReply(let reply): if !reply.granted { counters.count(.preVoteRefused) }
        case .appendReply(let reply):
            if case .conflict(let rejected, let hint, _) = reply.result, hint.index.next < rejected {
                counters.count(.conflictHintUsed)
            }
        case .append(let request):
            if let first = request.entries.first, let glance = cluster.glance(message.from),
                first.index < glance.firstInMemory
            {
                counters.count(.entriesFromDisk)
            }
            if !request.entries.isEmpty, snapshotReceivers.contains(message.to) {
                counters.count(.snapshotOvertookAppend)
                snapshotReceivers.remove(message.to)
            }
        case .forward: counters.count(.forwardedProposal)
        case .forwardRefused: counters.count(.forwardRefused)
        case .readRequest: counters.count(.readForwarded)
        case .snapshotChunk: snapshotReceivers.insert(message.to)
        case .snapshotReply(let reply): if reply.refused { counters.count(.snapshotRefused) }
        case .preVoteRequest, .heartbeat, .heartbeatReply, .readReply, .timeoutNow, .transferRequest: break
        }
    }

    mutating func changed(_ id: NodeID, from before: CoreGlance?, to after: CoreGlance, _ counters: inout Counters) {
        if after.role == .leader { formerLeaders.insert(id) }
        if let before, after.last != before.last, after.last.index <= before.last.index, after.role != .leader,
            formerLeaders.contains(id)
        {
            counters.count(.leaderTruncatedAfterwards)
        }
    }

    mutating func configured(_ node: SimulatedNode, in cluster: SimulatedCluster, _ counters: inout Counters) {
        guard let status = cluster.status(node.id) else { return }
        let now = status.configuration
        let before = lastConfigurations[node.id]
        lastConfigurations[node.id] = now
        guard let before, before != now else { return }
        if before.isJoint, !now.isJoint, !now.isNone {
            // A voter set that goes back to the outgoing one was cut away again.
            let isFinal = now.voters == before.voters
            counters.count(isFinal ? .configurationFinal : .configurationTruncated)
            if isFinal, status.role == .leader, let joint = jointLeader, joint.leader != node.id {
                counters.count(.jointLeftByNewLeader)
            }
            if isFinal, status.role == .leader { jointLeader = nil }
            if before.isVoter(node.id), !now.isVoter(node.id), status.role == .leader { counters.count(.leaderRemoved) }
        }
        if now.featureLevel > before.featureLevel { counters.count(.featureLevelRaised) }
        if now.isJoint, !before.isJoint {
            counters.count(.configurationJoint)
            if status.role == .leader { jointLeader = (node.id, status.term) }
        }
        if now.voters.contains(where: { before.isMember($0) && !before.isVoter($0) }) {
            counters.count(.learnerPromoted)
        }
        if now.members.contains(where: { member in
            member.incarnation != 0 && before.member(member.id)?.incarnation == 0
        }) {
            counters.count(.incarnationBound)
        }
        if before.memberIDs.contains(where: { now.wasRemoved($0) }) { counters.count(.memberRemoved) }
    }
}
