import Raft

/// From a seed to a plan. Each seed first draws which kinds of trouble it has at all, so that some runs are all disk and
/// others all network, and rare combinations are not drowned in the common ones.
extension Plan {
    public static func drawn(seed: UInt64, profile: Profile) -> Plan {
        var plan = Plan(seed: seed, profile: profile)
        let streams = RandomStreams(seed: seed)
        var topology = streams.stream(.topology)
        plan.drawTopology(&topology)
        var knobs = streams.stream(.knobs)
        plan.drawTimes(&knobs)
        plan.drawKnobs(&knobs)
        var network = streams.stream(.network, 1)
        plan.drawNetwork(&network)
        plan.drawWorkload(streams.stream(.workload).withNext)
        var faults = streams.stream(.faults)
        if profile != .idle {
            plan.drawFaults(&faults)
            plan.drawTriggers(&faults)
            var builds = streams.stream(.topology, 1)
            plan.drawBuilds(&builds)
        }
        return plan
    }

    private mutating func drawTopology(_ random: inout SplitMix64) {
        nodeCount =
            switch profile {
            case .tiny: 3
            case .idle: 5
            case .swarm, .long: random.pick([1, 2, 3, 3, 3, 4, 5, 5, 5, 7])
            case .member, .storage, .liveness: random.pick([3, 3, 5, 5])
            }
        cluster.nodeCount = nodeCount
    }

    /// One run in four begins with an earlier build on some nodes, or on all.
    private mutating func drawBuilds(_ random: inout SplitMix64) {
        guard random.next(below: 4) == 0 else { return }
        mixBuilds(&random)
    }

    /// Some nodes, or all, begin with an earlier build, and most such clusters are upgraded.
    public mutating func mixBuilds(_ random: inout SplitMix64) {
        let all = (1...nodeCount).map { NodeID(UInt64($0)) }
        let some = all.filter { _ in random.next(below: 2) == 0 }
        cluster.olderBuilds = some.isEmpty ? all : some
        let latest = max(2_000_000_000, faultsEndNanoseconds * 3 / 4)
        upgradeAtNanoseconds = random.next(below: 4) == 0 ? 0 : random.between(1_000_000_000, latest)
        // Layouts differ only in bytes.
        cluster.network.encodesMessages = true
    }

    private mutating func drawTimes(_ random: inout SplitMix64) {
        let milliseconds: UInt64 = profile == .idle ? 50 : random.pick([10, 20, 50, 50, 100])
        cluster.node.tickNanoseconds = milliseconds * 1_000_000
        cluster.core.tickNanoseconds = cluster.node.tickNanoseconds
        cluster.core.heartbeatTicks = profile == .idle ? 1 : random.pick([1, 1, 2])
        cluster.core.electionTimeoutTicks = profile == .idle ? 10 : random.pick([6, 10, 10, 30])
        let election = electionTimeoutNanoseconds
        cluster.node.snapshotResendNanoseconds = election * 2
        cluster.node.snapshotTimeoutNanoseconds = election * 20
        cluster.diskNanosecondsMax = random.pick([200_000, 2_000_000, 10_000_000])
        // A disk whose slow tail reaches the election timeout deposes leaders for good reason, and for ever.
        cluster.hasSlowDiskTail = random.next(below: 2) == 0 && cluster.diskNanosecondsMax * 40 < election
        cluster.applyNanosecondsMax = random.pick([1_000, 200_000, 5_000_000])
        cluster.processorNanosecondsMax = profile == .idle ? 0 : random.pick([0, 10_000, 100_000])
        cluster.driftPerMillionMax = random.pick([0, 100, 500])
    }

