import Synchronization

/// Who waits for a proposal to be applied here, or for a read to be safe here.
///
/// Owns: the two tables and their deadlines; shared by callers, the core lane and the apply lane behind one lock that is
/// taken once per batch. Must never: complete a waiter twice, or hold the lock while completing one.

/// How a proposal ended, as far as this node knows.
public enum ProposalResult: Sendable, Equatable {
    /// Committed and applied on this node, with the state machine's outcome.
    case applied(index: LogIndex, outcome: [UInt8])
    /// Refused before it was appended anywhere: it did not and will not happen.
    case refused(RefusalReason)
    /// It was handed on and its end was not seen in time: it may or may not happen.
    case unknown
}

/// How a read barrier ended.
public enum ReadResult: Sendable, Equatable {
    /// The local state machine contains everything acknowledged before the barrier was asked for.
    case ready(applied: LogIndex)
    case refused(RefusalReason)
    /// Leadership could not be confirmed in time; nothing was read.
    case timedOut
}

final class Waiters: Sendable {
    private struct ProposalWaiter {
        var costBytes: Int
        var deadlineNanoseconds: UInt64
        /// The core's term when the proposal was appended or forwarded; nil until then.
        var term: Term?
        var complete: @Sendable (ProposalResult) -> Void
    }
    private struct ReadWaiter {
        var deadlineNanoseconds: UInt64
        var complete: @Sendable (ReadResult) -> Void
    }
    private struct State {
        private(set) var proposals: [UInt64: ProposalWaiter] = [:]
        private(set) var proposalBytes = 0
        var reads: [UInt64: ReadWaiter] = [:]
        /// Confirmed reads that wait for apply, in the order of their indexes.
        var parked: [(index: LogIndex, read: ReadID)] = []
        var applied: LogIndex
        /// Term of the last applied entry.
        var appliedTerm: Term = .zero
        var proposalCount: UInt64 = 0
        var readCount: UInt64 = 0
        var isStopped = false

        mutating func add(_ waiter: ProposalWaiter, nonce: UInt64) {
            proposals[nonce] = waiter
            proposalBytes += waiter.costBytes
        }
        mutating func setTerm(_ term: Term, nonce: UInt64) { proposals[nonce]?.term = term }
        mutating func remove(nonce: UInt64) -> ProposalWaiter? {
            guard let waiter = proposals.removeValue(forKey: nonce) else { return nil }
            proposalBytes -= waiter.costBytes
            return waiter
        }

        /// Why nobody more may wait; nil when one may.
        func refusal(waiting: Int, countMax: Int) -> RefusalReason? {
            if isStopped { return .stopping }
            return waiting < countMax ? nil : .overloaded
        }
    }

    private let node: NodeID
    /// Upper bits of every nonce: they grow with every run of the node, so an old entry never answers a new caller.
    private let run: UInt64
    /// Bits of a nonce below those of the run: enough for ten thousand proposals a second in three years without restart.
    private static let countBits: UInt64 = 40
    private let countMax: Int
    private let bytesMax: Int
    private let state: Mutex<State>

    init(node: NodeID, run: UInt32, countMax: Int, bytesMax: Int = .max, applied: LogIndex) {
        self.node = node
        precondition(run <= RunCounter.numberMax, "the run's number has no place in a nonce")
        self.run = UInt64(run) << Self.countBits
        self.countMax = countMax
        self.bytesMax = bytesMax
        self.state = Mutex(State(applied: applied))
    }

    /// nil when it was refused, which `complete` was told. The first one fits whatever its size.
    func addProposal(
        costBytes: Int = 0, deadlineNanoseconds: UInt64, _ complete: @escaping @Sendable (ProposalResult) -> Void
    ) -> ProposalID? {
        let (nonce, refusal) = state.withLock { state -> (UInt64, RefusalReason?) in
            if let refusal = state.refusal(waiting: state.proposals.count, countMax: countMax) { return (0, refusal) }
            guard state.proposals.isEmpty || state.proposalBytes <= bytesMax - costBytes else {
                return (0, .overloaded)
            }
            // Only proposals use numbers up: what reads take would be missing from the leaders' windows of these.
            state.proposalCount += 1
            precondition(state.proposalCount >> Self.countBits == 0, "this run has no nonce left")
            let nonce = run | state.proposalCount
            state.add(
                ProposalWaiter(
                    costBytes: costBytes, deadlineNanoseconds: deadlineNanoseconds, term: nil, complete: complete),
                nonce: nonce)
            return (nonce, nil)
        }
        if let refusal { complete(.refused(refusal)) }
        return refusal == nil ? ProposalID(origin: node, nonce: nonce) : nil
    }

    /// nil when it was refused, which `complete` was told.
    func addRead(deadlineNanoseconds: UInt64, _ complete: @escaping @Sendable (ReadResult) -> Void) -> ReadID? {
        let (id, refusal) = state.withLock { state -> (UInt64, RefusalReason?) in
            if let refusal = state.refusal(waiting: state.reads.count, countMax: countMax) { return (0, refusal) }
            state.readCount += 1
            state.reads[state.readCount] = ReadWaiter(deadlineNanoseconds: deadlineNanoseconds, complete: complete)
            return (state.readCount, nil)
        }
        if let refusal { complete(.refused(refusal)) }
        return refusal == nil ? ReadID(id) : nil
    }

    /// Core lane: these proposals were appended or forwarded in `term`.
    func handedOn(_ proposals: [Proposal], term: Term) {
        state.withLock { state in
            for proposal in proposals { state.setTerm(term, nonce: proposal.id.nonce) }
        }
    }

