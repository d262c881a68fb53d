import CSQLite
import Raft
import StateMachine

/// One process's view of a `MemoryDisk`: the files of the store, and the SQLite file system (VFS) that reaches the same.
///
/// Owns: the registration with SQLite, the locks and the shared memory of this process. All of it ends with the process:
/// after a kill or a power cut every call fails, so that closing what the dead process left open changes nothing on the
/// disk. Must never: touch a real file, a real clock or a thread; every operation takes its place in the disk's order.
public final class SimulatedFileSystem: StoreFiles, @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only, but for `deinit`, which no other use can overlap.

    let disk: MemoryDisk
    private let boot: Int
    /// Nanoseconds since 1970, and what SQLite sleeps through: both in virtual time.
    let wallNanoseconds: () -> Int64
    var random: SplitMix64
    /// Open files by path; SQLite locks among them.
    var openFiles: [String: [SimulatedSQLiteFile]] = [:]
    /// The shared memory of write-ahead logs, by the path of the database.
    var sharedMemory: [String: SharedMemory] = [:]
    private let registration: SQLiteRegistration

    /// The view of a process that starts now.
    /// - Parameters:
    ///   - seed: of the random bytes that SQLite asks its file system for.
    ///   - wallNanoseconds: the clock SQLite sees; nothing that is replicated may depend on it.
    public init(
        disk: MemoryDisk, seed: UInt64, wallNanoseconds: @escaping () -> Int64 = { 1_700_000_000_000_000_000 }
    ) throws(StoreError) {
        self.disk = disk
        self.boot = disk.bootNumber
        self.wallNanoseconds = wallNanoseconds
        self.random = SplitMix64(seed: seed)
        self.registration = SQLiteRegistration()
        try registration.register(self)
    }

    deinit { registration.unregister() }

    public var sqliteFileSystem: String? { registration.name }
    public var isSingleThreaded: Bool { true }

    /// Whether the process whose view this is still runs.
    public var isAlive: Bool { disk.bootNumber == boot }

    func requireAlive(_ operation: DiskError.Operation, _ path: String) throws(DiskError) {
        guard isAlive else {
            throw DiskError(
                operation, path: path, errorNumber: DiskFault.inputOutputError, message: "the process has ended")
        }
    }

    private func perform<Result>(
        _ doing: String, _ operation: DiskError.Operation, _ path: String, _ body: () throws(DiskError) -> Result
    ) throws(StoreError) -> Result {
        do throws(DiskError) {
            try requireAlive(operation, path)
            return try body()
        } catch {
            throw StoreError(doing: doing, message: error.message)
        }
    }

    // MARK: directories

    public func makeDirectory(_ path: String) throws(StoreError) {
        try perform("make directory \(path)", .createDirectory, path) { () throws(DiskError) in
            try disk.makeDirectory(path)
        }
    }

    public func removeEmptyDirectory(_ path: String) throws(StoreError) {
        try perform("remove directory \(path)", .remove, path) { () throws(DiskError) in
            guard try disk.exists(path) else { return }
            guard try disk.names(in: path).isEmpty, try disk.directories(in: path).isEmpty else {
                throw DiskError(.remove, path: path, errorNumber: 39, message: "directory not empty")
            }
            try disk.remove(path)
        }
    }

    public func names(in directory: String) throws(StoreError) -> [String] {
        try perform("list \(directory)", .list, directory) { () throws(DiskError) in
            let names = try disk.names(in: directory) + disk.directories(in: directory)
            return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }
    }

    public func syncDirectory(_ path: String) throws(StoreError) {
        try perform("sync \(path)", .sync, path) { () throws(DiskError) in
            try disk.syncDirectory(path)
        }
    }

    // MARK: files

    public func exists(_ path: String) throws(StoreError) -> Bool {
        try perform("look for \(path)", .size, path) { () throws(DiskError) in try disk.exists(path) }
    }

    public func size(_ path: String) throws(StoreError) -> UInt64 {
        try perform("look at \(path)", .size, path) { () throws(DiskError) in
            try disk.open(path, mode: .readOnly).sizeBytes()
        }
    }

    public func syncFile(_ path: String) throws(StoreError) {
        try perform("sync \(path)", .sync, path) { () throws(DiskError) in
            try disk.open(path, mode: .existing).sync()
        }
    }

    public func move(_ from: String, to: String) throws(StoreError) {
        try perform("rename \(from) to \(to)", .rename, from) { () throws(DiskError) in
            try disk.requireDirectory(of: to, .rename)
            try disk.rename(from, to: to)
        }
    }

    public func remove(_ path: String) throws(StoreError) {
        try perform("remove \(path)", .remove, path) { () throws(DiskError) in
            if try disk.exists(path) { try disk.remove(path) }
        }
    }

    public func readPiece(_ path: String, atBytes offset: UInt64, count: Int) throws(StoreError) -> [UInt8] {
        try perform("read \(path)", .read, path) { () throws(DiskError) in
            let bytes = try disk.open(path, mode: .readOnly).read(atBytes: offset, count: count)
            guard bytes.count == count else {
                throw DiskError(.read, path: path, errorNumber: 0, message: "it ends before byte \(offset)+\(count)")
            }
            return bytes
        }
    }

    public func writePiece(_ path: String, atBytes offset: UInt64, _ bytes: [UInt8]) throws(StoreError) {
        try perform("write \(path)", .write, path) { () throws(DiskError) in
            try disk.requireDirectory(of: path, .open)
            let file = try disk.open(path, mode: .createIfMissing)
            if offset == 0 { try file.truncate(toBytes: 0) }
            try file.write(bytes, atBytes: offset)
        }
    }
}
