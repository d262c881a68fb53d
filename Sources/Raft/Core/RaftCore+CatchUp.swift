/// What a leader does by itself with its configuration while time passes: it measures how far learners are behind,
/// makes voters of those who wait for it, and fills in what it learned of the members.
///
/// Must never: make a voter of a node that is far behind (catalogue bug 36) or silent, or hurry: everything here may
/// wait for the next tick.

/// Rounds of catching up (thesis §4.2.1). A round ends when the peer has what the log held at its start; a peer that
/// needs no longer than an election timeout for it would, as a voter, not hold up a commit for longer than that.
struct CatchUp: Hashable, Sendable {
    var target: LogIndex
    var startedTicks: UInt64
    /// The last round was short enough, and so is, as yet, the one under way.
    private(set) var isCaughtUp = false

    init(target: LogIndex, startedTicks: UInt64) {
        self.target = target
        self.startedTicks = startedTicks
    }

    mutating func observe(match: LogIndex, lastIndex: LogIndex, nowTicks: UInt64, timeoutTicks: Int, isSilent: Bool) {
        let isShort = nowTicks - startedTicks <= UInt64(timeoutTicks) && !isSilent
        if !isShort { isCaughtUp = false }
        // A target of zero says nothing: an empty log is matched by a node that was never heard.
        guard match >= target, match > .zero else { return }
        isCaughtUp = isShort
        target = lastIndex
        startedTicks = nowTicks
    }
}

extension RaftCore {
    /// Not to be counted on. A peer that never answered is as silent as one that stopped: a new leader that took
    /// everyone for present entered joint configurations that could never be left (bug 28, in the first moments of a
    /// term).
    func isSilent(peerAt place: Int) -> Bool {
        !peers[place].hasAnswered || peers[place].silentTicks >= options.electionTimeoutTicks
    }

    mutating func tickCatchUp(at place: Int) {
        peers[place].catchUp.observe(
            match: peers[place].match, lastIndex: log.lastIndex, nowTicks: nowTicks,
            timeoutTicks: options.electionTimeoutTicks, isSilent: isSilent(peerAt: place))
    }

    /// The leader's own changes, at most one per tick; promotions go before refinements.
    mutating func tickConfiguration() {
        guard isChangeAllowed else { return }
        if !promoteJoiners() { refineConfiguration() }
    }

    /// Everyone who waits to be a voter and has caught up, in one change.
    private mutating func promoteJoiners() -> Bool {
        var ready: [NodeID] = []
        for place in peers.indices where peers[place].isLearner && peers[place].catchUp.isCaughtUp {
            if configuration.member(peers[place].peer)?.isJoining == true { ready.append(peers[place].peer) }
        }
        guard !ready.isEmpty else { return false }
        do {
            let next = bindingDirectories(of: try configuration.applying(MembershipChange(promote: ready)))
            guard isReachable(next) else { return false }
            appendConfiguration(next, proposal: .none)
            return true
        } catch {
            // Only the limits could refuse it, and those were checked when the learner was added.
            return false
        }
    }

    /// `next` with the directories that this leader has heard from. Whoever becomes a voter is bound to its directory by
    /// the very entry that lets it vote: a directory lost between the two would take the votes given on it along.
    func bindingDirectories(of next: Configuration) -> Configuration {
        var incarnations: [(id: NodeID, incarnation: UInt64)] = []
        for member in next.members where member.incarnation == 0 {
            let heard =
                member.id == nodeID
                ? options.incarnation : placeOfPeer(member.id).map { peers[$0].incarnation } ?? 0
            if heard != 0 { incarnations.append((member.id, heard)) }
        }
        return next.refining(incarnations: incarnations, featureLevel: next.featureLevel)
    }

    /// What everyone who speaks can follow; zero while someone is silent, who may come back with another build.
    private var commonFeatureLevel: UInt16 {
        var level = options.featureLevelMax
        if Mutant.raisesLevelAlone { return level }
        for member in configuration.members where member.id != nodeID {
            guard let place = placeOfPeer(member.id), !isSilent(peerAt: place) else { return 0 }
            level = min(level, peers[place].featureLevelMax)
        }
        return level
    }

    private mutating func refineConfiguration() {
        let next = bindingDirectories(of: configuration).refining(incarnations: [], featureLevel: commonFeatureLevel)
        if next != configuration { appendConfiguration(next, proposal: .none) }
    }
}
