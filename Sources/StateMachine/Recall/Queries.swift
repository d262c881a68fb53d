/// What can be asked of the store, and what it answers.
///
/// Owns: plain values. Must never: apply the defaults and limits of an interface; those belong to the interface.

/// The answer to an id or a prefix of one.
public enum MemoryLookup: Hashable, Sendable {
    case found(Memory)
    case notFound
    /// Several ids begin with it, ignoring ASCII case; at most `StoreReader.ambiguousIDsMax` of them, in order.
    case ambiguous([String])
}

/// A row's place in the order of lists.
public struct ListPosition: Hashable, Sendable {
    public var priority: Int
    public var updatedAt: String
    public var id: String
    public init(priority: Int, updatedAt: String, id: String) {
        self.priority = priority
        self.updatedAt = updatedAt
        self.id = id
    }
}

public struct ListQuery: Hashable, Sendable {
    /// Exact; no subtree.
    public var namespace: String?
    public var tier: Tier?
    public var limit: Int
    public var offset: Int
    public var minPriority: Int?
    /// Inclusive bounds on `created_at`, compared as text.
    public var since: String?
    public var until: String?
    /// One tag, compared exactly.
    public var tag: String?
    /// Author, as in `metadata.agent_id`.
    public var agentID: String?
    /// Only what comes behind this row; for pages that neither skip nor repeat.
    public var after: ListPosition?
    public init(
        namespace: String? = nil, tier: Tier? = nil, limit: Int = 20, offset: Int = 0, minPriority: Int? = nil,
        since: String? = nil, until: String? = nil, tag: String? = nil, agentID: String? = nil,
        after: ListPosition? = nil
    ) {
        self.after = after
        self.namespace = namespace
        self.tier = tier
        self.limit = limit
        self.offset = offset
        self.minPriority = minPriority
        self.since = since
        self.until = until
        self.tag = tag
        self.agentID = agentID
    }
}

public struct SearchQuery: Hashable, Sendable {
    /// Free text; all words must occur.
    public var text: String
    public var namespace: String?
    public var tier: Tier?
    public var limit: Int
    public var minPriority: Int?
    public var since: String?
    public var until: String?
    public var tag: String?
    public var agentID: String?
    /// A namespace position; rows that are not visible from there are left out.
    public var asAgent: String?
    public init(
        text: String, namespace: String? = nil, tier: Tier? = nil, limit: Int = 20, minPriority: Int? = nil,
        since: String? = nil, until: String? = nil, tag: String? = nil, agentID: String? = nil, asAgent: String? = nil
    ) {
        self.text = text
        self.namespace = namespace
        self.tier = tier
        self.limit = limit
        self.minPriority = minPriority
        self.since = since
        self.until = until
        self.tag = tag
        self.agentID = agentID
        self.asAgent = asAgent
    }
}

/// Counts include rows past their expiry that nobody has collected yet.
public struct StoreStats: Hashable, Sendable {
    public struct NamespaceCount: Hashable, Sendable {
        public var namespace: String
        public var count: Int
        public init(namespace: String, count: Int) {
            self.namespace = namespace
            self.count = count
        }
    }
    public struct TierCount: Hashable, Sendable {
        public var tier: Tier
        public var count: Int
        public init(tier: Tier, count: Int) {
            self.tier = tier
            self.count = count
        }
    }
    /// Largest first, then by name.
    public var byNamespace: [NamespaceCount]
    /// Largest first, then by name; tiers without rows are left out.
    public var byTier: [TierCount]
    /// Main database file only, without what the last checkpoint has not moved there yet.
    public var databaseSizeBytes: UInt64
    /// Live rows that expire within an hour.
    public var expiringSoon: Int
    public var linksCount: Int
    public var total: Int
    public init(
        byNamespace: [NamespaceCount], byTier: [TierCount], databaseSizeBytes: UInt64, expiringSoon: Int,
        linksCount: Int, total: Int
    ) {
        self.byNamespace = byNamespace
        self.byTier = byTier
        self.databaseSizeBytes = databaseSizeBytes
        self.expiringSoon = expiringSoon
        self.linksCount = linksCount
        self.total = total
    }
}
