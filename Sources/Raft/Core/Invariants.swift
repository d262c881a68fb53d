/// The numbered safety invariants of consensus and the one way to demand them.
///
/// Owns: numbers and names (the same in every message, test and document) and the cheap check after each step.
/// Must never: be compiled out. A broken invariant stops the node; going on would spread the damage.

public enum Invariant: Int, CaseIterable, Sendable {
    case electionSafety = 1
    case oneVotePerTerm = 2
    case termNeverDecreases = 3
    case logIsContiguous = 4
    case appliedCommitLastOrder = 5
    case leaderCommitsOwnTermOnly = 6
    case committedNeverTruncated = 7
    case progressIsConsistent = 8
    case acknowledgedIsDurable = 9
    case readsAreConfirmed = 10
    case configurationIsSound = 11
    case onlyVotersCampaign = 12
    case everythingIsBounded = 13
    case snapshotMatchesOrReplaces = 14
    case logMatching = 15
    case leaderCompleteness = 16
    case stateMachineSafety = 17
    case committedOnceForEver = 18
    case leaseIsExclusive = 21

    /// The sentence that holds.
    public var statement: String {
        switch self {
        case .electionSafety: "a term has at most one leader"
        case .oneVotePerTerm: "a node votes once per term, across restarts"
        case .termNeverDecreases: "the term never decreases, is durable before it is told, and covers the log"
        case .logIsContiguous: "log indexes are contiguous, terms do not fall, a leader only appends"
        case .appliedCommitLastOrder: "applied ≤ commit ≤ last index, and neither of the first two decreases"
        case .leaderCommitsOwnTermOnly: "a leader commits by counting only entries of its own term"
        case .committedNeverTruncated: "nothing at or below the commit index is cut or changed"
        case .progressIsConsistent: "match < next, match ≤ last index, in-flight bytes within the window"
        case .acknowledgedIsDurable: "acknowledgements and votes leave after the write they vouch for"
        case .readsAreConfirmed: "reads wait for an own-term commit and a later confirmation by a quorum"
        case .configurationIsSound: "a configuration has voters and its quorums intersect"
        case .onlyVotersCampaign: "only voters stand, of a configuration that no committed one replaced"
        case .everythingIsBounded: "every queue has a stated bound"
        case .snapshotMatchesOrReplaces: "a snapshot keeps a matching log and replaces any other"
        case .logMatching: "equal index and term mean equal entry and equal predecessors"
        case .leaderCompleteness: "every committed entry is in the log of each later leader"
        case .stateMachineSafety: "equal applied index means equal state"
        case .committedOnceForEver: "a committed entry is durable on a quorum and never replaced"
        case .leaseIsExclusive: "while a lease holds, no other leader is elected and no transfer was begun"
        }
    }

    /// Stops the process when `condition` is false. `fatalError` rather than `precondition` because the latter prints
    /// nothing in release builds, and the number is what an operator needs.
    @inlinable
    public static func require(
        _ invariant: Invariant, _ condition: @autoclosure () -> Bool, _ detail: @autoclosure () -> String
    ) {
        #if MUTANTS
        guard Mutant.assertionsAreOn else { return }
        #endif
        guard condition() else { broken(invariant, detail()) }
    }

    @usableFromInline
    static func broken(_ invariant: Invariant, _ detail: String) -> Never {
        fatalError("invariant \(invariant.rawValue) (\(invariant.statement)): \(detail)")
    }
}

extension RaftCore {
    /// What can be checked in constant time (per peer) after every step.
    func checkInvariants() {
        let last = log.last
        Invariant.require(
            .termNeverDecreases, hardState.term >= last.term, "term \(hardState.term) is below the last entry \(last)")
        Invariant.require(
            .logIsContiguous, log.base.index <= applied, "the log starts after \(log.base), applied is only \(applied)")
        Invariant.require(
            .appliedCommitLastOrder, applied <= commit && commit <= last.index,
            "applied \(applied), commit \(commit), last \(last.index)")
        Invariant.require(
            .acknowledgedIsDurable, durableIndex <= last.index, "durable \(durableIndex) beyond last \(last.index)")
        if role == .leader {
            Invariant.require(
                .electionSafety, leaderTerm == hardState.term && leader == nodeID,
                "leads \(leaderTerm), but the term is \(hardState.term)")
            for progress in peers {
                Invariant.require(
                    .progressIsConsistent,
                    progress.match < progress.next && progress.match <= last.index
                        && progress.next.rawValue <= last.index.rawValue + 1 && progress.inflight.isWithinBounds,
                    "peer \(progress.peer): match \(progress.match), next \(progress.next), last \(last.index)")
            }
        }
        checkConfiguration()
        Invariant.require(
            .everythingIsBounded, reads.count <= options.readsMax && held.count <= RaftCore.heldMax,
            "\(reads.count) reads waiting, \(held.count) messages held")
    }

    private func checkConfiguration() {
        Invariant.require(
            .configurationIsSound, history.newestIndex <= log.lastIndex,
            "configuration of \(history.newestIndex), the log ends at \(log.lastIndex)")
        switch role {
        case .follower: break
        case .preCandidate, .candidate:
            Invariant.require(.onlyVotersCampaign, standing.isEligible, "\(nodeID) stands and may not")
        case .leader:
            // A leader that committed nothing yet may have taken over more than it knows to be committed.
            Invariant.require(
                .configurationIsSound, history.uncommittedCount <= 1 || !ownTermIsCommitted,
                "\(history.uncommittedCount) changes of membership are not committed")
            Invariant.require(
                .everythingIsBounded, peers.count <= 2 * Configuration.membersMax, "\(peers.count) peers")
        }
    }
}
