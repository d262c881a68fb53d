/// What a caller wants stored, and what a node answered.
///
/// Owns: the wire form of both. Must never: validate; the node does, and names field and limit.
import JSON

public struct StoreRequest: Hashable, Sendable {
    public var title: String
    public var content: String
    /// The fields below are left to the node's defaults when nil.
    public var tier: String?
    public var namespace: String?
    public var tags: [String]?
    public var priority: Int?
    public var confidence: Double?
    public var source: String?
    public var expiresAt: String?
    public var ttlSeconds: Int?
    public var scope: String?
    public var metadata: JSONObject?
    /// One is made when nil.
    public var idempotencyKey: String?

    public init(
        title: String, content: String, tier: String? = nil, namespace: String? = nil, tags: [String]? = nil,
        priority: Int? = nil, confidence: Double? = nil, source: String? = nil, expiresAt: String? = nil,
        ttlSeconds: Int? = nil, scope: String? = nil, metadata: JSONObject? = nil, idempotencyKey: String? = nil
    ) {
        self.title = title
        self.content = content
        self.tier = tier
        self.namespace = namespace
        self.tags = tags
        self.priority = priority
        self.confidence = confidence
        self.source = source
        self.expiresAt = expiresAt
        self.ttlSeconds = ttlSeconds
        self.scope = scope
        self.metadata = metadata
        self.idempotencyKey = idempotencyKey
    }

    var body: JSONObject {
        var object = JSONObject()
        object["title"] = .string(title)
        object["content"] = .string(content)
        object["tier"] = tier.map(JSONValue.string)
        object["namespace"] = namespace.map(JSONValue.string)
        object["tags"] = tags.map { .array($0.map(JSONValue.string)) }
        object["priority"] = priority.map { .integer(Int64($0)) }
        object["confidence"] = confidence.map(JSONValue.double)
        object["source"] = source.map(JSONValue.string)
        object["expires_at"] = expiresAt.map(JSONValue.string)
        object["ttl_secs"] = ttlSeconds.map { .integer(Int64($0)) }
        object["scope"] = scope.map(JSONValue.string)
        object["metadata"] = metadata.map(JSONValue.object)
        return object
    }
}

/// The acknowledgement of a store.
public struct StoreReceipt: Hashable, Sendable {
    /// The surviving row, which may be older than this request.
    public var id: String
    public var tier: String
    public var namespace: String
    public var title: String
    public var agentID: String
    public var potentialContradictions: [String]
    /// The row's version, when the node names it.
    public var entityTag: String?
    public var idempotencyKey: String
    public var endpoint: Endpoint
}

/// An action that waits for somebody's approval.
public struct QueuedAction: Hashable, Sendable {
    public var document: JSONObject
    public var pendingID: String { document["pending_id"]?.stringValue ?? "" }
}

public enum StoreResult: Hashable, Sendable {
    case stored(StoreReceipt)
    case queued(QueuedAction)
}

public enum DeleteResult: Hashable, Sendable {
    case deleted
    case notFound
    case queued(QueuedAction)
}
