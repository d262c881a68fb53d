/// The replicated tables of feature level 2, as values: names, columns, keys.
///
/// Owns: the DDL of schema 3 and the statements made from it. Must never: be written to except through
/// `ApplyContext.insert`, `update` and `remove`, which tell the digest.

struct Table: Sendable {
    /// In the digest; never reused.
    let number: UInt8
    let name: String
    /// The key first.
    let columns: [String]
    let keyCount: Int
    let insertSQL: String
    let updateSQL: String
    let removeSQL: String

    private init(_ number: UInt8, _ name: String, key: [String], _ others: [String]) {
        self.number = number
        self.name = name
        columns = key + others
        keyCount = key.count
        let places = (1...columns.count).map { "?\($0)" }
        let condition = zip(key, places).map { "\($0) = \($1)" }.joined(separator: " AND ")
        let changes = zip(columns, places).dropFirst(key.count).map { "\($0) = \($1)" }.joined(separator: ", ")
        insertSQL =
            "INSERT INTO \(name) (\(columns.joined(separator: ", "))) VALUES (\(places.joined(separator: ", ")))"
        updateSQL = "UPDATE \(name) SET \(changes) WHERE \(condition)"
        removeSQL = "DELETE FROM \(name) WHERE \(condition)"
    }

    static let links = Table(
        1, "links", key: ["source_id", "target_id", "relation"],
        ["created_at", "valid_from", "valid_until", "observed_by"])
    static let archive = Table(
        2, "archive", key: ["id"],
        [
            "tier", "priority", "confidence", "access_count", "created_at", "updated_at", "last_accessed_at",
            "expires_at", "source", "namespace", "title", "tags", "metadata", "content", "archived_at",
            "archive_reason",
        ])
    static let standards = Table(
        3, "standards", key: ["namespace"], ["standard_id", "parent_namespace", "updated_at"])
    static let aliases = Table(4, "aliases", key: ["entity_id", "alias"], ["created_at"])
    static let pending = Table(
        5, "pending", key: ["number"],
        [
            "id", "action", "memory_id", "namespace", "payload", "command", "requested_by", "requested_at", "status",
            "decided_by", "decided_at", "approvals",
        ])
    static let subscriptions = Table(
        6, "subscriptions", key: ["number"],
        [
            "id", "url", "events", "secret_hash", "namespace_filter", "agent_filter", "created_by", "created_at",
            "last_dispatched_at", "dispatch_count", "failure_count",
        ])
    static let deliveries = Table(
        7, "deliveries", key: ["number"],
        ["subscription_id", "event", "memory_id", "namespace", "agent_id", "created_at"])

    static let vectors = Table(8, "vectors", key: ["row"], ["model", "changed_index", "vector"])

    static let all = [links, archive, standards, aliases, pending, subscriptions, deliveries, vectors]

    /// The columns of its key, as SQL orders by them.
    var key: String { columns.prefix(keyCount).joined(separator: ", ") }

    /// Keys of every replicated table there may be, for whoever compares whole stores.
    static let keys: [String: String] = {
        var keys = [
            "meta": "one", "configuration": "one", "memories": "row", "registers": "key", "sessions": "number",
        ]
        for table in all { keys[table.name] = table.key }
        return keys
    }()

