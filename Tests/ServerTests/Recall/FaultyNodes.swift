/// Two nodes of one pretended store that can be told to forget, to keep what was deleted, or to say nothing: what the
/// freshness run has to notice.
///
/// Owns: just enough of the routes for the run. Must never: misbehave in any way but the one it was told.
import Client
import Foundation
import JSON
import Synchronization

@testable import Operations

final class FaultyNodes: Sendable {
    enum Fault: String, Sendable, CaseIterable {
        case none
        /// Recall finds nothing.
        case findsNothing
        /// What is deleted, forgotten or archived is still found.
        case keepsDeleted
        /// A change is acknowledged and not made.
        case keepsOld
        /// Recall does not look at filters.
        case ignoresFilters
        /// Every write is answered 503.
        case hasNoLeader
        /// What is written to is not there.
        case losesRows
    }

    private let nodes: [ScriptedNode]
    private let store: Store
    var endpoints: [Endpoint] { nodes.map(\.endpoint) }
    var requests: [ScriptedNode.Request] { nodes.flatMap(\.requests) }

    init(_ fault: Fault) throws {
        let store = Store(fault)
        self.store = store
        nodes = try (0..<2).map { _ in try ScriptedNode { store.answer($0) } }
    }

    func stop() { for node in nodes { node.stop() } }

    private final class Store: Sendable {
        private struct State {
            var rows: [String: JSONObject] = [:]
            var archive: [String: JSONObject] = [:]
            var count = 0
        }
        private let fault: Fault
        private let state = Mutex(State())

        init(_ fault: Fault) { self.fault = fault }

        func answer(_ request: ScriptedNode.Request) -> ScriptedNode.Reply {
            let parts = URLComponents(string: request.target)
            let path = (parts?.path ?? "").split(separator: "/").map(String.init)
            if path == ["cluster", "v1", "status"] { return .json(200, Self.status) }
            if path.last == "recall" {
                let items = (parts?.queryItems ?? []).map { ($0.name, $0.value ?? "") }
                return recall(Dictionary(items, uniquingKeysWith: { first, _ in first }))
            }
            let id = path.count > 3 ? path[3] : ""
            let isKnown = state.withLock { $0.rows[id] != nil || $0.archive[id] != nil }
            if path.last == "promote", !isKnown { return .json(404, #"{"error":"not found"}"#) }
            if fault == .hasNoLeader { return .json(503, #"{"error":"no leader is known","outcome":"none"}"#) }
            if fault == .losesRows, isKnown { return .json(404, #"{"error":"not found"}"#) }
            var body = JSONObject()
            do { body = try JSONValue.parse(request.body).objectValue ?? body } catch { body = JSONObject() }
            return write(request.method, path, id, body)
        }

        private func write(
            _ method: String, _ path: [String], _ id: String, _ body: JSONObject
        ) -> ScriptedNode.Reply {
            state.withLock { state in
                switch (method, path.last ?? "") {
                case ("POST", "memories"): return store(body, &state)
                case ("POST", "promote"): state.rows[id]?["tier"] = "long"
                case ("POST", "forget"):
                    let mark = body["pattern"]?.stringValue ?? ""
                    let found = state.rows.filter { $0.value["content"]?.stringValue?.contains(mark) == true }
                    for id in found.keys { remove(id, &state) }
                    return .json(200, #"{"deleted":\#(found.count)}"#)
                case ("POST", "archive"):
                    let ids = body["ids"]?.arrayValue ?? []
                    for id in ids { remove(id.stringValue ?? "", &state) }
                    return .json(200, JSONValue.object(JSONObject([("archived", .array(ids))])).text)
                case ("POST", "restore"):
                    state.rows[id] = state.archive.removeValue(forKey: id)
                    state.rows[id]?["tier"] = "long"
                case ("DELETE", _):
                    remove(id, &state)
                    return .json(200, #"{"deleted":true}"#)
                default:
                    if fault != .keepsOld { for field in body.members { state.rows[id]?[field.key] = field.value } }
                }
                return .json(200, #"{"id":"\#(id)"}"#)
            }
        }

        /// An upsert on title and namespace.
        private func store(_ body: JSONObject, _ state: inout State) -> ScriptedNode.Reply {
            let existing = state.rows.first {
                $0.value["title"] == body["title"] && $0.value["namespace"] == body["namespace"]
            }
            state.count += existing == nil ? 1 : 0
            let id = existing?.key ?? "row-\(state.count)"
            var row = body
            row["id"] = .string(id)
            if existing == nil || fault != .keepsOld { state.rows[id] = row }
            return .json(201, #"{"id":"\#(id)"}"#)
        }

        private func remove(_ id: String, _ state: inout State) {
            state.archive[id] = state.rows[id]
            if fault != .keepsDeleted { state.rows[id] = nil }
        }

        /// Whatever holds the word of its own that the question asks for.
        private func recall(_ query: [String: String]) -> ScriptedNode.Reply {
            var question = FreshnessQuestion(context: query["context"] ?? "", ranking: .standard)
            question.namespace = query["namespace"]
            question.reachesSubtree = query["subtree"] == "true"
            question.tag = query["tags"]
            question.tier = query["tier"]
            let asked = Set(question.context.split(separator: " ").filter { $0.contains(/^k\d+x\d+$/) })
            let rows = state.withLock { Array($0.rows.values) }.filter { row in
                guard fault != .findsNothing, let record = MemoryRecord(.object(row)) else { return false }
                guard fault == .ignoresFilters || question.objection(to: record) == nil else { return false }
                return !asked.isDisjoint(with: (record.title + " " + record.content).split(separator: " "))
            }
            return .json(
                200, JSONValue.object(JSONObject([("memories", .array(rows.map(JSONValue.object)))])).text)
        }

        private static let status = """
            {"node_id":1,"cluster_id":"c","role":"leader","term":3,"leader_id":1,"commit_index":1,"applied_index":1,\
            "last_index":1,"first_index":1,"digest":"00ff","log_bytes":1,"uptime_ms":1,"peers":[],"vectors":null}
            """
    }
}
