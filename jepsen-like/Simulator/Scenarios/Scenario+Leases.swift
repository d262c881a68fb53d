import Raft

/// Stories of stale reads that take slow answers at just the right moment.
extension Scenario {
    static let leases = [lateLease, leaseInTransfer]

    private static func leased(_ options: inout SimulatedCluster.Options) {
        options.core.leaseReads = true
        options.core.checkQuorum = false
        options.network.isOrdered = true
        options.network.clogMessagesMax = 1_000
    }

    /// The answers to a round come when the promise that they stand for is nearly over (thesis §6.4.1).
    private static let lateLease = Scenario(
        name: "late-lease", purpose: "a lease is no longer than the promise, however late the answer to it comes",
        prepare: leased,
        play: { stage in
            // In one story out of fifteen nobody is elected in time.
            for _ in 0..<5 {
                try stage.wait("a leader of all", 50) {
                    guard let leader = stage.cluster.leader else { return false }
                    return stage.nodes.allSatisfy { stage.cluster.glance($0)?.leader == leader }
                }
                stage.rest(2)
                try playLateLease(stage)
                stage.heal()
                stage.rest(12)
            }
        })

    private static func playLateLease(_ stage: ScenarioStage) throws {
        guard let old = stage.cluster.leader, stage.write(on: old) else {
            throw ScenarioError("the first write has no answer")
        }
        let others = stage.others(than: old)
        // What they answer now arrives when the round that it answers just still counts, and what they say after that
        // long after the end of the story.
        for other in others {
            stage.cluster.network.clog(from: other, to: old, forNanoseconds: stage.electionTimeout * 85 / 100)
        }
        stage.rest(0.15)
        for other in others {
            stage.cluster.network.clog(from: other, to: old, forNanoseconds: 10 * stage.electionTimeout)
            stage.cut(old, other)
        }
        for _ in 0..<40 {
            stage.rest(0.05)
            guard let new = others.first(where: { stage.leads($0) }) else { continue }
            stage.beginWrite(on: new)
            for _ in 0..<20 {
                stage.rest(0.03)
                stage.beginRead(on: old, isLeased: true)
            }
            return
        }
    }

    /// Who tells another node to stand cannot know when it will lead (catalogue bug 47).
    private static let leaseInTransfer = Scenario(
        name: "lease-in-transfer", purpose: "a leader that hands over reads by no lease",
        prepare: leased,
        play: { stage in
            guard let old = stage.cluster.leader, let target = stage.others(than: old).first else { return }
            let others = stage.others(than: old)
            guard stage.write(on: old) else { throw ScenarioError("the first write has no answer") }
            stage.rest(1)
            stage.cluster.raft(old)?.transferLeadership(to: target)
            try stage.wait("the word to stand", 10) { stage.sent(.timeoutNow) > 0 }
            // The old leader hears nothing of what follows.
            for other in others { stage.cut(other, old) }
            try stage.wait("the new leader", 10) { stage.leads(target) }
            guard stage.write(on: target, timeouts: 5) else { throw ScenarioError("the new leader takes no writes") }
            for _ in 0..<20 {
                stage.beginRead(on: old, isLeased: true)
                stage.rest(0.05)
            }
        })
}
