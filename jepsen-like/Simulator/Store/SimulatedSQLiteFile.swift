import CSQLite
import Raft

/// A file that SQLite has open on a simulated disk.
///
/// Owns: the handle, the level of its SQLite lock, and its part in the shared memory. Must never: cache a byte; what SQLite
/// writes is on the disk's unsynced side at once, as with the page cache of a kernel.
final class SimulatedSQLiteFile {
    /// SQLite gives room for its own part and, behind it, for our reference.
    static let slotBytes = MemoryLayout<sqlite3_file>.stride + MemoryLayout<UnsafeMutableRawPointer>.stride

    let files: SimulatedFileSystem
    let path: String
    private let file: any DiskFile
    private let isDeletedOnClose: Bool
    /// A journal that was just created: its first sync is also one of its directory, as in SQLite's own layer.
    private var syncsDirectory: Bool
    var level: Int32 = SQLITE_LOCK_NONE
    /// Slots of the shared memory that this connection holds, as bits.
    var sharedSlots: UInt32 = 0
    var exclusiveSlots: UInt32 = 0

    init(files: SimulatedFileSystem, path: String, flags: Int32) throws(DiskError) {
        self.files = files
        self.path = path
        try files.requireAlive(.open, path)
        let isNew = try !files.disk.exists(path)
        if flags & SQLITE_OPEN_CREATE != 0 {
            try files.disk.requireDirectory(of: path, .open)
            let isExclusive = flags & SQLITE_OPEN_EXCLUSIVE != 0
            file = try files.disk.open(path, mode: isExclusive ? .createNew : .createIfMissing)
        } else {
            file = try files.disk.open(path, mode: flags & SQLITE_OPEN_READONLY != 0 ? .readOnly : .existing)
        }
        let isJournal = flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL) != 0
        syncsDirectory = isNew && isJournal
        isDeletedOnClose = flags & SQLITE_OPEN_DELETEONCLOSE != 0
        files.openFiles[path, default: []].append(self)
    }

    static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return String(path[..<slash])
    }

    // MARK: the slot

    /// From now on SQLite's handle is this file, until `close`.
    func occupy(_ slot: UnsafeMutablePointer<sqlite3_file>) {
        let reference = Unmanaged.passRetained(self).toOpaque()
        UnsafeMutableRawPointer(slot).storeBytes(
            of: reference, toByteOffset: MemoryLayout<sqlite3_file>.stride, as: UnsafeMutableRawPointer.self)
        slot.pointee.pMethods = UnsafePointer(SQLiteFileMethods.table.pointer)
    }

    static func reference(_ slot: UnsafeMutablePointer<sqlite3_file>?) -> Unmanaged<SimulatedSQLiteFile>? {
        guard let slot else { return nil }
        let pointer = UnsafeMutableRawPointer(slot).load(
            fromByteOffset: MemoryLayout<sqlite3_file>.stride, as: UnsafeMutableRawPointer.self)
        return Unmanaged.fromOpaque(pointer)
    }

    // MARK: content

    func read(into buffer: UnsafeMutableRawPointer, count: Int, atBytes offset: Int64) throws(DiskError) -> Int {
        let bytes = try file.read(atBytes: UInt64(offset), count: count)
        bytes.withUnsafeBytes { if let base = $0.baseAddress { buffer.copyMemory(from: base, byteCount: $0.count) } }
        // SQLite wants the rest of a short read to be zero.
        (buffer + bytes.count).initializeMemory(as: UInt8.self, repeating: 0, count: count - bytes.count)
        return bytes.count
    }

    func write(_ bytes: [UInt8], atBytes offset: Int64) throws(DiskError) {
        try file.write(bytes, atBytes: UInt64(offset))
    }

    func truncate(toBytes bytes: Int64) throws(DiskError) { try file.truncate(toBytes: UInt64(bytes)) }

    func sizeBytes() throws(DiskError) -> Int64 { Int64(try file.sizeBytes()) }

    func sync() throws(DiskError) {
        try file.sync()
        guard syncsDirectory else { return }
        try files.disk.syncDirectory(Self.directory(of: path))
        syncsDirectory = false
    }

    func close() throws(DiskError) {
        unmapSharedMemory()
        file.close()
        files.openFiles[path]?.removeAll { $0 === self }
        if files.openFiles[path]?.isEmpty == true { files.openFiles[path] = nil }
        if isDeletedOnClose, files.isAlive { try files.disk.remove(path) }
    }
}

