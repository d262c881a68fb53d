/// What a client of the freshness drill knows of one memory of its own, and what it asks a node.
///
/// Owns: the requests as a node takes them, and which rows a question's filters let pass. Must never: ask for anything that
/// the answer may rightly leave out.
import Client
import JSON

/// A memory as it has to be, by the acknowledgements of its writes.
struct FreshnessMemory: Hashable, Sendable {
    var id: String
    var namespace: String
    var tier: String
    var tags: [String]
    var text: FreshnessText

    /// How a row differs from what it has to be; nil when it does not.
    func difference(from row: MemoryRecord) -> String? {
        let fields = [
            ("content", row.content, text.content), ("title", row.title, text.title),
            ("namespace", row.namespace, namespace), ("tier", row.tier, tier),
            ("tags", row.tags.sorted().joined(separator: " "), tags.sorted().joined(separator: " ")),
        ]
        guard let (name, found, wanted) = fields.first(where: { $0.1 != $0.2 }) else { return nil }
        return "\(name) is '\(found)', it was made '\(wanted)'"
    }
}

struct FreshnessQuestion: Hashable, Sendable {
    enum Ranking: String, Sendable {
        case standard = "default"
        case vector, keyword
    }
    static let limit = 10

    var context: String
    var ranking: Ranking
    var namespace: String?
    /// The namespace stands for all below it too; else also for its ancestors.
    var reachesSubtree = false
    var tag: String?
    var tier: String?

    /// Being asked does not count as being used: what a node does with uses is a write of its own.
    func request(_ consistency: Consistency) -> APIRequest {
        var query = QueryString()
        query.add("context", context)
        query.add("limit", Self.limit)
        query.add("touch", "false")
        if ranking != .standard { query.add("ranking", ranking.rawValue) }
        query.add("namespace", namespace)
        if reachesSubtree { query.add("subtree", "true") }
        query.add("tags", tag)
        query.add("tier", tier)
        return APIRequest(
            method: "GET", target: "/api/v1/recall" + query.text,
            headers: [APIRequest.Header("X-Consistency", consistency.rawValue)])
    }

    /// Which of its filters does not let a row pass; nil when all do.
    func objection(to row: MemoryRecord) -> String? {
        if let tier, row.tier != tier { return "tier \(row.tier)" }
        if let tag, !row.tags.contains(tag) { return "tags \(row.tags)" }
        if let namespace, !admits(row.namespace, under: namespace) { return "namespace \(row.namespace)" }
        return nil
    }

    private func admits(_ found: String, under asked: String) -> Bool {
        if found == asked { return true }
        return reachesSubtree ? found.hasPrefix(asked + "/") : asked.hasPrefix(found + "/")
    }
}

extension MemoryRecord {
    var tags: [String] { (fields["tags"]?.arrayValue ?? []).compactMap(\.stringValue) }
}

/// The writes of a round.
enum FreshnessWrite {
    static func store(_ memory: FreshnessMemory) -> APIRequest {
        request(
            "POST", "/api/v1/memories",
            [
                ("title", .string(memory.text.title)), ("content", .string(memory.text.content)),
                ("namespace", .string(memory.namespace)), ("tier", .string(memory.tier)),
                ("tags", .array(memory.tags.map(JSONValue.string))), ("source", "chaos"),
            ])
    }

    /// Only what differs between the two is sent.
    static func update(_ old: FreshnessMemory, to new: FreshnessMemory) -> APIRequest {
        var fields: [(String, JSONValue)] = []
        if new.text.title != old.text.title { fields.append(("title", .string(new.text.title))) }
        if new.text.content != old.text.content { fields.append(("content", .string(new.text.content))) }
        if new.namespace != old.namespace { fields.append(("namespace", .string(new.namespace))) }
        if new.tags != old.tags { fields.append(("tags", .array(new.tags.map(JSONValue.string)))) }
        return request("PUT", "/api/v1/memories/\(old.id)", fields)
    }

    static func delete(_ memory: FreshnessMemory) -> APIRequest {
        request("DELETE", "/api/v1/memories/\(memory.id)", nil)
    }

    /// By the one word that stands nowhere else.
    static func forget(_ memory: FreshnessMemory) -> APIRequest {
        request(
            "POST", "/api/v1/forget",
            [
                ("pattern", .string(memory.text.mark)), ("namespace", .string(memory.namespace)),
            ])
    }

    static func archive(_ memory: FreshnessMemory) -> APIRequest {
        request("POST", "/api/v1/archive", [("ids", [.string(memory.id)])])
    }

    static func restore(_ memory: FreshnessMemory) -> APIRequest {
        request("POST", "/api/v1/archive/\(memory.id)/restore", nil)
    }

    static func promote(id: String) -> APIRequest { request("POST", "/api/v1/memories/\(id)/promote", nil) }

    private static func request(_ method: String, _ target: String, _ fields: [(String, JSONValue)]?) -> APIRequest {
        APIRequest(
            method: method, target: target, body: fields.map { JSONValue.object(JSONObject($0)).encoded() },
            idempotencyKey: IdempotencyKey.random())
    }
}

extension APIRequest {
    /// In a line, for people.
    var summary: String {
        "\(method) \(target)" + (body.map { " " + String(decoding: $0, as: UTF8.self) } ?? "")
    }
}
