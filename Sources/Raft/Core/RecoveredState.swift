/// What a node knows of its own past when it starts: the input of `RaftCore.init`.

/// A stretch of the log whose entries all have `term`; it begins at `first` and ends before the next run.
/// The whole log as runs is tiny, so the core knows the term of every index without reading the disk.
public struct TermRun: Hashable, Sendable {
    public var term: Term
    public var first: LogIndex
    public init(term: Term, first: LogIndex) {
        self.term = term
        self.first = first
    }
}

/// A configuration and the index of the entry that brought it; index zero is what the cluster was founded with.
public struct LoggedConfiguration: Hashable, Sendable {
    public var index: LogIndex
    public var configuration: Configuration
    public init(index: LogIndex, configuration: Configuration) {
        self.index = index
        self.configuration = configuration
    }
    public static let none = LoggedConfiguration(index: .zero, configuration: .none)
}

public struct RecoveredState: Hashable, Sendable {
    public var hardState: HardState
    /// The log starts after this position: everything at or before it is only in the state machine's checkpoint.
    public var base: LogPosition
    /// Runs of the log from `base.index + 1` to `lastIndex`, ascending; empty for an empty log.
    public var termRuns: [TermRun]
    public var lastIndex: LogIndex
    /// The end of the log, kept in memory: contiguous, ends at `lastIndex`, contains at least everything after
    /// `applied`.
    public var tail: [Entry]
    /// What the state machine had applied durably.
    public var applied: LogIndex
    /// The configuration as of `applied`, from the state machine (or the founding one). Later ones are in `tail`.
    /// nil: the one given to `RaftCore.init`.
    public var configuration: LoggedConfiguration?

    public init(
        hardState: HardState = HardState(), base: LogPosition = .zero, termRuns: [TermRun] = [],
        lastIndex: LogIndex = .zero, tail: [Entry] = [], applied: LogIndex = .zero,
        configuration: LoggedConfiguration? = nil
    ) {
        self.hardState = hardState
        self.base = base
        self.termRuns = termRuns
        self.lastIndex = lastIndex
        self.tail = tail
        self.applied = applied
        self.configuration = configuration
    }
}
