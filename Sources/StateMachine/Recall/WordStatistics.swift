/// In how many rows a word stands.
///
/// Owns: FTS5's own statistics as a table of the connection. Must never: be asked about words that nobody searches for; a
/// look costs as much as walking the word's rows.

extension StoreReader {
    /// - Returns: rows with this word, expired ones included.
    func rowCount(ofWord word: String) throws(StoreError) -> Int {
        let statement = try database.statement("SELECT doc FROM temp.recall_words WHERE term = ?1")
        defer { statement.reset() }
        try statement.bind(1, word)
        return try statement.step() ? Int(statement.int64(0)) : 0
    }

    /// - Parameter limit: beyond it, it is the answer.
    func rowCount(ofPhrase phrase: String, limit: Int) throws(StoreError) -> Int {
        let statement = try database.statement(
            "SELECT count(*) FROM (SELECT 1 FROM memories_fts WHERE memories_fts MATCH ?1 LIMIT ?2)")
        defer { statement.reset() }
        try statement.bind(1, "\"\(phrase)\"")
        try statement.bind(2, Int64(limit))
        return try statement.step() ? Int(statement.int64(0)) : 0
    }
}

extension Database {
    /// What recall asks of a reading connection.
    func prepareForRecall() throws(StoreError) {
        try execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.recall_words USING fts5vocab(main, memories_fts, row)")
    }
}
