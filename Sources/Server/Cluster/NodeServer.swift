import Foundation
import Logging
import NIOCore
import NIOPosix
import Raft
import RaftTCP
import StateMachine
import StoreMachine

/// One running node: opens its directory, joins log, store, network and HTTP, and stops them in order.
///
/// Owns: the lifetimes. Order of start: store, log, consensus, peers, clients; of stop: the reverse. Must never: serve a
/// client before the log was recovered, or go on after the log or the state machine failed.
public final class NodeServer: Sendable {
    /// How long running requests may keep a node that was told to stop.
    private static let stopGrace = Duration.seconds(5)

    private let configuration: ServeConfiguration
    private let logger: Logger
    private let openEmbedder: @Sendable (Logger) throws -> (any TextEmbedding)?

    public convenience init(configuration: ServeConfiguration, logger: Logger) {
        self.init(configuration: configuration, logger: logger) { try configuration.model.open(logger: $0) }
    }

    /// With another embedder than the configuration names, for tests.
    /// - Parameter openEmbedder: called when the node starts; nil: words alone.
    init(
        configuration: ServeConfiguration, logger: Logger,
        openEmbedder: @escaping @Sendable (Logger) throws -> (any TextEmbedding)?
    ) {
        self.configuration = configuration
        self.openEmbedder = openEmbedder
        var logger = logger
        logger[metadataKey: "node"] = "\(configuration.nodeID)"
        self.logger = logger
    }

    /// Runs until SIGINT or SIGTERM, until `stopSignal` ends, or until the cluster has no place for this node any more.
    /// `ready` is told the HTTP port once clients are served.
    public func run(
        until stopSignal: AsyncStream<Void>? = nil, ready: (@Sendable (Int) -> Void)? = nil
    ) async throws -> NodeEnd {
        var httpOptions = HTTPServerOptions()
        httpOptions.connectionsMax = try DescriptorLimit.connectionsMax(wanted: httpOptions.connectionsMax)
        var directory = try DataDirectory.open(configuration)
        let embedding = try openEmbedder(logger).map { EmbeddingService($0) }
        var storeOptions = StoreOptions()
        storeOptions.vectorModel = embedding?.model
        let store = try MemoryStore.open(directory: directory.storePath, options: storeOptions)
        let machine = MemoryMachine(store: store)
        let replicated = try NodeRecovery.configuration(of: machine.appliedPosition())?.configuration
        if let replicated, replicated.wasRemoved(NodeID(configuration.nodeID)) {
            store.close()
            return .refused(NodeEnd.removedText)
        }
        for note in try directory.settle(configuration, replicated: replicated) { logger.warning("\(note)") }
        // Only now: a directory that has a log also says how it came to its cluster, wherever it is stopped.
        let started = try NodeRecovery.open(
            disk: directory.logDisk, identity: directory.identity, logOptions: configuration.logOptions,
            machine: machine)
        logger.info("recovered: \(started.summary)")

        let ending = EndSignal(logger: logger)
        let parts = try RunningParts(
            configuration: configuration, directory: directory, store: store, embedding: embedding,
            replicated: replicated, logger: logger)
        let node = try parts.makeNode(started, machine: machine, ending: ending, logger: logger)
        node.start()
        let raftPort = try await listen(parts, node, ending)
        let service = parts.makeService(node, ending)
        let housekeeping = parts.makeHousekeeping(service, node, logger: logger)
        let webhooks = try parts.makeWebhooks(service, node, logger: logger)
        let http = makeHTTPServer(
            parts.makeAPI(service, node), options: httpOptions, loops: parts.clientLoops, raftPort: raftPort,
            ready: ready)
        var background = [Task { await housekeeping.run() }, Task { await webhooks.run() }]
        if let backlog = parts.makeBacklog(service, node, logger: logger) {
            background.append(Task { await backlog.run() })
        }
        defer { for task in background { task.cancel() } }
        // Everything a request does between its waits runs on the loop that owns its connection: no thread hop.
        let end = try await withTaskExecutorPreference(EventLoopTaskExecutor(parts.clientLoops.next())) {
            try await serve(http, node, until: stopSignal, ending)
        }
        logger.info("stopping")
        for task in background { task.cancel() }
        // A node that has stopped refuses what these wait for, so they end; the loops they use end after them.
        if end != .removed { await stop(node) }
        if await !BackgroundTasks.ended(background, within: Self.stopGrace) {
            logger.warning("what runs in the background did not end within \(Self.stopGrace)")
        }
        try await parts.stop()
        logger.info("stopped")
        return end
    }

