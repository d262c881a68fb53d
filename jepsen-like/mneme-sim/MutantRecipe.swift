/// What kinds of runs the mutants meet: drawn plans, some of them narrowed to where a class of bugs lives.
///
/// Owns: the narrowing. Must never: depend on the mutant's number, so that the control runs exactly the same plans.
#if MUTANTS
import Raft
import Simulator

enum MutantRecipe: String, CaseIterable {
    /// As the campaign draws them.
    case tiny, swarm, member, storage, liveness
    /// Elections all the time: no PreVote, short timeouts, crashes on votes.
    case contested
    /// Votes on slow disks, and power cuts just after them.
    case voting
    /// Leaders that come and go with divergent logs, one entry per message.
    case divergent
    /// Leaders that are cut off and go on being asked.
    case isolated
    /// A leader that keeps one follower, which is asked for reads, while the others elect another leader.
    case companion
    /// Four or five voters and every other message twice.
    case doubled
    /// Snapshots all the time.
    case compacting
    /// Snapshots that are overtaken by entries.
    case overtaking
    /// Processes that come back at once, and power that goes.
    case restarting
    /// One change of members after the other, while leaders crash.
    case joint
    /// Damaged and full disks.
    case broken
    /// An earlier build on some nodes, which are brought to this one.
    case upgraded

    func plan(seed: UInt64) -> Plan {
        var plan = Plan.drawn(seed: seed, profile: profile)
        var random = SplitMix64(seed: seed ^ 0x6d75_7461_6e74)
        switch self {
        case .tiny, .swarm, .member, .storage, .liveness: return plan
        case .contested, .doubled, .voting: contest(&plan, &random)
        case .divergent: diverge(&plan, &random)
        case .isolated, .companion: isolate(&plan, &random)
        case .compacting, .overtaking: compact(&plan, &random)
        case .restarting: restart(&plan, &random)
        case .joint: contest(&plan, &random)
        case .broken: damage(&plan, &random)
        case .upgraded: upgrade(&plan, &random)
        }
        plan.hasLivenessPhase = false
        return plan
    }

    private var profile: Profile {
        switch self {
        case .tiny: .tiny
        case .swarm, .contested, .voting, .divergent, .isolated, .companion, .doubled, .compacting, .overtaking,
            .restarting, .upgraded:
            .swarm
        case .member, .joint: .member
        case .storage, .broken: .storage
        case .liveness: .liveness
        }
    }

    /// Time passes quickly: ten milliseconds a tick, six ticks to an election, answers within two of them.
    private func hurry(_ plan: inout Plan) {
        plan.cluster.node.tickNanoseconds = 10_000_000
        plan.cluster.core.tickNanoseconds = 10_000_000
        plan.cluster.core.heartbeatTicks = 1
        plan.cluster.core.electionTimeoutTicks = 6
        plan.cluster.node.snapshotResendNanoseconds = 120_000_000
        plan.cluster.node.snapshotTimeoutNanoseconds = 1_200_000_000
        plan.cluster.hasSlowDiskTail = false
        plan.cluster.diskNanosecondsMax = min(plan.cluster.diskNanosecondsMax, 10_000_000)
        plan.cluster.network.delayNanosecondsMean = min(plan.cluster.network.delayNanosecondsMean, 5_000_000)
        plan.cluster.network.delayNanosecondsMin = min(plan.cluster.network.delayNanosecondsMin, 500_000)
        plan.workload.timeoutNanoseconds = 200_000_000
        plan.workload.thinkNanosecondsMax = min(plan.workload.thinkNanosecondsMax, 5_000_000)
        plan.workload.clients = max(plan.workload.clients, 4)
    }

    private func odd(_ plan: inout Plan, _ random: inout SplitMix64) {
        plan.nodeCount =
            switch self {
            case .companion: 5
            case .doubled: random.pick([4, 5])
            default: random.pick([3, 3, 5])
            }
        plan.cluster.nodeCount = plan.nodeCount
        plan.cluster.olderBuilds.removeAll { $0.rawValue > UInt64(plan.nodeCount) }
    }

