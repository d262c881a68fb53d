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
    /// Leaders that come and go with divergent logs, one entry per message.
    case divergent
    /// Leaders that are cut off and go on being asked.
    case isolated
    /// Snapshots all the time.
    case compacting
    /// Processes that come back at once, and power that goes.
    case restarting
    /// One change of members after the other, while leaders crash.
    case joint
    /// Damaged and full disks.
    case broken

    func plan(seed: UInt64) -> Plan {
        var plan = Plan.drawn(seed: seed, profile: profile)
        var random = SplitMix64(seed: seed ^ 0x6d75_7461_6e74)
        switch self {
        case .tiny, .swarm, .member, .storage, .liveness: return plan
        case .contested: contest(&plan, &random)
        case .divergent: diverge(&plan, &random)
        case .isolated: isolate(&plan, &random)
        case .compacting: compact(&plan, &random)
        case .restarting: restart(&plan, &random)
        case .joint: contest(&plan, &random)
        case .broken: break
        }
        plan.hasLivenessPhase = false
        return plan
    }

    private var profile: Profile {
        switch self {
        case .tiny: .tiny
        case .swarm, .contested, .divergent, .isolated, .compacting, .restarting: .swarm
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
        plan.nodeCount = random.pick([3, 3, 5])
        plan.cluster.nodeCount = plan.nodeCount
    }

    /// A fault of these kinds about every 150 ms, in place of those drawn.
    private func strike(
        _ plan: inout Plan, _ kinds: [FaultKind], _ targets: [FaultTarget], _ random: inout SplitMix64,
        meanNanoseconds: UInt64 = 150_000_000
    ) {
        plan.faults = []
        plan.faultsEndNanoseconds = 20_000_000_000
        plan.safetyNanosecondsMax = 40_000_000_000
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
        strike(
            &plan, [.kill, .powerLoss, .isolate, .isolate, .clog, .oneWayIn, .pause],
            [.anyone, .anyone, .leader, .snapshotParty], &random, meanNanoseconds: 300_000_000)
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
