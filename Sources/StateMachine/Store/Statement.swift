/// One prepared SQL statement.
///
/// Owns: the C handle, binding and columns. Must never: outlive its database, or cross threads while in use.
import CSQLite

final class Statement {
    private let handle: OpaquePointer
    private let database: OpaquePointer
    let sql: String

    init(database: OpaquePointer, sql: String) throws(StoreError) {
        var prepared: OpaquePointer?
        // Persistent: SQLite keeps such statements off its small-allocation pool.
        let code = sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else {
            throw Database.error(database, doing: "prepare \(Statement.short(sql))")
        }
        self.handle = prepared
        self.database = database
        self.sql = sql
    }

    deinit { sqlite3_finalize(handle) }

    static func short(_ sql: String) -> String {
        sql.utf8.count <= 80 ? sql : String(sql.prefix(80)) + "…"
    }

    private func check(_ code: Int32) throws(StoreError) {
        guard code == SQLITE_OK else { throw Database.error(database, doing: "bind to \(Statement.short(sql))") }
    }

    // MARK: binding, parameters counted from 1

    func bind(_ position: Int32, _ value: Int64) throws(StoreError) {
        try check(sqlite3_bind_int64(handle, position, value))
    }

    func bind(_ position: Int32, _ value: Int64?) throws(StoreError) {
        if let value { try bind(position, value) } else { try bindNull(position) }
    }

    func bind(_ position: Int32, _ value: Double) throws(StoreError) {
        try check(sqlite3_bind_double(handle, position, value))
    }

    func bind(_ position: Int32, _ value: String) throws(StoreError) {
        var value = value
        let code = value.withUTF8 { utf8 -> Int32 in
            let count = Int32(clamping: utf8.count)
            guard let base = utf8.baseAddress else { return sqlite3_bind_text(handle, position, "", 0, nil) }
            return base.withMemoryRebound(to: CChar.self, capacity: utf8.count) {
                sqlite3_bind_text(handle, position, $0, count, mneme_sqlite_transient())
            }
        }
        try check(code)
    }

    func bind(_ position: Int32, _ value: String?) throws(StoreError) {
        if let value { try bind(position, value) } else { try bindNull(position) }
    }

    func bind(_ position: Int32, _ value: [UInt8]) throws(StoreError) {
        let code = value.withUnsafeBytes { bytes -> Int32 in
            guard let base = bytes.baseAddress else { return sqlite3_bind_zeroblob(handle, position, 0) }
            return sqlite3_bind_blob(handle, position, base, Int32(clamping: bytes.count), mneme_sqlite_transient())
        }
        try check(code)
    }

    func bindNull(_ position: Int32) throws(StoreError) {
        try check(sqlite3_bind_null(handle, position))
    }

    // MARK: running

    /// - Returns: whether there is a row to read.
    func step() throws(StoreError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw Database.error(database, doing: "run \(Statement.short(sql))")
        }
    }

    /// Runs a statement that gives no rows, and makes it ready for the next time.
    func run() throws(StoreError) {
        defer { reset() }
        while try step() {}
    }

    /// The code of `sqlite3_reset` repeats the error of the step that failed, which has been thrown already.
    func reset() { _ = sqlite3_reset(handle) }

    // MARK: columns, counted from 0

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func double(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }

    func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(handle, column) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    /// The bytes of a text column, borrowed until the next step.
    func withBytes<Result>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let start = sqlite3_column_text(handle, column)
        let count = start == nil ? 0 : Int(sqlite3_column_bytes(handle, column))
        return body(UnsafeRawBufferPointer(start: start, count: count))
    }

    func blob(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }

    /// Every column of the row with its type, so that no two different rows give the same bytes.
    func writeColumns(to writer: inout ByteWriter) {
        for column in 0..<sqlite3_column_count(handle) {
            let kind = sqlite3_column_type(handle, column)
            writer.byte(UInt8(truncatingIfNeeded: kind))
            switch kind {
            case SQLITE_NULL: break
            case SQLITE_INTEGER: writer.signed(int64(column))
            case SQLITE_FLOAT: writer.double(double(column))
            default: writer.blob(blob(column))
            }
        }
    }
}
