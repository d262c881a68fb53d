/// `mneme cluster`: its subcommands, and the flags of `up` and `status`.
///
/// Owns: these flags; those of the commands that change the cluster are in `MembershipCommands`.
import ArgumentParser
import Client
import Operations

struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Run a local cluster, look at one, or change who belongs to it.",
        subcommands: [
            ClusterUpCommand.self, ClusterStatusCommand.self, ClusterVerifyCommand.self, MembersCommand.self,
            AddMemberCommand.self,
            RemoveMemberCommand.self, ReplaceMemberCommand.self, PromoteMemberCommand.self, PriorityCommand.self,
            TransferCommand.self,
        ])
}

struct ClusterUpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Start real nodes on this machine and stop them all on Ctrl-C.",
        discussion: """
            mneme cluster up --nodes 3
            mneme cluster up --nodes 5 --directory /var/tmp/five --base-port 9200

            Node N listens for HTTP on the base port + N - 1, and for the other nodes 100 above that.
            The data stays in the directory; the same command continues with it.
            """)

    @Option(name: .long, help: "3 or 5.")
    var nodes = 3
    @Option(name: .long, help: "Holds node-1, node-2, … with data and log of each.")
    var directory = "./mneme-cluster"
    @Option(name: .long, help: "HTTP port of node 1.")
    var basePort = 9077

    func validate() throws {
        guard nodes == 3 || nodes == 5 else { throw ValidationError("--nodes must be 3 or 5 (got \(nodes))") }
        let portMax = 65_535 - ClusterLayout.raftPortOffset - nodes + 1
        guard (1...portMax).contains(basePort) else {
            throw ValidationError("--base-port must be 1 to \(portMax) (got \(basePort))")
        }
    }

    func run() async throws {
        let up = try ClusterUp(
            options: ClusterUp.Options(nodes: nodes, directory: directory, basePort: basePort))
        let code = await up.run()
        if code != ExitStatus.success { throw ExitCode(code) }
    }
}

struct ClusterStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what each node says about itself.",
        discussion: """
            mneme cluster status --endpoints 127.0.0.1:9077,127.0.0.1:9078,127.0.0.1:9079
            mneme cluster status --watch
            mneme cluster status --json

            LAG is how many committed entries a node has yet to apply. MEMBER is its place in the cluster; members whose
            nodes are not among the endpoints are listed below. Exit code 1 when no node knows a leader.
            """)

    @Flag(name: .shortAndLong, help: "Again every second, until Ctrl-C.")
    var watch = false
    @OptionGroup var client: ClientArguments

    func run() async throws {
        let endpoints = try client.parsedEndpoints()
        let watcher = ClusterWatcher(endpoints: endpoints)
        while true {
            let view = ClusterStatusView(endpoints: endpoints, sights: await watcher.look())
            if client.json {
                Console.write(view.json.text + "\n")
            } else {
                // Home and clear below: the table stays in place instead of flickering.
                let prefix = watch && SystemText.isTerminal(1) ? "\u{1b}[H\u{1b}[J" : ""
                Console.write(prefix + view.table + "\n")
            }
            guard watch else {
                if !view.hasLeader { throw ExitCode(ExitStatus.failure) }
                return
            }
            try await Task.sleep(for: .seconds(1))
        }
    }
}
