/// The disk as the log and the snapshot store see it: one flat directory of files, with errors that name what failed.
///
/// Owns: the protocols. `PosixDisk` is the real one, `MemoryDisk` the twin that can crash, tear, fail and fill up.
/// Must never: retry, hide or reinterpret an error; after a failed sync the caller stops the process (fsyncgate).

public struct DiskError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Operation: String, Sendable {
        case open, read, write, sync, allocate, truncate, rename, remove, list, size, lock, createDirectory
    }
    public var operation: Operation
    /// Path or name of the file or directory.
    public var path: String
    /// Byte offset, where the operation has one.
    public var offsetBytes: UInt64?
    /// The system's error number (0 when the failure has none, such as a short read).
    public var errorNumber: Int32
    public var message: String

    public init(_ operation: Operation, path: String, offsetBytes: UInt64? = nil, errorNumber: Int32, message: String) {
        self.operation = operation
        self.path = path
        self.offsetBytes = offsetBytes
        self.errorNumber = errorNumber
        self.message = message
    }
    public var description: String {
        let place = offsetBytes.map { " at byte \($0)" } ?? ""
        return "cannot \(operation.rawValue) \(path)\(place): \(message)"
    }
}

/// An open file. Used by one lane at a time, except `read`, which may run beside everything else.
public protocol DiskFile: AnyObject, Sendable {
    var name: String { get }
    /// Reads up to `count` bytes; fewer only at the end of the file.
    func read(atBytes offset: UInt64, count: Int) throws(DiskError) -> [UInt8]
    /// Writes all of `bytes` or throws.
    func write(_ bytes: [UInt8], atBytes offset: UInt64) throws(DiskError)
    /// fdatasync: returns only when everything written before is on the device.
    func sync() throws(DiskError)
    /// Makes the file at least this long, with real, zero-filled blocks.
    func allocate(bytes: UInt64) throws(DiskError)
    func truncate(toBytes: UInt64) throws(DiskError)
    func sizeBytes() throws(DiskError) -> UInt64
    func close()
}

public enum DiskOpenMode: Sendable {
    /// The file must exist.
    case existing
    /// The file must not exist.
    case createNew
    /// Created when missing.
    case createIfMissing
    /// The file must exist; writing is an error.
    case readOnly
}

/// One directory.
public protocol Disk: AnyObject, Sendable {
    /// For messages only.
    var path: String { get }
    /// Names of the files in it, ascending.
    func list() throws(DiskError) -> [String]
    func open(_ name: String, mode: DiskOpenMode) throws(DiskError) -> any DiskFile
    func exists(_ name: String) throws(DiskError) -> Bool
    func rename(_ from: String, to: String) throws(DiskError)
    func remove(_ name: String) throws(DiskError)
    /// fsync of the directory: creations, renames and removals before it are durable.
    func syncDirectory() throws(DiskError)
    /// Bytes that may still be written, as far as the file system tells.
    func freeBytes() throws(DiskError) -> UInt64
}
