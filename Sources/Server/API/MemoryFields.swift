/// A whole memory as a caller sends it: import, and later sync.
///
/// Owns: which fields are required. Must never: fill in what is missing but the three that may be.
import JSON
import StateMachine

enum MemoryFields {
    /// - Throws: 422 with the path of the field.
    static func memory(_ fields: BodyFields) throws(APIFailure) -> Memory {
        guard let tier = try fields.optionalTier("tier") else { throw fields.missing("tier") }
        guard let tags = try fields.optionalTexts("tags") else { throw fields.missing("tags") }
        guard let priority = try fields.optionalInteger32("priority") else { throw fields.missing("priority") }
        guard let confidence = try fields.optionalDouble("confidence") else { throw fields.missing("confidence") }
        guard let accesses = try fields.optionalInteger64("access_count") else { throw fields.missing("access_count") }
        let metadata = fields.value("metadata") ?? .object(JSONObject())
        return Memory(
            id: try fields.requiredText("id"), tier: tier, namespace: try fields.requiredText("namespace"),
            title: try fields.requiredText("title"), content: try fields.requiredText("content"), tags: tags,
            priority: priority, confidence: confidence, source: try fields.requiredText("source"),
            accessCount: Int(accesses), createdAt: try fields.requiredText("created_at"),
            updatedAt: try fields.requiredText("updated_at"),
            lastAccessedAt: try fields.optionalText("last_accessed_at"),
            expiresAt: try fields.optionalText("expires_at"), metadata: metadata.text, version: 0)
    }
}
