import Raft

/// Whole nodes (core, log, lanes, snapshots, state machine) in one process on virtual time, with the faults of a bad day.
///
/// Owns: the nodes, their disks, the network, and the record of what was acknowledged. Must never: hide a failure; a node
/// that stops itself is a finding unless the test asked for the fault that explains it.
public final class SimulatedCluster: @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    public struct Options: Sendable {
        public var nodeCount = 3
        public var core = CoreOptions()
        public var node = NodeOptions()
        public var log = LogOptions()
        /// Longest time one piece of disk work waits for its lane.
        public var diskNanosecondsMax: UInt64 = 2_000_000
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

    /// How a process ends.
    public enum EndOfProcess: Sendable {
        /// What was not synced is lost, torn or kept, as the seed says; the state machine is back at its checkpoint.
        case powerLoss
        /// kill -9: what was written stays readable, synced or not.
        case kill
    }
    /// Work that can be made to hang.
    public enum Stall: Sendable { case log, apply }

    /// A write whose acknowledgement a client saw.
    public struct Acknowledged: Sendable {
        public var command: [UInt8]
        public var index: LogIndex
    }
    /// A read barrier that passed: everything acknowledged before it began must be in what it read.
    public struct CompletedRead: Sendable {
        public var acknowledgedBefore: Int
        public var commands: [[UInt8]]
    }

    public let time: VirtualTime
    public let network: VirtualNetwork
    public let options: Options
    public let ids: [NodeID]
    public private(set) var acknowledged: [Acknowledged] = []
    public private(set) var reads: [CompletedRead] = []
    /// Commands that were refused; each is a promise that it will never be applied.
    public private(set) var refused: Set<[UInt8]> = []
    public private(set) var unknownCount = 0
    /// Nodes that stopped themselves, with the reason they gave.
    public private(set) var failures: [(node: NodeID, reason: String)] = []
    public private(set) var observer = ClusterObserver()
    private var nodes: [NodeID: SimulatedNode] = [:]

    public init(seed: UInt64, options: Options = Options()) throws {
        self.time = VirtualTime(seed: seed)
        self.network = VirtualNetwork(time: time)
        self.options = options
        self.ids = (1...options.nodeCount).map { NodeID(UInt64($0)) }
        for id in ids { nodes[id] = SimulatedNode(id: id) }
        for id in ids { try start(id) }
    }

    public func start(_ id: NodeID) throws {
        guard let node = nodes[id], node.running == nil else { return }
        try node.start(in: self) { [self] reason in
            failures.append((id, reason))
            crash(id, time.random.chance(perThousand: 500) ? .kill : .powerLoss)
        }
    }

    public func crash(_ id: NodeID, _ end: EndOfProcess = .powerLoss) {
        network.detach(id)
        observer.crashed(id)
        nodes[id]?.crash(end, seed: time.random.next())
    }

    /// From now on no log write, or no apply, of this node begins before `nanoseconds` are over.
    public func stall(_ id: NodeID, _ what: Stall, forNanoseconds nanoseconds: UInt64) {
        let lane = what == .log ? nodes[id]?.running?.logLane : nodes[id]?.running?.applyLane
        lane?.stall(forNanoseconds: nanoseconds)
    }

    /// Stops a node in order, then ends its process; `done` runs when it has stopped.
    public func stop(_ id: NodeID, done: @escaping @Sendable () -> Void) {
        guard let running = nodes[id]?.running else { return }
        running.node.stop { [self] in
            crash(id, .kill)
            done()
        }
    }

    public func isRunning(_ id: NodeID) -> Bool { nodes[id]?.running != nil }
    public func status(_ id: NodeID) -> CoreStatus? { nodes[id]?.running?.node.statusOnCoreLane }
    public func machine(_ id: NodeID) -> ListMachine? { nodes[id]?.running?.machine }
    public func gauges(_ id: NodeID) -> NodeGauges.Values? { nodes[id]?.running?.node.gauges.current }
    public func disk(_ id: NodeID) -> MemoryDisk? { nodes[id]?.disk }

    /// The running leader of the highest term, if any.
    public var leader: NodeID? {
        let leaders = ids.compactMap { id in status(id).map { (id, $0) } }.filter { $0.1.role == .leader }
        return leaders.max { $0.1.term < $1.1.term }?.0
    }

