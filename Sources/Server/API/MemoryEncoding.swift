/// The wire shape of a memory.
///
/// Owns: the order (bytewise by key) and which fields are left out. Must never: build a JSON tree, as this is on the
/// path of every read.
import JSON
import StateMachine

extension JSONWriter {
    /// The memory's own fields inside an object that has others: those that sort before a key, or from it on.
    mutating func memoryFields(_ memory: Memory, before end: String = "\u{10FFFF}", from start: String = "") {
        for member in memory.jsonObject.members where member.key >= start && member.key < end {
            key(text: member.key)
            value(member.value)
        }
    }

    /// - Parameter score: written beside the memory's own fields; nil leaves it out.
    mutating func memory(_ memory: Memory, score: Double? = nil, explain: JSONValue? = nil) {
        beginObject()
        key("access_count")
        integer(memory.accessCount)
        key("confidence")
        double(memory.confidence)
        key("content")
        string(memory.content)
        key("created_at")
        string(memory.createdAt)
        if let expiresAt = memory.expiresAt {
            key("expires_at")
            string(expiresAt)
        }
        if let explain {
            key("explain")
            value(explain)
        }
        key("id")
        string(memory.id)
        if let lastAccessedAt = memory.lastAccessedAt {
            key("last_accessed_at")
            string(lastAccessedAt)
        }
        key("metadata")
        // Stored canonical, so it is copied.
        raw(memory.metadata)
        key("namespace")
        string(memory.namespace)
        key("priority")
        integer(memory.priority)
        if let score {
            key("score")
            double(score)
        }
        key("source")
        string(memory.source)
        key("tags")
        beginArray()
        for tag in memory.tags { string(tag) }
        endArray()
        key("tier")
        string(memory.tier.name)
        key("title")
        string(memory.title)
        key("updated_at")
        string(memory.updatedAt)
        endObject()
    }
}

extension Memory {
    var json: [UInt8] {
        var writer = JSONWriter(capacity: content.utf8.count + metadata.utf8.count + 512)
        writer.memory(self)
        return writer.bytes
    }
}
