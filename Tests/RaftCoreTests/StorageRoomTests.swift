/// Disks that are nearly full: no commands, but a leader can always be elected, read from and given other members.

import Testing

@testable import RaftCore

@Suite struct StorageRoomTests {
    private let options = CoreOptions(heartbeatTicks: 2, electionTimeoutTicks: 10, featureLevelMax: 0)

    private func reply(_ node: CoreDriver, low: Bool) -> MessageBody {
        .heartbeatReply(HeartbeatReply(round: 0, hasNoRoom: low, storageIsLow: low))
    }

    @Test func `when every disk is nearly full, a new leader still commits its first entry and changes members`() {
        var cluster = TestCluster(nodes: 4, options: options)
        cluster.elect(0)
        cluster.propose(0)
        for place in 0..<4 { cluster.step(place, .storageLow(true)) }
        cluster.tickAll(times: 4)
        cluster.crash(0)
        cluster.elect(1)
        cluster.tickAll(times: 4)
        #expect(cluster.nodes[1].core.commit == cluster.nodes[1].core.log.lastIndex)
        let read = cluster.read(1)
        cluster.settle()
        #expect(cluster.nodes[1].ready[read] != nil)
        // The attempt to hand over, made before the others said that they are no better off, has ended.
        cluster.tickAll(times: 3 * options.electionTimeoutTicks)
        cluster.change(1, MembershipChange(remove: [NodeID(1)]))
        cluster.tickAll(times: 150)
        #expect(
            cluster.members(1) == [[2, 3, 4], [], []] && cluster.members(2) == [[2, 3, 4], [], []], "\(cluster.summary)"
        )
        let refused = cluster.propose(1)
        #expect(cluster.nodes[1].proposalsRefused[refused] == .diskFull)
        for place in 1..<4 { cluster.step(place, .storageLow(false)) }
        cluster.tickAll(times: 4)
        let taken = cluster.propose(1)
        cluster.tickAll(times: 4)
        #expect(cluster.nodes[3].appliedProposals.contains(taken))
        cluster.expectNoProblems()
    }

    @Test func `a follower without room takes what an earlier leader left uncommitted, and no command of this term`() {
        var node = CoreDriver(options: options)
        node.step(.storageLow(true))
        node.append(after: (0, 0), terms: [1, 1, 2, 2], commit: 1, term: 2)
        // 1 is committed and can wait; nothing after it can be taken without it.
        #expect(node.core.log.lastIndex == .zero)
        node.append(after: (0, 0), terms: [1, 1, 2, 2], commit: 0, term: 2)
        #expect(node.terms == [1, 1])
        #expect(node.sent.appendReplies.last == .matched(LogIndex(2)))
        node.step(.storageLow(false))
        node.append(after: (2, 1), terms: [2, 2], commit: 0, term: 2)
        #expect(node.terms == [1, 1, 2, 2])
    }

    @Test func `commands are refused while the disks of a quorum are nearly full, and taken again after`() {
        var node = CoreDriver(voters: [1, 2, 3, 4, 5], options: options)
        node.runOutOfPatience()
        for peer: UInt64 in [2, 3] { node.receive(.preVoteReply(VoteReply(granted: true)), from: peer, term: 1) }
        for peer: UInt64 in [2, 3] { node.receive(.voteReply(VoteReply(granted: true)), from: peer, term: 1) }
        for peer: UInt64 in [2, 3] { node.receive(reply(node, low: true), from: peer, term: 1) }
        node.propose(1)
        #expect(node.proposalsRefused.isEmpty, "three of five are enough")
        node.receive(reply(node, low: true), from: 4, term: 1)
        node.propose(2)
        #expect(node.proposalsRefused.map(\.reason) == [.diskFull])
        node.receive(reply(node, low: false), from: 2, term: 1)
        node.propose(3)
        #expect(node.proposalsRefused.count == 1)
    }

    @Test func `a peer without room is sent nothing that it would only refuse`() {
        var node = CoreDriver(options: options)
        node.lead()
        for peer: UInt64 in [2, 3] {
            node.receive(.appendReply(AppendReply(result: .matched(LogIndex(1)))), from: peer, term: 1)
        }
        node.receive(reply(node, low: true), term: 1)
        node.sent.removeAll()
        node.propose(1)
        #expect(node.sent.appends(to: CoreDriver.two).isEmpty)
        #expect(node.sent.appends(to: CoreDriver.three).map(\.entries.count) == [1])
        node.receive(reply(node, low: false), term: 1)
        #expect(node.sent.appends(to: CoreDriver.two).map(\.entries.count) == [1])
    }

    @Test func `leadership is not handed to a voter whose disk is nearly full`() {
        var node = CoreDriver(options: options)
        node.lead()
        for peer: UInt64 in [2, 3] {
            node.receive(.appendReply(AppendReply(result: .matched(LogIndex(1)))), from: peer, term: 1)
        }
        node.receive(reply(node, low: true), term: 1)
        node.step(.transferLeadership(target: nil))
        #expect(node.core.transfer?.target == CoreDriver.three)
    }
}
