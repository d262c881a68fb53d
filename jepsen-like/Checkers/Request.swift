/// The vocabulary of the register workload: what a client asks, what the log carries, and what it is answered.
///
/// Owns: plain values shared by state machine, workload and checkers. Must never: know of nodes, terms or bytes.

public enum Action: UInt8, Sendable, Hashable {
    /// Opens a session; its name is the log index of this request.
    case open = 0
    case write = 1
    case compareAndSet = 2
    /// Adds `value` to the end of the key's list.
    case append = 3
    /// Register and list of one key. Never in the log.
    case read = 4
}

/// One request as it stands in the log.
public struct Request: Hashable, Sendable {
    public var client: UInt32
    /// Counts the client's requests over its whole life; a retry keeps it, a new session goes on with it.
    public var sequence: UInt32
    /// Tells the copies of one request apart, so that a refused copy can be recognised should it be applied after all.
    public var attempt: UInt32
    /// Zero for `open`.
    public var session: UInt64
    /// Wall clock of the node that proposed it; the only time the state machine knows.
    public var loggedAtNanoseconds: Int64
    public var action: Action
    public var key: UInt32
    public var value: UInt32
    /// For `compareAndSet`: what has to be there.
    public var expected: UInt32

    public init(
        client: UInt32, sequence: UInt32, attempt: UInt32 = 0, session: UInt64 = 0, loggedAtNanoseconds: Int64 = 0,
        action: Action, key: UInt32 = 0, value: UInt32 = 0, expected: UInt32 = 0
    ) {
        self.client = client
        self.sequence = sequence
        self.attempt = attempt
        self.session = session
        self.loggedAtNanoseconds = loggedAtNanoseconds
        self.action = action
        self.key = key
        self.value = value
        self.expected = expected
    }
}

public struct Outcome: Hashable, Sendable {
    public enum Status: UInt8, Sendable {
        case done = 1
        /// A compare-and-set found something else; nothing changed.
        case mismatch = 2
        /// The session is not kept any more, or this sequence is not: nothing was done *now*; an earlier copy may have
        /// been.
        case expired = 3
        /// The key has made room for a later one; nothing changed.
        case retired = 4
        /// The list is as long as it may be; nothing changed.
        case full = 5
        /// The command could not be read.
        case malformed = 6
    }
    public var status: Status
    /// Where the request was decided: for a retry the index of the copy that was decided first.
    public var index: UInt64
    /// `compareAndSet`: what was there before; `append`: length of the list after it.
    public var value: UInt32

    public init(status: Status, index: UInt64, value: UInt32 = 0) {
        self.status = status
        self.index = index
        self.value = value
    }

    /// Whether the request was decided for good; what is not decided leaves no trace in a session.
    public var isDecided: Bool { status != .expired && status != .malformed }
}

/// An entry of the canonical log with what it led to when it was first applied.
public struct LoggedRequest: Hashable, Sendable {
    public var index: UInt64
    public var request: Request
    public var outcome: Outcome
    public init(index: UInt64, request: Request, outcome: Outcome) {
        self.index = index
        self.request = request
        self.outcome = outcome
    }
}

/// Bounds of the register machine. The same on all nodes, or they diverge.
public struct RegisterLimits: Hashable, Sendable {
    /// Keys that live at the same time. Key k lives in slot k mod `slots`; a later key of the slot retires it.
    public var slots = 6
    /// Sessions kept; opening one more drops the one that was used least recently, by log index.
    public var sessionsMax = 64
    /// A session unused for this long, by logged time, is dropped.
    public var sessionTTLNanoseconds: Int64 = 60_000_000_000
    /// Outcomes kept for each session.
    public var outcomesPerSession = 4
    public var listLengthMax = 128
    public init() {}
}
