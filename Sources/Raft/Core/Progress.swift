/// What a leader knows of one peer, and how much it may send it.
///
/// Owns: match and next, the replication state, the in-flight window. Must never: let `match` fall within a term
/// (invariant 8), or wait for ever (catalogue bug 39: every window has a time-out).

public struct Progress: Hashable, Sendable {
    public enum State: String, Sendable {
        /// Where the logs meet is unknown: one message at a time.
        case probe
        /// The logs meet: messages follow each other without waiting for answers.
        case replicate
        /// Entries for the peer are being read from the durable log.
        case loading
        /// The peer is being sent a snapshot; no appends meanwhile.
        case snapshot
    }

    public let peer: NodeID
    /// Highest index known to be durable at the peer and equal to ours.
    public internal(set) var match: LogIndex = .zero
    /// Index of the next entry to send.
    public internal(set) var next: LogIndex
    public internal(set) var state: State = .probe
    public internal(set) var inflight: InflightWindow
    /// It answered this leader since the last quorum check. Other messages do not count: a peer that cannot hear us but
    /// asks for votes would otherwise keep a useless leader in office.
    public internal(set) var recentActive = false
    /// Ticks since the peer last answered this leader; counted from the election while it never did.
    public internal(set) var silentTicks = 0
    /// It answered this leader at least once. Until then nobody knows whether it is there at all.
    public internal(set) var hasAnswered = false

    /// It receives everything and counts nowhere.
    public internal(set) var isLearner = false
    var catchUp: CatchUp
    /// Set once the peer is no member any more: it is only still told so.
    var departure: Departure?
    /// The data directory that answers for the peer, from its first answer on; zero until then.
    var incarnation: UInt64 = 0
    /// What the peer announced last; zero until then.
    public internal(set) var featureLevelMax: UInt16 = 0
    /// Ticks for which the peer has been answering and as good as level with this leader's log.
    var steadyTicks = 0

    /// In `probe`: the one message is under way.
    var probeOutstanding = false
    /// Ticks without progress although an answer is owed.
    var waitedTicks = 0
    /// Highest commit index the peer was told.
    var toldCommit: LogIndex = .zero
    /// Highest read round the peer confirmed.
    var confirmedRound: UInt64 = 0
    /// Highest round whose answer came with a promise as long as this leader's lease.
    var promisedRound: UInt64 = 0
    /// It said so last: no entries but the essential ones are sent.
    var hasNoRoom = false
    public internal(set) var storageIsLow = false
    /// Hand-overs to it that came to nothing in this term.
    var failedTransfers = 0
    /// In `replicate`: end of what had been sent at the last heartbeat but one, and at the last.
    var sentBefore: LogIndex = .zero
    var sentLately: LogIndex = .zero

    init(peer: NodeID, next: LogIndex, nowTicks: UInt64, options: CoreOptions) {
        self.peer = peer
        self.next = next
        catchUp = CatchUp(target: next.previous, startedTicks: nowTicks)
        inflight = InflightWindow(bytesMax: options.inflightBytesMax, messagesMax: options.inflightMessagesMax)
    }

    /// Back to asking where the logs meet, from `next` on but never at or below `match`.
    mutating func becomeProbe(next: LogIndex) {
        state = .probe
        sentBefore = .zero
        sentLately = .zero
        self.next = max(next, match.next)
        inflight.removeAll()
        probeOutstanding = false
        waitedTicks = 0
    }

    mutating func becomeReplicate() {
        state = .replicate
        sentBefore = .zero
        sentLately = .zero
        next = match.next
        inflight.removeAll()
        probeOutstanding = false
        waitedTicks = 0
    }

    mutating func become(waitingFor newState: State) {
        state = newState
        sentBefore = .zero
        sentLately = .zero
        probeOutstanding = false
        waitedTicks = 0
        if newState == .snapshot { inflight.removeAll() }
    }

    /// A heartbeat interval has passed: what was sent before it began should have arrived.
    mutating func noteSent() {
        sentBefore = sentLately
        sentLately = state == .replicate ? next.previous : .zero
    }

    mutating func heard() {
        recentActive = true
        hasAnswered = true
        silentTicks = 0
    }
}

/// Messages sent and not yet acknowledged, bounded in number and in bytes. A message larger than the whole window goes
/// alone.
public struct InflightWindow: Hashable, Sendable {
    private struct Item: Hashable, Sendable {
        var last: LogIndex
        var bytes: Int
    }

    private let bytesMax: Int
    private let messagesMax: Int
    private var items: [Item] = []
    private var head = 0
    public private(set) var bytes = 0

    init(bytesMax: Int, messagesMax: Int) {
        self.bytesMax = bytesMax
        self.messagesMax = messagesMax
    }

    public var count: Int { items.count - head }
    public var isEmpty: Bool { count == 0 }
    /// Bytes that may still be sent; meaningless while `isFull`.
    var roomBytes: Int { max(0, bytesMax - bytes) }

    /// True when a message of at least `bytesNeeded` may not go now.
    func isFull(for bytesNeeded: Int) -> Bool {
        isEmpty ? false : count >= messagesMax || bytes + bytesNeeded > bytesMax
    }

    /// Entries read from the disk may pass the window by one message: their size is known only afterwards.
    var isWithinBounds: Bool { count <= messagesMax && bytes - (items.last?.bytes ?? 0) <= bytesMax }

    mutating func add(last: LogIndex, bytes: Int) {
        items.append(Item(last: last, bytes: bytes))
        self.bytes += bytes
    }

    /// Forgets the messages that end at or before `through`; returns whether there were any.
    @discardableResult
    mutating func free(through: LogIndex) -> Bool {
        let before = head
        while head < items.count && items[head].last <= through {
            bytes -= items[head].bytes
            head += 1
        }
        let freed = head > before
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= messagesMax {
            items.removeSubrange(0..<head)
            head = 0
        }
        return freed
    }

    mutating func removeAll() {
        items.removeAll(keepingCapacity: true)
        head = 0
        bytes = 0
    }
}
