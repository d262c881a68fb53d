/// The tables of a store.
///
/// Owns: the DDL and its version, and the one row of `meta`. Must never: use triggers: they make FTS5 flush its pending
/// terms for every row (docs/decisions/002-sqlite-c-api.md).

enum Schema {
    /// Stored in `meta`; a database of a version outside these is refused. A store begins with the least and is
    /// migrated by the log (`Migration`).
    static let versionMin: Int64 = 2
    static let version: Int64 = 3
    /// The feature level from which on a store has the newest schema.
    static let tablesLevel: UInt16 = FeatureLevel.tables
    /// Bytes. An FTS5 leaf (4050 bytes) fills one page; twice the size measured no faster and writes more per commit.
    static let pageBytes = 4096

    /// Small columns first: filters and scores are read without touching the overflow pages of content.
    /// `agent_id` and `scope` are computed when a row is written, from its metadata, for filters.
    private static let tables = [
        """
        CREATE TABLE meta (
            one INTEGER PRIMARY KEY CHECK (one = 1), schema_version INTEGER NOT NULL,
            applied_index INTEGER NOT NULL, applied_term INTEGER NOT NULL, log_time INTEGER NOT NULL,
            digest BLOB NOT NULL, next_row INTEGER NOT NULL, session_ttl INTEGER NOT NULL,
            session_rows_max INTEGER NOT NULL, session_bytes_max INTEGER NOT NULL)
        """,
        // The cluster configuration last applied, as it stood in its entry. A table of its own, because the row of
        // `meta` is written with every transaction and this one hardly ever.
        """
        CREATE TABLE configuration (
            one INTEGER PRIMARY KEY CHECK (one = 1), entry_index INTEGER NOT NULL, bytes BLOB NOT NULL)
        """,
        """
        CREATE TABLE memories (
            row INTEGER PRIMARY KEY, id TEXT NOT NULL, tier INTEGER NOT NULL, priority INTEGER NOT NULL,
            confidence REAL NOT NULL, access_count INTEGER NOT NULL, version INTEGER NOT NULL,
            created_at TEXT NOT NULL, updated_at TEXT NOT NULL, last_accessed_at TEXT, expires_at TEXT,
            source TEXT NOT NULL, agent_id TEXT, scope TEXT NOT NULL, namespace TEXT NOT NULL, title TEXT NOT NULL,
            tags TEXT NOT NULL, metadata TEXT NOT NULL, content TEXT NOT NULL)
        """,
        // One index serves exact ids and prefixes, which match ignoring ASCII case; exactness of the former and
        // uniqueness are checked by the applier.
        "CREATE INDEX memories_id ON memories (id COLLATE NOCASE)",
        "CREATE UNIQUE INDEX memories_title ON memories (namespace, title)",
        // `tier` rides along so that statistics read this index alone.
        "CREATE INDEX memories_namespace_order ON memories (namespace, priority DESC, updated_at DESC, tier)",
        "CREATE INDEX memories_order ON memories (priority DESC, updated_at DESC)",
        "CREATE INDEX memories_expiry ON memories (expires_at) WHERE expires_at IS NOT NULL",
        """
        CREATE VIRTUAL TABLE memories_fts USING fts5(
            title, content, tags, content = 'memories', content_rowid = 'row')
        """,
        """
        CREATE TABLE registers (
            key TEXT PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) WITHOUT ROWID
        """,
        """
        CREATE TABLE sessions (
            number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, request_digest BLOB NOT NULL,
            logged_at INTEGER NOT NULL, outcome BLOB NOT NULL)
        """,
    ]

    static func create(in database: Database, options: StoreOptions) throws(StoreError) {
        try database.execute("PRAGMA page_size = \(pageBytes)")
        try database.execute("PRAGMA journal_mode = WAL")
        try database.execute("BEGIN IMMEDIATE")
        for table in tables { try database.execute(table) }
        // Merging segments in eights instead of fours saves a tenth of the work of small commits, still without the
        // pauses of merging only at the limit of sixteen.
        try database.execute("INSERT INTO memories_fts (memories_fts, rank) VALUES ('automerge', 8)")
        let insert = try database.statement("INSERT INTO meta VALUES (1, ?, 0, 0, 0, ?, 1, ?, ?, ?)")
        try insert.bind(1, versionMin)
        try insert.bind(2, StateDigest.initial)
        try insert.bind(3, options.sessionTTLSeconds)
        try insert.bind(4, options.sessionRowsMax)
        try insert.bind(5, options.sessionBytesMax)
        try insert.run()
        try database.execute("INSERT INTO configuration VALUES (1, 0, x'')")
        try database.execute("COMMIT")
    }

