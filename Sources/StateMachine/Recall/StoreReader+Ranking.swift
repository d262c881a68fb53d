/// Search and keyword recall.
///
/// Owns: the scoring of v0.6.3 (semantics §3.3, §3.6, §3.7), with `id` as the last key of every order. Must never: read
/// a clock: `now` is an argument.

extension StoreReader {
    private static let textRank = "-(memories_fts.rank)"
    private static let weights = """
        memories.priority * 0.5 + min(memories.access_count, 50) * 0.1 + memories.confidence * 2.0
        """
    private static let tierBonus = "CASE memories.tier WHEN 2 THEN 3.0 WHEN 1 THEN 1.0 ELSE 0.0 END"
    /// Null for a row whose `updated_at` is no timestamp, or exactly ten days ahead of `now`.
    private static let recency = "1.0 / (1.0 + (? - julianday(memories.updated_at)) * 0.1)"

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

    /// Live rows with any word of the context, by score; then nearness of namespace, then the token budget.
    public func recall(_ query: RecallQuery, now: String) throws(StoreError) -> RecallResult {
        var candidates = try candidates(query, now: now)
        if let namespace = query.namespace, NamespacePath.isHierarchical(namespace) {
            candidates = StoreReader.boosted(candidates, from: namespace)
        }
        return StoreReader.withinBudget(candidates, budgetTokens: query.budgetTokens)
    }

    private struct Candidate {
        var memory: Memory
        var score: Double
    }

    private func candidates(_ query: RecallQuery, now: String) throws(StoreError) -> [Candidate] {
        var parts = QueryParts()
        parts.require("memories_fts MATCH ?", .text(FullTextQuery.make(query.context, join: .any)))
        parts.requireLive(now: now)
        let hierarchical = query.namespace.map(NamespacePath.isHierarchical) ?? false
        parts.requireFields(
            namespace: hierarchical ? nil : query.namespace, tier: nil, minPriority: nil, since: query.since,
            until: query.until, tag: query.tag, agentID: nil)
        if hierarchical, let namespace = query.namespace {
            let levels = TagsText.encode(NamespacePath.ancestors(namespace))
            parts.require("memories.namespace IN (SELECT value FROM json_each(?))", .text(levels))
        }
        if let position = query.asAgent { parts.requireVisible(from: position) }
        // v0.6.3 fails the whole query on a null score; here such a row only loses its recency.
        let statement = try database.statement(
            """
            SELECT memories.row, \(StoreReader.textRank) + \(StoreReader.weights) + \(StoreReader.tierBonus)
                + coalesce(\(StoreReader.recency), 0.0) AS score
            FROM memories_fts CROSS JOIN memories ON memories.row = memories_fts.rowid \(parts.whereClause)
            ORDER BY score DESC, memories.id LIMIT ?
            """)
        defer { statement.reset() }
        try statement.bind(
            [.double(try julianDay(now))] + parts.arguments + [.integer(StoreReader.limit(query.limit))])
        var ranked: [(row: Int64, score: Double)] = []
        while try statement.step() { ranked.append((statement.int64(0), statement.double(1))) }
        var result: [Candidate] = []
        result.reserveCapacity(ranked.count)
        for (row, score) in ranked { result.append(Candidate(memory: try memory(row: row), score: score)) }
        return result
    }

    /// `score / (1 + 0.3 d)` for a memory d levels above the queried namespace; equal scores keep their order.
    private static func boosted(_ candidates: [Candidate], from namespace: String) -> [Candidate] {
        let depth = NamespacePath.depth(namespace)
        let scaled = candidates.enumerated().map { position, candidate -> (position: Int, candidate: Candidate) in
            let distance = max(0, depth - NamespacePath.depth(candidate.memory.namespace))
            let factor: Double = 1.0 / (1.0 + 0.3 * Double(distance))
            return (position, Candidate(memory: candidate.memory, score: candidate.score * factor))
        }
        return scaled.sorted { left, right in
            left.candidate.score == right.candidate.score
                ? left.position < right.position : left.candidate.score > right.candidate.score
        }.map(\.candidate)
    }

    /// Walks in rank order and stops at the first row that does not fit.
    private static func withinBudget(_ candidates: [Candidate], budgetTokens: Int?) -> RecallResult {
        var result = RecallResult(hits: [], tokensUsed: 0)
        for candidate in candidates {
            let memory = candidate.memory
            let cost = (memory.title.utf8.count + memory.content.utf8.count) / 4
            if let budgetTokens, result.tokensUsed + cost > budgetTokens { break }
            result.tokensUsed += cost
            let rounded = (candidate.score * 1_000).rounded(.toNearestOrAwayFromZero) / 1_000
            result.hits.append(RecallHit(memory: memory, score: rounded))
        }
        return result
    }

    /// SQLite's own conversion, so that both ends of an age are rounded alike.
    private func julianDay(_ now: String) throws(StoreError) -> Double {
        let statement = try database.statement("SELECT julianday(?1)")
        defer { statement.reset() }
        try statement.bind(1, now)
        guard try statement.step(), !statement.isNull(0) else {
            throw StoreError(doing: "rank memories", message: "`now` is not a timestamp: \(now)")
        }
        return statement.double(0)
    }
}
