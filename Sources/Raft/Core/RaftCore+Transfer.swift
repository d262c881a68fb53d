/// Handing over leadership (thesis §3.10): on request, to a voter of higher priority, or because this node is no good
/// as a leader any more.
///
/// Owns: the transfer under way, its deadline (catalogue bug 40), and how often this node tries by itself.
/// Must never: take a proposal that the next leader might not have, or serve a read by lease in a term in which it told
/// another node to stand (bug 47).

struct Transfer: Hashable, Sendable {
    var target: NodeID
    var deadlineTicks: UInt64
    /// The target has the whole log and was told to stand.
    var isTold = false
}

extension RaftCore {
    mutating func transferLeadership(to target: NodeID?) {
        if role == .leader {
            startTransfer(to: target)
        } else if let leader {
            send(to: leader, .transferRequest(target: target))
        }
    }

    mutating func receiveTransferRequest(_ message: Message, target: NodeID?) {
        guard role == .leader, message.term == term, configuration.isMember(message.from) else { return }
        startTransfer(to: target)
    }

    /// Begins to hand over; false when there is nobody suitable, or a transfer is under way already.
    @discardableResult
    mutating func startTransfer(to wanted: NodeID?) -> Bool {
        guard transfer == nil, let target = wanted ?? fittestVoter(), target != nodeID,
            configuration.voters.contains(target), placeOfPeer(target) != nil
        else { return false }
        transfer = Transfer(target: target, deadlineTicks: nowTicks + UInt64(options.electionTimeoutTicks))
        if !Mutant.keepsLeaseInTransfer {
            lease.isForfeit = true
            forgetLease()
        }
        return true
    }

    /// The voter that could take over soonest: one that did not fail to before, then the highest match, then priority,
    /// then the lowest id. A voter short of disk space would decline, so it is not asked while there is no need to leave.
    private func fittestVoter() -> NodeID? {
        var best: Int?
        for place in peers.indices {
            guard configuration.voters.contains(peers[place].peer), !isSilent(peerAt: place),
                !peers[place].storageIsLow || !standing.isVoter
            else { continue }
            guard let other = best else {
                best = place
                continue
            }
            if isFitter(peers[place], than: peers[other]) { best = place }
        }
        return best.map { peers[$0].peer }
    }

    private func isFitter(_ one: Progress, than other: Progress) -> Bool {
        if one.failedTransfers != other.failedTransfers { return one.failedTransfers < other.failedTransfers }
        if one.match != other.match { return one.match > other.match }
        return configuration.priority(of: one.peer) > configuration.priority(of: other.peer)
    }

    /// Tells the target to stand as soon as it has everything; once per step. Nothing is appended meanwhile.
    mutating func advanceTransfer() {
        guard let under = transfer, !under.isTold, let place = placeOfPeer(under.target),
            peers[place].match == log.lastIndex
        else { return }
        transfer?.isTold = true
        send(to: under.target, .timeoutNow)
    }

    /// The message may be lost, so it goes with every heartbeat.
    mutating func remindTransferTarget() {
        guard let under = transfer, under.isTold else { return }
        send(to: under.target, .timeoutNow)
    }

    /// Gives up at the deadline: proposals are taken again. The target may still stand, if its message was only slow;
    /// that is why the lease does not come back in this term.
    mutating func tickTransfer() {
        guard let under = transfer, nowTicks >= under.deadlineTicks, !Mutant.transferNeverEnds else { return }
        transfer = nil
        handoverFailures = min(handoverFailures + 1, 6)
        if let place = placeOfPeer(under.target) { peers[place].failedTransfers += 1 }
        if !standing.isVoter { becomeFollower(term: term, leader: nil) }
    }

    // MARK: By itself

    /// Every try costs up to an election timeout without proposals. Hence the pause between two, and its doubling: the
    /// one that is preferred may itself not want to lead.
    mutating func tickHandover() {
        applyStalledTicks = applied == commit ? 0 : applyStalledTicks + 1
        if nowTicks % UInt64(options.heartbeatTicks) == 0 {
            lastIndexBefore = lastIndexLately
            lastIndexLately = log.lastIndex
        }
        if standing.hasLowerPriority { for place in peers.indices { observeSteadiness(at: place) } }
        guard transfer == nil, nowTicks >= nextHandoverTicks else { return }
        var wanted: NodeID?
        if !storageIsLow && applyStalledTicks < 4 * options.electionTimeoutTicks {
            wanted = preferredVoter()
            if wanted == nil { return }
        }
        guard startTransfer(to: wanted) else { return }
        nextHandoverTicks = nowTicks + UInt64(4 * options.electionTimeoutTicks) << UInt64(handoverFailures)
    }

    /// Level within one heartbeat: under load nobody is ever level with the very end.
    private mutating func observeSteadiness(at place: Int) {
        let isLevel = peers[place].match >= lastIndexBefore && !isSilent(peerAt: place)
        peers[place].steadyTicks = isLevel ? peers[place].steadyTicks + 1 : 0
    }

    /// The voter of the highest priority above this node's own that has been steady for an election timeout.
    private func preferredVoter() -> NodeID? {
        guard standing.hasLowerPriority, !configuration.isJoint else { return nil }
        var best: NodeID?
        var bestPriority = configuration.priority(of: nodeID)
        for place in peers.indices where peers[place].steadyTicks >= options.electionTimeoutTicks {
            guard configuration.voters.contains(peers[place].peer) else { continue }
            let priority = configuration.priority(of: peers[place].peer)
            if priority > bestPriority {
                best = peers[place].peer
                bestPriority = priority
            }
        }
        return best
    }

    // MARK: The target

    /// Stands at once, without asking first whether it could win: the leader itself wants it. A node short of disk
    /// space declines, because it would have to refuse every proposal.
    mutating func receiveTimeoutNow(_ message: Message) {
        guard message.term == term, role == .follower, leader == message.from, isPromotable, !storageIsLow else {
            return
        }
        campaign(isTransfer: true)
    }
}
