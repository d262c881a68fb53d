import Raft

/// Partitions in all their shapes, and links that are merely bad.
extension Simulation {
    private struct Cut {
        var from: NodeID
        var to: NodeID
    }

    func partition(_ fault: PlannedFault, _ node: NodeID, _ dice: inout SplitMix64) {
        let cuts = cuts(fault.kind, node, &dice)
        for cut in cuts { cluster.network.cut(from: cut.from, to: cut.to) }
        later(fault.durationNanoseconds) { [self] in
            for cut in cuts { cluster.network.join(from: cut.from, to: cut.to) }
            trace?("\(stamp) \(fault.kind.rawValue) #\(fault.number) heals")
        }
    }

    private func cuts(_ kind: FaultKind, _ node: NodeID, _ dice: inout SplitMix64) -> [Cut] {
        let all = members
        let leader = cluster.leader ?? node
        func between(_ left: [NodeID], _ right: [NodeID]) -> [Cut] {
            left.flatMap { a in right.filter { $0 != a }.flatMap { [Cut(from: a, to: $0), Cut(from: $0, to: a)] } }
        }
        func without(_ ids: [NodeID]) -> [NodeID] { all.filter { !ids.contains($0) } }
        switch kind {
        case .isolate:
            return between([node], all)
        case .oneWayIn:
            return all.filter { $0 != node }.map { Cut(from: $0, to: node) }
        case .oneWayOut:
            return all.filter { $0 != node }.map { Cut(from: node, to: $0) }
        case .leaderPlusOne:
            // The leader keeps one companion.
            let companion = dice.pick(without([leader]).isEmpty ? all : without([leader]))
            return between([leader, companion], without([leader, companion]))
        case .leaderMinusOne:
            // The leader loses one follower, which everybody else still hears.
            let lost = dice.pick(without([leader]).isEmpty ? all : without([leader]))
            return between([leader], [lost])
        case .halves:
            let half = all.filter { _ in dice.next(below: 2) == 0 }
            return between(half, without(half))
        case .bridge:
            // Two halves that only one node connects.
            let half = without([node]).filter { _ in dice.next(below: 2) == 0 }
            return between(half, without(half + [node]))
        default:
            return ring(all)
        }
    }

    /// Everybody hears a majority, and each a different one.
    private func ring(_ all: [NodeID]) -> [Cut] {
        let reach = all.count / 4 + 1
        var cuts: [Cut] = []
        for (a, from) in all.enumerated() {
            for (b, to) in all.enumerated() where a != b {
                let distance = min((a - b + all.count) % all.count, (b - a + all.count) % all.count)
                if distance > reach { cuts.append(Cut(from: from, to: to)) }
            }
        }
        return cuts
    }

    func disturb(_ fault: PlannedFault, _ node: NodeID, _ dice: inout SplitMix64) {
        switch fault.kind {
        case .clog:
            for other in members where other != node && dice.next(below: 2) == 0 {
                cluster.network.clog(from: node, to: other, forNanoseconds: fault.durationNanoseconds)
                if dice.next(below: 2) == 0 {
                    cluster.network.clog(from: other, to: node, forNanoseconds: fault.durationNanoseconds)
                }
            }
        case .swizzle:
            // A random half goes one after the other, and comes back in another order.
            for id in members where dice.next(below: 2) == 0 {
                let begin = dice.between(0, 1_000_000_000)
                let end = begin + dice.between(100_000_000, fault.durationNanoseconds + 200_000_000)
                let others = members
                later(begin) { [self] in cluster.network.isolate(id, from: others) }
                later(end) { [self] in
                    for other in others where other != id {
                        cluster.network.join(from: id, to: other)
                        cluster.network.join(from: other, to: id)
                    }
                }
            }
        default:
            let before = cluster.network.model
            cluster.network.model.lossPerThousand = Int(dice.between(100, 600))
            cluster.network.model.lossyKind = dice.next(below: 2) == 0 ? dice.pick(MessageKind.allCases) : nil
            later(fault.durationNanoseconds) { [self] in
                cluster.network.model.lossPerThousand = before.lossPerThousand
                cluster.network.model.lossyKind = before.lossyKind
            }
        }
    }
}
