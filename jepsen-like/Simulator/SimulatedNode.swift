import Raft

/// One simulated machine: a disk that outlives crashes, and at most one running process on it.
final class SimulatedNode {
    struct Running {
        var node: RaftNode
        var machine: ListMachine
        var life: NodeLife
        var logLane: VirtualLane
        var applyLane: VirtualLane
    }

    let id: NodeID
    let disk: MemoryDisk
    private let storage = ListMachine.Storage()
    private(set) var running: Running?

    init(id: NodeID) {
        self.id = id
        self.disk = MemoryDisk(path: "\(id)")
    }

    func start(in cluster: SimulatedCluster, fail: @escaping @Sendable (String) -> Void) throws {
        let time = cluster.time
        let options = cluster.options
        let life = NodeLife()
        let machine = ListMachine(storage: storage)
        let identity = LogIdentity(clusterID: [UInt8](repeating: 7, count: 16), nodeID: id, incarnation: 1)
        let started = try NodeRecovery.open(
            disk: disk, identity: identity, logOptions: options.log, machine: machine)
        let run = try RunCounter.next(disk: disk)
        func lane(_ delayNanosecondsMax: UInt64) -> VirtualLane {
            VirtualLane(time: time, life: life, delayNanosecondsMax: delayNanosecondsMax)
        }
        let logLane = lane(options.diskNanosecondsMax)
        let applyLane = lane(200_000)
        let node = RaftNode(
            started: started, nodeID: id, configuration: Configuration(voters: cluster.ids),
            coreOptions: options.core, options: options.node,
            lanes: RaftNode.Lanes(
                core: lane(10_000), log: logLane, apply: applyLane,
                background: lane(options.diskNanosecondsMax)),
            clock: VirtualClock(time: time), transport: VirtualTransport(network: cluster.network, life: life),
            machine: machine, seed: time.random.next(), run: run, gauges: NodeGauges(), fail: fail)
        running = Running(node: node, machine: machine, life: life, logLane: logLane, applyLane: applyLane)
        cluster.network.attach(id) { node.receive([$0]) }
        node.start()
    }

    func crash(_ end: SimulatedCluster.EndOfProcess, seed: UInt64) {
        guard let running else { return }
        running.life.end()
        self.running = nil
        // A disk whose power went in the middle of an operation leaves no choice.
        if end == .kill, !disk.isPowerLost {
            disk.processKill()
            disk.clearFaults()
            running.machine.surviveKill()
        } else {
            disk.powerLoss(.torn(seed: seed))
        }
    }
}
