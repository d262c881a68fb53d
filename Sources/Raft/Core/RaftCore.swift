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
    public internal(set) var configuration: Configuration

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
    /// Entries were left unaccepted because apply is behind; the leader is told when it has caught up.
    var refusedForSpace = false

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

    var reads: ReadQueue
    var ignoredMessages: UInt64 = 0
    var outbox: [Effect] = []
    var reported: ReportedState

    /// - Parameters:
    ///   - seed: for election jitter and for naming read requests. It must differ between any two starts of a node:
    ///     otherwise a late answer to the previous process could be taken for an answer to this one.
    ///   - recovered: what the disk holds. It must be whole (invariants 3, 4, 5); a log that is not stops the process.
    public init(
        options: CoreOptions, nodeID: NodeID, configuration: Configuration, seed: UInt64, recovered: RecoveredState
    ) {
        if let problem = options.problem { fatalError("core options: \(problem)") }
        self.options = options
        self.nodeID = nodeID
        self.configuration = configuration
        hardState = recovered.hardState
        log = LogTail(
            base: recovered.base, runs: recovered.termRuns, lastIndex: recovered.lastIndex, tail: recovered.tail)
        applied = recovered.applied
        applyIssued = recovered.applied
        // The hint may be older than what was applied; it never reaches beyond the log it was written with.
        commit = max(recovered.applied, min(recovered.hardState.commit, recovered.lastIndex))
        durableIndex = recovered.lastIndex
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
        case .leaseRead(let read): enqueueRead(read)
        case .clock, .transferLeadership, .storageLow: break
        case .persisted(let sequence): writeCompleted(sequence)
        case .applied(let index): applyCompleted(index)
        case .entriesLoaded(let peer, let from, let entries): entriesLoaded(peer: peer, from: from, entries: entries)
        case .snapshotSent(let peer, let position): snapshotSent(peer: peer, position: position)
        case .snapshotInstalled(let position, let configuration): snapshotInstalled(position, configuration)
        case .compacted(let through): compacted(through: through)
        }
    }

    private mutating func finish(into effects: inout [Effect]) {
        if role == .leader {
            if commitCheckNeeded { advanceLeaderCommit() }
            confirmReads()
            for place in peers.indices { replicate(toPeerAt: place) }
        } else {
            askForReads()
        }
        flushWrites()
        issueApply()
        let state = ReportedState(role: role, term: hardState.term, leader: leader)
        if state != reported {
            reported = state
            outbox.append(.stateChanged(role: role, term: hardState.term, leader: leader))
        }
        checkInvariants()
        effects.append(contentsOf: outbox)
        outbox.removeAll(keepingCapacity: true)
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
    }

    /// Hands out what is committed and on this node's own disk. Waiting for the own disk keeps "applied ≤ log" true
    /// across a crash, so that a restart never finds a state machine ahead of its log.
    private mutating func issueApply() {
        let through = min(commit, durableIndex)
        guard through > applyIssued else { return }
        outbox.append(.apply(log.entries(from: applyIssued.next, through: through)))
        applyIssued = through
    }

    private mutating func applyCompleted(_ index: LogIndex) {
        guard index > applied else { return }
        Invariant.require(
            .appliedCommitLastOrder, index <= applyIssued, "applied \(index), but only \(applyIssued) was asked for")
        applied = index
        log.evict(through: min(applied, durableIndex), bytesMax: options.tailBytesMax)
        askForRefusedEntries()
    }

    mutating func drawElectionDeadline() {
        electionDeadlineTicks = options.electionTimeoutTicks + random.next(below: options.electionTimeoutTicks)
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
