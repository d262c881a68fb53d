/// Changes of membership on the way through the log (thesis §4.1, §4.3): who may ask, when, and what follows by itself.
///
/// Owns: the configuration history, as entries come and go. Must never: append a configuration before an entry of the
/// own term is committed (the 2015 barrier, catalogue bug 24) or before the one in force is (invariant 11, bug 26).

extension RaftCore {
    // MARK: The log's configurations

    /// The entry's configuration is in force from here on, committed or not (bug 25).
    mutating func enterConfiguration(_ entry: Entry) {
        do {
            let configuration = try Configuration.decode(entry.payload)
            history.append(LoggedConfiguration(index: entry.index, configuration: configuration))
        } catch {
            // Proposals are decoded before they are appended and messages before they are taken in.
            Invariant.broken(.configurationIsSound, "entry \(entry.position): \(error)")
        }
    }

    /// True when every configuration among `entries` can be read; a message with one that cannot is not taken in.
    static func configurationsAreReadable(_ entries: ArraySlice<Entry>) -> Bool {
        for entry in entries where entry.kind == .configuration {
            do { _ = try Configuration.decode(entry.payload) } catch { return false }
        }
        return true
    }

    /// Takes the newest configuration of the history into force, wherever it came from.
    mutating func configurationChanged() {
        configuration = (Mutant.configuresAtCommit ? history.committed : history.newest).configuration
        configurationIsNews = true
        refreshStanding()
        switch role {
        case .leader: followConfigurationAsLeader()
        case .preCandidate, .candidate:
            if !isPromotable { becomeFollower(term: term, leader: nil) }
        case .follower: break
        }
    }

    /// What the configurations say about this node; kept, because it is asked at every tick and step.
    mutating func refreshStanding() {
        standing.isVoter = configuration.isVoter(nodeID)
        standing.mayLead = standing.isVoter || Mutant.removedNodesCampaign || history.isVoterSinceCommitted(nodeID)
        standing.isRemoved =
            (standing.wasTold || history.committed.configuration.wasRemoved(nodeID)) && !Mutant.removedNodesCampaign
        standing.hasLowerPriority = configuration.priority(of: nodeID) < configuration.priorityMax
        let bound = configuration.incarnation(of: nodeID) ?? 0
        standing.isDisplaced = bound != 0 && bound != options.incarnation && !Mutant.listensToLostDirectories
    }

    /// This node was removed while it was away, and missed the entry that says so: who has that entry committed told it.
    /// It never stands again, so the cluster is spared its requests, and the process can end.
    mutating func learnOfRemoval() {
        guard role == .preCandidate || role == .candidate, !standing.wasTold else { return }
        standing.wasTold = true
        refreshStanding()
        becomeFollower(term: term, leader: nil)
    }

    /// May stand for election: a voter of the configuration in force, or of an earlier one as long as that is not known
    /// to be replaced (bug 35); with a disk that works, and with the directory that the configuration names (bug 9).
    ///
    /// Why a node that its own newest configuration no longer has must be able to stand (thesis §4.2.2):
    ///  1. n1 leads joint {2}/{1}, which is committed, and appends {2}: on its own disk only. It fails and comes back.
    ///  2. n2 has the joint configuration in force and needs n1's vote, but n1's log is longer: n1 refuses.
    ///  3. So nobody leads unless n1 stands: n2 votes for it, n1 commits {2} without counting itself, and hands over.
    var isPromotable: Bool { standing.isEligible && !diskHangs }

    // MARK: Changes

