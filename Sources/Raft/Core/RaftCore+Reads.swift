/// Linearizable reads by ReadIndex (thesis §6.4): the leader proves that it still leads by one heartbeat round shared
/// by all reads that wait, then answers with its commit index.
///
/// Owns: the queues of reads. Must never: answer before an entry of the own term is committed (catalogue bugs 45, 46),
/// or with a round that began before the read came (invariant 10).

/// A follower's question, standing for all reads that wait there.
struct RemoteRead: Hashable, Sendable {
    var peer: NodeID
    var context: UInt64
}

struct ReadQueue: Hashable, Sendable {
    // Anywhere: reads of this node that nothing was done for yet.
    var waiting: [ReadID] = []
    // Leader.
    /// Served by lease in the present step.
    var leased: [ReadID] = []
    var remoteWaiting: [RemoteRead] = []
    var confirming: [ReadID] = []
    var remoteConfirming: [RemoteRead] = []
    /// The commit index when the round under way began; nil when none is.
    var confirmingIndex: LogIndex?
    var confirmingRound: UInt64 = 0
    /// The last round begun. Grows for the life of the process, which no two leaderships of one term outlive.
    var round: UInt64 = 0
    // Follower: the one question under way to the leader.
    var asked: [ReadID] = []
    var askedContext: UInt64?
    var askedTicks = 0
    /// Starts at a random place, so that answers to an earlier process of this node match nothing.
    var nextContext: UInt64

    init(firstContext: UInt64) { nextContext = firstContext }

    var count: Int {
        waiting.count + leased.count + confirming.count + asked.count + remoteWaiting.count + remoteConfirming.count
    }
}

extension RaftCore {
    mutating func enqueueRead(_ read: ReadID) {
        if role != .leader && leader == nil {
            outbox.append(.readRefused(reads: [read], reason: .noLeader))
        } else if reads.count >= options.readsMax {
            outbox.append(.readRefused(reads: [read], reason: .overloaded))
        } else if Mutant.readsLocally && role == .leader {
            outbox.append(.readReady(reads: [read], index: commit))
        } else {
            reads.waiting.append(read)
        }
    }

    // MARK: Leader

    var ownTermIsCommitted: Bool { log.term(at: commit) == leaderTerm || Mutant.skipsNoop }

    mutating func receiveReadRequest(_ message: Message, _ request: ReadRequest) {
        guard role == .leader, reads.count < options.readsMax else {
            send(to: message.from, .readReply(ReadReply(context: request.context, index: nil)))
            return
        }
        if Mutant.readsWithoutRound {
            send(to: message.from, .readReply(ReadReply(context: request.context, index: commit)))
            return
        }
        // A follower asks one question at a time: a new one replaces the old.
        let read = RemoteRead(peer: message.from, context: request.context)
        for place in reads.remoteWaiting.indices where reads.remoteWaiting[place].peer == message.from {
            reads.remoteWaiting[place] = read
            return
        }
        reads.remoteWaiting.append(read)
    }

    /// Ends the round under way if a quorum answered it, and begins the next if reads wait; once per step.
    mutating func confirmReads() {
        if Mutant.readsJoinRunningRound && reads.confirmingIndex != nil {
            reads.confirming += reads.waiting
            reads.waiting.removeAll()
        }
        finishRound()
        guard reads.confirmingIndex == nil, !reads.waiting.isEmpty || !reads.remoteWaiting.isEmpty, ownTermIsCommitted
        else { return }
        Invariant.require(
            .readsAreConfirmed, role == .leader && leaderTerm == term, "read round of \(leaderTerm) in \(term)")
        reads.round += 1
        reads.confirmingIndex = commit
        reads.confirmingRound = reads.round
        swap(&reads.confirming, &reads.waiting)
        swap(&reads.remoteConfirming, &reads.remoteWaiting)
        broadcastHeartbeat()
        finishRound()  // A sole voter needs nobody's answer.
    }

    private mutating func finishRound() {
        guard let index = reads.confirmingIndex, isConfirmed(round: reads.confirmingRound) else { return }
        if !reads.confirming.isEmpty { outbox.append(.readReady(reads: reads.confirming, index: index)) }
        for read in reads.remoteConfirming {
            send(to: read.peer, .readReply(ReadReply(context: read.context, index: index)))
        }
        reads.confirming.removeAll(keepingCapacity: true)
        reads.remoteConfirming.removeAll(keepingCapacity: true)
        reads.confirmingIndex = nil
    }

    /// A quorum answered this round of heartbeats or a later one.
    func isConfirmed(round: UInt64) -> Bool {
        configuration.hasQuorum { node in
            if node == nodeID { return true }
            for place in peers.indices where peers[place].peer == node { return peers[place].confirmedRound >= round }
            return false
        }
    }

    /// What the lease allowed, in one effect. The commit index has at most grown since.
    mutating func answerLeasedReads() {
        guard !reads.leased.isEmpty else { return }
        outbox.append(.readReady(reads: reads.leased, index: commit))
        reads.leased.removeAll(keepingCapacity: true)
    }

    /// Leadership is lost: what it had not confirmed it cannot answer (catalogue bug 50).
    mutating func refuseLeaderReads() {
        for read in reads.remoteConfirming + reads.remoteWaiting {
            send(to: read.peer, .readReply(ReadReply(context: read.context, index: nil)))
        }
        refuseReads(reads.confirming + reads.waiting, .notLeader)
        reads.confirming.removeAll()
        reads.waiting.removeAll()
        reads.remoteConfirming.removeAll()
        reads.remoteWaiting.removeAll()
        reads.confirmingIndex = nil
    }

    // MARK: Follower

    /// Asks the leader on behalf of all reads that wait, unless a question is under way; once per step.
    mutating func askForReads() {
        guard role == .follower, let leader, reads.askedContext == nil, !reads.waiting.isEmpty else { return }
        swap(&reads.asked, &reads.waiting)
        reads.askedContext = reads.nextContext
        reads.askedTicks = 0
        send(to: leader, .readRequest(ReadRequest(context: reads.nextContext)))
        if !Mutant.reusesReadContext { reads.nextContext &+= 1 }
    }

    mutating func receiveReadReply(_ reply: ReadReply) {
        guard reply.context == reads.askedContext else { return }
        if let index = reply.index {
            outbox.append(.readReady(reads: reads.asked, index: index))
        } else {
            refuseReads(reads.asked, .notLeader)
        }
        reads.asked.removeAll(keepingCapacity: true)
        reads.askedContext = nil
    }

    /// An unanswered question is asked again, under a new name, of whoever leads then.
    mutating func tickReads() {
        guard reads.askedContext != nil else { return }
        reads.askedTicks += 1
        if reads.askedTicks >= 3 * options.heartbeatTicks { takeBackAskedReads() }
    }

    mutating func leaderOfReadsChanged() {
        if leader == nil {
            refuseReads(reads.asked + reads.waiting, .noLeader)
            reads.asked.removeAll()
            reads.waiting.removeAll()
            reads.askedContext = nil
        } else if reads.askedContext != nil {
            takeBackAskedReads()
        }
    }

    private mutating func takeBackAskedReads() {
        reads.waiting.insert(contentsOf: reads.asked, at: 0)
        reads.asked.removeAll(keepingCapacity: true)
        reads.askedContext = nil
    }

    private mutating func refuseReads(_ refusedReads: [ReadID], _ reason: RefusalReason) {
        if !refusedReads.isEmpty { outbox.append(.readRefused(reads: refusedReads, reason: reason)) }
    }
}
