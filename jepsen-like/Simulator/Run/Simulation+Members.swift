import Raft

/// What operators do to a cluster while it is in trouble: members come, go, are replaced, and a directory is lost.
extension Simulation {
    private static let membersMax = 9
    private static let patienceNanoseconds: UInt64 = 10_000_000_000

    func operate(_ fault: PlannedFault, _ node: NodeID, _ dice: inout SplitMix64) {
        switch fault.kind {
        case .transfer:
            outcome.counters.count(.transferAsked)
            let target = dice.next(below: 2) == 0 ? nil : dice.pick(members)
            cluster.raft(dice.pick(members))?.transferLeadership(to: target)
        case .addMember: add(replacing: nil, &dice)
        case .replaceMember: add(replacing: node, &dice)
        case .removeMember:
            guard let current = newestCommitted, current.voters.count > 3 || !current.isVoter(node) else { return }
            change(MembershipChange(remove: [node]), "remove \(node)", &dice)
        default: wipe(node, &dice)
        }
    }

    private func add(replacing old: NodeID?, _ dice: inout SplitMix64) {
        guard let current = newestCommitted, nextNodeID.rawValue <= VirtualNetwork.nodeIDMax,
            current.members.count < Self.membersMax
        else { return }
        let id = nextNodeID
        nextNodeID = NodeID(id.rawValue + 1)
        cluster.addNode(id)
        clientNodes.append(id)
        start(id)
        let isJoining = dice.next(below: 4) > 0
        let member = Member(id: id, isJoining: isJoining, replaces: isJoining ? old : nil)
        change(MembershipChange(add: [member]), "add \(id)" + (old.map { " for \($0)" } ?? ""), &dice)
        if !isJoining {
            later(5_000_000_000) { [self] in
                var later = SplitMix64(seed: id.rawValue)
                change(MembershipChange(promote: [id]), "promote \(id)", &later)
            }
        }
    }

    private func change(_ change: MembershipChange, _ words: String, _ dice: inout SplitMix64) {
        let running = members.filter { cluster.isRunning($0) }
        guard !running.isEmpty else { return }
        let asked = dice.next(below: 2) == 0 ? cluster.leader ?? dice.pick(running) : dice.pick(running)
        trace?("\(stamp) \(words), asked of \(asked)")
        let retryDice = dice.next()
        cluster.raft(asked)?.changeMembership(change, timeoutNanoseconds: Self.patienceNanoseconds) { [self] result in
            trace?("\(stamp) \(words): \(result)")
            guard case .refused(let reason) = result else { return }
            var again = SplitMix64(seed: retryDice)
            guard reason != .invalidChange, again.next(below: 4) > 0 else { return giveUp(change) }
            let next = again.next()
            later(500_000_000) { [self] in
                var dice = SplitMix64(seed: next)
                self.change(change, words, &dice)
            }
        }
    }

    /// What was started to be added and is not wanted is switched off again.
    private func giveUp(_ change: MembershipChange) {
        for member in change.add where cluster.isRunning(member.id) {
            cluster.crash(member.id, .kill)
            clientNodes.removeAll { $0 == member.id }
        }
    }

    /// Only a directory that all others know by its incarnation, durably, may be lost: to a node that does not know it, the
    /// new directory is the old node, and both together may be a quorum of a time long past.
    private func wipe(_ id: NodeID, _ dice: inout SplitMix64) {
        // A learner may become a voter in the same instant.
        guard newestCommitted?.learners.contains(id) != true,
            cluster.ids.filter({ cluster.glance($0) != nil }).count * 2 > members.count, mayDamage(id),
            cluster.ids.allSatisfy({ $0 == id || knows($0, directoryOf: id) })
        else { return }
        if cluster.isRunning(id) { cluster.crash(id, .kill) }
        cluster.node(id).wipe()
        lastWipeNanoseconds = now
        trace?("\(stamp) \(id) lost its directory")
        later(dice.between(50_000_000, 3_000_000_000)) { [self] in start(id) }
        let seed = dice.next()
        later(4_000_000_000) { [self] in
            var again = SplitMix64(seed: seed)
            add(replacing: id, &again)
        }
    }

    private func knows(_ id: NodeID, directoryOf other: NodeID) -> Bool {
        let node = cluster.node(id)
        if node.isDamaged || node.configuration?.configuration.isNone ?? true { return true }
        guard let own = node.configuration,
            let durable = cluster.glance(id)?.durableIndex ?? node.lastView?.durableIndex, own.index <= durable
        else { return false }
        return own.configuration.member(other).map { $0.incarnation != 0 } ?? own.configuration.wasRemoved(other)
    }

    /// The nodes of an earlier build are brought to this one, one after the other, in whatever state each is then.
    func scheduleUpgrade() {
        guard plan.upgradeAtNanoseconds > 0 else { return }
        var dice = cluster.streams.stream(.topology, 2)
        var at = plan.upgradeAtNanoseconds
        for id in plan.cluster.olderBuilds {
            at += dice.between(0, 3_000_000_000)
            let down = dice.between(10_000_000, 2_000_000_000)
            cluster.time.schedule(afterNanoseconds: at) { [self] in
                guard phase == .safety else { return }
                trace?("\(stamp) \(id) gets the newer build")
                outcome.counters.count(.buildUpgraded)
                crash(id, .kill, forNanoseconds: down)
                cluster.node(id).isOlderBuild = false
            }
        }
    }

    // MARK: what is known

    /// The newest configuration that any node knows to be committed.
    var newestCommitted: Configuration? { newestCommittedEntry?.configuration }

    private var newestCommittedEntry: LoggedConfiguration? {
        cluster.ids.compactMap { cluster.node($0).committedConfiguration }.max { $0.index < $1.index }
    }

    /// The newest committed configuration and every later one that some node acts by, or may after a restart.
    var configurationsInForce: [Configuration] {
        guard let committed = newestCommittedEntry else { return [] }
        var found = [committed.configuration]
        for id in cluster.ids {
            guard let own = cluster.node(id).configuration, own.index > committed.index,
                !found.contains(own.configuration)
            else { continue }
            found.append(own.configuration)
        }
        return found
    }
}
