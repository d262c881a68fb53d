import Raft

/// Whole nodes (core, log, lanes, snapshots, state machine) in one process on virtual time.
///
/// Owns: the nodes, the network between them, and the watch over both. Must never: hide a failure; a node that stops
/// itself is a finding unless a fault that was asked for explains it.
public final class SimulatedCluster: @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    public struct Options {
        public var nodeCount = 3
        public var core = CoreOptions()
        public var node = NodeOptions()
        public var log = LogOptions()
        public var network = NetworkModel()
        /// Longest time one piece of disk work waits for its lane.
        public var diskNanosecondsMax: UInt64 = 2_000_000
        public var applyNanosecondsMax: UInt64 = 200_000
        public var processorNanosecondsMax: UInt64 = 10_000
        public var hasSlowDiskTail = false
        /// Clocks run fast or slow by up to this many parts per million, each its own.
        public var driftPerMillionMax: UInt64 = 0
        /// Founding members that begin with an earlier build.
        public var olderBuilds: [NodeID] = []
        public init() {
            core.heartbeatTicks = 2
            core.electionTimeoutTicks = 10
            log.recordBytesMax = 32 << 10
            log.batchBytesMax = 64 << 10
            node.checkpointBytes = 16 << 10
            node.compactionKeepEntries = 20
            node.snapshotChunkBytes = 1 << 10
            log.segmentBytes = 64 << 10
        }
    }

    /// A node that stopped itself.
    public struct Stop: Sendable {
        public var node: NodeID
        public var reason: String
    }

    public let time = VirtualTime()
    public let network: VirtualNetwork
    public let options: Options
    public let streams: RandomStreams
    /// Every node there ever was, ascending.
    public private(set) var ids: [NodeID] = []
    public private(set) var stops: [Stop] = []
    public private(set) lazy var watch = ClusterWatch(cluster: self)
    private var nodes: [SimulatedNode?]
    private let foundingVoters: [NodeID]
    private let makeHome: (NodeID, MemoryDisk) -> any MachineHome
    /// Told when a node stopped itself, after its process has ended.
    var onStop: (NodeID, String) -> Void = { _, _ in }
    /// Sees every message that a node sends.
    var onMessage: (RaftMessage) -> Void = { _ in }

    /// - Parameter makeHome: where the state machine of a node lives; asked once per node.
    public init(seed: UInt64, options: Options, makeHome: @escaping (NodeID, MemoryDisk) -> any MachineHome) {
        self.streams = RandomStreams(seed: seed)
        self.network = VirtualNetwork(time: time, model: options.network, random: streams.stream(.network))
        self.options = options
        self.makeHome = makeHome
        self.foundingVoters = (1...options.nodeCount).map { NodeID(UInt64($0)) }
        self.nodes = Array(repeating: nil, count: Int(VirtualNetwork.nodeIDMax) + 1)
        network.onSend = { [unowned self] in sent($0) }
        for id in foundingVoters {
            addNode(id)
            node(id).isOlderBuild = options.olderBuilds.contains(id)
        }
        guard !options.olderBuilds.isEmpty else { return }
        network.layout = { [unowned self] from, to in
            [from, to].contains { nodes[Int($0.rawValue)]?.isOlderBuild ?? false }
                ? MessageCodec.versionMin : MessageCodec.version
        }
    }

    /// Founding members know each other; a node that comes later, or that lost its directory, knows nobody until a leader
    /// tells it: a cluster is founded once.
    func founding(for id: NodeID) -> Configuration {
        foundingVoters.contains(id) && !node(id).isDamaged ? Configuration(voters: foundingVoters) : .none
    }

    public func addNode(_ id: NodeID) {
        let drift = options.driftPerMillionMax
        var dice = streams.stream(.clock, id.rawValue)
        let clock = VirtualClock(
            time: time, node: id, bootNanoseconds: dice.between(0, 1 << 40),
            driftPerMillion: Int64(dice.between(0, 2 * drift)) - Int64(drift))
        let load = LaneLoad(
            random: streams.stream(.load, id.rawValue), processorNanosecondsMax: options.processorNanosecondsMax,
            applyNanosecondsMax: options.applyNanosecondsMax, diskNanosecondsMax: options.diskNanosecondsMax)
        load.hasSlowDiskTail = options.hasSlowDiskTail
        let disk = MemoryDisk(path: "\(id)")
        nodes[Int(id.rawValue)] = SimulatedNode(
            id: id, home: makeHome(id, disk), disk: disk, clock: clock, load: load,
            random: streams.stream(.node, id.rawValue))
        ids.append(id)
    }

    public func node(_ id: NodeID) -> SimulatedNode {
        guard let node = nodes[Int(id.rawValue)] else { preconditionFailure("there is no \(id)") }
        return node
    }

    // MARK: lives

    public func start(_ id: NodeID) throws {
        try node(id).start(in: self, watch: watch)
    }

    public func crash(_ id: NodeID, _ end: EndOfProcess = .powerLoss, fate: UnsyncedFate? = nil) {
        network.detach(id)
        node(id).end(end, fate: fate)
    }

    func stopped(_ id: NodeID, _ reason: String) {
        stops.append(Stop(node: id, reason: reason))
        crash(id, stops.count % 2 == 0 ? .kill : .powerLoss)
        onStop(id, reason)
    }

    /// Stops a node in order, then ends its process; `done` runs when it has stopped.
    public func stop(_ id: NodeID, done: @escaping @Sendable () -> Void) {
        guard let running = node(id).running else { return }
        running.node.stop { [self] in
            crash(id, .kill)
            done()
        }
    }

    /// Work that can be made to hang.
    public enum Stall: Sendable { case log, apply, everything }

    /// From now on no such work of this node begins before `nanoseconds` are over.
    public func stall(_ id: NodeID, _ what: Stall, forNanoseconds nanoseconds: UInt64) {
        guard let running = node(id).running else { return }
        if what != .apply { running.logLane.stall(forNanoseconds: nanoseconds) }
        if what != .log { running.applyLane.stall(forNanoseconds: nanoseconds) }
        if what == .everything { running.lanes[3].stall(forNanoseconds: nanoseconds) }
    }

    // MARK: looking

    public func isRunning(_ id: NodeID) -> Bool { node(id).isRunning }
    public func raft(_ id: NodeID) -> RaftNode? { node(id).running?.node }
    public func machine(_ id: NodeID) -> (any ReplicatedStateMachine)? { node(id).running?.machine }
    public func status(_ id: NodeID) -> CoreStatus? { raft(id)?.statusOnCoreLane }
    public func glance(_ id: NodeID) -> CoreGlance? { node(id).isRunning ? node(id).lastGlance : nil }
    public func gauges(_ id: NodeID) -> NodeGauges.Values? { raft(id)?.gauges.current }

    /// The running leader of the highest term, if any.
    public var leader: NodeID? {
        var best: (id: NodeID, term: Term)?
        for id in ids {
            guard let glance = glance(id), glance.role == .leader else { continue }
            if best.map({ $0.term < glance.term }) ?? true { best = (id, glance.term) }
        }
        return best?.id
    }

    /// Every node for the invariants: running ones as they are, ended ones as they left their disks, those that lost their
    /// directory as they were, for nobody counts what they say since (unless they lead, which must be seen).
    func views() -> [ClusterView] {
        var views: [ClusterView] = []
        for id in ids {
            let node = node(id)
            if let lost = node.viewBeforeWipe {
                views.append(lost)
                if node.lastGlance?.role != .leader { continue }
            }
            if let running = node.running {
                views.append(node.view(of: running.node))
            } else if let last = node.lastView {
                views.append(last)
            }
        }
        return views
    }

    private func sent(_ message: RaftMessage) {
        onMessage(message)
        switch message.body {
        case .voteReply(let reply) where reply.granted: watch.moment(.grantedVote, on: node(message.from))
        case .timeoutNow: watch.moment(.timeoutNowSent, on: node(message.from))
        default: break
        }
    }

    @discardableResult
    public func run(forNanoseconds duration: UInt64, until isDone: () -> Bool = { false }) -> Bool {
        time.run(forNanoseconds: duration, until: isDone)
    }
}