extension SimulatedSQLiteFile {
    // MARK: SQLite's database locks (its documentation, "File Locking And Concurrency", §3)

    private var others: [SimulatedSQLiteFile] { files.openFiles[path]?.filter { $0 !== self } ?? [] }

    /// Goes up to `wanted`, or as far as the others let it.
    /// - Returns: whether it got there.
    func lock(_ wanted: Int32) -> Bool {
        if level >= wanted { return true }
        switch wanted {
        case SQLITE_LOCK_SHARED:
            guard !others.contains(where: { $0.level >= SQLITE_LOCK_PENDING }) else { return false }
        case SQLITE_LOCK_RESERVED:
            guard !isReservedByOther else { return false }
        default:
            guard !isReservedByOther else { return false }
            guard !others.contains(where: { $0.level >= SQLITE_LOCK_SHARED }) else {
                // Keeps new readers out while it waits for the old ones.
                level = SQLITE_LOCK_PENDING
                return false
            }
        }
        level = wanted
        return true
    }

    func unlock(_ wanted: Int32) { level = min(level, wanted) }

    var isReserved: Bool { level >= SQLITE_LOCK_RESERVED || isReservedByOther }
    private var isReservedByOther: Bool { others.contains { $0.level >= SQLITE_LOCK_RESERVED } }

    // MARK: shared memory of the write-ahead log

    /// Piece `number` of the index; nil when there is none and none is wanted.
    func sharedMemory(piece number: Int, bytes: Int, isWanted: Bool) -> UnsafeMutableRawPointer? {
        let memory = files.sharedMemory[path] ?? SharedMemory()
        if !memory.users.contains(where: { $0 === self }) { memory.users.append(self) }
        files.sharedMemory[path] = memory
        return memory.piece(number, bytes: bytes, isWanted: isWanted)
    }

    /// - Parameter slots: as bits.
    /// - Returns: whether it got them all.
    func lockShared(_ slots: UInt32, isExclusive: Bool) -> Bool {
        guard let memory = files.sharedMemory[path] else { return false }
        for user in memory.users where user !== self {
            let inTheWay = isExclusive ? user.sharedSlots | user.exclusiveSlots : user.exclusiveSlots
            guard inTheWay & slots == 0 else { return false }
        }
        if isExclusive { exclusiveSlots |= slots } else { sharedSlots |= slots }
        return true
    }

    func unlockShared(_ slots: UInt32) {
        sharedSlots &= ~slots
        exclusiveSlots &= ~slots
    }

    /// The last one to leave takes the memory with it, as the first one to come finds it empty on a real system.
    func unmapSharedMemory() {
        sharedSlots = 0
        exclusiveSlots = 0
        guard let memory = files.sharedMemory[path] else { return }
        memory.users.removeAll { $0 === self }
        if memory.users.isEmpty { files.sharedMemory[path] = nil }
    }
}

/// The index of one write-ahead log, shared by the connections of one process.
///
/// Owns: the memory. Must never: outlive its users; they hold addresses in it.
final class SharedMemory {
    private var pieces: [UnsafeMutableRawPointer] = []
    var users: [SimulatedSQLiteFile] = []

    func piece(_ number: Int, bytes: Int, isWanted: Bool) -> UnsafeMutableRawPointer? {
        if isWanted {
            while pieces.count <= number {
                let piece = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 16)
                piece.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
                pieces.append(piece)
            }
        }
        return pieces.indices.contains(number) ? pieces[number] : nil
    }

    deinit { for piece in pieces { piece.deallocate() } }
}
