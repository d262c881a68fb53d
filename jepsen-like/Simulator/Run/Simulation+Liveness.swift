import Raft

/// The second half of a run: a quorum is healed, everything outside it stays as broken as it is for ever, and the quorum
/// has to get on alone.
extension Simulation {
    private static let convergenceNanoseconds: UInt64 = 600_000_000_000

    func runLiveness() {
        phase = .liveness
        var dice = cluster.streams.stream(.faults, 1)
        guard var core = chooseCore(&dice) else {
            return find(.unrecoverable, "no quorum of undamaged voters is left")
        }
        trace?("\(stamp) the core is \(core)")
        heal(core, &dice)
        clientNodes = core
        let timeout = plan.electionTimeoutNanoseconds
        // A leader learns by an election timeout's silence that a node is gone. A change of members that it began before
        // may need one that has just been left broken: an operator would bring that one back, and so does the run.
        cluster.run(forNanoseconds: 2 * timeout) { isTimeToLook() && !isStillGood }
        guard let needed = chooseCore(&dice, beginningWith: core) else {
            return find(.unrecoverable, "a change under way needs a directory that was lost")
        }
        if needed != core {
            trace?("\(stamp) a change under way needs more: the core is \(needed)")
            repair(needed.filter { !core.contains($0) }, joining: needed)
            core = needed
            clientNodes = core
        }
        guard waitFor(10 * timeout + 2_000_000_000, { leaderOfAll(core) != nil }) else {
            return stuck("no leader in the core \(core) after ten election timeouts", core)
        }
        if plan.hasWorkload {
            guard
                waitFor(
                    Self.convergenceNanoseconds,
                    {
                        clientNodes = membersNow(of: core); return isAnswered
                    })
            else {
                return stuck("still waiting: \(waiting.prefix(4).joined(separator: "; "))", core)
            }
        }
        guard waitFor(Self.convergenceNanoseconds, { isConverged(core) }) else {
            return stuck("the core \(core) does not become equal", core)
        }
        checkQuiet(core)
    }

    private func waitFor(_ nanoseconds: UInt64, _ holds: () -> Bool) -> Bool {
        cluster.run(forNanoseconds: nanoseconds) {
            guard isTimeToLook() else { return false }
            foldStates()
            return !isStillGood || holds()
        }
    }

    private func stuck(_ text: String, _ core: [NodeID]) {
        guard isStillGood else { return }
        let states = core.map { id in
            guard let glance = cluster.glance(id) else { return "\(id) is down: \(cluster.node(id).refusal ?? "-")" }
            return "\(id) \(glance.role.rawValue) \(glance.term) leader \(glance.leader.map { "\($0)" } ?? "-") "
                + "commit \(glance.commit) applied \(glance.applied) last \(glance.last)"
        }
        let configurations = configurationsInForce.map { configuration in
            "voters \(configuration.voters)" + (configuration.isJoint ? " leaving \(configuration.outgoing)" : "")
                + " of \(configuration.memberIDs)"
        }
        find(.liveness, text + " (" + (states + configurations).joined(separator: "; ") + ")")
    }

    /// Voters at random until they are a quorum of every configuration that some node acts by.
    private func chooseCore(_ dice: inout SplitMix64, beginningWith first: [NodeID] = []) -> [NodeID]? {
        let configurations = configurationsInForce
        var candidates = cluster.ids.filter { id in
            !cluster.node(id).isDamaged && !first.contains(id) && configurations.contains { $0.isVoter(id) }
        }
        var core = first
        while !candidates.isEmpty, core.isEmpty || !configurations.allSatisfy({ $0.hasQuorum { core.contains($0) } }) {
            core.append(candidates.remove(at: dice.next(below: candidates.count)))
        }
        for configuration in configurations where !configuration.hasQuorum(of: { core.contains($0) }) {
            // A leader learns by an election timeout's silence that a node is gone; a change that it began within that
            // time needs a node that nobody can bring back. One that it began later is its own fault, and is reported.
            let began = cluster.ids.compactMap { id -> UInt64? in
                let node = cluster.node(id)
                return node.configuration?.configuration == configuration ? node.configurationAtNanoseconds : nil
            }.min()
            if (began ?? 0) < lastWipeNanoseconds + 2 * plan.electionTimeoutNanoseconds { return nil }
        }
        return core.sorted()
    }

