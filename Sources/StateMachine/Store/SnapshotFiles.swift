/// Pieces of snapshot files, for the transfer between nodes.
///
/// Owns: reading what `prepareSnapshot` made and storing what arrives. Must never: touch a file outside the names that
/// the store's directory hands out for snapshots. Safe beside apply: nothing here uses a connection.
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension MemoryStore {
    /// Exactly `count` bytes of a snapshot made here.
    public func readSnapshot(path: String, atBytes offset: UInt64, count: Int) throws(StoreError) -> [UInt8] {
        try DurableFile.readPiece(path, atBytes: offset, count: count)
    }

    /// Stores a piece of an incoming snapshot; offset 0 starts the file anew. Not synced: `install` does that.
    public func writeIncoming(identifier: UInt64, atBytes offset: UInt64, bytes: [UInt8]) throws(StoreError) {
        try DurableFile.writePiece(incomingSnapshotPath(identifier: identifier), atBytes: offset, bytes)
    }
}

extension DurableFile {
    fileprivate static func readPiece(
        _ path: String, atBytes offset: UInt64, count: Int
    ) throws(StoreError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open \(path)") }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let step = bytes.withUnsafeMutableBytes { buffer -> Int in
                guard let base = buffer.baseAddress else { return 0 }
                return pread(descriptor, base + done, count - done, off_t(offset) + off_t(done))
            }
            if step < 0 && errno == EINTR { continue }
            guard step >= 0 else { throw failure("read \(path)") }
            guard step > 0 else {
                throw StoreError(doing: "read \(path)", message: "it ends before byte \(offset + UInt64(count))")
            }
            done += step
        }
        return bytes
    }

    fileprivate static func writePiece(
        _ path: String, atBytes offset: UInt64, _ bytes: [UInt8]
    ) throws(StoreError) {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (offset == 0 ? O_TRUNC : 0)
        let descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw failure("create \(path)") }
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let step = bytes.withUnsafeBytes { buffer -> Int in
                guard let base = buffer.baseAddress else { return 0 }
                return pwrite(descriptor, base + done, bytes.count - done, off_t(offset) + off_t(done))
            }
            if step < 0 && errno == EINTR { continue }
            guard step > 0 else { throw failure("write \(path)") }
            done += step
        }
    }
}
