/// A few whole nodes on virtual time over a network that loses nothing but what is cut: for tests of what a node tells its
/// callers, where the faults of the simulator would only be in the way.

import Testing

@testable import Raft
@testable import Simulator

final class NodeBench: @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    final class Place: @unchecked Sendable {
        // Sendable: used on the thread that runs virtual time only.
        let id: NodeID
        let disk = MemoryDisk()
        let storage = ListMachine.Storage()
        var node: RaftNode?
        var machine: ListMachine?
        var inForce: [Configuration] = []
        var committed: [Configuration] = []
        var removedCount = 0
        var failures: [String] = []
        var run: UInt32 = 0
        init(id: NodeID) { self.id = id }
    }
    private final class BenchTransport: Transport, @unchecked Sendable {
        // Sendable: used on the thread that runs virtual time only.
        weak var bench: NodeBench?
        init(bench: NodeBench) { self.bench = bench }
        func send(_ message: RaftMessage) { bench?.carry(message) }
        func flush() {}
    }

    private static let logOptions: LogOptions = {
        var options = LogOptions()
        options.segmentBytes = 64 << 10
        options.recordBytesMax = 32 << 10
        options.batchBytesMax = 64 << 10
        return options
    }()

    let time = VirtualTime()
    let founding: Configuration
    var core = CoreOptions(heartbeatTicks: 2, electionTimeoutTicks: 10)
    var cut: Set<NodeID> = []
    private(set) var sentCount = 0
    private(set) var places: [NodeID: Place] = [:]

    init(founding: Configuration) { self.founding = founding }

    /// Starts a node, on what its earlier process left if it had one.
    func start(_ id: UInt64, founding: Configuration? = nil) throws {
        let place = places[NodeID(id)] ?? Place(id: NodeID(id))
        places[place.id] = place
        place.run += 1
        let machine = ListMachine(storage: place.storage)
        var options = core
        options.incarnation = 1_000 + id
        let identity = LogIdentity(
            clusterID: [UInt8](repeating: 7, count: 16), nodeID: place.id, incarnation: options.incarnation)
        let started = try NodeRecovery.open(
            disk: place.disk, identity: identity, logOptions: Self.logOptions, machine: machine)
        let lane = { [time] in VirtualLane(time: time, delayNanosecondsMax: 1_000) }
        let node = RaftNode(
            started: started, nodeID: place.id, configuration: founding ?? self.founding, coreOptions: options,
            options: NodeOptions(),
            lanes: RaftNode.Lanes(core: lane(), log: lane(), apply: lane(), background: lane()),
            clock: VirtualClock(time: time, node: place.id), transport: BenchTransport(bench: self), machine: machine,
            seed: id &* 977 &+ UInt64(place.run), run: place.run, gauges: NodeGauges(),
            observers: RaftNode.Observers(
                configurationChanged: { place.inForce.append($0) },
                configurationCommitted: { place.committed.append($0) },
                removed: { place.removedCount += 1 }),
            fail: { place.failures.append($0) })
        (place.node, place.machine) = (node, machine)
        node.start()
    }

    /// Ends a process in order; its state machine keeps what it had.
    func stop(_ id: UInt64) {
        let place = places[NodeID(id)]
        let done = Ends<Bool>()
        place?.node?.stop { done.note("stopped")(true) }
        time.run(forNanoseconds: 1_000_000_000) { !done.all.isEmpty }
        place?.machine?.surviveKill()
        place?.node = nil
    }

    func node(_ id: UInt64) throws -> RaftNode { try #require(places[NodeID(id)]?.node) }
    func place(_ id: UInt64) throws -> Place { try #require(places[NodeID(id)]) }

    /// The leader of the highest term.
    var leader: UInt64? {
        let leading = places.values.compactMap { $0.node?.statusOnCoreLane }.filter { $0.role == .leader }
        return leading.max { $0.term < $1.term }?.nodeID.rawValue
    }

    @discardableResult
    func run(_ milliseconds: UInt64 = 10_000, until isDone: () -> Bool = { false }) -> Bool {
        time.run(forNanoseconds: milliseconds * 1_000_000, until: isDone)
    }

    /// Runs until some node leads and its first entry is committed everywhere that is not cut off.
    func runUntilSettled() throws -> UInt64 {
        let settled = run {
            guard let leader, let status = places[NodeID(leader)]?.node?.statusOnCoreLane else { return false }
            return places.values.allSatisfy { place in
                guard let node = place.node, !cut.contains(place.id) else { return true }
                let other = node.statusOnCoreLane
                return other.leader == status.nodeID && other.applied == status.lastIndex
            }
        }
        try #require(settled, "no leader in time")
        return try #require(leader)
    }

    private func carry(_ message: RaftMessage) {
        sentCount += 1
        guard !cut.contains(message.from), !cut.contains(message.to) else { return }
        time.schedule(afterNanoseconds: 200_000) { [self] in
            guard !cut.contains(message.from), !cut.contains(message.to) else { return }
            places[message.to]?.node?.receive([message])
        }
    }

    /// Asks for a change and runs until it is answered.
    func change(_ change: MembershipChange, on id: UInt64) throws -> ProposalResult? {
        let ends = Ends<ProposalResult>()
        try node(id).changeMembership(change, timeoutNanoseconds: 5_000_000_000, ends.note("change"))
        run { !ends.all.isEmpty }
        return ends.all.first?.value
    }
}
