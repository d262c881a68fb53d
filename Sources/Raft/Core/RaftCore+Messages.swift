/// The door for messages: who is listened to, what a term does on arrival, and which part handles what.
///
/// Must never: stop the process for anything a network can deliver. Messages that no correct member sends are dropped
/// and counted; the one exception is proof of a second leader in one's own term (invariant 1).

extension RaftCore {
    /// Terms and indexes beyond this cannot be reached in practice; refusing them keeps arithmetic from overflowing.
    static let numberMax: UInt64 = 1 << 62

    mutating func receive(_ message: Message) {
        guard message.to == nodeID, message.from != nodeID, message.from.rawValue != 0,
            RaftCore.isPlausible(message), !isStranger(message)
        else {
            ignoredMessages += 1
            return
        }
        if wasRemoved(message.from) && !isHeardDespiteRemoval(message) {
            answerRemoved(message)
            return
        }
        switch message.body {
        case .preVoteRequest(let request):
            receivePreVoteRequest(message, request)
            return
        case .preVoteReply(let reply) where reply.isRemoved, .voteReply(let reply) where reply.isRemoved:
            // True in every term, and terms of a cluster that goes on without this node are none of its business.
            learnOfRemoval()
            return
        case .preVoteReply(let reply) where reply.granted:
            // Carries the term that was asked about, not the sender's.
            receivePreVoteGrant(message)
            return
        case .voteRequest(let request) where message.term > term && !request.isTransfer && protectsLeader:
            // Stickiness (thesis §4.2.3): a node that lost contact must not depose a leader that others hear.
            return
        case .append, .heartbeat, .snapshotChunk, .timeoutNow:
            if message.term > term { becomeFollower(term: message.term, leader: message.from) }
        case .voteRequest, .voteReply, .preVoteReply, .appendReply, .heartbeatReply, .forward, .forwardRefused,
            .readRequest, .readReply, .snapshotReply, .transferRequest:
            if message.term > term { becomeFollower(term: message.term, leader: nil) }
        }
        dispatch(message)
    }

    /// `message.term` is now at most our own; handlers that need it to be equal say so.
    private mutating func dispatch(_ message: Message) {
        let isCurrent = message.term == term
        switch message.body {
        case .preVoteRequest, .snapshotReply:
            break
        case .preVoteReply:
            if isCurrent { receivePreVoteRefusal(message) }
        case .voteRequest(let request):
            if isCurrent {
                receiveVoteRequest(message, request)
            } else {
                // A stale sender must learn the term, or nobody ever leads (catalogue bug 37).
                send(to: message.from, .voteReply(VoteReply(granted: false)))
            }
        case .voteReply(let reply):
            if isCurrent { receiveVoteReply(message, reply) }
        case .append(let request):
            if isCurrent { receiveAppend(message, request) } else { answerStaleAppend(message, request) }
        case .appendReply(let reply):
            if isCurrent && role == .leader { receiveAppendReply(message, reply) }
        case .heartbeat(let heartbeat):
            if isCurrent {
                receiveHeartbeat(message, heartbeat)
            } else {
                answerStaleHeartbeat(message)
            }
        case .heartbeatReply(let reply):
            if isCurrent && role == .leader { receiveHeartbeatReply(message, reply) }
        case .snapshotChunk:
            if isCurrent { _ = acceptsLeader(message.from) }
        case .forward(let request):
            receiveForward(message, request)
        case .forwardRefused(let refusal):
            refuse(refusal.proposals.filter { $0.origin == nodeID }, refusal.reason)
        case .readRequest(let request):
            receiveReadRequest(message, request)
        case .readReply(let reply):
            receiveReadReply(reply)
        case .timeoutNow:
            receiveTimeoutNow(message)
        case .transferRequest(let target):
            receiveTransferRequest(message, target: target)
        }
    }

    /// The higher term is the whole message: it deposes the sender, which then reads no further (bug 37).
    private mutating func answerStaleAppend(_ message: Message, _ request: AppendRequest) {
        let result = AppendReply.Result.conflict(
            rejected: request.previous.index, hint: .zero, lastIndex: log.lastIndex)
        send(to: message.from, .appendReply(AppendReply(result: result)))
    }

    private mutating func answerStaleHeartbeat(_ message: Message) {
        send(to: message.from, .heartbeatReply(HeartbeatReply(round: 0, featureLevelMax: options.featureLevelMax)))
    }

    // MARK: Who is listened to

    /// Whether `message` comes from where it should, for what the node around handles itself (snapshots).
    public func listens(to message: Message) -> Bool {
        !isStranger(message) && (!wasRemoved(message.from) || isHeardDespiteRemoval(message))
    }

