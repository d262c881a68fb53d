/// Changes of membership in whole clusters: adding, removing, replacing, and leaders that fail on the way.

import Testing

@testable import RaftCore

@Suite struct MembershipTests {
    private func started(_ count: Int = 3, joiners: Int = 0, options: CoreOptions = CoreOptions()) -> TestCluster {
        var cluster = TestCluster(nodes: count, options: options)
        for _ in 0..<joiners { cluster.startJoiner() }
        cluster.elect(0)
        cluster.propose(0)
        cluster.tickAll(times: 4)
        return cluster
    }

    @Test func `a joining learner catches up and becomes a voter by itself`() {
        var cluster = started(joiners: 1)
        let id = cluster.change(1, MembershipChange(add: [cluster.joiner(4)]))
        cluster.tickAll(times: 10)
        for place in 0..<4 { #expect(cluster.members(place) == [[1, 2, 3, 4], [], []]) }
        #expect(cluster.nodes[3].digests == cluster.nodes[0].digests)
        #expect(cluster.nodes[3].appliedProposals.contains(id))
        cluster.expectNoProblems()
    }

    @Test func `bug 9: the entry that makes a voter names its directory`() throws {
        var cluster = TestCluster(nodes: 3)
        cluster.nameDirectories()
        cluster.elect(0)
        cluster.tickAll(times: 8)
        cluster.startJoiner()
        cluster.startJoiner()
        cluster.change(0, MembershipChange(add: [cluster.joiner(4)]))
        cluster.tickAll(times: 60)
        cluster.change(0, MembershipChange(add: [cluster.joiner(5, isJoining: false)]))
        cluster.tickAll(times: 60)
        cluster.change(0, MembershipChange(promote: [NodeID(5)]))
        cluster.tickAll(times: 60)
        #expect(cluster.members(0) == [[1, 2, 3, 4, 5], [], []])
        for entry in cluster.nodes[0].disk.entries where entry.kind == .configuration {
            let configuration = try Configuration.decode(entry.payload)
            for id in configuration.voters where id > NodeID(3) {
                #expect(configuration.member(id)?.incarnation != 0, "\(id) at \(entry.index)")
            }
        }
        cluster.expectNoProblems()
    }

    @Test func `bugs 15 and 35: a learner receives everything, counts nowhere and never stands`() {
        var cluster = started(joiners: 1)
        cluster.change(0, MembershipChange(add: [cluster.joiner(4, isJoining: false)]))
        cluster.tickAll(times: 10)
        #expect(cluster.members(3) == [[1, 2, 3], [], [4]])
        cluster.isolate(1)
        cluster.isolate(2)
        let commit = cluster.nodes[0].core.commit
        cluster.propose(0)
        cluster.settle()
        #expect(cluster.nodes[3].core.log.lastIndex > commit)
        #expect(cluster.nodes[0].core.commit == commit)
        cluster.crash(0)
        cluster.tickAll(times: 100)
        #expect(cluster.nodes[3].core.role == .follower && cluster.nodes[3].core.term == Term(1))
        cluster.expectNoProblems()
    }

    @Test func `a removed voter is told, is let go, and the others go on`() {
        var cluster = started()
        cluster.change(0, MembershipChange(remove: [NodeID(3)]))
        cluster.settle()
        #expect(cluster.members(0) == [[1, 2], [], []])
        #expect(cluster.nodes[2].wasToldOfRemoval && cluster.nodes[2].core.status.isExcluded)
        cluster.tickAll(times: 4)
        #expect(cluster.nodes[0].core.status.departing.isEmpty)
        cluster.propose(1)
        cluster.tickAll(times: 200)
        #expect(cluster.nodes[0].applied == cluster.nodes[1].applied)
        #expect(cluster.nodes[0].core.role == .leader && cluster.nodes[0].core.term == Term(1))
        cluster.expectNoProblems()
    }

    @Test func `a removed node that does not answer is let go after ten election time-outs`() {
        var cluster = started()
        cluster.crash(2)
        cluster.change(0, MembershipChange(remove: [NodeID(3)]))
        cluster.tickAll(times: 50)
        #expect(cluster.nodes[0].core.status.departing == [NodeID(3)])
        cluster.tickAll(times: 60)
        #expect(cluster.nodes[0].core.status.departing.isEmpty)
        cluster.expectNoProblems()
    }

    @Test func `several at once: two join for two that leave, in one joint step`() {
        var cluster = started(joiners: 2)
        cluster.change(0, MembershipChange(add: [cluster.joiner(4, replaces: 2), cluster.joiner(5, replaces: 3)]))
        cluster.tickAll(times: 12)
        #expect(cluster.members(0) == [[1, 4, 5], [], []])
        let seen = cluster.nodes[0].configurations.filter { $0.isJoint }
        #expect(seen.map(\.outgoing) == [[NodeID(1), NodeID(2), NodeID(3)]])
        #expect(cluster.nodes[1].wasToldOfRemoval && cluster.nodes[2].wasToldOfRemoval)
        #expect(cluster.nodes[4].digests == cluster.nodes[0].digests)
        cluster.expectNoProblems()
    }

    @Test func `a leader that removes itself commits that without counting itself, hands over and steps down`() {
        var cluster = started()
        let id = cluster.change(0, MembershipChange(remove: [NodeID(1)]))
        cluster.settle()
        #expect(cluster.members(1) == [[2, 3], [], []])
        #expect(cluster.nodes[1].appliedProposals.contains(id))
        #expect(cluster.nodes[0].core.role == .follower && cluster.nodes[0].wasToldOfRemoval)
        // Handed over at once: nobody had to wait for a time-out.
        #expect(cluster.leaderPlace == 1 && cluster.nodes[1].core.term == Term(2))
        cluster.tickAll(times: 100)
        #expect(cluster.nodes[1].core.term == Term(2))
        cluster.expectNoProblems()
    }

    @Test func `the last voter hands over to the one that replaces it`() {
        var cluster = started(1, joiners: 1)
        cluster.change(0, MembershipChange(add: [cluster.joiner(2, replaces: 1)]))
        cluster.tickAll(times: 15)
        #expect(cluster.members(1) == [[2], [], []])
        #expect(cluster.leaderPlace == 1)
        #expect(cluster.nodes[0].wasToldOfRemoval)
        cluster.expectNoProblems()
    }

    @Test func `bug 26: a leader change in the middle of joint: the next leader finishes the change`() {
        var cluster = started(5)
        cluster.change(0, MembershipChange(remove: [NodeID(1), NodeID(5)]))
        // The joint entry reaches node 2 only; then the leader is gone.
        cluster.exchange { $0.to == NodeID(2) && $0.from == NodeID(1) }
        #expect(cluster.nodes[1].core.configuration.isJoint)
        cluster.crash(0)
        cluster.elect(1)
        cluster.settle()
        #expect(cluster.members(1) == [[2, 3, 4], [], []])
        #expect(cluster.nodes[1].core.history.uncommittedCount == 0)
        cluster.restart(0)
        cluster.tickAll(times: 100)
        #expect(cluster.nodes[1].core.role == .leader)
        cluster.expectNoProblems()
    }

    @Test func `bug 32: a leader without the joint entry wins; it is cut away and the old configuration is back`() {
        var cluster = started()
        cluster.isolate(0)
        cluster.change(0, MembershipChange(remove: [NodeID(2)]))
        cluster.write(0)
        #expect(cluster.nodes[0].core.configuration.isJoint)
        cluster.tickAll(times: 40)
        cluster.heal()
        cluster.tickAll(times: 20)
        #expect(cluster.leaderPlace != 0)
        for place in 0..<3 { #expect(cluster.members(place) == [[1, 2, 3], [], []]) }
        cluster.expectNoProblems()
    }

    @Test func `bug 27: all nodes restart in the middle of joint and the change is finished`() {
        var cluster = started(4)
        cluster.change(0, MembershipChange(remove: [NodeID(3), NodeID(4)]))
        cluster.exchange { $0.from == NodeID(1) && $0.to.rawValue <= 3 }
        for place in 0..<4 { cluster.crash(place) }
        for place in 0..<4 { cluster.restart(place) }
        for place in 0..<3 { #expect(cluster.nodes[place].core.configuration.isJoint) }
        #expect(!cluster.nodes[3].core.configuration.isJoint)
        cluster.tickAll(times: 60)
        #expect(cluster.members(0) == [[1, 2], [], []])
        cluster.expectNoProblems()
    }

    @Test func `a final configuration on the removed leader's disk alone does not stop the cluster`() {
        // Node 1 has the final entry, node 2 only the joint one.
        let joint = voters(2, outgoing: [1])
        let disks = [disk(terms: [1]), disk(terms: [1])].enumerated().map { place, found in
            var found = found
            found.entries.append(entry(2, 1, joint))
            if place == 0 { found.entries.append(entry(3, 1, joint.leavingJoint())) }
            return found
        }
        var cluster = TestCluster(nodes: 2, disks: disks)
        #expect(cluster.members(0) == [[2], [], []] && cluster.members(1) == [[2], [1], []])
        cluster.tickAll(times: 60)
        #expect(cluster.members(1) == [[2], [], []])
        #expect(cluster.leaderPlace == 1)
        #expect(cluster.nodes[0].wasToldOfRemoval)
        cluster.expectNoProblems()
    }

    @Test func `a sole voter whose leader was removed and is gone stands for itself`() {
        var node = CoreDriver(recovering: disk(terms: [1]), founding: voters(1))
        node.append(after: (1, 1), terms: [], from: 2, term: 1)
        #expect(node.core.leader == CoreDriver.two)
        node.tick(5)
        #expect(node.core.role == .follower)
        node.tick(2 * node.core.options.electionTimeoutTicks)
        #expect(node.core.role == .leader)
    }

    @Test func `bug 24: no change before the leader committed in its own term, four nodes, two removals`() {
        var cluster = TestCluster(nodes: 4, options: CoreOptions(featureLevelMax: 0))
        cluster.elect(0)
        cluster.isolate(0)
        let first = cluster.change(0, MembershipChange(remove: [NodeID(1)]))
        cluster.write(0)
        #expect(cluster.nodes[0].core.configuration.isJoint)
        // Node 2 wins, but its own entry reaches nobody yet: it may not change anything either.
        for place in 1...3 { cluster.nodes[place].core.electionElapsedTicks = 30 }
        for _ in 0..<60 where cluster.nodes[1].core.role != .leader {
            cluster.tick(1)
            cluster.exchange { if case .append = $0.body { false } else { true } }
        }
        #expect(cluster.nodes[1].core.role == .leader && !cluster.nodes[1].core.ownTermIsCommitted)
        let early = cluster.change(1, MembershipChange(remove: [NodeID(3)]))
        #expect(cluster.nodes[1].proposalsRefused[early] == .changeUnderWay)
        // Once it has committed, it may; node 1, whose log ends in an older term, never wins with its own change.
        cluster.tickAll(times: 2)
        let second = cluster.change(1, MembershipChange(remove: [NodeID(3)]))
        #expect(cluster.nodes[1].proposalsRefused[second] == nil)
        cluster.heal()
        cluster.tickAll(times: 40)
        #expect(!cluster.nodes[1].appliedProposals.contains(first))
        #expect(cluster.members(1) == [[1, 2, 4], [], []])
        cluster.expectNoProblems()
    }

    @Test func `bug 33: the configuration travels with a snapshot under its own index`() {
        var cluster = started(joiners: 1, options: TestCluster.smallOptions)
        cluster.change(0, MembershipChange(remove: [NodeID(3)]))
        cluster.tickAll(times: 4)
        for _ in 0..<40 {
            cluster.propose(0, bytes: 20)
            cluster.settle()
        }
        cluster.write(0)
        cluster.compact(0, keeping: 2)
        cluster.change(0, MembershipChange(add: [cluster.joiner(4)]))
        cluster.tickAll(times: 30)
        #expect(cluster.coverage.snapshots > 0)
        for place in [0, 1, 3] { #expect(cluster.members(place) == [[1, 2, 4], [], []]) }
        cluster.crash(3)
        cluster.restart(3)
        #expect(cluster.members(3) == [[1, 2, 4], [], []])
        #expect(cluster.nodes[3].core.history.newestIndex < cluster.nodes[3].core.log.lastIndex.next)
        cluster.expectNoProblems()
    }
}