    /// Refuses a file that is not ours, or that another build or configuration made.
    static func verify(_ database: Database, options: StoreOptions) throws(StoreError) {
        func refuse(_ message: String) -> StoreError { StoreError(doing: "open \(database.path)", message: message) }
        guard try database.integer("SELECT count(*) FROM sqlite_master WHERE name = 'meta'") == 1 else {
            throw refuse("is not a store of this program (no table meta)")
        }
        let found = try database.integer("SELECT schema_version FROM meta")
        guard (versionMin...version).contains(found) else {
            throw refuse(
                "has schema version \(found), this build knows \(versionMin) to \(version): start the node with the "
                    + "build that made this directory, or let it join anew with an empty one")
        }
        let limits: [(name: String, column: String, value: Int64)] = [
            ("sessionTTLSeconds", "session_ttl", options.sessionTTLSeconds),
            ("sessionRowsMax", "session_rows_max", options.sessionRowsMax),
            ("sessionBytesMax", "session_bytes_max", options.sessionBytesMax),
        ]
        for limit in limits {
            let stored = try database.integer("SELECT \(limit.column) FROM meta")
            guard stored == limit.value else {
                throw refuse(
                    "was made with \(limit.name) \(stored), not \(limit.value); every node must use the same value")
            }
        }
        guard try database.text("PRAGMA journal_mode").utf8.elementsEqual("wal".utf8) else {
            throw refuse("is not in WAL mode")
        }
    }
}

/// The replicated counters, as kept in the one row of `meta`.
struct Meta: Hashable {
    var applied: AppliedState
    /// Row number of the next new memory; never reused, so equal logs give equal row numbers.
    var nextRow: Int64
    /// Which tables there are; raised by a migration and by nothing else.
    var schemaVersion: Int64

    static let columns = "applied_index, applied_term, log_time, digest, next_row, schema_version"

    static func read(_ database: Database) throws(StoreError) -> Meta {
        let statement = try database.statement("SELECT \(columns) FROM meta")
        defer { statement.reset() }
        guard try statement.step() else {
            throw StoreError(doing: "read meta of \(database.path)", message: "its row is missing")
        }
        return Meta(
            applied: AppliedState(
                index: UInt64(bitPattern: statement.int64(0)), term: UInt64(bitPattern: statement.int64(1)),
                digest: statement.blob(3), logTimeNanoseconds: statement.int64(2),
                configuration: try readConfiguration(database)),
            nextRow: statement.int64(4), schemaVersion: statement.int64(5))
    }

    /// Whether the tables of feature level 2 are there.
    var hasTables: Bool { schemaVersion >= Schema.version }

    private static func readConfiguration(_ database: Database) throws(StoreError) -> StoredConfiguration? {
        let statement = try database.statement("SELECT entry_index, bytes FROM configuration")
        defer { statement.reset() }
        guard try statement.step() else {
            throw StoreError(doing: "read the configuration of \(database.path)", message: "its row is missing")
        }
        let index = UInt64(bitPattern: statement.int64(0))
        return index == 0 ? nil : StoredConfiguration(index: index, bytes: statement.blob(1))
    }

    func write(_ statement: Statement) throws(StoreError) {
        try statement.bind(1, Int64(bitPattern: applied.index))
        try statement.bind(2, Int64(bitPattern: applied.term))
        try statement.bind(3, applied.logTimeNanoseconds)
        try statement.bind(4, applied.digest)
        try statement.bind(5, nextRow)
        try statement.run()
    }

    static let updateSQL = """
        UPDATE meta SET applied_index = ?, applied_term = ?, log_time = ?, digest = ?, next_row = ? WHERE one = 1
        """
}

/// Where a store stands.
public struct AppliedState: Hashable, Sendable {
    public var index: UInt64
    public var term: UInt64
    /// Rolling SHA-256 of everything applied (docs/decisions/006-digest.md).
    public var digest: [UInt8]
    /// The state machine's own time: the largest command time so far, nanoseconds since 1970.
    public var logTimeNanoseconds: Int64
    /// The cluster configuration last applied; nil when no applied entry had one.
    public var configuration: StoredConfiguration?
    public init(
        index: UInt64, term: UInt64, digest: [UInt8], logTimeNanoseconds: Int64,
        configuration: StoredConfiguration? = nil
    ) {
        self.index = index
        self.term = term
        self.digest = digest
        self.logTimeNanoseconds = logTimeNanoseconds
        self.configuration = configuration
    }
}

/// A cluster configuration as its log entry carried it. The store keeps it and never looks inside.
public struct StoredConfiguration: Hashable, Sendable {
    /// Index of the entry, from 1.
    public var index: UInt64
    public var bytes: [UInt8]
    public init(index: UInt64, bytes: [UInt8]) {
        self.index = index
        self.bytes = bytes
    }
}
