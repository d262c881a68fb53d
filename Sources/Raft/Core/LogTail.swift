/// The log as the core sees it: the terms of all of it, the entries of its end.
///
/// Owns: `base`, the term runs of every index after it, and an in-memory tail that is the log's own end, not a copy
/// that could diverge. Everything not yet applied or not yet durable is always in the tail.
/// Must never: do work proportional to the log's length, or hold an index twice.

public struct LogTail: Sendable {
    /// The log starts after this position.
    public private(set) var base: LogPosition
    public private(set) var lastIndex: LogIndex
    private(set) var runs: [TermRun]
    /// Entries `head...` are alive; those before it are emptied and wait for the next compaction of the array.
    private var storage: [Entry]
    /// `costs[i]`: bytes of everything ever put in the tail up to and including `storage[i]`. Differences give the cost
    /// of any range at once, so no byte counter can be forgotten on a term change (catalogue bug 71).
    private var costs: [Int]
    private var head: Int
    private var costBeforeHead: Int

    public init(base: LogPosition = .zero, runs: [TermRun] = [], lastIndex: LogIndex = .zero, tail: [Entry] = []) {
        Invariant.require(.logIsContiguous, lastIndex >= base.index, "last \(lastIndex) before base \(base)")
        self.base = base
        self.lastIndex = lastIndex
        self.runs = runs
        storage = tail
        costs = []
        costs.reserveCapacity(tail.count)
        head = 0
        costBeforeHead = 0
        var sum = 0
        for entry in tail {
            sum += entry.costBytes
            costs.append(sum)
        }
        checkLoaded()
    }

    /// What was loaded from the disk must be whole before anything is built on it (catalogue bugs 3, 64).
    private func checkLoaded() {
        var previous = base
        for (place, run) in runs.enumerated() {
            let firstIsRight = place > 0 ? run.first > previous.index : run.first == base.index.next
            Invariant.require(
                .logIsContiguous, firstIsRight && run.first <= lastIndex && run.term >= previous.term,
                "term run \(run.term) from \(run.first) after \(previous)")
            previous = LogPosition(index: run.first, term: run.term)
        }
        Invariant.require(
            .logIsContiguous, runs.isEmpty == (lastIndex == base.index), "\(runs.count) term runs up to \(lastIndex)")
        var expected = firstInMemory
        Invariant.require(.logIsContiguous, expected > base.index, "tail starts at \(expected), base is \(base)")
        for entry in storage {
            Invariant.require(
                .logIsContiguous, entry.index == expected && term(at: expected) == entry.term,
                "tail entry \(entry.position) where \(expected) belongs")
            expected = expected.next
        }
    }

    // MARK: Looking

    /// First index whose entry is in memory; one past the last when none is.
    public var firstInMemory: LogIndex {
        let count = UInt64(storage.count - head)
        // A tail longer than the log is caught by `checkLoaded`.
        return LogIndex(lastIndex.rawValue &+ 1 &- count)
    }

    public var last: LogPosition { LogPosition(index: lastIndex, term: runs.last?.term ?? base.term) }

    /// The entries in memory, ascending.
    public var entriesInMemory: ArraySlice<Entry> { storage[head...] }

    /// Bytes of the entries in memory.
    public var bytesInMemory: Int { (costs.last ?? costBeforeHead) - costBeforeHead }

    /// The term at `index`; nil before the base and after the end.
    public func term(at index: LogIndex) -> Term? {
        guard index >= base.index, index <= lastIndex else { return nil }
        if index == base.index { return base.term }
        return runs[runOf(index)].term
    }

    /// True when the log holds exactly this position; a position at the base counts as held.
    public func matches(_ position: LogPosition) -> Bool { term(at: position.index) == position.term }

    /// First index of the term that stands at `index` (which the log must hold), as far back as the log reaches.
    public func firstIndex(ofTermAt index: LogIndex) -> LogIndex {
        guard index > base.index, index <= lastIndex else { return base.index }
        return runs[runOf(index)].first
    }

