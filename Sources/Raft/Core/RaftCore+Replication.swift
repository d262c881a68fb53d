/// The leader's side of replication: what to send to whom, what answers mean, when entries are committed.
///
/// Owns: `peers` and the leader's commit rule. Must never: send entries that do not follow `previous` directly
/// (catalogue bugs 12, 13), commit by counting an entry of another term (bug 10), or count anyone but voters (bug 15).

extension RaftCore {
    // MARK: Time

    mutating func tickPeer(at place: Int) {
        peers[place].silentTicks += 1
        if peers[place].isLearner { tickCatchUp(at: place) }
        peers[place].waitedTicks += 1
        let waited = peers[place].waitedTicks
        switch peers[place].state {
        case .probe:
            if waited >= options.heartbeatTicks { peers[place].probeOutstanding = false }
        case .replicate:
            if peers[place].inflight.isEmpty {
                peers[place].waitedTicks = 0
            } else if waited >= options.electionTimeoutTicks && !Mutant.windowNeverTimesOut {
                peers[place].becomeProbe(next: peers[place].match.next)
            }
        case .loading:
            if waited >= options.electionTimeoutTicks { peers[place].becomeProbe(next: peers[place].next) }
        case .snapshot:
            break  // Ends with `snapshotSent`, which the sender's own time-outs guarantee.
        }
    }

    mutating func broadcastHeartbeat() {
        heartbeatElapsedTicks = 0
        for place in peers.indices {
            let known = min(commit, peers[place].match)
            peers[place].toldCommit = max(peers[place].toldCommit, known)
            let sent = peers[place].sentBefore > peers[place].match ? peers[place].sentBefore : .zero
            send(to: peers[place].peer, .heartbeat(Heartbeat(commit: known, round: reads.round, sent: sent)))
        }
        leaseRoundBegins()
        remindTransferTarget()
    }

    // MARK: Appending

    mutating func appendAsLeader(kind: EntryKind, proposal: ProposalID, payload: [UInt8]) {
        Invariant.require(
            .electionSafety, role == .leader && leaderTerm == term, "appends in \(leaderTerm), the term is \(term)")
        appendToLog(
            Entry(index: log.lastIndex.next, term: leaderTerm, kind: kind, proposal: proposal, payload: payload))
    }

    /// Commits what a quorum of voters has on disk, if its term is our own (paper §5.4.2). Our own part is
    /// `durableIndex`, not the end of the log (catalogue bug 16).
    mutating func advanceLeaderCommit() {
        commitCheckNeeded = false
        let counted = Mutant.learnersCount ? Configuration(voters: configuration.memberIDs) : configuration
        let index = counted.quorumIndex { node in
            if node == nodeID { return Mutant.countsOwnUnsynced ? log.lastIndex : durableIndex }
            for place in peers.indices where peers[place].peer == node { return peers[place].match }
            return .zero
        }
        guard index > commit, log.term(at: index) == leaderTerm || Mutant.commitsOldTermByCounting else { return }
        Invariant.require(
            .leaderCommitsOwnTermOnly, leaderTerm == term && log.term(at: index) == term,
            "commits \(index) by counting, won \(leaderTerm), the term is \(term)")
        raiseCommit(to: index)
    }

    /// Sends the peer whatever its state and window allow; called once per step.
    mutating func replicate(toPeerAt place: Int) {
        switch peers[place].state {
        case .probe: sendProbe(toPeerAt: place)
        case .replicate: while sendNext(toPeerAt: place) {}
        case .loading, .snapshot: break
        }
    }

    private mutating func sendProbe(toPeerAt place: Int) {
        guard !peers[place].probeOutstanding else { return }
        let next = peers[place].next
        guard next > log.base.index else {
            // Only for a peer that answers heartbeats: a snapshot made for a dead one is stale when it comes back.
            if peers[place].silentTicks < options.electionTimeoutTicks { startSnapshot(toPeerAt: place) }
            return
        }
        // Entries ride along if the peer is likely to be there and they cost no disk read.
        let carries = next >= log.firstInMemory && peers[place].silentTicks < options.electionTimeoutTicks
        let entries =
            !carries
            ? []
            : peers[place].hasNoRoom
                ? essentialEntries(from: next) : log.entries(from: next, bytesMax: options.appendBytesMax)
        sendAppend(toPeerAt: place, entries)
        peers[place].probeOutstanding = true
        peers[place].waitedTicks = 0
    }

    /// One more message of the pipeline; false when there is nothing to send or no room.
    private mutating func sendNext(toPeerAt place: Int) -> Bool {
        let next = peers[place].next
        if next > log.lastIndex {
            // Followers that wait for their own clients' entries learn of the commit now, not at the next heartbeat.
            if peers[place].toldCommit < commit { sendAppend(toPeerAt: place, []) }
            return false
        }
        guard next > log.base.index else {
            startSnapshot(toPeerAt: place)
            return false
        }
        if peers[place].hasNoRoom { return sendEssential(toPeerAt: place) }
        guard let firstCost = log.costBytes(at: next) else {
            let bytesMax = min(options.appendBytesMax, options.inflightBytesMax)
            guard !peers[place].inflight.isFull(for: bytesMax) else { return false }
            peers[place].become(waitingFor: .loading)
            outbox.append(.loadEntries(peer: peers[place].peer, from: next, bytesMax: bytesMax))
            return false
        }
        guard !peers[place].inflight.isFull(for: firstCost) else { return false }
        let bytesMax = min(options.appendBytesMax, max(firstCost, peers[place].inflight.roomBytes))
        sendPipelined(toPeerAt: place, log.entries(from: next, bytesMax: bytesMax))
        return true
    }

