import Checkers
import Raft

/// One run of one plan: faults until everything asked is answered, then a healed quorum that has to get on without the
/// rest.
///
/// Owns: the phases, what faults are under way, the findings. Must never: forgive; what explains a stop is decided where
/// the fault was made.
public final class Simulation: @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    enum Phase { case safety, liveness }

    public let plan: Plan
    public let cluster: SimulatedCluster
    public let canonical = CanonicalLog()
    var phase = Phase.safety
    /// The nodes that clients turn to: all at first, the core in the second phase.
    var clientNodes: [NodeID] = []
    var outcome: RunOutcome
    /// Nodes that a change of membership brought in, or will.
    var nextNodeID: NodeID
    var lastVoter: NodeID?
    var snapshotParty: NodeID?
    var triggerDice: SplitMix64
    var triggerCount = 0
    /// Whose state machine a snapshot replaced last, and when.
    var installing: (node: NodeID, atNanoseconds: UInt64) = (NodeID(0), 0)
    /// When a directory was lost last.
    var lastWipeNanoseconds: UInt64 = 0
    var probes: ProbeWatch
    private var workload: Workload?
    private var checkCountdown = 0
    /// Called on every line of the trace.
    public var trace: ((String) -> Void)?
    /// Kept only when asked for.
    public private(set) var diagram: SpaceTimeDiagram?

    public init(plan: Plan) {
        self.plan = plan
        outcome = RunOutcome(seed: plan.seed, profile: plan.profile)
        let limits = plan.workload.limits
        let log = canonical
        cluster = SimulatedCluster(seed: plan.seed, options: plan.cluster) { node, _ in
            RegisterHome(limits: limits, node: node, log: log)
        }
        nextNodeID = NodeID(UInt64(plan.nodeCount) + 1)
        triggerDice = cluster.streams.stream(.triggers)
        probes = ProbeWatch()
        clientNodes = cluster.ids
        cluster.watch.onMoment = { [unowned self] in happened($0, on: $1) }
        cluster.watch.onChange = { [unowned self] in changed($0, from: $1, to: $2) }
        cluster.onStop = { [unowned self] in stopped($0, because: $1) }
        cluster.onMessage = { [unowned self] in probes.saw($0, in: cluster, &outcome.counters) }
    }

    public var now: UInt64 { cluster.time.nowNanoseconds }

    /// - Returns: what the run showed. The same plan gives the same outcome, hash and all.
    public func perform() -> RunOutcome {
        for id in cluster.ids { start(id) }
        if plan.hasWorkload {
            let made = Workload(
                seed: cluster.streams.stream(.workload).withNext, options: plan.workload, cluster: self)
            workload = made
            made.start()
        }
        scheduleFaults()
        scheduleUpgrade()
        runSafety()
        outcome.safetyEndNanoseconds = now
        if isStillGood, plan.hasLivenessPhase, plan.profile != .idle { runLiveness() }
        judge()
        outcome.eventHash = cluster.time.eventHash
        outcome.events = cluster.time.eventCount
        outcome.virtualNanoseconds = now
        outcome.leaders = cluster.watch.leaderCount
        outcome.messages = cluster.network.deliveredCount
        outcome.triggeredCrashes = triggerCount
        return outcome
    }

    public func keepDiagram() {
        diagram = SpaceTimeDiagram()
        cluster.network.onCarriage = { [unowned self] in diagram?.carried($0, sent: now, arrival: $1) }
    }
    func mark(_ node: NodeID, _ words: String) { diagram?.mark(node, at: now, words) }

    var isStillGood: Bool { outcome.findings.isEmpty && cluster.watch.violations.isEmpty }
    var isAnswered: Bool { workload?.isFinished ?? false }
    var waiting: [String] { workload?.waiting ?? [] }

    func find(_ runClass: RunClass, _ text: String) {
        outcome.runClass = max(outcome.runClass, runClass)
        if outcome.findings.count < 20 { outcome.findings.append(text) }
        trace?("\(stamp) FINDING \(runClass.word): \(text)")
    }

    /// Asked after every event, answered from time to time: looking at every client costs more than most events.
    func isTimeToLook() -> Bool {
        checkCountdown -= 1
        guard checkCountdown <= 0 else { return false }
        checkCountdown = 64
        return true
    }

    private func runSafety() {
        let most = plan.profile == .idle ? plan.faultsEndNanoseconds : plan.safetyNanosecondsMax
        cluster.run(forNanoseconds: most) {
            guard isTimeToLook() else { return false }
            foldStates()
            return !isStillGood || isAnswered
        }
    }

    /// What the nodes hold, into the hash of the run: two runs that differ inside differ in it.
    func foldStates() {
        for id in cluster.ids {
            guard let glance = cluster.glance(id) else { continue }
            cluster.time.fold(glance.term.rawValue << 32 ^ glance.commit.rawValue << 16 ^ glance.last.index.rawValue)
            if let machine = cluster.machine(id) as? RegisterMachine { cluster.time.fold(machine.digestWord) }
        }
    }

    private func judge() {
        for violation in cluster.watch.violations { find(.correctness, violation) }
        guard let workload else { return }
        outcome.answered = workload.statistics.answered
        let verdict = workload.judge(canonical)
        for violation in verdict.violations { find(.correctness, violation) }
        outcome.undecided = verdict.undecided.count
    }

    // MARK: lives

    /// Starts a node now. One whose disk refuses is tried again a second later, unless its data are damaged for good.
    func start(_ id: NodeID) {
        let node = cluster.node(id)
        guard !node.isRunning else { return }
        let before = node.lastView?.durableIndex ?? .zero
        do {
            try cluster.start(id)
            if let after = cluster.glance(id)?.durableIndex, after < before {
                find(
                    .correctness,
                    "invariant 9: \(id) had its log on disk up to \(before) and starts again with \(after)")
            }
            trace?("\(stamp) \(id) starts")
            mark(id, "starts")
        } catch {
            outcome.counters.count(.startRefused)
            trace?("\(stamp) \(id) does not start: \(error)")
            guard !node.isDamaged else { return }
            guard Self.isInjected("\(error)") else {
                return find(.correctness, "\(id) refuses to start: \(error)")
            }
            cluster.node(id).disk.clearFaults()
            later(1_000_000_000) { [self] in start(id) }
        }
    }

    /// Runs only if the faults are still going on by then.
    func later(_ nanoseconds: UInt64, _ work: @escaping @Sendable () -> Void) {
        cluster.time.schedule(afterNanoseconds: nanoseconds) { [self] in
            if phase == .safety { work() }
        }
    }

    private func stopped(_ id: NodeID, because reason: String) {
        trace?("\(stamp) \(id) stopped itself: \(reason)")
        mark(id, reason)
        let node = cluster.node(id)
        if reason.contains("no space") || reason.contains("no room") {
            outcome.counters.count(.stoppedByFullDisk)
        } else if Self.isInjected(reason) {
            outcome.counters.count(.stoppedByDiskError)
        } else if !node.isDamaged, !(node.wasRemoved && reason.contains("needs a newer build")) {
            // A removed node may hear a little more of a cluster that goes on without it.
            find(.correctness, "\(id) stopped itself: \(reason)")
        }
        later(500_000_000) { [self] in start(id) }
    }

    /// Whether the words are those of a fault that was made on purpose.
    static func isInjected(_ reason: String) -> Bool {
        ["injected error", "no space left", "no room for log file", "the power went off", "the power is off"]
            .contains { reason.contains($0) }
    }

    var stamp: String {
        let microseconds = now / 1_000
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
    }
}
