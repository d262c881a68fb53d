/// What can be asked of recall, and what it answers.
///
/// Owns: plain values. Must never: apply the defaults and limits of an interface.

public struct RecallQuery: Hashable, Sendable {
    /// How candidates are found and ordered.
    public enum Ranking: String, Sendable, CaseIterable {
        /// Words and meaning, and what stands beside a good match.
        case standard = "default"
        /// The formulas of v0.6.3 (semantics §3.3, §3.5).
        case compat
        /// The default's parts alone.
        case keyword, vector
    }
    /// Which namespaces `namespace` stands for.
    public enum Reach: Hashable, Sendable {
        /// With a `/`: itself and all its ancestors. Without: itself.
        case ancestors
        case exact
        /// Itself and everything below.
        case subtree
    }

    /// Free text; any word may occur.
    public var context: String
    public var namespace: String?
    public var reach = Reach.ancestors
    public var limit: Int
    public var tier: Tier?
    /// All of them must be there, compared exactly.
    public var tags: [String]
    /// Inclusive bounds on `created_at`, compared as text.
    public var since: String?
    public var until: String?
    /// A namespace position; rows that are not visible from there are left out.
    public var asAgent: String?
    /// Tokens of four bytes of title and content that the answer may hold.
    public var budgetTokens: Int?
    public var ranking = Ranking.standard
    /// The context as the store's model sees it, of unit length; nil: words alone.
    public var vector: [Float]?
    public init(
        context: String, namespace: String? = nil, limit: Int = 10, tags: [String] = [], since: String? = nil,
        until: String? = nil, asAgent: String? = nil, budgetTokens: Int? = nil
    ) {
        self.context = context
        self.namespace = namespace
        self.limit = limit
        self.tags = tags
        self.since = since
        self.until = until
        self.asAgent = asAgent
        self.budgetTokens = budgetTokens
    }
}

public struct RecallHit: Hashable, Sendable {
    /// What a score is made of.
    public struct Parts: Hashable, Sendable {
        /// Cosine of the context and the memory; nil: not compared.
        public var cosine: Double?
        /// Text rank (negated BM25 of FTS5); nil: no word matched, or it was not among the best.
        public var textRank: Double?
        /// What it has from the memories beside it.
        public var neighbours: Double = 0
        /// What all of it was multiplied by, for its distance from the namespace asked for.
        public var nearness: Double = 1
        public init() {}
    }
    public var memory: Memory
    /// Rounded to three decimals, half away from zero.
    public var score: Double
    public var parts: Parts
    public init(memory: Memory, score: Double, parts: Parts = Parts()) {
        self.memory = memory
        self.score = score
        self.parts = parts
    }
}

public struct RecallResult: Hashable, Sendable {
    public var hits: [RecallHit]
    public var tokensUsed: Int
    /// Whether vectors had a part in it.
    public var isHybrid = false
    public init(hits: [RecallHit], tokensUsed: Int) {
        self.hits = hits
        self.tokensUsed = tokensUsed
    }
}