    /// To a peer without room: what it takes all the same, and nothing that it would only refuse.
    private mutating func sendEssential(toPeerAt place: Int) -> Bool {
        let entries = essentialEntries(from: peers[place].next)
        guard let first = entries.first, !peers[place].inflight.isFull(for: first.costBytes) else { return false }
        sendPipelined(toPeerAt: place, entries)
        return true
    }

    private func essentialEntries(from next: LogIndex) -> [Entry] {
        // Whatever is not committed is in memory.
        guard next > commit, next >= log.firstInMemory, next <= log.lastIndex else { return [] }
        return Array(
            log.entries(from: next, bytesMax: options.appendBytesMax).prefix { isEssential($0, commit: commit) })
    }

    mutating func sendPipelined(toPeerAt place: Int, _ entries: [Entry]) {
        sendAppend(toPeerAt: place, entries)
        guard let last = entries.last else { return }
        var bytes = 0
        for entry in entries { bytes += entry.costBytes }
        if peers[place].inflight.isEmpty { peers[place].waitedTicks = 0 }
        peers[place].inflight.add(last: last.index, bytes: bytes)
        peers[place].next = last.index.next
    }

    private mutating func sendAppend(toPeerAt place: Int, _ entries: [Entry]) {
        let before = peers[place].next.previous
        guard let beforeTerm = log.term(at: before) else {
            Invariant.broken(.logIsContiguous, "append after \(before), the log is \(log.base)…\(log.last)")
        }
        let request = AppendRequest(
            previous: LogPosition(index: before, term: beforeTerm), entries: entries, commit: commit)
        Invariant.require(
            .logIsContiguous, RaftCore.isContiguous(request, termMax: term),
            "append of \(entries.count) entries does not follow \(request.previous)")
        peers[place].toldCommit = commit
        send(to: peers[place].peer, .append(request))
    }

    // MARK: Answers

    mutating func receiveHeartbeatReply(_ message: Message, _ reply: HeartbeatReply) {
        guard let place = placeOfPeer(message.from), reply.round <= reads.round, hearPeer(at: place, message) else {
            return
        }
        peers[place].confirmedRound = max(peers[place].confirmedRound, reply.round)
        if isLongEnough(promiseNanoseconds: reply.promiseNanoseconds) {
            peers[place].promisedRound = max(peers[place].promisedRound, reply.round)
        }
        peers[place].featureLevelMax = reply.featureLevelMax
        peers[place].hasNoRoom = reply.hasNoRoom
        peers[place].storageIsLow = reply.storageIsLow
        lease.checkNeeded = true
        if reply.matched > peers[place].match { peerMatched(at: place, reply.matched) }
    }

    mutating func receiveAppendReply(_ message: Message, _ reply: AppendReply) {
        guard let place = placeOfPeer(message.from), hearPeer(at: place, message) else { return }
        switch reply.result {
        case .matched(let index): peerMatched(at: place, index)
        case .conflict(let rejected, let hint, let lastIndex):
            // Whoever asks for entries takes them; the next heartbeat's answer says otherwise if not.
            peers[place].hasNoRoom = false
            peerConflicts(at: place, rejected: rejected, hint: hint, lastIndex: lastIndex)
        }
    }

    private mutating func peerMatched(at place: Int, _ index: LogIndex) {
        guard index <= log.lastIndex else {
            ignoredMessages += 1
            return
        }
        if Mutant.resendsOnEveryAnswer { peers[place].becomeReplicate() }
        let answersProbe = index.next >= peers[place].next
        if index > peers[place].match {
            peers[place].match = index
            commitCheckNeeded = true
        }
        let overtaken = peers[place].next <= peers[place].match
        if overtaken { peers[place].next = peers[place].match.next }
        if peers[place].inflight.free(through: index) { peers[place].waitedTicks = 0 }
        switch peers[place].state {
        case .probe:
            if answersProbe { peers[place].becomeReplicate() }
        case .replicate:
            break
        case .loading:
            // What is being loaded is no longer what the peer needs.
            if overtaken { peers[place].becomeReplicate() }
        case .snapshot:
            // The peer got on by other means.
            if peers[place].match >= log.base.index { peers[place].becomeReplicate() }
        }
    }

    /// Skips a whole term per answer instead of one entry (catalogue bug 23).
    private mutating func peerConflicts(at place: Int, rejected: LogIndex, hint: LogPosition, lastIndex: LogIndex) {
        let progress = peers[place]
        switch progress.state {
        case .snapshot: return
        case .probe: guard rejected == progress.next.previous else { return }
        case .replicate, .loading: break
        }
        // Old news: the peer has since confirmed this place.
        guard rejected > progress.match, rejected <= log.lastIndex.next else { return }
        let bound = min(rejected.previous, lastIndex)
        var next = min(hint.index, rejected)
        if let ours = log.lastPosition(notAbove: bound, termAtMost: hint.term) {
            next = ours.term == hint.term ? ours.index.next : min(ours.index.next, next)
        }
        peers[place].becomeProbe(next: max(next, LogIndex(1)))
    }
}
