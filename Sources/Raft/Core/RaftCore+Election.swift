/// Elections: PreVote (thesis §9.6), votes, stickiness (§4.2.3), check-quorum (§6.2), changes of role.
///
/// Owns: role, leader, vote and the election timers. Must never: let a vote or a term leave before it is durable, or
/// let anyone but a voter stand.

extension RaftCore {
    // MARK: Time

    mutating func tickElection() {
        electionElapsedTicks += 1
        guard isPromotable else {
            forgetSilentLeader()
            return
        }
        let isDue = electionElapsedTicks >= electionDeadlineTicks
        if isSoleVoter {
            // Nobody to ask; and nobody to wait for, but a leader that was removed and is about to hand over.
            if role == .follower && (leader == nil || isDue) { campaign(isTransfer: false) }
        } else if isDue && !keepsPromise {
            if options.preVote && !Mutant.skipsPreVote { preCampaign() } else { campaign(isTransfer: false) }
        }
    }

    /// Who does not stand must all the same not wait for a silent leader for ever, with its clients' reads and
    /// proposals.
    private mutating func forgetSilentLeader() {
        guard leader != nil, electionElapsedTicks >= electionDeadlineTicks else { return }
        leader = nil
        leaderOfReadsChanged()
    }

    mutating func tickLeader() {
        heartbeatElapsedTicks += 1
        quorumElapsedTicks += 1
        for place in peers.indices { tickPeer(at: place) }
        if quorumElapsedTicks >= options.electionTimeoutTicks {
            quorumElapsedTicks = 0
            if !hasActiveQuorum() && options.checkQuorum && !Mutant.skipsCheckQuorum {
                becomeFollower(term: term, leader: nil)
                return
            }
        }
        if diskHangs && !isSoleVoter && !Mutant.leadsWithHangingDisk {
            becomeFollower(term: term, leader: nil)
            return
        }
        tickTransfer()
        guard role == .leader else { return }
        tickDepartures()
        tickHandover()
        tickConfiguration()
        if heartbeatElapsedTicks >= options.heartbeatTicks {
            if options.leaseReads || hasDepartingPeers { reads.round += 1 }
            for place in peers.indices { peers[place].noteSent() }
            broadcastHeartbeat()
        }
    }

    private mutating func hasActiveQuorum() -> Bool {
        let active = configuration.hasQuorum { node in
            node == nodeID || peers.contains { $0.peer == node && $0.recentActive }
        }
        for place in peers.indices { peers[place].recentActive = false }
        return active
    }

    private var isSoleVoter: Bool { configuration.hasQuorum { $0 == nodeID } }

    // MARK: Roles

    /// Follower of `leader` (nil: not known yet) in `term`, which may be the present one. Never touches the log
    /// (catalogue bug 20) nor, within a term, the vote (bug 2).
    mutating func becomeFollower(term newTerm: Term, leader newLeader: NodeID?) {
        Invariant.require(.termNeverDecreases, newTerm >= term, "term \(term) to \(newTerm)")
        let termChanged = newTerm > term
        let roleChanged = role != .follower
        if termChanged {
            hardState.term = newTerm
            hardState.vote = nil
            held.removeAll()
            stageHardState()
        }
        if Mutant.clearsVoteOnStepDown && roleChanged && !termChanged {
            hardState.vote = nil
            stageHardState()
        }
        if role == .leader {
            refuseLeaderReads()
            peers.removeAll()
            transfer = nil
            forgetLease()
        }
        role = .follower
        if termChanged || roleChanged || newLeader != leader {
            verified = commit
            acknowledged = .zero
            refusedForSpace = false
            drawElectionDeadline()
        }
        if roleChanged || newLeader != nil { electionElapsedTicks = 0 }
        let leaderChanged = newLeader != leader
        leader = newLeader
        if leaderChanged { leaderOfReadsChanged() }
    }

    /// Asks whether an election could be won, without disturbing anyone: no term changes.
    private mutating func preCampaign() {
        requireMayCampaign()
        role = .preCandidate
        startBallot()
        granted = [nodeID]
        let request = VoteRequest(last: log.last)
        for member in configuration.members where member.id != nodeID && configuration.isVoter(member.id) {
            emit(message(to: member.id, term: term.next, .preVoteRequest(request)))
        }
    }

    /// Stands in a new term. The own vote counts, and the requests leave, once term and vote are durable.
    /// - Parameter isTransfer: the leader of this term asked for it.
    mutating func campaign(isTransfer: Bool) {
        requireMayCampaign()
        isFresh = false
        role = .candidate
        hardState.term = term.next
        hardState.vote = nodeID
        held.removeAll()
        stageHardState()
        startBallot()
        let request = VoteRequest(last: log.last, isTransfer: isTransfer)
        for member in configuration.members where member.id != nodeID && configuration.isVoter(member.id) {
            send(to: member.id, .voteRequest(request))
        }
    }

    private func requireMayCampaign() {
        Invariant.require(
            .onlyVotersCampaign, standing.isEligible,
            "\(nodeID) may not stand among \(configuration.memberIDs)")
    }

    private mutating func startBallot() {
        granted.removeAll()
        refused.removeAll()
        electionElapsedTicks = 0
        drawElectionDeadline()
        let hadLeader = leader != nil
        leader = nil
        if hadLeader { leaderOfReadsChanged() }
    }