    /// A fault of these kinds about every 150 ms, in place of those drawn.
    private func strike(
        _ plan: inout Plan, _ kinds: [FaultKind], _ targets: [FaultTarget], _ random: inout SplitMix64,
        meanNanoseconds: UInt64 = 150_000_000
    ) {
        plan.faults = []
        plan.faultsEndNanoseconds = 15_000_000_000
        // Long enough for what is late; whether everything is answered in the end is not asked here.
        plan.safetyNanosecondsMax = 17_000_000_000
        var at: UInt64 = 200_000_000
        while at < plan.faultsEndNanoseconds {
            plan.faults.append(
                PlannedFault(
                    number: plan.faults.count, atNanoseconds: at, kind: random.pick(kinds),
                    target: random.pick(targets), durationNanoseconds: random.between(20_000_000, 600_000_000),
                    dice: random.next()))
            at += 20_000_000 + random.between(0, 2 * meanNanoseconds)
        }
    }

    private func crash(_ plan: inout Plan, on moments: [NodeMoment], perThousand: Int) {
        for moment in moments { plan.triggersPerThousand[Int(moment.rawValue)] = perThousand }
    }

    private func contest(_ plan: inout Plan, _ random: inout SplitMix64) {
        hurry(&plan)
        plan.cluster.core.preVote = random.next(below: 4) == 0
        plan.cluster.core.leaseReads = false
        plan.workload.leaseReadsPerThousand = 0
        crash(&plan, on: [.grantedVote], perThousand: random.pick([50, 150, 300]))
        crash(&plan, on: [.becameLeader, .lostLeadership], perThousand: random.pick([0, 150]))
        if self == .joint {
            crash(&plan, on: [.configurationAppended, .configurationCommitted], perThousand: random.pick([0, 150]))
            return
        }
        odd(&plan, &random)
        plan.cluster.network.duplicatePerThousand = random.pick([0, 100, 300])
        plan.cluster.network.lateDuplicateNanosecondsMax = random.pick([0, 1_000_000_000])
        if self == .voting {
            plan.cluster.core.preVote = false
            plan.cluster.diskNanosecondsMax = 10_000_000
            plan.cluster.network.delayNanosecondsMean = 500_000
            crash(&plan, on: [.grantedVote], perThousand: random.pick([200, 400]))
            strike(&plan, [.kill, .isolate, .pause], [.leader], &random)
            return
        }
        if self == .doubled {
            plan.cluster.core.preVote = false
            plan.cluster.network.duplicatePerThousand = 500
        }
        strike(
            &plan, [.kill, .powerLoss, .isolate, .halves, .oneWayIn, .oneWayOut, .clog, .leaderMinusOne, .pause],
            [.leader, .leader, .nextLeader, .lastVoter, .anyone], &random)
    }

    private func diverge(_ plan: inout Plan, _ random: inout SplitMix64) {
        contest(&plan, &random)
        plan.cluster.core.appendBytesMax = random.pick([1, 1, 200])
        crash(&plan, on: [.grantedVote], perThousand: random.pick([0, 50]))
        crash(&plan, on: [.appended, .firstAppendOfTerm], perThousand: random.pick([0, 20]))
        crash(&plan, on: [.becameLeader], perThousand: random.pick([0, 300]))
        strike(
            &plan, [.kill, .powerLoss, .isolate, .halves, .leaderPlusOne, .clog, .loss, .oneWayIn],
            [.leader, .leader, .nextLeader, .anyone], &random, meanNanoseconds: random.pick([60_000_000, 200_000_000]))
    }

    private func isolate(_ plan: inout Plan, _ random: inout SplitMix64) {
        hurry(&plan)
        odd(&plan, &random)
        plan.cluster.core.checkQuorum = random.next(below: 2) == 0
        plan.workload.clients = 8
        plan.workload.pinnedPerThousand = 1_000
        plan.workload.readersPerThousand = 600
        plan.workload.readsPerThousand = 300
        plan.workload.staleReadsPerThousand = 0
        plan.workload.limits.slots = random.pick([1, 3])
        plan.workload.thinkNanosecondsMax = 1_000_000
        if self == .companion {
            plan.cluster.core.checkQuorum = false
            plan.workload.requests = 1_500
            plan.workload.clients = 12
            strike(&plan, [.leaderPlusOne, .leaderPlusOne, .kill], [.leader], &random, meanNanoseconds: 300_000_000)
            return
        }
        strike(
            &plan,
            [.isolate, .isolate, .leaderPlusOne, .oneWayIn, .oneWayOut, .pause, .clog, .halves, .applyStall, .kill],
            [.leader, .leader, .anyone], &random, meanNanoseconds: 300_000_000)
    }