    /// Another data directory speaks under a member's id: a disk that was lost, with the votes and acknowledgements
    /// that had been given on it (catalogue bug 9). Ids that no configuration has are heard: this node may be the one
    /// that does not know yet.
    private func isStranger(_ message: Message) -> Bool {
        let bound =
            configuration.incarnation(of: message.from)
            ?? history.committed.configuration.incarnation(of: message.from) ?? 0
        return bound != 0 && bound != message.incarnation && !Mutant.listensToLostDirectories
    }

    /// By a committed configuration, so that nothing brings the node back: ids are not used twice.
    private func wasRemoved(_ node: NodeID) -> Bool {
        !configuration.isMember(node) && history.committed.configuration.wasRemoved(node)
            && !Mutant.removedNodesCampaign
    }

    /// A removed leader goes on until it has handed over; and a leader hears from a departing peer whether it knows.
    private func isHeardDespiteRemoval(_ message: Message) -> Bool {
        guard message.term == term else { return false }
        switch message.body {
        case .append, .heartbeat, .timeoutNow, .snapshotChunk, .readReply, .forwardRefused:
            return role == .follower && leader == message.from
        case .appendReply, .heartbeatReply, .snapshotReply:
            return role == .leader && placeOfPeer(message.from) != nil
        case .preVoteRequest, .preVoteReply, .voteRequest, .voteReply, .forward, .readRequest, .transferRequest:
            return false
        }
    }

    /// No term, no vote, no timer changes for a removed node (catalogue bug 34); but it is told where it stands.
    private mutating func answerRemoved(_ message: Message) {
        switch message.body {
        case .preVoteRequest: send(to: message.from, .preVoteReply(VoteReply(granted: false, isRemoved: true)))
        case .voteRequest: send(to: message.from, .voteReply(VoteReply(granted: false, isRemoved: true)))
        case .append(let request) where message.term < term: answerStaleAppend(message, request)
        case .heartbeat where message.term < term: answerStaleHeartbeat(message)
        default: break
        }
    }

    /// True when the sender leads the current term, which also counts as hearing from it.
    mutating func acceptsLeader(_ sender: NodeID) -> Bool {
        Invariant.require(
            .electionSafety, role != .leader, "\(sender) sends as leader of \(term), which \(nodeID) leads")
        if role != .follower || leader == nil {
            becomeFollower(term: term, leader: sender)
        } else if leader != sender {
            ignoredMessages += 1
            return false
        }
        electionElapsedTicks = 0
        promise()
        return true
    }

    /// A leader of this term was heard within the shortest election timeout (or this node is it).
    var hearsLeader: Bool {
        role == .leader || (leader != nil && electionElapsedTicks < options.electionTimeoutTicks)
    }

    /// Nobody but the leader itself may bring an election about now. Without check-quorum a leader that hears nobody
    /// stays in office, so its followers must not protect it.
    var protectsLeader: Bool { (options.checkQuorum && hearsLeader) || keepsPromise }

    /// Shape only: numbers within reach, entries contiguous and in term order (catalogue bugs 12, 13).
    private static func isPlausible(_ message: Message) -> Bool {
        guard message.term.rawValue < numberMax else { return false }
        switch message.body {
        case .append(let request):
            guard request.previous.index.rawValue < numberMax, request.commit.rawValue < numberMax else { return false }
            return isContiguous(request, termMax: message.term)
        case .appendReply(let reply):
            switch reply.result {
            case .matched(let index): return index.rawValue < numberMax
            case .conflict(let rejected, let hint, let lastIndex):
                return max(rejected, hint.index, lastIndex).rawValue < numberMax
            }
        case .readReply(let reply):
            return (reply.index ?? .zero).rawValue < numberMax
        case .preVoteRequest, .preVoteReply, .voteRequest, .voteReply, .heartbeat, .heartbeatReply, .forward,
            .forwardRefused, .readRequest, .snapshotChunk, .snapshotReply, .timeoutNow, .transferRequest:
            return true
        }
    }

    static func isContiguous(_ request: AppendRequest, termMax: Term) -> Bool {
        var previous = request.previous
        guard previous.term <= termMax else { return false }
        for entry in request.entries {
            guard entry.index == previous.index.next, entry.term >= previous.term, entry.term <= termMax else {
                return false
            }
            previous = entry.position
        }
        return true
    }

    // MARK: Sending

    /// Sends in the current term, once that term (and the vote in it) is durable.
    mutating func send(to peer: NodeID, _ body: MessageBody) {
        emit(message(to: peer, term: term, body))
    }

    func message(to peer: NodeID, term: Term, _ body: MessageBody) -> Message {
        Message(from: nodeID, to: peer, term: term, incarnation: options.incarnation, body: body)
    }

    mutating func emit(_ message: Message) {
        if hardStateSequence <= durableSequence || Mutant.votesBeforeSync {
            outbox.append(.send(message))
        } else {
            hold(message)
        }
    }
}
