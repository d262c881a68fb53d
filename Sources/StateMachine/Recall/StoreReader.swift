/// Reads from one consistent state of the store.
///
/// Owns: lookups and lists; ranking lives in its extensions. Must never: write, read a clock, or outlive the call of
/// `MemoryStore.read` that lent it.

public struct StoreReader {
    let database: Database
    /// Everything up to here is in what this reader sees.
    public let appliedIndex: UInt64
    /// Row numbers ever given out; at least the number of rows.
    let rowsEver: Int64
    /// Whether the tables of feature level 2 are there; without them there is nothing in them.
    let hasTables: Bool
    let index: RecallIndex

    /// Ids named in an ambiguous lookup at most.
    public static let ambiguousIDsMax = 100
    /// Rows of one answer at most, whatever is asked.
    public static let limitMax = 10_000

    init(_ database: Database, index: RecallIndex) throws(StoreError) {
        self.database = database
        self.index = index
        let meta = try Meta.read(database)
        self.appliedIndex = meta.applied.index
        self.rowsEver = meta.nextRow - 1
        self.hasTables = meta.hasTables
    }

    /// The memory with exactly this id.
    public func memory(id: String) throws(StoreError) -> Memory? {
        let statement = try database.statement(
            "SELECT \(MemoryRow.columns) FROM memories WHERE \(ApplyStatements.exactID)")
        defer { statement.reset() }
        try statement.bind(1, id)
        return try statement.step() ? MemoryRow(statement).memory : nil
    }

    /// Exact id first, then a prefix, ignoring ASCII case; nothing in it is a wildcard.
    public func lookup(_ idOrPrefix: String) throws(StoreError) -> MemoryLookup {
        if let exact = try memory(id: idOrPrefix) { return .found(exact) }
        guard !idOrPrefix.isEmpty else { return .notFound }
        let ids = try ids(withPrefix: idOrPrefix)
        guard let first = ids.first else { return .notFound }
        if ids.count > 1 { return .ambiguous(ids) }
        return try memory(id: first).map { .found($0) } ?? .notFound
    }

    /// Walks the case-insensitive index from the prefix on until ids no longer begin with it.
    private func ids(withPrefix prefix: String) throws(StoreError) -> [String] {
        let statement = try database.statement(
            "SELECT id FROM memories WHERE id COLLATE NOCASE >= ?1 ORDER BY id COLLATE NOCASE, id")
        defer { statement.reset() }
        try statement.bind(1, prefix)
        var ids: [String] = []
        while ids.count < StoreReader.ambiguousIDsMax, try statement.step() {
            let id = statement.text(0)
            guard StoreReader.begins(id, with: prefix) else { break }
            ids.append(id)
        }
        return ids
    }

    private static func begins(_ text: String, with prefix: String) -> Bool {
        func folded(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte + 0x20 : byte }
        let bytes = text.utf8
        let wanted = prefix.utf8
        guard bytes.count >= wanted.count else { return false }
        return zip(bytes, wanted).allSatisfy { folded($0) == folded($1) }
    }

    /// Live rows by priority, then most recently updated, then id.
    /// - Parameter now: the reader's time as text; rows with `expires_at` at or before it are not live.
    public func list(_ query: ListQuery, now: String) throws(StoreError) -> [Memory] {
        var parts = QueryParts()
        parts.requireLive(now: now)
        parts.requireFields(
            namespace: query.namespace, tier: query.tier, minPriority: query.minPriority, since: query.since,
            until: query.until, tag: query.tag, agentID: query.agentID)
        if let after = query.after {
            parts.require(
                // The first condition is implied; it is what the index can seek by.
                "(priority <= ? AND (priority < ? OR (priority = ? AND (updated_at < ? OR (updated_at = ? AND id > ?)))))",
                .integer(Int64(after.priority)), .integer(Int64(after.priority)), .integer(Int64(after.priority)),
                .text(after.updatedAt),
                .text(after.updatedAt), .text(after.id))
        }
        let statement = try database.statement(
            """
            SELECT row FROM memories \(parts.whereClause)
            ORDER BY priority DESC, updated_at DESC, id LIMIT ? OFFSET ?
            """)
        let rows = try self.rows(
            statement,
            parts.arguments + [.integer(StoreReader.limit(query.limit)), .integer(Int64(max(0, query.offset)))])
        return try memories(rows)
    }

    /// The value of a register; nil when it was never set.
    public func register(_ key: String) throws(StoreError) -> (version: UInt64, value: [UInt8])? {
        let statement = try database.statement("SELECT version, value FROM registers WHERE key = ?1")
        defer { statement.reset() }
        try statement.bind(1, key)
        return try statement.step() ? (UInt64(bitPattern: statement.int64(0)), statement.blob(1)) : nil
    }

    /// All rows, expired ones included.
    public func count() throws(StoreError) -> Int {
        Int(try database.integer("SELECT count(*) FROM memories"))
    }

    /// A real read of the tables and of the full-text index, at a cost that does not grow with the store.
    public func integrityProbe() throws(StoreError) {
        let row = try database.statement("SELECT \(MemoryRow.columns) FROM memories ORDER BY row DESC LIMIT 1")
        defer { row.reset() }
        if try row.step() { _ = MemoryRow(row) }
        let text = try database.statement("SELECT rowid FROM memories_fts WHERE memories_fts MATCH ?1 LIMIT 1")
        defer { text.reset() }
        try text.bind(1, FullTextQuery.fallback)
        _ = try text.step()
    }

    // MARK: helpers

    static func limit(_ asked: Int) -> Int64 { Int64(min(max(0, asked), limitMax)) }

    /// Row numbers in the statement's order. Contents are read afterwards, for the rows that are wanted only: a sort
    /// that carries them would move megabytes.
    func rows(_ statement: Statement, _ arguments: [QueryParts.Argument]) throws(StoreError) -> [Int64] {
        defer { statement.reset() }
        try statement.bind(arguments)
        var rows: [Int64] = []
        while try statement.step() { rows.append(statement.int64(0)) }
        return rows
    }

    func memories(_ rows: [Int64]) throws(StoreError) -> [Memory] {
        var result: [Memory] = []
        result.reserveCapacity(rows.count)
        for row in rows { result.append(try memory(row: row)) }
        return result
    }

    func memory(row: Int64) throws(StoreError) -> Memory {
        let statement = try database.statement("SELECT \(MemoryRow.columns) FROM memories WHERE row = ?1")
        defer { statement.reset() }
        try statement.bind(1, row)
        guard try statement.step() else {
            throw StoreError(doing: "read row \(row)", message: "an index names it, but it is missing")
        }
        return MemoryRow(statement).memory
    }
}