    private func compact(_ plan: inout Plan, _ random: inout SplitMix64) {
        hurry(&plan)
        odd(&plan, &random)
        plan.cluster.node.checkpointBytes = random.pick([300, 1_000])
        plan.cluster.node.compactionKeepEntries = random.pick([0, 3])
        plan.cluster.node.snapshotChunkBytes = random.pick([64, 1_024])
        plan.workload.limits.sessionsMax = random.pick([2, 64, 64])
        plan.workload.duplicatesPerThousand = 500
        plan.cluster.network.duplicatePerThousand = random.pick([0, 100])
        plan.cluster.network.lateDuplicateNanosecondsMax = 1_000_000_000
        crash(
            &plan, on: [.snapshotInstalling, .snapshotInstalled, .logCut, .checkpointed],
            perThousand: random.pick([20, 150, 400]))
        if self == .overtaking {
            overtake(&plan, &random)
            return
        }
        strike(
            &plan, [.kill, .powerLoss, .isolate, .isolate, .clog, .oneWayIn, .pause],
            [.anyone, .anyone, .leader, .snapshotParty], &random, meanNanoseconds: 300_000_000)
    }

    /// Entries that come late, or twice, while a snapshot that has them is on its way.
    private func overtake(_ plan: inout Plan, _ random: inout SplitMix64) {
        plan.cluster.network.isOrdered = false
        plan.cluster.network.clogMessagesMax = 1_000
        plan.cluster.network.duplicatePerThousand = 300
        plan.cluster.network.hasSlowTail = true
        plan.cluster.network.delayNanosecondsMean = 5_000_000
        plan.cluster.node.compactionKeepEntries = 0
        plan.cluster.node.checkpointBytes = 300
        plan.cluster.node.snapshotChunkBytes = 64
        plan.cluster.core.inflightMessagesMax = 256
        plan.cluster.core.appendBytesMax = 200
        plan.triggersPerThousand = plan.triggersPerThousand.map { _ in 0 }
        strike(&plan, [.clog, .clog, .loss, .applyStall], [.leader, .anyone], &random)
    }

    /// Small files and a state machine that remembers little by itself, so that all hangs on the log.
    private func damage(_ plan: inout Plan, _ random: inout SplitMix64) {
        hurry(&plan)
        odd(&plan, &random)
        plan.cluster.log.segmentBytes = 16 << 10
        plan.cluster.log.recordBytesMax = 2 << 10
        plan.cluster.log.batchBytesMax = 4 << 10
        plan.cluster.core.entryBytesMax = 1 << 10
        plan.cluster.node.checkpointBytes = random.pick([16_000, 1 << 20])
        plan.workload.ballastBytesMax = 500
        plan.workload.requests = 1_000
        plan.workload.readsPerThousand = 100
        plan.workload.clients = 8
        plan.triggersPerThousand = plan.triggersPerThousand.map { _ in 0 }
        strike(
            &plan, [.bitRot, .bitRot, .powerLoss, .powerLoss, .kill, .diskFull, .syncError, .powerCutInWrite],
            [.anyone, .leader], &random, meanNanoseconds: 400_000_000)
    }

    private func upgrade(_ plan: inout Plan, _ random: inout SplitMix64) {
        hurry(&plan)
        odd(&plan, &random)
        plan.triggersPerThousand = plan.triggersPerThousand.map { _ in 0 }
        strike(
            &plan, [.kill, .powerLoss, .isolate, .transfer], [.leader, .anyone], &random, meanNanoseconds: 500_000_000)
        plan.mixBuilds(&random)
    }

    private func restart(_ plan: inout Plan, _ random: inout SplitMix64) {
        hurry(&plan)
        odd(&plan, &random)
        plan.cluster.diskNanosecondsMax = random.pick([2_000_000, 10_000_000])
        crash(&plan, on: [.appended, .committed, .applied], perThousand: random.pick([5, 20]))
        crash(&plan, on: [.checkpointed, .logCut], perThousand: random.pick([0, 150]))
        if random.next(below: 2) == 0 {
            plan.cluster.node.checkpointBytes = 300
            plan.cluster.node.compactionKeepEntries = random.pick([0, 3])
        }
        strike(
            &plan, [.powerLoss, .powerLoss, .kill, .crashAll, .crashMajority, .diskStall], [.anyone, .leader], &random,
            meanNanoseconds: 400_000_000)
    }
}
#endif
