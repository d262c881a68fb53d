import Raft
import RaftTCP
import StateMachine

/// Everything `mneme serve` was told, checked before anything is opened.
///
/// Owns: the rules between the flags, and between them and what a directory was founded with. Must never: write to the
/// disk or touch the network.
public struct ServeConfiguration: Sendable {
    public var dataDirectory: String
    public var host: String
    public var port: Int
    /// Who this node is and with whom it begins.
    public var founding: Founding
    /// Whether the command line named the founders, so that they can be compared with what the cluster knows.
    public var peersWereNamed: Bool
    /// Where this node listens for the others; nil for a cluster of one that nobody can join.
    public var listen: PeerAddress?
    public var leaseReads = false
    public var tickMilliseconds: UInt64 = 10
    public var heartbeatMilliseconds: UInt64 = 50
    public var electionTimeoutMilliseconds: UInt64 = 500
    public var segmentBytes: Int = 64 << 20
    public var checkpointBytes: Int = 64 << 20
    public var compactionKeepEntries: Int = 20_000
    /// Pause between two collections of what has expired.
    public var collectSeconds: Int64 = 1_800
    /// Whether what expires or is forgotten goes to the archive.
    public var archivesOnCollect = true
    /// Archived memories older than this many days are purged; nil keeps them.
    public var archiveDaysMax: Int64?
    /// What computes vectors for recall by meaning.
    public var model = ModelChoice.usual

    public var nodeID: UInt64 { founding.nodeID }
    public var clusterName: String { founding.clusterName }

    public struct Problem: Error, Sendable, CustomStringConvertible {
        public var description: String
        /// Whether the command line is at fault by itself, whatever the directory holds.
        public var isUsage: Bool
        public init(_ description: String, isUsage: Bool = true) {
            self.description = description
            self.isUsage = isUsage
        }
    }

    /// - Parameters:
    ///   - flags: what the command line says.
    ///   - founding: how this node came to its cluster, from its directory or from the cluster it just joined; nil for a
    ///     directory that is to be founded.
    public init(flags: ServeFlags, founding found: Founding?) throws(Problem) {
        try flags.check()
        dataDirectory = flags.dataDirectory
        host = flags.host
        port = flags.port
        peersWereNamed = !flags.peers.isEmpty
        var founding = try Self.founding(flags, found)
        let own = founding.members.first { $0.id == founding.nodeID }?.address ?? founding.address
        if let own {
            listen = PeerAddress(host: own.host, port: flags.raftPort ?? own.port)
        } else if let port = flags.raftPort, port > 0 {
            listen = PeerAddress(host: flags.host, port: port)
        }
        founding.address = own ?? listen
        // A founder that is alone is reached where it listens, so that others can join it.
        if !founding.isJoining, founding.members.count == 1 { founding.members[0].address = founding.address }
        self.founding = founding
    }

    private static func founding(_ flags: ServeFlags, _ found: Founding?) throws(Problem) -> Founding {
        let members = try flags.members()
        if let found {
            try check(flags, found)
            var result = found
            if result.clusterName.isEmpty { result.clusterName = flags.clusterName ?? ServeFlags.clusterNameDefault }
            if let members, !found.isJoining { result.members = members }
            if found.isJoining, let advertise = try flags.advertisedAddress() { result.address = advertise }
            return result
        }
        let nodeID = flags.nodeID ?? 1
        return Founding(
            isJoining: false, nodeID: nodeID, clusterName: flags.clusterName ?? ServeFlags.clusterNameDefault,
            address: nil, members: members ?? [Founding.Member(id: nodeID, address: nil)])
    }

    /// A directory that says who it is cannot be told to be somebody else.
    private static func check(_ flags: ServeFlags, _ found: Founding) throws(Problem) {
        let name = flags.clusterName ?? found.clusterName
        let id = flags.nodeID ?? found.nodeID
        guard found.clusterName.isEmpty || name == found.clusterName, id == found.nodeID else {
            throw Problem(
                "--data-dir \(flags.dataDirectory) belongs to node \(found.nodeID) of cluster '\(found.clusterName)', "
                    + "but --node-id and --cluster-id say node \(id) of '\(name)'; a directory is never another node's",
                isUsage: false)
        }
    }

    /// How the directory came to its cluster; nil when there is none yet.
    /// - Throws: `Problem` when it cannot be read or trusted.
    public static func founding(of flags: ServeFlags) throws(Problem) -> Founding? {
        do {
            return try DataDirectory.founding(at: flags.dataDirectory, nodeID: flags.nodeID ?? 1)
        } catch {
            throw Problem("\(error)", isUsage: false)
        }
    }

    /// The cluster's name as the 16 bytes that log, wire and snapshots carry.
    var clusterIDBytes: [UInt8] { Array(SHA256Digest.of(Array("mneme cluster \(clusterName)".utf8)).prefix(16)) }

    var coreOptions: CoreOptions {
        CoreOptions(
            heartbeatTicks: Int(max(1, heartbeatMilliseconds / tickMilliseconds)),
            electionTimeoutTicks: Int(max(4, electionTimeoutMilliseconds / tickMilliseconds)),
            leaseReads: leaseReads, tickNanoseconds: tickMilliseconds * 1_000_000,
            featureLevelMax: FeatureLevel.max, foundsUnanimously: true)
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
