/// Transports over loopback: both ways, restarts, refusals, full queues, ports in use.

import Logging
import NIOCore
import NIOPosix
import Raft
import RaftTCP
import Testing

/// One transport with everything it heard.
struct WireNode {
    let transport: TCPTransport
    let messages = WireRecorder<RaftMessage>()
    let events = WireRecorder<ConnectionEvent>()
    let port: Int

    static let cluster = [UInt8](1...16)

    /// Short pauses, and time limits that a busy machine does not run into.
    static var quickOptions: TCPOptions {
        var options = TCPOptions()
        options.connectTimeoutMilliseconds = 20_000
        options.handshakeTimeoutMilliseconds = 20_000
        options.unacknowledgedTimeoutMilliseconds = 60_000
        options.backoffMilliseconds = 10...100
        return options
    }

    /// A transport that listens on loopback, on a port of the system's choice unless told otherwise.
    init(
        _ id: UInt64, cluster: [UInt8] = WireNode.cluster, incarnation: UInt64 = 0, isAdvertised: Bool = false,
        committed: Configuration = .none, peers: [UInt64: Int], port: Int = 0,
        options: TCPOptions = WireNode.quickOptions
    ) async throws {
        var logger = Logger(label: "transport-test")
        logger.logLevel = .critical
        transport = TCPTransport(
            nodeID: NodeID(id), clusterID: cluster, incarnation: incarnation,
            advertised: isAdvertised ? PeerAddress(host: "127.0.0.1", port: 0) : nil, committed: committed,
            peers: WireNode.addresses(peers),
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), options: options, logger: logger)
        let (messages, events) = (messages, events)
        self.port = try await transport.start(
            listen: "127.0.0.1", port: port, observe: { events.record($0) }, receive: { messages.record($0) })
    }

    static func addresses(_ ports: [UInt64: Int]) -> [NodeID: PeerAddress] {
        var result: [NodeID: PeerAddress] = [:]
        for (id, port) in ports { result[NodeID(id)] = PeerAddress(host: "127.0.0.1", port: port) }
        return result
    }

    func event(_ event: ConnectionEvent, times: Int = 1) async throws {
        try await events.wait(for: "\(times) × \(event)") { all in all.count(where: { $0 == event }) >= times }
    }

    /// Two nodes, 1 and 2, connected both ways.
    static func pair(options: TCPOptions = quickOptions) async throws -> (WireNode, WireNode) {
        let first = try await WireNode(1, peers: [:], options: options)
        let second = try await WireNode(2, peers: [1: first.port], options: options)
        first.transport.updatePeers(addresses([2: second.port]))
        try await first.event(.connected(NodeID(2)))
        try await second.event(.connected(NodeID(1)))
        return (first, second)
    }

    static func beat(_ from: UInt64, _ to: UInt64, _ round: UInt64) -> RaftMessage {
        RaftMessage(
            from: NodeID(from), to: NodeID(to), term: Term(1),
            body: .heartbeat(Heartbeat(commit: .zero, round: round)))
    }
}

@Suite("TCP transport")
struct TCPTransportTests {
    @Test("two nodes exchange every kind of message both ways, in order")
    func bothWays() async throws {
        let (first, second) = try await WireNode.pair()
        var random = WireRandom(seed: 31)
        var toSecond: [RaftMessage] = []
        var toFirst: [RaftMessage] = []
        for round in 0..<320 {
            var message = WireSamples.message(
                kind: round % WireSamples.kinds, payloadBytesMax: 2_000, random: &random)
            (message.from, message.to) = (NodeID(1), NodeID(2))
            toSecond.append(message)
            (message.from, message.to) = (NodeID(2), NodeID(1))
            toFirst.append(message)
        }
        for message in toSecond { first.transport.send(message) }
        for message in toFirst { second.transport.send(message) }
        #expect(try await second.messages.wait(for: "all messages") { $0.count >= 320 } == toSecond)
        #expect(try await first.messages.wait(for: "all messages") { $0.count >= 320 } == toFirst)
        let sent = try #require(try await first.transport.statistics.first)
        let received = try #require(try await second.transport.statistics.first)
        #expect(sent.messagesSent == 320 && received.messagesReceived == 320 && sent.messagesDropped == 0)
        #expect(sent.bytesSent == received.bytesReceived && sent.isConnected && received.isInboundConnected)
        await first.transport.stop()
        await second.transport.stop()
    }

    @Test("a frame of several megabytes arrives whole")
    func largeFrame() async throws {
        let (first, second) = try await WireNode.pair()
        let payload = WireRandom.pattern(6 << 20)
        let message = RaftMessage(
            from: NodeID(1), to: NodeID(2), term: Term(1),
            body: .forward(ForwardRequest(proposals: [Proposal(id: .none, payload: payload)])))
        first.transport.send(message)
        first.transport.send(WireNode.beat(1, 2, 9))
        let arrived = try await second.messages.wait(for: "both messages") { $0.count == 2 }
        #expect(arrived == [message, WireNode.beat(1, 2, 9)])
        await first.transport.stop()
        await second.transport.stop()
    }

