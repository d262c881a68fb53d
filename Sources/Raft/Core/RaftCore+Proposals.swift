/// Proposals: appended by the leader, forwarded by followers, refused with a reason by everyone else.
///
/// Must never: propose anything twice (catalogue bug 70). A refusal is a promise that nothing was appended; silence
/// leaves the outcome open, and only the proposer's own apply closes it.

extension RaftCore {
    mutating func propose(_ proposals: [Proposal]) {
        guard !proposals.isEmpty else { return }
        if role == .leader {
            for refusal in appendProposals(proposals) { refuse(refusal.proposals, refusal.reason) }
        } else if let leader {
            forward(proposals, to: leader)
        } else {
            refuse(proposals.map(\.id), .noLeader)
        }
    }

    /// Takes up what was forwarded to this leader in this term, once. Everything else meets silence: a copy of the same
    /// message may have been taken up before, so a refusal could be a lie. The proposer finds out by itself: when it
    /// applies an entry of a later term, whatever it forwarded before and did not see applied can never be.
    mutating func receiveForward(_ message: Message, _ request: ForwardRequest) {
        guard role == .leader, message.term == term, configuration.isMember(message.from) else { return }
        let fresh = request.proposals.filter { $0.id.origin == message.from && markSeen($0.id) }
        for refusal in appendProposals(fresh) { send(to: message.from, .forwardRefused(refusal)) }
    }

    private mutating func markSeen(_ id: ProposalID) -> Bool {
        if Mutant.takesForwardsTwice { return true }
        for place in seenProposals.indices where seenProposals[place].origin == id.origin {
            return seenProposals[place].insert(id.nonce)
        }
        var window = SeenProposals(origin: id.origin)
        let isNew = window.insert(id.nonce)
        seenProposals.append(window)
        return isNew
    }

    mutating func refuse(_ proposals: [ProposalID], _ reason: RefusalReason) {
        if !proposals.isEmpty { outbox.append(.proposalsRefused(proposals: proposals, reason: reason)) }
    }

    /// Appends what fits the limits; returns the rest, at most one refusal per reason.
    private mutating func appendProposals(_ proposals: [Proposal]) -> [ForwardRefusal] {
        var refusals: [ForwardRefusal] = []
        let applyIsBehind = log.bytes(after: applied, through: commit) >= options.unappliedBytesMax
        var uncommitted = log.bytes(after: commit, through: log.lastIndex)
        for proposal in proposals {
            let cost = proposal.costBytes
            var reason: RefusalReason?
            if cost > options.entryBytesMax {
                reason = .tooLarge
            } else if transfer != nil {
                // The next leader is to have everything (catalogue bug 40: not for longer than the transfer's
                // deadline).
                reason = .transferring
            } else if proposal.kind == .membershipChange {
                reason = appendMembershipChange(proposal)
            } else if storageIsLow || !quorumHasStorage {
                reason = .diskFull
            } else if applyIsBehind || uncommitted + cost > options.uncommittedBytesMax {
                reason = .overloaded
            } else {
                uncommitted += cost
                appendAsLeader(kind: .command, proposal: proposal.id, payload: proposal.payload)
            }
            if let reason { RaftCore.add(proposal.id, reason, to: &refusals) }
        }
        return refusals
    }

    /// Enough voters have room on their disks to commit what is appended. Without, commands would only pile up, and stand
    /// in the way of the next leader.
    private var quorumHasStorage: Bool {
        configuration.hasQuorum { node in
            if node == nodeID { return true }
            for place in peers.indices where peers[place].peer == node { return !peers[place].storageIsLow }
            return true
        }
    }

    private static func add(_ id: ProposalID, _ reason: RefusalReason, to refusals: inout [ForwardRefusal]) {
        for place in refusals.indices where refusals[place].reason == reason {
            refusals[place].proposals.append(id)
            return
        }
        refusals.append(ForwardRefusal(proposals: [id], reason: reason))
    }

    /// One message per `appendBytesMax`; the size limit is checked here, before a needless journey.
    private mutating func forward(_ proposals: [Proposal], to leader: NodeID) {
        var tooLarge: [ProposalID] = []
        var batch: [Proposal] = []
        var bytes = 0
        for proposal in proposals {
            let cost = proposal.costBytes
            if cost > options.entryBytesMax {
                tooLarge.append(proposal.id)
                continue
            }
            if !batch.isEmpty && bytes + cost > options.appendBytesMax {
                send(to: leader, .forward(ForwardRequest(proposals: batch)))
                batch.removeAll(keepingCapacity: true)
                bytes = 0
            }
            batch.append(proposal)
            bytes += cost
        }
        if !batch.isEmpty { send(to: leader, .forward(ForwardRequest(proposals: batch))) }
        refuse(tooLarge, .tooLarge)
    }
}
