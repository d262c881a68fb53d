/// Transports against peers that do not behave: they read nothing, say nothing, lie about who they are, or send noise.

import NIOCore
import NIOPosix
import Raft
import RaftTCP
import Testing

/// A raw connection or listener whose bytes the test decides.
final class WirePuppet: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    let received = WireRecorder<UInt8>()
    let closed = WireRecorder<Bool>()
    /// Sent at the first bytes that arrive; after it nothing more is read.
    let answer: [UInt8]?

    init(answer: [UInt8]? = nil) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.record(Array(unwrapInboundIn(data).readableBytesView))
        guard let answer else { return }
        context.channel.setOption(.autoRead, value: false).assumeIsolated().whenComplete { _ in
            context.writeAndFlush(NIOAny(ByteBuffer(bytes: answer)), promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { closed.record(true) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func dial(port: Int) async throws -> any Channel {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { $0.pipeline.addHandler(self) }
            .connect(host: "127.0.0.1", port: port).get()
    }

    func listen() async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: true)
            .childChannelInitializer { $0.pipeline.addHandler(self) }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    static func hello(from: UInt64, to: UInt64) throws -> [UInt8] {
        try Frame.encode(
            ControlFrame.hello(Hello(clusterID: WireNode.cluster, from: NodeID(from), to: NodeID(to))).encode())
    }
}

@Suite("Hostile peers")
struct HostilePeerTests {
    private func send(_ bytes: [UInt8], on channel: any Channel) {
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    @Test("messages for a peer that reads nothing are dropped at the bound and counted")
    func boundedQueue() async throws {
        var options = WireNode.quickOptions
        options.writeBufferBytesMax = 256 << 10
        let puppet = WirePuppet(answer: try Frame.encode(ControlFrame.welcome(Welcome(from: NodeID(2))).encode()))
        let listener = try await puppet.listen()
        let node = try await WireNode(1, peers: [2: try #require(listener.localAddress?.port)], options: options)
        try await node.event(.connected(NodeID(2)))
        let payload = WireRandom.pattern(64 << 10)
        let message = RaftMessage(
            from: NodeID(1), to: NodeID(2), term: Term(1),
            body: .forward(ForwardRequest(proposals: [Proposal(id: .none, payload: payload)])))
        var statistics = try #require(try await node.transport.statistics.first)
        // The kernel's own buffers take some megabytes first.
        var offered: UInt64 = 0
        while statistics.messagesDropped == 0, offered < 4_000 {
            for _ in 0..<4 { node.transport.send(message) }
            offered += 4
            statistics = try #require(try await node.transport.statistics.first)
            #expect(statistics.bytesQueued <= options.writeBufferBytesMax)
        }
        // Read again: the first reading may have come between a message and the end of its turn.
        statistics = try #require(try await node.transport.statistics.first)
        #expect(statistics.messagesDropped > 0 && statistics.isConnected)
        #expect(statistics.messagesSent + statistics.messagesDropped == offered)
        await node.transport.stop()
        try await listener.close()
    }

    @Test("a stranger who says nothing is disconnected after the handshake's time")
    func silence() async throws {
        var options = WireNode.quickOptions
        options.handshakeTimeoutMilliseconds = 50
        let node = try await WireNode(1, peers: [:], options: options)
        let puppet = WirePuppet()
        _ = try await puppet.dial(port: node.port)
        try await puppet.closed.wait(for: "end of the connection") { !$0.isEmpty }
        await node.transport.stop()
    }

    @Test("a listener that never answers the handshake is dialled again")
    func unansweredHello() async throws {
        var options = WireNode.quickOptions
        options.handshakeTimeoutMilliseconds = 50
        let puppet = WirePuppet()
        let listener = try await puppet.listen()
        let node = try await WireNode(1, peers: [2: try #require(listener.localAddress?.port)], options: options)
        let size = try WirePuppet.hello(from: 1, to: 2).count
        let bytes = try await puppet.received.wait(for: "two hellos") { $0.count >= 2 * size }
        let hello = try WirePuppet.hello(from: 1, to: 2)
        #expect(Array(bytes[..<(2 * size)]) == hello + hello)
        await node.transport.stop()
        try await listener.close()
    }

    @Test("more strangers than allowed are disconnected at once, the node goes on")
    func tooManyStrangers() async throws {
        var options = WireNode.quickOptions
        options.unidentifiedConnectionsMax = 2
        let node = try await WireNode(1, peers: [:], options: options)
        let strangers = [WirePuppet(), WirePuppet()]
        var channels: [any Channel] = []
        for stranger in strangers { channels.append(try await stranger.dial(port: node.port)) }
        let third = WirePuppet()
        _ = try await third.dial(port: node.port)
        try await third.closed.wait(for: "end of the third connection") { !$0.isEmpty }
        #expect(strangers.allSatisfy { $0.closed.elements.isEmpty })
        for channel in channels { try await channel.close() }
        let peer = try await WireNode(2, peers: [1: node.port])
        node.transport.updatePeers(WireNode.addresses([2: peer.port]))
        try await peer.event(.connected(NodeID(1)))
        await peer.transport.stop()
        await node.transport.stop()
    }

    @Test(
        "noise, messages before the handshake and frames beyond the limit end the connection",
        arguments: [
            Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8), [UInt8](repeating: 0, count: 64),
            [UInt8](repeating: 0xFF, count: 64),
        ])
    func noise(bytes: [UInt8]) async throws {
        let node = try await WireNode(1, peers: [2: 1])
        let puppet = WirePuppet()
        send(bytes, on: try await puppet.dial(port: node.port))
        try await puppet.closed.wait(for: "end of the connection") { !$0.isEmpty }
        #expect(puppet.received.elements.isEmpty && node.messages.elements.isEmpty)
        await node.transport.stop()
    }

    @Test("another protocol version is refused with this node's version")
    func otherVersion() async throws {
        let node = try await WireNode(1, peers: [2: 1])
        var hello = ControlFrame.hello(
            Hello(clusterID: WireNode.cluster, from: NodeID(2), to: NodeID(1))
        ).encode()
        hello[9] = 1
        let puppet = WirePuppet()
        send(try Frame.encode(hello), on: try await puppet.dial(port: node.port))
        try await puppet.closed.wait(for: "end of the connection") { !$0.isEmpty }
        let refusal = ControlFrame.refusal(Refusal(reason: .otherVersion, from: NodeID(1), protocolVersion: 3))
        #expect(puppet.received.elements == (try Frame.encode(refusal.encode())))
        await node.transport.stop()
    }

    @Test("a peer that speaks for another node, or to another node, is disconnected; what it said before counts")
    func falseSender() async throws {
        for (from, to) in [(UInt64(3), UInt64(1)), (2, 4)] {
            let node = try await WireNode(1, peers: [2: 1, 3: 1])
            let puppet = WirePuppet()
            let channel = try await puppet.dial(port: node.port)
            send(try WirePuppet.hello(from: 2, to: 1), on: channel)
            try await node.event(.inboundConnected(NodeID(2)))
            let good = WireNode.beat(2, 1, 1)
            send(try MessageCodec.frame(good) + MessageCodec.frame(WireNode.beat(from, to, 2)), on: channel)
            try await puppet.closed.wait(for: "end of the connection") { !$0.isEmpty }
            try await node.event(.inboundDisconnected(NodeID(2)))
            #expect(node.messages.elements == [good])
            await node.transport.stop()
        }
    }

    @Test("a damaged frame ends the connection and is not delivered")
    func damagedFrame() async throws {
        let node = try await WireNode(1, peers: [2: 1])
        let puppet = WirePuppet()
        let channel = try await puppet.dial(port: node.port)
        send(try WirePuppet.hello(from: 2, to: 1), on: channel)
        try await node.event(.inboundConnected(NodeID(2)))
        var frame = try MessageCodec.frame(WireNode.beat(2, 1, 1))
        frame[frame.count - 1] ^= 0x10
        send(frame, on: channel)
        try await node.event(.inboundDisconnected(NodeID(2)))
        #expect(node.messages.elements.isEmpty)
        await node.transport.stop()
    }
}
