/// What an exhaustive exploration of this very code needs: time that passes as events instead of ticks, and the state
/// as words, so that equal states are known as equal.
///
/// Owns: the abstraction of time. Must never: be called by a running node.
///
/// Between two events of an exploration no time passes; every clock stands at "just now" or at "a whole election timeout
/// ago". An event may say that one of them ran out (`age…`), and the next `tick` then does what the real one would.

/// What an explorer looks at beside `ClusterView`.
public struct ExplorationView: Sendable {
    public var leader: NodeID?
    /// May stand when its time is over.
    public var mayCampaign: Bool
    /// Heard its leader within the shortest election timeout.
    public var hearsLeader: Bool
    /// A leader that sent entries nobody has acknowledged.
    public var awaitsAnswers: Bool
    /// A leader that probes somebody and waits for the answer.
    public var awaitsProbes: Bool
    public var writesPending: Int
    /// A leader that is handing over.
    public var isTransferring: Bool
    /// The last round of heartbeats that was numbered.
    public var round: UInt64
}

extension RaftCore {
    public var explorationView: ExplorationView {
        ExplorationView(
            leader: leader, mayCampaign: role != .leader && isPromotable, hearsLeader: hearsLeader,
            awaitsAnswers: peers.contains { $0.state == .replicate && !$0.inflight.isEmpty },
            awaitsProbes: peers.contains { $0.probeOutstanding },
            writesPending: pendingWrites.count, isTransferring: transfer != nil, round: reads.round)
    }

    // MARK: Time

    /// No time has passed since the last event; chance begins anew, and always draws the longest wait.
    public mutating func forgetElapsedTime() {
        electionElapsedTicks =
            leader != nil && role != .leader && electionElapsedTicks >= options.electionTimeoutTicks
            ? options.electionTimeoutTicks : 0
        electionDeadlineTicks = 4 * options.electionTimeoutTicks
        heartbeatElapsedTicks = 0
        quorumElapsedTicks = 0
        nowTicks = 0
        for place in pendingWrites.indices { pendingWrites[place].issuedTicks = 0 }
        for place in peers.indices {
            peers[place].waitedTicks = 0
            let isSilent = peers[place].silentTicks >= options.electionTimeoutTicks
            peers[place].silentTicks = isSilent ? options.electionTimeoutTicks : 0
            peers[place].steadyTicks = 0
            peers[place].failedTransfers = 0
            peers[place].sentBefore = .zero
            peers[place].sentLately = .zero
            peers[place].catchUp.startedTicks = 0
            peers[place].departure?.deadlineTicks = UInt64(10 * options.electionTimeoutTicks)
        }
        transfer?.deadlineTicks = UInt64(options.electionTimeoutTicks)
        nextHandoverTicks = 0
        handoverFailures = 0
        applyStalledTicks = 0
        lastIndexBefore = .zero
        lastIndexLately = .zero
        reads.askedTicks = 0
        random = SplitMix64(seed: 0)
        ignoredMessages = 0
    }

    /// The leader has been quiet for the shortest election timeout, but this node's own wait is longer.
    public mutating func ageLeaderContact() { electionElapsedTicks = options.electionTimeoutTicks }

    /// The next tick ends this node's wait for a leader or for votes.
    public mutating func ageElectionTimer() { electionElapsedTicks = electionDeadlineTicks - 1 }

    /// The next tick sends heartbeats.
    public mutating func ageHeartbeatTimer() { heartbeatElapsedTicks = options.heartbeatTicks - 1 }

    /// The next tick probes again those that have not answered.
    public mutating func ageProbes() {
        for place in peers.indices where peers[place].probeOutstanding {
            peers[place].waitedTicks = options.heartbeatTicks - 1
        }
    }

    /// The next tick asks which voters answered in the last election timeout.
    public mutating func ageQuorumTimer() { quorumElapsedTicks = options.electionTimeoutTicks - 1 }

    /// The next tick gives up on everything sent and not answered.
    public mutating func ageUnansweredAppends() {
        for place in peers.indices {
            peers[place].waitedTicks = options.electionTimeoutTicks - 1
            if !peers[place].recentActive { peers[place].silentTicks = options.electionTimeoutTicks - 1 }
        }
    }

    /// The next tick ends the transfer of leadership that is under way.
    public mutating func ageTransfer() { transfer?.deadlineTicks = nowTicks + 1 }

    /// Names the read requests of this process, so that no two of an exploration are the same and chance has no part.
    /// - Parameter start: which start of the process this is, below 2¹⁶.
    public mutating func nameReads(start: UInt64) { reads.nextContext = nodeID.rawValue << 32 | start << 16 }

    // MARK: State

