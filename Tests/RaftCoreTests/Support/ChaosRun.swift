/// A seeded run of random faults over a `TestCluster`, then a calm phase that must converge (invariant 20).

@testable import RaftCore

struct ChaosRun {
    var cluster: TestCluster
    var random: SplitMix64
    var proposed: [ProposalID] = []
    /// Swarm: each seed draws how often each fault happens.
    let dropPercent: Int
    let duplicatePercent: Int
    let reorderPercent: Int
    let faultPermille: Int
    let tickPercent: Int
    let messagesAtOnce: Int
    let workIsSlow: Bool
    let kind: Kind
    /// Changes of membership are asked for until there are so many processes.
    let nodesMax: Int

    enum Kind { case plain, membership, leases }

    init(seed: UInt64, nodes: Int, kind: Kind = .plain) {
        self.kind = kind
        random = SplitMix64(seed: seed)
        var options = TestCluster.smallOptions
        if kind != .plain {
            options.leaseReads = kind == .leases
            options.clockDriftPerThousand = 20
            options.preVote = random.next(below: 4) > 0
        }
        nodesMax = nodes + 4
        cluster = TestCluster(nodes: nodes, seed: random.next(), options: options)
        dropPercent = random.next(below: 4) * 4
        duplicatePercent = random.next(below: 3) * 5
        reorderPercent = random.next(below: 3) * 30
        faultPermille = 2 + random.next(below: 3) * (kind == .plain ? 6 : 3)
        tickPercent = 4 + random.next(below: 3) * 6
        workIsSlow = kind == .plain ? false : random.next(below: 3) == 0
        messagesAtOnce = kind == .plain ? 1 : 1 + random.next(below: 6)
        if kind != .plain { prepareMembers() }
    }

    mutating func run(events: Int) {
        for _ in 0..<events {
            event()
            if !cluster.problems.isEmpty { return }
        }
        calm()
    }

    private mutating func event() {
        let place = random.next(below: cluster.nodes.count)
        if random.next(below: 1000) < faultPermille { fault(place) }
        if kind != .plain && memberEvent(place) { return }
        if random.next(below: 100) < tickPercent {
            for node in cluster.nodes.indices where random.next(below: 10) > 0 { cluster.tick(node) }
            return
        }
        switch random.next(below: 20) {
        case 0..<10: for _ in 0..<messagesAtOnce { network() }
        case 10..<13: cluster.write(place, count: 1 + random.next(below: 3))
        case 13..<15: cluster.apply(place, count: 1 + random.next(below: 5))
        case 15:
            cluster.load(place)
            cluster.sendSnapshot(place, fails: random.next(below: 3) == 0)
        case 16..<18:
            let count = 1 + random.next(below: 3)
            let proposals = (0..<count).map { _ in cluster.makeProposal(place, bytes: random.next(below: 60)) }
            if cluster.nodes[place].isActive { proposed.append(contentsOf: proposals.map(\.id)) }
            cluster.step(place, .propose(proposals))
        case 18:
            if cluster.nodes[place].isActive {
                cluster.read(place, byLease: kind == .leases && random.next(below: 2) == 0)
            }
        default: if random.next(below: 5) == 0 { cluster.compact(place, keeping: random.next(below: 20)) }
        }
    }

    private mutating func network() {
        guard !cluster.network.isEmpty else { return }
        while cluster.network.count > 300 { cluster.network.removeFirst() }
        let place = random.next(below: 100) < reorderPercent ? random.next(below: cluster.network.count) : 0
        if random.next(below: 100) < dropPercent {
            cluster.network.remove(at: place)
            return
        }
        if random.next(below: 100) < duplicatePercent { cluster.network.append(cluster.network[place]) }
        cluster.deliver(place)
    }

    private mutating func fault(_ place: Int) {
        switch random.next(below: kind == .plain ? 6 : 10) {
        case 6: cluster.nodes[place].isPaused = cluster.nodes[place].isRunning
        case 0, 1: if cluster.nodes[place].isRunning { cluster.crash(place) } else { cluster.restart(place) }
        case 2: cluster.isolate(place)
        case 3: cluster.cut[place][random.next(below: cluster.nodes.count)] = true
        default:
            cluster.heal()
            for other in cluster.nodes.indices { cluster.nodes[other].isPaused = false }
            for other in cluster.nodes.indices where other == place || (kind != .plain && random.next(below: 2) == 0) {
                if !cluster.nodes[other].isRunning { cluster.restart(other) }
            }
        }
    }

    private mutating func calm() {
        cluster.heal()
        for place in cluster.nodes.indices {
            cluster.nodes[place].isPaused = false
            cluster.step(place, .storageLow(false))
        }
        for place in cluster.nodes.indices where !cluster.nodes[place].isRunning { cluster.restart(place) }
        cluster.tickAll(times: 12 * cluster.options.electionTimeoutTicks)
        guard var leader = cluster.leaderPlace else {
            cluster.problems.append("invariant 20: no leader after healing: \(cluster.summary)")
            return
        }
        // A leader that is just handing over refuses; then whoever leads next is asked.
        for _ in 0..<5 {
            let id = cluster.propose(leader)
            proposed.append(id)
            guard cluster.nodes[leader].proposalsRefused[id] != nil else { break }
            cluster.tickAll(times: 2 * cluster.options.electionTimeoutTicks)
            leader = cluster.leaderPlace ?? leader
        }
        let reader = placesOfMembers(leader).first { $0 != leader } ?? leader
        let read = cluster.read(reader)
        cluster.tickAll(times: 8 * cluster.options.electionTimeoutTicks)
        if cluster.nodes[reader].ready[read] == nil {
            cluster.problems.append("invariant 20: a read is still waiting")
        }
        // Leadership may have gone to a preferred voter meanwhile.
        leader = cluster.leaderPlace ?? leader
        finalChecks(leader)
        if kind != .plain { finalMemberChecks(leader) }
    }

    func placesOfMembers(_ leader: Int) -> [Int] {
        cluster.nodes[leader].core.configuration.memberIDs.map { cluster.place(of: $0) }
    }

    private mutating func finalChecks(_ leader: Int) {
        let all = cluster.nodes[leader].appliedProposals
        let members = placesOfMembers(leader).map { cluster.nodes[$0] }
        for node in members where node.appliedProposals != all || node.digests != cluster.nodes[leader].digests {
            cluster.problems.append("invariant 20: \(node.id) applied \(node.applied), leader \(all.count)")
        }
        if all.last(where: { $0 != .none }) != proposed.last {
            cluster.problems.append("invariant 20: the last proposal is not applied")
        }
        var applied: Set<ProposalID> = []
        for id in all where id != .none {
            if !applied.insert(id).inserted { cluster.problems.append("\(id) was applied twice") }
        }
        for node in cluster.nodes {
            for id in proposed where node.proposalsRefused[id] != nil && applied.contains(id) {
                cluster.problems.append("\(id) was refused and applied")
            }
        }
        for node in cluster.nodes where node.core.ignoredMessages > 0 {
            cluster.problems.append("\(node.id) ignored \(node.core.ignoredMessages) messages of correct nodes")
        }
    }
}
