/// Messages between nodes over TCP: one connection per peer and direction, all on the event loop of the core.
///
/// This node dials every peer to send to it and accepts a connection from every peer to hear from it. A message is sent
/// at most once: what cannot be sent now is dropped and counted, because Raft repeats itself with fresher content.
///
/// Owns: the door between threads. Everything behind it (`TransportCore`) lives on one event loop, which the compiler
/// checks through the loop-bound box. Must never: block, grow without bound, or deliver a message that does not come
/// from the peer it claims to come from.

import Logging
import NIOCore
import Raft
import Synchronization

public final class TCPTransport: Transport {
    /// Messages sent from other threads, on their way to the loop.
    private struct Crossing {
        var messages: [RaftMessage] = []
        var bytes = 0
        var dropped: [NodeID: UInt64] = [:]
        var isScheduled = false
    }

    public let nodeID: NodeID
    private let eventLoop: any EventLoop
    private let options: TCPOptions
    private let core: NIOLoopBoundBox<TransportCore>
    private let crossing = Mutex(Crossing())

    /// - Parameters:
    ///   - nodeID: this node.
    ///   - clusterID: 16 bytes, equal on all nodes of the cluster; connections of other clusters are refused.
    ///   - incarnation: names this node's data directory; zero when there is none to name.
    ///   - advertised: where other nodes reach this one, for those that do not know it yet; port 0 stands for the one
    ///     that is listened on. nil: they are not told.
    ///   - committed: the newest committed configuration known at start; decides who is refused.
    ///   - peers: where the other nodes listen; an entry for this node itself is ignored.
    ///   - eventLoop: the core's loop; all channels live on it and messages are delivered on it.
    public init(
        nodeID: NodeID, clusterID: [UInt8], incarnation: UInt64 = 0, advertised: PeerAddress? = nil,
        committed: Configuration = .none, peers: [NodeID: PeerAddress], eventLoop: any EventLoop,
        options: TCPOptions = TCPOptions(), logger: Logger
    ) {
        self.nodeID = nodeID
        self.eventLoop = eventLoop
        self.options = options
        core = NIOLoopBoundBox.makeBoxSendingValue(
            TransportCore(
                admission: PeerAdmission(nodeID: nodeID, clusterID: clusterID, configuration: committed),
                incarnation: incarnation, advertised: advertised, peers: peers, eventLoop: eventLoop,
                options: options, logger: logger),
            eventLoop: eventLoop)
    }

    /// Listens for peers and begins to dial them.
    ///
    /// - Parameters:
    ///   - host: name or address of this machine to listen on.
    ///   - port: 0 lets the system choose.
    ///   - observe: called on the event loop when a connection comes or goes.
    ///   - receive: called on the event loop, once per read, with messages whose sender and receiver were checked.
    /// - Returns: the port that is listened on.
    /// - Throws: `TransportError`.
    public func start(
        listen host: String, port: Int, observe: @escaping @Sendable (ConnectionEvent) -> Void = { _ in },
        receive: @escaping @Sendable ([RaftMessage]) -> Void
    ) async throws -> Int {
        let address = PeerAddress(host: host, port: port)
        return try await eventLoop.flatSubmit { [core] in
            core.value.start(listen: address, observe: observe, receive: receive)
        }.get()
    }

    /// Sends to `message.to`, or drops the message when that peer is not connected or its queue is full.
    ///
    /// On the event loop the message is encoded at once, without a hop; from other threads messages cross in batches.
    /// Everything sent within one turn of the loop leaves in one write.
    public func send(_ message: RaftMessage) {
        if eventLoop.inEventLoop {
            core.value.send(message)
            return
        }
        let cost = MessageCodec.encodedBytes(message)
        let limit = options.writeBufferBytesMax
        let mustSchedule = crossing.withLock { crossing in
            guard crossing.bytes == 0 || crossing.bytes + cost <= limit else {
                crossing.dropped[message.to, default: 0] += 1
                return false
            }
            crossing.messages.append(message)
            crossing.bytes += cost
            guard !crossing.isScheduled else { return false }
            crossing.isScheduled = true
            return true
        }
        if mustSchedule { eventLoop.execute { self.takeCrossing() } }
    }

    private func takeCrossing() {
        let taken = crossing.withLock { crossing in
            let taken = crossing
            crossing = Crossing()
            return taken
        }
        let core = core.value
        for message in taken.messages { core.send(message) }
        for (node, count) in taken.dropped { core.countDropped(count, to: node) }
    }

    /// Writes what was sent so far. Only on the event loop; optional, because the end of the turn does it too.
    public func flush() { core.value.flush() }

    /// Replaces the set of peers: new ones are dialled, links to unchanged addresses stay, and those left out are
    /// disconnected after `TCPOptions.leavingMilliseconds`.
    public func updatePeers(_ peers: [NodeID: PeerAddress]) {
        eventLoop.execute { [core] in core.value.updatePeers(peers) }
    }

    /// Replaces the set of peers by the members of the configuration in force.
    ///
    /// - Parameter seeds: addresses from elsewhere (the command line of a node that joins). They stand in for members
    ///   without a usable address and for nodes that `configuration` does not know yet.
    public func updatePeers(following configuration: Configuration, seeds: [NodeID: PeerAddress] = [:]) {
        eventLoop.execute { [core] in core.value.updatePeers(following: configuration, seeds: seeds) }
    }

    /// From now on connections are judged by this committed configuration; those it forbids are ended.
    public func updateAdmission(committed configuration: Configuration) {
        eventLoop.execute { [core] in core.value.updateAdmission(configuration) }
    }

    /// One element per peer, by ascending node id.
    public var statistics: [PeerStatistics] {
        get async throws { try await eventLoop.submit { [core] in core.value.statistics() }.get() }
    }

    /// Closes every connection and the listening socket; returns when all are closed. Later sends are dropped.
    public func stop() async {
        do {
            try await eventLoop.flatSubmit { [core] in core.value.stop() }.get()
        } catch {
            // Only a loop that is already shut down cannot run this, and with it every channel is closed.
        }
    }
}
