/// Changes of membership and of leadership, asked of one node and carried out by the cluster.
///
/// Owns: the steps (see everything committed, check, propose, watch until it is finished), the retries of what was
/// refused before anything was written, and the words for every refusal. Must never: propose again what may have been
/// appended, or call a change finished that is not committed.
import Raft

struct MembershipService: ClusterService {
    let door: any MembershipDoor
    let clusterName: String
    let nodeID: UInt64

    /// For the first step to be committed. A healthy cluster takes a few round trips; an election may come between.
    private static let decisionMilliseconds: UInt64 = 10_000
    /// What was refused because of the moment (an election, another change) is asked again for so long.
    private static let retryMilliseconds: UInt64 = 5_000
    /// A transfer that was not taken up is asked for again so often; longer than a usual election.
    private static let transferRepeatMilliseconds: UInt64 = 1_500

    func membership() async -> MembershipView {
        await door.facts().view(clusterName: clusterName, nodeID: nodeID)
    }

    // MARK: change

    func change(
        _ plan: MembershipPlan, waitMilliseconds: Int
    ) async throws(ClusterRefusal) -> MembershipOutcome {
        let begun = door.nowMilliseconds()
        let (resolved, index) = try await decide(plan, begun: begun)
        let deadline = begun + UInt64(max(0, waitMilliseconds))
        while true {
            let facts = await door.facts()
            let pending = try Self.pending(resolved, in: facts.configuration)
            let isOver = door.nowMilliseconds() >= deadline || Task.isCancelled
            if pending == nil || isOver {
                return MembershipOutcome(
                    isFinished: pending == nil, pending: pending ?? "", index: index, addedIDs: resolved.addedIDs,
                    view: facts.view(clusterName: clusterName, nodeID: nodeID))
            }
            await door.pause()
        }
    }

    /// Proposes until the change is in the log; returns it with the index of its entry.
    private func decide(
        _ plan: MembershipPlan, begun: UInt64
    ) async throws(ClusterRefusal) -> (ResolvedPlan, index: UInt64?) {
        let deadline = begun + Self.decisionMilliseconds
        let retryUntil = begun + Self.retryMilliseconds
        while true {
            try await seeEverythingCommitted(deadline: deadline, retryUntil: retryUntil)
            let configuration = await door.facts().configuration
            let resolved = try plan.resolved(in: configuration)
            if resolved.isRepetition { return (resolved, nil) }
            let refusal: RefusalReason
            if let problem = Self.problem(resolved.change, in: configuration) {
                guard problem == .changeUnderWay else { throw .conflict(problem.description) }
                refusal = .changeUnderWay
            } else {
                switch await door.change(resolved.change, timeoutMilliseconds: remaining(deadline)) {
                case .applied(let index, _): return (resolved, index.rawValue)
                case .refused(let reason): refusal = reason
                case .unknown:
                    throw .outcomeUnknown(
                        "the change was handed to the log and not seen committed within "
                            + "\(Self.decisionMilliseconds) ms; look at the members before asking again")
                }
            }
            guard Self.isOfTheMoment(refusal), door.nowMilliseconds() < retryUntil, !Task.isCancelled else {
                throw Self.words(refusal)
            }
            await door.pause()
        }
    }

    private func seeEverythingCommitted(deadline: UInt64, retryUntil: UInt64) async throws(ClusterRefusal) {
        while true {
            switch await door.barrier(timeoutMilliseconds: remaining(deadline)) {
            case .ready: return
            case .timedOut:
                throw .unavailable("no majority answered, so nothing can be changed: too few voters reach each other")
            case .refused(let reason):
                guard Self.isOfTheMoment(reason), door.nowMilliseconds() < retryUntil, !Task.isCancelled else {
                    throw Self.words(reason)
                }
                await door.pause()
            }
        }
    }

    /// The same check as the leader's, for its words: a refusal over the wire has only a reason.
    private static func problem(_ change: MembershipChange, in configuration: Configuration) -> MembershipProblem? {
        do throws(MembershipProblem) {
            _ = try configuration.applying(change)
            return nil
        } catch {
            return error
        }
    }

    private func remaining(_ deadline: UInt64) -> Int {
        let now = door.nowMilliseconds()
        return now < deadline ? Int(deadline - now) : 0
    }

