/// Snapshots: copying a pinned state to a file, and installing a received file as a new generation.
///
/// Owns: the steps and their order. Must never: merge into existing data, or switch before everything is durable.
import CSQLite
import Synchronization

/// A finished snapshot file: a whole SQLite database.
public struct StoreSnapshot: Hashable, Sendable {
    public var index: UInt64
    public var term: UInt64
    public var path: String
    public var sizeBytes: UInt64
    /// SHA-256 of the file.
    public var sha256: [UInt8]
    public init(index: UInt64, term: UInt64, path: String, sizeBytes: UInt64, sha256: [UInt8]) {
        self.index = index
        self.term = term
        self.path = path
        self.sizeBytes = sizeBytes
        self.sha256 = sha256
    }
}

/// A read transaction that holds one state, waiting to be copied.
final class PinnedState: @unchecked Sendable {
    // Sendable: the connection is inside a lock and is taken out by the one call that copies; before and after that call
    // nobody can reach it.
    private let held: Mutex<Database?>
    private let path: String
    private let files: any StoreFiles
    private let applied: AppliedState

    init(generation: Generation, path: String, applied: AppliedState) throws(StoreError) {
        let database = try Database(
            path: generation.databasePath, files: generation.directory.files, mode: .readOnly, cacheBytes: 1 << 20,
            keeping: generation)
        try database.execute("BEGIN")
        // The first read is what fixes the state.
        let pinned = try Meta.read(database)
        guard pinned.applied == applied else {
            throw StoreError(
                doing: "prepare a snapshot", message: "pinned index \(pinned.applied.index), not \(applied.index)")
        }
        self.path = path
        self.files = generation.directory.files
        self.applied = applied
        self.held = Mutex(database)
    }

    /// The first caller gets the connection.
    private func take() -> Database? {
        held.withLock { slot in
            let value = slot
            slot = nil
            return value
        }
    }

    func copy() -> Result<StoreSnapshot, StoreError> {
        guard let source = take() else {
            return .failure(StoreError(doing: "copy a snapshot", message: "this pinned state was copied already"))
        }
        do {
            try copyPages(from: source)
            try files.syncFile(path)
            return .success(
                StoreSnapshot(
                    index: applied.index, term: applied.term, path: path, sizeBytes: try files.size(path),
                    sha256: try files.digest(path)))
        } catch {
            do {
                try files.remove(path)
            } catch let second {
                return .failure(
                    StoreError(
                        doing: error.doing, message: "\(error.message); then \(second)", sqliteCode: error.sqliteCode))
            }
            return .failure(error)
        }
    }

    /// The backup reads through the open transaction, so later commits are invisible to it.
    private func copyPages(from source: Database) throws(StoreError) {
        try files.remove(path)
        let target = try Database(path: path, files: files, mode: .readWrite, cacheBytes: 1 << 20)
        try target.execute("PRAGMA journal_mode = OFF")
        try target.execute("PRAGMA synchronous = OFF")
        guard let backup = sqlite3_backup_init(target.handle, "main", source.handle, "main") else {
            throw Database.error(target.handle, doing: "copy a snapshot to \(path)")
        }
        let step = sqlite3_backup_step(backup, -1)
        let finish = sqlite3_backup_finish(backup)
        guard step == SQLITE_DONE, finish == SQLITE_OK else {
            throw Database.error(target.handle, doing: "copy a snapshot to \(path)")
        }
    }
}

/// The moments of an install, in order.
enum InstallStep: CaseIterable {
    case begin, generationMade, fileMoved, fileSynced, opened, switched
}

struct SnapshotInstall {
    let directory: StoreDirectory
    let options: StoreOptions
    let step: ((InstallStep) throws(StoreError) -> Void)?

    /// Moves a verified file into a new generation and switches to it.
    func run(
        snapshotPath: String, installed: InstalledPosition, generation number: UInt64
    ) throws(StoreError) -> Writer {
        try step?(.begin)
        try directory.makeGeneration(number)
        try step?(.generationMade)
        try directory.files.syncFile(snapshotPath)
        try directory.files.move(snapshotPath, to: directory.databasePath(number))
        try installed.write(generationPath: directory.generationPath(number), files: directory.files)
        try step?(.fileMoved)
        try directory.files.syncDirectory(directory.generationPath(number))
        try step?(.fileSynced)
        // Opened before the switch: a file that SQLite will not have must not become CURRENT.
        let generation = Generation(number: number, directory: directory)
        let writer = try Writer(generation: generation, options: options)
        try step?(.opened)
        try directory.setCurrent(number)
        try step?(.switched)
        return writer
    }

    /// The transfer checked the bytes; this checks that they are the state that was promised.
    func verify(_ path: String, index: UInt64, term: UInt64) throws(StoreError) {
        guard try directory.files.exists(path) else {
            throw StoreError(doing: "install a snapshot", message: "\(path) does not exist")
        }
        do {
            let database = try Database(
                path: path, files: directory.files, mode: .readWrite, cacheBytes: options.cacheBytes)
            // Nothing is written here: no write-ahead file may be left beside one that is moved.
            try database.setCheckpointsOnClose(true)
            try Schema.verify(database, options: options)
            let applied = try Meta.read(database).applied
            guard applied.index == index, applied.term == term else {
                throw StoreError(
                    doing: "install a snapshot",
                    message: "\(path) holds index \(applied.index) term \(applied.term), expected \(index) term \(term)"
                )
            }
            let report = try database.text("PRAGMA quick_check(1)")
            guard report.hasSameBytes(as: "ok") else {
                throw StoreError(doing: "install a snapshot", message: "\(path) is damaged: \(report)")
            }
        }
    }
}
