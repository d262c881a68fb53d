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

    init(seed: UInt64, nodes: Int) {
        random = SplitMix64(seed: seed)
        cluster = TestCluster(nodes: nodes, seed: random.next(), options: TestCluster.smallOptions)
        dropPercent = random.next(below: 4) * 4
        duplicatePercent = random.next(below: 3) * 5
        reorderPercent = random.next(below: 3) * 30
        faultPermille = 2 + random.next(below: 3) * 6
        tickPercent = 4 + random.next(below: 3) * 6
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
        if random.next(below: 100) < tickPercent {
            for node in cluster.nodes.indices where random.next(below: 10) > 0 { cluster.tick(node) }
            return
        }
        switch random.next(below: 20) {
        case 0..<10: network()
        case 10..<13: cluster.write(place, count: 1 + random.next(below: 3))
        case 13..<15: cluster.apply(place, count: 1 + random.next(below: 5))
        case 15:
            cluster.load(place)
            cluster.sendSnapshot(place, fails: random.next(below: 3) == 0)
        case 16..<18:
            let count = 1 + random.next(below: 3)
            let proposals = (0..<count).map { _ in cluster.makeProposal(place, bytes: random.next(below: 60)) }
            if cluster.nodes[place].isRunning { proposed.append(contentsOf: proposals.map(\.id)) }
            cluster.step(place, .propose(proposals))
        case 18: if cluster.nodes[place].isRunning { cluster.read(place) }
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
        switch random.next(below: 6) {
        case 0, 1: if cluster.nodes[place].isRunning { cluster.crash(place) } else { cluster.restart(place) }
        case 2: cluster.isolate(place)
        case 3: cluster.cut[place][random.next(below: cluster.nodes.count)] = true
        default:
            cluster.heal()
            if !cluster.nodes[place].isRunning { cluster.restart(place) }
        }
    }

    private mutating func calm() {
        cluster.heal()
        for place in cluster.nodes.indices where !cluster.nodes[place].isRunning { cluster.restart(place) }
        cluster.tickAll(times: 12 * cluster.options.electionTimeoutTicks)
        guard let leader = cluster.leaderPlace else {
            cluster.problems.append("invariant 20: no leader after healing")
            return
        }
        proposed.append(cluster.propose(leader))
        let read = cluster.read((leader + 1) % cluster.nodes.count)
        cluster.tickAll(times: 8 * cluster.options.electionTimeoutTicks)
        if cluster.nodes[(leader + 1) % cluster.nodes.count].ready[read] == nil {
            cluster.problems.append("invariant 20: a read is still waiting")
        }
        finalChecks(leader)
    }

    private mutating func finalChecks(_ leader: Int) {
        let all = cluster.nodes[leader].appliedProposals
        for node in cluster.nodes where node.appliedProposals != all || node.digests != cluster.nodes[leader].digests {
            cluster.problems.append("invariant 20: \(node.id) applied \(node.applied), leader \(all.count)")
        }
        if all.last != proposed.last { cluster.problems.append("invariant 20: the last proposal is not applied") }
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
