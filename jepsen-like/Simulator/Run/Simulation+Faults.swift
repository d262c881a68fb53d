import Raft

/// How planned faults are done.
extension Simulation {
    func scheduleFaults() {
        for fault in plan.faults where fault.atNanoseconds < plan.faultsEndNanoseconds {
            cluster.time.schedule(afterNanoseconds: fault.atNanoseconds) { [self] in
                if phase == .safety { strike(fault) }
            }
        }
    }

    /// The nodes there are to hit: those that belong to the cluster now.
    var members: [NodeID] { clientNodes }

    private func strike(_ fault: PlannedFault) {
        var dice = SplitMix64(seed: fault.dice)
        let node = find(fault.target, &dice)
        outcome.counters.count(fault.kind)
        trace?("\(stamp) FAULT \(fault) -> \(node)")
        switch fault.kind {
        case .kill: crash(node, .kill, forNanoseconds: downtime(fault))
        case .powerLoss: crash(node, .powerLoss, forNanoseconds: downtime(fault))
        case .crashAll, .crashMajority, .rollingRestart: crashMany(fault, &dice)
        case .pause, .slowProcessor, .diskStall, .applyStall: slow(fault, node, &dice)
        case .isolate, .halves, .ring, .bridge, .leaderPlusOne, .leaderMinusOne, .oneWayIn, .oneWayOut:
            partition(fault, node, &dice)
        case .clog, .swizzle, .loss: disturb(fault, node, &dice)
        case .syncError, .writeError, .powerCutInWrite, .diskFull: breakDisk(fault, node, &dice)
        case .bitRot: rot(node, &dice)
        case .wallStep: stepWall(node, &dice)
        case .drift: cluster.node(node).clock.setDrift(perMillion: Int64(dice.between(0, 1_000)) - 500)
        case .transfer, .addMember, .removeMember, .replaceMember, .wipe: operate(fault, node, &dice)
        case .trigger: break
        }
    }

    private func find(_ target: FaultTarget, _ dice: inout SplitMix64) -> NodeID {
        let anyone = dice.pick(members)
        switch target {
        case .anyone: return anyone
        case .leader: return cluster.leader ?? anyone
        case .nextLeader:
            let leader = cluster.leader
            var best: (id: NodeID, last: LogPosition)?
            for id in members where id != leader {
                guard let last = cluster.glance(id)?.last else { continue }
                if best.map({ !$0.last.isAtLeastAsUpToDate(as: last) }) ?? true { best = (id, last) }
            }
            return best?.id ?? anyone
        case .lastVoter: return lastVoter ?? anyone
        case .snapshotParty: return snapshotParty ?? anyone
        }
    }

    /// Restarts come soon, in a second, or late.
    private func downtime(_ fault: PlannedFault) -> UInt64 {
        var dice = SplitMix64(seed: fault.dice &+ 1)
        return dice.pick([
            50_000_000, 50_000_000, 1_000_000_000, 1_000_000_000, fault.durationNanoseconds, 30_000_000_000,
        ])
    }

    func crash(_ id: NodeID, _ end: EndOfProcess, forNanoseconds: UInt64) {
        guard cluster.isRunning(id) else { return }
        if end == .kill { outcome.counters.count(.restartAfterKill) }
        if installing.node == id, now - installing.atNanoseconds < 20_000_000 {
            outcome.counters.count(.crashDuringInstall)
        }
        cluster.crash(id, end)
        trace?("\(stamp) \(id) crashes (\(end)) for \(forNanoseconds / 1_000_000) ms")
        let down = members.filter { !cluster.isRunning($0) }.count
        if down == members.count { outcome.counters.count(.allNodesDown) }
        if down * 2 > members.count { outcome.counters.count(.majorityDown) }
        mark(id, "crashes (\(end))")
        later(forNanoseconds) { [self] in start(id) }
    }

    private func crashMany(_ fault: PlannedFault, _ dice: inout SplitMix64) {
        var nodes = members
        if fault.kind != .crashAll {
            while nodes.count > members.count / 2 + 1 { nodes.remove(at: dice.next(below: nodes.count)) }
        }
        for (place, id) in nodes.enumerated() {
            let end: EndOfProcess = dice.next(below: 2) == 0 ? .kill : .powerLoss
            let down = dice.between(10_000_000, 2_000_000_000)
            if fault.kind == .rollingRestart {
                later(UInt64(place) * 1_500_000_000) { [self] in crash(id, end, forNanoseconds: down) }
            } else {
                crash(id, end, forNanoseconds: down)
            }
        }
    }

