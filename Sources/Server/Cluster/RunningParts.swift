import Foundation
import Logging
import NIOCore
import NIOPosix
import Raft
import RaftTCP
import StateMachine
import StoreMachine

/// The threads, loops and sockets of a running node, made in one place and ended in one order.
///
/// Owns: them. Must never: be used after `stop`.
struct RunningParts {
    let configuration: ServeConfiguration
    let directory: DataDirectory
    let store: MemoryStore
    let embedding: EmbeddingService?
    let raftLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let clientLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let readers = NIOThreadPool(numberOfThreads: 2)
    let resolvers = ResolverPool()
    let clock: SystemClock
    let transport: TCPTransport
    private let threads: Threads

    /// - Parameter replicated: the configuration the state machine holds; nil while none was applied.
    init(
        configuration: ServeConfiguration, directory: DataDirectory, store: MemoryStore,
        embedding: EmbeddingService?, replicated: Configuration?, logger: Logger
    ) throws {
        self.configuration = configuration
        self.directory = directory
        self.store = store
        self.embedding = embedding
        readers.start()
        let loop = raftLoops.next()
        clock = SystemClock(timerLoop: loop)
        transport = TCPTransport(
            nodeID: NodeID(configuration.nodeID), clusterID: configuration.clusterIDBytes,
            incarnation: directory.identity.incarnation, advertised: configuration.founding.address,
            committed: replicated ?? configuration.founding.configuration, peers: configuration.founding.seeds,
            eventLoop: loop, options: TCPOptions(), logger: logger)
        threads = try Threads(coreLoop: loop)
    }

    func makeNode(
        _ started: RecoveredNode, machine: MemoryMachine, ending: EndSignal, logger: Logger
    ) throws -> RaftNode {
        var coreOptions = configuration.coreOptions
        coreOptions.incarnation = directory.identity.incarnation
        let seeds = configuration.founding.seeds
        let named = configuration.peersWereNamed && !configuration.founding.isJoining ? seeds : [:]
        return RaftNode(
            started: started, nodeID: NodeID(configuration.nodeID),
            configuration: configuration.founding.configuration,
            coreOptions: coreOptions, options: configuration.nodeOptions, lanes: threads.lanes, clock: clock,
            transport: transport, machine: machine, seed: UInt64.random(in: .min ... .max),
            run: try RunCounter.next(disk: directory.logDisk, incarnation: directory.identity.incarnation),
            gauges: NodeGauges(),
            observers: RaftNode.Observers(
                configurationChanged: { [transport] in
                    transport.updatePeers(following: Self.redirected($0, named), seeds: seeds)
                },
                configurationCommitted: { [transport] in transport.updateAdmission(committed: $0) },
                removed: { ending.end(.removed) }),
            fail: { reason in
                // Nothing may be acknowledged any more; the data on disk is what a restart begins with.
                logger.critical("stopping at once: \(reason)")
                fflush(nil)
                _exit(70)
            })
    }

    /// The members where the command line says they are reached now. A cluster whose machines were given other addresses
    /// could not start otherwise; who its members are is not for the command line to say.
    static func redirected(_ configuration: Configuration, _ named: [NodeID: PeerAddress]) -> Configuration {
        guard !configuration.isNone, !named.isEmpty else { return configuration }
        let members = configuration.members.map { member in
            var member = member
            if let address = named[member.id] { member.address = "\(address)" }
            return member
        }
        return Configuration(
            members: members, voters: configuration.voters, outgoing: configuration.outgoing,
            usedThrough: configuration.usedThrough, featureLevel: configuration.featureLevel)
    }

    func makeService(_ node: RaftNode, _ ending: EndSignal) -> MemoryCluster {
        let facts = NodeFacts(
            nodeID: configuration.nodeID, clusterName: configuration.clusterName,
            tickMilliseconds: configuration.tickMilliseconds, commandBytesMax: NodeOptions().commandBytesMax,
            startedNanoseconds: clock.monotonicNanoseconds(), clock: clock, ending: ending)
        return MemoryCluster(node: node, store: store, readers: readers, facts: facts)
    }

    func makeHousekeeping(_ service: MemoryCluster, _ node: RaftNode, logger: Logger) -> Housekeeping {
        Housekeeping(
            service: service,
            options: Housekeeping.Options(
                intervalSeconds: configuration.collectSeconds, archivesOnCollect: configuration.archivesOnCollect,
                archiveDaysMax: configuration.archiveDaysMax),
            isLeader: { node.status.role == .leader }, clock: clock, logger: logger)
    }

    /// nil: this node computes no vectors.
    func makeBacklog(_ service: MemoryCluster, _ node: RaftNode, logger: Logger) -> EmbeddingBacklog? {
        embedding.map { embedding in
            EmbeddingBacklog(
                service: service, store: store, embedding: embedding, isLeader: { node.status.role == .leader },
                clock: clock, logger: logger)
        }
    }

    func makeWebhooks(_ service: MemoryCluster, _ node: RaftNode, logger: Logger) throws -> WebhookDispatcher {
        let sender = try WebhookSender(loops: clientLoops, resolvers: resolvers)
        return WebhookDispatcher(
            service: service, isLeader: { node.status.role == .leader }, clock: clock, logger: logger,
            send: { await sender.send($0, to: $1) })
    }

    func makeAPI(_ service: MemoryCluster, _ node: RaftNode) -> MemoryAPI {
        let membership = MembershipService(
            door: NodeMembershipDoor(node: node, clock: clock, tickMilliseconds: configuration.tickMilliseconds),
            clusterName: configuration.clusterName, nodeID: configuration.nodeID)
        return MemoryAPI(
            service: service, cluster: membership, embedding: embedding,
            options: APIOptions(archivesOnCollect: configuration.archivesOnCollect))
    }

    /// After the node has stopped, and what runs in the background.
    func stop() async throws {
        await transport.stop()
        resolvers.stop()
        threads.stop()
        store.close()
        try await embedding?.stop()
        try await readers.shutdownGracefully()
        try await clientLoops.shutdownGracefully()
        try await raftLoops.shutdownGracefully()
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
