/// The invariants that only show over several nodes at once (15 to 18, and 1 and 2 across restarts), for tests and the
/// simulator: call `check` after every event with a view of every node, the crashed ones' disks included.
///
/// Owns: what was ever seen (leaders, votes, entries, commits, digests). Must never: influence the nodes, or look at
/// anything but the views handed in. Work per call is proportional to what is new.

/// One node as the checker sees it. For a crashed node: what its disk holds.
public struct ClusterView: Sendable {
    public var nodeID: NodeID
    /// Another number after each restart; commit and term may then be lower than before.
    public var incarnation: UInt64
    public var isRunning: Bool
    public var role: Role
    public var term: Term
    /// The vote in `term` if it is durable; one that a crash can still take back was never told and binds nobody.
    public var vote: NodeID?
    public var commit: LogIndex
    public var applied: LogIndex
    /// Digest of the state machine at `applied`; nil when not to be compared.
    public var appliedDigest: UInt64?
    public var durableIndex: LogIndex
    public var log: LogTail
    public var configuration: Configuration
    /// Index of the entry that brought it.
    public var configurationIndex: LogIndex

    public init(
        nodeID: NodeID, incarnation: UInt64, isRunning: Bool, role: Role, term: Term, vote: NodeID?, commit: LogIndex,
        applied: LogIndex, appliedDigest: UInt64?, durableIndex: LogIndex, log: LogTail, configuration: Configuration,
        configurationIndex: LogIndex = .zero
    ) {
        self.nodeID = nodeID
        self.incarnation = incarnation
        self.isRunning = isRunning
        self.role = role
        self.term = term
        self.vote = vote
        self.commit = commit
        self.applied = applied
        self.appliedDigest = appliedDigest
        self.durableIndex = durableIndex
        self.log = log
        self.configuration = configuration
        self.configurationIndex = configurationIndex
    }
}

extension RaftCore {
    /// This core for `ClusterInvariants`. Do not keep it across the next step: it shares the log's storage.
    public func clusterView(incarnation: UInt64 = 0, applied: LogIndex, appliedDigest: UInt64? = nil) -> ClusterView {
        ClusterView(
            nodeID: nodeID, incarnation: incarnation, isRunning: true, role: role, term: hardState.term,
            vote: hardStateSequence <= durableSequence ? hardState.vote : nil, commit: commit, applied: applied,
            appliedDigest: appliedDigest, durableIndex: durableIndex, log: log, configuration: configuration,
            configurationIndex: history.newestIndex)
    }
}

public struct ClusterViolation: Hashable, Sendable, CustomStringConvertible {
    public var invariant: Invariant
    public var detail: String
    public var description: String { "invariant \(invariant.rawValue) (\(invariant.statement)): \(detail)" }
}

public struct ClusterInvariants: Sendable {
    private struct NodeTerm: Hashable { var node: NodeID; var term: Term }
    private struct Fingerprint: Hashable { var entry: Entry; var previous: LogPosition }
    private struct Seen {
        var incarnation: UInt64
        var term: Term
        var commit: LogIndex
        var checked: LogPosition
    }

    /// The last configuration that was committed; nil until one is known.
    private var committedConfiguration: Configuration?
    // Looked up by key only, never iterated, so their order decides nothing.
    private var leaders: [Term: NodeID] = [:]
    private var votes: [NodeTerm: NodeID] = [:]
    private var entries: [LogPosition: Fingerprint] = [:]
    private var digests: [LogIndex: UInt64] = [:]
    private var seen: [NodeID: Seen] = [:]
    private struct Committed {
        var term: Term
        /// The term in which it was committed, which may be later than its own: only leaders of yet later terms are
        /// sure to have it (paper §5.4.3). One of a term between the two may still be about, and need not.
        var inTerm: Term
    }
    /// Each committed index, from index 1 on; nil where only a snapshot told of it.
    private var committed: [Committed?] = []
    private var violations: [ClusterViolation] = []

    /// - Parameter founding: what the cluster began with; without it the first change is not judged.
    public init(founding: Configuration? = nil) { committedConfiguration = founding }

    /// The highest index that any node ever knew to be committed.
    public var committedThrough: LogIndex { LogIndex(UInt64(committed.count)) }

    /// Every violation that this event made visible; empty when all is well.
    public mutating func check(_ views: [ClusterView]) -> [ClusterViolation] {
        violations.removeAll()
        for view in views {
            checkTermAndVote(view)
            checkLog(view)
        }
        for view in views { checkCommit(view, views) }
        for view in views where view.isRunning {
            if view.role == .leader { checkLeader(view) }
            checkDigest(view)
        }
        for view in views {
            seen[view.nodeID] = Seen(
                incarnation: view.incarnation, term: view.term, commit: view.commit, checked: view.log.last)
        }
        return violations
    }

    private mutating func report(_ invariant: Invariant, _ detail: String) {
        violations.append(ClusterViolation(invariant: invariant, detail: detail))
    }

