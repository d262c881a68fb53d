/// What the log holds, without the entries: base, terms, last index, hard state. The same steps serve the running log
/// and recovery, so that what was written is read back by the rules it was written by.
///
/// Owns: the rules for what may follow what. Must never: do I/O, or accept a step that breaks invariants 2, 3, 4 or 7.

/// A step that no correct log contains.
struct LogViolation: Error, Hashable, Sendable {
    var reason: String
}

struct LogState: Hashable, Sendable {
    var hardState = HardState()
    /// The log starts after this position.
    var base = LogPosition.zero
    /// Runs of equal terms from `base.index + 1` to `lastIndex`, ascending.
    var termRuns: [TermRun] = []
    var lastIndex = LogIndex.zero
    /// First index whose bytes the present files can hold. Beyond `base.index + 1` only while a compacted log is replayed,
    /// before the record that moved the base is reached.
    var heldFrom = LogIndex(1)

    init() {}

    /// The state at the start of the oldest segment there is.
    init(startOf header: SegmentHeader) {
        hardState = header.hardState
        base = header.base
        lastIndex = header.previous.index
        heldFrom = header.previous.index.next
        guard lastIndex > base.index else { return }
        // The terms in between went with their segments. The base's term is a safe lower bound for them: the record
        // that moves the base beyond them must follow, or recovery refuses the log.
        termRuns = [TermRun(term: base.term, first: base.index.next)]
        if header.previous.term != base.term {
            if lastIndex == base.index.next { termRuns = [] }
            termRuns.append(TermRun(term: header.previous.term, first: lastIndex))
        }
    }

    var last: LogPosition { LogPosition(index: lastIndex, term: termRuns.last?.term ?? base.term) }

    /// Term of the entry at `index`; nil when it is before the base or beyond the end.
    func term(at index: LogIndex) -> Term? {
        if index == base.index { return base.term }
        guard index > base.index, index <= lastIndex else { return nil }
        var low = 0
        var high = termRuns.count
        while low < high {
            let middle = (low + high) / 2
            if termRuns[middle].first <= index { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? termRuns[low - 1].term : nil
    }

    mutating func apply(_ effect: RecordEffect) throws(LogViolation) {
        switch effect {
        case .entries(let first, let last, let runs): try append(first: first, last: last, runs: runs)
        case .hardState(let state): try setHardState(state)
        case .truncate(let from): try truncate(from: from)
        case .base(let position): try moveBase(to: position)
        case .mark: break
        }
    }

    private mutating func append(first: LogIndex, last: LogIndex, runs: [TermRun]) throws(LogViolation) {
        guard first == lastIndex.next, last >= first else {
            throw LogViolation(reason: "entries from index \(first.rawValue) do not follow index \(lastIndex.rawValue)")
        }
        for run in runs {
            let current = termRuns.last?.term ?? base.term
            guard run.term >= current else {
                throw LogViolation(
                    reason: "entry \(run.first.rawValue) has term \(run.term.rawValue) after term \(current.rawValue)")
            }
            if termRuns.isEmpty || run.term != current { termRuns.append(run) }
        }
        lastIndex = last
    }

    private mutating func setHardState(_ state: HardState) throws(LogViolation) {
        guard state.term >= hardState.term else {
            throw LogViolation(
                reason: "the term would go back from \(hardState.term.rawValue) to \(state.term.rawValue)")
        }
        if state.term == hardState.term, let vote = hardState.vote, state.vote != vote {
            let new = state.vote.map { "\($0)" } ?? "nobody"
            throw LogViolation(reason: "the vote of term \(state.term.rawValue) would change from \(vote) to \(new)")
        }
        hardState = state
    }

    private mutating func truncate(from index: LogIndex) throws(LogViolation) {
        guard index > base.index else {
            throw LogViolation(
                reason: "truncation from index \(index.rawValue) at or below the log's base \(base.index.rawValue)")
        }
        guard index > min(hardState.commit, lastIndex) else {
            throw LogViolation(
                reason: "truncation from index \(index.rawValue) would drop entries up to the committed index "
                    + "\(hardState.commit.rawValue)")
        }
        guard index <= lastIndex else { return }
        while let run = termRuns.last, run.first >= index { termRuns.removeLast() }
        lastIndex = index.previous
        heldFrom = min(heldFrom, index)
    }

    private mutating func moveBase(to position: LogPosition) throws(LogViolation) {
        guard position.index >= base.index, position.index <= lastIndex else {
            throw LogViolation(
                reason: "the base would move to index \(position.index.rawValue), outside "
                    + "\(base.index.rawValue)…\(lastIndex.rawValue)")
        }
        if position.index >= heldFrom, let term = term(at: position.index), term != position.term {
            throw LogViolation(
                reason: "the base would move to \(position), but the entry there has term \(term.rawValue)")
        }
        while termRuns.count > 1, termRuns[1].first <= position.index.next { termRuns.removeFirst() }
        if position.index == lastIndex {
            termRuns = []
        } else if let first = termRuns.first, first.first <= position.index {
            termRuns[0].first = position.index.next
        }
        base = position
    }

    /// The whole log is replaced by a snapshot at `position`.
    mutating func reset(to position: LogPosition) {
        base = position
        lastIndex = position.index
        termRuns = []
        heldFrom = position.index.next
    }
}
