/// `cluster status`: what the nodes say, side by side.
///
/// Owns: the table and the JSON. Must never: hide a node that did not answer.
import Client
import JSON

public struct ClusterStatusView: Sendable {
    public let endpoints: [Endpoint]
    public let sights: [ClusterWatcher.Sight]

    public init(endpoints: [Endpoint], sights: [ClusterWatcher.Sight]) {
        self.endpoints = endpoints
        self.sights = sights
    }

    /// Whether some node answered and a leader is known.
    public var hasLeader: Bool {
        sights.contains { $0.report?.leaderID != nil }
    }

    public var table: String {
        var table = TextTable([
            ("ENDPOINT", .left), ("NODE", .right), ("MEMBER", .left), ("ROLE", .left), ("TERM", .right),
            ("LEADER", .right),
            ("COMMIT", .right), ("APPLIED", .right), ("DIGEST", .left), ("LAG", .right), ("LOG", .right),
            ("STATE", .left),
        ])
        // The furthest anybody knows to be committed: how far a node is behind that is its lag.
        let commitMax = sights.compactMap { $0.report?.commitIndex }.max() ?? 0
        for (endpoint, sight) in zip(endpoints, sights) {
            switch sight {
            case .reachable(let report):
                let lag = commitMax > report.appliedIndex ? commitMax - report.appliedIndex : 0
                table.add([
                    endpoint.description, "\(report.nodeID)", report.membership.isEmpty ? "-" : report.membership,
                    report.role, "\(report.term)",
                    report.leaderID.map { "\($0)" } ?? "-", "\(report.commitIndex)", "\(report.appliedIndex)",
                    String(report.digest.prefix(8)), "\(lag)", ClusterStatusView.bytes(report.logBytes), "reachable",
                ])
            case .unreachable(let reason):
                table.add([endpoint.description, "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", reason])
            }
        }
        return table.text + otherMembers + clusterWarning
    }

    /// Members that none of the endpoints is, as the most recent of the nodes that answer knows them.
    private var otherMembers: String {
        let reports = sights.compactMap(\.report)
        guard let newest = reports.max(by: { ($0.appliedIndex, $0.term) < ($1.appliedIndex, $1.term) }) else {
            return ""
        }
        let others = newest.peers.filter { peer in !reports.contains { $0.nodeID == peer.id } }
        guard !others.isEmpty else { return "" }
        let names = others.map { "node \($0.id) (\($0.role.isEmpty ? "member" : $0.role), raft \($0.address))" }
        return "\nother members: " + names.joined(separator: ", ")
    }

    /// Empty while all nodes that answer are of one cluster.
    private var clusterWarning: String {
        var names: [String] = []
        for sight in sights {
            guard let name = sight.report?.clusterID, !names.contains(name) else { continue }
            names.append(name)
        }
        guard names.count > 1 else { return "" }
        return "\nWARNING: these endpoints belong to different clusters: \(names.joined(separator: ", "))"
    }

    public var json: JSONValue {
        let nodes = zip(endpoints, sights).map { endpoint, sight -> JSONValue in
            switch sight {
            case .reachable(let report):
                ["endpoint": .string(endpoint.description), "reachable": true, "status": report.document]
            case .unreachable(let reason):
                ["endpoint": .string(endpoint.description), "reachable": false, "reason": .string(reason)]
            }
        }
        return ["nodes": .array(nodes)]
    }

    private static func bytes(_ count: UInt64) -> String {
        if count < 10 << 10 { return "\(count) B" }
        if count < 10 << 20 { return "\(count >> 10) KiB" }
        return "\(count >> 20) MiB"
    }
}
