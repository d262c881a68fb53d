/// Vectors by themselves: which texts want one, and what is nearest to one.
///
/// Owns: those queries. Must never: compute a vector.

extension StoreReader {
    /// What of each row is embedded, as far as the rows are there.
    public func embeddedTexts(rows: [Int64]) throws(StoreError) -> [(id: String, text: String)] {
        let statement = try database.statement("SELECT id, title, content FROM memories WHERE row = ?1")
        defer { statement.reset() }
        var found: [(id: String, text: String)] = []
        for row in rows {
            try statement.bind(1, row)
            if try statement.step() {
                found.append((statement.text(0), EmbeddedText.of(title: statement.text(1), content: statement.text(2))))
            }
            statement.reset()
        }
        return found
    }

    /// The live memory whose vector is nearest.
    /// - Returns: with it, how many vectors were compared: those that pass.
    public func nearest(
        _ vector: [Float], namespace: String?, now: String
    ) throws(StoreError) -> (memory: Memory, cosine: Double, compared: Int)? {
        var query = RecallQuery(context: "", namespace: namespace, limit: 1)
        query.reach = .exact
        let view = index.view()
        let filter = RowFilter(query, now: now, directory: view.directory)
        let hits = try view.nearest(vector, count: 8, filter)
        let compared = view.vectorCount(filter)
        var conditions = conditions(of: query, now: now)
        conditions.require("memories.row = ?")
        let statement = try database.statement("SELECT \(MemoryRow.columns) FROM memories \(conditions.whereClause)")
        defer { statement.reset() }
        for hit in hits {
            try statement.bind(conditions.arguments + [.integer(hit.row)])
            if try statement.step() { return (MemoryRow(statement).memory, Double(hit.cosine), compared) }
            statement.reset()
        }
        return nil
    }
}
