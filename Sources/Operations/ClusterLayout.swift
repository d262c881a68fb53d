/// Where the nodes of a local cluster live: ids, ports, directories, and the command line of each.
///
/// Owns: these decisions, taken before anything is started. Must never: start anything.
import Client
import Foundation

public struct ClusterLayout: Hashable, Sendable {
    public struct Member: Hashable, Sendable {
        public var id: UInt64
        public var httpPort: Int
        public var raftPort: Int
        /// Holds the data directory and the log file.
        public var directory: String
        public var endpoint: Endpoint { Endpoint(host: "127.0.0.1", port: httpPort) }
        public var dataDirectory: String { directory + "/data" }
        public var logPath: String { directory + "/node.log" }
    }
    /// Raft listens this far above HTTP when a base port was asked for.
    public static let raftPortOffset = 100

    /// The founders first, then those that join later.
    public var members: [Member]
    /// How many of the members found the cluster.
    public var founderCount: Int
    public var clusterID: String
    public var directory: String
    /// Further arguments of `mneme serve`, the same for every member.
    public var serveArguments: [String] = []

    public var endpoints: [Endpoint] { members.map(\.endpoint) }
    public var founders: ArraySlice<Member> { members.prefix(founderCount) }

    /// - Parameters:
    ///   - nodes: 1…9 founders.
    ///   - joiners: 0…9 nodes that are prepared, to join when somebody starts them. Their ids are those that a cluster
    ///     gives out when they join in this order.
    ///   - basePort: HTTP port of node 1, the others follow; nil takes free ones anywhere.
    /// - Throws: `OperationsError` naming the port that is in use.
    public init(
        nodes: Int, joiners: Int = 0, directory: String, clusterID: String, basePort: Int?
    ) throws(OperationsError) {
        precondition((1...9).contains(nodes), "a local cluster has 1 to 9 founders")
        precondition((0...9).contains(joiners), "at most 9 nodes are prepared to join")
        let ports = try ClusterLayout.ports(nodes: nodes + joiners, basePort: basePort)
        self.directory = directory
        self.clusterID = clusterID
        founderCount = nodes
        members = (0..<nodes + joiners).map { place in
            Member(
                id: UInt64(place + 1), httpPort: ports.http[place], raftPort: ports.raft[place],
                directory: "\(directory)/node-\(place + 1)")
        }
    }

    private static func ports(
        nodes: Int, basePort: Int?
    ) throws(OperationsError) -> (http: [Int], raft: [Int]) {
        guard let basePort else {
            let free = try LoopbackPorts.free(2 * nodes)
            return (Array(free[..<nodes]), Array(free[nodes...]))
        }
        guard basePort >= 1, basePort + raftPortOffset + nodes - 1 <= 65_535 else {
            let portMax = 65_535 - raftPortOffset - nodes + 1
            throw OperationsError("the base port must be 1 to \(portMax) (got \(basePort))")
        }
        let http = (0..<nodes).map { basePort + $0 }
        let raft = http.map { $0 + raftPortOffset }
        for port in http + raft where !LoopbackPorts.isFree(port) {
            throw OperationsError(
                "port \(port) on 127.0.0.1 is in use; stop what listens there or choose another base port")
        }
        return (http, raft)
    }

    /// The arguments of `mneme` that start this member: a founder, or a node whose directory knows the rest.
    public func arguments(for member: Member) -> [String] {
        guard founders.contains(member) else { return commonArguments(for: member) }
        var words = ["--node-id", "\(member.id)", "--cluster-id", clusterID]
        for peer in founders { words += ["--peer", "\(peer.id)=127.0.0.1:\(peer.raftPort)"] }
        return commonArguments(for: member) + words
    }

    /// The arguments of `mneme` that make this member join a running cluster.
    /// - Parameter replaced: the voter that leaves as soon as this one votes.
    public func arguments(for member: Member, joining endpoints: [Endpoint], replacing replaced: UInt64?) -> [String] {
        let through = endpoints.map { "http://\($0)" }.joined(separator: ",")
        var words = ["--join", through]
        if let replaced { words += ["--replaces", "\(replaced)"] }
        return commonArguments(for: member) + words
    }

    private func commonArguments(for member: Member) -> [String] {
        [
            "serve", "--data-dir", member.dataDirectory, "--host", "127.0.0.1", "--port", "\(member.httpPort)",
            "--raft-port", "\(member.raftPort)", "--exit-with-parent",
        ] + serveArguments
    }

    /// Makes the members' directories.
    /// - Throws: when they cannot be made, or hold a cluster of another size.
    public func prepareDirectories() throws(OperationsError) {
        let files = FileManager.default
        var found = 0
        while files.fileExists(atPath: "\(directory)/node-\(found + 1)") { found += 1 }
        guard found == 0 || found == members.count else {
            throw OperationsError(
                "\(directory) holds a cluster of \(found) nodes, not \(members.count); "
                    + "use --nodes \(found) or another directory")
        }
        for member in members {
            do {
                try files.createDirectory(atPath: member.directory, withIntermediateDirectories: true)
            } catch {
                throw OperationsError("cannot make \(member.directory): \(error.localizedDescription)")
            }
        }
    }
}