    private mutating func becomeLeader() {
        Invariant.require(
            .acknowledgedIsDurable,
            role == .candidate && hardStateSequence <= durableSequence && hardState.vote == nodeID,
            "won \(term) as \(role) before the own vote was durable")
        role = .leader
        leader = nodeID
        leaderTerm = term
        heartbeatElapsedTicks = 0
        quorumElapsedTicks = 0
        peers.removeAll()
        seenProposals.removeAll()
        followConfigurationAsLeader()
        transfer = nil
        handoverFailures = 0
        applyStalledTicks = 0
        lease.isForfeit = false
        lastIndexBefore = log.lastIndex
        lastIndexLately = log.lastIndex
        // Nothing of earlier terms is committed by counting, and no read is served, until this entry is (§6.4).
        if !Mutant.skipsNoop { appendAsLeader(kind: .noop, proposal: .none, payload: []) }
    }

    // MARK: Pre-votes

    mutating func receivePreVoteRequest(_ message: Message, _ request: VoteRequest) {
        if message.term <= term || !mayVote(for: request) {
            send(to: message.from, .preVoteReply(VoteReply(granted: false)))
            return
        }
        if protectsLeader { return }
        let grant = isUpToDate(request.last)
        let reply = MessageBody.preVoteReply(VoteReply(granted: grant))
        emit(self.message(to: message.from, term: grant ? message.term : term, reply))
    }

    mutating func receivePreVoteGrant(_ message: Message) {
        guard role == .preCandidate, message.term == term.next else { return }
        record(message.from, in: \.granted)
        if outcome() == .won { campaign(isTransfer: false) }
    }

    mutating func receivePreVoteRefusal(_ message: Message) {
        guard role == .preCandidate else { return }
        record(message.from, in: \.refused)
        if outcome() == .lost { becomeFollower(term: term, leader: nil) }
    }

    // MARK: Votes

    /// Learners do vote: the candidate may know better what they are. A node without any configuration does not. Nobody
    /// becomes a voter before it has one, so a candidate that counts on it knew the directory that was here before:
    ///  1. n2 and n4 of five lose their directories and come back knowing nobody, under new incarnations.
    ///  2. n5 lagged; its log ends before the entry that names the old ones, so it listens to the new.
    ///  3. With their two votes and its own n5 would lead without what n1, n3 and the lost disks had committed.
    ///
    /// Nor does an empty directory with the founding list help anyone but another founder: who has entries already counts on
    /// the directory that was here before.
    private func mayVote(for request: VoteRequest) -> Bool {
        guard !standing.isRemoved, !standing.isDisplaced, !configuration.isNone else { return false }
        return !isFresh || log.lastIndex > .zero || request.last.index == .zero
    }

    /// A vote may go only to a log that cannot lack what is committed (paper §5.4.1).
    private func isUpToDate(_ last: LogPosition) -> Bool {
        Mutant.votesForShorterLogs || last.isAtLeastAsUpToDate(as: log.last)
    }

    /// Paper figure 2, RequestVote. Granting twice to the same candidate is right: its reply was lost (bug 8).
    mutating func receiveVoteRequest(_ message: Message, _ request: VoteRequest) {
        let free =
            Mutant.votesTwice || hardState.vote == message.from
            || (hardState.vote == nil && leader == nil && mayVote(for: request)
                && (request.isTransfer || !keepsPromise))
        let grant = free && isUpToDate(request.last)
        if grant {
            isFresh = false
            electionElapsedTicks = 0
            if hardState.vote == nil || Mutant.votesTwice {
                hardState.vote = message.from
                stageHardState()
            }
        }
        send(to: message.from, .voteReply(VoteReply(granted: grant)))
    }

    mutating func receiveVoteReply(_ message: Message, _ reply: VoteReply) {
        guard role == .candidate else { return }
        record(message.from, in: reply.granted ? \.granted : \.refused)
        settleElection()
    }

    mutating func countOwnVote() {
        guard hardStateSequence <= durableSequence, hardState.vote == nodeID else { return }
        record(nodeID, in: \.granted)
        settleElection()
    }

    private mutating func settleElection() {
        switch outcome() {
        case .pending: break
        case .won: becomeLeader()
        case .lost: becomeFollower(term: term, leader: nil)
        }
    }

    private mutating func record(_ node: NodeID, in list: WritableKeyPath<RaftCore, [NodeID]>) {
        guard Mutant.countsVotesTwice || (!granted.contains(node) && !refused.contains(node)) else { return }
        self[keyPath: list].append(node)
    }

    private func outcome() -> VoteOutcome {
        if Mutant.countsVotesTwice && granted.count > configuration.voters.count / 2 { return .won }
        let outcome = configuration.tally(granted: { granted.contains($0) }, refused: { refused.contains($0) })
        return outcome == .won && !isWonByKnownDirectories ? .pending : outcome
    }

    /// Whether the grants make a leader although some may come from directories that took the place of lost ones. Only a
    /// directory that this log names is known to be the one that voted and acknowledged before; others count when
    /// everybody is there, as at the founding of a cluster:
    ///  1. n2 of three is cut off before it hears which directories n1 and n3 have. Those two go on committing.
    ///  2. n3's directory is lost; it comes back empty under the founding list, and n1 fails.
    ///  3. n2 returns. With the vote of the new n3 alone it would lead without what n1 and the lost disk had committed.
    private var isWonByKnownDirectories: Bool {
        guard options.foundsUnanimously else { return true }
        let isKnown =
            log.lastIndex > .zero
            && configuration.hasQuorum { node in
                granted.contains(node) && (node == nodeID || (configuration.incarnation(of: node) ?? 0) != 0)
            }
        if isKnown { return true }
        for member in configuration.members where configuration.isVoter(member.id) && !granted.contains(member.id) {
            return false
        }
        return true
    }
}
