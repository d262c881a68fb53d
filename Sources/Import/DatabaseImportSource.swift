/// A database file of v0.6.3 (schema 16), read only.
///
/// Owns: its columns. Must never: write to it, or take a file of another schema for one.
import CSQLite
import JSON
import Operations

final class DatabaseImportSource: ImportSource {
    static let schemaVersion: Int64 = 16
    private let handle: OpaquePointer
    private(set) var counts: [(table: ImportTable, rows: Int)] = []
    private(set) var leftOut: [String] = []
    /// The rowid behind which the next page begins.
    private var after: [ImportTable: Int64] = [:]

    private static let tables: [ImportTable: (name: String, columns: [String])] = [
        .memories: (
            "memories",
            [
                "id", "tier", "namespace", "title", "content", "tags", "priority", "confidence", "source",
                "access_count", "created_at", "updated_at", "last_accessed_at", "expires_at", "metadata",
            ]
        ),
        .links: (
            "memory_links",
            ["source_id", "target_id", "relation", "created_at", "valid_from", "valid_until", "observed_by"]
        ),
        .aliases: ("entity_aliases", ["entity_id", "alias", "created_at"]),
        .archived: (
            "archived_memories",
            [
                "id", "tier", "namespace", "title", "content", "tags", "priority", "confidence", "source",
                "access_count", "created_at", "updated_at", "last_accessed_at", "expires_at", "metadata",
                "archived_at", "archive_reason",
            ]
        ),
        .standards: ("namespace_meta", ["namespace", "standard_id", "parent_namespace", "updated_at"]),
    ]

    init(path: String) throws(OperationsError) {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil)
        guard let opened else { throw OperationsError("cannot open \(path): out of memory") }
        handle = opened
        guard code == SQLITE_OK else {
            let reason = String(cString: sqlite3_errmsg(opened))
            sqlite3_close_v2(opened)
            throw OperationsError("cannot open \(path): \(reason)")
        }
        let version = try number("SELECT max(version) FROM schema_version", of: path)
        guard version == Self.schemaVersion else {
            throw OperationsError(
                "\(path) has schema version \(version); only \(Self.schemaVersion) (v0.6.3) is read: open it once with "
                    + "that release, which migrates it")
        }
        for table in ImportTable.allCases {
            guard let name = Self.tables[table]?.name else { continue }
            counts.append((table, Int(try number("SELECT count(*) FROM \(name)", of: path))))
        }
        for (name, words) in [("pending_actions", "pending actions"), ("subscriptions", "subscriptions")] {
            let count = try number("SELECT count(*) FROM \(name)", of: path)
            if count > 0 { leftOut.append("\(count) \(words)") }
        }
    }

    deinit { sqlite3_close_v2(handle) }

    func next(_ table: ImportTable, limit: Int) throws(OperationsError) -> [JSONValue] {
        guard let (name, columns) = Self.tables[table] else { return [] }
        let sql =
            "SELECT rowid, \(columns.joined(separator: ", ")) FROM \(name) WHERE rowid > ?1 ORDER BY rowid LIMIT ?2"
        let statement = try prepared(sql)
        defer { sqlite3_finalize(statement) }
        sqlite3_bind_int64(statement, 1, after[table] ?? -1)
        sqlite3_bind_int64(statement, 2, Int64(limit))
        var rows: [JSONValue] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW:
                after[table] = sqlite3_column_int64(statement, 0)
                rows.append(Self.row(statement, columns))
            case SQLITE_DONE: return rows
            default: throw OperationsError("cannot read \(name): \(String(cString: sqlite3_errmsg(handle)))")
            }
        }
    }

    private static func row(_ statement: OpaquePointer, _ columns: [String]) -> JSONValue {
        var object = JSONObject()
        for (place, column) in columns.enumerated() {
            let value = value(statement, Int32(place + 1))
            switch column {
            case "tags": object[column] = parsed(value, fallback: .array([]))
            case "metadata": object[column] = parsed(value, fallback: .object(JSONObject()))
            // An unknown tier reads as mid there.
            case "tier": object[column] = ["short", "mid", "long"].contains(value) ? value : "mid"
            default: object[column] = value
            }
        }
        return .object(object)
    }

    /// JSON text in a column; what does not parse reads as empty, as it does there.
    private static func parsed(_ value: JSONValue, fallback: JSONValue) -> JSONValue {
        guard let text = value.stringValue else { return fallback }
        do {
            let parsed = try JSONValue.parse(text)
            return parsed.kindName == fallback.kindName ? parsed : fallback
        } catch {
            return fallback
        }
    }

    private static func value(_ statement: OpaquePointer, _ column: Int32) -> JSONValue {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, column))
        case SQLITE_FLOAT: return .double(sqlite3_column_double(statement, column))
        case SQLITE_TEXT:
            guard let bytes = sqlite3_column_text(statement, column) else { return .null }
            let count = Int(sqlite3_column_bytes(statement, column))
            return .string(String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self))
        default: return .null
        }
    }

    private func prepared(_ sql: String) throws(OperationsError) -> OpaquePointer {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK, let statement else {
            throw OperationsError("not a database of v0.6.3: \(String(cString: sqlite3_errmsg(handle)))")
        }
        return statement
    }

    private func number(_ sql: String, of path: String) throws(OperationsError) -> Int64 {
        let statement = try prepared(sql)
        defer { sqlite3_finalize(statement) }
        guard sqlite3_step(statement) == SQLITE_ROW else {
            throw OperationsError("\(path) does not answer \(sql): \(String(cString: sqlite3_errmsg(handle)))")
        }
        return sqlite3_column_int64(statement, 0)
    }
}
