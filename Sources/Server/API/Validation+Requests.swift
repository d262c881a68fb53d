/// Checks of what is not a memory alone: links, agents, merges, whole rows.
///
/// Owns: limits and messages, as `Validation` does. Must never: change a value.
import JSON
import StateMachine

extension Validation {
    static let relations = ["related_to", "supersedes", "contradicts", "derived_from"]
    static let relationBytesMax = 64
    static let agentTypeBytesMax = 64
    static let consolidationMax = 100
    static let aliasesMax = 1_000
    static let archiveReasonBytesMax = 1_024

    static func relation(_ relation: String) -> String? {
        if isBlank(relation) { return "relation cannot be empty" }
        if relation.utf8.count <= relationBytesMax, relations.contains(relation) { return nil }
        return "invalid relation '\(shortened(relation))': must be one of \(relations.joined(separator: ", "))"
    }

    static func link(_ key: LinkKey) -> String? {
        if let reason = id(key.sourceID) { return reason }
        if let reason = id(key.targetID) { return reason }
        if let reason = relation(key.relation) { return reason }
        if key.sourceID.utf8.elementsEqual(key.targetID.utf8) { return "cannot link a memory to itself" }
        return nil
    }

    static func timestamp(_ text: String, _ field: String) -> String? {
        guard text.utf8.count <= timestampBytesMax, Timestamp.parse(text) != nil else {
            return "\(field) is not valid RFC3339: '\(shortened(text))'"
        }
        return nil
    }

    static func aliases(_ aliases: [String]) -> String? {
        if aliases.count > aliasesMax { return "too many aliases (max \(aliasesMax))" }
        for alias in aliases {
            if alias.unicodeScalars.count > titleCharactersMax {
                return "alias '\(shortened(alias))' exceeds max length of \(titleCharactersMax) characters"
            }
            if hasControl(alias) { return "alias contains invalid characters" }
        }
        return nil
    }

    static func agentType(_ type: String) -> String? {
        if type.isEmpty { return "agent_type cannot be empty" }
        let isNamed = type == "human" || type == "system"
        let isModel =
            type.hasPrefix("ai:") && type.utf8.count > 3
            && type.utf8.dropFirst(3).allSatisfy { byte in
                ASCII.isVisible(byte)
                    && "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-".utf8
                        .contains(byte)
            }
        if type.utf8.count <= agentTypeBytesMax, isNamed || isModel { return nil }
        return "invalid agent_type '\(shortened(type))': must be human, system or ai:<name>"
    }

    static func archiveReason(_ reason: String) -> String? {
        if reason.utf8.count > archiveReasonBytesMax {
            return "reason exceeds max length of \(archiveReasonBytesMax) bytes"
        }
        return hasControl(reason) ? "reason contains invalid characters" : nil
    }

    static func consolidation(_ ids: [String], title: String, summary: String, namespace: String) -> String? {
        if ids.count < 2 { return "need at least 2 memory IDs" }
        if ids.count > consolidationMax { return "cannot consolidate more than \(consolidationMax) memories" }
        for (place, id) in ids.enumerated() {
            if let reason = Validation.id(id) { return reason }
            if ids[..<place].contains(where: { $0.utf8.elementsEqual(id.utf8) }) { return "duplicate memory ID: \(id)" }
        }
        if let reason = Validation.title(title) { return reason }
        if let reason = content(summary) { return reason }
        return Validation.namespace(namespace)
    }

    /// A row that comes with its own times and counts.
    ///
    /// - Parameter allowsAnySource: rows of v0.6.3's own miners and curators name sources that its API refuses.
    static func whole(_ memory: Memory, allowsAnySource: Bool = false) -> String? {
        if let reason = id(memory.id) { return reason }
        if let reason = title(memory.title) { return reason }
        if let reason = content(memory.content) { return reason }
        if let reason = namespace(memory.namespace) { return reason }
        if allowsAnySource {
            if memory.source.utf8.count > sourceBytesMax || hasControl(memory.source) {
                return "source exceeds max length of \(sourceBytesMax) bytes or has invalid characters"
            }
        } else if let reason = source(memory.source) {
            return reason
        }
        if let reason = tags(memory.tags) { return reason }
        if let reason = priority(memory.priority) { return reason }
        if let reason = confidence(memory.confidence) { return reason }
        guard (0...1_000_000).contains(memory.accessCount) else {
            return "access_count must be between 0 and 1000000 (got \(memory.accessCount))"
        }
        if let reason = timestamp(memory.createdAt, "created_at") { return reason }
        if let reason = timestamp(memory.updatedAt, "updated_at") { return reason }
        if let text = memory.lastAccessedAt, let reason = timestamp(text, "last_accessed_at") { return reason }
        if let text = memory.expiresAt, let reason = expiresAt(text, nowNanoseconds: nil) { return reason }
        do {
            return metadata(try JSONValue.parse(memory.metadata))
        } catch {
            return "metadata must be a JSON object"
        }
    }
}
