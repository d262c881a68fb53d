/// What a node tells its callers about membership, leadership and leases.

import Testing

@testable import Raft
@testable import Simulator

@Suite struct NodeMembershipTests {
    private static func ids(_ numbers: UInt64...) -> [NodeID] { numbers.map { NodeID($0) } }
    private static let three = Configuration(voters: ids(1, 2, 3))

    private func isApplied(_ result: ProposalResult?) -> Bool {
        if case .applied = result { return true }
        return false
    }

    private func trio(_ prepare: (NodeBench) -> Void = { _ in }) throws -> (NodeBench, leader: UInt64) {
        let bench = NodeBench(founding: Self.three)
        prepare(bench)
        for id in UInt64(1)...3 { try bench.start(id) }
        return (bench, try bench.runUntilSettled())
    }

    @Test func `a change is told as in force and as committed, applied, and found again after a restart`() throws {
        let bench = NodeBench(founding: Configuration(voters: Self.ids(1)))
        try bench.start(1)
        _ = try bench.runUntilSettled()
        let place = try bench.place(1)
        #expect(place.committed.first == bench.founding, "what it began with is told at the start")
        let learner = Member(id: NodeID(2), address: "b:7001")
        let result = try bench.change(MembershipChange(add: [learner]), on: 1)
        guard case .applied(let index, _) = result else {
            Issue.record("\(String(describing: result))")
            return
        }
        let configuration = try #require(place.inForce.last)
        #expect(configuration.learners == Self.ids(2) && configuration.member(NodeID(2))?.address == "b:7001")
        #expect(place.committed.last == configuration)
        bench.run(500)
        let settled = try #require(place.committed.last)
        bench.stop(1)
        (place.inForce, place.committed) = ([], [])
        try bench.start(1)
        bench.run(500)
        #expect(place.committed.first == settled)
        #expect(place.inForce.first == settled)
        #expect(place.machine?.appliedPosition().configuration.map { $0.index >= index } == true)
        #expect(place.failures == [])
    }

    @Test func `a follower's change goes to the leader and is answered once it is applied there`() throws {
        let (bench, leader) = try trio()
        let follower: UInt64 = leader == 1 ? 2 : 1
        #expect(isApplied(try bench.change(MembershipChange(add: [Member(id: NodeID(4))]), on: follower)))
        #expect(try bench.place(follower).inForce.last?.isMember(NodeID(4)) == true)
        #expect(try bench.change(MembershipChange(promote: Self.ids(9)), on: follower) == .refused(.invalidChange))
    }

    @Test func `what cannot be written down is refused before it is sent`() throws {
        let (bench, leader) = try trio()
        let sent = bench.sentCount
        let results = Ends<ProposalResult>()
        let long = Member(id: NodeID(4), address: String(repeating: "a", count: Member.addressBytesMax + 1))
        let many = MembershipChange(remove: (10...80).map { NodeID($0) })
        for change in [MembershipChange(add: [long]), many] {
            try bench.node(leader).changeMembership(change, timeoutNanoseconds: 1_000, results.note("change"))
        }
        #expect(results.all.map(\.value) == [.refused(.invalidChange), .refused(.invalidChange)])
        #expect(bench.sentCount == sent)
    }

    @Test func `a node that joins with no configuration learns it and becomes a voter`() throws {
        let (bench, leader) = try trio()
        try bench.start(4, founding: Configuration.none)
        bench.run(1_000)
        #expect(try bench.node(4).statusOnCoreLane.term == .zero, "it stands for nothing")
        let joiner = Member(id: NodeID(4), address: "d:7001", isJoining: true)
        #expect(isApplied(try bench.change(MembershipChange(add: [joiner]), on: leader)))
        let joined = bench.run(20_000) {
            bench.places[NodeID(4)]?.committed.last.map { $0.voters.contains(NodeID(4)) && !$0.isJoint } ?? false
        }
        #expect(joined)
        #expect(bench.places.values.allSatisfy { $0.failures.isEmpty })
    }

    @Test func `bug 34: a removed node is told so once, and deposes nobody afterwards`() throws {
        let (bench, leader) = try trio()
        let gone: UInt64 = leader == 3 ? 2 : 3
        #expect(isApplied(try bench.change(MembershipChange(remove: [NodeID(gone)]), on: leader)))
        #expect(bench.run(20_000) { bench.places[NodeID(gone)]?.removedCount == 1 })
        let term = try bench.node(leader).statusOnCoreLane.term
        bench.run(5_000)
        #expect(try bench.place(gone).removedCount == 1)
        #expect(try bench.node(leader).statusOnCoreLane.term == term)
        #expect(try bench.place(leader).committed.last?.voters.count == 2)
    }

    @Test func `leadership goes where it is asked to go, also when a follower asks`() throws {
        let (bench, leader) = try trio()
        let target = try #require([1, 2, 3].first { $0 != leader })
        try bench.node(target).transferLeadership(to: NodeID(target))
        #expect(bench.run(3_000) { bench.leader == target })
    }

    @Test func `under a lease a leader answers reads without asking anybody, and not after it is over`() throws {
        let (bench, leader) = try trio {
            $0.core.leaseReads = true
        }
        bench.run(1_000)
        let results = Ends<ReadResult>()
        let sent = bench.sentCount
        try bench.node(leader).leaseRead(timeoutNanoseconds: 1_000_000_000, results.note("leased"))
        bench.run(1) { !results.all.isEmpty }
        #expect(results.all.count == 1 && bench.sentCount == sent)
        guard case .ready = results.all.first?.value else {
            Issue.record("\(results.all)")
            return
        }
        // Longer than any lease, shorter than the check of the quorum in the worst case: it has to ask, and nobody hears.
        bench.cut = [NodeID(leader)]
        bench.run(100)
        try bench.node(leader).leaseRead(timeoutNanoseconds: 400_000_000, results.note("too late"))
        #expect(bench.run(2_000) { results.all.count == 2 })
        if case .ready = results.all.last?.value { Issue.record("read under a lease that is over") }
    }

    // MARK: contact

    @Test func `the age of a stale read is the time since a leader was heard, or since a quorum was`() throws {
        let (bench, leader) = try trio()
        let follower = try #require([1, 2, 3].first { $0 != leader })
        let tick = NodeOptions().tickNanoseconds
        bench.run(1_000)
        // Two ticks between heartbeats, one of the published status, and what messages take.
        #expect(try bench.node(follower).leaderContactAgeNanoseconds <= 4 * tick)
        #expect(try bench.node(leader).leaderContactAgeNanoseconds <= 4 * tick)
        bench.cut = [NodeID(leader)]
        for step in UInt64(1)...6 {
            bench.run(50)
            let age = try bench.node(leader).leaderContactAgeNanoseconds
            #expect(age + 3 * tick >= step * 50_000_000, "a leader cut off from everybody is not fresh")
        }
    }
}
