/// The one connection that writes, and its transactions.
///
/// Owns: BEGIN, COMMIT and checkpoints. Must never: survive a failed transaction: its counters would no longer be those
/// of the database.
import CSQLite

final class Writer {
    let generation: Generation
    let database: Database
    let context: ApplyContext
    private let checkpointBytes: Int64
    private let pageBytes: Int64
    private var bytesWritten: Int64 = 0
    /// The last entry that is known to survive a power cut; 0 before the first checkpoint.
    private(set) var durableIndex: UInt64 = 0
    private let background = BackgroundCheckpoint()

    init(generation: Generation, options: StoreOptions) throws(StoreError) {
        self.generation = generation
        let database = try Database(
            path: generation.databasePath, files: generation.directory.files, mode: .readWrite,
            cacheBytes: options.cacheBytes, keeping: generation)
        self.database = database
        try Schema.verify(database, options: options)
        self.context = try ApplyContext(database: database, options: options)
        self.checkpointBytes = options.walCheckpointBytes
        self.pageBytes = try database.integer("PRAGMA page_size")
    }

    func apply(_ batch: [LogCommand]) throws(StoreError) -> [[UInt8]] {
        try database.statement("BEGIN IMMEDIATE").run()
        do {
            var outcomes: [[UInt8]] = []
            outcomes.reserveCapacity(batch.count)
            for entry in batch { outcomes.append(try context.apply(entry)) }
            try context.finishBatch()
            try database.statement("COMMIT").run()
            try checkpointIfDue()
            return outcomes
        } catch {
            try rollback(after: error)
            throw error
        }
    }

    private func rollback(after error: StoreError) throws(StoreError) {
        // Some failures (full disk, I/O) have rolled back already.
        guard sqlite3_get_autocommit(database.handle) == 0 else { return }
        do {
            try database.statement("ROLLBACK").run()
        } catch let second {
            throw StoreError(
                doing: error.doing, message: "\(error.message); the rollback failed too: \(second)",
                sqliteCode: error.sqliteCode)
        }
    }

    /// Most of the work happens on another thread while applies go on; here only what came in meanwhile. Twice the
    /// allowance is the end of patience, so that the file stays bounded on any disk.
    private func checkpointIfDue() throws(StoreError) {
        bytesWritten += database.takePagesWritten() * pageBytes
        if background.isFinished || bytesWritten >= 2 * checkpointBytes {
            try checkpoint()
        } else if bytesWritten >= checkpointBytes && !background.isRunning {
            try background.start(generation)
        }
    }

    /// Syncs the write-ahead file, copies what no reader holds back into the database file and syncs that.
    func checkpoint() throws(StoreError) {
        try background.wait()
        var frames: Int32 = 0
        var moved: Int32 = 0
        let code = sqlite3_wal_checkpoint_v2(
            database.handle, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &moved)
        guard code == SQLITE_OK else { throw Database.error(database.handle, doing: "checkpoint \(database.path)") }
        // With readers in the way SQLite may have copied, and then also synced, nothing. Frames in a synced write-ahead
        // file are as durable as pages in the database. (That file carries no locks, so opening it beside SQLite is safe.)
        if moved < frames { try database.files.syncFile(database.path + "-wal") }
        bytesWritten = 0
        durableIndex = context.meta.applied.index
    }
}
