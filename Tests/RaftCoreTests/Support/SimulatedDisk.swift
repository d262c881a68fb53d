/// The durable side of one simulated node: requests wait in order, and a crash loses those not yet written.
///
/// Applies `PersistRequest`s literally, so that a request that is wrong (a gap, a cut below the base) is caught here.

@testable import RaftCore

struct SimulatedDisk {
    var hardState = HardState()
    var base = LogPosition.zero
    var entries: [Entry] = []
    var waiting: [PersistRequest] = []
    var problems: [String] = []

    var last: LogPosition { entries.last?.position ?? base }

    mutating func submit(_ request: PersistRequest) {
        waiting.append(request)
    }

    /// Writes the `count` oldest requests with one sync; returns the last sequence.
    mutating func write(count: Int) -> UInt64? {
        let done = Array(waiting.prefix(count))
        waiting.removeFirst(done.count)
        for request in done { apply(request) }
        return done.last?.sequence
    }

    mutating func apply(_ request: PersistRequest) {
        if let position = request.resetTo {
            base = position
            entries.removeAll()
        }
        if let from = request.truncateFrom {
            if from <= base.index { problems.append("cut at \(from), base is \(base)") }
            while let last = entries.last, last.index >= from { entries.removeLast() }
        }
        for entry in request.entries {
            if entry.index != last.index.next { problems.append("write of \(entry.position) after \(last)") }
            if entry.term < last.term { problems.append("write of \(entry.position) after \(last)") }
            entries.append(entry)
        }
        if let new = request.hardState {
            if new.term < hardState.term { problems.append("term \(hardState.term) to \(new.term)") }
            if new.term == hardState.term, let vote = hardState.vote, new.vote != vote {
                problems.append("vote of \(new.term): \(vote) to \(new.vote.map(\.description) ?? "none")")
            }
            hardState = new
        }
    }

    mutating func compact(through index: LogIndex) -> LogPosition? {
        guard index > base.index, let place = entries.firstIndex(where: { $0.index == index }) else { return nil }
        base = entries[place].position
        entries.removeSubrange(...place)
        return base
    }

    var termRuns: [TermRun] {
        var runs: [TermRun] = []
        for entry in entries where runs.last?.term != entry.term {
            runs.append(TermRun(term: entry.term, first: entry.index))
        }
        return runs
    }

    var logTail: LogTail { LogTail(base: base, runs: termRuns, lastIndex: last.index, tail: entries) }

    /// What a node finds at its start, given what its state machine holds. A log that ends before the state machine's
    /// position (a crash between snapshot install and log reset) is replaced, as the node does.
    mutating func recover(applied: LogPosition, configuration: LoggedConfiguration? = nil) -> RecoveredState {
        if last.index < applied.index || (applied.index > base.index && !logTail.matches(applied)) {
            base = applied
            entries.removeAll()
        }
        return RecoveredState(
            hardState: hardState, base: base, termRuns: termRuns, lastIndex: last.index,
            tail: entries.filter { $0.index > applied.index }, applied: applied.index,
            configuration: configuration)
    }
}
