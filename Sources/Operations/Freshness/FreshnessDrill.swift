/// Stores, updates and deletes through one node and recalls through another at once, on real processes.
///
/// Owns: the cluster and its directory. Must never: leave a process behind, or pass with a miss or a ghost.
import Client
import Foundation

public struct FreshnessDrill: Sendable {
    public struct Options: Hashable, Sendable {
        public var run: FreshnessRun.Options
        public var nodes: Int
        /// Where data and logs go, and stay; nil: where they are removed afterwards.
        public var directory: String?
        public var printsJSON: Bool
        public var keepsDirectory: Bool
        public init(
            run: FreshnessRun.Options, nodes: Int, directory: String? = nil, printsJSON: Bool = false,
            keepsDirectory: Bool = false
        ) {
            self.run = run
            self.nodes = nodes
            self.directory = directory
            self.printsJSON = printsJSON
            self.keepsDirectory = keepsDirectory
        }
    }
    private static let startLimit = Duration.seconds(60)
    /// Faults that are printed as they are found.
    private static let faultsShown = 20
    private static let roundsPerLine = 100

    private let options: Options
    private let executable: String
    private let console = Console()

    public init(options: Options, executable: String = SystemText.ownExecutable()) {
        self.options = options
        self.executable = executable
    }

    /// - Returns: the exit code: 0 no fault, 1 any, 128 + signal when interrupted.
    public func run() async -> Int32 {
        let temporary: TemporaryDirectory?
        let cluster: LocalCluster
        do throws(OperationsError) {
            temporary = options.directory == nil ? try TemporaryDirectory(prefix: "mneme-freshness") : nil
            cluster = try prepare(in: temporary?.path)
        } catch {
            Console.error("Error: \(error)")
            return 1
        }
        let (outcome, signal) = await SignalTrap.run(onSignal: { _ in cluster.signalAll(SignalNumber.kill) }) {
            await self.drill(cluster)
        }
        await cluster.stopAll()
        if let temporary { Demo.clean(temporary, keeps: options.keepsDirectory, console: console) }
        if let signal {
            Console.error("interrupted; all nodes are stopped")
            return 128 + signal
        }
        switch outcome {
        case .success(let report):
            console.line(options.printsJSON ? report.json.text : "\n" + report.summary)
            return report.passed ? 0 : 1
        case .failure(let error):
            Console.error("Error: \(error)")
            return 1
        }
    }

    /// The nodes embed as this machine lets them.
    private func prepare(in temporary: String?) throws(OperationsError) -> LocalCluster {
        let directory = temporary ?? options.directory ?? "."
        // Memories of an earlier run have the same titles, and would be updated instead of made.
        guard !FileManager.default.fileExists(atPath: "\(directory)/node-1") else {
            throw OperationsError("\(directory) holds a cluster already; the drill needs a new one")
        }
        let layout = try ClusterLayout(
            nodes: options.nodes, directory: directory, clusterID: "freshness drill", basePort: nil)
        return LocalCluster(layout: layout, executable: executable)
    }

    private func drill(_ cluster: LocalCluster) async -> Result<FreshnessReport, OperationsError> {
        let (console, options) = (console, options)
        let shown = SharedCounter()
        do throws(OperationsError) {
            try cluster.startAll()
            let watcher = ClusterWatcher(endpoints: cluster.endpoints)
            let sights = try await watcher.wait(
                for: "all nodes up with a leader", within: Self.startLimit, abort: { cluster.deaths().first },
                until: ClusterWatcher.isWhole)
            if !options.printsJSON { console.line(opening(sights)) }
            let report = try await FreshnessRun(endpoints: cluster.endpoints, options: options.run).run { event in
                switch event {
                case .round(let number):
                    guard number % Self.roundsPerLine == 0, !options.printsJSON else { return }
                    console.progress("\(number) of \(options.run.rounds) rounds")
                case .fault(let text):
                    if shown.next() < Self.faultsShown { Console.error(text) }
                }
            }
            if let death = cluster.deaths().first { throw OperationsError(death) }
            return .success(report)
        } catch {
            return .failure(error)
        }
    }

    private func opening(_ sights: [ClusterWatcher.Sight]) -> String {
        let embeds = sights.allSatisfy { $0.report?.document["vectors"]?.objectValue != nil }
        let how =
            embeds
            ? "by words and by meaning"
            : "by words alone: the nodes have no embedding model (`make model` fetches one)"
        return
            "\(options.run.rounds) rounds by \(options.run.clients) clients on \(options.nodes) nodes, recall \(how); "
            + "seed \(options.run.seed)"
    }
}