    /// Apply lane: `entries` are applied with these outcomes. The first entry of a later term also settles what was
    /// handed on before that term and is not applied: terms never decrease along the log and a leader takes up only what
    /// was forwarded in its own term, so it can never be applied any more. It may safely be proposed again. For the same
    /// reason an entry of another term than its waiter's is not that waiter's, whatever its number says.
    func applied(entries: ArraySlice<Entry>, outcomes: [[UInt8]]) {
        guard let last = entries.last else { return }
        var done: [(ProposalWaiter, ProposalResult)] = []
        let reads = state.withLock { state -> [(ReadWaiter, ReadResult)] in
            for (entry, outcome) in zip(entries, outcomes) where entry.proposal.origin == node {
                guard let waiter = state.proposals[entry.proposal.nonce], waiter.term == entry.term else { continue }
                _ = state.remove(nonce: entry.proposal.nonce)
                done.append((waiter, .applied(index: entry.index, outcome: outcome)))
            }
            if last.term > state.appliedTerm {
                state.appliedTerm = last.term
                for waiter in Self.remove(&state, handedOnBefore: last.term) {
                    done.append((waiter, .refused(.notLeader)))
                }
            }
            return Self.release(&state, through: last.index)
        }
        for (waiter, result) in done { waiter.complete(result) }
        for (waiter, result) in reads { waiter.complete(result) }
    }

    /// Apply lane: a snapshot through `position` was installed. What was handed on up to its term may be in it or not.
    func installed(through position: LogPosition) {
        let (proposals, reads) = state.withLock { state in
            state.appliedTerm = max(state.appliedTerm, position.term)
            return (
                Self.remove(&state, handedOnBefore: position.term.next), Self.release(&state, through: position.index)
            )
        }
        for waiter in proposals { waiter.complete(.unknown) }
        for (waiter, result) in reads { waiter.complete(result) }
    }

    /// In the order of their nonces, so that a simulated run completes them in the same order every time.
    private static func remove(_ state: inout State, handedOnBefore term: Term) -> [ProposalWaiter] {
        let late = state.proposals.filter { $0.value.term.map { $0 < term } ?? false }
        return late.keys.sorted().compactMap { state.remove(nonce: $0) }
    }

    private static func release(_ state: inout State, through index: LogIndex) -> [(ReadWaiter, ReadResult)] {
        state.applied = max(state.applied, index)
        let count = state.parked.firstIndex { $0.index > state.applied } ?? state.parked.count
        guard count > 0 else { return [] }
        var done: [(ReadWaiter, ReadResult)] = []
        for parked in state.parked[..<count] {
            guard let waiter = state.reads.removeValue(forKey: parked.read.rawValue) else { continue }
            done.append((waiter, .ready(applied: state.applied)))
        }
        state.parked.removeFirst(count)
        return done
    }

    /// How many proposals of this node wait, and whether a confirmed read waits for apply.
    var urgency: (proposals: Int, hasParkedRead: Bool) {
        state.withLock { ($0.proposals.count, !$0.parked.isEmpty) }
    }

    /// Core lane: leadership was confirmed for `reads`; they may go as soon as `index` is applied (invariant 10).
    /// Returns whether any has to wait for that.
    func readReady(_ reads: [ReadID], index: LogIndex) -> Bool {
        let done = state.withLock { state -> [(ReadWaiter, ReadResult)]? in
            if index <= state.applied || Mutant.readsBeforeApplied {
                return reads.compactMap { read in
                    state.reads.removeValue(forKey: read.rawValue).map { ($0, .ready(applied: state.applied)) }
                }
            }
            let place = state.parked.lastIndex { $0.index <= index }.map { $0 + 1 } ?? 0
            // Those that expired while they were being confirmed are gone.
            let waiting = reads.filter { state.reads[$0.rawValue] != nil }
            state.parked.insert(contentsOf: waiting.map { (index: index, read: $0) }, at: place)
            return nil
        }
        for (waiter, result) in done ?? [] { waiter.complete(result) }
        return done == nil
    }

    func readRefused(_ reads: [ReadID], reason: RefusalReason) {
        let done = state.withLock { state in reads.compactMap { state.reads.removeValue(forKey: $0.rawValue) } }
        for waiter in done { waiter.complete(.refused(reason)) }
    }

    func proposalsRefused(_ proposals: [ProposalID], reason: RefusalReason) {
        let done = state.withLock { state in
            proposals.filter { $0.origin == node }.compactMap { state.remove(nonce: $0.nonce) }
        }
        for waiter in done { waiter.complete(.refused(reason)) }
    }

    /// Ends everything whose deadline is at or before `now`; `UInt64.max` ends all.
    func expire(nowNanoseconds now: UInt64) {
        let (proposals, reads) = state.withLock { state -> ([ProposalWaiter], [ReadWaiter]) in
            let lateProposals = state.proposals.filter { $0.value.deadlineNanoseconds <= now }
            let lateReads = state.reads.filter { $0.value.deadlineNanoseconds <= now }
            for id in lateReads.keys { state.reads.removeValue(forKey: id) }
            if !lateReads.isEmpty { state.parked.removeAll { lateReads[$0.read.rawValue] != nil } }
            // Ascending ids, so that a simulated run completes waiters in the same order every time.
            return (
                lateProposals.keys.sorted().compactMap { state.remove(nonce: $0) },
                lateReads.sorted { $0.key < $1.key }.map(\.value)
            )
        }
        for waiter in proposals { waiter.complete(.unknown) }
        for waiter in reads { waiter.complete(.timedOut) }
    }

    /// Ends everything that waits and turns away whatever still comes, so that nobody waits for a node that stopped.
    func stop() {
        state.withLock { $0.isStopped = true }
        expire(nowNanoseconds: .max)
    }

    var count: Int { state.withLock { $0.proposals.count + $0.reads.count } }
}
