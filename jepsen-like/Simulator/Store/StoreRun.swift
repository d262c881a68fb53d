import Raft
import Simulator
import StateMachine
import StoreMachine

/// One seed of the storage profile: a cluster of whole nodes over the real SQLite store, with crashes, power cuts and
/// failing disks under a stream of writes; then a calm, in which all must become equal and sound.
///
/// Owns: the faults, the clients, the final judgement. Must never: explain away a stop that no fault asked for.
public final class StoreRun: @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.

    public struct Outcome: Sendable {
        public var findings: [String]
        public var counts: [StoreLedger.Count: Int]
        public var eventHash: UInt64
        public var virtualNanoseconds: UInt64
        public var lastIndex: UInt64
        /// Of the rows of every node.
        public var content: [UInt8]
    }

    public let cluster: SimulatedCluster
    public let ledger = StoreLedger()
    private let seed: UInt64
    private let faultsEndNanoseconds: UInt64
    private var workload: StoreWorkload
    private var dice: SplitMix64
    private var acknowledged: [(index: LogIndex, command: [UInt8], outcome: [UInt8])] = []
    private var homes: [NodeID: LedgerHome] = [:]
    private var isCalm = false

    /// - Parameter faultNanoseconds: virtual time under faults.
    public init(seed: UInt64, nodeCount: Int = 3, faultNanoseconds: UInt64 = 12_000_000_000) {
        var options = SimulatedCluster.Options()
        options.nodeCount = nodeCount
        options.node.snapshotChunkBytes = 16 << 10
        options.node.checkpointBytes = 24 << 10
        options.node.compactionKeepEntries = 10
        options.node.snapshotRetryNanosecondsMin = 100_000_000
        options.node.snapshotRetryNanosecondsMax = 1_000_000_000
        options.network.lossPerThousand = 10
        options.core.featureLevelMax = FeatureLevel.max
        self.seed = seed
        faultsEndNanoseconds = faultNanoseconds
        let streams = RandomStreams(seed: seed)
        workload = StoreWorkload(seed: streams.seed &* 3 &+ 1)
        dice = streams.stream(.faults)
        var made: [NodeID: LedgerHome] = [:]
        let ledger = ledger
        cluster = SimulatedCluster(seed: seed, options: options) { node, disk in
            let store = MemoryStoreHome(disk: disk, seed: seed ^ node.rawValue)
            let home = LedgerHome(node: node, store: store, ledger: ledger)
            made[node] = home
            return home
        }
        homes = made
    }

    public func perform() throws -> Outcome {
        for id in cluster.ids { start(id) }
        write()
        strike()
        mend()
        cluster.run(forNanoseconds: faultsEndNanoseconds) {
            endPowerCuts()
            return !ledger.findings.isEmpty
        }
        if ledger.findings.isEmpty { calm() }
        return try judge()
    }

    // MARK: clients

    private func write() {
        cluster.time.schedule(afterNanoseconds: dice.between(2_000_000, 40_000_000)) { [self] in
            guard !isCalm else { return }
            let node = dice.pick(cluster.ids)
            // As a server does: by what the asked node has applied.
            workload.includesTables = (cluster.machine(node) as? LedgerMachine)?.machine.store.hasTables() ?? false
            let command = workload.nextBytes()
            cluster.raft(node)?.propose(command, timeoutNanoseconds: 2_000_000_000) { [self] result in
                guard case .applied(let index, let outcome) = result else { return }
                acknowledged.append((index, command, outcome))
                ledger.count(.acknowledged)
            }
            write()
        }
    }

    // MARK: faults

    private func strike() {
        cluster.time.schedule(afterNanoseconds: dice.between(50_000_000, 700_000_000)) { [self] in
            guard !isCalm else { return }
            let node = dice.pick(cluster.ids)
            switch dice.next(below: 8) {
            case 0, 1: end(node, .powerLoss)
            case 2: end(node, .kill)
            case 3, 4, 5: fault(node, DiskFault(.powerLoss, namePrefix: "store", after: dice.next(below: 120)))
            case 6:
                let operation: DiskError.Operation = dice.pick([.write, .sync, .rename, .open])
                let error = DiskFault.Effect.error(DiskFault.inputOutputError)
                fault(node, DiskFault(error, on: operation, namePrefix: "store", after: dice.next(below: 30)))
            default:
                // Long enough for the others to cut their logs: it comes back to a snapshot.
                cluster.network.isolate(node, from: cluster.ids)
                cluster.time.schedule(afterNanoseconds: dice.between(500_000_000, 2_000_000_000)) { [self] in
                    cluster.network.joinAll()
                }
            }
            strike()
        }
    }

    private func fault(_ node: NodeID, _ fault: DiskFault) {
        guard cluster.isRunning(node) else { return }
        ledger.count(.faults)
        cluster.node(node).disk.inject(fault)
    }

    private func end(_ node: NodeID, _ end: EndOfProcess) {
        guard cluster.isRunning(node) else { return }
        ledger.count(end == .kill ? .kills : .powerCuts)
        cluster.crash(node, end)
    }

    /// A power cut in the middle of an operation takes the whole machine, whether or not the operation's caller minded.
    private func endPowerCuts() {
        for id in cluster.ids where cluster.isRunning(id) && cluster.node(id).disk.isPowerLost { end(id, .powerLoss) }
    }

    /// Somebody switches machines on again.
    private func mend() {
        cluster.time.schedule(afterNanoseconds: dice.between(100_000_000, 400_000_000)) { [self] in
            for id in cluster.ids where !cluster.isRunning(id) && dice.next(below: 2) == 0 { start(id) }
            if !isCalm { mend() }
        }
    }

    private func start(_ id: NodeID) {
        do {
            try cluster.start(id)
        } catch {
            if !Self.isExplained("\(error)") { ledger.find("\(id) does not start: \(error)") }
        }
    }

    /// Only the words of the disk's own faults.
    private static func isExplained(_ reason: String) -> Bool {
        ["the power", "injected error", "disk I/O error", "the process has ended", "unable to open database file"]
            .contains { reason.contains($0) }
    }

    // MARK: the end

    private func calm() {
        isCalm = true
        cluster.network.healAll()
        for id in cluster.ids {
            if cluster.node(id).disk.isPowerLost { cluster.crash(id, .powerLoss) }
            cluster.node(id).disk.clearFaults()
            start(id)
        }
        let isEqual = cluster.run(forNanoseconds: 120_000_000_000) {
            guard let leader = cluster.leader, let leading = cluster.glance(leader) else { return false }
            return cluster.ids.allSatisfy { id in
                guard let glance = cluster.glance(id) else { return false }
                return glance.leader == leader && glance.last == leading.last && glance.applied == leading.last.index
            }
        }
        if !isEqual { ledger.find("the nodes do not become equal after the faults") }
    }

    private func judge() throws -> Outcome {
        for stop in cluster.stops where !Self.isExplained(stop.reason) {
            ledger.find("\(stop.node) stopped itself: \(stop.reason)")
        }
        for violation in cluster.watch.violations { ledger.find(violation) }
        // The same log on a disk that never failed.
        let reference = try MemoryStoreHome(disk: MemoryDisk(), seed: seed).openStore()
        let outcomes = try ledger.entries.isEmpty ? [] : reference.apply(ledger.entries)
        let content = try reference.store.contentDigest()
        for write in acknowledged {
            let place = Int(write.index.rawValue) - 1
            guard ledger.entries.indices.contains(place), ledger.entries[place].command == write.command,
                outcomes[place] == write.outcome
            else {
                ledger.find("the write acknowledged at \(write.index) is not what the log holds there")
                continue
            }
        }
        for id in cluster.ids {
            guard let machine = (cluster.machine(id) as? LedgerMachine)?.machine else { continue }
            for problem in try machine.store.problems() { ledger.find("\(id): \(problem)") }
            if machine.appliedPosition().position != reference.appliedPosition().position {
                ledger.find("\(id) is at \(machine.appliedPosition().position)")
            } else if try machine.store.contentDigest() != content {
                ledger.find("\(id) holds other rows than its log gives")
            }
        }
        return Outcome(
            findings: ledger.findings, counts: ledger.counts, eventHash: cluster.time.eventHash,
            virtualNanoseconds: cluster.time.nowNanoseconds, lastIndex: UInt64(ledger.entries.count), content: content)
    }
}
