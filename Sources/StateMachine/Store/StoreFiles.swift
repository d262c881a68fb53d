/// The file system as the store sees it, beside what SQLite does through its own layer.
///
/// Owns: the protocol, and the few compositions whose order of steps is what makes them durable. Must never: be given to
/// a store together with an SQLite file system that reaches other files.

public protocol StoreFiles: Sendable {
    /// The name under which the SQLite file system (VFS) that reaches these files is registered; nil for SQLite's own.
    var sqliteFileSystem: String? { get }
    /// Whether all work must happen on the calling thread, as on simulated files whose every operation has its place.
    var isSingleThreaded: Bool { get }

    /// A directory that is there already is fine.
    func makeDirectory(_ path: String) throws(StoreError)
    /// The directory must be empty; one that is not there is fine.
    func removeEmptyDirectory(_ path: String) throws(StoreError)
    /// Names in a directory, sorted bytewise, without `.` and `..`.
    func names(in directory: String) throws(StoreError) -> [String]
    /// Makes creations, renames and removals in the directory durable. An empty path is where relative paths begin.
    func syncDirectory(_ path: String) throws(StoreError)

    func exists(_ path: String) throws(StoreError) -> Bool
    func size(_ path: String) throws(StoreError) -> UInt64
    /// Makes the content of the file durable, whoever wrote it.
    func syncFile(_ path: String) throws(StoreError)
    /// Both names in directories that the caller syncs. Replaces `to` in one step.
    func move(_ from: String, to: String) throws(StoreError)
    /// A file that is not there is fine.
    func remove(_ path: String) throws(StoreError)
    /// Exactly `count` bytes.
    func readPiece(_ path: String, atBytes offset: UInt64, count: Int) throws(StoreError) -> [UInt8]
    /// Offset 0 starts the file anew. Not synced.
    func writePiece(_ path: String, atBytes offset: UInt64, _ bytes: [UInt8]) throws(StoreError)
}

extension StoreFiles {
    /// After return the file at `path` holds exactly `bytes`, also after power loss; before, what it held.
    func replace(_ path: String, with bytes: [UInt8], directory: String) throws(StoreError) {
        let temporary = path + ".tmp"
        try writePiece(temporary, atBytes: 0, bytes)
        try syncFile(temporary)
        try move(temporary, to: path)
        try syncDirectory(directory)
    }

    func read(_ path: String, bytesMax: Int) throws(StoreError) -> [UInt8] {
        let size = try size(path)
        guard size <= UInt64(bytesMax) else {
            throw StoreError(doing: "read \(path)", message: "longer than \(bytesMax) bytes")
        }
        return try readPiece(path, atBytes: 0, count: Int(size))
    }

    /// SHA-256 of a whole file, read in pieces.
    func digest(_ path: String) throws(StoreError) -> [UInt8] {
        let hash = try SHA256()
        try hash.begin()
        let size = try size(path)
        var offset: UInt64 = 0
        while offset < size {
            let count = min(size - offset, 1 << 18)
            try hash.add(try readPiece(path, atBytes: offset, count: Int(count)))
            offset += count
        }
        return try hash.finish()
    }

    /// Removes a directory that holds only files.
    func removeDirectory(_ path: String) throws(StoreError) {
        guard try exists(path) else { return }
        for name in try names(in: path) { try remove(path + "/" + name) }
        try removeEmptyDirectory(path)
    }
}
