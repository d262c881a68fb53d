/// Three scripted nodes that agree on a set of rows, for tests that then make one of them disagree.
///
/// Owns: the rows and the status of each node. Must never: repair anything by itself.
import Client
import Foundation
import JSON
import Operations
import Synchronization

final class ScriptedCluster: Sendable {
    struct Row: Sendable {
        var id: String
        var title: String
        var content: String
        var tag: String
    }
    struct Node: Sendable {
        var rows: [Row]
        var appliedIndex = 10
        var digest = "00ff00ff00ff00ff"
        /// In the listing but not under its id.
        var hiddenIDs: Set<String> = []
    }
    static let namespace = "demo"

    let state: Mutexes
    let nodes: [ScriptedNode]
    var endpoints: [Endpoint] { nodes.map(\.endpoint) }

    /// Lets the closures share the state without owning the cluster.
    final class Mutexes: Sendable {
        let nodes: Mutex<[Node]>
        init(_ nodes: [Node]) { self.nodes = Mutex(nodes) }
    }

    init(rows: [Row]) throws {
        let state = Mutexes((0..<3).map { _ in Node(rows: rows) })
        self.state = state
        nodes = try (0..<3).map { place in
            try ScriptedNode { request in
                ScriptedCluster.answer(request, place: place, node: state.nodes.withLock { $0[place] })
            }
        }
    }

    func change(_ place: Int, _ change: @Sendable (inout Node) -> Void) {
        state.nodes.withLock { change(&$0[place]) }
    }
    func stop() { for node in nodes { node.stop() } }

    private static func answer(_ request: ScriptedNode.Request, place: Int, node: Node) -> ScriptedNode.Reply {
        if request.target == "/cluster/v1/status" { return .json(200, status(place, node)) }
        guard request.headers["x-consistency"] == "stale" else { return .json(400, #"{"error":"not stale"}"#) }
        if request.target.hasPrefix("/api/v1/memories?") {
            let offset = request.target.components(separatedBy: "offset=").last.flatMap { Int($0) } ?? 0
            let page = node.rows.dropFirst(offset).prefix(1000).map(memory)
            return .json(200, JSONValue.object(JSONObject([("memories", .array(page))])).text)
        }
        let id = request.target.components(separatedBy: "/").last ?? ""
        guard let row = node.rows.first(where: { $0.id == id }), !node.hiddenIDs.contains(id) else {
            return .json(404, #"{"error":"not found"}"#)
        }
        let body: JSONValue = ["links": [], "memory": memory(row)]
        return .json(200, body.text, headers: ["ETag: \(row.tag)"])
    }

    private static func memory(_ row: Row) -> JSONValue {
        [
            "id": .string(row.id), "title": .string(row.title), "content": .string(row.content),
            "namespace": .string(namespace),
        ]
    }

    private static func status(_ place: Int, _ node: Node) -> String {
        let applied = JSONValue.integer(Int64(node.appliedIndex))
        let document: JSONValue = [
            "node_id": .integer(Int64(place + 1)), "cluster_id": "c", "role": place == 0 ? "leader" : "follower",
            "term": 3, "leader_id": 1, "commit_index": applied, "applied_index": applied, "last_index": applied,
            "first_index": 1, "digest": .string(node.digest), "log_bytes": 4096, "uptime_ms": 5, "peers": [],
        ]
        return document.text
    }
}
