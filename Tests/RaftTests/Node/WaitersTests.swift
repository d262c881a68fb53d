/// Who is told what, and when: the table of waiting proposals and reads.

import Synchronization
import Testing

@testable import Raft

/// Collects how waiters ended, in order.
final class Ends<Value: Sendable>: Sendable {
    private let list = Mutex<[(name: String, value: Value)]>([])
    func note(_ name: String) -> @Sendable (Value) -> Void {
        { [self] value in list.withLock { $0.append((name, value)) } }
    }
    var all: [(name: String, value: Value)] { list.withLock { $0 } }
    var names: [String] { all.map(\.name) }
}

@Suite struct WaitersTests {
    private static let node = NodeID(1)
    private let ends = Ends<ProposalResult>()
    private let reads = Ends<ReadResult>()

    private func waiters(countMax: Int = 100, applied: UInt64 = 0, run: UInt32 = 7) -> Waiters {
        Waiters(node: Self.node, run: run, countMax: countMax, applied: LogIndex(applied))
    }
    private func add(_ name: String, to waiters: Waiters, term: UInt64?, deadline: UInt64 = 1_000) -> ProposalID? {
        let id = waiters.addProposal(deadlineNanoseconds: deadline, ends.note(name))
        if let id, let term { waiters.handedOn([Proposal(id: id, payload: [])], term: Term(term)) }
        return id
    }
    private func entry(_ index: UInt64, _ term: UInt64, _ id: ProposalID = .none) -> Entry {
        Entry(index: LogIndex(index), term: Term(term), kind: .command, proposal: id, payload: [])
    }
    private func apply(_ entries: [Entry], to waiters: Waiters) {
        waiters.applied(entries: entries[...], outcomes: entries.map { [UInt8(truncatingIfNeeded: $0.index.rawValue)] })
    }

    @Test func `an applied entry completes exactly the one who proposed it, with its outcome`() throws {
        let waiters = waiters()
        let first = try #require(add("a", to: waiters, term: 2))
        _ = try #require(add("b", to: waiters, term: 2))
        apply([entry(9, 2, first)], to: waiters)
        apply([entry(10, 2, first)], to: waiters)
        #expect(ends.names == ["a"])
        #expect(ends.all.first?.value == .applied(index: LogIndex(9), outcome: [9]))
        #expect(waiters.count == 1)
    }

    @Test func `another node's entry with the same nonce completes nobody`() throws {
        let waiters = waiters()
        let id = try #require(add("a", to: waiters, term: 2))
        apply([entry(1, 2, ProposalID(origin: NodeID(2), nonce: id.nonce))], to: waiters)
        #expect(ends.names.isEmpty)
    }

    @Test func `an entry of another term than the proposal was handed on in is not its entry`() throws {
        // A proposal can only be appended in the term it was handed on in. An older entry with its nonce comes from a
        // run whose number was lost with a data directory; taking it for an answer would acknowledge what never was.
        let waiters = waiters()
        let id = try #require(add("a", to: waiters, term: 5))
        apply([entry(1, 3, id)], to: waiters)
        #expect(ends.names.isEmpty)
        apply([entry(2, 5, id)], to: waiters)
        #expect(ends.all.first?.value == .applied(index: LogIndex(2), outcome: [2]))
    }

    @Test func `the first applied entry of a later term refuses what was handed on before and is not in it`() throws {
        let waiters = waiters()
        let early = try #require(add("applied", to: waiters, term: 2))
        _ = try #require(add("lost", to: waiters, term: 2))
        _ = try #require(add("same term", to: waiters, term: 3))
        _ = try #require(add("not handed on", to: waiters, term: nil))
        // One batch holds the end of term 2 and the beginning of term 3: what is in it is applied, not refused.
        apply([entry(5, 2, early), entry(6, 3)], to: waiters)
        #expect(ends.names == ["applied", "lost"])
        #expect(ends.all.last?.value == .refused(.notLeader))
        #expect(waiters.count == 2)
        apply([entry(7, 3)], to: waiters)
        #expect(ends.names.count == 2, "only a later term settles")
    }

    @Test func `a snapshot leaves open what it may contain, and only that`() throws {
        let waiters = waiters()
        _ = try #require(add("in or out", to: waiters, term: 4))
        let later = try #require(add("later", to: waiters, term: 5))
        let read = try #require(waiters.addRead(deadlineNanoseconds: 1_000, reads.note("r")))
        #expect(waiters.readReady([read], index: LogIndex(90)))
        waiters.installed(through: LogPosition(index: LogIndex(100), term: Term(4)))
        #expect(ends.names == ["in or out"])
        #expect(ends.all.first?.value == .unknown)
        #expect(reads.all.first?.value == .ready(applied: LogIndex(100)))
        apply([entry(101, 5, later)], to: waiters)
        #expect(ends.names == ["in or out", "later"])
    }

