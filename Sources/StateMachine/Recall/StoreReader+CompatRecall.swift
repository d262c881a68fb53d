/// Recall as v0.6.3 ranks it.
///
/// Owns: its keyword and hybrid formulas (semantics §3.3, §3.5). Must never: be improved; `ranking=default` is for that.
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension StoreReader {
    private enum Compat {
        /// Cosines of vector hits that matched no word count from here on.
        static let cosineMin = 0.2
        /// Days after which half of a score is left, by tier.
        static let halfLifeDays = [7.0, 30.0, 365.0]

        /// The share of the cosine falls with the length of the content.
        static func cosineShare(contentBytes: Int) -> Double {
            if contentBytes <= 500 { return 0.5 }
            if contentBytes >= 5_000 { return 0.15 }
            return 0.5 - 0.35 * Double(contentBytes - 500) / 4_500
        }
    }

    /// What the blend needs of a row.
    private struct BlendFacts {
        var contentBytes: Int
        var tier: Int
        /// nil: `created_at` is no timestamp.
        var ageDays: Double?
    }

    func compatCandidates(_ query: RecallQuery, now: String) throws(StoreError) -> [RecallCandidate] {
        guard let vector = query.vector, index.model != nil else {
            return try compatKeyword(query, limit: query.limit, now: now)
        }
        var pool = try compatKeyword(query, limit: max(3 * query.limit, 30), now: now)
        let best = pool.reduce(1.0) { max($0, $1.score) }
        let words = Set(pool.map(\.row))
        let wanted = max(5 * query.limit, 50)
        let view = index.view()
        for place in pool.indices {
            pool[place].parts.cosine = view.vectors?.cosine(pool[place].row, vector).map(Double.init)
        }
        let filter = RowFilter(query, now: now, directory: view.directory)
        for hit in try view.nearest(vector, count: wanted, filter) {
            let cosine = Double(hit.cosine)
            guard !words.contains(hit.row), cosine > Compat.cosineMin else { continue }
            var candidate = RecallCandidate(row: hit.row, score: 0)
            candidate.parts.cosine = cosine
            pool.append(candidate)
        }
        var blended: [RecallCandidate] = []
        for var candidate in pool {
            guard let facts = try blendFacts(candidate.row, now: now) else { continue }
            let share = Compat.cosineShare(contentBytes: facts.contentBytes)
            let blend = share * (candidate.parts.cosine ?? 0) + (1 - share) * candidate.score / best
            let halfLife = Compat.halfLifeDays[min(max(0, facts.tier), 2)]
            let age = facts.ageDays ?? 0
            candidate.score = age <= 0 ? blend : blend * exp(-log(2) * age / halfLife)
            blended.append(candidate)
        }
        return blended.sorted { $0.score == $1.score ? $0.row < $1.row : $0.score > $1.score }
    }

    private func compatKeyword(
        _ query: RecallQuery, limit: Int, now: String
    ) throws(StoreError) -> [RecallCandidate] {
        var parts = QueryParts()
        parts.require("memories_fts MATCH ?", .text(FullTextQuery.make(query.context, join: .any)))
        parts.append(conditions(of: query, now: now))
        // v0.6.3 fails the whole query on a null score; here such a row only loses its recency.
        let statement = try database.statement(
            """
            SELECT memories.row, \(StoreReader.textRank) AS text_rank, \(StoreReader.textRank)
                + \(StoreReader.weights) + \(StoreReader.tierBonus) + coalesce(\(StoreReader.recency), 0.0) AS score
            FROM memories_fts CROSS JOIN memories ON memories.row = memories_fts.rowid \(parts.whereClause)
            ORDER BY score DESC, memories.id LIMIT ?
            """)
        defer { statement.reset() }
        try statement.bind([.double(try julianDay(now))] + parts.arguments + [.integer(StoreReader.limit(limit))])
        var ranked: [RecallCandidate] = []
        while try statement.step() {
            var candidate = RecallCandidate(row: statement.int64(0), score: statement.double(2))
            candidate.parts.textRank = statement.double(1)
            ranked.append(candidate)
        }
        return ranked
    }

    /// - Returns: nil when the row is not there.
    private func blendFacts(_ row: Int64, now: String) throws(StoreError) -> BlendFacts? {
        let statement = try database.statement(
            """
            SELECT length(CAST(content AS BLOB)), tier,
                (CAST(strftime('%s', ?2) AS INTEGER) - CAST(strftime('%s', created_at) AS INTEGER)) / 86400.0
            FROM memories WHERE row = ?1
            """)
        defer { statement.reset() }
        try statement.bind(1, row)
        try statement.bind(2, now)
        guard try statement.step() else { return nil }
        return BlendFacts(
            contentBytes: Int(statement.int64(0)), tier: Int(statement.int64(1)),
            ageDays: statement.isNull(2) ? nil : statement.double(2))
    }
}
