/// What one node has on its disk, and the writes still under way to it.
///
/// Owns: the literal meaning of `PersistRequest`. Must never: repair a wrong request; it is reported instead.

import RaftCore

struct ModelDisk {
    var hardState = HardState()
    /// From index 1 on: explorations are too short for snapshots.
    var entries: [Entry] = []
    var waiting: [PersistRequest] = []

    var lastIndex: LogIndex { LogIndex(UInt64(entries.count)) }

    /// Carries the oldest waiting request out; returns what is wrong with it.
    mutating func writeOldest() -> Violation? {
        apply(waiting.removeFirst())
    }

    mutating func apply(_ request: PersistRequest) -> Violation? {
        if request.resetTo != nil { return Violation(.snapshotMatchesOrReplaces, "a log reset without a snapshot") }
        if let from = request.truncateFrom {
            while let last = entries.last, last.index >= from { entries.removeLast() }
        }
        for entry in request.entries {
            let before = entries.last?.position ?? .zero
            if entry.index != before.index.next || entry.term < before.term {
                return Violation(.logIsContiguous, "write of \(entry.position) after \(before)")
            }
            entries.append(entry)
        }
        guard let new = request.hardState else { return nil }
        if new.term < hardState.term {
            return Violation(.termNeverDecreases, "term \(hardState.term) on disk becomes \(new.term)")
        }
        if new.term == hardState.term, let vote = hardState.vote, new.vote != vote {
            let then = new.vote.map(\.description) ?? "none"
            return Violation(.oneVotePerTerm, "the vote of \(new.term) on disk, \(vote), becomes \(then)")
        }
        hardState = new
        return nil
    }

    /// What a process finds that starts with this disk. Its state machine starts empty, so all that is known of the
    /// commit index is the hint.
    var recovered: RecoveredState {
        var runs: [TermRun] = []
        for entry in entries where runs.last?.term != entry.term {
            runs.append(TermRun(term: entry.term, first: entry.index))
        }
        return RecoveredState(hardState: hardState, termRuns: runs, lastIndex: lastIndex, tail: entries)
    }

    func encode(into encoder: inout ExplorationEncoder) {
        encoder.hardState(hardState)
        encoder.entries(entries)
        encoder.count(waiting.count)
        for request in waiting {
            encoder.flag(request.hardState != nil)
            if let state = request.hardState { encoder.hardState(state) }
            encoder.index(request.truncateFrom ?? .zero)
            encoder.entries(request.entries)
        }
    }
}