    private func slow(_ fault: PlannedFault, _ id: NodeID, _ dice: inout SplitMix64) {
        let node = cluster.node(id)
        switch fault.kind {
        case .pause:
            if cluster.leader == id { outcome.counters.count(.pausedLeader) }
            node.pause()
            later(fault.durationNanoseconds) { node.resume() }
        case .slowProcessor:
            node.load.slowness = dice.between(10, 100)
            later(fault.durationNanoseconds) { node.load.slowness = 1 }
        case .diskStall:
            cluster.stall(id, dice.next(below: 2) == 0 ? .log : .everything, forNanoseconds: fault.durationNanoseconds)
        default:
            cluster.stall(id, .apply, forNanoseconds: fault.durationNanoseconds)
        }
    }

    // MARK: disks and clocks

    private func breakDisk(_ fault: PlannedFault, _ id: NodeID, _ dice: inout SplitMix64) {
        let disk = cluster.node(id).disk
        let after = dice.next(below: 12)
        switch fault.kind {
        case .syncError:
            disk.inject(DiskFault(.error(DiskFault.inputOutputError), on: .sync, after: after))
        case .writeError:
            disk.inject(DiskFault(.error(DiskFault.inputOutputError), on: .write, after: after))
        case .powerCutInWrite:
            disk.inject(DiskFault(.powerLoss, after: after))
        default:
            disk.setCapacity(bytes: disk.usedBytes + dice.next(below: dice.next(below: 2) == 0 ? 1_000 : 100_000))
            // Where space is only promised, even a write to what was allocated finds none.
            if dice.next(below: 2) == 0 {
                disk.inject(DiskFault(.error(DiskFault.noSpace), on: .write, after: after))
            }
            later(fault.durationNanoseconds) { disk.setCapacity(bytes: nil) }
        }
    }

    /// A bit turns in the middle of a node's log, or a sector loses its content, or gets that of another; never on so many
    /// nodes that a quorum could lose an entry, and never in the end of a log, where damage looks like a write that was
    /// interrupted.
    private func rot(_ id: NodeID, _ dice: inout SplitMix64) {
        let node = cluster.node(id)
        guard mayDamage(id), let file = node.disk.olderLogFiles.randomElement(using: &dice),
            let size = node.disk.content(of: file)?.count, size > 8_192
        else { return }
        let place = 4_096 + dice.next(below: size - 4_096)
        let what: String
        switch dice.next(below: 4) {
        case 0:
            what = node.disk.loseSector(in: file, atByte: place) ? "a lost sector" : ""
        case 1:
            let other = dice.next(below: size)
            what = node.disk.misdirectSector(in: file, fromByte: other, toByte: place) ? "a misdirected sector" : ""
        default:
            what = node.disk.flipBit(in: file, atByte: place, bit: dice.next(below: 8)) ? "a turned bit" : ""
        }
        guard !what.isEmpty else { return }
        node.markDamaged()
        trace?("\(stamp) \(id) has \(what) in \(file) near byte \(place)")
    }

    /// The fault atlas: with what is damaged already, a quorum of undamaged voters is left.
    func mayDamage(_ id: NodeID) -> Bool {
        guard !cluster.node(id).isDamaged else { return false }
        let damaged = cluster.ids.filter { cluster.node($0).isDamaged && !cluster.node($0).wasRemoved }
        return configurationsInForce.allSatisfy { configuration in
            configuration.hasQuorum { $0 != id && !damaged.contains($0) }
        }
    }

    private func stepWall(_ id: NodeID, _ dice: inout SplitMix64) {
        let size = Int64(dice.pick([10_000_000, 1_000_000_000, 300_000_000_000]))
        let isBack = dice.next(below: 2) == 0
        if isBack { outcome.counters.count(.wallClockBack) }
        cluster.node(id).clock.stepWall(byNanoseconds: isBack ? -size : size)
    }
}

extension MemoryDisk {
    /// Bytes of all files.
    var usedBytes: Int {
        names.reduce(0) { $0 + (content(of: $1)?.count ?? 0) }
    }
    private var names: [String] {
        do throws(DiskError) { return try list() } catch { return [] }
    }
    /// Files of the log that are neither written to nor prepared for it.
    var olderLogFiles: [String] { names.filter { $0.hasSuffix(".log") }.dropLast(2) }
}