    /// What migrating to schema 3 runs.
    static let definitions = [
        """
        CREATE TABLE links (
            source_id TEXT NOT NULL, target_id TEXT NOT NULL, relation TEXT NOT NULL, created_at TEXT NOT NULL,
            valid_from TEXT, valid_until TEXT, observed_by TEXT,
            PRIMARY KEY (source_id, target_id, relation)) WITHOUT ROWID
        """,
        "CREATE INDEX links_target ON links (target_id)",
        "CREATE INDEX links_timeline ON links (source_id, valid_from, created_at)",
        """
        CREATE TABLE archive (
            id TEXT PRIMARY KEY, tier INTEGER NOT NULL, priority INTEGER NOT NULL, confidence REAL NOT NULL,
            access_count INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, last_accessed_at TEXT,
            expires_at TEXT, source TEXT NOT NULL, namespace TEXT NOT NULL, title TEXT NOT NULL, tags TEXT NOT NULL,
            metadata TEXT NOT NULL, content TEXT NOT NULL, archived_at TEXT NOT NULL, archive_reason TEXT NOT NULL)
        """,
        "CREATE INDEX archive_order ON archive (archived_at DESC, id)",
        "CREATE INDEX archive_namespace_order ON archive (namespace, archived_at DESC, id)",
        """
        CREATE TABLE standards (
            namespace TEXT PRIMARY KEY, standard_id TEXT NOT NULL, parent_namespace TEXT, updated_at TEXT NOT NULL)
            WITHOUT ROWID
        """,
        "CREATE INDEX standards_memory ON standards (standard_id)",
        """
        CREATE TABLE aliases (
            entity_id TEXT NOT NULL, alias TEXT NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (entity_id, alias))
            WITHOUT ROWID
        """,
        "CREATE INDEX aliases_alias ON aliases (alias)",
        """
        CREATE TABLE pending (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, action INTEGER NOT NULL, memory_id TEXT,
            namespace TEXT NOT NULL, payload TEXT NOT NULL, command BLOB NOT NULL, requested_by TEXT NOT NULL,
            requested_at TEXT NOT NULL, status TEXT NOT NULL, decided_by TEXT, decided_at TEXT,
            approvals TEXT NOT NULL)
        """,
        "CREATE INDEX pending_status ON pending (status, number)",
        """
        CREATE TABLE subscriptions (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, url TEXT NOT NULL, events TEXT NOT NULL,
            secret_hash BLOB NOT NULL, namespace_filter TEXT, agent_filter TEXT, created_by TEXT NOT NULL,
            created_at TEXT NOT NULL, last_dispatched_at TEXT, dispatch_count INTEGER NOT NULL,
            failure_count INTEGER NOT NULL)
        """,
        """
        CREATE TABLE deliveries (
            number INTEGER PRIMARY KEY, subscription_id TEXT NOT NULL, event TEXT NOT NULL, memory_id TEXT NOT NULL,
            namespace TEXT NOT NULL, agent_id TEXT, created_at TEXT NOT NULL)
        """,
        // `row` is that of the memory. The index tells what changed since, without touching the vectors.
        """
        CREATE TABLE vectors (
            row INTEGER PRIMARY KEY, model TEXT NOT NULL, changed_index INTEGER NOT NULL, vector BLOB NOT NULL)
        """,
        "CREATE INDEX vectors_changed ON vectors (changed_index)",
        "CREATE INDEX memories_version ON memories (version)",
    ]
}

/// One column of a row on its way in.
enum Value: Hashable, Sendable {
    case null
    case integer(Int64)
    case double(Double)
    case text(String)
    case blob([UInt8])

    static func optional(_ text: String?) -> Value { text.map { .text($0) } ?? .null }
    static func count(_ number: Int) -> Value { .integer(Int64(number)) }
}

extension Statement {
    func bind(_ position: Int32, _ value: Value) throws(StoreError) {
        switch value {
        case .null: try bind(position, String?.none)
        case .integer(let number): try bind(position, number)
        case .double(let number): try bind(position, number)
        case .text(let text): try bind(position, text)
        case .blob(let bytes): try bind(position, bytes)
        }
    }

    func bind(_ values: [Value]) throws(StoreError) {
        var position: Int32 = 1
        for value in values {
            try bind(position, value)
            position += 1
        }
    }
}

extension ByteWriter {
    mutating func value(_ value: Value) {
        switch value {
        case .null: byte(0)
        case .integer(let number):
            byte(1)
            signed(number)
        case .double(let number):
            byte(2)
            double(number)
        case .text(let value):
            byte(3)
            text(value)
        case .blob(let bytes):
            byte(4)
            blob(bytes)
        }
    }
}
