/// A memory as the JSON object of the contract.
///
/// Owns: the tree form, for payloads that are stored. The answers to reads are written without a tree. Must never:
/// differ from them.
import JSON

extension Memory {
    public var jsonObject: JSONObject {
        var object = JSONObject([
            ("access_count", .integer(Int64(accessCount))), ("confidence", .double(confidence)),
            ("content", .string(content)), ("created_at", .string(createdAt)), ("id", .string(id)),
            ("metadata", Memory.object(metadata)), ("namespace", .string(namespace)),
            ("priority", .integer(Int64(priority))), ("source", .string(source)),
            ("tags", .array(tags.map { .string($0) })), ("tier", .string(tier.name)), ("title", .string(title)),
            ("updated_at", .string(updatedAt)),
        ])
        if let expiresAt { object["expires_at"] = .string(expiresAt) }
        if let lastAccessedAt { object["last_accessed_at"] = .string(lastAccessedAt) }
        return object
    }

    /// Metadata as an object; what is none reads as empty.
    public var metadataObject: JSONObject { Memory.object(metadata).objectValue ?? JSONObject() }

    private static func object(_ text: String) -> JSONValue {
        do {
            let value = try JSONValue.parse(text)
            return value.objectValue == nil ? .object(JSONObject()) : value
        } catch {
            return .object(JSONObject())
        }
    }
}
