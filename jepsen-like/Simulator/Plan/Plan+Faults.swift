import Raft

/// The schedule of faults, and the moments that are followed by a crash.
extension Plan {
    private static let processes: [FaultKind] = [
        .kill, .powerLoss, .crashAll, .crashMajority, .rollingRestart, .pause, .slowProcessor,
    ]
    private static let network: [FaultKind] = [
        .isolate, .halves, .ring, .bridge, .leaderPlusOne, .leaderMinusOne, .oneWayIn, .oneWayOut, .clog, .swizzle,
        .loss,
    ]
    private static let disks: [FaultKind] = [
        .diskStall, .applyStall, .syncError, .writeError, .powerCutInWrite, .diskFull, .bitRot,
    ]
    private static let clocks: [FaultKind] = [.wallStep, .drift]
    private static let members: [FaultKind] = [.addMember, .removeMember, .replaceMember, .transfer, .wipe]

    mutating func drawFaults(_ random: inout SplitMix64) {
        var kinds = drawKinds(&random)
        // With one copy there is nothing to rebuild from: crashes only.
        if nodeCount == 1 { kinds = kinds.filter { $0 == .kill || $0 == .powerLoss || $0 == .pause } }
        if kinds.isEmpty { kinds = [.kill, .powerLoss] }
        let leaderPerThousand = random.pick([0, 300, 700])
        // Gaps of a third of a second to ten: faults that chase each other, and faults with time to recover between.
        let gapMean: UInt64 = random.pick([300_000_000, 1_000_000_000, 3_000_000_000])
        switch profile {
        case .tiny: faultsEndNanoseconds = 15_000_000_000
        case .long: faultsEndNanoseconds = 1_800_000_000_000
        case .swarm, .member, .storage, .liveness, .idle: break
        }
        safetyNanosecondsMax = faultsEndNanoseconds + 60_000_000_000
        var at: UInt64 = random.between(100_000_000, 2_000_000_000)
        let between: UInt64 = profile == .long ? 10 : 1
        while at < faultsEndNanoseconds {
            faults.append(
                PlannedFault(
                    number: faults.count, atNanoseconds: at, kind: random.pick(kinds),
                    target: drawTarget(&random, leaderPerThousand), durationNanoseconds: drawDuration(&random),
                    dice: random.next()))
            at += 50_000_000 + random.exponential(mean: gapMean * between)
        }
    }

    private func drawKinds(_ random: inout SplitMix64) -> [FaultKind] {
        func some(_ kinds: [FaultKind]) -> [FaultKind] { kinds.filter { _ in random.next(below: 2) == 0 } }
        var kinds: [FaultKind] = []
        switch profile {
        case .idle:
            break
        case .storage:
            kinds = Self.disks + Self.disks + [.kill, .powerLoss, .powerLoss] + some(Self.network)
        case .member:
            kinds = Self.members + Self.members + Self.members + some(Self.processes) + some(Self.network)
        case .tiny, .swarm, .liveness, .long:
            if random.next(below: 3) > 0 { kinds += some(Self.processes) }
            if random.next(below: 3) > 0 { kinds += some(Self.network) }
            if random.next(below: 3) == 0 { kinds += some(Self.disks) }
            if random.next(below: 2) == 0 { kinds += some(Self.clocks) }
            if random.next(below: 3) == 0 { kinds += some([.transfer]) }
        }
        return kinds
    }

    private func drawTarget(_ random: inout SplitMix64, _ leaderPerThousand: Int) -> FaultTarget {
        if random.chance(perThousand: leaderPerThousand) { return .leader }
        return random.pick([.anyone, .anyone, .nextLeader, .lastVoter, .snapshotParty])
    }

    private func drawDuration(_ random: inout SplitMix64) -> UInt64 {
        let scale: UInt64 = random.pick([50_000_000, 400_000_000, 2_000_000_000, 2_000_000_000, 20_000_000_000])
        return 20_000_000 + min(30_000_000_000, random.exponential(mean: scale))
    }

    /// Decisive for what random faults hit once in many hours: a crash just when the protocol is between two steps.
    mutating func drawTriggers(_ random: inout SplitMix64) {
        guard random.next(below: 3) > 0 else { return }
        for moment in NodeMoment.allCases where random.next(below: 3) == 0 {
            // Frequent moments get small chances, rare ones up to four in ten.
            let chances =
                switch moment {
                case .appended, .applied, .committed, .snapshotPieceRead, .snapshotPieceStored: [1, 5, 20]
                case .grantedVote, .becameLeader, .lostLeadership, .firstAppendOfTerm, .truncated, .checkpointed,
                    .snapshotPinned, .snapshotCopied, .snapshotInstalling, .snapshotInstalled, .logCut,
                    .configurationAppended, .configurationCommitted, .timeoutNowSent:
                    [50, 150, 400]
                }
            triggersPerThousand[Int(moment.rawValue)] = random.pick(chances)
        }
    }
}
