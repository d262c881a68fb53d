/// What an exploration remembers of the past, as TLA+ specifications do with history variables: part of the state, as
/// small as the promises allow.
///
/// Owns: the promises that only show over time: who led which term, what was committed, who was promised which vote,
/// what a read must at least see. Must never: hold what the present state shows anyway.

import RaftCore

struct History: Hashable {
    struct Committed: Hashable {
        var entry: UInt32
        /// The term in which it became known as committed; every leader of a later term must have it.
        var knownIn: Term
    }
    struct Promise: Hashable {
        var term: Term = .zero
        var vote: NodeID?
    }

    /// By term; nil where nobody has led yet.
    var leaders: [NodeID?]
    var committed: [Committed] = []
    /// By node: the newest term it told a vote in, and for whom.
    var promises: [Promise]
    /// By read: the least index it may be answered with; nil once it was.
    var readFloors: [LogIndex?] = []

    init(nodeCount: Int, termMax: UInt64) {
        leaders = Array(repeating: nil, count: Int(termMax) + 1)
        promises = Array(repeating: Promise(), count: nodeCount)
    }

    func encode(into encoder: inout ExplorationEncoder, entries: EntryTable) {
        for leader in leaders { encoder.node(leader) }
        for item in committed {
            encoder.entry(entries[item.entry])
            encoder.number(item.knownIn.rawValue)
        }
        let nodes = promises.indices.map { NodeID(UInt64($0) + 1) }
        encoder.each(nodes, by: { $0 }) { encoder, node in
            let promise = promises[Int(node.rawValue) - 1]
            encoder.node(node)
            encoder.number(promise.term.rawValue)
            encoder.node(promise.vote)
        }
        for floor in readFloors { encoder.number(floor?.rawValue ?? .max) }
    }

    // MARK: What an event adds

    /// Takes in what `facts` show of the node that has just moved, and the votes and reads it answered.
    mutating func take(_ facts: NodeFacts, _ output: StepFacts) throws(Violation) {
        for vote in output.votes { try promise(vote, from: facts.id) }
        if facts.role == .leader { try lead(facts) }
        try commit(facts)
        for answer in output.ready { try answerRead(answer.read, at: answer.index) }
    }

    private mutating func promise(_ vote: Promise, from node: NodeID) throws(Violation) {
        let place = Int(node.rawValue) - 1
        let before = promises[place]
        if vote.term < before.term {
            throw Violation(.termNeverDecreases, "\(node) votes in \(vote.term) after it voted in \(before.term)")
        }
        if vote.term == before.term, let known = before.vote, known != vote.vote {
            throw Violation(.oneVotePerTerm, "\(node) votes for \(known), then for another in \(vote.term)")
        }
        promises[place] = vote
    }

    private mutating func lead(_ facts: NodeFacts) throws(Violation) {
        let place = Int(facts.term.rawValue)
        guard place < leaders.count else { return }
        if let known = leaders[place], known != facts.id {
            throw Violation(.electionSafety, "\(known) and \(facts.id) both lead \(facts.term)")
        }
        leaders[place] = facts.id
    }

    private mutating func commit(_ facts: NodeFacts) throws(Violation) {
        for place in 0..<Int(facts.commit.rawValue) {
            let entry = facts.log[place]
            if place < committed.count {
                guard committed[place].entry == entry else {
                    throw Violation(.committedOnceForEver, "\(facts.id) commits another entry at i\(place + 1)")
                }
            } else {
                committed.append(Committed(entry: entry, knownIn: facts.term))
            }
        }
    }

    private mutating func answerRead(_ read: ReadID, at index: LogIndex) throws(Violation) {
        let place = Int(read.rawValue)
        guard place < readFloors.count, let floor = readFloors[place] else { return }
        if index < floor {
            throw Violation(.readsAreConfirmed, "a read is answered at \(index), \(floor) was committed before it came")
        }
        readFloors[place] = nil
    }

    // MARK: What must hold in every state

    /// Leader completeness (paper §5.4.3): whoever leads a later term has everything committed.
    func check(leader facts: NodeFacts) throws(Violation) {
        guard facts.role == .leader else { return }
        for (place, item) in committed.enumerated() where item.knownIn < facts.term {
            guard place < facts.log.count, facts.log[place] == item.entry else {
                throw Violation(.leaderCompleteness, "\(facts.id), leader of \(facts.term), lacks i\(place + 1)")
            }
        }
    }
}
