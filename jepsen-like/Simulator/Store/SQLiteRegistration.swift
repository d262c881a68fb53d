import CSQLite
import Raft
import StateMachine
import Synchronization

/// The entry of one simulated process in SQLite's list of file systems, and the calls that name a path.
///
/// Owns: the C structures and their memory. SQLite copies nothing, so they live until `unregister`; connections keep
/// their store's files alive, and those keep this. Must never: let an error of the disk become anything but SQLite's
/// code for it.
final class SQLiteRegistration {
    private static let count = Atomic<UInt64>(0)

    let name: String
    private let table: UnsafeMutablePointer<sqlite3_vfs>
    private let cName: UnsafeMutablePointer<CChar>

    init() {
        let number = SQLiteRegistration.count.wrappingAdd(1, ordering: .relaxed).newValue
        name = "mneme-simulated-\(number)"
        let text = name.utf8CString
        cName = .allocate(capacity: text.count)
        for (place, character) in text.enumerated() { (cName + place).initialize(to: character) }
        table = .allocate(capacity: 1)
        table.initialize(to: sqlite3_vfs())
    }

    deinit {
        table.deallocate()
        cName.deallocate()
    }

    func register(_ files: SimulatedFileSystem) throws(StoreError) {
        table.pointee.iVersion = 2
        table.pointee.szOsFile = Int32(SimulatedSQLiteFile.slotBytes)
        table.pointee.mxPathname = 512
        table.pointee.zName = UnsafePointer(cName)
        // Unretained: the file system owns this registration and takes it back before it goes.
        table.pointee.pAppData = Unmanaged.passUnretained(files).toOpaque()
        table.pointee.xOpen = { SQLiteRegistration.open($0, $1, $2, $3, $4) }
        table.pointee.xDelete = { SQLiteRegistration.delete($0, $1, $2) }
        table.pointee.xAccess = { SQLiteRegistration.access($0, $1, $2, $3) }
        table.pointee.xFullPathname = { _, path, bytesMax, out in
            guard let path, let out else { return SQLITE_CANTOPEN }
            // Paths of a simulated disk are whole already.
            var length = 0
            while path[length] != 0 { length += 1 }
            guard length < Int(bytesMax) else { return SQLITE_CANTOPEN }
            for place in 0...length { out[place] = path[place] }
            return SQLITE_OK
        }
        table.pointee.xRandomness = { table, count, out in
            guard let files = SQLiteRegistration.files(table), let out else { return 0 }
            for place in 0..<Int(count) { out[place] = CChar(truncatingIfNeeded: Int64(files.random.next() & 0xFF)) }
            return count
        }
        // Nothing can change while the only thread sleeps, so it does not.
        table.pointee.xSleep = { _, microseconds in microseconds }
        table.pointee.xGetLastError = { _, _, _ in 0 }
        table.pointee.xCurrentTime = { table, out in
            guard let files = SQLiteRegistration.files(table) else { return SQLITE_ERROR }
            out?.pointee = Double(SQLiteRegistration.julianMilliseconds(files)) / 86_400_000
            return SQLITE_OK
        }
        table.pointee.xCurrentTimeInt64 = { table, out in
            guard let files = SQLiteRegistration.files(table) else { return SQLITE_ERROR }
            out?.pointee = SQLiteRegistration.julianMilliseconds(files)
            return SQLITE_OK
        }
        let code = sqlite3_vfs_register(table, 0)
        guard code == SQLITE_OK else {
            throw StoreError(doing: "register a simulated disk", message: "SQLite refused", sqliteCode: code)
        }
    }

    func unregister() { sqlite3_vfs_unregister(table) }

    private static func files(_ table: UnsafeMutablePointer<sqlite3_vfs>?) -> SimulatedFileSystem? {
        guard let data = table?.pointee.pAppData else { return nil }
        return Unmanaged<SimulatedFileSystem>.fromOpaque(data).takeUnretainedValue()
    }

    /// SQLite counts milliseconds from noon of 24 November 4714 BC.
    private static func julianMilliseconds(_ files: SimulatedFileSystem) -> sqlite3_int64 {
        210_866_760_000_000 + files.wallNanoseconds() / 1_000_000
    }

    // MARK: calls that name a path

    private static func open(
        _ table: UnsafeMutablePointer<sqlite3_vfs>?, _ name: UnsafePointer<CChar>?,
        _ slot: UnsafeMutablePointer<sqlite3_file>?, _ flags: Int32, _ flagsOut: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        guard let files = files(table), let slot else { return SQLITE_CANTOPEN }
        // SQLite closes a file whose opening failed when it finds methods in the slot.
        slot.pointee.pMethods = nil
        // Files without a name are for sorting and rollback beyond memory: this store keeps both in memory.
        guard let name else { return SQLITE_CANTOPEN }
        do throws(DiskError) {
            let file = try SimulatedSQLiteFile(files: files, path: String(cString: name), flags: flags)
            flagsOut?.pointee = flags
            file.occupy(slot)
            return SQLITE_OK
        } catch {
            return SQLiteCode.of(error, otherwise: SQLITE_CANTOPEN)
        }
    }

    private static func delete(
        _ table: UnsafeMutablePointer<sqlite3_vfs>?, _ name: UnsafePointer<CChar>?, _ syncsDirectory: Int32
    ) -> Int32 {
        guard let files = files(table), let name else { return SQLiteCode.deleteFailed }
        let path = String(cString: name)
        do throws(DiskError) {
            try files.requireAlive(.remove, path)
            guard try files.disk.exists(path) else { return SQLiteCode.deleteNoEntry }
            try files.disk.remove(path)
            if syncsDirectory & 1 != 0 { try files.disk.syncDirectory(SimulatedSQLiteFile.directory(of: path)) }
            return SQLITE_OK
        } catch {
            return SQLiteCode.deleteFailed
        }
    }

    private static func access(
        _ table: UnsafeMutablePointer<sqlite3_vfs>?, _ name: UnsafePointer<CChar>?, _ flags: Int32,
        _ out: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        guard let files = files(table), let name else { return SQLiteCode.accessFailed }
        let path = String(cString: name)
        do throws(DiskError) {
            try files.requireAlive(.size, path)
            var isThere = try files.disk.exists(path)
            // As SQLite's own layer has it: an empty journal is none.
            if isThere, flags == SQLITE_ACCESS_EXISTS {
                isThere = try files.disk.open(path, mode: .readOnly).sizeBytes() > 0
            }
            out?.pointee = isThere ? 1 : 0
            return SQLITE_OK
        } catch {
            return SQLiteCode.accessFailed
        }
    }
}
