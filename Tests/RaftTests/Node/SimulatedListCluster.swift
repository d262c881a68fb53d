/// A simulated cluster over the list machine, with the record of what was acknowledged, for tests that place each fault by
/// hand.
///
/// Owns: the record and its judgement. Must never: hide a failure; a node that stops itself is a finding unless the test
/// asked for the fault that explains it.

import Raft
import Simulator

final class ListHome: MachineHome {
    private let storage = ListMachine.Storage()
    private var machine: ListMachine?

    func open(featureLevelMax: UInt16) throws -> any ReplicatedStateMachine {
        let opened = ListMachine(storage: storage)
        machine = opened
        return opened
    }
    func end(_ end: EndOfProcess) {
        if end == .kill { machine?.surviveKill() }
        machine = nil
    }
    func wipe() { preconditionFailure("no test wipes a list") }
}

final class ListCluster: @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    typealias Options = SimulatedCluster.Options

    /// Work that can be made to hang.
    enum Stall { case log, apply }

    /// A write whose acknowledgement a client saw.
    struct Acknowledged {
        var command: [UInt8]
        var index: LogIndex
    }
    /// A read barrier that passed: everything acknowledged before it began must be in what it read.
    struct CompletedRead {
        var acknowledgedBefore: Int
        var commands: [[UInt8]]
    }

    let cluster: SimulatedCluster
    private(set) var acknowledged: [Acknowledged] = []
    private(set) var reads: [CompletedRead] = []
    /// Commands that were refused; each is a promise that it will never be applied.
    private(set) var refused: Set<[UInt8]> = []
    private(set) var unknownCount = 0

    init(seed: UInt64, options: Options = Options()) throws {
        cluster = SimulatedCluster(seed: seed, options: options) { _, _ in ListHome() }
        for id in ids { try start(id) }
    }

    var ids: [NodeID] { cluster.ids }
    var time: VirtualTime { cluster.time }
    var network: VirtualNetwork { cluster.network }
    var failures: [SimulatedCluster.Stop] { cluster.stops }
    var leader: NodeID? { cluster.leader }
    var leaderCount: Int { cluster.watch.leaderCount }

    func start(_ id: NodeID) throws { try cluster.start(id) }
    func crash(_ id: NodeID, _ end: EndOfProcess = .powerLoss) { cluster.crash(id, end) }
    func stop(_ id: NodeID, done: @escaping @Sendable () -> Void) { cluster.stop(id, done: done) }
    func isRunning(_ id: NodeID) -> Bool { cluster.isRunning(id) }
    func status(_ id: NodeID) -> CoreStatus? { cluster.status(id) }
    func machine(_ id: NodeID) -> ListMachine? { cluster.machine(id) as? ListMachine }
    func gauges(_ id: NodeID) -> NodeGauges.Values? { cluster.gauges(id) }
    func disk(_ id: NodeID) -> MemoryDisk? { cluster.node(id).disk }

    /// From now on no log write, or no apply, of this node begins before `nanoseconds` are over.
    func stall(_ id: NodeID, _ what: Stall, forNanoseconds nanoseconds: UInt64) {
        cluster.stall(id, what == .log ? .log : .apply, forNanoseconds: nanoseconds)
    }

    @discardableResult
    func run(forNanoseconds duration: UInt64, until isDone: () -> Bool = { false }) -> Bool {
        cluster.run(forNanoseconds: duration, until: isDone)
    }

    @discardableResult
    func runUntilLeader(forNanoseconds: UInt64 = 10_000_000_000) -> NodeID? {
        run(forNanoseconds: forNanoseconds) { self.leader != nil }
        return leader
    }

    func propose(
        _ command: [UInt8], on id: NodeID, timeoutNanoseconds: UInt64 = 2_000_000_000,
        done: (@Sendable (ProposalResult) -> Void)? = nil
    ) {
        cluster.raft(id)?.propose(command, timeoutNanoseconds: timeoutNanoseconds) { [self] result in
            switch result {
            case .applied(let index, _): acknowledged.append(Acknowledged(command: command, index: index))
            case .refused: refused.insert(command)
            case .unknown: unknownCount += 1
            }
            done?(result)
        }
    }

    func read(on id: NodeID, timeoutNanoseconds: UInt64 = 2_000_000_000) {
        guard let node = cluster.raft(id), let machine = machine(id) else { return }
        let before = acknowledged.count
        node.readBarrier(timeoutNanoseconds: timeoutNanoseconds) { [self] result in
            guard case .ready = result else { return }
            reads.append(CompletedRead(acknowledgedBefore: before, commands: machine.commands))
        }
    }

    /// Everything that a finished run must satisfy; returns what does not hold.
    /// - Parameter isExpected: whether a fault of the test explains that a node stopped itself for this reason.
    func violations(expectedFailure isExpected: (String) -> Bool = { _ in false }) -> [String] {
        var found = cluster.watch.violations
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
    func healAndConverge(forNanoseconds: UInt64 = 60_000_000_000) throws -> Bool {
        network.healAll()
        for id in ids {
            // The cut may have met work whose failure harms nothing, such as preparing a spare file.
            if disk(id)?.isPowerLost == true { crash(id) }
            disk(id)?.clearFaults()
            disk(id)?.setCapacity(bytes: nil)
            if !isRunning(id) { try start(id) }
        }
        return run(forNanoseconds: forNanoseconds) {
            guard let leader = self.leader, let leading = self.cluster.glance(leader) else { return false }
            return self.ids.allSatisfy { id in
                guard let glance = self.cluster.glance(id) else { return false }
                return glance.leader == leader && glance.applied == leading.last.index
                    && glance.last == leading.last && glance.commit == leading.last.index
                    && self.machine(id)?.position.index == leading.last.index
            }
        }
    }
}
