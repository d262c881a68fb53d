/// The follower's side of replication: taking entries in, acknowledging what is durable, following the commit index.
///
/// Owns: `verified`, `acknowledged`. Must never: cut the log without a real conflict (catalogue bug 11) or at or below
/// the commit index (invariant 7), or acknowledge what is not on its disk (invariant 9).

extension RaftCore {
    mutating func receiveHeartbeat(_ message: Message, _ heartbeat: Heartbeat) {
        guard acceptsLeader(message.from) else { return }
        if heartbeat.commit <= log.lastIndex {
            // The leader names only what this node itself acknowledged in this term.
            verified = max(verified, heartbeat.commit)
            raiseCommit(to: heartbeat.commit)
        } else {
            ignoredMessages += 1
        }
        let reply = HeartbeatReply(
            round: heartbeat.round, featureLevelMax: options.featureLevelMax, matched: min(verified, durableIndex),
            hasNoRoom: refusedForSpace || storageIsLow, storageIsLow: storageIsLow,
            promiseNanoseconds: promisedNanoseconds)
        send(to: message.from, .heartbeatReply(reply))
        // Sent a heartbeat ago and not here: lost. Without a later append nothing else would show it for a long time.
        if heartbeat.sent > verified && !refusedForSpace { sendConflict(rejected: verified.next) }
    }

    mutating func receiveAppend(_ message: Message, _ request: AppendRequest) {
        guard acceptsLeader(message.from) else { return }
        let commitBefore = commit
        // What is committed here equals the leader's log; the rest of the message is joined to it.
        let skipped = request.previous.index < commit ? commit.distance(from: request.previous.index) : 0
        guard skipped <= request.entries.count else {
            acknowledge(through: commit, mayStaySilent: false)
            return
        }
        let previous = skipped == 0 ? request.previous : request.entries[skipped - 1].position
        guard log.matches(previous) || (Mutant.ignoresPreviousTerm && previous.index <= log.lastIndex) else {
            if previous.index <= commit {
                ignoredMessages += 1
            } else if !refusedForSpace || previous.index <= log.lastIndex {
                sendConflict(rejected: previous.index)
            }
            // Otherwise the gap is our own doing, for lack of space: `askForRefusedEntries` speaks when there is some.
            return
        }
        guard let taken = takeIn(request.entries, from: skipped, after: previous, leaderCommit: request.commit) else {
            // A correct leader never contradicts what is committed or what it has itself sent this term.
            ignoredMessages += 1
            return
        }
        verified = max(verified, taken.through)
        raiseCommit(to: min(request.commit, Mutant.commitsUnclamped ? log.lastIndex : taken.through))
        // Answering when there was no room at all would only have the leader send it all again at once (bug 72).
        if taken.hadNoRoom { return }
        // A mere commit notice needs no answer when everything in question was acknowledged before.
        acknowledge(through: taken.through, mayStaySilent: request.entries.isEmpty && commit > commitBefore)
    }

    private struct TakenIn {
        /// Last index of the message that now equals the leader's log.
        var through: LogIndex
        var hadNoRoom = false
    }

    /// Appends what is new of `entries[start...]`, which follow `previous`; nil when they contradict what must stand.
    private mutating func takeIn(
        _ entries: [Entry], from start: Int, after previous: LogPosition, leaderCommit: LogIndex
    ) -> TakenIn? {
        var place = start
        while place < entries.count && log.matches(entries[place].position) { place += 1 }
        guard place < entries.count else {
            let end = entries.last?.index ?? previous.index
            if Mutant.truncatesAlways && end < log.lastIndex { truncateLog(from: end.next) }
            return TakenIn(through: end)
        }
        let first = entries[place].index
        if first <= max(commit, verified) && first <= log.lastIndex { return nil }
        let end = endOfAcceptance(entries, from: place, leaderCommit: leaderCommit)
        guard end > place else { return TakenIn(through: first.previous, hadNoRoom: true) }
        guard RaftCore.configurationsAreReadable(entries[place..<end]) else { return nil }
        let stale = Mutant.keepsStaleTail && first <= log.lastIndex ? log.entries(from: first) : []
        if first <= log.lastIndex { truncateLog(from: first) }
        for entry in entries[place..<end] { appendToLog(entry) }
        for entry in stale where entry.index == log.lastIndex.next { appendToLog(entry) }
        return TakenIn(through: entries[end - 1].index)
    }

    /// How many entries may be taken while apply is behind: only what is committed counts, because only that is sure
    /// to be applied and make room again; what is uncommitted is bounded by the leader. Essential entries are taken
    /// without room: otherwise full disks, or a slow apply, would keep a new leader from leading.
    private mutating func endOfAcceptance(_ entries: [Entry], from start: Int, leaderCommit: LogIndex) -> Int {
        var room = storageIsLow ? 0 : options.unappliedBytesMax - log.bytes(after: applied, through: commit)
        var end = start
        if room <= 0 {
            while end < entries.count && isEssential(entries[end], commit: leaderCommit) { end += 1 }
        }
        while end < entries.count && room > 0 {
            room -= entries[end].costBytes
            end += 1
        }
        refusedForSpace = end < entries.count
        return end
    }

    /// What a leader of this term must get committed before it can do anything, reads and changes of membership
    /// included: its first entry, configurations, and what stands before them uncommitted from earlier terms. Bounded by
    /// what leaders leave uncommitted; the commands of this term, and what others have committed, wait for room.
    func isEssential(_ entry: Entry, commit leaderCommit: LogIndex) -> Bool {
        entry.index > leaderCommit && (entry.kind != .command || entry.term < term)
    }

    /// Apply has caught up: tells the leader where to go on, rather than wait for its time-out.
    mutating func askForRefusedEntries() {
        guard refusedForSpace, !storageIsLow, role == .follower, leader != nil,
            log.bytes(after: applied, through: commit) <= options.unappliedBytesMax / 2
        else { return }
        refusedForSpace = false
        sendConflict(rejected: log.lastIndex.next)
    }

    /// Says that nothing equal to the leader's stands at `rejected`, and where this log's term there begins.
    private mutating func sendConflict(rejected: LogIndex) {
        guard let leader else { return }
        let place = min(rejected, log.lastIndex)
        let hint = LogPosition(
            index: log.firstIndex(ofTermAt: place), term: log.term(at: place) ?? log.base.term)
        send(
            to: leader,
            .appendReply(
                AppendReply(result: .conflict(rejected: rejected, hint: hint, lastIndex: log.lastIndex))))
    }

    /// Answers now if everything up to `through` is durable; otherwise `acknowledgeDurable` will.
    private mutating func acknowledge(through: LogIndex, mayStaySilent: Bool) {
        guard durableIndex >= through || Mutant.acknowledgesBeforeSync else { return }
        if mayStaySilent && acknowledged >= through { return }
        sendMatched()
    }

    /// Called when a write completed: one answer for all appends it covers.
    mutating func acknowledgeDurable() {
        guard leader != nil, min(verified, durableIndex) > acknowledged else { return }
        sendMatched()
    }

    private mutating func sendMatched() {
        guard let leader else { return }
        let index = Mutant.acknowledgesBeforeSync ? verified : min(verified, durableIndex)
        acknowledged = max(acknowledged, index)
        send(to: leader, .appendReply(AppendReply(result: .matched(index))))
    }
}
