import Raft

/// Crashes that follow something the protocol did, and the counting of rare things.
extension Simulation {
    private static let reactionNanosecondsMax: UInt64 = 3_000_000

    func happened(_ moment: NodeMoment, on node: SimulatedNode) {
        count(moment, node)
        let chance = plan.triggersPerThousand[Int(moment.rawValue)]
        guard chance > 0, phase == .safety, now < plan.faultsEndNanoseconds,
            triggerDice.chance(perThousand: chance)
        else { return }
        let delay = triggerDice.between(0, Self.reactionNanosecondsMax)
        let end: EndOfProcess = triggerDice.next(below: 2) == 0 ? .kill : .powerLoss
        let down: UInt64 = triggerDice.pick([
            50_000_000, 50_000_000, 50_000_000, 1_000_000_000, 1_000_000_000, 30_000_000_000,
        ])
        triggerCount += 1
        let number = triggerCount
        guard !plan.droppedTriggers.contains(number) else { return }
        let id = node.id
        later(delay) { [self] in
            guard cluster.isRunning(id) else { return }
            outcome.counters.count(.trigger)
            trace?("\(stamp) TRIGGER \(number): \(id) within 3 ms of \(moment)")
            crash(id, end, forNanoseconds: down)
        }
    }

    private func count(_ moment: NodeMoment, _ node: SimulatedNode) {
        switch moment {
        case .grantedVote: lastVoter = node.id
        case .becameLeader: outcome.counters.count(.leaderElected)
        case .lostLeadership: outcome.counters.count(.leaderDeposed)
        case .truncated: outcome.counters.count(.followerTruncated)
        case .logCut: outcome.counters.count(.logCut)
        case .snapshotPieceRead, .snapshotPieceStored: snapshotParty = node.id
        case .snapshotInstalling:
            snapshotParty = node.id
            installing = (node.id, now)
        case .snapshotCopied: outcome.counters.count(.snapshotSent)
        case .snapshotInstalled: outcome.counters.count(.snapshotInstalled)
        case .timeoutNowSent: outcome.counters.count(.timeoutNowSent)
        case .configurationAppended, .configurationCommitted, .firstAppendOfTerm, .appended, .committed, .applied,
            .checkpointed, .snapshotPinned:
            break
        }
        if moment == .configurationAppended || moment == .configurationCommitted {
            probes.configured(node, in: cluster, &outcome.counters)
        }
    }

    func changed(_ node: SimulatedNode, from before: CoreGlance?, to after: CoreGlance) {
        probes.changed(node.id, from: before, to: after, &outcome.counters)
        if diagram != nil, before?.role != after.role || before?.commit != after.commit {
            mark(node.id, "\(after.role.rawValue) \(after.term) commit \(after.commit) last \(after.last)")
        }
        guard let trace else { return }
        if let before, before.role == after.role, before.term == after.term, before.leader == after.leader,
            before.commit == after.commit, before.base == after.base
        {
            return
        }
        trace(
            "\(stamp) \(node.id) \(after.role.rawValue) \(after.term) leader \(after.leader.map { "\($0)" } ?? "-") "
                + "applied \(after.applied) commit \(after.commit) log \(after.base.next)..\(after.last)")
    }
}
