/// A cluster that is changed under load, step by step: other members, or another build.
///
/// Owns: one cluster of real processes and the load on it. Must never: leave a process or a directory behind, or pass
/// when a read was wrong or failed, or an acknowledged write is lost or doubled.
import Client

struct ChangeDrill: Sendable {
    /// What distinguishes one drill from another.
    struct Plan: Sendable {
        /// Names the directory, the cluster and the memories.
        var name: String
        var founders: Int
        /// Nodes that are prepared, to be started by a step.
        var joiners: Int
        /// What the founders run first.
        var executable: String
        var play:
            @Sendable (ChangeStage, _ ended: (ChangeDrillReport.Step) -> Void) async throws(OperationsError) -> Void
    }

    let plan: Plan
    let options: ChangeDrillOptions
    private let console = Console()

    init(plan: Plan, options: ChangeDrillOptions) {
        self.plan = plan
        self.options = options
    }

    /// - Returns: the exit code: 0 no violation, 1 any, 128 + signal when interrupted.
    func run() async -> Int32 {
        let directory: TemporaryDirectory
        let cluster: LocalCluster
        do throws(OperationsError) {
            directory = try TemporaryDirectory(prefix: "mneme-\(plan.name)")
            let layout = try ClusterLayout(
                nodes: plan.founders, joiners: plan.joiners, directory: directory.path,
                clusterID: "\(plan.name) drill", basePort: nil)
            cluster = LocalCluster(layout: layout, executable: plan.executable, embeds: false)
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
        var report = ChangeDrillReport()
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
        let stage = ChangeStage(
            cluster: cluster, nodes: nodes, ledger: ledger, register: register, writesPerStep: options.writesPerStep)
        let stop = StopFlag()
        async let load: Void = run(cluster, nodes, ledger, register, stop)
        do throws(OperationsError) {
            try await plan.play(stage) { step in
                outcome.report.steps.append(step)
                guard !options.printsJSON else { return }
                if outcome.report.steps.count == 1 { console.line(ChangeDrillReport.header) }
                console.line(ChangeDrillReport.line(step))
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
            group.addTask { await writes.run { stop.isSet ? nil : request(counter.next()) } }
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

    private func request(_ number: Int) -> StoreRequest {
        StoreRequest(
            title: "\(plan.name) write \(number)",
            content: "Write number \(number), made while the cluster changed; it must be on every node, once.",
            namespace: "drill-\(plan.name)", source: "chaos")
    }
}
