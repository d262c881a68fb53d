/// The plain values of consensus: node ids, terms, log positions, entries, hard state.
///
/// Owns: the vocabulary that every other room of Raft uses. Must never: do I/O, read a clock, or look inside a payload.

/// Identity of a node, unique for ever within a cluster; an id is never reused after its data directory is gone.
public struct NodeID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public var rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    public var description: String { "n\(rawValue)" }
}

/// An election period (Raft paper §5.1). Zero is "before any election".
public struct Term: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public var rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    public static let zero = Term(0)
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    public var next: Term { Term(rawValue + 1) }
    public var description: String { "t\(rawValue)" }
}

/// Position of an entry in the log. The first entry has index 1; zero is "before the log".
public struct LogIndex: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public var rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    public static let zero = LogIndex(0)
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    public var next: LogIndex { LogIndex(rawValue + 1) }
    /// The index before this one; zero stays zero.
    public var previous: LogIndex { LogIndex(rawValue == 0 ? 0 : rawValue - 1) }
    /// `count` positions further.
    public func advanced(by count: Int) -> LogIndex { LogIndex(rawValue + UInt64(count)) }
    /// Number of positions from `other` up to this one; `other` must not be greater.
    public func distance(from other: LogIndex) -> Int { Int(rawValue - other.rawValue) }
    public var description: String { "i\(rawValue)" }
}

/// An index together with the term of the entry that stands there: the unit of log matching (paper §5.3).
public struct LogPosition: Hashable, Sendable, CustomStringConvertible {
    public var index: LogIndex
    public var term: Term
    public init(index: LogIndex, term: Term) {
        self.index = index
        self.term = term
    }
    public static let zero = LogPosition(index: .zero, term: .zero)
    public var description: String { "\(index)@\(term)" }

    /// "At least as up to date" of the paper §5.4.1: last term first, then index (catalogue bug 7).
    public func isAtLeastAsUpToDate(as other: LogPosition) -> Bool {
        term != other.term ? term > other.term : index >= other.index
    }
}

/// Names one proposal for ever, so that the node that made it recognises its entry when it is applied.
/// `nonce` grows: its upper bits with every run of `origin`'s process, the lower ones with every proposal of that run.
/// Zero in both means "nobody waits for this".
public struct ProposalID: Hashable, Sendable, CustomStringConvertible {
    public var origin: NodeID
    public var nonce: UInt64
    public init(origin: NodeID, nonce: UInt64) {
        self.origin = origin
        self.nonce = nonce
    }
    public static let none = ProposalID(origin: NodeID(0), nonce: 0)
    public var description: String { "\(origin)/\(nonce)" }
}

/// What an entry is for. Raw values are part of the disk and wire formats.
public enum EntryKind: UInt8, Sendable, CaseIterable {
    /// The empty entry a leader commits first in its term (thesis §6.4).
    case noop = 0
    /// A state-machine command; consensus never looks inside.
    case command = 1
    /// A cluster configuration (`Configuration.encode`).
    case configuration = 2
}

/// One log entry. `payload` is exactly what goes to disk and over the wire: compressed once, at proposal.
public struct Entry: Hashable, Sendable {
    public var index: LogIndex
    public var term: Term
    public var kind: EntryKind
    public var proposal: ProposalID
    public var payload: [UInt8]

    public init(index: LogIndex, term: Term, kind: EntryKind, proposal: ProposalID = .none, payload: [UInt8] = []) {
        self.index = index
        self.term = term
        self.kind = kind
        self.proposal = proposal
        self.payload = payload
    }
    public var position: LogPosition { LogPosition(index: index, term: term) }
    /// Bytes this entry counts for in every window and limit: its payload and a flat 48 for the fixed fields.
    public var costBytes: Int { payload.count + 48 }
}

/// What a proposal asks the leader to append. Raw values are part of the wire format.
public enum ProposalKind: UInt8, Sendable, CaseIterable {
    /// The payload becomes an entry of kind `command`, as it is.
    case command = 0
    /// The payload is a `MembershipChange`; the leader turns it into the configuration that follows from its own.
    case membershipChange = 1
}

/// Something on its way into the log: made by `id.origin`, appended by whoever leads.
public struct Proposal: Hashable, Sendable {
    public var id: ProposalID
    public var kind: ProposalKind
    public var payload: [UInt8]
    public init(id: ProposalID, kind: ProposalKind = .command, payload: [UInt8]) {
        self.id = id
        self.kind = kind
        self.payload = payload
    }
    public var costBytes: Int { payload.count + 48 }
}

/// What must be durable before any message that depends on it leaves (paper figure 2, "persistent state").
/// `commit` is a hint that speeds up restart; it may lag behind the true commit index.
public struct HardState: Hashable, Sendable {
    public var term: Term
    public var vote: NodeID?
    public var commit: LogIndex
    public init(term: Term = .zero, vote: NodeID? = nil, commit: LogIndex = .zero) {
        self.term = term
        self.vote = vote
        self.commit = commit
    }
}

/// The part of the cluster a node plays at the moment.
public enum Role: String, Sendable {
    case follower, preCandidate, candidate, leader
}