    private func heal(_ core: [NodeID], _ dice: inout SplitMix64) {
        cluster.network.healAll()
        cluster.network.loseUnderWay()
        for id in cluster.ids where !core.contains(id) { leaveBroken(id, core, &dice) }
        repair(core, joining: [])
    }

    /// - Parameter core: whom they hear and who hears them again.
    private func repair(_ nodes: [NodeID], joining core: [NodeID]) {
        for id in nodes {
            for other in core where other != id {
                cluster.network.join(from: id, to: other)
                cluster.network.join(from: other, to: id)
            }
            let node = cluster.node(id)
            if node.disk.isPowerLost { cluster.crash(id, .powerLoss) }
            node.disk.clearFaults()
            node.disk.setCapacity(bytes: nil)
            node.load.slowness = 1
            node.resume()
            node.unstall()
            start(id)
        }
    }

    /// Outside the core a node is down, cut off, or heard without hearing.
    private func leaveBroken(_ id: NodeID, _ core: [NodeID], _ dice: inout SplitMix64) {
        guard plan.staysBroken else { return start(id) }
        // Without PreVote or without check-quorum one deaf node may disturb for ever; that is what these are for.
        let mayDisturb = plan.cluster.core.preVote && plan.cluster.core.checkQuorum
        switch dice.next(below: mayDisturb ? 4 : 2) {
        case 0: if cluster.isRunning(id) { cluster.crash(id, .kill) }
        case 1: cluster.network.isolate(id, from: cluster.ids)
        case 2: for other in cluster.ids where other != id { cluster.network.cut(from: other, to: id) }
        default: for other in cluster.ids where other != id { cluster.network.cut(from: id, to: other) }
        }
    }

    private func leaderOfAll(_ core: [NodeID]) -> NodeID? {
        guard let leader = cluster.leader, core.contains(leader) else { return nil }
        return leader
    }

    /// Those of the core that are still members: a change that was under way may have removed others meanwhile.
    private func membersNow(of core: [NodeID]) -> [NodeID] {
        guard let configuration = newestCommitted else { return core }
        return core.filter { configuration.isMember($0) }
    }

    private func isConverged(_ core: [NodeID]) -> Bool {
        guard let leader = leaderOfAll(core), let leading = cluster.glance(leader) else { return false }
        clientNodes = membersNow(of: core)
        return clientNodes.allSatisfy { id in
            guard let glance = cluster.glance(id) else { return false }
            return glance.applied == leading.last.index && glance.last == leading.last && glance.leader == leader
        }
    }

    /// A healed cluster is quiet: terms stand still, queues are empty, states are equal.
    private func checkQuiet(_ core: [NodeID]) {
        // Only the core counts: without PreVote a node that is cut off raises its own term as often as it likes.
        func highestTerm() -> Term { core.compactMap { cluster.glance($0)?.term }.max() ?? .zero }
        let before = highestTerm()
        cluster.run(forNanoseconds: 100 * plan.electionTimeoutNanoseconds) { isTimeToLook() && !isStillGood }
        guard isStillGood else { return }
        let after = highestTerm()
        if after.rawValue > before.rawValue + 2 {
            stuck("terms went from \(before) to \(after) in 100 election timeouts", core)
        }
        guard waitFor(Self.convergenceNanoseconds, { isConverged(core) }) else {
            return stuck("the core \(core) became equal and then unequal", core)
        }
        var hashes: [UInt64] = []
        for id in membersNow(of: core) {
            guard let status = cluster.status(id) else { continue }
            if status.readsWaiting > 0 || status.writesPending > 0 || status.unappliedBytes > 0 {
                stuck(
                    "\(id) is not idle: \(status.readsWaiting) reads, \(status.writesPending) writes, "
                        + "\(status.unappliedBytes) bytes to apply", core)
            }
            if let machine = cluster.machine(id) as? RegisterMachine { hashes.append(machine.stateHash()) }
        }
        if Set(hashes).count > 1 { find(.correctness, "invariant 17: states of the core differ at the same index") }
    }
}
