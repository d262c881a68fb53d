/// What nodes say to each other. Closed: a message this version does not know is refused at decoding, never guessed.
///
/// Owns: the shapes. Must never: know how they are framed or carried (see `Raft/Wire`).

/// One message with its sender, receiver and the sender's term.
public struct Message: Hashable, Sendable {
    public var from: NodeID
    public var to: NodeID
    public var term: Term
    /// Names the sender's data directory. A member whose directory was lost comes back with another one, and is not
    /// listened to any more (catalogue bug 9). Zero: the sender does not tell.
    public var incarnation: UInt64
    public var body: MessageBody

    public init(from: NodeID, to: NodeID, term: Term, incarnation: UInt64 = 0, body: MessageBody) {
        self.from = from
        self.to = to
        self.term = term
        self.incarnation = incarnation
        self.body = body
    }
}

public enum MessageBody: Hashable, Sendable {
    /// Would you vote for me in `Message.term` (the term I *would* campaign in)? Changes nobody's state (thesis §9.6).
    case preVoteRequest(VoteRequest)
    case preVoteReply(VoteReply)
    case voteRequest(VoteRequest)
    case voteReply(VoteReply)
    case append(AppendRequest)
    case appendReply(AppendReply)
    /// Keeps followers from campaigning, carries the commit index, and confirms leadership for reads by `round`.
    case heartbeat(Heartbeat)
    case heartbeatReply(HeartbeatReply)
    /// Proposals of a follower's clients, forwarded to the leader.
    case forward(ForwardRequest)
    /// Which forwarded proposals were refused *before* being appended, so that they may safely be tried again.
    case forwardRefused(ForwardRefusal)
    /// A follower asks for a read index (thesis §6.4); one `context` stands for all reads waiting there.
    case readRequest(ReadRequest)
    case readReply(ReadReply)
    /// One piece of a state-machine snapshot; handled by the node around the core, which is told the result.
    case snapshotChunk(SnapshotChunk)
    case snapshotReply(SnapshotReply)
    /// The leader asks the receiver to stand at once (thesis §3.10); its own lease and proposals end before it is sent.
    case timeoutNow
    /// A follower passes on that leadership shall go to `target`; nil: to whoever is fittest.
    case transferRequest(target: NodeID?)
}

public struct VoteRequest: Hashable, Sendable {
    /// The candidate's last log position.
    public var last: LogPosition
    /// The leader itself asked for this election, so its followers need not protect it (thesis §4.2.3).
    public var isTransfer: Bool
    public init(last: LogPosition, isTransfer: Bool = false) {
        self.last = last
        self.isTransfer = isTransfer
    }
}

public struct VoteReply: Hashable, Sendable {
    public var granted: Bool
    /// The candidate was removed by a configuration that the sender knows to be committed. Ids are not used twice, so
    /// one such answer settles it for good.
    public var isRemoved: Bool
    public init(granted: Bool, isRemoved: Bool = false) {
        self.granted = granted
        self.isRemoved = isRemoved
    }
}

public struct AppendRequest: Hashable, Sendable {
    /// Position just before `entries`; the follower must hold exactly it.
    public var previous: LogPosition
    /// Contiguous from `previous.index + 1`. Empty is a probe.
    public var entries: [Entry]
    public var commit: LogIndex
    public init(previous: LogPosition, entries: [Entry], commit: LogIndex) {
        self.previous = previous
        self.entries = entries
        self.commit = commit
    }
}

public struct AppendReply: Hashable, Sendable {
    public enum Result: Hashable, Sendable {
        /// Everything up to here is durable at the follower and matches the leader's log. It may be less than was
        /// sent: a follower that cannot keep up answers short (catalogue bug 72).
        case matched(LogIndex)
        /// No entry `rejected` at the follower. `hint` is where to go on: its term there, or at its `lastIndex` if its
        /// log is too short, and the first index of that term in the follower's log (catalogue bug 23).
        case conflict(rejected: LogIndex, hint: LogPosition, lastIndex: LogIndex)
    }
    public var result: Result
    public init(result: Result) { self.result = result }
}

public struct Heartbeat: Hashable, Sendable {
    /// Never beyond what the receiver is known to match.
    public var commit: LogIndex
    /// Number of the leadership-confirmation round; grows within a term.
    public var round: UInt64
    /// End of what the receiver had been sent a heartbeat interval ago, as far as it is still owed an answer for; zero:
    /// nothing. A receiver that does not have it says so: the message was lost.
    public var sent: LogIndex
    public init(commit: LogIndex, round: UInt64, sent: LogIndex = .zero) {
        self.commit = commit
        self.round = round
        self.sent = sent
    }
}

