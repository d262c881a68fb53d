/// Histories by number, and what each step adds to each of them, computed once.

import RaftCore

/// What the exploration looks at for every state.
struct HistoryGlance {
    var committedCount: Int
    /// The newest committed entry; meaningless when there is none.
    var lastCommitted: UInt32
}

struct HistoryTable {
    private let renamings: [[UInt64]]
    private var numbers: [History: UInt32] = [:]
    private(set) var histories: [History] = []
    private(set) var glances: ContiguousArray<HistoryGlance> = []
    private(set) var coverage = ExplorationCoverage()
    /// Names of history `n` under each renaming, from `n × renamings` on.
    private(set) var keys: ContiguousArray<StateKey> = []
    private var successors: [UInt64: UInt32] = [:]

    init(renamings: [[UInt64]]) { self.renamings = renamings }

    subscript(number: UInt32) -> History { histories[Int(number)] }

    mutating func number(of history: History, _ entries: EntryTable) -> UInt32 {
        if let known = numbers[history] { return known }
        let number = UInt32(histories.count)
        numbers[history] = number
        histories.append(history)
        glances.append(
            HistoryGlance(committedCount: history.committed.count, lastCommitted: history.committed.last?.entry ?? 0))
        coverage.note(history)
        for names in renamings {
            var encoder = ExplorationEncoder(names: names)
            history.encode(into: &encoder, entries: entries)
            keys.append(StateKey(words: encoder.words, salt: 3))
        }
        return number
    }

    /// The history after step number `step`.
    mutating func after(_ history: UInt32, step: UInt32, _ nodes: borrowing NodeTable) throws(Violation) -> UInt32 {
        let name = UInt64(history) << 32 | UInt64(step)
        if let known = successors[name] { return known }
        let facts = nodes.steps[Int(step)]
        var next = histories[Int(history)]
        try next.take(nodes.facts[Int(facts.node)], facts)
        let result = number(of: next, nodes.entries)
        successors[name] = result
        return result
    }

    /// The history in which a read is asked now; numbers are given in the order of asking.
    mutating func asking(_ history: UInt32, _ entries: EntryTable) -> UInt32 {
        var next = histories[Int(history)]
        next.readFloors.append(LogIndex(UInt64(next.committed.count)))
        return number(of: next, entries)
    }
}
