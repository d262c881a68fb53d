/// `cluster up`: a whole cluster in the foreground, until Ctrl-C.
///
/// Owns: its story from start to end. Must never: end while a node still runs.
import Client

public struct ClusterUp: Sendable {
    public struct Options: Hashable, Sendable {
        public var nodes: Int
        public var directory: String
        public var basePort: Int
        public init(nodes: Int, directory: String, basePort: Int) {
            self.nodes = nodes
            self.directory = directory
            self.basePort = basePort
        }
    }
    /// How long the nodes may take to find a leader.
    private static let startLimit = Duration.seconds(30)
    /// How often the children are looked at while the cluster runs.
    private static let deathCheckInterval = Duration.milliseconds(200)

    private let options: Options
    private let cluster: LocalCluster
    private let console = Console()

    /// - Throws: `OperationsError` for a port that is in use.
    public init(options: Options, executable: String = SystemText.ownExecutable()) throws(OperationsError) {
        self.options = options
        let layout = try ClusterLayout(
            nodes: options.nodes, directory: options.directory,
            clusterID: try ClusterName.ofDirectory(options.directory), basePort: options.basePort)
        cluster = LocalCluster(layout: layout, executable: executable)
    }

    /// Runs until a signal, or until every node died.
    /// - Returns: the exit code.
    public func run() async -> Int32 {
        let cluster = cluster
        let (failure, signal) = await SignalTrap.run(onSignal: { _ in }) { await self.serve() }
        if signal != nil { console.line("stopping \(options.nodes) nodes …") }
        let killed = await cluster.stopAll()
        for id in killed { console.line("node \(id) did not stop in time and was killed") }
        if signal != nil {
            console.line("all nodes stopped; the data stays in \(options.directory)")
            return 0
        }
        Console.error("Error: \(failure ?? "all nodes ended")")
        return 1
    }

    /// - Returns: why it ended; nil after a signal.
    private func serve() async -> String? {
        do throws(OperationsError) {
            try cluster.startAll()
            for (place, member) in cluster.layout.members.enumerated() {
                let processID = cluster.child(place)?.processID ?? 0
                console.step("node \(member.id) started: pid \(processID), log \(member.logPath)")
            }
            try await waitForLeader()
            printUsage()
            return try await watchChildren()
        } catch {
            return error.description
        }
    }

    private func waitForLeader() async throws(OperationsError) {
        let watcher = ClusterWatcher(endpoints: cluster.endpoints)
        let cluster = cluster
        let console = console
        let sights = try await watcher.wait(
            for: "all nodes up with a leader", within: ClusterUp.startLimit, abort: { cluster.deaths().first },
            until: { sights in
                let up = sights.count { $0.report != nil }
                console.progress("\(up) of \(sights.count) nodes answer, waiting for a leader …")
                return ClusterWatcher.isWhole(sights)
            })
        if let leader = ClusterWatcher.leader(sights), let report = sights[leader].report {
            console.step("node \(report.nodeID) leads (term \(report.term))")
        }
    }

    private func printUsage() {
        let list = cluster.endpoints.map(\.description).joined(separator: ",")
        console.line()
        for member in cluster.layout.members { console.line("  node \(member.id)  http://\(member.endpoint)") }
        console.line()
        console.line("  export MNEME_ENDPOINTS=\(list)")
        console.line("  mneme store -T \"First note\" -c \"Any node takes it\"")
        console.line("  mneme recall \"note\"")
        console.line("  mneme cluster status --watch")
        console.line()
        console.line("Ctrl-C stops all nodes.")
    }

    /// Reports each child that dies; ends when none is left or the task is cancelled.
    private func watchChildren() async throws(OperationsError) -> String? {
        var reported: Set<String> = []
        while !Task.isCancelled {
            let deaths = cluster.deaths()
            for death in deaths where reported.insert(death).inserted { console.step(death) }
            if deaths.count == options.nodes { return "all \(options.nodes) nodes ended" }
            do {
                try await Task.sleep(for: ClusterUp.deathCheckInterval)
            } catch {
                return nil
            }
        }
        return nil
    }
}
