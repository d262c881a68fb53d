/// Storage as messages: what is to be written, what was, and which messages wait for it.
///
/// Owns: the staged write of the current step, the list of pending writes, held messages, `durableIndex`.
/// Must never: count a write for entries that were replaced after it was asked for (catalogue bug 17).

/// What the current step wants durable; becomes one `PersistRequest` at its end.
struct StagedWrite: Hashable, Sendable {
    var hardStateChanged = false
    var resetTo: LogPosition?
    var truncateFrom: LogIndex?
    /// Entries from here to the end of the log are new.
    var firstEntry: LogIndex?

    var isEmpty: Bool { !hardStateChanged && resetTo == nil && truncateFrom == nil && firstEntry == nil }
}

/// A write asked for and not yet reported durable.
struct PendingWrite: Hashable, Sendable {
    var sequence: UInt64
    /// Once durable, the log is durable up to here. Lowered when the suffix is cut while the write is under way, so
    /// that its completion proves nothing about the entries that came to stand there instead.
    var lastIndex: LogIndex
    var issuedTicks: UInt64
}

struct HeldMessage: Hashable, Sendable {
    var sequence: UInt64
    var message: Message
}

extension RaftCore {
    /// More than the members of a cluster can cause between two syncs; beyond it the newest is dropped, as any network
    /// may do.
    static let heldMax = 1024

    // MARK: Staging

    mutating func stageHardState() {
        staged.hardStateChanged = true
        hardStateSequence = nextSequence
    }

    mutating func appendToLog(_ entry: Entry) {
        log.append(entry)
        if staged.firstEntry == nil { staged.firstEntry = entry.index }
        if entry.kind == .configuration {
            enterConfiguration(entry)
            configurationChanged()
        }
    }

    mutating func truncateLog(from: LogIndex) {
        Invariant.require(.committedNeverTruncated, from > commit, "cut from \(from), commit is \(commit)")
        log.truncate(from: from)
        if !Mutant.truncationKeepsConfiguration && history.truncate(from: from) { configurationChanged() }
        forgetDurability(after: from.previous)
        if let first = staged.firstEntry {
            // Entries of this very step were never handed to storage: nothing to cut for them.
            if from > first { return }
            staged.firstEntry = nil
            if from == first { return }
        }
        staged.truncateFrom = min(staged.truncateFrom ?? from, from)
    }

    mutating func resetLog(to position: LogPosition) {
        log.reset(to: position)
        forgetDurability(after: position.index)
        durableIndex = position.index
        staged.resetTo = position
        staged.truncateFrom = nil
        staged.firstEntry = nil
    }

    private mutating func forgetDurability(after index: LogIndex) {
        durableIndex = min(durableIndex, index)
        if Mutant.countsReplacedWrites { return }
        for place in pendingWrites.indices where pendingWrites[place].lastIndex > index {
            pendingWrites[place].lastIndex = index
        }
    }

    /// Turns what the step staged into at most one request.
    mutating func flushWrites() {
        guard !staged.isEmpty else { return }
        let entries = staged.firstEntry.map { log.entries(from: $0) } ?? []
        var newHardState: HardState?
        if staged.hardStateChanged || hardState.commit < commit {
            // The commit hint rides along; it never causes a write of its own.
            hardState.commit = commit
            newHardState = Mutant.forgetsTerm && entries.isEmpty ? nil : hardState
        }
        let request = PersistRequest(
            sequence: nextSequence, hardState: newHardState, truncateFrom: staged.truncateFrom,
            resetTo: staged.resetTo, entries: entries)
        pendingWrites.append(
            PendingWrite(sequence: nextSequence, lastIndex: log.lastIndex, issuedTicks: nowTicks))
        nextSequence += 1
        staged = StagedWrite()
        outbox.append(.persist(request))
    }

    // MARK: Completion

    mutating func writeCompleted(_ sequence: UInt64) {
        Invariant.require(
            .acknowledgedIsDurable, sequence < nextSequence, "write \(sequence) completed, it was never asked for")
        guard sequence > durableSequence else { return }
        durableSequence = sequence
        var done = 0
        while done < pendingWrites.count && pendingWrites[done].sequence <= sequence {
            durableIndex = max(durableIndex, pendingWrites[done].lastIndex)
            done += 1
        }
        pendingWrites.removeSubrange(0..<done)
        releaseHeld()
        log.evict(through: min(applied, durableIndex), bytesMax: options.tailBytesMax)
        switch role {
        case .leader: commitCheckNeeded = true
        case .follower: acknowledgeDurable()
        case .candidate: countOwnVote()
        case .preCandidate: break
        }
    }

    /// The oldest write has been under way for a whole election timeout: this disk hangs. Such a node must neither
    /// keep others from electing nor stand itself (catalogue bugs 38 and 44).
    var diskHangs: Bool {
        guard let oldest = pendingWrites.first else { return false }
        return nowTicks - oldest.issuedTicks >= UInt64(options.electionTimeoutTicks)
    }

    // MARK: Held messages

    mutating func hold(_ message: Message) {
        let item = HeldMessage(sequence: hardStateSequence, message: message)
        guard held.count < RaftCore.heldMax, !held.contains(item) else { return }
        held.append(item)
    }

    private mutating func releaseHeld() {
        guard let first = held.first, first.sequence <= durableSequence else { return }
        var kept: [HeldMessage] = []
        for item in held {
            if item.sequence > durableSequence {
                kept.append(item)
            } else if isStillMeant(item.message) {
                outbox.append(.send(item.message))
            }
        }
        held = kept
    }

    /// Messages of earlier terms were dropped with the term; requests for votes also end with the candidacy.
    private func isStillMeant(_ message: Message) -> Bool {
        switch message.body {
        case .voteRequest: role == .candidate && message.term == term
        case .preVoteRequest: role == .preCandidate && message.term == term.next
        default: message.term >= term
        }
    }
}
