/// One seeded run of many kinds of trouble. Each seed first draws which kinds it has at all, so that some runs are all
/// disk and others all network, and rare combinations are not drowned in the common ones.

import Raft
import Simulator

struct SwarmRun {
    enum Trouble: CaseIterable {
        case roughNetwork, isolation, oneWayCut, crash, kill, restartStorm, diskError, powerCutInOperation, fullDisk
        case logStall, applyStall, burst, idle
    }
    struct Result {
        var converged: Bool
        var violations: [String]
        var acknowledged: Int
        var failures: Int
        var snapshots: UInt64
        var leaders: Int
    }

    let seed: UInt64
    var nodeCount = 5
    var steps = 50

    func perform() throws -> Result {
        var options = ListCluster.Options()
        options.nodeCount = nodeCount
        var random = SplitMix64(seed: seed &* 104_729)
        // Small limits make edges common.
        options.node.checkpointBytes = random.next(below: 2) == 0 ? 2 << 10 : 16 << 10
        options.node.compactionKeepEntries = random.next(below: 2) == 0 ? 3 : 20
        options.core.inflightMessagesMax = random.next(below: 2) == 0 ? 2 : 64
        options.core.unappliedBytesMax = random.next(below: 3) == 0 ? 2 << 10 : 64 << 20
        options.core.tailBytesMax = random.next(below: 2) == 0 ? 1 << 10 : 32 << 20
        options.node.snapshotChunkBytes = random.next(below: 2) == 0 ? 64 : 1 << 10
        let cluster = try ListCluster(seed: seed, options: options)
        var troubles = Trouble.allCases.filter { _ in random.next(below: 2) == 0 }
        if troubles.isEmpty { troubles = [.crash] }
        var number = 0
        var snapshots: UInt64 = 0
        for _ in 0..<steps {
            let trouble = troubles[random.next(below: troubles.count)]
            for id in cluster.ids { snapshots += cluster.gauges(id)?.snapshotsInstalled ?? 0 }
            let writes = try cause(trouble, in: cluster, &random)
            for id in cluster.ids {
                for _ in 0..<random.next(below: writes + 1) {
                    number += 1
                    cluster.propose(Array("seed \(seed) write \(number)".utf8), on: id)
                }
                cluster.read(on: id)
            }
            cluster.run(forNanoseconds: random.between(10_000_000, 300_000_000))
            for id in cluster.ids where random.next(below: 3) == 0 { restart(id, in: cluster) }
        }
        let converged = try cluster.healAndConverge()
        return Result(
            converged: converged, violations: cluster.violations(expectedFailure: Self.isInjected),
            acknowledged: cluster.acknowledged.count, failures: cluster.failures.count, snapshots: snapshots,
            leaders: cluster.leaderCount)
    }

    static func isInjected(_ reason: String) -> Bool {
        ["injected error", "no space left", "no room for log file", "the power went off", "the power is off"].contains {
            reason.contains($0)
        }
    }

    /// A full or faulty disk may keep a node from starting; it is tried again later.
    private func restart(_ id: NodeID, in cluster: ListCluster) {
        do { try cluster.start(id) } catch { cluster.disk(id)?.powerLoss(.lost) }
    }

    /// Returns how many writes each node gets at most in this step.
    private func cause(
        _ trouble: Trouble, in cluster: ListCluster, _ random: inout SplitMix64
    ) throws -> Int {
        func anyone() -> NodeID { cluster.ids[random.next(below: cluster.ids.count)] }
        let leader = cluster.leader ?? anyone()
        let node = random.next(below: 2) == 0 ? leader : anyone()
        switch trouble {
        case .roughNetwork:
            if random.next(below: 2) == 0 { cluster.network.model = .rough } else { cluster.network.healAll() }
        case .isolation:
            if random.next(below: 2) == 0 {
                cluster.network.isolate(node, from: cluster.ids)
            } else {
                cluster.network.healAll()
            }
        case .oneWayCut:
            let other = anyone()
            if node != other { cluster.network.cut(from: node, to: other) }
            if random.next(below: 4) == 0 { cluster.network.healAll() }
        case .crash: cluster.crash(node)
        case .kill: cluster.crash(node, .kill)
        case .restartStorm:
            for id in cluster.ids where random.next(below: 2) == 0 {
                cluster.crash(id, random.next(below: 2) == 0 ? .kill : .powerLoss)
                restart(id, in: cluster)
            }
        case .diskError:
            let operation: DiskError.Operation = random.next(below: 2) == 0 ? .sync : .write
            cluster.disk(node)?.inject(
                DiskFault(.error(DiskFault.inputOutputError), on: operation, after: random.next(below: 5)))
        case .powerCutInOperation:
            cluster.disk(node)?.inject(DiskFault(.powerLoss, after: random.next(below: 12)))
        case .fullDisk:
            cluster.disk(node)?.setCapacity(bytes: random.next(below: 2) == 0 ? 0 : nil)
        case .logStall:
            cluster.stall(node, .log, forNanoseconds: random.between(1_000_000, 3_000_000_000))
        case .applyStall:
            cluster.stall(node, .apply, forNanoseconds: random.between(1_000_000, 3_000_000_000))
        case .burst: return 60
        case .idle: return 0
        }
        return 6
    }
}
