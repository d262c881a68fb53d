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

public struct RecoveredState: Hashable, Sendable {
    public var hardState: HardState
    /// The log starts after this position: everything at or before it is only in the state machine's checkpoint.
    public var base: LogPosition
    /// Runs of the log from `base.index + 1` to `lastIndex`, ascending; empty for an empty log.
    public var termRuns: [TermRun]
    public var lastIndex: LogIndex
    /// The end of the log, kept in memory: contiguous, ends at `lastIndex`, contains at least everything after `applied`.
    public var tail: [Entry]
    /// What the state machine had applied durably.
    public var applied: LogIndex

    public init(
        hardState: HardState = HardState(), base: LogPosition = .zero, termRuns: [TermRun] = [],
        lastIndex: LogIndex = .zero, tail: [Entry] = [], applied: LogIndex = .zero
    ) {
        self.hardState = hardState
        self.base = base
        self.termRuns = termRuns
        self.lastIndex = lastIndex
        self.tail = tail
        self.applied = applied
    }
}
