/// What search and recall share: the conditions as SQL, the weights of v0.6.3, the way from candidates to an answer.
///
/// Owns: the parts of the formulas of v0.6.3 (semantics §3.3, §3.6, §3.7), with `id` as the last key of every order. Must
/// never: read a clock: `now` is an argument.

/// A row on its way into an answer.
struct RecallCandidate {
    var row: Int64
    var score: Double
    var parts = RecallHit.Parts()
}

extension StoreReader {
    static let textRank = "-(memories_fts.rank)"
    static let weights = """
        memories.priority * 0.5 + min(memories.access_count, 50) * 0.1 + memories.confidence * 2.0
        """
    static let tierBonus = "CASE memories.tier WHEN 2 THEN 3.0 WHEN 1 THEN 1.0 ELSE 0.0 END"
    /// Null for a row whose `updated_at` is no timestamp, or exactly ten days ahead of `now`.
    static let recency = "1.0 / (1.0 + (? - julianday(memories.updated_at)) * 0.1)"

    /// Live rows with all words of the text, best first. A row without a score comes last.
    public func search(_ query: SearchQuery, now: String) throws(StoreError) -> [Memory] {
        var parts = QueryParts()
        parts.require("memories_fts MATCH ?", .text(FullTextQuery.make(query.text, join: .all)))
        parts.requireLive(now: now)
        parts.requireFields(
            namespace: query.namespace, tier: query.tier, minPriority: query.minPriority, since: query.since,
            until: query.until, tag: query.tag, agentID: query.agentID)
        if let position = query.asAgent { parts.requireVisible(from: position) }
        let statement = try database.statement(
            """
            SELECT memories.row
            FROM memories_fts CROSS JOIN memories ON memories.row = memories_fts.rowid \(parts.whereClause)
            ORDER BY \(StoreReader.textRank) + \(StoreReader.weights) + \(StoreReader.recency) DESC, memories.id
            LIMIT ?
            """)
        let rows = try self.rows(
            statement,
            parts.arguments + [.double(try julianDay(now)), .integer(StoreReader.limit(query.limit))])
        return try memories(rows)
    }

    /// The best live rows that pass every condition, in order, as many as the limit and the token budget allow.
    public func recall(_ query: RecallQuery, now: String) throws(StoreError) -> RecallResult {
        var hits =
            query.ranking == .compat
            ? try verified(try compatCandidates(query, now: now), query, now: now).hits
            : try standardHits(query, now: now)
        if query.reach == .ancestors, let namespace = query.namespace, NamespacePath.isHierarchical(namespace) {
            hits = StoreReader.boosted(hits, from: namespace)
        }
        var result = StoreReader.withinBudget(hits, budgetTokens: query.budgetTokens)
        result.isHybrid = query.ranking != .keyword && query.vector != nil && index.model != nil
        return result
    }

    /// Everything that a recall asks of a row.
    func conditions(of query: RecallQuery, now: String) -> QueryParts {
        var parts = QueryParts()
        parts.requireLive(now: now)
        if let namespace = query.namespace {
            switch query.reach {
            case .ancestors where NamespacePath.isHierarchical(namespace):
                let levels = TagsText.encode(NamespacePath.ancestors(namespace))
                parts.require("memories.namespace IN (SELECT value FROM json_each(?))", .text(levels))
            case .ancestors, .exact:
                parts.require("memories.namespace = ?", .text(namespace))
            case .subtree:
                // What is below a path sorts between it with a slash and it with the character after the slash.
                parts.require(
                    "(memories.namespace = ? OR (memories.namespace >= ? AND memories.namespace < ?))",
                    .text(namespace), .text(namespace + "/"), .text(namespace + "0"))
            }
        }
        parts.requireFields(
            namespace: nil, tier: query.tier, minPriority: nil, since: query.since, until: query.until, tag: nil,
            agentID: nil)
        for tag in query.tags {
            parts.require("EXISTS (SELECT 1 FROM json_each(memories.tags) WHERE json_each.value = ?)", .text(tag))
        }
        if let position = query.asAgent { parts.requireVisible(from: position) }
        return parts
    }

    /// The rows themselves, as far as they are there and pass: the indexes in memory may be a moment ahead or behind, and
    /// let more pass than SQL does.
    /// - Returns: with them, how many were refused.
    func verified(
        _ candidates: [RecallCandidate], _ query: RecallQuery, now: String
    ) throws(StoreError) -> (hits: [RecallHit], refused: Int) {
        var parts = conditions(of: query, now: now)
        parts.require("memories.row = ?")
        let statement = try database.statement(
            "SELECT \(MemoryRow.columns) FROM memories \(parts.whereClause)")
        defer { statement.reset() }
        let limit = Int(StoreReader.limit(query.limit))
        var hits: [RecallHit] = []
        var refused = 0
        for candidate in candidates where hits.count < limit {
            try statement.bind(parts.arguments + [.integer(candidate.row)])
            if try statement.step() {
                let memory = MemoryRow(statement).memory
                hits.append(RecallHit(memory: memory, score: candidate.score, parts: candidate.parts))
            } else {
                refused += 1
            }
            statement.reset()
        }
        let sorted = hits.enumerated().sorted { left, right in
            if left.element.score != right.element.score { return left.element.score > right.element.score }
            return left.element.memory.id.utf8.lexicographicallyPrecedes(right.element.memory.id.utf8)
        }
        return (sorted.map(\.element), refused)
    }

    /// `score / (1 + 0.3 d)` for a memory d levels above the queried namespace; equal scores keep their order.
    private static func boosted(_ hits: [RecallHit], from namespace: String) -> [RecallHit] {
        let depth = NamespacePath.depth(namespace)
        let scaled = hits.enumerated().map { position, hit -> (position: Int, hit: RecallHit) in
            let distance = max(0, depth - NamespacePath.depth(hit.memory.namespace))
            var hit = hit
            hit.parts.nearness = 1.0 / (1.0 + 0.3 * Double(distance))
            hit.score *= hit.parts.nearness
            return (position, hit)
        }
        return scaled.sorted { left, right in
            left.hit.score == right.hit.score ? left.position < right.position : left.hit.score > right.hit.score
        }.map(\.hit)
    }

    /// Walks in rank order and stops at the first row that does not fit.
    private static func withinBudget(_ hits: [RecallHit], budgetTokens: Int?) -> RecallResult {
        var result = RecallResult(hits: [], tokensUsed: 0)
        for var hit in hits {
            let cost = (hit.memory.title.utf8.count + hit.memory.content.utf8.count) / 4
            if let budgetTokens, result.tokensUsed + cost > budgetTokens { break }
            result.tokensUsed += cost
            hit.score = (hit.score * 1_000).rounded(.toNearestOrAwayFromZero) / 1_000
            result.hits.append(hit)
        }
        return result
    }

    /// SQLite's own conversion, so that both ends of an age are rounded alike.
    func julianDay(_ now: String) throws(StoreError) -> Double {
        let statement = try database.statement("SELECT julianday(?1)")
        defer { statement.reset() }
        try statement.bind(1, now)
        guard try statement.step(), !statement.isNull(0) else {
            throw StoreError(doing: "rank memories", message: "`now` is not a timestamp: \(now)")
        }
        return statement.double(0)
    }
}