    /// What is still to be done; nil when nothing is.
    static func pending(
        _ plan: ResolvedPlan, in configuration: Configuration
    ) throws(ClusterRefusal) -> String? {
        for (member, id) in zip(plan.change.add, plan.change.add.map(\.id.rawValue)) {
            guard configuration.usedThrough >= member.id else { return "node \(id) is being added" }
            guard configuration.isMember(member.id) else { throw .conflict("node \(id) was removed again meanwhile") }
            if member.isJoining, !configuration.voters.contains(member.id) {
                return "node \(id) is a learner and becomes a voter as soon as it has caught up"
            }
        }
        for id in plan.addedIDs where plan.isRepetition {
            if let member = configuration.member(NodeID(id)), member.isJoining {
                return "node \(id) is a learner and becomes a voter as soon as it has caught up"
            }
        }
        for id in plan.change.remove where configuration.isMember(id) {
            return "node \(id.rawValue) leaves with the second step of the change"
        }
        return configuration.isJoint ? "the second step of the change is not committed yet" : nil
    }

    // MARK: transfer

    func transfer(
        to target: UInt64?, waitMilliseconds: Int
    ) async throws(ClusterRefusal) -> TransferOutcome {
        let begun = door.nowMilliseconds()
        let deadline = begun + UInt64(max(0, waitMilliseconds))
        var facts = await door.facts()
        try Self.check(target, facts.configuration)
        while facts.leaderID == nil, door.nowMilliseconds() < deadline, !Task.isCancelled {
            await door.pause()
            facts = await door.facts()
        }
        guard let old = facts.leaderID else { throw .unavailable("no leader is known, so none can hand over") }
        let term = facts.term
        guard target != old else { return TransferOutcome(leaderID: old, term: term, milliseconds: 0) }
        var askedAt: UInt64?
        while true {
            let now = door.nowMilliseconds()
            if let leader = facts.leaderID, facts.term > term, target.map({ $0 == leader }) ?? (leader != old) {
                return TransferOutcome(leaderID: leader, term: facts.term, milliseconds: now - begun)
            }
            guard now < deadline, !Task.isCancelled else {
                let leader = facts.leaderID.map { "node \($0) leads" } ?? "no leader is known"
                throw .timedOut(
                    "leadership did not move\(target.map { " to node \($0)" } ?? "") within \(waitMilliseconds) ms; "
                        + "\(leader). The target must be reachable and caught up; ask again, or watch the members")
            }
            if askedAt.map({ now - $0 >= Self.transferRepeatMilliseconds }) ?? true, facts.leaderID != nil {
                askedAt = now
                door.transfer(to: target.map { NodeID($0) })
            }
            await door.pause()
            facts = await door.facts()
        }
    }

    private static func check(_ target: UInt64?, _ configuration: Configuration) throws(ClusterRefusal) {
        guard let target else {
            guard configuration.voters.count > 1 else { throw .conflict("there is no other voter to lead") }
            return
        }
        guard configuration.isMember(NodeID(target)) else { throw .notFound("to: node \(target) is not a member") }
        guard configuration.voters.contains(NodeID(target)) else {
            throw .conflict("to: node \(target) is no voter, so it cannot lead")
        }
    }

    // MARK: refusals

    /// Refused before anything was written, for a reason that passes.
    private static func isOfTheMoment(_ reason: RefusalReason) -> Bool {
        switch reason {
        case .noLeader, .notLeader, .transferring, .changeUnderWay, .overloaded, .invalidChange: true
        case .stopping, .tooLarge, .diskFull, .notCaughtUp, .quorumUnreachable, .leasesOff: false
        }
    }

    static func words(_ reason: RefusalReason) -> ClusterRefusal {
        switch reason {
        case .noLeader, .notLeader: .unavailable("no leader is known that could make the change")
        case .transferring: .unavailable("leadership is being handed over; ask again")
        case .overloaded: .unavailable("too many writes are waiting for the log")
        case .stopping: .unavailable("this node is stopping")
        case .diskFull: .unavailable("the leader's disk is nearly full; make room there first")
        case .quorumUnreachable:
            .unavailable(
                "too few of the voters that would be there afterwards answer now, so the change would stop the cluster; "
                    + "bring them back first, or change less at once")
        case .changeUnderWay:
            .conflict("another change of membership is under way; wait until the members show no joint change")
        case .notCaughtUp:
            .conflict("the learner has not caught up with the leader yet; promote it when its lag is small")
        case .invalidChange:
            .conflict("the leader's configuration does not allow the change; look at the members and ask again")
        case .tooLarge: .conflict("the change is larger than one log entry may be")
        case .leasesOff: .conflict("lease reads are turned off in this cluster")
        }
    }
}
