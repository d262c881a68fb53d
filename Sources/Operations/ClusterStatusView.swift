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
            ("ENDPOINT", .left), ("NODE", .right), ("ROLE", .left), ("TERM", .right), ("LEADER", .right),
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
                    endpoint.description, "\(report.nodeID)", report.role, "\(report.term)",
                    report.leaderID.map { "\($0)" } ?? "-", "\(report.commitIndex)", "\(report.appliedIndex)",
                    String(report.digest.prefix(8)), "\(lag)", ClusterStatusView.bytes(report.logBytes), "reachable",
                ])
            case .unreachable(let reason):
                table.add([endpoint.description, "-", "-", "-", "-", "-", "-", "-", "-", "-", reason])
            }
        }
        return table.text + clusterWarning
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
