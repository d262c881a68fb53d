import Dispatch
import Foundation
import Logging
import NIOCore
import NIOPosix
import Raft
import RaftTCP
import StateMachine
import Synchronization

/// One running node: opens its directory, joins log, store, network and HTTP, and stops them in order.
///
/// Owns: the lifetimes. Order of start: store, log, consensus, peers, clients; of stop: the reverse. Must never: serve a
/// client before the log was recovered, or go on after the log or the state machine failed.
public final class NodeServer: Sendable {
    /// How long running requests may keep a node that was told to stop.
    private static let stopGrace = Duration.seconds(5)

    private let configuration: ServeConfiguration
    private let logger: Logger

    public init(configuration: ServeConfiguration, logger: Logger) {
        self.configuration = configuration
        var logger = logger
        logger[metadataKey: "node"] = "\(configuration.nodeID)"
        self.logger = logger
    }

    /// Runs until SIGINT or SIGTERM, or until `stopSignal` ends. `ready` is told the HTTP port once clients are served.
    public func run(
        until stopSignal: AsyncStream<Void>? = nil, ready: (@Sendable (Int) -> Void)? = nil
    ) async throws {
        var httpOptions = HTTPServerOptions()
        httpOptions.connectionsMax = try DescriptorLimit.connectionsMax(wanted: httpOptions.connectionsMax)
        let directory = try DataDirectory.open(configuration)
        let store = try MemoryStore.open(directory: directory.storePath, options: StoreOptions())
        let machine = MemoryMachine(store: store)
        let started = try NodeRecovery.open(
            disk: directory.logDisk, identity: directory.identity, logOptions: configuration.logOptions,
            machine: machine)
        logger.info("recovered: \(started.summary)")

        let raftLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let clientLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let readers = NIOThreadPool(numberOfThreads: 2)
        readers.start()
        let loop = raftLoops.next()
        let clock = SystemClock(timerLoop: loop)
        let transport = TCPTransport(
            nodeID: NodeID(configuration.nodeID), clusterID: configuration.clusterIDBytes,
            peers: peerAddresses(), eventLoop: loop, options: TCPOptions(), logger: logger)
        let lanes = try Threads(coreLoop: loop)
        let node = makeNode(
            started, machine: machine, clock: clock, transport: transport, lanes: lanes.lanes,
            run: try RunCounter.next(disk: directory.logDisk))
        node.start()
        // A group of one has nobody to listen to.
        let raftPort =
            configuration.members.count == 1
            ? nil
            : try await transport.start(
                listen: configuration.raftHost, port: configuration.raftPort, receive: { node.receive($0) })

        let facts = NodeFacts(
            nodeID: configuration.nodeID, clusterName: configuration.clusterName,
            peers: configuration.members.map { .init(id: $0.id, address: $0.address.map { "\($0)" } ?? "local") },
            tickMilliseconds: configuration.tickMilliseconds, commandBytesMax: NodeOptions().commandBytesMax,
            startedNanoseconds: clock.monotonicNanoseconds(), clock: clock)
        let cluster = MemoryCluster(node: node, store: store, readers: readers, facts: facts)
        let http = makeHTTPServer(
            MemoryAPI(service: cluster, options: APIOptions()), options: httpOptions, loops: clientLoops,
            raftPort: raftPort, ready: ready)
        // Everything a request does between its waits runs on the loop that owns its connection: no thread hop.
        try await withTaskExecutorPreference(EventLoopTaskExecutor(clientLoops.next())) {
            try await serve(http, until: stopSignal)
        }
        logger.info("stopping")
        await withCheckedContinuation { done in node.stop { done.resume() } }
        await transport.stop()
        lanes.stop()
        store.close()
        try await readers.shutdownGracefully()
        try await clientLoops.shutdownGracefully()
        try await raftLoops.shutdownGracefully()
        logger.info("stopped")
    }

    private func serve(_ http: HTTPServer, until stopSignal: AsyncStream<Void>?) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await http.run() }
            group.addTask {
                if let stopSignal {
                    for await _ in stopSignal {}
                } else {
                    await Self.terminationSignal()
                }
            }
            // Whichever ends first ends the other: a stop signal, or a listener that cannot be opened.
            try await group.next()
            // Requests that run may finish, but a client that never does must not keep the node up.
            group.addTask { try await http.stop() }
            group.addTask { try await Task.sleep(for: Self.stopGrace) }
            try await group.next()
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError { return }
        }
    }

    private func makeHTTPServer(
        _ api: MemoryAPI, options: HTTPServerOptions, loops: MultiThreadedEventLoopGroup, raftPort: Int?,
        ready: (@Sendable (Int) -> Void)?
    ) -> HTTPServer {
        let (nodeID, host) = (configuration.nodeID, configuration.host)
        let group = raftPort.map { "raft \(configuration.raftHost):\($0)" } ?? "a group of one"
        return HTTPServer(
            host: host, port: configuration.port, options: options, eventLoopGroup: loops, logger: logger,
            onBound: { port in
                print("mneme: node \(nodeID) ready: http://\(host):\(port) (\(group))")
                fflush(nil)
                ready?(port)
            },
            handler: { await api.respond(to: $0) })
    }

    private func makeNode(
        _ started: RecoveredNode, machine: MemoryMachine, clock: SystemClock, transport: TCPTransport,
        lanes: RaftNode.Lanes, run: UInt32
    ) -> RaftNode {
        let logger = logger
        return RaftNode(
            started: started, nodeID: NodeID(configuration.nodeID),
            configuration: Configuration(voters: configuration.members.map { NodeID($0.id) }),
            coreOptions: configuration.coreOptions, options: configuration.nodeOptions, lanes: lanes, clock: clock,
            transport: transport, machine: machine, seed: UInt64.random(in: .min ... .max),
            run: run, gauges: NodeGauges(),
            fail: { reason in
                // Nothing may be acknowledged any more; the data on disk is what a restart begins with.
                logger.critical("stopping at once: \(reason)")
                fflush(nil)
                _exit(70)
            })
    }

    private func peerAddresses() -> [NodeID: PeerAddress] {
        var addresses: [NodeID: PeerAddress] = [:]
        for member in configuration.members where member.id != configuration.nodeID {
            addresses[NodeID(member.id)] = member.address
        }
        return addresses
    }

    private static func terminationSignal() async {
        for name in [SIGINT, SIGTERM] { signal(name, SIG_IGN) }
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let sources = [SIGINT, SIGTERM].map { name in
            let source = DispatchSource.makeSignalSource(signal: name, queue: .global())
            source.setEventHandler { continuation.finish() }
            source.resume()
            return source
        }
        for await _ in stream {}
        for source in sources { source.cancel() }
    }
}

/// The lanes of a real node: the core on an event loop, the others on a thread each.
private struct Threads {
    let lanes: RaftNode.Lanes
    private let threads: [ThreadLane]

    init(coreLoop: any EventLoop) throws {
        threads = try ["log", "apply", "snapshot"].map { try ThreadLane(name: "mneme-\($0)") }
        lanes = RaftNode.Lanes(
            core: EventLoopLane(eventLoop: coreLoop), log: threads[0], apply: threads[1], background: threads[2])
    }
    func stop() { for thread in threads { thread.stop() } }
}
