import Raft
import RaftTCP
import StateMachine

/// Everything `mneme serve` was told, checked before anything is opened.
///
/// Owns: the rules between the flags. Must never: touch the disk or the network.
public struct ServeConfiguration: Sendable {
    public struct Member: Hashable, Sendable {
        public var id: UInt64
        /// host:port of its Raft listener; nil for a node that is a group of its own.
        public var address: PeerAddress?
        public init(id: UInt64, address: PeerAddress?) {
            self.id = id
            self.address = address
        }
    }
    public var dataDirectory: String
    public var host: String
    public var port: Int
    public var nodeID: UInt64
    public var clusterName: String
    /// All voters, this node included, ascending by id.
    public var members: [Member]
    public var raftHost: String
    public var raftPort: Int
    public var tickMilliseconds: UInt64 = 10
    public var heartbeatMilliseconds: UInt64 = 50
    public var electionTimeoutMilliseconds: UInt64 = 500
    public var segmentBytes: Int = 64 << 20
    public var checkpointBytes: Int = 64 << 20
    public var compactionKeepEntries: Int = 20_000

    public struct Problem: Error, Sendable, CustomStringConvertible {
        public var description: String
        public init(_ description: String) { self.description = description }
    }

    /// - Parameters:
    ///   - peers: `ID=HOST:PORT` of every member including this node; empty for a group of one.
    public init(
        dataDirectory: String, host: String, port: Int, nodeID: UInt64, clusterName: String, peers: [String],
        raftPort: Int?
    ) throws(Problem) {
        guard nodeID > 0 else { throw Problem("--node-id must be at least 1 (got 0)") }
        guard (1...64).contains(clusterName.utf8.count) else {
            throw Problem("--cluster-id must have 1 to 64 bytes (got \(clusterName.utf8.count))")
        }
        guard (0...65_535).contains(port) else { throw Problem("--port must be 0 to 65535 (got \(port))") }
        self.dataDirectory = dataDirectory
        self.host = host
        self.port = port
        self.nodeID = nodeID
        self.clusterName = clusterName
        var members: [Member] = []
        for peer in peers { members.append(try Self.member(peer)) }
        if members.isEmpty { members = [Member(id: nodeID, address: nil)] }
        members.sort { $0.id < $1.id }
        for (left, right) in zip(members, members.dropFirst()) where left.id == right.id {
            throw Problem("--peer names node \(left.id) twice")
        }
        guard let own = members.first(where: { $0.id == nodeID }) else {
            throw Problem("--peer must also name this node: add --peer \(nodeID)=HOST:PORT")
        }
        guard members.count <= 9 else { throw Problem("at most 9 members (got \(members.count))") }
        self.members = members
        self.raftHost = own.address?.host ?? host
        self.raftPort = raftPort ?? own.address?.port ?? 0
    }

    private static func member(_ text: String) throws(Problem) -> Member {
        guard let separator = text.firstIndex(of: "="), let id = UInt64(text[..<separator]), id > 0 else {
            throw Problem("--peer '\(text)' is not ID=HOST:PORT with an ID of at least 1")
        }
        let address = String(text[text.index(after: separator)...])
        do throws(PeerAddressError) {
            return Member(id: id, address: try PeerAddress(parsing: address))
        } catch {
            throw Problem("--peer '\(text)': \(error)")
        }
    }

    /// The cluster's name as the 16 bytes that log, wire and snapshots carry.
    var clusterIDBytes: [UInt8] { Array(SHA256Digest.of(Array("mneme cluster \(clusterName)".utf8)).prefix(16)) }

    var coreOptions: CoreOptions {
        CoreOptions(
            heartbeatTicks: Int(max(1, heartbeatMilliseconds / tickMilliseconds)),
            electionTimeoutTicks: Int(max(4, electionTimeoutMilliseconds / tickMilliseconds)))
    }
    var nodeOptions: NodeOptions {
        var options = NodeOptions()
        options.tickNanoseconds = tickMilliseconds * 1_000_000
        options.checkpointBytes = checkpointBytes
        options.compactionKeepEntries = compactionKeepEntries
        return options
    }
    var logOptions: LogOptions {
        LogOptions(segmentBytes: segmentBytes)
    }
}
