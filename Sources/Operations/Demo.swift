/// `make demo`: three real nodes, real text, a leader killed in the middle of the writing, and the proof afterwards.
///
/// Owns: the order of events and the cleaning up. Must never: print success without the verification having passed.
import Client

public struct Demo: Sendable {
    public struct Options: Hashable, Sendable {
        /// How many memories to store at most.
        public var memories: Int
        public var keepsDirectory: Bool
        public init(memories: Int, keepsDirectory: Bool) {
            self.memories = memories
            self.keepsDirectory = keepsDirectory
        }
    }
    static let namespace = "demo"
    static let writers = 6

    let options: Options
    let executable: String
    let console = Console()

    public init(options: Options, executable: String = SystemText.ownExecutable()) {
        self.options = options
        self.executable = executable
    }

    /// - Returns: the exit code: 0 verified, 1 not, 130 interrupted.
    public func run() async -> Int32 {
        let directory: TemporaryDirectory
        let cluster: LocalCluster
        let texts: SourceTexts
        do throws(OperationsError) {
            texts = try SourceTexts.find(options.memories)
            let layout: ClusterLayout
            (directory, layout) = try Demo.prepare(prefix: "mneme-demo")
            cluster = LocalCluster(layout: layout, executable: executable, embeds: false)
        } catch {
            Console.error("Error: \(error)")
            return 1
        }
        // On Ctrl-C nothing here is worth saving: the nodes die at once, whatever waits for them fails and cleans up.
        let (failure, signal) = await SignalTrap.run(onSignal: { _ in cluster.signalAll(SignalNumber.kill) }) {
            await self.tell(texts, cluster)
        }
        await cluster.stopAll()
        Demo.clean(directory, keeps: options.keepsDirectory, console: console)
        if let signal {
            Console.error("interrupted; all nodes are stopped")
            return 128 + signal
        }
        guard let failure else { return 0 }
        console.line()
        Console.error("DEMO FAILED\n\(failure)")
        if !options.keepsDirectory { Console.error("Run it with --keep to look at the nodes' logs afterwards.") }
        return 1
    }

    /// A fresh directory and a three-node layout on free ports in it.
    static func prepare(prefix: String) throws(OperationsError) -> (TemporaryDirectory, ClusterLayout) {
        let directory = try TemporaryDirectory(prefix: prefix)
        do throws(OperationsError) {
            let layout = try ClusterLayout(nodes: 3, directory: directory.path, clusterID: prefix, basePort: nil)
            return (directory, layout)
        } catch {
            try directory.remove()
            throw error
        }
    }

    static func clean(_ directory: TemporaryDirectory, keeps: Bool, console: Console) {
        guard !keeps else {
            console.line("data and logs are in \(directory.path)")
            return
        }
        do throws(OperationsError) {
            try directory.remove()
        } catch {
            Console.error("warning: \(error)")
        }
    }

    /// - Returns: what failed, nil when everything held.
    private func tell(_ texts: SourceTexts, _ cluster: LocalCluster) async -> String? {
        do throws(OperationsError) {
            let report = try await play(texts, cluster)
            return report.isSound ? nil : report.list()
        } catch {
            return error.description
        }
    }
}
