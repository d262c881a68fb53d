/// Looks a whole store over: is it sound, and is it the same as another.
///
/// Owns: the questions. Must never: change a row. It reads every page, so it is for tests and for drills, not for the
/// way of a request.

extension MemoryStore {
    /// What is wrong with the files: SQLite's own check of every page and index, FTS5's comparison of the text index with
    /// the rows it was made from, text that belongs to no row, and whether what recall has in memory is what a start
    /// would read. Apply lane only.
    /// - Returns: nothing when all is well.
    public func problems() throws(StoreError) -> [String] {
        try examine { database throws(StoreError) in
            var found: [String] = []
            let pages = try database.statement("PRAGMA integrity_check(10)")
            defer { pages.reset() }
            while try pages.step() {
                let line = pages.text(0)
                if !line.hasSameBytes(as: "ok") { found.append("integrity_check: \(line)") }
            }
            // A damaged file may make the questions themselves fail, which is an answer.
            do throws(StoreError) {
                try database.execute("INSERT INTO memories_fts (memories_fts, rank) VALUES ('integrity-check', 1)")
            } catch {
                found.append("the text index does not match the rows: \(error)")
            }
            let orphans = try database.integer(
                "SELECT count(*) FROM memories_fts_docsize WHERE id NOT IN (SELECT row FROM memories)")
            if orphans > 0 { found.append("the text index holds \(orphans) rows that do not exist") }
            let missing = try database.integer(
                "SELECT count(*) FROM memories WHERE row NOT IN (SELECT id FROM memories_fts_docsize)")
            if missing > 0 { found.append("the text index lacks \(missing) rows") }
            let hasTables = try database.integer("SELECT schema_version FROM meta") >= Schema.version
            let fresh = try RecallContents(
                database, model: options.vectorModel, hasTables: hasTables, appliedIndex: applied().index)
            found += index.view().differences(
                from: RecallView(directory: fresh.state.directory, vectors: fresh.state.vectors))
            return found
        }
    }

    /// SHA-256 over every row of every replicated table, in the order of their keys. Unlike the rolling digest it sees
    /// what is there, not what was done, so it differs as soon as a row is lost, doubled or damaged. Apply lane only.
    public func contentDigest() throws(StoreError) -> [UInt8] {
        let hash = try SHA256()
        try hash.begin()
        try eachRow { line throws(StoreError) in try hash.add(line) }
        return try hash.finish()
    }

    /// Every row of every replicated table as bytes: equal for equal stores, whatever their files look like. Apply lane
    /// only.
    public func logicalDump() throws(StoreError) -> [UInt8] {
        var dump: [UInt8] = []
        try eachRow { line throws(StoreError) in dump.append(contentsOf: line) }
        return dump
    }

    private func eachRow(_ take: ([UInt8]) throws(StoreError) -> Void) throws(StoreError) {
        try examine { database throws(StoreError) in
            var line = ByteWriter(capacity: 4096)
            for table in try tables(of: database) {
                guard let key = Table.keys[table] else {
                    throw StoreError(doing: "read the whole store", message: "table \(table) is not one of this build")
                }
                let rows = try database.statement("SELECT * FROM \(table) ORDER BY \(key)")
                defer { rows.reset() }
                while try rows.step() {
                    line.removeAll()
                    line.text(table)
                    rows.writeColumns(to: &line)
                    try take(line.bytes)
                }
            }
        }
    }

    /// All but those of the text index, which is derived, and whose shape depends on where batches begin and end.
    private func tables(of database: Database) throws(StoreError) -> [String] {
        let statement = try database.statement(
            """
            SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'memories_fts%'
            AND name NOT LIKE 'sqlite_%' ORDER BY name
            """)
        defer { statement.reset() }
        var names: [String] = []
        while try statement.step() { names.append(statement.text(0)) }
        return names
    }
}
