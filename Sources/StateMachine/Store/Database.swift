/// One SQLite connection with its prepared statements.
///
/// Owns: the C handle. Must never: be used by two threads at a time (it is opened without SQLite's own mutex).
import CSQLite

final class Database {
    enum Mode {
        case readWrite
        case readOnly
    }

    let handle: OpaquePointer
    let path: String
    let files: any StoreFiles
    /// Whatever must outlive the open connection; released after the deinit has closed it.
    private let owner: AnyObject?
    private var statements: [String: Statement] = [:]

    /// Distinct texts prepared per connection; queries are composed from few parts, so this is never met in practice.
    private static let statementsMax = 256

    init(
        path: String, files: any StoreFiles, mode: Mode, cacheBytes: Int, keeping owner: AnyObject? = nil
    ) throws(StoreError) {
        var opened: OpaquePointer?
        let access = mode == .readWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
        let flags = access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = sqlite3_open_v2(path, &opened, flags, files.sqliteFileSystem)
        guard let opened else {
            throw StoreError(doing: "open \(path)", message: "out of memory", sqliteCode: code)
        }
        guard code == SQLITE_OK else {
            let error = Database.error(opened, doing: "open \(path)")
            sqlite3_close_v2(opened)
            throw error
        }
        self.handle = opened
        self.path = path
        self.files = files
        self.owner = owner
        do {
            try configure(mode: mode, cacheBytes: cacheBytes)
        } catch {
            throw error.within("open \(path)")
        }
    }

    deinit {
        statements.removeAll()
        sqlite3_close_v2(handle)
    }

    private func configure(mode: Mode, cacheBytes: Int) throws(StoreError) {
        sqlite3_busy_timeout(handle, 5_000)
        try setCheckpointsOnClose(false)
        try execute("PRAGMA cache_size = -\(max(cacheBytes, 1 << 20) / 1024)")
        try execute("PRAGMA temp_store = MEMORY")
        // Memories may be hostile text, the schema never is: still, take no chances with functions in it.
        try execute("PRAGMA trusted_schema = OFF")
        guard mode == .readWrite else { return }
        // The Raft log is the durable truth: commits wait for no disk, `checkpoint` does. NORMAL keeps the write-ahead
        // file consistent through power loss. Erasing freed pages (on by default in Debian) doubles the writing.
        try execute("PRAGMA synchronous = NORMAL")
        try execute("PRAGMA wal_autocheckpoint = 0")
        try execute("PRAGMA secure_delete = OFF")
    }

    /// Off unless set: a connection is also closed because a sync failed, and the kernel may have dropped what that sync
    /// was to save. A second sync would succeed, the copying would trust a write-ahead file that is not on the disk, and
    /// a power cut in the middle would leave neither. What stays in the file is read by the next open.
    func setCheckpointsOnClose(_ isOn: Bool) throws(StoreError) {
        guard mneme_sqlite_set_checkpoint_on_close(handle, isOn ? 1 : 0) == SQLITE_OK else {
            throw Database.error(handle, doing: "configure \(path)")
        }
    }

    static func error(_ handle: OpaquePointer, doing: String) -> StoreError {
        let code = sqlite3_extended_errcode(handle)
        var message = sqlite3_errmsg(handle).map { String(cString: $0) } ?? "unknown error"
        // These are about the file, and whoever reads them needs to know which.
        if [SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_CORRUPT, SQLITE_NOTADB].contains(code & 0xff),
            let path = sqlite3_db_filename(handle, "main").map({ String(cString: $0) })
        {
            message += " in \(path), where \(PosixStoreFiles.freeBytesText(path)) are free"
        }
        return StoreError(doing: doing, message: message, sqliteCode: code)
    }

    /// Runs SQL without parameters or rows of interest.
    func execute(_ sql: String) throws(StoreError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw Database.error(handle, doing: "run \(Statement.short(sql))") }
    }

    /// The prepared statement for this text, made once per connection. The caller resets it when done.
    func statement(_ sql: String) throws(StoreError) -> Statement {
        if let known = statements[sql] { return known }
        if statements.count >= Database.statementsMax { statements.removeAll() }
        let made = try Statement(database: handle, sql: sql)
        statements[sql] = made
        return made
    }

    /// The first column of the first row.
    func integer(_ sql: String) throws(StoreError) -> Int64 {
        let statement = try statement(sql)
        defer { statement.reset() }
        guard try statement.step() else {
            throw StoreError(doing: "run \(Statement.short(sql))", message: "gave no row")
        }
        return statement.int64(0)
    }

    func text(_ sql: String) throws(StoreError) -> String {
        let statement = try statement(sql)
        defer { statement.reset() }
        guard try statement.step() else {
            throw StoreError(doing: "run \(Statement.short(sql))", message: "gave no row")
        }
        return statement.text(0)
    }

    /// Pages this connection has written since the last call.
    func takePagesWritten() -> Int64 {
        var current: Int32 = 0
        var highest: Int32 = 0
        guard sqlite3_db_status(handle, SQLITE_DBSTATUS_CACHE_WRITE, &current, &highest, 1) == SQLITE_OK else {
            return 0
        }
        return Int64(current)
    }
}
