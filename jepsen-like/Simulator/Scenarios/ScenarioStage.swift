import Checkers
import Raft

/// What a scenario plays on: a cluster, clients that wait for their answers, and the history they leave.
///
/// Owns: the cluster and the history. Must never: judge leniently because a script is at work; invariants and checkers
/// are those of every other run.
final class ScenarioStage: @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    private final class Box<Value>: @unchecked Sendable {
        // Sendable: as above.
        var value: Value?
    }

    /// Three nodes, a tick of 10 ms, an election timeout of 100 ms; a network without trouble of its own.
    static var options: SimulatedCluster.Options {
        var options = SimulatedCluster.Options()
        options.core.heartbeatTicks = 1
        options.core.electionTimeoutTicks = 10
        options.core.tickNanoseconds = 10_000_000
        options.node.tickNanoseconds = 10_000_000
        options.driftPerMillionMax = 100
        return options
    }

    let cluster: SimulatedCluster
    let canonical = CanonicalLog()
    private(set) var history = History()
    private var outcome: RunOutcome
    /// For choices of the story.
    private(set) var dice: SplitMix64
    private var session: UInt64 = 0
    private var sequence: UInt32 = 0
    var trace: ((String) -> Void)?
    /// Messages that nodes sent, by kind.
    private(set) var messages = [Int](repeating: 0, count: MessageKind.allCases.count)

    init(seed: UInt64, options: SimulatedCluster.Options) {
        outcome = RunOutcome(seed: seed, profile: .tiny)
        dice = SplitMix64(seed: seed)
        let log = canonical
        cluster = SimulatedCluster(seed: seed, options: options) { node, _ in
            RegisterHome(limits: RegisterLimits(), node: node, log: log)
        }
        cluster.onMessage = { [unowned self] in messages[Int(MessageKind($0.body).rawValue)] += 1 }
        cluster.watch.onChange = { [unowned self] node, before, after in
            guard let trace, before?.role != after.role || before?.term != after.term || before?.leader != after.leader
            else { return }
            let leader = after.leader?.description ?? "-"
            trace("\(now / 1_000) us \(node.id) \(after.role.rawValue) \(after.term) leader \(leader)")
        }
    }

    var now: UInt64 { cluster.time.nowNanoseconds }
    var electionTimeout: UInt64 {
        UInt64(cluster.options.core.electionTimeoutTicks) * cluster.options.core.tickNanoseconds
    }
    var nodes: [NodeID] { cluster.ids }
    func others(than node: NodeID) -> [NodeID] { cluster.ids.filter { $0 != node } }
    func term(of node: NodeID) -> Term { cluster.glance(node)?.term ?? .zero }
    func leads(_ node: NodeID) -> Bool { cluster.glance(node)?.role == .leader }

    func find(_ runClass: RunClass, _ text: String) {
        outcome.runClass = max(outcome.runClass, runClass)
        outcome.findings.append(text)
    }

    // MARK: time

    func begin() throws {
        for id in cluster.ids { try cluster.start(id) }
        try wait("a leader", 100) { self.cluster.leader != nil }
        rest(2)
        let request = Request(client: 1, sequence: 0, action: .open)
        guard let leader = cluster.leader,
            let opened = propose(RegisterCommand.encode(request), on: leader, timeouts: 20)
        else { throw ScenarioError("no session") }
        session = opened.index
    }

    /// Lets so many election timeouts pass.
    func rest(_ timeouts: Double) { cluster.run(forNanoseconds: UInt64(timeouts * Double(electionTimeout))) }

    func wait(_ words: String, _ timeouts: UInt64, _ holds: () -> Bool) throws {
        guard cluster.run(forNanoseconds: timeouts * electionTimeout, until: holds) || holds() else {
            throw ScenarioError("\(words) is not reached in \(timeouts) election timeouts")
        }
    }

    // MARK: clients

    /// - Returns: the outcome; nil when none came within the time.
    private func propose(_ command: [UInt8], on node: NodeID, timeouts: UInt64) -> Outcome? {
        let answer = Box<Outcome>()
        let isOver = Box<Bool>()
        cluster.raft(node)?.propose(command, timeoutNanoseconds: timeouts * electionTimeout) { result in
            if case .applied(_, let bytes) = result { answer.value = RegisterCommand.decodeOutcome(bytes) }
            isOver.value = true
        }
        cluster.run(forNanoseconds: (timeouts + 1) * electionTimeout) { isOver.value == true }
        return answer.value
    }

    /// Writes and waits for the answer.
    @discardableResult
    func write(_ key: UInt32 = 0, on node: NodeID, timeouts: UInt64 = 20, ballastBytes: Int = 0) -> Bool {
        sequence += 1
        let request = Request(
            client: 1, sequence: sequence, session: session, action: .write, key: key, value: sequence)
        let operation = history.invoke(
            Operation(
                client: 1, sequence: sequence, action: .write, key: key, value: sequence, expected: 0,
                node: node.rawValue), atNanoseconds: now)
        let command = RegisterCommand.encode(request, ballastBytes: ballastBytes)
        guard let outcome = propose(command, on: node, timeouts: timeouts) else { return false }
        history.succeed(
            operation, atNanoseconds: now, status: outcome.status, index: outcome.index, result: outcome.value)
        return true
    }

    /// Writes; the history has the answer, whenever it comes.
    func beginWrite(_ key: UInt32 = 0, on node: NodeID) {
        sequence += 1
        let request = Request(
            client: 1, sequence: sequence, session: session, action: .write, key: key, value: sequence)
        let operation = history.invoke(
            Operation(
                client: 1, sequence: sequence, action: .write, key: key, value: sequence, expected: 0,
                node: node.rawValue), atNanoseconds: now)
        cluster.raft(node)?.propose(
            RegisterCommand.encode(request), timeoutNanoseconds: 20 * electionTimeout
        ) { [self] result in
            guard case .applied(_, let bytes) = result, let outcome = RegisterCommand.decodeOutcome(bytes) else {
                return
            }
            history.succeed(
                operation, atNanoseconds: now, status: outcome.status, index: outcome.index, result: outcome.value)
        }
    }

    /// Asks for `key` from now on until it is answered or refused; the history has the answer, whenever it comes.
    func beginRead(_ key: UInt32 = 0, on node: NodeID, isLeased: Bool, timeouts: UInt64 = 20) {
        let operation = history.invoke(
            Operation(
                client: 100 + UInt32(history.operations.count), action: .read, key: key,
                consistency: isLeased ? .lease : .linearizable, node: node.rawValue), atNanoseconds: now)
        let done: @Sendable (ReadResult) -> Void = { [self] result in
            guard case .ready = result, let machine = cluster.machine(node) as? RegisterMachine else {
                return history.fail(operation, atNanoseconds: now)
            }
            let reading = machine.read(key: key)
            trace?("\(now / 1_000) us \(node) reads \(reading.value)")
            history.succeed(
                operation, atNanoseconds: now, status: reading.isRetired ? .retired : .done,
                index: reading.applied.index.rawValue, result: reading.value, list: reading.list)
        }
        guard let raft = cluster.raft(node) else { return history.fail(operation, atNanoseconds: now) }
        if isLeased {
            raft.leaseRead(timeoutNanoseconds: timeouts * electionTimeout, done)
        } else {
            raft.readBarrier(timeoutNanoseconds: timeouts * electionTimeout, done)
        }
    }

    // MARK: disks

    /// A bit turns in the first `bytes` bytes that the oldest log file of `node` holds beside its header.
    func damageLog(of node: NodeID, withinBytes bytes: Int) throws {
        let disk = cluster.node(node).disk
        guard let file = try disk.list().filter({ $0.hasSuffix(".log") }).min() else {
            throw ScenarioError("\(node) has no log file")
        }
        let place = 4_096 + dice.next(below: bytes)
        guard disk.flipBit(in: file, atByte: place, bit: dice.next(below: 8)) else {
            throw ScenarioError("\(file) of \(node) has no byte \(place)")
        }
        trace?("\(now / 1_000) us a bit of \(file) of \(node) turns at byte \(place)")
    }

    // MARK: network

    func cut(_ from: NodeID, _ to: NodeID) { cluster.network.cut(from: from, to: to) }
    func cutBoth(_ a: NodeID, _ b: NodeID) {
        cut(a, b)
        cut(b, a)
    }
    func isolate(_ node: NodeID) { cluster.network.isolate(node, from: cluster.ids) }
    func heal() { cluster.network.joinAll() }
    func sent(_ kind: MessageKind) -> Int { messages[Int(kind.rawValue)] }

    // MARK: end

    func judge() {
        for violation in cluster.watch.violations + canonical.violations { find(.correctness, violation) }
        for stop in cluster.stops { find(.correctness, "\(stop.node) stopped itself: \(stop.reason)") }
        for violation in RegisterChecker.check(history).violations { find(.correctness, violation) }
    }

    func finish() -> RunOutcome {
        outcome.virtualNanoseconds = now
        outcome.eventHash = cluster.time.eventHash
        outcome.events = cluster.time.eventCount
        outcome.leaders = cluster.watch.leaderCount
        outcome.messages = cluster.network.deliveredCount
        return outcome
    }
}