    @Test func `reads leave in the order of their index, never before it is applied`() throws {
        let waiters = waiters(applied: 10)
        var ids: [ReadID] = []
        for name in ["late", "early", "now"] {
            ids.append(try #require(waiters.addRead(deadlineNanoseconds: 1_000, reads.note(name))))
        }
        #expect(waiters.readReady([ids[0]], index: LogIndex(13)))
        #expect(waiters.readReady([ids[1]], index: LogIndex(12)))
        #expect(!waiters.readReady([ids[2]], index: LogIndex(10)))
        #expect(reads.names == ["now"])
        #expect(waiters.urgency.hasParkedRead)
        apply([entry(11, 1)], to: waiters)
        #expect(reads.names == ["now"])
        apply([entry(12, 1)], to: waiters)
        #expect(reads.names == ["now", "early"])
        apply([entry(13, 1), entry(14, 1)], to: waiters)
        #expect(reads.names == ["now", "early", "late"])
        #expect(reads.all.last?.value == .ready(applied: LogIndex(14)))
        #expect(!waiters.urgency.hasParkedRead)
    }

    @Test func `a deadline ends a waiter once, and its entry finds nobody afterwards`() throws {
        let waiters = waiters()
        let id = try #require(add("a", to: waiters, term: 1, deadline: 50))
        let read = try #require(waiters.addRead(deadlineNanoseconds: 60, reads.note("r")))
        _ = waiters.readReady([read], index: LogIndex(3))
        waiters.expire(nowNanoseconds: 49)
        #expect(ends.names.isEmpty)
        waiters.expire(nowNanoseconds: 60)
        apply([entry(1, 1, id), entry(2, 1), entry(3, 1)], to: waiters)
        #expect(ends.all.map(\.value) == [.unknown])
        #expect(reads.all.map(\.value) == [.timedOut])
        #expect(waiters.count == 0)
        #expect(!waiters.urgency.hasParkedRead)
    }

    @Test func `beyond the bound a waiter is turned away at once, and there is room again when one ends`() throws {
        let waiters = waiters(countMax: 1)
        let id = try #require(add("a", to: waiters, term: 1))
        #expect(add("b", to: waiters, term: 1) == nil)
        #expect(ends.all.map(\.value) == [.refused(.overloaded)])
        waiters.proposalsRefused([id], reason: .noLeader)
        #expect(add("c", to: waiters, term: 1) != nil)
    }

    @Test func `beyond the bytes a proposal is turned away, but the only one always fits, and each end gives room`()
        throws
    {
        let waiters = Waiters(node: Self.node, run: 1, countMax: 100, bytesMax: 100, applied: .zero)
        func add(_ name: String, bytes: Int) -> ProposalID? {
            waiters.addProposal(costBytes: bytes, deadlineNanoseconds: 50, ends.note(name))
        }
        let huge = try #require(add("huge", bytes: 1_000))
        #expect(add("small", bytes: 1) == nil)
        #expect(ends.all.map(\.value) == [.refused(.overloaded)])
        waiters.proposalsRefused([huge], reason: .changeUnderWay)
        #expect(ends.all.last?.value == .refused(.changeUnderWay))
        let first = try #require(add("first", bytes: 60))
        #expect(add("exact", bytes: 40) != nil)
        #expect(add("over", bytes: 1) == nil)
        waiters.handedOn([Proposal(id: first, payload: [])], term: Term(1))
        apply([entry(1, 1, first)], to: waiters)
        #expect(add("again", bytes: 60) != nil)
        #expect(add("over again", bytes: 1) == nil)
        waiters.expire(nowNanoseconds: 50)
        #expect(add("after all", bytes: 100) != nil)
        #expect(waiters.count == 1)
    }

    @Test func `bug 43: after the end nobody waits any more: whoever comes is told so at once`() throws {
        let waiters = waiters()
        _ = try #require(add("before", to: waiters, term: 1))
        waiters.stop()
        #expect(add("after", to: waiters, term: nil) == nil)
        #expect(waiters.addRead(deadlineNanoseconds: 1_000, reads.note("r")) == nil)
        #expect(ends.all.map(\.value) == [.unknown, .refused(.stopping)])
        #expect(reads.all.map(\.value) == [.refused(.stopping)])
        #expect(waiters.count == 0)
    }

    @Test func `nonces grow with every proposal and with every run, and reads do not use them up`() throws {
        let first = waiters(run: 1)
        let a = try #require(add("a", to: first, term: 1))
        for _ in 0..<50 { _ = first.addRead(deadlineNanoseconds: 1, reads.note("r")) }
        let b = try #require(add("b", to: first, term: 1))
        #expect(b.nonce == a.nonce + 1)
        let second = try #require(add("c", to: waiters(run: 2), term: 1))
        // Room for thirty years of a hundred writes a second, or four months of a hundred thousand.
        #expect(second.nonce - a.nonce == 1 << 40)
    }
}