    /// Two levels: whether a knob is turned at all in this run, and how far.
    private mutating func drawKnobs(_ random: inout SplitMix64) {
        cluster.log.recordBytesMax = 32 << 10
        cluster.log.batchBytesMax = 64 << 10
        cluster.log.segmentBytes = 64 << 10
        cluster.core.entryBytesMax = 16 << 10
        cluster.node.commandBytesMax = 16 << 10
        cluster.node.checkpointBytes = 64 << 10
        cluster.node.compactionKeepEntries = 100
        cluster.node.snapshotChunkBytes = 4 << 10
        guard profile != .idle else { return }
        func turned() -> Bool { random.next(below: 3) == 0 }
        if turned() { cluster.core.appendBytesMax = random.pick([1, 200, 2_000]) }
        if turned() { cluster.core.inflightMessagesMax = random.pick([1, 4, 256]) }
        if turned() { cluster.core.inflightBytesMax = random.pick([1, 1_000]) }
        if turned() { cluster.core.tailBytesMax = random.pick([0, 1_000]) }
        if turned() { cluster.core.unappliedBytesMax = random.pick([500, 4_000]) }
        if turned() { cluster.core.uncommittedBytesMax = random.pick([500, 4_000]) }
        if random.next(below: 2) == 0 {
            cluster.node.checkpointBytes = random.pick([300, 1_500, 16_000])
            cluster.node.compactionKeepEntries = random.pick([0, 3, 20])
        }
        if turned() { cluster.node.snapshotChunkBytes = random.pick([16, 64, 1 << 20]) }
        if turned() { cluster.node.applyBatchCountMax = random.pick([1, 4]) }
        if turned() { cluster.node.applyLingerNanosecondsPerWaiter = 0 }
        if turned() { cluster.node.waitersMax = 2 }
        if turned() {
            cluster.log.segmentBytes = 8 << 10
            cluster.log.recordBytesMax = 2 << 10
            cluster.log.batchBytesMax = 4 << 10
            cluster.core.entryBytesMax = 1 << 10
        }
        cluster.core.preVote = random.next(below: 2) == 0
        cluster.core.checkQuorum = random.next(below: 4) != 0
        if random.next(below: 4) == 0, cluster.core.checkQuorum {
            cluster.core.leaseReads = true
            cluster.core.clockDriftPerThousand = 10
        }
    }

    private mutating func drawNetwork(_ random: inout SplitMix64) {
        cluster.network.encodesMessages = seed % 2 == 0
        guard profile != .idle else {
            cluster.network.encodesMessages = false
            return
        }
        // A network whose mean delay is beyond a tenth of the election timeout elects nobody in good times either.
        let meanMax = electionTimeoutNanoseconds / 10
        cluster.network.delayNanosecondsMin = random.pick([50_000, 500_000, 5_000_000])
        cluster.network.delayNanosecondsMean = min(meanMax, random.pick([100_000, 500_000, 5_000_000, 50_000_000]))
        cluster.network.delayNanosecondsMin = min(cluster.network.delayNanosecondsMin, meanMax)
        cluster.network.hasSlowTail = random.next(below: 2) == 0
        cluster.network.isOrdered = random.next(below: 2) == 0
        if random.next(below: 2) == 0 {
            cluster.network.lossPerThousand = random.pick([10, 50, 100, 300])
            if random.next(below: 3) == 0 { cluster.network.lossyKind = random.pick(MessageKind.allCases) }
        }
        if random.next(below: 2) == 0 {
            cluster.network.duplicatePerThousand = random.pick([20, 50, 200])
            if random.next(below: 2) == 0 {
                cluster.network.lateDuplicateNanosecondsMax = random.pick([
                    1_000_000_000, 10_000_000_000, 60_000_000_000,
                ])
            }
        }
        cluster.network.clogMessagesMax = Int(random.between(2, 20))
    }

    private mutating func drawWorkload(_ seed: UInt64) {
        workload = WorkloadOptions.drawn(seed: seed)
        hasWorkload = profile != .idle
        // The largest command must fit with the smallest segments.
        workload.ballastBytesMax = min(workload.ballastBytesMax, cluster.core.entryBytesMax / 2)
        switch profile {
        case .tiny: workload.requests = 200
        case .long: workload.requests *= 10
        case .swarm, .member, .storage, .liveness, .idle: break
        }
        if cluster.core.leaseReads { workload.leaseReadsPerThousand = 300 }
    }
}

extension SplitMix64 {
    /// One number of a stream that is used for nothing else.
    var withNext: UInt64 {
        var copy = self
        return copy.next()
    }
}
