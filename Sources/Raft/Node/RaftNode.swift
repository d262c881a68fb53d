import Synchronization

/// Drives one core: feeds it what arrives, carries out what it asks, and answers those who wait.
///
/// Owns: the core, on the core lane; the log writer, the applier and the snapshot transfers around it. One turn of the
/// core lane takes everything that arrived, steps the core through it, and crosses to each other lane at most once.
/// Must never: block the core lane on disk or state machine, or let anything but its own lane touch the core.
///
/// The way of a write, with the lanes in brackets:
/// 1. [caller] `propose` compresses the command, registers a waiter, puts the proposal into the mailbox.
/// 2. [core] the leader appends it and emits `persist` and `send` side by side; a follower emits `send(forward)`.
/// 3. [log] one sync covers all requests that are queued; completion goes back to the mailbox.
/// 4. [core] a majority is durable: `apply`.
/// 5. [apply] one transaction per batch; then the waiter whose proposal id stands in the entry is completed.
public final class RaftNode: @unchecked Sendable {
    // Sendable: `core`, `effects`, `sender`, `receiver` and the other private variables are touched only on `lanes.core`
    // (asserted in `turn`); all other properties are immutable and Sendable.

    public struct Lanes: Sendable {
        public var core: any Lane
        public var log: any Lane
        public var apply: any Lane
        /// Copies, reads and writes snapshot files.
        public var background: any Lane
        public init(core: any Lane, log: any Lane, apply: any Lane, background: any Lane) {
            self.core = core
            self.log = log
            self.apply = apply
            self.background = background
        }
    }

    /// Who wants to know what becomes of the membership. Called on the core lane.
    public struct Observers: Sendable {
        /// Another configuration is in force: talk to its members. It may be cut away again.
        public var configurationChanged: @Sendable (Configuration) -> Void
        /// A configuration is committed: whom it does not have is a stranger for good. Also called once at the start.
        public var configurationCommitted: @Sendable (Configuration) -> Void
        /// A committed configuration no longer has this node: it may stop.
        public var removed: @Sendable () -> Void
        public init(
            configurationChanged: @escaping @Sendable (Configuration) -> Void = { _ in },
            configurationCommitted: @escaping @Sendable (Configuration) -> Void = { _ in },
            removed: @escaping @Sendable () -> Void = {}
        ) {
            self.configurationChanged = configurationChanged
            self.configurationCommitted = configurationCommitted
            self.removed = removed
        }
    }

    let nodeID: NodeID
    let lanes: Lanes
    let clock: any Clock
    let transport: any Transport
    let machine: any ReplicatedStateMachine
    let options: NodeOptions
    let waiters: Waiters
    let mailbox = Mailbox()
    let statusCell: Mutex<PublishedStatus>
    public let gauges: NodeGauges
    private let observers: Observers
    private let fail: @Sendable (String) -> Void
    /// Committed before anything else happened; told to the observers at the start.
    private let committedAtStart: Configuration
    private(set) var logWriter: LogWriter
    private(set) var applier: Applier
    private let compactionFloor: CompactionFloor
    private let door: CoreDoor

    var core: RaftCore
    var sender: SnapshotSender
    var receiver = SnapshotReceiver()
    private var inputs: [Input] = []
    private var effects: [Effect] = []
    private var logWork: [LogWriter.Work] = []
    private var applyWork: [Applier.Work] = []
    private var stopped = false
    private var lastRole: Role = .follower
    private var lastTerm: Term = .zero
    private var lastLeader: NodeID?
    /// Who spoke as a leader in this turn, and in which term.
    private var spokeAsLeader: (node: NodeID, term: Term)?
    /// When a leader was last heard, or a quorum as a leader.
    var contactNanoseconds: UInt64 = 0
    /// Observers are told at most once a turn, and only after a tick or a change of role: building it costs.
    private var statusChanged = true