    /// Whether a leader may append a configuration now: only when the one in force is committed, and an entry of its
    /// own term as well (bug 24). Without the latter, with voters C₀ = {1,2,3,4}:
    ///  1. n1 leads t1, appends C₁ and reaches only itself.
    ///  2. n2 wins t2 with 3 and 4 and, not knowing C₁, appends C₂ after C₀. Now two successors of C₀ are about, and
    ///     nothing says that a quorum of C₁ meets one of C₂.
    ///  3. n1 comes back, wins t3 by C₁ and commits by C₁, while by C₂ others commit something else.
    /// With it, n2 first commits an entry of t2 at a majority of C₀; n1, whose log ends in t1, then wins no election
    /// that needs one of them. (That joint steps need majorities of C₀ anyway is a second defence, not a reason to drop
    /// this one.)
    var isChangeAllowed: Bool {
        let isBarred = !ownTermIsCommitted || history.newestIndex > commit
        return !configuration.isJoint && transfer == nil && (!isBarred || Mutant.changesWithoutBarrier)
    }

    /// Turns a proposed change into the entry of the configuration it leads to; the reason if it cannot be done now.
    mutating func appendMembershipChange(_ proposal: Proposal) -> RefusalReason? {
        guard isChangeAllowed else { return .changeUnderWay }
        let change: MembershipChange
        let next: Configuration
        do {
            change = try MembershipChange.decode(proposal.payload)
            next = bindingDirectories(of: try configuration.applying(change))
        } catch {
            return .invalidChange
        }
        for id in change.promote {
            guard let place = placeOfPeer(id), peers[place].catchUp.isCaughtUp else { return .notCaughtUp }
        }
        guard isReachable(next) else { return .quorumUnreachable }
        appendConfiguration(next, proposal: proposal.id)
        return nil
    }

    /// Could be committed with those who answered within an election timeout. Once a joint configuration is in force
    /// there is no way back but through it, so one that cannot be left is not entered (bug 28).
    func isReachable(_ next: Configuration) -> Bool {
        next.hasQuorum { node in
            if node == nodeID { return true }
            guard let place = placeOfPeer(node) else { return false }
            return !isSilent(peerAt: place)
        }
    }

    mutating func appendConfiguration(_ next: Configuration, proposal: ProposalID) {
        Invariant.require(
            .configurationIsSound,
            ownTermIsCommitted && history.newestIndex <= commit && configuration.sharesHalf(with: next),
            "\(next.voters) (outgoing \(next.outgoing)) after \(history.newest), commit \(commit)")
        appendAsLeader(kind: .configuration, proposal: proposal, payload: next.encode())
    }

    /// What follows from a configuration's commit; once per step, on the leader.
    ///
    /// Leaving joint (bug 26: only when the joint entry itself is committed):
    ///  1. L1 appends joint J and fails. L2 has J in its log and cannot know whether J is committed.
    ///  2. L2's no-op commits: by J's rule (both majorities), because J is in force at L2. So J is committed as well.
    ///  3. Now, and not before, L2 appends the configuration without the outgoing half.
    /// The same code does it for L1, which merely never changed.
    mutating func advanceMembership() {
        let isSettled = history.newestIndex <= commit && ownTermIsCommitted
        guard configuration.isJoint || !standing.isVoter, transfer == nil,
            isSettled || (Mutant.leavesJointEarly && configuration.isJoint)
        else { return }
        if configuration.isJoint {
            appendConfiguration(configuration.leavingJoint(), proposal: .none)
        } else if !startTransfer(to: nil) {
            // Not a voter any more, the others can do without, and there is nobody to hand over to.
            becomeFollower(term: term, leader: nil)
        }
    }
}

/// What the configurations make of this node.
struct OwnStanding: Hashable, Sendable {
    /// Votes in the configuration in force.
    var isVoter = false
    /// Votes in it, or in one before it that it is not yet known to have replaced for good.
    var mayLead = false
    /// A committed configuration no longer has it.
    var isRemoved = false
    /// Others said so.
    var wasTold = false
    /// Some voter is preferred as leader.
    var hasLowerPriority = false
    /// The configuration names another data directory for its id.
    var isDisplaced = false

    var isEligible: Bool { mayLead && !isRemoved && !isDisplaced }
}
