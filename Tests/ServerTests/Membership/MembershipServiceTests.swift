/// Every step of a change, against a scripted node and a clock that only moves when the service pauses.
import Raft
import Testing

@testable import Server

@Suite("Changes of membership, step by step")
struct MembershipServiceTests {
    private func service(_ door: ScriptedDoor) -> MembershipService {
        MembershipService(door: door, clusterName: "test", nodeID: 1)
    }
    private func promoted(_ configuration: Configuration, _ id: UInt64) throws -> Configuration {
        let next = try configuration.applying(MembershipChange(promote: [NodeID(id)]))
        return next.isJoint ? next.leavingJoint() : next
    }

    @Test func `a new node gets the next free id, and the change is done when it votes`() async throws {
        let door = ScriptedDoor(threeVoters())
        door.onPause { number, facts in
            let change = MembershipChange(promote: [NodeID(4)])
            do {
                if number == 2 { facts.configuration = try facts.configuration.applying(change) }
            } catch {
                Issue.record("\(error)")
            }
            if number == 4 { facts.configuration = facts.configuration.leavingJoint() }
        }
        let outcome = try await service(door).change(
            MembershipPlan(add: [.init(address: "10.0.0.4:9177")]), waitMilliseconds: 10_000)
        #expect(outcome.isFinished)
        #expect(outcome.addedIDs == [4])
        #expect(outcome.index == 101)
        #expect(outcome.view.member(4)?.role == .voter)
        #expect(!outcome.view.isJoint)
        #expect(door.elapsedMilliseconds == 4 * ScriptedDoor.pauseMilliseconds)
        #expect(door.proposed.map { $0.add.map(\.isJoining) } == [[true]])
    }

    @Test func `a node that does not catch up is under way when the time is over`() async throws {
        let door = ScriptedDoor(threeVoters())
        let outcome = try await service(door).change(
            MembershipPlan(add: [.init(address: "10.0.0.4:9177")]), waitMilliseconds: 300)
        #expect(!outcome.isFinished)
        #expect(outcome.pending == "node 4 is a learner and becomes a voter as soon as it has caught up")
        #expect(outcome.view.member(4)?.role == .joining)
        #expect(door.elapsedMilliseconds == 300)
        let learner = try await service(door).change(
            MembershipPlan(add: [.init(address: "10.0.0.5:9177", isLearner: true)]), waitMilliseconds: 300)
        #expect(learner.isFinished)
        #expect(learner.view.member(5)?.role == .learner)
    }

