/// The leader's list of peers as members come and go.
///
/// Owns: which peers there are, and the farewell of those who left. Must never: count a departing peer anywhere, or
/// keep one for ever.

/// The end of a peer's membership. It goes on receiving entries until it knows that it was removed, because a node that
/// does not know goes on asking for votes (catalogue bug 34).
struct Departure: Hashable, Sendable {
    /// The configuration that no longer has it.
    var index: LogIndex
    var deadlineTicks: UInt64
    /// The heartbeat round whose answer proves that it knows the commit; nil before it could.
    var farewellRound: UInt64?
}

extension RaftCore {
    /// Makes the peers those of the configuration in force: new ones are probed from the end of the log, those who left
    /// depart. A joint configuration has both halves, so who leaves with its second step counts until then.
    mutating func followConfigurationAsLeader() {
        var next: [Progress] = []
        for member in configuration.members where member.id != nodeID {
            var progress =
                placeOfPeer(member.id).map { peers[$0] }
                ?? Progress(peer: member.id, next: log.lastIndex.next, nowTicks: nowTicks, options: options)
            progress.isLearner = !configuration.isVoter(member.id)
            next.append(progress)
        }
        let deadline = nowTicks + UInt64(10 * options.electionTimeoutTicks)
        for var progress in peers where !configuration.isMember(progress.peer) {
            if progress.departure == nil {
                progress.departure = Departure(index: history.newestIndex, deadlineTicks: deadline)
            }
            // Only so many, should members leave faster than they can be told.
            if next.count < 2 * Configuration.membersMax { next.append(progress) }
        }
        peers = next.sorted { $0.peer < $1.peer }
        seenProposals.removeAll { !configuration.isMember($0.origin) }
        commitCheckNeeded = true
        forgetLease()
    }

    var hasDepartingPeers: Bool {
        for place in peers.indices where peers[place].departure != nil { return true }
        return false
    }

    /// Lets go of peers that know of their removal, or could not be told in ten election timeouts.
    mutating func tickDepartures() {
        guard hasDepartingPeers else { return }
        for place in peers.indices {
            guard let departure = peers[place].departure, departure.farewellRound == nil else { continue }
            // Its next heartbeat will carry a commit that includes its removal.
            if min(peers[place].match, commit) >= departure.index {
                peers[place].departure?.farewellRound = reads.round + 1
            }
        }
        peers.removeAll { progress in
            guard let departure = progress.departure else { return false }
            if nowTicks >= departure.deadlineTicks { return true }
            return departure.farewellRound.map { progress.confirmedRound >= $0 } ?? false
        }
    }

    /// An answer of the peer at `place`. The first names the directory that speaks for it in this term; another one
    /// under the same id is a stranger, whose disk need not hold what the first acknowledged (catalogue bug 9).
    mutating func hearPeer(at place: Int, _ message: Message) -> Bool {
        if peers[place].incarnation == 0 { peers[place].incarnation = message.incarnation }
        guard peers[place].incarnation == message.incarnation || Mutant.listensToLostDirectories else {
            ignoredMessages += 1
            return false
        }
        peers[place].heard()
        return true
    }
}
