/// A row of `memories` as a value, and the columns computed from metadata.
///
/// Owns: the order of columns and their conversion. Must never: drop or repair a field silently on the way in.
import JSON

struct MemoryRow {
    var row: Int64
    var memory: Memory
    /// As stored and as indexed for full text.
    var tagsText: String

    static let columns = """
        row, id, tier, priority, confidence, access_count, version, created_at, updated_at, last_accessed_at, \
        expires_at, source, namespace, title, tags, metadata, content
        """

    /// Reads the current row of a statement that selected `columns`.
    init(_ statement: Statement) {
        row = statement.int64(0)
        tagsText = statement.text(14)
        memory = Memory(
            id: statement.text(1),
            tier: Tier(rawValue: UInt8(truncatingIfNeeded: statement.int64(2))) ?? .mid,
            namespace: statement.text(12), title: statement.text(13), content: statement.text(16),
            tags: TagsText.decode(tagsText), priority: Int(statement.int64(3)), confidence: statement.double(4),
            source: statement.text(11), accessCount: Int(statement.int64(5)), createdAt: statement.text(7),
            updatedAt: statement.text(8), lastAccessedAt: statement.optionalText(9),
            expiresAt: statement.optionalText(10), metadata: statement.text(15),
            version: UInt64(bitPattern: statement.int64(6)))
    }
}

/// Tags as the JSON array text that is stored and indexed.
enum TagsText {
    static func encode(_ tags: [String]) -> String {
        tags.isEmpty ? "[]" : JSONValue.array(tags.map { .string($0) }).text
    }

    /// Malformed text reads as no tags (it cannot be written through this module).
    static func decode(_ text: String) -> [String] {
        if text.utf8.count <= 2 { return [] }
        do {
            return try JSONValue.parse(text).arrayValue?.compactMap { $0.stringValue } ?? []
        } catch {
            return []
        }
    }
}

/// What is filtered on inside a memory's metadata.
struct MetadataFields: Hashable {
    /// `agent_id`, as text; nil when absent or null.
    var agentID: String?
    /// `scope`, as text; `private` when absent or null.
    var scope: String

    init(metadata: String) {
        let object = MetadataFields.object(metadata)
        agentID = object?["agent_id"].flatMap(MetadataFields.comparable)
        scope = object?["scope"].flatMap(MetadataFields.comparable) ?? "private"
    }

    /// Malformed metadata has no fields.
    static func object(_ metadata: String) -> JSONObject? {
        if metadata.utf8.count <= 2 { return nil }
        do {
            return try JSONValue.parse(metadata).objectValue
        } catch {
            return nil
        }
    }

    /// How SQL compares a JSON value with text.
    private static func comparable(_ value: JSONValue) -> String? {
        switch value {
        case .null: nil
        case .string(let text): text
        case .bool(let flag): flag ? "1" : "0"
        case .integer, .unsigned, .double, .array, .object: value.text
        }
    }

    /// The incoming metadata with the existing author kept: `agent_id` is immutable once stored.
    static func keepingAgent(of existing: String, in incoming: String) -> String {
        guard let agent = object(existing)?["agent_id"], !agent.isNull else { return incoming }
        var merged = object(incoming) ?? JSONObject()
        if let same = merged["agent_id"], same.text.hasSameBytes(as: agent.text) { return incoming }
        merged["agent_id"] = agent
        return JSONValue.object(merged).text
    }
}

extension String {
    /// Equal bytes. Swift's `==` also calls canonically equivalent texts equal, which the database does not.
    func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}

extension Optional<String> {
    func hasSameBytes(as other: String?) -> Bool {
        switch (self, other) {
        case (nil, nil): true
        case (let left?, let right?): left.hasSameBytes(as: right)
        case (nil, _?), (_?, nil): false
        }
    }
}
