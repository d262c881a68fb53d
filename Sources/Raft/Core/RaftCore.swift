/// Raft (Ongaro's dissertation, 2014) as a pure function of its inputs: `step` takes what happened and says what to do.
///
/// Owns: all consensus state of one node, by value. Must never: do I/O, read a clock, wait, log, or iterate over a
/// hashed collection; time comes as ticks, chance from the seed, storage as messages.
///
/// Within one call every input is handled first; then `finish` commits, starts read rounds, sends appends and asks for
/// at most one durable write. Feeding many inputs at once therefore makes one write and one broadcast of them.

public struct RaftCore: Sendable {
    public let nodeID: NodeID
    public let options: CoreOptions
    /// In force: the newest in the log, whether committed or not.
    public internal(set) var configuration: Configuration
    var history: ConfigurationHistory
    var standing = OwnStanding()

    // Persistent state (paper figure 2). `hardState.commit` is the hint last handed to storage, not the commit index.
    var hardState: HardState
    var log: LogTail

    // Volatile state of every node.
    var role: Role = .follower
    var leader: NodeID?
    var commit: LogIndex
    var applied: LogIndex
    /// Highest index handed out in `Effect.apply`.
    var applyIssued: LogIndex
    /// Highest index known to be on this node's disk, with the entry the log has now.
    var durableIndex: LogIndex

    // Time, in ticks.
    var nowTicks: UInt64 = 0
    var electionElapsedTicks = 0
    var electionDeadlineTicks = 0
    var heartbeatElapsedTicks = 0
    var quorumElapsedTicks = 0
    var random: SplitMix64

    // Storage.
    var nextSequence: UInt64 = 1
    var durableSequence: UInt64 = 0
    /// The write that carries the newest term and vote; messages of this term wait for it (invariants 3 and 9).
    var hardStateSequence: UInt64 = 0
    var staged = StagedWrite()
    var pendingWrites: [PendingWrite] = []
    var held: [HeldMessage] = []

    // Follower.
    /// Highest index known to equal the leader's log, this term.
    var verified: LogIndex = .zero
    /// Highest index acknowledged to the leader, this term.
    var acknowledged: LogIndex = .zero
    /// Entries were left unaccepted because apply is behind or the disk is full; the leader is told when there is room.
    var refusedForSpace = false
    var storageIsLow = false

    /// This process began with an empty directory and has had no part in founding a cluster since.
    var isFresh = false

    // Candidate.
    var granted: [NodeID] = []
    var refused: [NodeID] = []

    // Leader.
    /// The term this node won. Entries are stamped with it and nothing else (catalogue bug 5).
    var leaderTerm: Term = .zero
    var peers: [Progress] = []
    var commitCheckNeeded = false
    /// Forwarded proposals taken up in this term, by origin.
    var seenProposals: [SeenProposals] = []
    var transfer: Transfer?
    /// Not before this tick does this node hand over by itself again.
    var nextHandoverTicks: UInt64 = 0
    var handoverFailures = 0
    /// Ticks for which committed entries have been waiting without one being applied.
    var applyStalledTicks = 0
    /// End of the log a heartbeat ago, and at the last one.
    var lastIndexBefore: LogIndex = .zero
    var lastIndexLately: LogIndex = .zero

    var lease = LeaseState()
    var reads: ReadQueue
    var ignoredMessages: UInt64 = 0
    var outbox: [Effect] = []
    var reported: ReportedState
    var configurationIsNews = true
    var reportedConfiguration: Configuration?
    var removalIsReported = false

    /// - Parameters:
    ///   - configuration: what the cluster was founded with, unless `recovered` knows better; `none` for a node that
    ///     is yet to hear of its cluster.
    ///   - seed: for election jitter and for naming read requests. It must differ between any two starts of a node:
    ///     otherwise a late answer to the previous process could be taken for an answer to this one.
    ///   - recovered: what the disk holds. It must be whole (invariants 3, 4, 5); a log that is not stops the process.
    public init(
        options: CoreOptions, nodeID: NodeID, configuration: Configuration, seed: UInt64, recovered: RecoveredState
    ) {
        if let problem = options.problem { fatalError("core options: \(problem)") }
        self.options = options
        self.nodeID = nodeID
        let base = recovered.configuration ?? LoggedConfiguration(index: .zero, configuration: configuration)
        self.configuration = base.configuration
        history = ConfigurationHistory(base: base)
        hardState = recovered.hardState
        log = LogTail(
            base: recovered.base, runs: recovered.termRuns, lastIndex: recovered.lastIndex, tail: recovered.tail)
        applied = recovered.applied
        applyIssued = recovered.applied
        // The hint may be older than what was applied; it never reaches beyond the log it was written with.
        commit = max(recovered.applied, min(recovered.hardState.commit, recovered.lastIndex))
        durableIndex = recovered.lastIndex
        isFresh = options.foundsUnanimously && recovered.hardState.term == .zero && recovered.lastIndex == .zero
        random = SplitMix64(seed: seed)
        reads = ReadQueue(firstContext: random.next())
        reported = ReportedState(role: .follower, term: recovered.hardState.term, leader: nil)
        Invariant.require(
            .appliedCommitLastOrder, applied <= log.lastIndex, "applied \(applied), the log ends at \(log.last)")
        Invariant.require(
            .logIsContiguous, log.firstInMemory <= applied.next,
            "the tail starts at \(log.firstInMemory), after unapplied entries (applied \(applied))")
        if hardState.term < recovered.base.term {
            // A snapshot of a later term was installed, and the crash came before that term was written. Nothing was
            // ever said in it, so taking it up without a vote is safe. (Entries of a later term are another matter.)
            hardState.term = recovered.base.term
            hardState.vote = nil
            stageHardState()
        }
        for entry in recovered.tail where entry.kind == .configuration && entry.index > base.index {
            enterConfiguration(entry)
        }
        _ = history.commit(through: commit)
        history.prune(through: applied)
        configurationChanged()
        drawElectionDeadline()
        checkInvariants()
    }