    @discardableResult
    public func runUntilLeader(forNanoseconds: UInt64 = 10_000_000_000) -> NodeID? {
        run(forNanoseconds: forNanoseconds) { self.leader != nil }
        return leader
    }

    @discardableResult
    public func run(forNanoseconds duration: UInt64, until isDone: () -> Bool = { false }) -> Bool {
        time.run(forNanoseconds: duration) {
            observe()
            return isDone()
        }
    }

    private func observe() {
        for id in ids {
            guard let running = nodes[id]?.running else { continue }
            observer.observe(
                node: id, status: running.node.statusOnCoreLane, applied: running.machine.position,
                digest: running.machine.appliedPosition().digest)
        }
    }

    public func propose(
        _ command: [UInt8], on id: NodeID, timeoutNanoseconds: UInt64 = 2_000_000_000,
        done: (@Sendable (ProposalResult) -> Void)? = nil
    ) {
        guard let running = nodes[id]?.running else { return }
        running.node.propose(command, timeoutNanoseconds: timeoutNanoseconds) { [self] result in
            switch result {
            case .applied(let index, _): acknowledged.append(Acknowledged(command: command, index: index))
            case .refused: refused.insert(command)
            case .unknown: unknownCount += 1
            }
            done?(result)
        }
    }

    public func read(on id: NodeID, timeoutNanoseconds: UInt64 = 2_000_000_000) {
        guard let running = nodes[id]?.running else { return }
        let before = acknowledged.count
        running.node.readBarrier(timeoutNanoseconds: timeoutNanoseconds) { [self] result in
            guard case .ready = result else { return }
            reads.append(CompletedRead(acknowledgedBefore: before, commands: running.machine.commands))
        }
    }

    /// Everything that a finished run must satisfy; returns what does not hold.
    /// - Parameter isExpected: whether a fault of the test explains that a node stopped itself for this reason.
    public func violations(expectedFailure isExpected: (String) -> Bool = { _ in false }) -> [String] {
        var found = observer.violations
        found += failures.filter { !isExpected($0.reason) }.map { "\($0.node) stopped itself: \($0.reason)" }
        for id in ids {
            guard let commands = machine(id)?.commands else { continue }
            var counts: [[UInt8]: Int] = [:]
            for command in commands { counts[command, default: 0] += 1 }
            for (command, count) in counts where count > 1 {
                found.append("\(id) applied \(String(decoding: command, as: UTF8.self)) \(count) times")
            }
            for command in commands where refused.contains(command) {
                found.append("\(id) applied the refused \(String(decoding: command, as: UTF8.self))")
            }
            for write in acknowledged where counts[write.command] == nil {
                found.append(
                    "\(id) lost the acknowledged \(String(decoding: write.command, as: UTF8.self)) of \(write.index)")
            }
        }
        for (number, read) in reads.enumerated() {
            let seen = Set(read.commands)
            for write in acknowledged.prefix(read.acknowledgedBefore) where !seen.contains(write.command) {
                found.append("read \(number) misses \(String(decoding: write.command, as: UTF8.self)): stale")
            }
        }
        return found
    }

    /// Stops all faults, restarts everybody, and runs until all nodes agree on everything; false when they never do.
    public func healAndConverge(forNanoseconds: UInt64 = 60_000_000_000) throws -> Bool {
        network.healAll()
        for id in ids {
            // The cut may have met work whose failure harms nothing, such as preparing a spare file.
            if disk(id)?.isPowerLost == true { crash(id) }
            disk(id)?.clearFaults()
            disk(id)?.setCapacity(bytes: nil)
            try start(id)
        }
        return run(forNanoseconds: forNanoseconds) {
            guard let leader = self.leader, let leading = self.status(leader) else { return false }
            return self.ids.allSatisfy { id in
                guard let status = self.status(id) else { return false }
                return status.leader == leader && status.applied == leading.lastIndex
                    && status.lastIndex == leading.lastIndex && status.commit == leading.lastIndex
                    && self.machine(id)?.position.index == leading.lastIndex
            }
        }
    }
}
