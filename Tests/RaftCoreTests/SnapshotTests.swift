/// Catching up from the disk and by snapshot, compaction, restart; catalogue bugs 30, 55, 56.

import Testing

@testable import RaftCore

@Suite struct SnapshotTests {
    private func lagging(options: CoreOptions, compacted: Bool) -> TestCluster {
        var cluster = TestCluster(nodes: 3, options: options)
        cluster.elect(0)
        cluster.isolate(2)
        for _ in 0..<40 {
            cluster.propose(0, bytes: 20)
            cluster.settle()
        }
        if compacted { cluster.compact(0, keeping: 5) }
        return cluster
    }

    @Test func `a follower behind the in-memory tail is fed from the disk`() {
        var cluster = lagging(options: TestCluster.smallOptions, compacted: false)
        #expect(cluster.nodes[0].core.log.firstInMemory > LogIndex(20))
        cluster.heal()
        cluster.tickAll(times: 20)
        #expect(cluster.nodes[2].applied == cluster.nodes[0].applied)
        #expect(cluster.nodes[2].core.log.base == .zero)
        cluster.expectNoProblems()
    }

    @Test func `a follower behind the log gets a snapshot, and goes on with appends`() {
        var cluster = lagging(options: TestCluster.smallOptions, compacted: true)
        cluster.heal()
        cluster.tickAll(times: 20)
        #expect(cluster.nodes[2].applied == cluster.nodes[0].applied)
        #expect(cluster.nodes[2].core.log.base.index >= LogIndex(30))
        cluster.propose(2)
        cluster.settle()
        #expect(cluster.nodes[2].digests == cluster.nodes[0].digests)
        cluster.expectNoProblems()
    }

    @Test func `a failed snapshot is tried again, not at once but soon`() {
        var cluster = lagging(options: TestCluster.smallOptions, compacted: true)
        cluster.heal()
        for _ in 0..<4 where cluster.nodes[0].snapshotsOwed.isEmpty {
            cluster.tick(0)
            while !cluster.network.isEmpty { cluster.deliver(0) }
        }
        #expect(cluster.nodes[0].snapshotsOwed == [NodeID(3)])
        cluster.sendSnapshot(0, fails: true)
        #expect(cluster.nodes[0].snapshotsOwed.isEmpty)
        cluster.tickAll(times: 20)
        #expect(cluster.nodes[2].applied == cluster.nodes[0].applied)
        cluster.expectNoProblems()
    }

    @Test func `no appends while a snapshot is under way`() {
        var cluster = lagging(options: TestCluster.smallOptions, compacted: true)
        cluster.heal()
        for _ in 0..<4 where cluster.nodes[0].snapshotsOwed.isEmpty {
            cluster.tick(0)
            while !cluster.network.isEmpty { cluster.deliver(0) }
        }
        cluster.propose(0)
        #expect(cluster.network.appends(to: NodeID(3)).isEmpty)
        #expect(!cluster.network.appends(to: NodeID(2)).isEmpty)
    }

    @Test func `bugs 55 and 56: a snapshot at or below what is applied changes nothing`() {
        var node = CoreDriver()
        node.append(after: (0, 0), terms: [1, 1, 1, 1], commit: 3, term: 1)
        node.step(.applied(LogIndex(3)))
        node.persists.removeAll()
        node.step(.snapshotInstalled(position: position(2, 1), configuration: nil))
        #expect(node.terms == [1, 1, 1, 1])
        #expect(node.core.applied == LogIndex(3))
        #expect(node.persists.isEmpty)
    }

    @Test func `invariant 14: a snapshot that matches the log keeps the entries after it`() {
        var node = CoreDriver()
        node.append(after: (0, 0), terms: [1, 1, 1, 1], commit: 1, term: 1)
        node.step(.snapshotInstalled(position: position(3, 1), configuration: nil))
        #expect(node.terms == [1, 1, 1, 1])
        #expect(node.core.commit == LogIndex(3))
        #expect(node.core.applied == LogIndex(3))
        node.append(after: (4, 1), terms: [], commit: 4, term: 1)
        #expect(node.applied.map(\.index.rawValue) == [1, 4])
    }

