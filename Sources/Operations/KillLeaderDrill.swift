/// The leader is killed with -9 under load, comes back, and everything acknowledged must be there, once.
///
/// Owns: one cluster of three for all repetitions, so that logs grow, leaders move and recovery meets real history. Must
/// never: leave a process or a directory behind, or pass with a violation.
import Client
import Synchronization

public struct KillLeaderDrill: Sendable {
    public struct Options: Hashable, Sendable {
        public var repetitions: Int
        public var writers: Int
        /// Acknowledged before the kill, and after it before the restart.
        public var writesPerPhase: Int
        public var printsJSON: Bool
        public var keepsDirectory: Bool
        public init(
            repetitions: Int, writers: Int, writesPerPhase: Int, printsJSON: Bool = false, keepsDirectory: Bool = false
        ) {
            self.repetitions = repetitions
            self.writers = writers
            self.writesPerPhase = writesPerPhase
            self.printsJSON = printsJSON
            self.keepsDirectory = keepsDirectory
        }
    }
    let options: Options
    private let executable: String
    private let console = Console()

    public init(options: Options, executable: String = SystemText.ownExecutable()) {
        self.options = options
        self.executable = executable
    }

    /// - Returns: the exit code: 0 no violation, 1 any, 128 + signal when interrupted.
    public func run() async -> Int32 {
        let directory: TemporaryDirectory
        let cluster: LocalCluster
        do throws(OperationsError) {
            let layout: ClusterLayout
            (directory, layout) = try Demo.prepare(prefix: "mneme-drill")
            cluster = LocalCluster(layout: layout, executable: executable, embeds: false)
        } catch {
            Console.error("Error: \(error)")
            return 1
        }
        let (outcome, signal) = await SignalTrap.run(onSignal: { _ in cluster.signalAll(SignalNumber.kill) }) {
            await self.repetitions(cluster)
        }
        await cluster.stopAll()
        Demo.clean(directory, keeps: options.keepsDirectory, console: console)
        if let signal {
            Console.error("interrupted; all nodes are stopped")
            return 128 + signal
        }
        if options.printsJSON {
            console.line(outcome.report.json.text)
        } else {
            console.line("\n" + outcome.report.summary)
        }
        if let failure = outcome.failure { Console.error("Error: \(failure)") }
        return outcome.failure == nil && outcome.report.passed ? 0 : 1
    }

    private struct Outcome: Sendable {
        var report = DrillReport()
        /// Why it ended early.
        var failure: String?
    }

    private func repetitions(_ cluster: LocalCluster) async -> Outcome {
        var outcome = Outcome()
        var everything: [AcknowledgedMemory] = []
        var unknownTitles: Set<String> = []
        do throws(OperationsError) {
            try cluster.startAll()
            if !options.printsJSON { console.line(DrillReport.header) }
            for number in 1...options.repetitions {
                let ledger = WriteLedger()
                let repetition = try await repetition(number, cluster, ledger)
                everything += ledger.acknowledged
                unknownTitles.formUnion(ledger.unacknowledgedTitles)
                outcome.report.acknowledged = everything.count
                outcome.report.repetitions.append(repetition)
                if !options.printsJSON { console.line(DrillReport.line(repetition)) }
                for violation in repetition.violations.prefix(20) { Console.error("  \(violation)") }
            }
            let last = await ClusterVerifier(cluster.endpoints).verify(
                acknowledged: everything, unacknowledgedTitles: unknownTitles)
            outcome.report.finalViolations = last.violations.map(\.description)
        } catch {
            outcome.failure = error.description
        }
        return outcome
    }

    private func repetition(
        _ number: Int, _ cluster: LocalCluster, _ ledger: WriteLedger
    ) async throws(OperationsError) -> DrillReport.Repetition {
        let kill = LeaderKill(cluster: cluster)
        let leader = try await kill.waitForLeader()
        let load = WriteLoad(endpoints: cluster.endpoints, writers: options.writers, ledger: ledger)
        let times = try await underLoad(number, load, kill, leader)
        let replayed = await replay(ledger.acknowledged, around: times.acknowledgedAtKill, cluster)
        var report = await ClusterVerifier(cluster.endpoints).verify(
            acknowledged: ledger.acknowledged, unacknowledgedTitles: ledger.unacknowledgedTitles)
        report.violations += replayed.violations
        var violations = report.violations.map(\.description)
        if ledger.acknowledged.contains(where: { $0.entityTag == nil }) {
            violations.append("BLIND: an acknowledgement named no version, so doubled writes would not be seen")
        }
        return DrillReport.Repetition(
            number: number, killedNode: leader.nodeID, acknowledgedBeforeKill: times.acknowledgedAtKill,
            acknowledgedAfterKill: ledger.count - times.acknowledgedAtKill,
            nextAcknowledgementMilliseconds: ledger.timeToNextAcknowledgement?.milliseconds ?? -1,
            catchUpMilliseconds: times.catchUp.milliseconds, replays: replayed.count, lost: report.lost,
            doubled: report.doubled, digestsAgree: report.digestsAgree,
            violations: violations)
    }

    private struct Times: Sendable {
        var acknowledgedAtKill: Int
        var catchUp: Duration
    }

    /// Kill, go on, restart, go on; the writers never pause.
    private func underLoad(
        _ number: Int, _ load: WriteLoad, _ kill: LeaderKill, _ leader: LeaderKill.Leader
    ) async throws(OperationsError) -> Times {
        let ledger = load.ledger
        let counter = SharedCounter()
        let stop = StopFlag()
        async let writing: Void = load.run {
            stop.isSet ? nil : KillLeaderDrill.request(repetition: number, write: counter.next())
        }
        try await reach(options.writesPerPhase, ledger)
        try await kill.kill(leader, ledger: ledger)
        let acknowledgedAtKill = ledger.count
        try await reach(acknowledgedAtKill + options.writesPerPhase, ledger)
        let catchUp = try await kill.restart(leader)
        try await reach(ledger.count + options.writesPerPhase / 4 + 1, ledger)
        stop.set()
        await writing
        return Times(acknowledgedAtKill: acknowledgedAtKill, catchUp: catchUp)
    }

    private func reach(_ count: Int, _ ledger: WriteLedger) async throws(OperationsError) {
        guard await ledger.reached(count) else {
            throw OperationsError(
                "the writers stopped after \(ledger.count) acknowledgements:\n"
                    + ledger.failures.prefix(5).joined(separator: "\n"))
        }
    }

    /// Every write has a title of its own, so that a lost or doubled one can be named.
    private static func request(repetition: Int, write: Int) -> StoreRequest {
        StoreRequest(
            title: "drill \(repetition) write \(write)",
            content: "Write number \(write) of repetition \(repetition); it must be on every node, once.",
            namespace: "drill-\(repetition)", source: "chaos")
    }
}

/// Tells the writers that it is enough.
final class StopFlag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}
