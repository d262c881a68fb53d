import ArgumentParser
import Client
import Logging
import Operations
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

            Every founder is named by --peer on every founder, this one included. The directory remembers them: a restart
            needs --data-dir only. Later nodes join a running cluster by themselves:
              mneme serve --join http://127.0.0.1:9077 --data-dir n4 --port 9080 --raft-port 9180
              mneme serve --join http://127.0.0.1:9077 --data-dir n5 --port 9081 --raft-port 9181 --replaces 2

            A node ends with code 0 when the cluster removes it, with 78 when the cluster does not take it, with 70 when
            its disk fails. There is no authentication yet: bind to loopback, or to a network you trust.
            """)

    @Option(name: .customLong("data-dir"), help: "Directory for log and database; created when missing.")
    var dataDirectory = "./mneme-data"
    @Option(help: "Address for HTTP clients.")
    var host = "127.0.0.1"
    @Option(help: "Port for HTTP clients; 0 picks a free one.")
    var port = 9077
    @Option(help: "This node's number, at least 1; never reuse one whose data is gone. (default: 1, or the next free)")
    var nodeID: UInt64?
    @Option(help: "Name of the cluster, the same on all its nodes. (default: mneme)")
    var clusterID: String?
    @Option(name: .customLong("peer"), help: "A founder as ID=HOST:PORT of its Raft listener; once per founder.")
    var peers: [String] = []
    @Option(help: "Port for other nodes (default: the one that --peer names for this node).")
    var raftPort: Int?
    @Option(help: ArgumentHelp("Join a running cluster through this node, or several.", valueName: "http://a,b"))
    var join: String?
    @Option(help: "With --join: HOST:PORT where the others reach this node (default: --host and --raft-port).")
    var advertise: String?
    @Option(help: "With --join: 0 to 255; voters of the highest priority lead when they can. (default: 100)")
    var priority: UInt8?
    @Option(help: "With --join: the voter that leaves as soon as this node votes.")
    var replaces: UInt64?
    @Flag(help: "With --join: stay a learner until somebody promotes this node.")
    var learner = false
    @Flag(help: "Serve reads under the leader's lease; the same on all nodes. Needs clocks that run evenly.")
    var leaseReads = false
    @Option(help: "Seconds between two collections of expired memories, 1 to 86400.")
    var gcInterval: Int64 = 1_800
    @Flag(help: "Delete what expires or is forgotten instead of moving it to the archive.")
    var noArchiveOnGc = false
    @Option(help: "Purge archived memories that are older than this many days. (default: keep them)")
    var archiveMaxDays: Int64?
    @Option(
        help: "Directory of the embedding model. (default: $MNEME_MODEL_DIR or ~/.cache/mneme/model, if it is there)")
    var model: String?
    @Flag(help: "Recall by words alone, whether or not there is a model.")
    var noEmbeddings = false
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
        guard (1...86_400).contains(gcInterval) else {
            throw ValidationError("--gc-interval must be 1 to 86400 seconds (got \(gcInterval))")
        }
        if let archiveMaxDays, !(1...36_500).contains(archiveMaxDays) {
            throw ValidationError("--archive-max-days must be 1 to 36500 (got \(archiveMaxDays))")
        }
        guard electionTimeoutMs >= 50 else { throw ValidationError("--election-timeout-ms must be at least 50") }
        if join == nil {
            let given = [
                ("--advertise", advertise != nil), ("--priority", priority != nil), ("--replaces", replaces != nil),
                ("--learner", learner),
            ].first { $0.1 }
            if let given { throw ValidationError("\(given.0) goes with --join only") }
        }
    }

    func run() async throws {
        var configuration = try await identified()
        configuration.leaseReads = leaseReads
        configuration.collectSeconds = gcInterval
        configuration.archivesOnCollect = !noArchiveOnGc
        configuration.archiveDaysMax = archiveMaxDays
        configuration.model = noEmbeddings ? .none : model.map { .directory($0) } ?? .usual
        configuration.segmentBytes = segmentBytes
        configuration.checkpointBytes = checkpointBytes
        configuration.compactionKeepEntries = keepEntries
        configuration.electionTimeoutMilliseconds = electionTimeoutMs
        configuration.heartbeatMilliseconds = max(10, electionTimeoutMs / 10)
        if exitWithParent { ParentWatch.endWithParent() }
        var logger = Logger(label: "mneme", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        let end: NodeEnd
        do {
            end = try await NodeServer(configuration: configuration, logger: logger).run()
        } catch {
            throw ServeFailure(message: "\(error)")
        }
        if case .refused(let reason) = end {
            Console.error("Error: \(reason)")
            throw ExitCode(ServeCommand.notTaken)
        }
    }

    /// EX_CONFIG: starting again changes nothing, so a supervisor should not try.
    private static let notTaken: Int32 = 78

    /// Who this node is: what its directory says, what the cluster it joins says, or what the flags say.
    private func identified() async throws -> ServeConfiguration {
        let flags = ServeFlags(
            dataDirectory: dataDirectory, host: host, port: port, nodeID: nodeID, clusterName: clusterID, peers: peers,
            raftPort: raftPort, advertise: advertise)
        do {
            var founding = try ServeConfiguration.founding(of: flags)
            if founding == nil, let join { founding = try await joined(flags, join) }
            return try ServeConfiguration(flags: flags, founding: founding)
        } catch let problem as ServeConfiguration.Problem {
            if problem.isUsage { throw ValidationError(problem.description) }
            throw ServeFailure(message: problem.description)
        }
    }

    private func joined(_ flags: ServeFlags, _ join: String) async throws -> Founding {
        let address = try flags.joinAddress()
        let endpoints: [Endpoint]
        do { endpoints = try Endpoint.list(parsing: join) } catch { throw ValidationError("--join: \(error)") }
        let ticket: ClusterJoin.Ticket
        do {
            ticket = try await ClusterJoin(endpoints: endpoints).ask(
                NewMember(
                    id: nodeID, address: address, priority: priority, isLearner: learner, replaces: replaces))
        } catch {
            throw ServeFailure(message: "\(error)")
        }
        return try flags.joined(
            nodeID: ticket.nodeID, clusterName: ticket.clusterID, address: address,
            seeds: ticket.members.map { ($0.id, $0.address) })
    }
}

/// Why the node could not start or had to stop; printed as it is, exit code 1.
struct ServeFailure: Error, CustomStringConvertible {
    var message: String
    var description: String { message }
}
