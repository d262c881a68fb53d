/// A memory as a node printed it.
///
/// Owns: reading the fields of the wire shape. Must never: drop fields it does not know; `--json` passes them on.
import JSON

public struct MemoryRecord: Hashable, Sendable {
    public var fields: JSONObject

    /// - Returns: nil unless the value is an object with an id, a title and a content.
    public init?(_ value: JSONValue) {
        guard let fields = value.objectValue, fields["id"]?.stringValue != nil, fields["title"]?.stringValue != nil,
            fields["content"]?.stringValue != nil
        else { return nil }
        self.fields = fields
    }

    public var id: String { text("id") }
    public var tier: String { text("tier") }
    public var namespace: String { text("namespace") }
    public var title: String { text("title") }
    public var content: String { text("content") }
    public var updatedAt: String { text("updated_at") }
    public var createdAt: String { text("created_at") }
    public var priority: Int { fields["priority"]?.integerValue ?? 0 }
    public var confidence: Double { fields["confidence"]?.doubleValue ?? 0 }
    public var accessCount: Int { fields["access_count"]?.integerValue ?? 0 }
    /// Only in recall results.
    public var score: Double? { fields["score"]?.doubleValue }

    private func text(_ key: String) -> String { fields[key]?.stringValue ?? "" }
}

/// A directed relation between two memories.
public struct LinkRecord: Hashable, Sendable {
    public var fields: JSONObject
    public init?(_ value: JSONValue) {
        guard let fields = value.objectValue else { return nil }
        self.fields = fields
    }
    public var sourceID: String { fields["source_id"]?.stringValue ?? "" }
    public var targetID: String { fields["target_id"]?.stringValue ?? "" }
    public var relation: String { fields["relation"]?.stringValue ?? "" }
}
