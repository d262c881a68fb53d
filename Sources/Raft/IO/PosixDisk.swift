/// A real directory behind the `Disk` protocol.
///
/// Owns: the directory's descriptor and, unless opened only to look, the lock that keeps a second process out.
/// Must never: touch anything outside its directory, retry, or hide an error.

import Glibc

public final class PosixDisk: Disk {
    public let path: String
    private let directory: Int32
    /// Holds the `flock`; -1 when opened without one.
    private let lockDescriptor: Int32

    /// Name of the lock file. Not part of `list()`.
    public static let lockName = "lock"

    public enum Access: Sendable {
        /// Creates the directory when missing and locks it against every other process.
        case exclusive
        /// The directory must exist; no lock is taken and nothing may be written. For inspection.
        case inspect
    }

    /// - Parameters:
    ///   - path: the directory; missing parents are created for `.exclusive`.
    /// - Throws: `DiskError` naming the path; `.lock` when another process has the directory open.
    public init(path: String, access: Access = .exclusive) throws(DiskError) {
        self.path = path
        if access == .exclusive { try Self.createDirectories(path) }
        let directory = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw posixError(.open, path: path) }
        self.directory = directory
        do throws(DiskError) {
            self.lockDescriptor = access == .exclusive ? try Self.lock(directory, path: path) : -1
        } catch {
            _ = Glibc.close(directory)
            throw error
        }
    }

    deinit {
        if lockDescriptor >= 0 { _ = Glibc.close(lockDescriptor) }
        _ = Glibc.close(directory)
    }

    private static func lock(_ directory: Int32, path: String) throws(DiskError) -> Int32 {
        let file = "\(path)/\(lockName)"
        let descriptor = openat(directory, lockName, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw posixError(.lock, path: file) }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            let number = errno
            _ = Glibc.close(descriptor)
            guard number == EWOULDBLOCK else { throw posixError(.lock, path: file, number: number) }
            throw DiskError(
                .lock, path: file, errorNumber: number, message: "another process is using the directory \(path)")
        }
        return descriptor
    }

    /// Creates `path` and its missing parents, each made durable in the directory that holds it.
    private static func createDirectories(_ path: String) throws(DiskError) {
        var missing: [String] = []
        var current = path
        var information = stat()
        while !current.isEmpty, stat(current, &information) != 0 {
            guard errno == ENOENT else { throw posixError(.createDirectory, path: current) }
            missing.append(current)
            current = parent(of: current)
        }
        for directory in missing.reversed() {
            if mkdir(directory, 0o750) != 0, errno != EEXIST { throw posixError(.createDirectory, path: directory) }
            let above = parent(of: directory)
            let descriptor = Glibc.open(above.isEmpty ? "." : above, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { throw posixError(.open, path: above) }
            let failed = fsync(descriptor) != 0
            let number = errno
            _ = Glibc.close(descriptor)
            if failed { throw posixError(.sync, path: above, number: number) }
        }
    }

    /// The directory part of a path; empty for a bare name.
    private static func parent(of path: String) -> String {
        var characters = Array(path.utf8)
        while characters.count > 1, characters.last == UInt8(ascii: "/") { characters.removeLast() }
        while let last = characters.last, last != UInt8(ascii: "/") { characters.removeLast() }
        while characters.count > 1, characters.last == UInt8(ascii: "/") { characters.removeLast() }
        return String(decoding: characters, as: UTF8.self)
    }

    public func list() throws(DiskError) -> [String] {
        // A stream of its own: reading moves the position of the descriptor behind it.
        let copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw posixError(.list, path: path) }
        guard let stream = fdopendir(copy) else {
            let number = errno
            _ = Glibc.close(copy)
            throw posixError(.list, path: path, number: number)
        }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let item = readdir(stream) {
            let isDirectory = item.pointee.d_type == UInt8(DT_DIR)
            let name = withUnsafeBytes(of: &item.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !isDirectory, name != Self.lockName { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw posixError(.list, path: path) }
        return names.sorted()
    }

    public func open(_ name: String, mode: DiskOpenMode) throws(DiskError) -> any DiskFile {
        let flags: Int32 =
            switch mode {
            case .existing: O_RDWR
            case .createNew: O_RDWR | O_CREAT | O_EXCL
            case .createIfMissing: O_RDWR | O_CREAT
            case .readOnly: O_RDONLY
            }
        var descriptor = openat(directory, name, flags | O_CLOEXEC, 0o640)
        while descriptor < 0, errno == EINTR { descriptor = openat(directory, name, flags | O_CLOEXEC, 0o640) }
        guard descriptor >= 0 else { throw posixError(.open, path: file(name)) }
        return PosixFile(name: name, path: file(name), descriptor: descriptor)
    }

    public func exists(_ name: String) throws(DiskError) -> Bool {
        if faccessat(directory, name, F_OK, 0) == 0 { return true }
        guard errno == ENOENT else { throw posixError(.open, path: file(name)) }
        return false
    }

    public func rename(_ from: String, to: String) throws(DiskError) {
        guard renameat(directory, from, directory, to) == 0 else { throw posixError(.rename, path: file(from)) }
    }

    public func remove(_ name: String) throws(DiskError) {
        guard unlinkat(directory, name, 0) == 0 else { throw posixError(.remove, path: file(name)) }
    }

    public func syncDirectory() throws(DiskError) {
        while fsync(directory) != 0 {
            if errno == EINTR { continue }
            throw posixError(.sync, path: path)
        }
    }

    public func freeBytes() throws(DiskError) -> UInt64 {
        var information = statvfs()
        guard fstatvfs(directory, &information) == 0 else { throw posixError(.size, path: path) }
        return UInt64(information.f_bavail) * UInt64(information.f_frsize)
    }

    private func file(_ name: String) -> String { "\(path)/\(name)" }
}
