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

    /// A welcomed connection of a peer.
    struct Inbound {
        var channel: any Channel
        var incarnation: UInt64
    }

    let incarnation: UInt64
    let eventLoop: any EventLoop
    let options: TCPOptions
    let logger: Logger
    private var advertised: PeerAddress?
    private var phase = Phase.idle
    var admission: PeerAdmission
    /// Who belongs to this node's cluster, as it was told.
    var peers: [NodeID: PeerAddress]
    /// Where nodes are that dialled this one and are none of `peers` (yet): a leader whose admission this node has not
    /// heard of must be answered. Bounded by `learnedPeersMax`.
    var learned: [NodeID: PeerAddress] = [:]
    /// Left out of the peers, still connected for a while.
    var leaving: [NodeID: Scheduled<Void>] = [:]
    var links: [NodeID: PeerLink] = [:]
    private var server: (any Channel)?
    /// Accepted and welcomed: the newest per peer.
    var inbound: [NodeID: Inbound] = [:]
    /// Accepted, not yet welcomed.
    private var unidentified: [ObjectIdentifier: any Channel] = [:]
    private var receive: ([Message]) -> Void = { _ in }
    private var observe: (ConnectionEvent) -> Void = { _ in }
    /// Links with unwritten messages.
    private var unflushed: [PeerLink] = []
    private var lastComplaint: NIODeadline?

    init(
        admission: PeerAdmission, incarnation: UInt64, advertised: PeerAddress?, peers: [NodeID: PeerAddress],
        eventLoop: any EventLoop, options: TCPOptions, logger: Logger
    ) {
        self.admission = admission
        self.incarnation = incarnation
        self.advertised = advertised
        self.peers = peers
        self.eventLoop = eventLoop
        self.options = options
        self.logger = logger
    }

    var nodeID: NodeID { admission.nodeID }
    var isListening: Bool { phase == .running && server != nil }

    func hello(to peer: NodeID) -> Hello {
        Hello(
            clusterID: admission.clusterID, from: nodeID, to: peer, incarnation: incarnation,
            address: advertised.map { "\($0)" } ?? "", versions: options.protocolVersions)
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
            if let port = channel.localAddress?.port, core.advertised?.port == 0 { core.advertised?.port = port }
            channel.closeFuture.assumeIsolated().whenComplete { _ in core.listeningEnded() }
            core.reconsider()
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
        let bytes = admission.clusterID.count
        if bytes != Hello.clusterIDBytes { return .clusterIDLength(bytes: bytes) }
        return options.complaint.map(TransportError.invalidOption)
    }

    /// Succeeds when every channel is closed.
    func stop() -> EventLoopFuture<Void> {
        phase = .stopped
        var channels: [any Channel] = inbound.values.map(\.channel) + Array(unidentified.values)
        for end in leaving.values { end.cancel() }
        leaving = [:]
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
    func admit(_ hello: Hello, on channel: any Channel) -> Refusal.Reason? {
        let node = hello.from
        if let reason = admission.refusal(of: hello) {
            report(.rejected(node, reason))
            return reason
        }
        unidentified[ObjectIdentifier(channel)] = nil
        let older = inbound.updateValue(Inbound(channel: channel, incarnation: hello.incarnation), forKey: node)
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.inboundClosed(channel, from: node) }
        // The peer knows best which of its connections it uses: the newest.
        older?.channel.close(promise: nil)
        learn(hello)
        links[node]?.statistics.isInboundConnected = true
        logger.info("peer connected", metadata: ["peer": "\(node)", "from": "\(describe(channel))"])
        report(.inboundConnected(node))
        links[node]?.peerIsUp()
        return nil
    }

    private func inboundClosed(_ channel: any Channel, from node: NodeID) {
        guard let current = inbound[node], current.channel === channel else { return }
        inbound[node] = nil
        links[node]?.statistics.isInboundConnected = false
        report(.inboundDisconnected(node))
        if phase == .running { reconsider() }
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
