/// The part of `ChaosRun` that changes who belongs to the cluster and who leads it, with clocks that differ.

@testable import RaftCore

extension ChaosRun {
    mutating func prepareMembers() {
        cluster.usesClocks = true
        for place in cluster.nodes.indices {
            cluster.nodes[place].clockOffset = UInt64(random.next(below: 1_000_000_000))
            // Any two of them within the drift that leases allow for.
            cluster.nodes[place].clockPermille = 990 + UInt64(random.next(below: 21))
        }
        cluster.nameDirectories()
    }

    /// Time goes on; now and then something happens to the members. True when that was the event.
    mutating func memberEvent(_ place: Int) -> Bool {
        let tick = cluster.options.tickNanoseconds
        cluster.realNanoseconds += UInt64(random.next(below: Int(tick) * 2 * tickPercent / 100))
        for node in cluster.nodes.indices where cluster.nodes[node].isActive && random.next(below: 10) > 0 {
            let due = cluster.clock(node) / tick - cluster.nodes[node].ticksGiven
            guard due > 0 else { continue }
            cluster.nodes[node].ticksGiven += due
            // Late ticks come all at once.
            cluster.step(node, inputs: Array(repeating: .tick, count: Int(min(due, 40))))
        }
        for node in cluster.nodes.indices {
            if random.next(below: workIsSlow ? 20 : 4) == 0 { cluster.write(node, count: 1 + random.next(below: 4)) }
            if random.next(below: workIsSlow ? 20 : 4) == 0 { cluster.apply(node) }
            if random.next(below: 10) == 0 { cluster.load(node) }
        }
        if kind == .leases && random.next(below: 15) == 0 {
            // Whoever believes to lead: two at once are the point.
            for node in cluster.nodes.indices where cluster.nodes[node].isActive {
                if cluster.nodes[node].core.role == .leader { cluster.read(node, byLease: true) }
            }
        }
        switch random.next(below: 400) {
        case 0..<6:
            if let change = randomChange(place), cluster.nodes[place].isActive {
                proposed.append(cluster.change(place, change))
            }
        case 6..<9:
            let target = NodeID(UInt64(random.next(below: cluster.nodes.count) + 1))
            cluster.step(place, .transferLeadership(target: random.next(below: 3) == 0 ? nil : target))
        case 9: cluster.step(place, .storageLow(random.next(below: 3) == 0))
        default: return false
        }
        return true
    }

    private mutating func pick(_ list: [NodeID]) -> [NodeID] {
        list.isEmpty ? [] : [list[random.next(below: list.count)]]
    }

    /// Something that an operator who looks at this node's configuration might ask for.
    private mutating func randomChange(_ place: Int) -> MembershipChange? {
        let configuration = cluster.nodes[place].core.configuration
        guard !configuration.isNone else { return nil }
        var change = MembershipChange()
        let kind = random.next(below: 8)
        if kind < 3 && configuration.members.count < 6 {
            var unused = Int(configuration.usedThrough.rawValue)
            if unused >= cluster.nodes.count {
                guard cluster.nodes.count < nodesMax else { return nil }
                unused = cluster.startJoiner()
                cluster.nodes[unused].clockOffset = UInt64(random.next(below: 1_000_000_000))
                cluster.nodes[unused].ticksGiven = cluster.clock(unused) / cluster.options.tickNanoseconds
            }
            let replaced = random.next(below: 2) == 0 ? pick(configuration.voters).first : nil
            change.add = [
                Member(
                    id: cluster.nodes[unused].id, priority: UInt8(90 + random.next(below: 3) * 10),
                    isJoining: random.next(below: 4) > 0, replaces: replaced)
            ]
        }
        if kind == 3 || kind == 4 { change.promote = pick(configuration.learners) }
        if kind == 2 || kind == 5 || (kind == 4 && configuration.voters.count > 3) {
            change.remove = pick(configuration.memberIDs).filter { !change.promote.contains($0) }
        }
        if kind == 6 { change.remove = Array(Set(pick(configuration.voters) + pick(configuration.voters))).sorted() }
        if kind == 7 {
            change.prioritise = pick(configuration.memberIDs).map {
                MembershipChange.Priority(id: $0, priority: UInt8(90 + random.next(below: 3) * 10))
            }
        }
        return change
    }

    mutating func finalMemberChecks(_ leader: Int) {
        let core = cluster.nodes[leader].core
        let configuration = core.configuration
        if configuration.isJoint || core.history.newestIndex > core.commit {
            cluster.problems.append("invariant 20: still changing to \(configuration.voters)")
        }
        for member in configuration.members {
            if member.isJoining { cluster.problems.append("invariant 20: \(member.id) still waits to be a voter") }
            if member.incarnation == 0 { cluster.problems.append("invariant 20: \(member.id) is not bound") }
        }
        if configuration.featureLevel != cluster.options.featureLevelMax {
            cluster.problems.append("invariant 20: feature level \(configuration.featureLevel)")
        }
        let lowest = configuration.voters.map { configuration.priority(of: $0) }.max() ?? 0
        let isTimely = core.nextHandoverTicks + UInt64(3 * cluster.options.electionTimeoutTicks) < core.nowTicks
        if configuration.priority(of: core.nodeID) < lowest && isTimely {
            let steady = core.peers.map { "\($0.peer): \($0.steadyTicks)" }
            cluster.problems.append(
                "invariant 20: \(core.nodeID) leads, others have a higher priority, steady for \(steady), "
                    + "next at \(core.nextHandoverTicks) after \(core.handoverFailures) failures, now \(core.nowTicks)")
        }
        if cluster.options.leaseReads && !core.leaseIsValid && !core.lease.isForfeit {
            cluster.problems.append("invariant 20: \(core.nodeID) has no lease")
        }
        for node in cluster.nodes where !configuration.isMember(node.id) && node.core.role == .leader {
            cluster.problems.append("invariant 20: \(node.id), which was removed, leads")
        }
    }
}
