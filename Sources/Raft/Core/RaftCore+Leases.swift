/// Leases (thesis §6.4.1): a leader whose round of heartbeats was answered by a quorum reads without asking, for as
/// long as every one of them has promised to help nobody else into office.
///
/// Both sides measure in monotonic time, never in ticks, which may come late and then in a bunch (catalogue bug 48):
/// the leader from the moment it *sent* the round, its followers from the later moment they handled it. The leader's
/// span is the shorter one, by the drift that clocks are allowed.
/// Owns: the clock, the promise, the rounds. Must never: be looked at by anything that safety of the log depends on.

struct LeaseRound: Hashable, Sendable {
    var round: UInt64
    var sentNanoseconds: UInt64
}

struct LeaseState: Hashable, Sendable {
    static let roundsMax = 64

    var nowNanoseconds: UInt64 = 0
    /// Until then this node votes for nobody but by the leader's own wish. It outlives the term and the leader in which
    /// it was made: see `keepsPromise`.
    var promisedUntilNanoseconds: UInt64 = 0
    /// Leader: when the newest round that a quorum answered was sent.
    var startNanoseconds: UInt64?
    /// Rounds not answered by a quorum yet, ascending.
    var rounds: [LeaseRound] = []
    /// Leader: it told another node to stand in this term, and cannot know when that message arrives.
    var isForfeit = false
    var checkNeeded = false
}

extension RaftCore {
    private var promiseNanoseconds: UInt64 { UInt64(options.electionTimeoutTicks) * options.tickNanoseconds }
    private var leaseNanoseconds: UInt64 {
        promiseNanoseconds / 1000 * UInt64(1000 - options.clockDriftPerThousand)
    }

    /// What an answer to a heartbeat promises.
    var promisedNanoseconds: UInt64 { options.leaseReads && lease.nowNanoseconds > 0 ? promiseNanoseconds : 0 }

    /// Nodes may be started with different timeouts, or some without leases: only an answer that promises what this
    /// leader counts on extends its lease.
    func isLongEnough(promiseNanoseconds promised: UInt64) -> Bool { promised >= promiseNanoseconds }

    mutating func clockRead(_ nanoseconds: UInt64) {
        // The promise of the process before this one is forgotten, but not over.
        if lease.nowNanoseconds == 0 { lease.promisedUntilNanoseconds = nanoseconds &+ promiseNanoseconds }
        lease.nowNanoseconds = max(lease.nowNanoseconds, nanoseconds)
    }

    // MARK: Follower

    mutating func promise() {
        guard options.leaseReads, lease.nowNanoseconds > 0 else { return }
        lease.promisedUntilNanoseconds = max(
            lease.promisedUntilNanoseconds, lease.nowNanoseconds &+ promiseNanoseconds)
    }

    /// A leader heard, now or by the process before this one, may still be reading by its lease.
    ///
    /// Being in a later term, or knowing no leader, ends nothing:
    ///  1. n1 leads t5 and holds a lease by the answer of n2.
    ///  2. n3, alone in t6 after an election nobody heard of, answers something; n2 goes to t6 and has no leader.
    ///  3. n3 asks n2 for its vote in t7. If n2 gave it, n3 could commit a write that n1's readers do not see.
    /// Hence the promise is kept by the clock, whatever the term.
    var keepsPromise: Bool {
        guard options.leaseReads else { return false }
        return nowTicks < UInt64(options.electionTimeoutTicks)
            || lease.nowNanoseconds < lease.promisedUntilNanoseconds
    }

    // MARK: Leader

    var leaseIsValid: Bool {
        // A leader that is no voter any more needs nobody's leave to be replaced, and holds no lease.
        guard options.leaseReads, role == .leader, !lease.isForfeit, standing.isVoter, ownTermIsCommitted,
            let start = lease.startNanoseconds
        else { return false }
        return lease.nowNanoseconds < start &+ leaseNanoseconds
    }

    /// Another configuration, or the end of leadership: who promised under the old one may not be a quorum of the new.
    mutating func forgetLease() {
        lease.startNanoseconds = nil
        lease.rounds.removeAll(keepingCapacity: true)
    }

    /// A round of heartbeats leaves now.
    mutating func leaseRoundBegins() {
        guard options.leaseReads, lease.nowNanoseconds > 0 else { return }
        let now = lease.nowNanoseconds
        let length = leaseNanoseconds
        while let oldest = lease.rounds.first, oldest.sentNanoseconds &+ length <= now { lease.rounds.removeFirst() }
        // When full, the new one is not counted rather than an old one: answers to those are nearer.
        if lease.rounds.count < LeaseState.roundsMax {
            lease.rounds.append(LeaseRound(round: reads.round, sentNanoseconds: now))
        }
        lease.checkNeeded = true
    }

    /// Extends the lease by the newest round that a quorum answered; once per step.
    mutating func confirmLease() {
        guard lease.checkNeeded else { return }
        lease.checkNeeded = false
        var place = lease.rounds.count - 1
        while place >= 0 && !isPromised(round: lease.rounds[place].round) { place -= 1 }
        guard place >= 0 else { return }
        let sent = Mutant.stretchesLease ? lease.nowNanoseconds : lease.rounds[place].sentNanoseconds
        lease.startNanoseconds = max(lease.startNanoseconds ?? 0, sent)
        lease.rounds.removeSubrange(0...place)
    }

    private func isPromised(round: UInt64) -> Bool {
        configuration.hasQuorum { node in
            if node == nodeID { return true }
            for place in peers.indices where peers[place].peer == node { return peers[place].promisedRound >= round }
            return false
        }
    }

    mutating func enqueueLeaseRead(_ read: ReadID) {
        if leaseIsValid && reads.count < options.readsMax {
            Invariant.require(
                .leaseIsExclusive, leaderTerm == term && transfer == nil, "lease of \(leaderTerm) in \(term)")
            reads.leased.append(read)
        } else {
            enqueueRead(read)
        }
    }
}