    private mutating func checkTermAndVote(_ view: ClusterView) {
        if let before = seen[view.nodeID], before.incarnation == view.incarnation {
            if view.term < before.term { report(.termNeverDecreases, "\(view.nodeID): \(before.term) to \(view.term)") }
            if view.commit < before.commit {
                report(.appliedCommitLastOrder, "\(view.nodeID): commit \(before.commit) to \(view.commit)")
            }
        }
        guard let vote = view.vote else { return }
        let key = NodeTerm(node: view.nodeID, term: view.term)
        if let before = votes[key], before != vote {
            report(.oneVotePerTerm, "\(view.nodeID) in \(view.term): \(before), then \(vote)")
        }
        votes[key] = vote
    }

    private mutating func checkLog(_ view: ClusterView) {
        let log = view.log
        var from = log.firstInMemory
        if let before = seen[view.nodeID], log.matches(before.checked) { from = max(from, before.checked.index.next) }
        guard from <= log.lastIndex else { return }
        let offset = log.entriesInMemory.startIndex + from.distance(from: log.firstInMemory)
        for entry in log.entriesInMemory[offset...] {
            let before = entry.index.previous
            let previous = LogPosition(index: before, term: log.term(at: before) ?? .zero)
            let print = Fingerprint(entry: entry, previous: previous)
            if let known = entries[entry.position] {
                if known != print { report(.logMatching, "\(view.nodeID) holds another entry at \(entry.position)") }
            } else {
                entries[entry.position] = print
            }
        }
    }

    private mutating func checkCommit(_ view: ClusterView, _ views: [ClusterView]) {
        guard view.commit <= view.log.lastIndex else {
            report(.appliedCommitLastOrder, "\(view.nodeID): commit \(view.commit), last \(view.log.last)")
            return
        }
        // A node that was seen before is looked at from its old commit on; its commit itself again every time.
        var index = max(seen[view.nodeID].map { min($0.commit, view.commit) } ?? LogIndex(1), LogIndex(1))
        while index <= view.commit {
            let term = view.log.term(at: index)
            let place = Int(index.rawValue) - 1
            while committed.count <= place { committed.append(nil) }
            if let known = committed[place] {
                if let term, term != known.term {
                    report(
                        .committedOnceForEver, "\(view.nodeID): \(index) committed as \(known.term), then as \(term)")
                }
            } else if let term {
                committed[place] = Committed(term: term, inTerm: view.term)
                checkNewCommit(LogPosition(index: index, term: term), view, views)
            }
            index = index.next
        }
    }

    private mutating func checkNewCommit(_ position: LogPosition, _ view: ClusterView, _ views: [ClusterView]) {
        // By the configuration in force where it was committed, both halves of a joint one; only voters count.
        let durable = view.configuration.hasQuorum { node in
            views.contains {
                $0.nodeID == node && $0.durableIndex >= position.index
                    && ($0.log.matches(position) || $0.log.base.index >= position.index)
            }
        }
        if !durable {
            report(.committedOnceForEver, "\(position), committed at \(view.nodeID), is not on a quorum of disks")
        }
        checkCommittedConfiguration(position)
        for leader in views where leader.isRunning && leader.role == .leader && leader.term > view.term {
            if !leader.log.matches(position) && leader.log.base.index < position.index {
                report(.leaderCompleteness, "\(leader.nodeID), leader of \(leader.term), lacks \(position)")
            }
        }
    }

    /// Each committed configuration against the one committed before it (invariant 11).
    private mutating func checkCommittedConfiguration(_ position: LogPosition) {
        guard let entry = entries[position]?.entry, entry.kind == .configuration else { return }
        do {
            let next = try Configuration.decode(entry.payload)
            if let before = committedConfiguration, !before.everyQuorumIntersects(next) {
                report(
                    .configurationIsSound,
                    "\(next.voters) (outgoing \(next.outgoing)) at \(position) after \(before.voters) "
                        + "(outgoing \(before.outgoing)): not all quorums intersect")
            }
            committedConfiguration = next
        } catch {
            report(.configurationIsSound, "the configuration at \(position) cannot be read: \(error)")
        }
    }

    private mutating func checkLeader(_ view: ClusterView) {
        if let known = leaders[view.term] {
            if known != view.nodeID { report(.electionSafety, "\(view.term): \(known) and \(view.nodeID)") }
            return
        }
        leaders[view.term] = view.nodeID
        // A leader on its way out may still have to finish what it began, as long as that is not committed.
        if !view.configuration.isVoter(view.nodeID) && view.configurationIndex <= view.commit {
            report(.onlyVotersCampaign, "\(view.nodeID) won \(view.term) without a vote of its own")
        }
        for (place, known) in committed.enumerated() {
            let index = LogIndex(UInt64(place) + 1)
            guard let known, known.inTerm < view.term, index > view.log.base.index else { continue }
            if view.log.term(at: index) != known.term {
                report(.leaderCompleteness, "\(view.nodeID), leader of \(view.term), lacks \(index) of \(known.term)")
                return
            }
        }
    }

    private mutating func checkDigest(_ view: ClusterView) {
        guard let digest = view.appliedDigest else { return }
        if let known = digests[view.applied], known != digest {
            report(.stateMachineSafety, "\(view.nodeID) differs at \(view.applied)")
        }
        digests[view.applied] = digest
    }
}
