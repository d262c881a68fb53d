import Raft

/// Who leads, who says so, and whom it costs what: measures that no invariant knows.
extension Scenario {
    static let leadership = [rejoin, isolatedLeader, removedNode, hangingDisk]

    /// Thesis §9.6.
    private static let rejoin = Scenario(
        name: "rejoin", purpose: "a follower that was cut off comes back without a change of term"
    ) { stage in
        guard let leader = stage.cluster.leader, let follower = stage.others(than: leader).first else { return }
        let before = stage.term(of: leader)
        stage.isolate(follower)
        stage.rest(30)
        stage.heal()
        stage.rest(20)
        let after = stage.nodes.map { stage.term(of: $0) }.max() ?? before
        if after > before {
            stage.find(.liveness, "terms went from \(before) to \(after) because \(follower) was cut off and came back")
        }
    }

    /// Thesis §6.2: clients that reach it must learn that it is none.
    private static let isolatedLeader = Scenario(
        name: "isolated-leader",
        purpose: "a leader that hears nobody gives up within five timeouts"
    ) { stage in
        guard let leader = stage.cluster.leader else { return }
        stage.isolate(leader)
        stage.rest(5)
        if stage.leads(leader) {
            stage.find(.liveness, "\(leader) still leads five election timeouts after it heard the last of the others")
        }
    }

    /// Without PreVote and check-quorum, so that a removed node has to be kept out by what the others know, not by its
    /// own restraint.
    private static let removedNode = Scenario(
        name: "removed-node", purpose: "a node that was removed behind its back disturbs nobody when it comes back",
        prepare: {
            $0.nodeCount = 5
            $0.core.preVote = false
            $0.core.checkQuorum = false
        },
        play: { stage in
            guard let leader = stage.cluster.leader, let follower = stage.others(than: leader).first else { return }
            stage.isolate(follower)
            let raft = stage.cluster.raft(leader)
            raft?.changeMembership(
                MembershipChange(remove: [follower]), timeoutNanoseconds: 20 * stage.electionTimeout
            ) { _ in }
            try stage.wait("the removal", 40) {
                guard let status = stage.cluster.status(leader) else { return false }
                return !status.configuration.isJoint && !status.configuration.isMember(follower)
                    && status.configurationIndex <= status.commit
            }
            stage.rest(3)
            let before = stage.term(of: leader)
            stage.heal()
            stage.rest(30)
            let rest = stage.others(than: follower)
            let after = rest.map { stage.term(of: $0) }.max() ?? before
            if after > before {
                stage.find(.liveness, "terms went from \(before) to \(after) because of \(follower), which was removed")
            }
        })

    /// A disk that hangs is worse than one that fails: somebody else must lead.
    private static let hangingDisk = Scenario(
        name: "hanging-disk", purpose: "a leader whose disk hangs gives way within three election timeouts"
    ) { stage in
        guard let leader = stage.cluster.leader else { return }
        stage.cluster.stall(leader, .log, forNanoseconds: 100 * stage.electionTimeout)
        // Answered or not: it puts an entry into the leader's log, which cannot be written.
        stage.write(on: leader, timeouts: 1)
        stage.rest(1)
        if stage.leads(leader) {
            stage.find(.liveness, "\(leader) leads on although its disk has hung for three election timeouts")
        }
    }
}