    /// Everything that a later step can depend on, except what `forgetElapsedTime` fixed. Sequence numbers count from
    /// the last durable write, lists that are sets are sorted, and what a role leaves behind unused is left out.
    public func encode(into encoder: inout ExplorationEncoder) {
        encoder.node(nodeID)
        encodeConfigurations(into: &encoder)
        encoder.number(hardState.term.rawValue)
        encoder.node(hardState.vote)
        if encoder.tellsCommitHint { encoder.index(hardState.commit) }
        encodeLog(into: &encoder)
        encoder.number(role.explorationCode)
        encoder.node(leader)
        encoder.index(commit)
        encoder.index(applied)
        encoder.index(applyIssued)
        encoder.index(durableIndex)
        encoder.flag(electionElapsedTicks > 0)
        encodeStorage(into: &encoder)
        encoder.index(verified)
        encoder.index(acknowledged)
        encoder.flag(refusedForSpace)
        encoder.flag(storageIsLow)
        if role == .candidate || role == .preCandidate {
            encoder.nodes(granted)
            encoder.nodes(refused)
        }
        if role == .leader { encodeLeadership(into: &encoder) }
        encodeReads(into: &encoder)
    }

    private func encodeConfigurations(into encoder: inout ExplorationEncoder) {
        encoder.configuration(configuration)
        encoder.count(history.items.count)
        for item in history.items {
            encoder.index(item.index)
            encoder.configuration(item.configuration)
        }
        encoder.index(history.committed.index)
        encoder.flag(standing.wasTold)
    }

    private func encodeLog(into encoder: inout ExplorationEncoder) {
        encoder.position(log.base)
        encoder.index(log.lastIndex)
        encoder.index(log.firstInMemory)
        for entry in log.entriesInMemory { encoder.entry(entry) }
    }

    private func encodeStorage(into encoder: inout ExplorationEncoder) {
        func isAhead(_ sequence: UInt64) -> UInt64 { sequence > durableSequence ? sequence - durableSequence : 0 }
        encoder.number(isAhead(nextSequence))
        encoder.number(isAhead(hardStateSequence))
        encoder.count(pendingWrites.count)
        for write in pendingWrites {
            encoder.number(isAhead(write.sequence))
            encoder.index(write.lastIndex)
        }
        encoder.count(held.count)
        for item in held {
            encoder.number(isAhead(item.sequence))
            encoder.message(item.message)
        }
    }

    private func encodeLeadership(into encoder: inout ExplorationEncoder) {
        encoder.number(leaderTerm.rawValue)
        encoder.flag(commitCheckNeeded)
        encoder.node(transfer?.target)
        encoder.flag(transfer?.isTold ?? false)
        encoder.flag(lease.isForfeit)
        encoder.each(peers, by: \.peer) { encoder, progress in progress.encode(into: &encoder) }
        encoder.each(seenProposals, by: \.origin) { encoder, seen in
            encoder.node(seen.origin)
            encoder.number(seen.explorationBits)
        }
    }

    private func encodeReads(into encoder: inout ExplorationEncoder) {
        func list(_ values: [ReadID]) {
            encoder.count(values.count)
            for value in values { encoder.number(value.rawValue) }
        }
        list(reads.waiting)
        list(reads.confirming)
        list(reads.asked)
        for remote in [reads.remoteWaiting, reads.remoteConfirming] {
            encoder.each(remote, by: \.peer) { encoder, read in
                encoder.node(read.peer)
                encoder.readContext(read.context)
            }
        }
        encoder.flag(reads.confirmingIndex != nil)
        encoder.index(reads.confirmingIndex ?? .zero)
        encoder.number(reads.confirmingRound)
        encoder.number(reads.round)
        encoder.readContext(reads.askedContext ?? 0)
        encoder.readContext(reads.nextContext)
    }
}

extension Role {
    fileprivate var explorationCode: UInt64 {
        switch self {
        case .follower: 0
        case .preCandidate: 1
        case .candidate: 2
        case .leader: 3
        }
    }
}

extension Progress {
    fileprivate func encode(into encoder: inout ExplorationEncoder) {
        encoder.node(peer)
        encoder.index(match)
        encoder.index(next)
        encoder.bytes(Array(state.rawValue.utf8))
        if encoder.tellsActivity {
            encoder.flag(recentActive)
            encoder.flag(hasAnswered)
            encoder.flag(silentTicks > 0)
        }
        encoder.flag(probeOutstanding)
        encoder.flag(isLearner)
        if isLearner {
            // Nobody but a learner is asked how far it has caught up.
            encoder.index(catchUp.target)
            encoder.flag(catchUp.isCaughtUp)
        }
        encoder.index(departure?.index ?? .zero)
        encoder.number(departure?.farewellRound ?? 0)
        encoder.number(incarnation)
        encoder.number(UInt64(featureLevelMax))
        encoder.index(toldCommit)
        encoder.number(confirmedRound)
        encoder.number(promisedRound)
        encoder.flag(hasNoRoom)
        encoder.flag(storageIsLow)
        var window = inflight
        var place = LogIndex.zero
        while place < next {
            if window.free(through: place) { encoder.index(place) }
            place = place.next
        }
    }
}

extension SeenProposals {
    /// One bit for each of the first nonces, set when it was seen; explorations have no more.
    fileprivate var explorationBits: UInt64 {
        var bits: UInt64 = 0
        for nonce in 1..<UInt64(16) {
            var copy = self
            if !copy.insert(nonce) { bits |= 1 << nonce }
        }
        return bits
    }
}
