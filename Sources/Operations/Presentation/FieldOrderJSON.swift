/// A memory as indented JSON with its fields in their traditional order, as `get` prints it.
///
/// Owns: the order and the indentation. Must never: be used where a machine reads; that is the compact form.
import Client
import JSON

public enum FieldOrderJSON {
    private static let order = [
        "id", "tier", "namespace", "title", "content", "tags", "priority", "confidence", "source", "access_count",
        "created_at", "updated_at", "last_accessed_at", "expires_at", "metadata",
    ]

    /// Fields that this list does not know follow in bytewise order.
    public static func text(_ memory: MemoryRecord) -> String {
        let others = memory.fields.members.map(\.key).filter { !order.contains($0) }
        let lines = (order + others).compactMap { key -> String? in
            guard let value = memory.fields[key] else { return nil }
            return "  \(JSONValue.string(key).text): \(indented(value, level: 1))"
        }
        return "{\n" + lines.joined(separator: ",\n") + "\n}"
    }

    private static func indented(_ value: JSONValue, level: Int) -> String {
        let inner = String(repeating: "  ", count: level + 1)
        let outer = String(repeating: "  ", count: level)
        switch value {
        case .array(let elements) where !elements.isEmpty:
            let lines = elements.map { inner + indented($0, level: level + 1) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(outer)]"
        case .object(let object) where !object.isEmpty:
            let lines = object.members.map { member in
                "\(inner)\(JSONValue.string(member.key).text): \(indented(member.value, level: level + 1))"
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(outer)}"
        case .array, .object, .null, .bool, .integer, .unsigned, .double, .string:
            return value.text
        }
    }
}
