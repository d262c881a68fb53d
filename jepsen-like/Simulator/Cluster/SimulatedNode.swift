import Raft

/// One simulated machine: a disk and clocks that outlive crashes, and at most one running process on it.
///
/// Owns: what belongs to the machine, and to the one process that runs on it. Must never: let anything of an ended
/// process run on.
public final class SimulatedNode: @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    struct Running {
        var node: RaftNode
        var machine: any ReplicatedStateMachine
        var transport: VirtualTransport
        var lanes: [VirtualLane]
        var logLane: VirtualLane { lanes[1] }
        var applyLane: VirtualLane { lanes[2] }
    }

    public let id: NodeID
    public let disk: MemoryDisk
    public let clock: VirtualClock
    public let load: LaneLoad
    public let home: any MachineHome
    private(set) var running: Running?
    public private(set) var isPaused = false
    /// Why the last start was refused; nil when it was not.
    public private(set) var refusal: String?
    /// Starts so far.
    public private(set) var startCount: UInt64 = 0
    /// What an ended process left: its log as far as it was durable, and its term.
    var lastView: ClusterView?
    /// What a directory held that was lost: leaders may still count what it acknowledged.
    private(set) var viewBeforeWipe: ClusterView?
    var lastGlance: CoreGlance?
    /// Its directory was emptied, or damaged beyond what a restart mends.
    public private(set) var isDamaged = false
    var firstAppendTerm: Term = .zero
    /// The configuration in force on this node, or at the end of its last life.
    var configuration: LoggedConfiguration?
    /// The newest configuration this node knew to be committed, in any of its lives.
    var committedConfiguration: LoggedConfiguration?
    var configurationIsStale = true
    /// Since when it acts by `configuration`.
    var configurationAtNanoseconds: UInt64 = 0
    /// An earlier build is installed: feature level 0, and the layout of messages before the newest.
    public var isOlderBuild = false
    /// A committed configuration no longer has it.
    public private(set) var wasRemoved = false
    private var random: SplitMix64
    private var fate: UnsyncedFate?

    init(id: NodeID, home: any MachineHome, disk: MemoryDisk, clock: VirtualClock, load: LaneLoad, random: SplitMix64) {
        self.id = id
        self.home = home
        self.disk = disk
        self.clock = clock
        self.load = load
        self.random = random
    }

    public var isRunning: Bool { running != nil }

    /// Starts a process on this machine.
    /// - Throws: what the product refuses to start with; the node stays down.
    func start(in cluster: SimulatedCluster, watch: ClusterWatch) throws {
        guard running == nil else { return }
        startCount += 1
        refusal = nil
        do {
            try open(in: cluster, watch: watch)
        } catch {
            refusal = "\(error)"
            // What the failed start left open must not be used by the next one.
            end(.kill)
            throw error
        }
    }

    private func open(in cluster: SimulatedCluster, watch: ClusterWatch) throws {
        let options = cluster.options
        var core = options.core
        if isOlderBuild { core.featureLevelMax = 0 }
        let machine = try home.open(featureLevelMax: core.featureLevelMax)
        let watched = WatchedMachine(machine)
        var dice = SplitMix64(seed: random.next())
        let identity = try LogIdentity.readOrFound(
            disk: disk, clusterID: [UInt8](repeating: 7, count: 16), nodeID: id, random: { dice.next() })
        let log = logOptions(options.log)
        core.incarnation = identity.incarnation
        let started = try NodeRecovery.open(disk: disk, identity: identity, logOptions: log, machine: watched)
        let run = try RunCounter.next(disk: disk, incarnation: identity.incarnation)
        let kinds: [VirtualTime.Kind] = [.core, .log, .apply, .background]
        let lanes = kinds.map { VirtualLane(time: cluster.time, kind: $0, node: id, load: load) }
        let transport = VirtualTransport(network: cluster.network)
        let node = RaftNode(
            started: started, nodeID: id, configuration: cluster.founding(for: id), coreOptions: core,
            options: options.node,
            lanes: RaftNode.Lanes(core: lanes[0], log: lanes[1], apply: lanes[2], background: lanes[3]),
            clock: clock, transport: transport, machine: watched, seed: random.next(), run: run,
            gauges: NodeGauges(), observers: observers(watch),
            fail: { [unowned cluster, id] reason in cluster.stopped(id, reason) })
        running = Running(node: node, machine: machine, transport: transport, lanes: lanes)
        lastView = nil
        lastGlance = nil
        configurationIsStale = true
        watched.tell = { [unowned self, unowned watch] moment in watch.moment(moment, on: self) }
        watched.changed = { [unowned self, unowned watch] position in watch.applied(position, on: self) }
        lanes[0].observe = { [unowned self, unowned watch] in watch.coreRan(on: self) }
        cluster.network.attach(id) { [unowned node] in node.receive([$0]) }
        isPaused = false
        node.start()
        watch.coreRan(on: self)
    }

    private func observers(_ watch: ClusterWatch) -> RaftNode.Observers {
        RaftNode.Observers(
            configurationChanged: { [unowned self, unowned watch] _ in
                configurationIsStale = true
                watch.moment(.configurationAppended, on: self)
            },
            configurationCommitted: { [unowned self, unowned watch] _ in
                watch.moment(.configurationCommitted, on: self)
            },
            removed: { [unowned self] in wasRemoved = true })
    }

    private func logOptions(_ base: LogOptions) -> LogOptions {
        let salts = SaltSource(seed: random.next())
        var options = base
        options.makeSalt = { salts.next() }
        return options
    }

    /// Ends the process. What was not synced meets `fate`, or what the dice choose.
    func end(_ end: EndOfProcess, fate chosen: UnsyncedFate? = nil) {
        if let running {
            var view = view(of: running.node)
            view.isRunning = false
            lastView = view
            running.transport.end()
            for lane in running.lanes { lane.end() }
            running.node.abandon()
        }
        running = nil
        isPaused = false
        // A disk whose power went in the middle of an operation leaves no choice.
        if end == .kill, !disk.isPowerLost {
            disk.processKill()
            home.end(.kill)
        } else {
            disk.powerLoss(chosen ?? drawFate())
            home.end(.powerLoss)
        }
    }

    /// For the invariants over all nodes. A directory that was lost has forgotten its votes, which is why nobody may
    /// count what it says; that it votes again is no violation.
    func view(of raft: RaftNode) -> ClusterView {
        var view = raft.clusterViewOnCoreLane(incarnation: startCount)
        if isDamaged { view.vote = nil }
        return view
    }

    private func drawFate() -> UnsyncedFate {
        switch random.next(below: 10) {
        case 0: .kept
        case 1, 2: .lost
        default: .torn(seed: random.next())
        }
    }

    func pause() {
        guard !isPaused, let running else { return }
        isPaused = true
        for lane in running.lanes { lane.pause() }
    }

    func resume() {
        guard isPaused, let running else { return }
        isPaused = false
        for lane in running.lanes { lane.resume() }
    }

    /// Whatever hangs goes on.
    func unstall() {
        for lane in running?.lanes ?? [] { lane.unstall() }
    }

    /// Its directory is emptied while it is down.
    func wipe() {
        precondition(running == nil, "only the directory of a node that is down is wiped")
        disk.wipe()
        home.wipe()
        viewBeforeWipe = lastView
        lastView = nil
        isDamaged = true
    }

    func markDamaged() { isDamaged = true }
}

/// Salts of log segments, from the seed.
private final class SaltSource: @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    private var random: SplitMix64
    init(seed: UInt64) { random = SplitMix64(seed: seed) }
    func next() -> UInt64 { random.next() }
}
