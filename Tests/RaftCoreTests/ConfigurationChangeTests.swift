/// Which configuration follows from which, without a log: every step there is, up to four voters.

import Testing

@testable import RaftCore

@Suite struct ConfigurationChangeTests {
    private func subsets(_ count: Int) -> [[NodeID]] {
        (0..<(1 << count)).map { bits in
            (0..<count).filter { bits >> $0 & 1 == 1 }.map { NodeID(UInt64($0) + 1) }
        }
    }

    /// Tries every pair of disjoint quorums, without the shortcut that the product takes.
    private func quorumsIntersect(_ first: Configuration, _ second: Configuration) -> Bool {
        let all = Set(first.memberIDs + second.memberIDs).sorted()
        for subset in 0..<(1 << all.count) {
            func isInside(_ node: NodeID) -> Bool { all.firstIndex(of: node).map { subset >> $0 & 1 == 1 } ?? false }
            if first.hasQuorum(of: isInside) && second.hasQuorum(of: { !isInside($0) }) { return false }
        }
        return true
    }

    @Test func `invariant 11: over all changes of up to four voters, consecutive quorums intersect`() throws {
        var steps = 0
        for voterSet in subsets(4) where !voterSet.isEmpty {
            let before = Configuration(members: (1...5).map { Member(id: NodeID($0)) }, voters: voterSet)
            for removed in subsets(5) {
                for promoted in subsets(5) {
                    let change = MembershipChange(
                        promote: promoted.filter { !voterSet.contains($0) && !removed.contains($0) }, remove: removed)
                    let next: Configuration
                    do {
                        next = try before.applying(change)
                    } catch {
                        #expect([.nothingToDo, .noVoterLeft].contains(error), "\(error)")
                        continue
                    }
                    steps += 1
                    let wanted = (voterSet + change.promote).filter { !removed.contains($0) }.sorted()
                    var final = next
                    if next.isJoint {
                        #expect(next.outgoing == voterSet)
                        final = next.leavingJoint()
                        if !quorumsIntersect(next, final) { Issue.record("\(next) to \(final)") }
                        #expect(next.everyQuorumIntersects(final))
                    }
                    if !quorumsIntersect(before, next) { Issue.record("\(before) to \(next)") }
                    #expect(final.voters == wanted && !final.isJoint)
                    for node in removed { #expect(final.wasRemoved(node) && !final.isMember(node)) }
                }
            }
        }
        #expect(steps > 1000)
    }

    @Test func `the checker's shortcut agrees with trying all quorums`() {
        for first in subsets(4) where !first.isEmpty {
            for second in subsets(4) where !second.isEmpty {
                for outgoing in subsets(4) {
                    let left = Configuration(voters: first)
                    let right = Configuration(voters: second, outgoing: outgoing)
                    if left.everyQuorumIntersects(right) != quorumsIntersect(left, right) {
                        Issue.record("\(first) and \(second), outgoing \(outgoing)")
                    }
                }
            }
        }
        #expect(!voters(1).everyQuorumIntersects(voters(2)))
        #expect(!voters(1, 2, 3, 4, 5).everyQuorumIntersects(voters(1, 2)))
        #expect(voters(1, 2, 3).everyQuorumIntersects(voters(1, 2, 3, 4)))
    }

    @Test func `a promoted learner replaces its voter in one joint step`() throws {
        var change = MembershipChange(add: [Member(id: NodeID(4), isJoining: true, replaces: NodeID(2))])
        let learning = try voters(1, 2, 3).applying(change)
        #expect(!learning.isJoint && learning.learners == [NodeID(4)])
        change = MembershipChange(promote: [NodeID(4)])
        let joint = try learning.applying(change)
        #expect(joint.voters == [NodeID(1), NodeID(3), NodeID(4)] && joint.outgoing == learning.voters)
        #expect(joint.member(NodeID(4))?.isJoining == false && joint.isMember(NodeID(2)))
        #expect(joint.leavingJoint().wasRemoved(NodeID(2)))
    }

    @Test func `changes that make no sense are refused by name`() {
        let before = voters(1, 2, 3)
        func problem(_ change: MembershipChange) -> MembershipProblem? {
            do { _ = try before.applying(change) } catch { return error }
            return nil
        }
        #expect(problem(MembershipChange()) == .nothingToDo)
        #expect(problem(MembershipChange(add: [Member(id: NodeID(3))])) == .idUsedBefore(NodeID(3), next: NodeID(4)))
        #expect(problem(MembershipChange(add: [Member(id: NodeID(.max))])) == .idTooLarge(NodeID(.max)))
        #expect(problem(MembershipChange(promote: [NodeID(3)])) == .notALearner(NodeID(3)))
        #expect(problem(MembershipChange(remove: [NodeID(9)])) == .unknownMember(NodeID(9)))
        #expect(problem(MembershipChange(remove: [NodeID(1), NodeID(2), NodeID(3)])) == .noVoterLeft)
        #expect(problem(MembershipChange(promote: [NodeID(2)], remove: [NodeID(2)])) == .namedTwice(NodeID(2)))
        let long = String(repeating: "a", count: 301)
        #expect(
            problem(MembershipChange(add: [Member(id: NodeID(4), address: long)])) == .addressTooLong(NodeID(4), 301))
        #expect(throws: MembershipProblem.changeUnderWay) {
            try voters(1, 2, outgoing: [1]).applying(MembershipChange(remove: [NodeID(2)]))
        }
    }

    @Test func `bug 36: refining keeps roles, fills in directories once and never lowers the feature level`() throws {
        let before = try voters(1, 2).applying(MembershipChange(add: [Member(id: NodeID(3), isJoining: true)]))
        let refined = before.refining(incarnations: [(NodeID(1), 7), (NodeID(3), 9)], featureLevel: 4)
        #expect(refined.learners == [NodeID(3)] && refined.member(NodeID(3))?.isJoining == true)
        let again = refined.refining(incarnations: [(NodeID(1), 8)], featureLevel: 2)
        #expect(again == refined && again.featureLevel == 4 && again.member(NodeID(1))?.incarnation == 7)
        #expect(try Configuration.decode(again.encode()) == again)
    }
}
