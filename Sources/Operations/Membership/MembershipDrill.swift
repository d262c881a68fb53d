/// A cluster that changes completely under load: two nodes join, two are removed, the leader among them, one is replaced.
///
/// Owns: one cluster of real processes and the load on it. Must never: leave a process or a directory behind, or pass
/// when a read was wrong or failed, or an acknowledged write is lost or doubled.
import Client

public struct MembershipDrill: Sendable {
    public struct Options: Hashable, Sendable {
        public var founders: Int
        public var writers: Int
        public var readers: Int
        /// Acknowledged between two steps.
        public var writesPerStep: Int
        public var printsJSON: Bool
        public var keepsDirectory: Bool
        public init(
            founders: Int = 5, writers: Int = 8, readers: Int = 5, writesPerStep: Int = 200, printsJSON: Bool = false,
            keepsDirectory: Bool = false
        ) {
            self.founders = founders
            self.writers = writers
            self.readers = readers
            self.writesPerStep = writesPerStep
            self.printsJSON = printsJSON
            self.keepsDirectory = keepsDirectory
        }
    }
    private static let joiners = 3

    private let options: Options
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
            directory = try TemporaryDirectory(prefix: "mneme-membership")
            let layout = try ClusterLayout(
                nodes: options.founders, joiners: Self.joiners, directory: directory.path,
                clusterID: "membership drill",
                basePort: nil)
            cluster = LocalCluster(layout: layout, executable: executable)
        } catch {
            Console.error("Error: \(error)")
            return 1
        }
        let (outcome, signal) = await SignalTrap.run(onSignal: { _ in cluster.signalAll(SignalNumber.kill) }) {
            await self.drill(cluster)
        }
        await cluster.stopAll()
        Demo.clean(directory, keeps: options.keepsDirectory, console: console)
        if let signal {
            Console.error("interrupted; all nodes are stopped")
            return 128 + signal
        }
        console.line(options.printsJSON ? outcome.report.json.text : "\n" + outcome.report.summary)
        if let failure = outcome.failure { Console.error("Error: \(failure)") }
        return outcome.failure == nil && outcome.report.passed ? 0 : 1
    }

    private struct Outcome: Sendable {
        var report = MembershipDrillReport()
        /// Why it ended early.
        var failure: String?
    }

    /// The load runs from before the first step to after the last.
    private func drill(_ cluster: LocalCluster) async -> Outcome {
        var outcome = Outcome()
        let nodes = NodeRota(Array(cluster.layout.founders.indices))
        let register = RegisterWatch(endpoints: cluster.endpoints, nodes: nodes)
        let ledger = WriteLedger()
        do throws(OperationsError) {
            try cluster.startAll()
            let founders = ClusterWatcher(endpoints: cluster.layout.founders.map(\.endpoint))
            _ = try await founders.wait(
                for: "all founders up with a leader", within: .seconds(30), abort: { cluster.deaths().first },
                until: ClusterWatcher.isWhole)
        } catch {
            outcome.failure = error.description
            return outcome
        }
        let story = MembershipStory(
            cluster: cluster, nodes: nodes, ledger: ledger, register: register, writesPerStep: options.writesPerStep)
        let stop = StopFlag()
        async let load: Void = run(cluster, nodes, ledger, register, stop)
        do throws(OperationsError) {
            try await story.play { step in
                outcome.report.steps.append(step)
                guard !options.printsJSON else { return }
                if outcome.report.steps.count == 1 { console.line(MembershipDrillReport.header) }
                console.line(MembershipDrillReport.line(step))
            }
        } catch {
            outcome.failure = error.description
        }
        stop.set()
        await load
        outcome.report.acknowledged = ledger.count
        outcome.report.reads = register.reads
        outcome.report.violations = register.violations + ledger.failures.map { "WRITE FAILED: \($0)" }
        if outcome.failure == nil { outcome.report.violations += await verify(cluster, nodes, ledger) }
        return outcome
    }

    private func run(
        _ cluster: LocalCluster, _ nodes: NodeRota, _ ledger: WriteLedger, _ register: RegisterWatch, _ stop: StopFlag
    ) async {
        let counter = SharedCounter()
        let writes = WriteLoad(
            endpoints: cluster.endpoints, writers: options.writers, ledger: ledger, choose: { nodes.place($0) })
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await writes.run { stop.isSet ? nil : Self.request(counter.next()) } }
            group.addTask { await register.write(until: stop) }
            for number in 0..<options.readers { group.addTask { await register.read(number, until: stop) } }
        }
    }

    /// Everything acknowledged is on every node that is left, once.
    private func verify(_ cluster: LocalCluster, _ nodes: NodeRota, _ ledger: WriteLedger) async -> [String] {
        let endpoints = nodes.current.map { cluster.layout.members[$0].endpoint }
        let report = await ClusterVerifier(endpoints).verify(
            acknowledged: ledger.acknowledged, unacknowledgedTitles: ledger.unacknowledgedTitles)
        var violations = report.violations.map(\.description)
        if ledger.acknowledged.contains(where: { $0.entityTag == nil }) {
            violations.append("BLIND: an acknowledgement named no version, so doubled writes would not be seen")
        }
        return violations
    }

    private static func request(_ number: Int) -> StoreRequest {
        StoreRequest(
            title: "membership write \(number)",
            content: "Write number \(number), made while the cluster changed; it must be on every node, once.",
            namespace: "drill-membership", source: "chaos")
    }
}