    /// - Parameters:
    ///   - started: what `NodeRecovery` found on disk.
    ///   - configuration: what the cluster was founded with, in force until the log or the state machine says otherwise;
    ///     `.none` for a node that joins a cluster.
    ///   - coreOptions: its `incarnation` is that of the log's identity.
    ///   - run: number of this run of the node, from `RunCounter`.
    ///   - fail: called once, on any lane, when the node must stop: a failed write, a corrupt entry, a broken promise.
    public init(
        started: RecoveredNode, nodeID: NodeID, configuration: Configuration, coreOptions: CoreOptions,
        options: NodeOptions, lanes: Lanes, clock: any Clock, transport: any Transport,
        machine: any ReplicatedStateMachine, seed: UInt64, run: UInt32, gauges: NodeGauges,
        observers: Observers = Observers(), fail: @escaping @Sendable (String) -> Void
    ) {
        self.nodeID = nodeID
        self.lanes = lanes
        self.clock = clock
        self.transport = transport
        self.machine = machine
        self.options = options
        self.gauges = gauges
        self.observers = observers
        self.fail = fail
        self.committedAtStart = started.recovered.configuration?.configuration ?? configuration
        self.waiters = Waiters(
            node: nodeID, run: run, countMax: options.waitersMax, bytesMax: options.waitersBytesMax,
            applied: started.recovered.applied)
        self.lastTerm = started.recovered.hardState.term
        self.core = RaftCore(
            options: coreOptions, nodeID: nodeID, configuration: configuration, seed: seed,
            recovered: started.recovered)
        self.sender = SnapshotSender(
            firstIdentifier: UInt64(run) << 32 | 1, limits: SnapshotSender.Limits(options))
        self.statusCell = Mutex(PublishedStatus(core: core.status, contactNanoseconds: 0))
        let door = CoreDoor(mailbox: mailbox)
        self.door = door
        self.logWriter = LogWriter(
            wal: started.wal, lane: lanes.log, background: lanes.background, gauges: gauges,
            report: { door.put(.input($0)) }, fail: fail)
        let writer = logWriter
        let floor = CompactionFloor(keepEntries: options.compactionKeepEntries)
        self.compactionFloor = floor
        self.applier = Applier(
            machine: machine, lane: lanes.apply, clock: clock, options: options, waiters: waiters, gauges: gauges,
            port: Applier.Port(
                applied: { door.put(.input(.applied($0))) },
                snapshot: { door.put(.snapshot($0)) },
                checkpointed: { position in
                    guard let through = floor.through(checkpoint: position.index) else { return }
                    writer.submit([.compact(through: through)])
                },
                fail: fail))
        door.attach(self)
    }

    /// Begins to tick. Messages may be delivered from now on.
    public func start() {
        lanes.log.submit { [logWriter] in logWriter.prepareSpare() }
        lanes.core.submit { [self] in committed(committedAtStart) }
        scheduleTick()
    }

    /// Messages of other nodes; any thread, in batches.
    public func receive(_ messages: [RaftMessage]) {
        put(.messages(messages))
    }

    /// Stops ticking and ends every waiter; `done` runs when the log and apply lanes have finished what they had.
    public func stop(_ done: @escaping @Sendable () -> Void) {
        lanes.core.submit { [self] in
            stopped = true
            waiters.stop()
            logWriter.submit([
                .finish { [self] in
                    applier.submit([
                        .finish { [self] in
                            abandon()
                            done()
                        }
                    ])
                }
            ])
        }
    }

    /// Lets go of the node: nothing reaches it any more. For a process that ended without `stop`, in the simulator.
    public func abandon() { door.close() }

    func put(_ event: NodeEvent) {
        if mailbox.put({ $0.events.append(event) }) { wake() }
    }

    func wake() {
        lanes.core.submit { [self] in turn() }
    }

    private func scheduleTick() {
        clock.after(nanoseconds: options.tickNanoseconds, on: lanes.core) { [self] in
            guard !stopped else { return }
            let now = clock.monotonicNanoseconds()
            waiters.expire(nowNanoseconds: now)
            put(.input(.tick))
            put(.snapshot(.tick(nowNanoseconds: now)))
            scheduleTick()
        }
    }

    /// One turn of the core lane: everything that arrived becomes as few steps of the core as its order allows, so that
    /// one write and one round of messages cover all of it.
    private func turn() {
        lanes.core.assertCurrent()
        let batch = mailbox.take()
        guard !stopped else { return }
        // Read after the mailbox: a read that is answered under a lease was asked for before this moment.
        if core.options.leaseReads { inputs.append(.clock(nanoseconds: clock.monotonicNanoseconds())) }
        for event in batch.events { handle(event) }
        if !batch.proposals.isEmpty { inputs.append(.propose(batch.proposals)) }
        for read in batch.reads { inputs.append(.read(read)) }
        for read in batch.leaseReads { inputs.append(.leaseRead(read)) }
        stepCore()
        noteContact()
        // Before anything leaves this lane, so that no answer can come before the note.
        if !batch.proposals.isEmpty { waiters.handedOn(batch.proposals, term: core.currentTerm) }
        flush()
    }

    private func handle(_ event: NodeEvent) {
        switch event {
        case .input(let input):
            if input == .tick { statusChanged = true }
            if case .storageLow(let isLow) = input { makeRoom(isLow) }
            inputs.append(input)
        case .messages(let messages):
            for message in messages { receive(message) }
        case .snapshot(let event):
            handle(event)
            compactionFloor.hold(sender.heldIndex)
        }
    }

    /// The disk is nearly full: what the state machine can vouch for goes from the log at once.
    private func makeRoom(_ isLow: Bool) {
        compactionFloor.storageLow(isLow)
        if isLow { applyWork.append(.checkpoint) }
    }