    /// The last position not above `bound` whose term is at most `term`; nil when the log does not reach back so far.
    public func lastPosition(notAbove bound: LogIndex, termAtMost term: Term) -> LogPosition? {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].term <= term && runs[middle].first <= bound { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return base.term <= term && base.index <= bound ? base : nil }
        let end = low < runs.count ? runs[low].first.previous : lastIndex
        return LogPosition(index: min(bound, end), term: runs[low - 1].term)
    }

    /// Entries from `from` on, which must be in memory, at most `bytesMax` of them by cost, but at least one if any.
    public func entries(from: LogIndex, bytesMax: Int = .max) -> [Entry] {
        let first = firstInMemory
        Invariant.require(.logIsContiguous, from >= first, "\(from) is not in memory, the tail starts at \(first)")
        guard from <= lastIndex else { return [] }
        let start = head + from.distance(from: first)
        let before = start == head ? costBeforeHead : costs[start - 1]
        if costs[costs.count - 1] - before <= bytesMax { return Array(storage[start...]) }
        var end = start + 1
        while end < storage.count && costs[end] - before <= bytesMax { end += 1 }
        return Array(storage[start..<end])
    }

    /// Entries `from...through`, all of which must be in memory.
    public func entries(from: LogIndex, through: LogIndex) -> [Entry] {
        guard from <= through else { return [] }
        let first = firstInMemory
        Invariant.require(
            .logIsContiguous, from >= first && through <= lastIndex, "\(from)…\(through) is not all in memory")
        let start = head + from.distance(from: first)
        return Array(storage[start...(start + through.distance(from: from))])
    }

    /// Cost of the entry at `index`; nil when it is not in memory.
    public func costBytes(at index: LogIndex) -> Int? {
        let first = firstInMemory
        guard index >= first, index <= lastIndex else { return nil }
        return storage[head + index.distance(from: first)].costBytes
    }

    /// Cost of the entries after `after` up to `through`, as far as they are in memory.
    public func bytes(after: LogIndex, through: LogIndex) -> Int {
        max(0, costUpTo(through) - costUpTo(after))
    }

    private func costUpTo(_ index: LogIndex) -> Int {
        let first = firstInMemory
        guard index >= first else { return costBeforeHead }
        guard index <= lastIndex else { return costs.last ?? costBeforeHead }
        return costs[head + index.distance(from: first)]
    }

    private func runOf(_ index: LogIndex) -> Int {
        let end = runs.count - 1
        if runs[end].first <= index { return end }
        var low = 0
        var high = end
        while low + 1 < high {
            let middle = (low + high) / 2
            if runs[middle].first <= index { low = middle } else { high = middle }
        }
        return low
    }

    // MARK: Changing

    public mutating func append(_ entry: Entry) {
        let end = last
        Invariant.require(
            .logIsContiguous, entry.index == end.index.next && entry.term >= end.term,
            "append of \(entry.position) after \(end)")
        if runs.isEmpty || entry.term != end.term { runs.append(TermRun(term: entry.term, first: entry.index)) }
        costs.append((costs.last ?? costBeforeHead) + entry.costBytes)
        storage.append(entry)
        lastIndex = entry.index
    }

    /// Drops every entry at or above `from`. Only uncommitted entries may go, and those are all in memory.
    public mutating func truncate(from: LogIndex) {
        guard from <= lastIndex else { return }
        let first = firstInMemory
        Invariant.require(.logIsContiguous, from >= first, "cut at \(from), below the tail's start \(first)")
        let keep = head + from.distance(from: first)
        storage.removeSubrange(keep...)
        costs.removeSubrange(keep...)
        lastIndex = from.previous
        while let run = runs.last, run.first > lastIndex { runs.removeLast() }
        if storage.count == head { forgetStorage() }
    }

    /// Lets go of entries up to `through` (applied and durable) while the tail is above `bytesMax`.
    public mutating func evict(through: LogIndex, bytesMax: Int) {
        guard bytesInMemory > bytesMax else { return }
        var first = firstInMemory
        while head < storage.count && first <= through && bytesInMemory > bytesMax {
            dropHead()
            first = first.next
        }
        reclaim()
    }

    /// The durable log now starts after `through`, which must be a position of this log.
    public mutating func compact(through: LogPosition) {
        guard through.index > base.index else { return }
        Invariant.require(.logIsContiguous, matches(through), "compaction through \(through), log ends at \(last)")
        var first = firstInMemory
        while head < storage.count && first <= through.index {
            dropHead()
            first = first.next
        }
        reclaim()
        var keep = 0
        while keep + 1 < runs.count && runs[keep + 1].first <= through.index.next { keep += 1 }
        runs.removeSubrange(0..<keep)
        if through.index == lastIndex {
            runs.removeAll()
        } else if runs[0].first <= through.index {
            runs[0].first = through.index.next
        }
        base = through
    }

    /// Empties the log; the next entry comes after `position` (invariant 14).
    public mutating func reset(to position: LogPosition) {
        base = position
        lastIndex = position.index
        runs.removeAll()
        storage.removeAll()
        forgetStorage()
    }

    private mutating func dropHead() {
        costBeforeHead = costs[head]
        storage[head].payload = []
        head += 1
    }

    /// Moves the living entries to the front once the dead ones are the larger half: constant work per entry.
    private mutating func reclaim() {
        if head == storage.count {
            forgetStorage()
        } else if head > 64 && head > storage.count / 2 {
            storage.removeSubrange(0..<head)
            costs.removeSubrange(0..<head)
            head = 0
        }
    }

    private mutating func forgetStorage() {
        storage.removeAll(keepingCapacity: true)
        costs.removeAll(keepingCapacity: true)
        head = 0
        costBeforeHead = 0
    }
}
