/// A whole cluster in one value: cores, disks, a network that is just an array of messages, and `ClusterInvariants`
/// after every event. Nothing happens by itself: a test, or `ChaosRun`, says what happens next.

import Testing

@testable import RaftCore

struct TestCluster {
    static let smallOptions = CoreOptions(
        heartbeatTicks: 2, electionTimeoutTicks: 10, appendBytesMax: 200, inflightBytesMax: 400,
        inflightMessagesMax: 4, uncommittedBytesMax: 4000, unappliedBytesMax: 2000, tailBytesMax: 500,
        entryBytesMax: 1000, readsMax: 100)

    var nodes: [TestNode]
    var network: [Message] = []
    var random: SplitMix64
    var invariants: ClusterInvariants
    var problems: [String] = []
    /// Directed links that lose everything.
    var cut: [[Bool]]
    var nextNonce: UInt64 = 1
    var nextRead: UInt64 = 1
    /// The least index a read may be answered with: what was committed when it was asked.
    var readFloor: [ReadID: LogIndex] = [:]
    let options: CoreOptions
    let configuration: Configuration
    /// With clocks, every step is told its node's monotonic time, and ticks come when that says so.
    var usesClocks = false
    var realNanoseconds: UInt64 = 1_000_000_000
    var coverage = Coverage()
    var messagesDelivered = 0

    init(
        nodes count: Int = 3, seed: UInt64 = 1, options: CoreOptions = CoreOptions(), disks: [SimulatedDisk] = [],
        applied: [Int] = []
    ) {
        let ids = (1...count).map { NodeID(UInt64($0)) }
        let configuration = Configuration(voters: ids)
        self.options = options
        self.configuration = configuration
        invariants = ClusterInvariants(founding: configuration)
        random = SplitMix64(seed: seed)
        cut = Array(repeating: Array(repeating: false, count: count), count: count)
        nodes = []
        for (place, id) in ids.enumerated() {
            var disk = place < disks.count ? disks[place] : SimulatedDisk()
            let count = place < applied.count ? applied[place] : 0
            let entries = Array(disk.entries.prefix(count))
            let position = entries.last?.position ?? disk.base
            let core = RaftCore(
                options: options, nodeID: id, configuration: configuration, seed: random.next(),
                recovered: disk.recover(applied: position))
            var node = TestNode(id: id, options: options, founding: configuration, core: core, disk: disk)
            for entry in entries { node.apply(entry) }
            nodes.append(node)
        }
    }

    // MARK: Events

    mutating func step(_ place: Int, _ inputs: Input...) { step(place, inputs: inputs) }

    mutating func step(_ place: Int, inputs: [Input]) {
        guard nodes[place].isActive else { return }
        var effects: [Effect] = []
        let before = nodes[place].core.history.newest
        let clock: [Input] = usesClocks ? [.clock(nanoseconds: clock(place))] : []
        nodes[place].core.step(clock + inputs, into: &effects)
        var persists = 0
        for effect in effects {
            if case .persist = effect { persists += 1 }
            coverage.count(effect)
            take(effect, from: place)
        }
        let after = nodes[place].core.history.newest
        if after.index < before.index { coverage.cutConfigurations += 1 }
        if after.index > before.index && after.configuration.learners.count < before.configuration.learners.count
            && after.configuration.isJoint
        {
            coverage.promotions += 1
        }
        if persists > 1 { problems.append("\(persists) writes asked for by one step") }
        check()
    }

    private mutating func take(_ effect: Effect, from place: Int) {
        switch effect {
        case .send(let message): network.append(message)
        case .persist(let request): nodes[place].disk.submit(request)
        case .apply(let entries): nodes[place].toApply.append(contentsOf: entries)
        case .readReady(let reads, let index):
            for read in reads {
                nodes[place].ready[read] = index
                if let floor = readFloor[read], index < floor {
                    problems.append("invariant 10: read at \(index), \(floor) was committed before it was asked")
                }
            }
        case .readRefused(let reads, let reason):
            for read in reads { nodes[place].readsRefused[read] = reason }
        case .proposalsRefused(let proposals, let reason):
            for proposal in proposals { nodes[place].proposalsRefused[proposal] = reason }
        case .loadEntries(let peer, let from, let bytesMax): nodes[place].loads.append((peer, from, bytesMax))
        case .sendSnapshot(let peer): nodes[place].snapshotsOwed.append(peer)
        case .stateChanged(let role, let term, let leader):
            nodes[place].roles.append(ReportedState(role: role, term: term, leader: leader))
        case .configurationChanged(let configuration): nodes[place].configurations.append(configuration)
        case .removedFromCluster: nodes[place].wasToldOfRemoval = true
        }
    }

