/// The rules of membership at one node: what is refused, what a truncation or a snapshot makes of the configuration,
/// who is listened to. Catalogue bugs 9, 24 to 36.

import Testing

@testable import RaftCore

@Suite struct MembershipRulesTests {
    private let options = CoreOptions(featureLevelMax: 0)

    private func leader(voters ids: [UInt64] = [1, 2, 3], acknowledged: Bool = true) -> CoreDriver {
        var node = CoreDriver(voters: ids, options: options)
        node.lead()
        if acknowledged { node.receive(.appendReply(AppendReply(result: .matched(LogIndex(1)))), term: 1) }
        return node
    }

    private func propose(_ change: MembershipChange, to node: inout CoreDriver, nonce: UInt64 = 1) -> RefusalReason? {
        let id = ProposalID(origin: CoreDriver.one, nonce: nonce)
        let before = node.proposalsRefused.count
        node.step(.propose([Proposal(id: id, kind: .membershipChange, payload: change.encode())]))
        return node.proposalsRefused.count > before ? node.proposalsRefused.last?.reason : nil
    }

    @Test func `bug 24: refused until an entry of the own term is committed`() {
        var node = leader(acknowledged: false)
        let change = MembershipChange(add: [Member(id: NodeID(4))])
        #expect(propose(change, to: &node) == .changeUnderWay)
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(1)))), term: 1)
        #expect(propose(change, to: &node, nonce: 2) == nil)
        #expect(node.core.configuration.learners == [NodeID(4)])
    }

    @Test func `invariant 11: one change at a time, and none while joint`() {
        var node = leader()
        #expect(propose(MembershipChange(remove: [NodeID(3)]), to: &node) == nil)
        #expect(node.core.configuration.isJoint)
        #expect(propose(MembershipChange(add: [Member(id: NodeID(4))]), to: &node, nonce: 2) == .changeUnderWay)
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(2)))), term: 1)
        // Joint is left by itself; until that is committed nothing else begins.
        #expect(node.core.configuration == voters(1, 2).usedThrough(3))
        #expect(propose(MembershipChange(add: [Member(id: NodeID(4))]), to: &node, nonce: 3) == .changeUnderWay)
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(3)))), term: 1)
        #expect(propose(MembershipChange(add: [Member(id: NodeID(4))]), to: &node, nonce: 4) == nil)
    }

    @Test func `bug 25: a configuration counts from its entry on, before it is committed`() {
        var node = leader()
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(1)))), from: 3, term: 1)
        #expect(propose(MembershipChange(remove: [NodeID(2)]), to: &node) == nil)
        #expect(node.core.configuration.voters == [NodeID(1), NodeID(3)])
        // A majority of the old three, but not of the new two.
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(2)))), from: 2, term: 1)
        #expect(node.core.commit == LogIndex(1))
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(2)))), from: 3, term: 1)
        #expect(node.core.commit == LogIndex(2))
    }

    @Test func `bug 26: a leader that took over an uncommitted joint configuration does not leave it too early`() {
        var found = disk(terms: [1])
        found.entries.append(entry(2, 1, voters(1, 2, outgoing: [1, 2, 3])))
        var node = CoreDriver(recovering: found, founding: voters(1, 2, 3), options: options)
        node.lead()
        #expect(node.core.role == .leader && node.core.log.lastIndex == LogIndex(3))
        // Node 2 has the joint entry, but not yet one of this term.
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(2)))), term: 2)
        #expect(node.core.configuration.isJoint && node.core.log.lastIndex == LogIndex(3))
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(3)))), term: 2)
        #expect(!node.core.configuration.isJoint && node.core.log.lastIndex == LogIndex(4))
    }

    @Test func `bug 28: a change whose voters cannot be reached is not begun`() {
        var node = leader()
        for _ in 0..<options.electionTimeoutTicks {
            node.receive(.heartbeatReply(HeartbeatReply(round: 0)), term: 1)
            node.tick()
        }
        #expect(node.core.role == .leader)
        #expect(propose(MembershipChange(remove: [NodeID(2)]), to: &node) == .quorumUnreachable)
        #expect(propose(MembershipChange(remove: [NodeID(3)]), to: &node, nonce: 2) == nil)
    }

    @Test func `bug 28: a voter that never answered this leader does not count as reachable`() {
        var node = leader()
        #expect(propose(MembershipChange(remove: [NodeID(2)]), to: &node) == .quorumUnreachable)
        node.receive(.heartbeatReply(HeartbeatReply(round: 0)), from: 3, term: 1)
        #expect(propose(MembershipChange(remove: [NodeID(2)]), to: &node, nonce: 2) == nil)
    }

    @Test func `bug 36: a learner that is behind or silent is not promoted`() {
        var node = leader()
        #expect(propose(MembershipChange(add: [Member(id: NodeID(4))]), to: &node) == nil)
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(2)))), term: 1)
        let promotion = MembershipChange(promote: [NodeID(4)])
        #expect(propose(promotion, to: &node, nonce: 2) == .notCaughtUp)
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(2)))), from: 4, term: 1)
        node.tick()
        var late = node
        for _ in 0..<options.electionTimeoutTicks {
            late.receive(.heartbeatReply(HeartbeatReply(round: 0)), term: 1)
            late.tick()
        }
        #expect(late.core.role == .leader)
        #expect(propose(promotion, to: &late, nonce: 3) == .notCaughtUp)
        #expect(propose(promotion, to: &node, nonce: 3) == nil)
        #expect(node.core.configuration.voters.count == 4)
    }

    @Test func `bug 36: a round that takes longer than an election time-out does not count as caught up`() {
        var rounds = CatchUp(target: LogIndex(100), startedTicks: 0)
        func observe(_ match: UInt64, _ last: UInt64, _ now: UInt64, silent: Bool = false) -> Bool {
            rounds.observe(
                match: LogIndex(match), lastIndex: LogIndex(last), nowTicks: now, timeoutTicks: 10, isSilent: silent)
            return rounds.isCaughtUp
        }
        #expect(!observe(50, 200, 10))
        #expect(!observe(100, 300, 25))
        #expect(!observe(299, 310, 30))
        #expect(observe(300, 320, 35))
        #expect(observe(310, 330, 45))
        #expect(!observe(310, 330, 46))
        #expect(observe(320, 330, 47) == false && observe(330, 330, 48))
        #expect(!observe(330, 330, 49, silent: true))
    }

    @Test func `what cannot be read or makes no sense is refused`() {
        var node = leader()
        #expect(propose(MembershipChange(remove: [NodeID(9)]), to: &node) == .invalidChange)
        let id = ProposalID(origin: CoreDriver.one, nonce: 2)
        node.step(.propose([Proposal(id: id, kind: .membershipChange, payload: [9, 9])]))
        #expect(node.proposalsRefused.map(\.reason) == [.invalidChange, .invalidChange])
        #expect(node.core.log.lastIndex == LogIndex(1))
    }

    @Test("bugs 29, 31 and 32: a truncation goes back by as many configurations as it removes", arguments: [0, 1, 2])
    func truncation(cut: Int) {
        let joint = voters(1, 2, outgoing: [1, 2, 3])
        var node = CoreDriver(options: options)
        let entries = [
            Entry(index: LogIndex(1), term: Term(1), kind: .command), entry(2, 1, joint),
            entry(3, 1, joint.leavingJoint()),
        ]
        node.receive(.append(AppendRequest(previous: .zero, entries: entries, commit: .zero)), term: 1)
        #expect(node.core.configuration == joint.leavingJoint())
        let keep = UInt64(3 - cut)
        node.append(after: (keep, 1), terms: [2], from: 3, term: 2)
        #expect(node.core.configuration == [joint.leavingJoint(), joint, voters(1, 2, 3)][cut])
        #expect(node.core.history.items.count == 3 - cut)
        #expect(node.configurations.last == node.core.configuration)
    }

    @Test func `bug 29: a snapshot's configuration counts, and none that stood in the log it replaced`() {
        let stale = voters(1, 2, outgoing: [1, 2, 3])
        var node = CoreDriver(options: options)
        let entries = [Entry(index: LogIndex(1), term: Term(1), kind: .command), entry(2, 1, stale)]
        node.receive(.append(AppendRequest(previous: .zero, entries: entries, commit: .zero)), term: 1)
        let inside = LoggedConfiguration(index: LogIndex(2), configuration: voters(1, 2, 3, 4))
        var replaced = node
        replaced.step(.snapshotInstalled(position: position(5, 2), configuration: inside))
        #expect(replaced.core.configuration == inside.configuration)
        #expect(replaced.core.history.items == [inside])
        // No configuration entry is among what the snapshot covers: the founding one is back.
        var founding = node
        founding.step(.snapshotInstalled(position: position(5, 2), configuration: nil))
        #expect(founding.core.configuration == voters(1, 2, 3))
        // The log goes on where the snapshot ends: what it holds after that survives.
        var survivor = node
        survivor.step(.snapshotInstalled(position: position(1, 1), configuration: nil))
        #expect(survivor.core.configuration == stale)
    }

    @Test func `bug 27: after a restart the configurations of the log are in force again`() {
        var found = disk(terms: [1, 1])
        found.entries.append(entry(3, 1, voters(1, 2, outgoing: [1, 2, 3])))
        let node = CoreDriver(
            recovering: found, founding: .none,
            configuration: LoggedConfiguration(index: LogIndex(1), configuration: voters(1, 2, 3)), options: options)
        #expect(node.core.configuration.isJoint)
        #expect(node.core.history.items.map(\.index) == [LogIndex(1), LogIndex(3)])
    }

    @Test func `an append with a configuration that cannot be read is not taken in`() {
        var node = CoreDriver(options: options)
        let broken = Entry(index: LogIndex(1), term: Term(1), kind: .configuration, payload: [1, 2, 3])
        node.receive(.append(AppendRequest(previous: .zero, entries: [broken], commit: .zero)), term: 1)
        #expect(node.core.log.lastIndex == .zero && node.core.ignoredMessages == 1)
    }

    @Test func `the configuration is told with the first step and with every change, and only then`() {
        var node = leader()
        #expect(node.configurations == [voters(1, 2, 3)])
        #expect(propose(MembershipChange(add: [Member(id: NodeID(4))]), to: &node) == nil)
        node.propose(7)
        #expect(node.configurations.map(\.learners) == [[], [NodeID(4)]])
    }
}

extension Configuration {
    func usedThrough(_ id: UInt64) -> Configuration {
        Configuration(members: members, voters: voters, outgoing: outgoing, usedThrough: NodeID(id))
    }
}