    /// - Returns: the port that other nodes connect to; nil for a cluster of one that nobody can join.
    private func listen(_ parts: RunningParts, _ node: RaftNode, _ ending: EndSignal) async throws -> Int? {
        guard let listen = configuration.listen else { return nil }
        return try await parts.transport.start(
            listen: listen.host, port: listen.port,
            observe: { event in
                guard case .refused(_, let refusal) = event, refusal.reason.isFinal else { return }
                ending.end(.refused("\(refusal)"))
            },
            receive: { node.receive($0) })
    }

    private func stop(_ node: RaftNode) async {
        await withCheckedContinuation { done in node.stop { done.resume() } }
    }

    private func serve(
        _ http: HTTPServer, _ node: RaftNode, until stopSignal: AsyncStream<Void>?,
        _ ending: EndSignal
    ) async throws -> NodeEnd {
        try await withThrowingTaskGroup(of: NodeEnd?.self) { group in
            group.addTask {
                try await http.run()
                return nil
            }
            group.addTask {
                if let stopSignal {
                    for await _ in stopSignal {}
                } else {
                    await TerminationSignal.wait()
                }
                return .stopped
            }
            group.addTask { await ending.value() }
            // Whichever ends first ends the others: a signal, the cluster, or a listener that cannot be opened.
            let end = try await group.next() ?? nil
            if end == .removed { try await leave(node) }
            // Requests that run may finish, but a client that never does must not keep the node up.
            group.addTask {
                try await http.stop()
                return nil
            }
            group.addTask {
                try await Task.sleep(for: Self.stopGrace)
                return nil
            }
            _ = try await group.next()
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError { return end ?? .stopped }
            return end ?? .stopped
        }
    }

    /// What was decided last still has to reach the others, and whoever asked for the removal through this node its
    /// answer. Requests that are under way will not be answered by anybody: they end here, so that their clients go on.
    private func leave(_ node: RaftNode) async throws {
        logger.notice("this node was removed from the cluster; it tells the others what it owes them and stops")
        try await Task.sleep(for: .milliseconds(configuration.electionTimeoutMilliseconds))
        await stop(node)
    }

    private func makeHTTPServer(
        _ api: MemoryAPI, options: HTTPServerOptions, loops: MultiThreadedEventLoopGroup, raftPort: Int?,
        ready: (@Sendable (Int) -> Void)?
    ) -> HTTPServer {
        let (nodeID, host) = (configuration.nodeID, configuration.host)
        let group = raftPort.map { "raft \(configuration.listen?.host ?? host):\($0)" } ?? "a group of one"
        return HTTPServer(
            host: host, port: configuration.port, options: options, eventLoopGroup: loops, logger: logger,
            onBound: { port in
                print("mneme: node \(nodeID) ready: http://\(host):\(port) (\(group))")
                fflush(nil)
                ready?(port)
            },
            handler: { await api.respond(to: $0) })
    }
}

enum BackgroundTasks {
    /// Waits for cancelled tasks, without trusting them to end.
    static func ended(_ tasks: [Task<Void, Never>], within grace: Duration) async -> Bool {
        let (answers, answer) = AsyncStream.makeStream(of: Bool.self)
        Task {
            for task in tasks { await task.value }
            answer.yield(true)
        }
        let alarm = Task {
            do { try await Task.sleep(for: grace) } catch { return }
            answer.yield(false)
        }
        defer { alarm.cancel() }
        for await ended in answers { return ended }
        return false
    }
}
