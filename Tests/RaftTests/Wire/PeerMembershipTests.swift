/// Transports while the membership changes: who is refused, who is still talked to, who is answered before he is known.

import Raft
import RaftTCP
import Testing

@Suite("Transport and membership")
struct PeerMembershipTests {
    /// Voters 1 and 2, the latter bound to `directory`; 3 was removed.
    private static func members(directory: UInt64 = 22) -> Configuration {
        Configuration(
            members: [Member(id: NodeID(1)), Member(id: NodeID(2), incarnation: directory)],
            voters: [NodeID(1), NodeID(2)], usedThrough: NodeID(3))
    }

    @Test("bug 9: a wiped directory under a member's id is refused, and both sides hear why")
    func wipedDirectory() async throws {
        let host = try await WireNode(1, committed: Self.members(), peers: [:])
        let wiped = try await WireNode(2, incarnation: 23, peers: [1: host.port])
        let refusal = Refusal(reason: .otherDirectory, from: NodeID(1))
        try await wiped.event(.refused(NodeID(1), refusal))
        #expect(refusal.reason.isFinal)
        try await host.event(.rejected(NodeID(2), .otherDirectory))
        await wiped.transport.stop()
        let member = try await WireNode(2, incarnation: 22, peers: [1: host.port])
        try await member.event(.connected(NodeID(1)))
        await member.transport.stop()
        await host.transport.stop()
    }

    @Test("a removed node is refused and hears that it is final")
    func removedNode() async throws {
        let host = try await WireNode(1, committed: Self.members(), peers: [:])
        let gone = try await WireNode(3, peers: [1: host.port])
        try await gone.event(.refused(NodeID(1), Refusal(reason: .removed, from: NodeID(1))))
        await gone.transport.stop()
        await host.transport.stop()
    }

    @Test("bug 9: a wiped directory is not sent to either, whoever dials")
    func dialledDirectory() async throws {
        let wiped = try await WireNode(2, incarnation: 23, peers: [:])
        let node = try await WireNode(1, committed: Self.members(), peers: [2: wiped.port])
        try await node.event(.rejected(NodeID(2), .otherDirectory))
        #expect(!node.events.elements.contains(.connected(NodeID(2))))
        let statistics = try #require(try await node.transport.statistics.first)
        #expect(!statistics.isConnected && statistics.incarnation == 23 && statistics.failedDials >= 1)
        await node.transport.stop()
        await wiped.transport.stop()
    }

    @Test("a directory that is bound while connected ends the connections of another one")
    func boundMeanwhile() async throws {
        let host = try await WireNode(1, committed: Self.members(directory: 0), peers: [:])
        let other = try await WireNode(2, incarnation: 23, peers: [1: host.port])
        try await other.event(.connected(NodeID(1)))
        host.transport.updatePeers(WireNode.addresses([2: other.port]))
        try await host.event(.connected(NodeID(2)))
        host.transport.updateAdmission(committed: Self.members())
        try await host.event(.rejected(NodeID(2), .otherDirectory))
        try await other.event(.refused(NodeID(1), Refusal(reason: .otherDirectory, from: NodeID(1))))
        await other.transport.stop()
        await host.transport.stop()
    }

    @Test("a node that nobody was told of yet is let in and answered at the address that it tells")
    func newerNode() async throws {
        let lagging = try await WireNode(1, committed: Self.members(), peers: [:])
        let newer = try await WireNode(9, isAdvertised: true, peers: [1: lagging.port])
        try await newer.event(.connected(NodeID(1)))
        try await lagging.event(.connected(NodeID(9)))
        newer.transport.send(WireNode.beat(9, 1, 4))
        #expect(try await lagging.messages.wait(for: "a message") { !$0.isEmpty } == [WireNode.beat(9, 1, 4)])
        lagging.transport.send(WireNode.beat(1, 9, 5))
        #expect(try await newer.messages.wait(for: "an answer") { !$0.isEmpty } == [WireNode.beat(1, 9, 5)])
        // Once the configuration names it there, the link stays the same.
        lagging.transport.updatePeers(WireNode.addresses([9: newer.port]))
        lagging.transport.send(WireNode.beat(1, 9, 6))
        #expect(try await newer.messages.wait(for: "both") { $0.count == 2 }.last == WireNode.beat(1, 9, 6))
        #expect(!lagging.events.elements.contains(.disconnected(NodeID(9))))
        await newer.transport.stop()
        await lagging.transport.stop()
    }

