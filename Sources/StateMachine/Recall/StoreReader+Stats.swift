/// Counts for people.
///
/// Owns: the statistics. Must never: read the rows themselves: one narrow index holds all that is counted.

extension StoreReader {
    /// - Parameter now: the reader's time as text.
    public func stats(now: String) throws(StoreError) -> StoreStats {
        var namespaces: [StoreStats.NamespaceCount] = []
        var tierCounts: [Int] = Array(repeating: 0, count: Tier.allCases.count)
        var total = 0
        do {
            let statement = try database.statement(
                "SELECT namespace, tier, count(*) FROM memories GROUP BY namespace, tier ORDER BY namespace")
            defer { statement.reset() }
            while try statement.step() {
                let namespace = statement.text(0)
                let count = Int(statement.int64(2))
                if let last = namespaces.indices.last, namespaces[last].namespace.hasSameBytes(as: namespace) {
                    namespaces[last].count += count
                } else {
                    namespaces.append(StoreStats.NamespaceCount(namespace: namespace, count: count))
                }
                let tier = Int(statement.int64(1))
                if tierCounts.indices.contains(tier) { tierCounts[tier] += count }
                total += count
            }
        }
        namespaces.sort {
            $0.count == $1.count
                ? $0.namespace.utf8.lexicographicallyPrecedes($1.namespace.utf8) : $0.count > $1.count
        }
        let tiers = Tier.allCases.compactMap { tier -> StoreStats.TierCount? in
            let count = tierCounts[Int(tier.rawValue)]
            return count == 0 ? nil : StoreStats.TierCount(tier: tier, count: count)
        }.sorted { $0.count == $1.count ? $0.tier.name < $1.tier.name : $0.count > $1.count }
        return StoreStats(
            byNamespace: namespaces, byTier: tiers, databaseSizeBytes: try database.files.size(database.path),
            expiringSoon: try expiring(from: now), linksCount: try linksCount(), total: total)
    }

    private func linksCount() throws(StoreError) -> Int {
        hasTables ? Int(try database.integer("SELECT count(*) FROM links")) : 0
    }

    private func expiring(from now: String) throws(StoreError) -> Int {
        guard let instant = Timestamp.parse(now) else {
            throw StoreError(doing: "count memories", message: "`now` is not a timestamp: \(now)")
        }
        let statement = try database.statement(
            "SELECT count(*) FROM memories WHERE expires_at > ?1 AND expires_at <= ?2")
        defer { statement.reset() }
        try statement.bind(1, now)
        try statement.bind(2, Timestamp.text(nanoseconds: Timestamp.adding(seconds: 3_600, to: instant)))
        return try statement.step() ? Int(statement.int64(0)) : 0
    }
}
