/// A memory: the row everything else is about.
///
/// Owns: the plain values. Must never: read a clock, make an id, or touch the database.

/// Lifetime class of a memory. Raw values are part of the command encoding.
public enum Tier: UInt8, Sendable, CaseIterable {
    case short = 0
    case mid = 1
    case long = 2

    public var name: String {
        switch self {
        case .short: "short"
        case .mid: "mid"
        case .long: "long"
        }
    }
    public init?(name: String) {
        switch name {
        case "short": self = .short
        case "mid": self = .mid
        case "long": self = .long
        default: return nil
        }
    }
    /// Tier of a merged row: never downgraded (semantics of the upsert on title and namespace).
    public static func merged(existing: Tier, incoming: Tier) -> Tier {
        if existing == .long || incoming == .long { return .long }
        return incoming == .mid ? .mid : existing
    }
}

/// The 15 fields of the wire shape, and `version`. Timestamps are RFC 3339 text, kept verbatim.
public struct Memory: Hashable, Sendable {
    public var id: String
    public var tier: Tier
    public var namespace: String
    public var title: String
    public var content: String
    public var tags: [String]
    public var priority: Int
    public var confidence: Double
    public var source: String
    public var accessCount: Int
    public var createdAt: String
    public var updatedAt: String
    public var lastAccessedAt: String?
    public var expiresAt: String?
    /// Canonical JSON text of an object (keys sorted bytewise, compact).
    public var metadata: String
    /// Log index of the last change a writer would care about (store, update, promotion); the value of `ETag` and
    /// `If-Match`. Bookkeeping touches do not move it.
    public var version: UInt64

    public init(
        id: String, tier: Tier, namespace: String, title: String, content: String, tags: [String], priority: Int,
        confidence: Double, source: String, accessCount: Int, createdAt: String, updatedAt: String,
        lastAccessedAt: String?, expiresAt: String?, metadata: String, version: UInt64
    ) {
        self.id = id
        self.tier = tier
        self.namespace = namespace
        self.title = title
        self.content = content
        self.tags = tags
        self.priority = priority
        self.confidence = confidence
        self.source = source
        self.accessCount = accessCount
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.lastAccessedAt = lastAccessedAt
        self.expiresAt = expiresAt
        self.metadata = metadata
        self.version = version
    }
}
