/// The files of the operating system: what the store runs on.
///
/// Owns: the POSIX calls of this module. Must never: ignore a failed sync.
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

public struct PosixStoreFiles: StoreFiles {
    public init() {}

    public var sqliteFileSystem: String? { nil }
    public var isSingleThreaded: Bool { false }

    static func failure(_ doing: String, _ code: Int32 = errno) -> StoreError {
        StoreError(doing: doing, message: String(cString: strerror(code)))
    }

    /// For messages: bytes that the file system of `path` still has for this user.
    static func freeBytesText(_ path: String) -> String {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return "an unknown number of bytes" }
        return "\(UInt64(status.f_bavail) * UInt64(status.f_frsize)) bytes"
    }

    // MARK: directories

    public func makeDirectory(_ path: String) throws(StoreError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Self.failure("make directory \(path)") }
    }

    public func removeEmptyDirectory(_ path: String) throws(StoreError) {
        guard rmdir(path) == 0 || errno == ENOENT else { throw Self.failure("remove directory \(path)") }
    }

    public func names(in directory: String) throws(StoreError) -> [String] {
        guard let stream = opendir(directory) else { throw Self.failure("list \(directory)") }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
                    String(cString: $0)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    public func syncDirectory(_ path: String) throws(StoreError) {
        try sync(path.isEmpty ? "." : path, flags: O_RDONLY | O_DIRECTORY)
    }

    // MARK: files

    public func exists(_ path: String) throws(StoreError) -> Bool {
        if access(path, F_OK) == 0 { return true }
        // Anything but "there is none" says nothing about whether there is one.
        guard errno == ENOENT || errno == ENOTDIR else { throw Self.failure("look for \(path)") }
        return false
    }

    public func size(_ path: String) throws(StoreError) -> UInt64 {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Self.failure("look at \(path)") }
        return UInt64(max(0, status.st_size))
    }

    public func syncFile(_ path: String) throws(StoreError) {
        try sync(path, flags: O_RDONLY)
    }

    private func sync(_ path: String, flags: Int32) throws(StoreError) {
        let descriptor = open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open \(path) to sync it") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.failure("sync \(path)") }
    }

    public func move(_ from: String, to: String) throws(StoreError) {
        guard rename(from, to) == 0 else { throw Self.failure("rename \(from) to \(to)") }
    }

    public func remove(_ path: String) throws(StoreError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw Self.failure("remove \(path)") }
    }

    public func readPiece(_ path: String, atBytes offset: UInt64, count: Int) throws(StoreError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open \(path)") }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let step = bytes.withUnsafeMutableBytes { buffer -> Int in
                guard let base = buffer.baseAddress else { return 0 }
                return pread(descriptor, base + done, count - done, off_t(offset) + off_t(done))
            }
            if step < 0 && errno == EINTR { continue }
            guard step >= 0 else { throw Self.failure("read \(path)") }
            guard step > 0 else {
                throw StoreError(doing: "read \(path)", message: "it ends before byte \(offset + UInt64(count))")
            }
            done += step
        }
        return bytes
    }

    public func writePiece(_ path: String, atBytes offset: UInt64, _ bytes: [UInt8]) throws(StoreError) {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (offset == 0 ? O_TRUNC : 0)
        let descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw Self.failure("create \(path)") }
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let step = bytes.withUnsafeBytes { buffer -> Int in
                guard let base = buffer.baseAddress else { return 0 }
                return pwrite(descriptor, base + done, bytes.count - done, off_t(offset) + off_t(done))
            }
            if step < 0 && errno == EINTR { continue }
            guard step > 0 else { throw Self.failure("write \(path)") }
            done += step
        }
    }
}
