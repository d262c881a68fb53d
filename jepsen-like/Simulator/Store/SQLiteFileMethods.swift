import CSQLite
import Raft

/// SQLite's calls on an open file, as C functions.
///
/// Owns: the one table of them, made once and never changed, and the translation of errors to SQLite's codes. Must never:
/// decide anything; `SimulatedSQLiteFile` does.
enum SQLiteFileMethods {
    struct Table: @unchecked Sendable {
        // Sendable: initialised before anybody can see it, and constant from then on.
        let pointer: UnsafeMutablePointer<sqlite3_io_methods>
    }

    typealias Slot = UnsafeMutablePointer<sqlite3_file>?

    static let table: Table = {
        let pointer = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        var methods = sqlite3_io_methods()
        // Version 2 has shared memory and no mapped files (version 3): those would pass the disk by.
        methods.iVersion = 2
        setContentMethods(&methods)
        setLockMethods(&methods)
        pointer.initialize(to: methods)
        return Table(pointer: pointer)
    }()

    private static func setContentMethods(_ methods: inout sqlite3_io_methods) {
        methods.xClose = { slot in SQLiteFileMethods.close(slot) }
        methods.xRead = { slot, buffer, count, offset in
            guard let buffer else { return SQLiteCode.readFailed }
            return SQLiteFileMethods.with(slot, SQLiteCode.readFailed) { file throws(DiskError) in
                let read = try file.read(into: buffer, count: Int(count), atBytes: offset)
                return read == Int(count) ? SQLITE_OK : SQLiteCode.shortRead
            }
        }
        methods.xWrite = { slot, buffer, count, offset in
            let bytes = [UInt8](UnsafeRawBufferPointer(start: buffer, count: Int(count)))
            return SQLiteFileMethods.with(slot, SQLiteCode.writeFailed) { file throws(DiskError) in
                try file.write(bytes, atBytes: offset)
                return SQLITE_OK
            }
        }
        methods.xTruncate = { slot, bytes in
            SQLiteFileMethods.with(slot, SQLiteCode.truncateFailed) { file throws(DiskError) in
                try file.truncate(toBytes: bytes)
                return SQLITE_OK
            }
        }
        methods.xSync = { slot, _ in
            SQLiteFileMethods.with(slot, SQLiteCode.syncFailed) { file throws(DiskError) in
                try file.sync()
                return SQLITE_OK
            }
        }
        methods.xFileSize = { slot, out in
            SQLiteFileMethods.with(slot, SQLiteCode.sizeFailed) { file throws(DiskError) in
                out?.pointee = try file.sizeBytes()
                return SQLITE_OK
            }
        }
        methods.xFileControl = { _, _, _ in SQLITE_NOTFOUND }
        // What SQLite's own layer says on Linux: pages of 4096 bytes, and a torn write spares what it was not writing.
        methods.xSectorSize = { _ in 4096 }
        methods.xDeviceCharacteristics = { _ in SQLITE_IOCAP_POWERSAFE_OVERWRITE }
    }

    private static func setLockMethods(_ methods: inout sqlite3_io_methods) {
        methods.xLock = { slot, level in
            SQLiteFileMethods.withLiving(slot, SQLiteCode.lockFailed) { $0.lock(level) ? SQLITE_OK : SQLITE_BUSY }
        }
        methods.xUnlock = { slot, level in
            SQLiteFileMethods.file(slot)?.unlock(level)
            return SQLITE_OK
        }
        methods.xCheckReservedLock = { slot, out in
            SQLiteFileMethods.withLiving(slot, SQLiteCode.lockFailed) { file in
                out?.pointee = file.isReserved ? 1 : 0
                return SQLITE_OK
            }
        }
        methods.xShmMap = { slot, number, bytes, isWanted, out in
            SQLiteFileMethods.withLiving(slot, SQLiteCode.sharedMapFailed) { file in
                out?.pointee = file.sharedMemory(piece: Int(number), bytes: Int(bytes), isWanted: isWanted != 0)
                return SQLITE_OK
            }
        }
        methods.xShmLock = { slot, first, count, flags in
            let slots: UInt32 = ((1 << UInt32(count)) - 1) << UInt32(first)
            if flags & SQLITE_SHM_UNLOCK != 0 {
                SQLiteFileMethods.file(slot)?.unlockShared(slots)
                return SQLITE_OK
            }
            return SQLiteFileMethods.withLiving(slot, SQLiteCode.sharedLockFailed) { file in
                file.lockShared(slots, isExclusive: flags & SQLITE_SHM_EXCLUSIVE != 0) ? SQLITE_OK : SQLITE_BUSY
            }
        }
        // One thread: it always sees what it wrote.
        methods.xShmBarrier = { _ in }
        methods.xShmUnmap = { slot, _ in
            SQLiteFileMethods.file(slot)?.unmapSharedMemory()
            return SQLITE_OK
        }
    }

    // MARK: plumbing

    private static func file(_ slot: Slot) -> SimulatedSQLiteFile? {
        SimulatedSQLiteFile.reference(slot)?.takeUnretainedValue()
    }

    private static func close(_ slot: Slot) -> Int32 {
        guard let reference = SimulatedSQLiteFile.reference(slot) else { return SQLITE_OK }
        let file = reference.takeRetainedValue()
        slot?.pointee.pMethods = nil
        do throws(DiskError) {
            try file.close()
            return SQLITE_OK
        } catch {
            return SQLiteCode.of(error, otherwise: SQLiteCode.closeFailed)
        }
    }

    private static func with(
        _ slot: Slot, _ failure: Int32, _ body: (SimulatedSQLiteFile) throws(DiskError) -> Int32
    ) -> Int32 {
        guard let file = file(slot) else { return failure }
        do throws(DiskError) {
            return try body(file)
        } catch {
            return SQLiteCode.of(error, otherwise: failure)
        }
    }

    /// A dead process holds no locks and shares no memory, and SQLite must not think that it does.
    private static func withLiving(
        _ slot: Slot, _ failure: Int32, _ body: (SimulatedSQLiteFile) -> Int32
    ) -> Int32 {
        guard let file = file(slot), file.files.isAlive else { return failure }
        return body(file)
    }
}

/// SQLite's extended result codes for failed input and output (its header defines them by expressions, which Swift does
/// not import).
enum SQLiteCode {
    static let readFailed = failure(1)
    static let shortRead = failure(2)
    static let writeFailed = failure(3)
    static let syncFailed = failure(4)
    static let truncateFailed = failure(6)
    static let sizeFailed = failure(7)
    static let deleteFailed = failure(10)
    static let accessFailed = failure(13)
    static let lockFailed = failure(15)
    static let closeFailed = failure(16)
    static let sharedLockFailed = failure(20)
    static let sharedMapFailed = failure(21)
    static let deleteNoEntry = failure(23)

    private static func failure(_ number: Int32) -> Int32 { SQLITE_IOERR | number << 8 }

    /// A full disk has a code of its own.
    static func of(_ error: DiskError, otherwise code: Int32) -> Int32 {
        error.errorNumber == DiskFault.noSpace ? SQLITE_FULL : code
    }
}
