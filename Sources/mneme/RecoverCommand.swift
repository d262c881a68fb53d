/// `mneme recover`: a node whose directory is damaged starts anew and gets everything from its peers.
///
/// Owns: its flags, and the order of asking the cluster first and touching the directory second.
import ArgumentParser
import Client
import Operations
import Server

struct RecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Put a damaged data directory aside and rebuild the node from its peers.",
        discussion: """
            mneme recover --from-peers http://10.0.0.1:9077,http://10.0.0.2:9077 --data-dir /var/lib/mneme
            mneme recover --from-peers http://10.0.0.1:9077 --data-dir n3 --replaces 3 --advertise 10.0.0.3:9177

            For a stopped node that refuses to start because its log or database is damaged, while a majority of the others
            runs. The cluster takes in a new node with a new id in its place; the old directory is renamed, not deleted.
            Then start it with: mneme serve --data-dir DIR. Nothing is lost: what was acknowledged is on a majority.
            """)

    @Option(name: .long, help: ArgumentHelp("Nodes of the cluster that run.", valueName: "http://a,b"))
    var fromPeers: String
    @Option(name: .customLong("data-dir"), help: "Directory of the damaged node.")
    var dataDirectory = "./mneme-data"
    @Option(help: "Id of the damaged node, when its directory does not tell.")
    var replaces: UInt64?
    @Option(help: "HOST:PORT of its Raft listener (default: the one it had).")
    var advertise: String?
    @Option(help: ArgumentHelp("Bytes of one log segment.", visibility: .hidden))
    var segmentBytes = 64 << 20

    func run() async throws {
        let endpoints: [Endpoint]
        do { endpoints = try Endpoint.list(parsing: fromPeers) } catch {
            throw ValidationError("--from-peers: \(error)")
        }
        let found = knownFounding()
        guard let address = advertise ?? found?.address.map({ "\($0)" }) else {
            throw ValidationError(
                "the directory does not say where this node is reached: give --advertise HOST:PORT")
        }
        do {
            let ticket = try await ClusterJoin(endpoints: endpoints).askForPlace(
                of: replaces ?? found?.nodeID, at: address)
            let flags = ServeFlags(dataDirectory: dataDirectory, host: "127.0.0.1", port: 0)
            let founding = try flags.joined(
                nodeID: ticket.nodeID, clusterName: ticket.clusterID, address: address,
                seeds: ticket.members.map { ($0.id, $0.address) })
            var configuration = try ServeConfiguration(flags: flags, founding: founding)
            configuration.segmentBytes = segmentBytes
            let outcome = try NodeRebuild.run(configuration)
            if let old = outcome.setAside { print("the old directory is now \(old)") }
            print(
                "node \(outcome.nodeID) takes its place; start it with: mneme serve --data-dir \(dataDirectory) "
                    + "and the --host and --port it had")
        } catch {
            throw ServeFailure(message: "\(error)")
        }
    }

    /// What the directory still says of itself; a damaged file says nothing.
    private func knownFounding() -> Founding? {
        let flags = ServeFlags(dataDirectory: dataDirectory, host: "127.0.0.1", port: 0)
        do {
            return try ServeConfiguration.founding(of: flags)
        } catch {
            Console.error("warning: \(error)")
            return nil
        }
    }
}