    private mutating func check() {
        for violation in invariants.check(nodes.map(\.view)) { problems.append(violation.description) }
        for place in nodes.indices where !nodes[place].disk.problems.isEmpty {
            problems.append(contentsOf: nodes[place].disk.problems.map { "disk of \(nodes[place].id): \($0)" })
            nodes[place].disk.problems.removeAll()
        }
    }

    mutating func tick(_ place: Int) { step(place, .tick) }

    func place(of id: NodeID) -> Int { Int(id.rawValue) - 1 }

    func clock(_ place: Int) -> UInt64 {
        nodes[place].clockOffset + realNanoseconds / 1000 * nodes[place].clockPermille
    }

    func isCut(_ message: Message) -> Bool { cut[place(of: message.from)][place(of: message.to)] }

    mutating func deliver(_ place: Int) {
        let message = network.remove(at: place)
        guard !isCut(message) else { return }
        messagesDelivered += 1
        step(self.place(of: message.to), .message(message))
    }

    mutating func write(_ place: Int, count: Int = .max) {
        guard nodes[place].isActive, !nodes[place].disk.waiting.isEmpty else { return }
        if let sequence = nodes[place].disk.write(count: min(count, nodes[place].disk.waiting.count)) {
            step(place, .persisted(sequence: sequence))
        }
    }

    mutating func apply(_ place: Int, count: Int = .max) {
        guard nodes[place].isActive, !nodes[place].toApply.isEmpty else { return }
        let entries = Array(nodes[place].toApply.prefix(count))
        nodes[place].toApply.removeFirst(entries.count)
        for entry in entries { nodes[place].apply(entry) }
        step(place, .applied(nodes[place].applied))
    }

    mutating func load(_ place: Int) {
        guard nodes[place].isActive, !nodes[place].loads.isEmpty else { return }
        let (peer, from, bytesMax) = nodes[place].loads.removeFirst()
        var bytes = 0
        var loaded: [Entry] = []
        for entry in nodes[place].disk.entries where entry.index >= from {
            if loaded.isEmpty && entry.index != from { break }
            if !loaded.isEmpty && bytes + entry.costBytes > bytesMax { break }
            bytes += entry.costBytes
            loaded.append(entry)
        }
        step(place, .entriesLoaded(peer: peer, from: from, entries: loaded.isEmpty ? nil : loaded))
    }

    /// Carries out one owed snapshot at once: copy the state machine, install, report on both sides.
    mutating func sendSnapshot(_ place: Int, fails: Bool = false) {
        guard nodes[place].isActive, !nodes[place].snapshotsOwed.isEmpty else { return }
        let peer = nodes[place].snapshotsOwed.removeFirst()
        let target = self.place(of: peer)
        let position = nodes[place].appliedPosition
        let isReachable = nodes[target].isActive && !cut[place][target] && !cut[target][place]
        guard !fails, isReachable else {
            step(place, .snapshotSent(peer: peer, position: nil))
            return
        }
        if position.index > nodes[target].applied {
            nodes[target].digests = nodes[place].digests
            nodes[target].appliedTerms = nodes[place].appliedTerms
            nodes[target].appliedProposals = nodes[place].appliedProposals
            nodes[target].appliedConfiguration = nodes[place].appliedConfiguration
            step(
                target,
                .snapshotInstalled(position: position, configuration: nodes[place].appliedConfiguration))
        }
        step(place, .snapshotSent(peer: peer, position: nodes[target].appliedPosition))
    }

    mutating func compact(_ place: Int, keeping: Int = 0) {
        guard nodes[place].isActive else { return }
        let applied = Int(nodes[place].core.status.applied.rawValue)
        guard applied > keeping, nodes[place].disk.waiting.isEmpty else { return }
        if let base = nodes[place].disk.compact(through: LogIndex(UInt64(applied - keeping))) {
            step(place, .compacted(through: base))
        }
    }

    /// Stops the node; what its disk had not written is gone.
    mutating func crash(_ place: Int) {
        nodes[place].isRunning = false
        nodes[place].isPaused = false
        nodes[place].incarnation += 1
        nodes[place].disk.waiting.removeAll()
        nodes[place].toApply.removeAll()
        nodes[place].loads.removeAll()
        nodes[place].snapshotsOwed.removeAll()
        check()
    }

    mutating func restart(_ place: Int) {
        precondition(!nodes[place].isRunning, "restart of a running node")
        let recovered = nodes[place].disk.recover(
            applied: nodes[place].appliedPosition, configuration: nodes[place].appliedConfiguration)
        nodes[place].core = RaftCore(
            options: nodes[place].options, nodeID: nodes[place].id, configuration: nodes[place].founding,
            seed: random.next(), recovered: recovered)
        nodes[place].isRunning = true
        nodes[place].wasToldOfRemoval = false
        nodes[place].ticksGiven = clock(place) / nodes[place].options.tickNanoseconds
        nodes[place].incarnation += 1
        check()
    }

