/// Elections: PreVote (thesis §9.6), votes, stickiness (§4.2.3), check-quorum (§6.2), changes of role.
///
/// Owns: role, leader, vote and the election timers. Must never: let a vote or a term leave before it is durable, or
/// let anyone but a voter stand.

extension RaftCore {
    // MARK: Time

    mutating func tickElection() {
        electionElapsedTicks += 1
        guard configuration.isVoter(nodeID), !diskHangs else { return }
        if isSoleVoter {
            // Nobody to ask and nobody to wait for.
            if role == .follower { campaign() }
        } else if electionElapsedTicks >= electionDeadlineTicks {
            preCampaign()
        }
    }

    mutating func tickLeader() {
        heartbeatElapsedTicks += 1
        quorumElapsedTicks += 1
        for place in peers.indices { tickPeer(at: place) }
        if quorumElapsedTicks >= options.electionTimeoutTicks {
            quorumElapsedTicks = 0
            guard hasActiveQuorum() else {
                becomeFollower(term: term, leader: nil)
                return
            }
        }
        if diskHangs && !isSoleVoter {
            becomeFollower(term: term, leader: nil)
            return
        }
        if heartbeatElapsedTicks >= options.heartbeatTicks { broadcastHeartbeat() }
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
        if role == .leader {
            refuseLeaderReads()
            peers.removeAll()
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
        for node in configuration.memberIDs where node != nodeID {
            emit(Message(from: nodeID, to: node, term: term.next, body: .preVoteRequest(request)))
        }
    }

    /// Stands in a new term. The own vote counts, and the requests leave, once term and vote are durable.
    private mutating func campaign() {
        requireMayCampaign()
        role = .candidate
        hardState.term = term.next
        hardState.vote = nodeID
        held.removeAll()
        stageHardState()
        startBallot()
        let request = VoteRequest(last: log.last)
        for node in configuration.memberIDs where node != nodeID { send(to: node, .voteRequest(request)) }
    }

    private func requireMayCampaign() {
        Invariant.require(
            .onlyVotersCampaign, configuration.isVoter(nodeID), "\(nodeID) is not among \(configuration.memberIDs)")
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
        peers = configuration.memberIDs.filter { $0 != nodeID }.map {
            Progress(peer: $0, next: log.lastIndex.next, options: options)
        }
        commitCheckNeeded = true
        seenProposals.removeAll()
        // Nothing of earlier terms is committed by counting, and no read is served, until this entry is (§6.4).
        appendAsLeader(kind: .noop, proposal: .none, payload: [])
    }

    // MARK: Pre-votes

    mutating func receivePreVoteRequest(_ message: Message, _ request: VoteRequest) {
        if message.term <= term {
            send(to: message.from, .preVoteReply(VoteReply(granted: false)))
            return
        }
        if hearsLeader { return }
        let grant = request.last.isAtLeastAsUpToDate(as: log.last)
        let reply = MessageBody.preVoteReply(VoteReply(granted: grant))
        emit(Message(from: nodeID, to: message.from, term: grant ? message.term : term, body: reply))
    }

    mutating func receivePreVoteGrant(_ message: Message) {
        guard role == .preCandidate, message.term == term.next else { return }
        record(message.from, in: \.granted)
        if outcome() == .won { campaign() }
    }

    mutating func receivePreVoteRefusal(_ message: Message) {
        guard role == .preCandidate else { return }
        record(message.from, in: \.refused)
        if outcome() == .lost { becomeFollower(term: term, leader: nil) }
    }

    // MARK: Votes

    /// Paper figure 2, RequestVote. Granting twice to the same candidate is right: its reply was lost (bug 8).
    mutating func receiveVoteRequest(_ message: Message, _ request: VoteRequest) {
        let free = hardState.vote == message.from || (hardState.vote == nil && leader == nil)
        let grant = free && request.last.isAtLeastAsUpToDate(as: log.last)
        if grant {
            electionElapsedTicks = 0
            if hardState.vote == nil {
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
        guard !granted.contains(node), !refused.contains(node) else { return }
        self[keyPath: list].append(node)
    }

    private func outcome() -> VoteOutcome {
        configuration.tally(granted: { granted.contains($0) }, refused: { refused.contains($0) })
    }
}
