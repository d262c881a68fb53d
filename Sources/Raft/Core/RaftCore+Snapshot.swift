/// Catching up a peer from below the in-memory tail (disk reads, snapshots), and what an installed snapshot or a
/// compaction does to the own log.
///
/// Must never: move a state machine backwards (catalogue bugs 55, 56), or keep entries behind a snapshot that does not
/// match them (bug 30, invariant 14).

extension RaftCore {
    // MARK: Leader

    mutating func startSnapshot(toPeerAt place: Int) {
        // Not for one that leaves: it would cost more than knowing of its removal is worth.
        guard peers[place].departure == nil else { return }
        peers[place].become(waitingFor: .snapshot)
        outbox.append(.sendSnapshot(peer: peers[place].peer))
    }

    mutating func entriesLoaded(peer: NodeID, from: LogIndex, entries: [Entry]?) {
        guard role == .leader, let place = placeOfPeer(peer), peers[place].state == .loading,
            peers[place].next == from
        else { return }
        guard let entries, let last = entries.last else {
            startSnapshot(toPeerAt: place)
            return
        }
        // Compaction may have passed by, or the answer may be to a question of an earlier leadership: then the log
        // that was read is not the log of now.
        let before = from.previous
        guard let beforeTerm = log.term(at: before), log.matches(last.position),
            RaftCore.isContiguous(
                AppendRequest(
                    previous: LogPosition(index: before, term: beforeTerm), entries: entries, commit: commit),
                termMax: term)
        else {
            peers[place].becomeProbe(next: from)
            return
        }
        peers[place].state = .replicate
        sendPipelined(toPeerAt: place, entries)
    }

    mutating func snapshotSent(peer: NodeID, position: LogPosition?) {
        guard role == .leader, let place = placeOfPeer(peer), peers[place].state == .snapshot else { return }
        guard let position, position.index <= commit else {
            // Tried again by the probe after next heartbeat's time.
            peers[place].becomeProbe(next: peers[place].next)
            peers[place].probeOutstanding = true
            return
        }
        // What it now holds was applied here, hence committed, hence equal to this log.
        if position.index > peers[place].match {
            peers[place].match = position.index
            commitCheckNeeded = true
        }
        peers[place].becomeProbe(next: peers[place].match.next)
    }

    // MARK: Own log

    mutating func snapshotInstalled(_ installedPosition: LogPosition, _ installed: LoggedConfiguration?) {
        let position =
            Mutant.snapshotLosesTerm ? LogPosition(index: installedPosition.index, term: .zero) : installedPosition
        guard position.index > applied else { return }
        let survives = log.matches(position) && !Mutant.installDropsLongerLog
        if survives {
            raiseCommit(to: position.index)
        } else {
            Invariant.require(
                .snapshotMatchesOrReplaces,
                position.index > commit && role != .leader && !log.matches(position),
                "snapshot at \(position) contradicts what is committed (\(commit)) at a \(role)")
            // Votes asked for with the log that goes now must not count for the one that comes; and the snapshot may
            // be of a later term than any this node has heard of.
            if role != .follower || position.term > term {
                becomeFollower(term: max(term, position.term), leader: nil)
            }
            resetLog(to: position)
            commit = position.index
            verified = position.index
        }
        history.install(installed, position: position.index, logSurvives: survives)
        _ = history.commit(through: commit)
        configurationChanged()
        applied = position.index
        applyIssued = max(applyIssued, position.index)
        verified = max(verified, position.index)
        log.evict(through: min(applied, durableIndex), bytesMax: options.tailBytesMax)
        askForRefusedEntries()
    }

    mutating func compacted(through: LogPosition) {
        Invariant.require(
            .logIsContiguous, through.index <= applied, "compaction through \(through), applied \(applied)")
        log.compact(through: through)
        // Replaced by a durable checkpoint, whatever became of the log writes for it.
        durableIndex = max(durableIndex, through.index)
    }
}