    // MARK: Clients

    @discardableResult
    mutating func propose(_ place: Int, bytes: Int = 8) -> ProposalID {
        let proposal = makeProposal(place, bytes: bytes)
        step(place, .propose([proposal]))
        return proposal.id
    }

    mutating func makeProposal(_ place: Int, bytes: Int = 8) -> Proposal {
        let id = ProposalID(origin: nodes[place].id, nonce: nextNonce)
        nextNonce += 1
        return Proposal(id: id, payload: Array(repeating: UInt8(truncatingIfNeeded: nextNonce), count: bytes))
    }

    @discardableResult
    mutating func read(_ place: Int, byLease: Bool = false) -> ReadID {
        let read = ReadID(nextRead)
        nextRead += 1
        readFloor[read] = invariants.committedThrough
        if byLease && nodes[place].core.leaseIsValid { coverage.leaseReads += 1 }
        step(place, byLease ? .leaseRead(read) : .read(read))
        return read
    }

    // MARK: Whole rounds

    /// Lets everything under way happen, in order, until nothing is left; time stands still.
    mutating func settle(stepsMax: Int = 5_000) {
        guard problems.isEmpty else { return }
        for _ in 0..<stepsMax {
            if !network.isEmpty {
                deliver(0)
                continue
            }
            if !doLocalWork() { return }
        }
        problems.append("did not settle in \(stepsMax) steps: \(network.prefix(3))")
    }

    private mutating func doLocalWork() -> Bool {
        var worked = false
        for place in nodes.indices where nodes[place].isActive {
            let node = nodes[place]
            let isIdle =
                node.disk.waiting.isEmpty && node.toApply.isEmpty && node.loads.isEmpty && node.snapshotsOwed.isEmpty
            if isIdle { continue }
            worked = true
            write(place)
            apply(place)
            load(place)
            sendSnapshot(place)
        }
        return worked
    }

    /// Delivers messages that `isLetThrough` and loses the others, until there are none; disks write at once.
    mutating func exchange(roundsMax: Int = 200, _ isLetThrough: (Message) -> Bool) {
        for _ in 0..<roundsMax {
            for place in nodes.indices { write(place) }
            guard let message = network.first else { return }
            if isLetThrough(message) { deliver(0) } else { network.removeFirst() }
        }
    }

    mutating func tickAll(times: Int = 1) {
        for _ in 0..<times {
            // More than a tick, so that it has passed by the slowest clock as well.
            realNanoseconds += options.tickNanoseconds + options.tickNanoseconds / 20
            for place in nodes.indices where nodes[place].isRunning { tick(place) }
            settle()
        }
    }

    /// Makes `place` the leader: only its clock runs until it leads. Others must not hear a leader.
    mutating func elect(_ place: Int) {
        for other in nodes.indices where other != place && nodes[other].isRunning {
            // Lets a leader that is still believed in be forgotten without letting anybody stand.
            nodes[other].core.electionElapsedTicks = options.electionTimeoutTicks
        }
        for _ in 0..<(6 * options.electionTimeoutTicks) where nodes[place].core.role != .leader {
            realNanoseconds += options.tickNanoseconds + options.tickNanoseconds / 20
            tick(place)
            settle()
        }
        if nodes[place].core.role != .leader { problems.append("\(nodes[place].id) did not become leader") }
    }

    var leaderPlace: Int? {
        var best: Int?
        for place in nodes.indices where nodes[place].isRunning && nodes[place].core.role == .leader {
            if best.map({ nodes[place].core.term > nodes[$0].core.term }) ?? true { best = place }
        }
        return best
    }

    mutating func isolate(_ place: Int) {
        for other in nodes.indices where other != place {
            cut[place][other] = true
            cut[other][place] = true
        }
    }

    mutating func heal() {
        for row in cut.indices { for column in cut.indices { cut[row][column] = false } }
    }

    func positions(_ place: Int) -> [LogPosition] { nodes[place].disk.entries.map(\.position) }

    func expectNoProblems(_ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(problems.isEmpty, "\(comment) \(problems.prefix(5))", sourceLocation: sourceLocation)
    }
}

/// A disk that already holds entries of these terms, one after the other from index 1.
func disk(terms: [UInt64], term: UInt64? = nil, vote: NodeID? = nil, commit: UInt64 = 0) -> SimulatedDisk {
    var disk = SimulatedDisk()
    for (place, value) in terms.enumerated() {
        disk.entries.append(
            Entry(
                index: LogIndex(UInt64(place) + 1), term: Term(value), kind: .command,
                payload: [UInt8(truncatingIfNeeded: value)]))
    }
    disk.hardState = HardState(term: Term(term ?? terms.last ?? 0), vote: vote, commit: LogIndex(commit))
    return disk
}