    /// Handles one input; appends what is to be done to `effects`, in order.
    public mutating func step(_ input: Input, into effects: inout [Effect]) {
        handle(input)
        finish(into: &effects)
    }

    /// Handles several inputs as one step: one combined durable write, one append message per peer.
    public mutating func step(_ inputs: [Input], into effects: inout [Effect]) {
        for input in inputs { handle(input) }
        finish(into: &effects)
    }

    private mutating func handle(_ input: Input) {
        switch input {
        case .tick: tick()
        case .message(let message): receive(message)
        case .propose(let proposals): propose(proposals)
        case .read(let read): enqueueRead(read)
        case .leaseRead(let read): enqueueLeaseRead(read)
        case .clock(let nanoseconds): clockRead(nanoseconds)
        case .transferLeadership(let target): transferLeadership(to: target)
        case .storageLow(let isLow): storageChanged(isLow: isLow)
        case .persisted(let sequence): writeCompleted(sequence)
        case .applied(let index): applyCompleted(index)
        case .entriesLoaded(let peer, let from, let entries): entriesLoaded(peer: peer, from: from, entries: entries)
        case .snapshotSent(let peer, let position): snapshotSent(peer: peer, position: position)
        case .snapshotInstalled(let position, let configuration): snapshotInstalled(position, configuration)
        case .compacted(let through): compacted(through: through)
        }
    }

    private mutating func finish(into effects: inout [Effect]) {
        if role == .leader { lead() } else { askForReads() }
        answerLeasedReads()
        flushWrites()
        issueApply()
        reportChanges()
        checkInvariants()
        effects.append(contentsOf: outbox)
        outbox.removeAll(keepingCapacity: true)
    }

    /// The leader's part of every step. Each stage may end the leadership.
    private mutating func lead() {
        if commitCheckNeeded { advanceLeaderCommit() }
        advanceMembership()
        guard role == .leader else { return }
        if transfer != nil { advanceTransfer() }
        confirmReads()
        confirmLease()
        for place in peers.indices { replicate(toPeerAt: place) }
    }

    private mutating func reportChanges() {
        let state = ReportedState(role: role, term: hardState.term, leader: leader)
        if state != reported {
            reported = state
            outbox.append(.stateChanged(role: role, term: hardState.term, leader: leader))
        }
        if configurationIsNews {
            configurationIsNews = false
            if reportedConfiguration != configuration {
                reportedConfiguration = configuration
                // First of all, so that the messages of this step find their addresses.
                outbox.insert(.configurationChanged(configuration), at: 0)
            }
        }
        // A leader that was removed hands over first.
        if standing.isRemoved && !removalIsReported && role != .leader {
            removalIsReported = true
            outbox.append(.removedFromCluster)
        }
    }

    private mutating func tick() {
        nowTicks += 1
        if role == .leader { tickLeader() } else { tickElection() }
        tickReads()
    }

    // MARK: Small shared pieces

    var term: Term { hardState.term }

    /// Raises the commit index. Nothing lowers it (invariant 5).
    mutating func raiseCommit(to index: LogIndex) {
        guard index > commit else { return }
        Invariant.require(.appliedCommitLastOrder, index <= log.lastIndex, "commit \(index) beyond \(log.last)")
        commit = index
        if history.commit(through: index) {
            refreshStanding()
            if Mutant.configuresAtCommit { configurationChanged() }
        }
    }

    /// Hands out what is committed and on this node's own disk. Waiting for the own disk keeps "applied ≤ log" true
    /// across a crash, so that a restart never finds a state machine ahead of its log.
    private mutating func issueApply() {
        let through = Mutant.answersBeforeCommit ? log.lastIndex : min(commit, durableIndex)
        guard through > applyIssued else { return }
        outbox.append(.apply(log.entries(from: applyIssued.next, through: through)))
        applyIssued = through
    }

    private mutating func applyCompleted(_ index: LogIndex) {
        guard index > applied else { return }
        Invariant.require(
            .appliedCommitLastOrder, index <= applyIssued, "applied \(index), but only \(applyIssued) was asked for")
        applied = index
        applyStalledTicks = 0
        history.prune(through: index)
        log.evict(through: min(applied, durableIndex), bytesMax: options.tailBytesMax)
        askForRefusedEntries()
    }

    private mutating func storageChanged(isLow: Bool) {
        storageIsLow = isLow
        askForRefusedEntries()
    }

    /// From [T, 2T), and T later for each reason why another voter would make the better leader.
    mutating func drawElectionDeadline() {
        electionDeadlineTicks = options.electionTimeoutTicks + random.next(below: options.electionTimeoutTicks)
        if standing.hasLowerPriority { electionDeadlineTicks += options.electionTimeoutTicks }
        if storageIsLow { electionDeadlineTicks += options.electionTimeoutTicks }
    }

    func placeOfPeer(_ node: NodeID) -> Int? {
        for place in peers.indices where peers[place].peer == node { return place }
        return nil
    }
}

/// What observers were last told.
struct ReportedState: Hashable, Sendable {
    var role: Role
    var term: Term
    var leader: NodeID?
}
