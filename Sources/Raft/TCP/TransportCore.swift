/// The transport behind its door: the listening socket, the links to all peers and the connections from them.
///
/// Owns: who is connected. Not Sendable: it lives on one event loop. Must never: let a connection deliver messages
/// before its handshake is done.

import Logging
import NIOCore
import NIOPosix
import Raft

final class TransportCore {
    private enum Phase {
        case idle, running, stopped
    }
    /// What accepted connections of strangers can make this node write at warning level.
    private static let complaintIntervalSeconds: Int64 = 1

    let nodeID: NodeID
    let clusterID: [UInt8]
    let eventLoop: any EventLoop
    let options: TCPOptions
    let logger: Logger
    private var phase = Phase.idle
    private var peers: [NodeID: PeerAddress]
    private var links: [NodeID: PeerLink] = [:]
    private var server: (any Channel)?
    /// Accepted and welcomed: the newest per peer.
    private var inbound: [NodeID: any Channel] = [:]
    /// Accepted, not yet welcomed.
    private var unidentified: [ObjectIdentifier: any Channel] = [:]
    private var receive: ([Message]) -> Void = { _ in }
    private var observe: (ConnectionEvent) -> Void = { _ in }
    /// Links with unwritten messages.
    private var unflushed: [PeerLink] = []
    private var lastComplaint: NIODeadline?

    init(
        nodeID: NodeID, clusterID: [UInt8], peers: [NodeID: PeerAddress], eventLoop: any EventLoop,
        options: TCPOptions, logger: Logger
    ) {
        self.nodeID = nodeID
        self.clusterID = clusterID
        self.peers = peers
        self.eventLoop = eventLoop
        self.options = options
        self.logger = logger
    }

    // MARK: Start and stop

    func start(
        listen address: PeerAddress, observe: @escaping (ConnectionEvent) -> Void,
        receive: @escaping ([Message]) -> Void
    ) -> EventLoopFuture<Int> {
        if let problem = startProblem() { return eventLoop.makeFailedFuture(problem) }
        phase = .running
        self.receive = receive
        self.observe = observe
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let binding = SocketOptions.listening(ServerBootstrap(group: eventLoop), options: options)
            .childChannelInitializer { channel in bound.value.accept(channel) }
            .bind(host: address.host, port: address.port)
        return binding.flatMapErrorThrowing { error in
            if bound.value.phase == .running { bound.value.phase = .idle }
            throw TransportError(listening: address, failure: error)
        }.flatMap { channel in
            let core = bound.value
            guard core.phase == .running else {
                return channel.close().flatMapThrowing { throw TransportError.stopped }
            }
            core.server = channel
            channel.closeFuture.assumeIsolated().whenComplete { _ in core.listeningEnded() }
            core.dialPeers()
            return channel.eventLoop.makeSucceededFuture(channel.localAddress?.port ?? address.port)
        }
    }

    private func listeningEnded() {
        server = nil
        guard phase == .running else { return }
        logger.critical("the listening socket for peers is closed; no peer can connect to this node any more")
    }

    private func startProblem() -> TransportError? {
        switch phase {
        case .running: return .alreadyStarted
        case .stopped: return .stopped
        case .idle: break
        }
        if clusterID.count != Hello.clusterIDBytes { return .clusterIDLength(bytes: clusterID.count) }
        return options.complaint.map(TransportError.invalidOption)
    }

    /// Succeeds when every channel is closed.
    func stop() -> EventLoopFuture<Void> {
        phase = .stopped
        var channels: [any Channel] = Array(inbound.values) + Array(unidentified.values)
        if let server { channels.append(server) }
        for link in links.values {
            if let channel = link.stop() { channels.append(channel) }
        }
        links = [:]
        unflushed = []
        let closed = channels.map(\.closeFuture)
        for channel in channels { channel.close(promise: nil) }
        return EventLoopFuture.andAllComplete(closed, on: eventLoop)
    }

    // MARK: Peers

    func updatePeers(_ next: [NodeID: PeerAddress]) {
        peers = next
        // Before the socket listens nobody is dialled; `start` takes the newest peers.
        guard phase == .running, server != nil else { return }
        for (node, link) in links where next[node] != link.statistics.address {
            link.stop()?.close(promise: nil)
            links[node] = nil
        }
        for (node, channel) in inbound where next[node] == nil { channel.close(promise: nil) }
        dialPeers()
    }

