import ArgumentParser
import Logging
import Server

/// `mneme serve`: one node. Without flags it is a Raft group of one in ./mneme-data.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run one node.",
        discussion: """
            Without flags: a single node in ./mneme-data on http://127.0.0.1:9077.

            Examples:
              mneme serve
              mneme serve --data-dir /var/lib/mneme --port 9077
              mneme serve --node-id 1 --cluster-id prod --data-dir n1 --port 9077 \\
                --peer 1=127.0.0.1:9177 --peer 2=127.0.0.1:9178 --peer 3=127.0.0.1:9179

            Every member is named by --peer on every node, this one included. Membership is fixed in this version.
            There is no authentication yet: bind to loopback, or to a network you trust.
            """)

    @Option(name: .customLong("data-dir"), help: "Directory for log and database; created when missing.")
    var dataDirectory = "./mneme-data"
    @Option(help: "Address for HTTP clients.")
    var host = "127.0.0.1"
    @Option(help: "Port for HTTP clients; 0 picks a free one.")
    var port = 9077
    @Option(help: "This node's number, at least 1; never reuse one whose data is gone.")
    var nodeID: UInt64 = 1
    @Option(help: "Name of the cluster, the same on all its nodes.")
    var clusterID = "mneme"
    @Option(name: .customLong("peer"), help: "A member as ID=HOST:PORT of its Raft listener; once per member.")
    var peers: [String] = []
    @Option(help: "Port for other nodes (default: the one that --peer names for this node).")
    var raftPort: Int?
    @Flag(help: "End when the process that started this one ends.")
    var exitWithParent = false
    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"
    @Option(help: ArgumentHelp("Bytes of one log segment.", visibility: .hidden))
    var segmentBytes = 64 << 20
    @Option(help: ArgumentHelp("Bytes of applied entries between two checkpoints.", visibility: .hidden))
    var checkpointBytes = 64 << 20
    @Option(help: ArgumentHelp("Entries kept in the log below a checkpoint.", visibility: .hidden))
    var keepEntries = 20_000
    @Option(help: ArgumentHelp("Election timeout in milliseconds (each wait is 1 to 2 times it).", visibility: .hidden))
    var electionTimeoutMs: UInt64 = 500

    func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError(
                "--log-level '\(logLevel)' is not one of trace debug info notice warning error critical")
        }
        guard electionTimeoutMs >= 50 else { throw ValidationError("--election-timeout-ms must be at least 50") }
    }

    func run() async throws {
        var configuration: ServeConfiguration
        do {
            configuration = try ServeConfiguration(
                dataDirectory: dataDirectory, host: host, port: port, nodeID: nodeID, clusterName: clusterID,
                peers: peers, raftPort: raftPort)
        } catch {
            throw ValidationError("\(error)")
        }
        configuration.segmentBytes = segmentBytes
        configuration.checkpointBytes = checkpointBytes
        configuration.compactionKeepEntries = keepEntries
        configuration.electionTimeoutMilliseconds = electionTimeoutMs
        configuration.heartbeatMilliseconds = max(10, electionTimeoutMs / 10)
        if exitWithParent { ParentWatch.endWithParent() }
        var logger = Logger(label: "mneme", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        do {
            try await NodeServer(configuration: configuration, logger: logger).run()
        } catch {
            throw ServeFailure(message: "\(error)")
        }
    }
}

/// Why the node could not start or had to stop; printed as it is, exit code 1.
struct ServeFailure: Error, CustomStringConvertible {
    var message: String
    var description: String { message }
}