    @Test func `asking again for an address under which nobody has spoken gives the same id and writes nothing`()
        async throws
    {
        let door = ScriptedDoor(threeVoters())
        let plan = MembershipPlan(add: [.init(address: "10.0.0.4:9177")])
        for _ in 0..<3 {
            #expect(try await service(door).change(plan, waitMilliseconds: 0).addedIDs == [4])
        }
        #expect(door.proposed.count == 1)
        door.set(door.configuration.refining(incarnations: [(id: NodeID(4), incarnation: 9)], featureLevel: 0))
        await #expect(
            throws: ClusterRefusal.conflict(
                "address: node 4 is at 10.0.0.4:9177 already; remove it in the same change, or name it as the one that "
                    + "is replaced")
        ) { try await service(door).change(plan, waitMilliseconds: 0) }
    }

    @Test func `a removal is done when the node is no member and the change is final`() async throws {
        let door = ScriptedDoor(threeVoters())
        door.onPause { number, facts in if number == 3 { facts.configuration = facts.configuration.leavingJoint() } }
        let outcome = try await service(door).change(MembershipPlan(remove: [3]), waitMilliseconds: 10_000)
        #expect(outcome.isFinished)
        #expect(outcome.view.members.map(\.id) == [1, 2])
        #expect(door.elapsedMilliseconds == 60)
        await #expect(throws: ClusterRefusal.notFound("node 3 is not a member any more: it was removed")) {
            try await service(door).change(MembershipPlan(remove: [3]), waitMilliseconds: 0)
        }
        await #expect(throws: ClusterRefusal.notFound("node 9 is not a member")) {
            try await service(door).change(MembershipPlan(promote: [9]), waitMilliseconds: 0)
        }
    }

    @Test func `what the moment refused is asked again, and nothing that may have been appended is`() async throws {
        let door = ScriptedDoor(threeVoters())
        door.answerBarriers([.refused(.noLeader), .refused(.notLeader)])
        door.answerChanges([.refused(.transferring), .refused(.changeUnderWay), .refused(.notLeader)])
        _ = try await service(door).change(
            MembershipPlan(priorities: [.init(id: 2, priority: 200)]), waitMilliseconds: 0)
        #expect(door.proposed.count == 4)

        door.answerChanges([.unknown])
        let unknown = await #expect(throws: ClusterRefusal.self) {
            try await service(door).change(
                MembershipPlan(priorities: [.init(id: 2, priority: 1)]), waitMilliseconds: 0)
        }
        guard case .outcomeUnknown = unknown else {
            Issue.record("\(String(describing: unknown))")
            return
        }
        #expect(door.proposed.count == 5)
    }

    static let refusals: [(RefusalReason, Bool)] = [
        (.quorumUnreachable, false), (.diskFull, false), (.stopping, false), (.notCaughtUp, true), (.tooLarge, true),
    ]

    @Test(arguments: refusals)
    func `a refusal that does not pass is told at once, in words`(reason: RefusalReason, isConflict: Bool) async throws
    {
        let door = ScriptedDoor(threeVoters())
        door.answerChanges([.refused(reason)])
        let refusal = await #expect(throws: ClusterRefusal.self) {
            try await service(door).change(
                MembershipPlan(priorities: [.init(id: 2, priority: 1)]), waitMilliseconds: 0)
        }
        switch refusal {
        case .conflict(let words): #expect(isConflict && words.count > 20)
        case .unavailable(let words): #expect(!isConflict && words.count > 20)
        case .notFound, .outcomeUnknown, .timedOut, nil: Issue.record("\(String(describing: refusal))")
        }
        #expect(door.elapsedMilliseconds == 0)
    }

    @Test func `another change that stays under way is told after a while`() async throws {
        let joint = try threeVoters().applying(MembershipChange(remove: [NodeID(3)]))
        let door = ScriptedDoor(joint)
        let refusal = await #expect(throws: ClusterRefusal.self) {
            try await service(door).change(MembershipPlan(remove: [2]), waitMilliseconds: 0)
        }
        guard case .conflict(let words) = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        #expect(words.contains("under way"))
        #expect(door.proposed.isEmpty)
        #expect((5_000...5_100).contains(door.elapsedMilliseconds))
    }

    @Test func `nobody can join a cluster whose members have no address`() async throws {
        let door = ScriptedDoor(Configuration(voters: [NodeID(1)]))
        let refusal = await #expect(throws: ClusterRefusal.self) {
            try await service(door).change(
                MembershipPlan(add: [.init(address: "10.0.0.4:9177")]), waitMilliseconds: 0)
        }
        guard case .conflict(let words) = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        #expect(words.contains("founded without an address"))
    }

    @Test func `a transfer is done when the target leads in a later term, and asked again when it is not taken up`()
        async throws
    {
        let door = ScriptedDoor(threeVoters())
        door.onPause { number, facts in
            if number == 100 {
                facts.leaderID = nil
                facts.term = 4
            }
            if number == 102 { facts.leaderID = 2 }
        }
        let outcome = try await service(door).transfer(to: 2, waitMilliseconds: 10_000)
        #expect(outcome == TransferOutcome(leaderID: 2, term: 4, milliseconds: 2_040))
        #expect(door.transfers == [NodeID(2), NodeID(2)])
        #expect(try await service(door).transfer(to: 2, waitMilliseconds: 10_000).milliseconds == 0)
    }

    @Test func `a transfer that does not happen ends with who leads`() async throws {
        let door = ScriptedDoor(threeVoters())
        let late = await #expect(throws: ClusterRefusal.self) {
            try await service(door).transfer(to: nil, waitMilliseconds: 200)
        }
        guard case .timedOut(let words) = late else {
            Issue.record("\(String(describing: late))")
            return
        }
        #expect(words.hasPrefix("leadership did not move within 200 ms; node 1 leads"))
        await #expect(throws: ClusterRefusal.notFound("to: node 9 is not a member")) {
            try await service(door).transfer(to: 9, waitMilliseconds: 200)
        }
        let learner = try threeVoters().applying(MembershipChange(add: [Member(id: NodeID(4), address: "a:1")]))
        await #expect(throws: ClusterRefusal.conflict("to: node 4 is no voter, so it cannot lead")) {
            try await service(ScriptedDoor(learner)).transfer(to: 4, waitMilliseconds: 200)
        }
        await #expect(throws: ClusterRefusal.conflict("there is no other voter to lead")) {
            try await service(ScriptedDoor(Configuration(voters: [NodeID(1)]))).transfer(to: nil, waitMilliseconds: 1)
        }
        await #expect(throws: ClusterRefusal.unavailable("no leader is known, so none can hand over")) {
            try await service(ScriptedDoor(threeVoters(), leader: nil)).transfer(to: nil, waitMilliseconds: 100)
        }
    }
}