    @Test("a node that tells no address is heard; what is for it is dropped until its address is known")
    func withoutAddress() async throws {
        let host = try await WireNode(1, peers: [:])
        let silent = try await WireNode(9, peers: [1: host.port])
        try await silent.event(.connected(NodeID(1)))
        host.transport.send(WireNode.beat(1, 9, 1))
        silent.transport.send(WireNode.beat(9, 1, 2))
        #expect(try await host.messages.wait(for: "a message") { !$0.isEmpty } == [WireNode.beat(9, 1, 2)])
        let member = Member(id: NodeID(9), address: "127.0.0.1:\(silent.port)")
        host.transport.updatePeers(
            following: Configuration(members: [Member(id: NodeID(1)), member], voters: [NodeID(1)]))
        try await host.event(.connected(NodeID(9)))
        host.transport.send(WireNode.beat(1, 9, 3))
        #expect(try await silent.messages.wait(for: "a message") { !$0.isEmpty } == [WireNode.beat(1, 9, 3)])
        await silent.transport.stop()
        await host.transport.stop()
    }

    @Test("seeds stand in for members without an address and for nodes not known yet, not for removed ones")
    func seeds() async throws {
        let second = try await WireNode(2, peers: [:])
        let third = try await WireNode(3, peers: [:])
        let ninth = try await WireNode(9, peers: [:])
        let node = try await WireNode(1, peers: [:])
        node.transport.updatePeers(
            following: Self.members(directory: 0),
            seeds: WireNode.addresses([2: second.port, 3: third.port, 9: ninth.port]))
        try await node.event(.connected(NodeID(2)))
        try await node.event(.connected(NodeID(9)))
        #expect(try await node.transport.statistics.map(\.node) == [NodeID(2), NodeID(9)])
        for each in [second, third, ninth, node] { await each.transport.stop() }
    }

    @Test("a change of peers leaves the links alone whose address stays, and redials who moved")
    func unchangedLinks() async throws {
        let (first, second) = try await WireNode.pair()
        let third = try await WireNode(3, peers: [:])
        first.transport.updatePeers(WireNode.addresses([2: second.port, 3: third.port]))
        try await first.event(.connected(NodeID(3)))
        #expect(!first.events.elements.contains(.disconnected(NodeID(2))))
        let moved = try await WireNode(2, peers: [:])
        first.transport.updatePeers(WireNode.addresses([2: moved.port, 3: third.port]))
        try await first.event(.connected(NodeID(2)), times: 2)
        first.transport.send(WireNode.beat(1, 2, 7))
        #expect(try await moved.messages.wait(for: "a message") { !$0.isEmpty } == [WireNode.beat(1, 2, 7)])
        for each in [first, second, third, moved] { await each.transport.stop() }
    }

    @Test("a node that leaves the peers is still talked to for a while, then cut off and refused")
    func leaving() async throws {
        var options = WireNode.quickOptions
        options.leavingMilliseconds = 300
        let (first, second) = try await WireNode.pair(options: options)
        first.transport.updatePeers([:])
        first.transport.updateAdmission(
            committed: Configuration(members: [Member(id: NodeID(1))], voters: [NodeID(1)], usedThrough: NodeID(2)))
        // It has to hear that it was removed, and what it answers has to be heard.
        first.transport.send(WireNode.beat(1, 2, 1))
        #expect(try await second.messages.wait(for: "a message") { !$0.isEmpty } == [WireNode.beat(1, 2, 1)])
        second.transport.send(WireNode.beat(2, 1, 2))
        #expect(try await first.messages.wait(for: "an answer") { !$0.isEmpty } == [WireNode.beat(2, 1, 2)])
        try await first.event(.inboundDisconnected(NodeID(2)))
        try await second.event(.refused(NodeID(1), Refusal(reason: .removed, from: NodeID(1))))
        #expect(try await first.transport.statistics.isEmpty)
        await second.transport.stop()
        await first.transport.stop()
    }

    @Test("a node that leaves and comes back in time keeps its link")
    func backInTime() async throws {
        let (first, second) = try await WireNode.pair()
        first.transport.updatePeers([:])
        first.transport.updatePeers(WireNode.addresses([2: second.port]))
        first.transport.send(WireNode.beat(1, 2, 1))
        #expect(try await second.messages.wait(for: "a message") { !$0.isEmpty } == [WireNode.beat(1, 2, 1)])
        #expect(!first.events.elements.contains(.disconnected(NodeID(2))))
        await second.transport.stop()
        await first.transport.stop()
    }

    @Test("two builds use the newest version that both speak, and refuse each other when there is none")
    func versions() async throws {
        var later = WireNode.quickOptions
        later.protocolVersions = 2...5
        let host = try await WireNode(1, peers: [:])
        let newer = try await WireNode(2, peers: [1: host.port], options: later)
        try await newer.event(.connected(NodeID(1)))
        #expect(try await newer.transport.statistics.first?.protocolVersion == 3)
        await newer.transport.stop()
        later.protocolVersions = 4...5
        let tooNew = try await WireNode(3, peers: [1: host.port], options: later)
        try await tooNew.event(.refused(NodeID(1), Refusal(reason: .otherVersion, from: NodeID(1))))
        await tooNew.transport.stop()
        await host.transport.stop()
    }
}