    private func receive(_ message: RaftMessage) {
        inputs.append(.message(message))
        switch message.body {
        case .snapshotChunk(let chunk):
            stepCore()
            received(chunk, message)
        case .snapshotReply(let reply):
            stepCore()
            received(reply, message)
        case .append, .heartbeat:
            spokeAsLeader = (message.from, message.term)
        case .preVoteRequest, .preVoteReply, .voteRequest, .voteReply, .appendReply, .heartbeatReply, .forward,
            .forwardRefused, .readRequest, .readReply, .timeoutNow, .transferRequest:
            break
        }
    }

    /// The core's word on who leads, after what was heard: a message of a node that does not lead is no contact.
    private func noteContact() {
        guard let (node, term) = spokeAsLeader else { return }
        spokeAsLeader = nil
        if node == lastLeader, term == lastTerm { contactNanoseconds = clock.monotonicNanoseconds() }
    }

    /// Core lane, within a turn: `input` together with what waits before it.
    func step(_ input: Input) {
        inputs.append(input)
        stepCore()
    }

    private func stepCore() {
        guard !inputs.isEmpty else { return }
        core.step(inputs, into: &effects)
        inputs.removeAll(keepingCapacity: true)
        // Carrying out may step the core again (a finished transfer); what that adds has its own place in the order.
        var pending: [Effect] = []
        swap(&pending, &effects)
        for effect in pending { carryOut(effect) }
    }

    private func carryOut(_ effect: Effect) {
        switch effect {
        case .send(let message):
            transport.send(message)
        case .persist(let request):
            logWork.append(.persist(request))
        case .apply(let entries):
            for entry in entries where entry.kind == .configuration { committed(entry) }
            applyWork.append(.entries(entries))
        case .readReady(let reads, let index):
            if waiters.readReady(reads, index: index) { applyWork.append(.hurry) }
        case .readRefused(let reads, let reason):
            waiters.readRefused(reads, reason: reason)
        case .proposalsRefused(let proposals, let reason):
            waiters.proposalsRefused(proposals, reason: reason)
        case .loadEntries(let peer, let from, let bytesMax):
            logWork.append(.load(peer: peer, from: from, through: core.status.lastIndex, bytesMax: bytesMax))
        case .sendSnapshot(let peer):
            perform(
                sender.start(peer: peer, log: logPlace, nowNanoseconds: clock.monotonicNanoseconds()))
            compactionFloor.hold(sender.heldIndex)
        case .stateChanged(let role, let term, let leader):
            if role == .leader, lastRole != .leader { gauges.update { $0.elections += 1 } }
            if role != .leader, lastRole == .leader {
                perform(sender.abandonAll(nowNanoseconds: clock.monotonicNanoseconds()))
            }
            compactionFloor.hold(sender.heldIndex)
            lastRole = role
            lastTerm = term
            lastLeader = leader
            statusChanged = true
        case .configurationChanged(let configuration):
            statusChanged = true
            observers.configurationChanged(configuration)
        case .removedFromCluster:
            statusChanged = true
            observers.removed()
        }
    }

    /// The entry is committed; applying it is a matter of the state machine, believing it is not.
    private func committed(_ entry: Entry) {
        do throws(ConfigurationDecodingError) {
            committed(try Configuration.decode(entry.payload))
        } catch {
            fail("entry \(entry.index) of \(entry.term) is no configuration: \(error)")
        }
    }

    /// A level is raised only when every member announced that it follows it, so this happens to a build that was put
    /// back, or that joins too late; what may be in the log now it could only misread. What a cluster decides without
    /// this node is no longer its business.
    func committed(_ configuration: Configuration) {
        let levelMax = core.options.featureLevelMax
        guard configuration.featureLevel <= levelMax || configuration.wasRemoved(nodeID) else {
            return fail(
                "the cluster is at feature level \(configuration.featureLevel) and this build follows at most "
                    + "\(levelMax): start a newer build on this directory")
        }
        observers.configurationCommitted(configuration)
    }

    /// Crosses to the other lanes once for everything this turn produced.
    private func flush() {
        if !logWork.isEmpty {
            logWriter.submit(logWork)
            logWork.removeAll(keepingCapacity: true)
        }
        if !applyWork.isEmpty {
            applier.submit(applyWork)
            applyWork.removeAll(keepingCapacity: true)
        }
        transport.flush()
        if statusChanged {
            statusChanged = false
            publishStatus()
        }
    }

}

/// Lets the log writer and the applier, which the node owns, reach the node. The circle of owners that makes is opened
/// when the node stops; a weak reference instead would make every other one to the node slower.
private final class CoreDoor: Sendable {
    private let mailbox: Mailbox
    private let node = Mutex<RaftNode?>(nil)

    init(mailbox: Mailbox) { self.mailbox = mailbox }

    func attach(_ node: RaftNode) { self.node.withLock { $0 = node } }
    func close() { node.withLock { $0 = nil } }

    func put(_ event: NodeEvent) {
        guard mailbox.put({ $0.events.append(event) }) else { return }
        node.withLock { $0 }?.wake()
    }
}