public struct HeartbeatReply: Hashable, Sendable {
    public var round: UInt64
    /// The highest feature level this node can follow; the leader raises the cluster's when all can.
    public var featureLevelMax: UInt16
    /// As in `AppendReply.matched`, in case that answer was lost. Zero: nothing.
    public var matched: LogIndex
    /// Takes no entries now, but those that a leader needs to lead at all: apply is behind, or storage is low.
    public var hasNoRoom: Bool
    /// Its disk is nearly full.
    public var storageIsLow: Bool
    /// How long this node, from the moment it handled the heartbeat, votes for nobody else; zero: it promises nothing.
    public var promiseNanoseconds: UInt64
    public init(
        round: UInt64, featureLevelMax: UInt16 = 0, matched: LogIndex = .zero, hasNoRoom: Bool = false,
        storageIsLow: Bool = false, promiseNanoseconds: UInt64 = 0
    ) {
        self.round = round
        self.featureLevelMax = featureLevelMax
        self.matched = matched
        self.hasNoRoom = hasNoRoom
        self.storageIsLow = storageIsLow
        self.promiseNanoseconds = promiseNanoseconds
    }
}

public struct ForwardRequest: Hashable, Sendable {
    public var proposals: [Proposal]
    public init(proposals: [Proposal]) { self.proposals = proposals }
}

public struct ForwardRefusal: Hashable, Sendable {
    public var proposals: [ProposalID]
    public var reason: RefusalReason
    public init(proposals: [ProposalID], reason: RefusalReason) {
        self.proposals = proposals
        self.reason = reason
    }
}

/// Why a proposal or a read was refused. In every case nothing was appended: trying again cannot do it twice.
public enum RefusalReason: UInt8, Sendable, CaseIterable {
    case noLeader = 1
    /// The node that was asked does not lead (any more).
    case notLeader = 2
    /// Too many bytes are appended but not yet committed or applied.
    case overloaded = 3
    /// The node is stopping.
    case stopping = 4
    /// The entry is larger than `entryBytesMax`.
    case tooLarge = 5
    /// Leadership is being handed over.
    case transferring = 6
    /// The leader's disk is nearly full; it takes no new entries but keeps voting.
    case diskFull = 7
    /// A change of membership is under way, or the leader has not committed anything in its term yet.
    case changeUnderWay = 8
    /// The change makes no sense in the configuration in force.
    case invalidChange = 9
    /// The learner to promote has not caught up.
    case notCaughtUp = 10
    /// Too few of the voters to be answer now: the change would stop the cluster (catalogue bug 28).
    case quorumUnreachable = 11
    /// Lease reads are turned off in this cluster.
    case leasesOff = 12
}

public struct ReadRequest: Hashable, Sendable {
    public var context: UInt64
    public init(context: UInt64) { self.context = context }
}

public struct ReadReply: Hashable, Sendable {
    public var context: UInt64
    /// nil: refused (not the leader, or leadership was lost before it was confirmed); the reader may ask again.
    public var index: LogIndex?
    public init(context: UInt64, index: LogIndex?) {
        self.context = context
        self.index = index
    }
}

public struct SnapshotChunk: Hashable, Sendable {
    /// Last log position the snapshot covers.
    public var position: LogPosition
    /// Distinguishes two snapshots of the same position.
    public var identifier: UInt64
    public var offsetBytes: UInt64
    public var totalBytes: UInt64
    /// CRC32C of `bytes`.
    public var checksum: UInt32
    /// SHA-256 of the whole file; the receiver verifies it before installing.
    public var fileDigest: [UInt8]
    /// What the state machine that made the file calls its layout; a receiver that cannot read it refuses at once.
    public var format: UInt16
    public var bytes: [UInt8]
    public init(
        position: LogPosition, identifier: UInt64, offsetBytes: UInt64, totalBytes: UInt64, checksum: UInt32,
        fileDigest: [UInt8], format: UInt16 = 1, bytes: [UInt8]
    ) {
        self.position = position
        self.identifier = identifier
        self.offsetBytes = offsetBytes
        self.totalBytes = totalBytes
        self.checksum = checksum
        self.fileDigest = fileDigest
        self.format = format
        self.bytes = bytes
    }
}

public struct SnapshotReply: Hashable, Sendable {
    public var identifier: UInt64
    /// Next byte the receiver wants; equal to the total only when the snapshot is installed and durable.
    public var nextOffsetBytes: UInt64
    public var installed: Bool
    /// The receiver gave up on this snapshot (bad digest, disk error, or it no longer needs it).
    public var refused: Bool
    public init(identifier: UInt64, nextOffsetBytes: UInt64, installed: Bool, refused: Bool) {
        self.identifier = identifier
        self.nextOffsetBytes = nextOffsetBytes
        self.installed = installed
        self.refused = refused
    }
}