    /// Dials every peer that has no link yet.
    private func dialPeers() {
        for (node, address) in peers where node != nodeID && links[node] == nil {
            let link = PeerLink(peer: node, address: address, core: self)
            link.statistics.isInboundConnected = inbound[node] != nil
            links[node] = link
            link.dial()
        }
    }

    func statistics() -> [PeerStatistics] {
        links.values.map(\.currentStatistics).sorted { $0.node < $1.node }
    }

    func report(_ event: ConnectionEvent) { observe(event) }

    // MARK: Sending

    func send(_ message: Message) {
        guard let link = links[message.to] else {
            // Quietly after `stop`; before, somebody addresses a node that was left out of the peers.
            if phase == .running {
                logger.debug("dropped a message to a node that is no peer", metadata: ["to": "\(message.to)"])
            }
            return
        }
        guard link.enqueue(message) else { return }
        if unflushed.isEmpty {
            // Runs after everything that is already due in this turn of the loop, so one write carries all of it.
            eventLoop.assumeIsolated().execute { self.flush() }
        }
        unflushed.append(link)
    }

    func countDropped(_ count: UInt64, to node: NodeID) { links[node]?.statistics.messagesDropped += count }

    func flush() {
        guard !unflushed.isEmpty else { return }
        let ready = unflushed
        unflushed.removeAll(keepingCapacity: true)
        for link in ready { link.flush() }
    }

    // MARK: Accepting

    private func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
        guard phase == .running, unidentified.count < options.unidentifiedConnectionsMax else {
            complain("too many connections without a handshake; closing the newest", of: channel, reason: nil)
            return channel.close()
        }
        let identifier = ObjectIdentifier(channel)
        unidentified[identifier] = channel
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.unidentified[identifier] = nil }
        do {
            try channel.pipeline.syncOperations.addHandler(InboundConnection(core: self))
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return channel.eventLoop.makeSucceededVoidFuture()
    }

    /// Decides about a connection that said hello; a nil answer means that it is taken.
    func admit(_ hello: Hello, on channel: any Channel) -> Refusal? {
        if let refusal = hello.refusal(by: nodeID, clusterID: clusterID, isPeer: { peers[$0] != nil }) {
            return refusal
        }
        let node = hello.from
        unidentified[ObjectIdentifier(channel)] = nil
        let older = inbound.updateValue(channel, forKey: node)
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.inboundClosed(channel, from: node) }
        // The peer knows best which of its connections it uses: the newest.
        older?.close(promise: nil)
        links[node]?.statistics.isInboundConnected = true
        logger.info("peer connected", metadata: ["peer": "\(node)", "from": "\(describe(channel))"])
        report(.inboundConnected(node))
        links[node]?.peerIsUp()
        return nil
    }

    private func inboundClosed(_ channel: any Channel, from node: NodeID) {
        guard let current = inbound[node], current === channel else { return }
        inbound[node] = nil
        links[node]?.statistics.isInboundConnected = false
        report(.inboundDisconnected(node))
    }

    func deliver(_ messages: [Message], from node: NodeID, bytes: Int) {
        guard phase == .running else { return }
        links[node]?.statistics.messagesReceived += UInt64(messages.count)
        links[node]?.statistics.bytesReceived += UInt64(bytes)
        if !messages.isEmpty { receive(messages) }
    }

    /// Logs what is wrong with an accepted connection; a flood of bad connections is no flood of warnings.
    func complain(_ text: Logger.Message, of channel: any Channel, reason: String?) {
        let now = NIODeadline.now()
        let interval = TimeAmount.seconds(TransportCore.complaintIntervalSeconds)
        let isRecent = lastComplaint.map { now - $0 < interval } ?? false
        if !isRecent { lastComplaint = now }
        var metadata: Logger.Metadata = ["from": "\(describe(channel))"]
        if let reason { metadata["reason"] = "\(reason)" }
        logger.log(level: isRecent ? .debug : .warning, text, metadata: metadata)
    }

    private func describe(_ channel: any Channel) -> String {
        channel.remoteAddress.map { "\($0)" } ?? "unknown address"
    }
}
