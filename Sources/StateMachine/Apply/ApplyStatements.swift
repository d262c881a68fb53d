/// The statements of the apply path, prepared once.
///
/// Owns: their texts. Must never: contain one that changes several rows or fires a trigger: SQLite would open a
/// statement savepoint, which makes FTS5 flush its pending terms (docs/decisions/002-sqlite-c-api.md).

struct ApplyStatements {
    let updateMeta: Statement
    let updateConfiguration: Statement
    let memoryByTitle: Statement
    let memoryByID: Statement
    let ownerByTitle: Statement
    let rowByID: Statement
    let insertMemory: Statement
    let updateMemory: Statement
    let moveMemory: Statement
    let deleteMemory: Statement
    let insertText: Statement
    let deleteText: Statement
    let touchedByID: Statement
    let updateTouched: Statement
    let updatePromoted: Statement
    let registerByKey: Statement
    let insertRegister: Statement
    let updateRegister: Statement
    let sessionByKey: Statement
    let oldestSession: Statement
    let insertSession: Statement
    let deleteSession: Statement

    init(_ database: Database) throws(StoreError) {
        func prepare(_ sql: String) throws(StoreError) -> Statement { try database.statement(sql) }
        updateMeta = try prepare(Meta.updateSQL)
        updateConfiguration = try prepare("UPDATE configuration SET entry_index = ?1, bytes = ?2 WHERE one = 1")
        memoryByTitle = try prepare("SELECT \(MemoryRow.columns) FROM memories WHERE namespace = ?1 AND title = ?2")
        memoryByID = try prepare("SELECT \(MemoryRow.columns) FROM memories WHERE \(ApplyStatements.exactID)")
        ownerByTitle = try prepare("SELECT row, id FROM memories WHERE namespace = ?1 AND title = ?2")
        rowByID = try prepare("SELECT row FROM memories WHERE \(ApplyStatements.exactID)")
        insertMemory = try prepare(
            """
            INSERT INTO memories (row, tier, priority, confidence, access_count, version, updated_at, last_accessed_at,
                expires_at, source, agent_id, scope, tags, metadata, content, namespace, title, id, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
            """)
        let assignments = """
            tier = ?2, priority = ?3, confidence = ?4, access_count = ?5, version = ?6, updated_at = ?7,
            last_accessed_at = ?8, expires_at = ?9, source = ?10, agent_id = ?11, scope = ?12, tags = ?13,
            metadata = ?14, content = ?15
            """
        updateMemory = try prepare("UPDATE memories SET \(assignments) WHERE row = ?1")
        // Apart, because naming a column makes SQLite rewrite every index that has it.
        moveMemory = try prepare("UPDATE memories SET \(assignments), namespace = ?16, title = ?17 WHERE row = ?1")
        deleteMemory = try prepare("DELETE FROM memories WHERE row = ?1")
        insertText = try prepare("INSERT INTO memories_fts (rowid, title, content, tags) VALUES (?1, ?2, ?3, ?4)")
        // External content: FTS5 must be given back exactly the text that it indexed.
        deleteText = try prepare(
            "INSERT INTO memories_fts (memories_fts, rowid, title, content, tags) VALUES ('delete', ?1, ?2, ?3, ?4)")
        touchedByID = try prepare(
            """
            SELECT row, tier, priority, access_count, version, updated_at, expires_at FROM memories
            WHERE \(ApplyStatements.exactID)
            """)
        updateTouched = try prepare(
            "UPDATE memories SET access_count = ?2, last_accessed_at = ?3, expires_at = ?4 WHERE row = ?1")
        updatePromoted = try prepare(
            """
            UPDATE memories SET access_count = ?2, last_accessed_at = ?3, expires_at = ?4, tier = ?5, priority = ?6,
                updated_at = ?7, version = ?8 WHERE row = ?1
            """)
        registerByKey = try prepare("SELECT version, value FROM registers WHERE key = ?1")
        insertRegister = try prepare("INSERT INTO registers (key, version, value) VALUES (?1, ?2, ?3)")
        updateRegister = try prepare("UPDATE registers SET version = ?2, value = ?3 WHERE key = ?1")
        sessionByKey = try prepare(
            "SELECT number, request_digest, logged_at, outcome FROM sessions WHERE key = ?1")
        oldestSession = try prepare(
            "SELECT number, logged_at, length(outcome) FROM sessions ORDER BY number LIMIT 1")
        insertSession = try prepare(
            "INSERT INTO sessions (number, key, request_digest, logged_at, outcome) VALUES (?1, ?2, ?3, ?4, ?5)")
        deleteSession = try prepare("DELETE FROM sessions WHERE number = ?1")
    }

    /// Both halves: the first finds through the case-insensitive index, the second decides.
    static let exactID = "id COLLATE NOCASE = ?1 AND id = ?1"
}