    @Test func `bug 30 and invariant 14: a snapshot that does not match drops the whole log`() {
        var node = CoreDriver(terms: [1, 1, 1, 1, 1], term: 2)
        node.append(after: (0, 0), terms: [], from: 2, term: 2)
        node.step(.snapshotInstalled(position: position(3, 2), configuration: nil))
        #expect(node.persists.last?.resetTo == position(3, 2))
        #expect(node.core.log.last == position(3, 2))
        #expect(node.core.durableIndex == LogIndex(3))
        node.append(after: (3, 2), terms: [2], commit: 4, term: 2)
        #expect(node.applied.map(\.index.rawValue) == [4])
    }

    @Test func `a crash between a snapshot's install and the write of its term leaves a node that starts`() {
        var lost = SimulatedDisk()
        lost.hardState = HardState(term: Term(1), vote: NodeID(3), commit: .zero)
        var core = RaftCore(
            options: CoreOptions(), nodeID: NodeID(1), configuration: Configuration(voters: [NodeID(1), NodeID(2)]),
            seed: 1, recovered: lost.recover(applied: position(7, 2)))
        var effects: [Effect] = []
        core.step(.tick, into: &effects)
        let written = effects.compactMap { if case .persist(let request) = $0 { request.hardState } else { nil } }
        #expect(written == [HardState(term: Term(2), vote: nil, commit: LogIndex(7))])
    }

    @Test func `a candidate whose log is replaced by a snapshot gives up its candidacy`() {
        var node = CoreDriver(terms: [1, 1, 3], term: 3)
        node.runOutOfPatience()
        node.receive(.preVoteReply(VoteReply(granted: true)), term: 4)
        #expect(node.core.role == .candidate)
        node.step(.snapshotInstalled(position: position(5, 2), configuration: nil))
        node.receive(.voteReply(VoteReply(granted: true)), term: 4)
        #expect(node.core.role == .follower)
    }

    @Test func `loaded entries that do not fit the log of now are not sent`() {
        var cluster = lagging(options: TestCluster.smallOptions, compacted: false)
        cluster.heal()
        for _ in 0..<10 where cluster.nodes[0].loads.isEmpty {
            cluster.tick(0)
            while !cluster.network.isEmpty { cluster.deliver(0) }
            cluster.write(2)
        }
        guard let load = cluster.nodes[0].loads.first else {
            Issue.record("nothing is being loaded")
            return
        }
        cluster.network.removeAll()
        let foreign = Entry(index: load.from, term: Term(99), kind: .command)
        cluster.step(0, .entriesLoaded(peer: load.peer, from: load.from, entries: [foreign]))
        #expect(cluster.network.appends(to: NodeID(3)).allSatisfy { $0.entries.isEmpty })
        cluster.step(0, .entriesLoaded(peer: load.peer, from: load.from, entries: [foreign]))
        cluster.tickAll(times: 30)
        #expect(cluster.nodes[2].applied == cluster.nodes[0].applied)
        cluster.expectNoProblems()
    }

    @Test func `entries that are gone by the time they are read turn into a snapshot`() {
        var cluster = lagging(options: TestCluster.smallOptions, compacted: false)
        cluster.heal()
        for _ in 0..<10 where cluster.nodes[0].loads.isEmpty {
            cluster.tick(0)
            while !cluster.network.isEmpty { cluster.deliver(0) }
        }
        #expect(!cluster.nodes[0].loads.isEmpty)
        cluster.write(0)
        cluster.compact(0, keeping: 2)
        cluster.load(0)
        #expect(cluster.nodes[0].snapshotsOwed == [NodeID(3)])
        cluster.tickAll(times: 20)
        #expect(cluster.nodes[2].applied == cluster.nodes[0].applied)
        cluster.expectNoProblems()
    }
}