    @Test("after a peer restarts on its port both directions come back by themselves")
    func restart() async throws {
        let (first, second) = try await WireNode.pair()
        await second.transport.stop()
        try await first.event(.disconnected(NodeID(2)))
        first.transport.send(WireNode.beat(1, 2, 1))
        let again = try await WireNode(2, peers: [1: first.port], port: second.port)
        try await first.event(.connected(NodeID(2)), times: 2)
        try await again.event(.connected(NodeID(1)))
        first.transport.send(WireNode.beat(1, 2, 2))
        again.transport.send(WireNode.beat(2, 1, 3))
        #expect(try await again.messages.wait(for: "a message") { !$0.isEmpty } == [WireNode.beat(1, 2, 2)])
        #expect(try await first.messages.wait(for: "a message") { !$0.isEmpty } == [WireNode.beat(2, 1, 3)])
        let statistics = try #require(try await first.transport.statistics.first)
        #expect(statistics.reconnects == 1 && statistics.messagesDropped == 1)
        await first.transport.stop()
        await again.transport.stop()
    }

    @Test("a newer connection of the same peer replaces the older one")
    func replacement() async throws {
        let first = try await WireNode(1, peers: [2: 1])
        let older = try await WireNode(2, peers: [1: first.port])
        try await older.event(.connected(NodeID(1)))
        let newer = try await WireNode(2, peers: [1: first.port])
        try await newer.event(.connected(NodeID(1)))
        try await older.event(.disconnected(NodeID(1)))
        await older.transport.stop()
        await newer.transport.stop()
        await first.transport.stop()
    }

    @Test("nodes of another cluster and wrong addresses are refused, and the dialler hears why")
    func refusals() async throws {
        let host = try await WireNode(1, peers: [2: 1])
        let other = try await WireNode(2, cluster: [UInt8](repeating: 9, count: 16), peers: [1: host.port])
        let lost = try await WireNode(2, peers: [5: host.port])
        let cases: [(WireNode, UInt64, Refusal.Reason)] = [
            (other, 1, .otherCluster), (lost, 5, .otherNode),
        ]
        for (node, target, reason) in cases {
            try await node.event(.refused(NodeID(target), Refusal(reason: reason, from: NodeID(1))))
            node.transport.send(WireNode.beat(2, target, 1))
            let statistics = try #require(try await node.transport.statistics.first)
            #expect(!statistics.isConnected && statistics.failedDials >= 1 && statistics.messagesDropped == 1)
            await node.transport.stop()
        }
        #expect(host.messages.elements.isEmpty && !host.events.elements.contains(.inboundConnected(NodeID(2))))
        await host.transport.stop()
    }

    @Test("a port in use is an error that names the address and says what to do")
    func portInUse() async throws {
        let first = try await WireNode(1, peers: [:])
        let port = first.port
        let error = await #expect(throws: TransportError.self) { _ = try await WireNode(2, peers: [:], port: port) }
        #expect(error == .addressInUse(PeerAddress(host: "127.0.0.1", port: port)))
        let words = error?.description ?? ""
        #expect(words.contains("127.0.0.1:\(port)") && words.contains("choose another port"))
        await first.transport.stop()
    }

    @Test("a cluster id of another length, a senseless option and a second start are errors, not crashes")
    func badStart() async throws {
        await #expect(throws: TransportError.clusterIDLength(bytes: 3)) {
            _ = try await WireNode(1, cluster: [1, 2, 3], peers: [:])
        }
        var options = TCPOptions()
        options.frameBytesMax = 10
        let senseless = options
        let error = await #expect(throws: TransportError.self) {
            _ = try await WireNode(1, peers: [:], options: senseless)
        }
        #expect(error?.description.contains("frameBytesMax is 10") == true)
        let node = try await WireNode(1, peers: [:])
        await #expect(throws: TransportError.alreadyStarted) {
            _ = try await node.transport.start(listen: "127.0.0.1", port: 0) { _ in }
        }
        await node.transport.stop()
        await #expect(throws: TransportError.stopped) {
            _ = try await node.transport.start(listen: "127.0.0.1", port: 0) { _ in }
        }
    }
}

extension WireRandom {
    /// Many bytes that are cheap to make in a debug build.
    static func pattern(_ count: Int) -> [UInt8] {
        let block = (0..<251).map { UInt8($0) }
        var result: [UInt8] = []
        result.reserveCapacity(count + block.count)
        while result.count < count { result += block }
        return Array(result[..<count])
    }
}
