import Raft
import RaftTCP

/// What the command line of `mneme serve` says about who this node is; nil where it says nothing.
///
/// Owns: the rules of each flag by itself. Must never: know what a directory holds; `ServeConfiguration` compares.
public struct ServeFlags: Sendable {
    public static let clusterNameDefault = "mneme"
    static let clusterNameBytesMax = 64
    /// Founders; more can be added to a cluster later.
    static let foundersMax = 9

    public var dataDirectory: String
    public var host: String
    public var port: Int
    public var nodeID: UInt64?
    public var clusterName: String?
    /// `ID=HOST:PORT` of every founder including this node; empty for a cluster of one, or when the directory knows.
    public var peers: [String]
    public var raftPort: Int?
    /// `HOST:PORT` where the other nodes reach this one; only for a node that joins.
    public var advertise: String?

    public init(
        dataDirectory: String, host: String, port: Int, nodeID: UInt64? = nil, clusterName: String? = nil,
        peers: [String] = [], raftPort: Int? = nil, advertise: String? = nil
    ) {
        self.dataDirectory = dataDirectory
        self.host = host
        self.port = port
        self.nodeID = nodeID
        self.clusterName = clusterName
        self.peers = peers
        self.raftPort = raftPort
        self.advertise = advertise
    }

    typealias Problem = ServeConfiguration.Problem

    func check() throws(Problem) {
        if nodeID == 0 { throw Problem("--node-id must be at least 1 (got 0)") }
        if let clusterName {
            guard (1...ServeFlags.clusterNameBytesMax).contains(clusterName.utf8.count) else {
                throw Problem(
                    "--cluster-id must have 1 to \(ServeFlags.clusterNameBytesMax) bytes "
                        + "(got \(clusterName.utf8.count))")
            }
            guard clusterName.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
                throw Problem("--cluster-id must not have control characters")
            }
        }
        guard (0...65_535).contains(port) else { throw Problem("--port must be 0 to 65535 (got \(port))") }
        if let raftPort, !(0...65_535).contains(raftPort) {
            throw Problem("--raft-port must be 0 to 65535 (got \(raftPort))")
        }
    }

    /// The founders, ascending; nil when none is named.
    func members() throws(Problem) -> [Founding.Member]? {
        guard !peers.isEmpty else { return nil }
        var members: [Founding.Member] = []
        for peer in peers { members.append(try Self.member(peer)) }
        members.sort { $0.id < $1.id }
        for (left, right) in zip(members, members.dropFirst()) where left.id == right.id {
            throw Problem("--peer names node \(left.id) twice")
        }
        let own = nodeID ?? 1
        guard members.contains(where: { $0.id == own }) else {
            throw Problem("--peer must also name this node: add --peer \(own)=HOST:PORT")
        }
        guard members.count <= ServeFlags.foundersMax else {
            throw Problem("at most \(ServeFlags.foundersMax) members found a cluster (got \(members.count))")
        }
        return members
    }

    private static func member(_ text: String) throws(Problem) -> Founding.Member {
        guard let separator = text.firstIndex(of: "="), let id = UInt64(text[..<separator]), id > 0 else {
            throw Problem("--peer '\(text)' is not ID=HOST:PORT with an ID of at least 1")
        }
        let address = String(text[text.index(after: separator)...])
        do throws(PeerAddressError) {
            return Founding.Member(id: id, address: try PeerAddress(parsing: address))
        } catch {
            throw Problem("--peer '\(text)': \(error)")
        }
    }

    func advertisedAddress() throws(Problem) -> PeerAddress? {
        guard let advertise else { return nil }
        do throws(PeerAddressError) { return try PeerAddress(parsing: advertise) } catch {
            throw Problem("--advertise: \(error)")
        }
    }

    /// Where the others will reach a node that joins: what the cluster is told once and keeps.
    public func joinAddress() throws(ServeConfiguration.Problem) -> String {
        try check()
        guard peers.isEmpty else {
            throw Problem("--peer founds a cluster and --join enters one: give one of them")
        }
        if let address = try advertisedAddress() { return "\(address)" }
        guard let raftPort, raftPort > 0 else {
            throw Problem(
                "--join needs --raft-port PORT (with the host of --host) or --advertise HOST:PORT: the other nodes "
                    + "must know for good where this one is reached")
        }
        return "\(PeerAddress(host: host, port: raftPort))"
    }

    /// What a node writes down that a cluster has just taken in.
    /// - Parameter seeds: members of that cluster with the addresses of their Raft listeners.
    public func joined(
        nodeID: UInt64, clusterName name: String, address: String, seeds: [(id: UInt64, address: String)]
    ) throws(ServeConfiguration.Problem) -> Founding {
        guard clusterName == nil || clusterName == name else {
            throw Problem("--join leads to cluster '\(name)', but --cluster-id says '\(clusterName ?? "")'")
        }
        do throws(PeerAddressError) {
            var members: [Founding.Member] = []
            for seed in seeds where !seed.address.isEmpty && seed.id != nodeID {
                members.append(Founding.Member(id: seed.id, address: try PeerAddress(parsing: seed.address)))
            }
            return Founding(
                isJoining: true, nodeID: nodeID, clusterName: name, address: try PeerAddress(parsing: address),
                members: members)
        } catch {
            throw Problem("the cluster named a member that cannot be reached: \(error)", isUsage: false)
        }
    }
}
