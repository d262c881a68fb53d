/// Files and directories whose changes must survive power loss: write, sync, rename, sync the directory.
///
/// Owns: the POSIX calls of this module. Must never: ignore a failed sync.
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

enum DurableFile {
    static func failure(_ doing: String, _ code: Int32 = errno) -> StoreError {
        StoreError(doing: doing, message: String(cString: strerror(code)))
    }

    static func makeDirectory(_ path: String) throws(StoreError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("make directory \(path)") }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func size(_ path: String) throws(StoreError) -> UInt64 {
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure("look at \(path)") }
        return UInt64(max(0, status.st_size))
    }

    /// For messages: bytes that the file system of `path` still has for this user.
    static func freeBytesText(_ path: String) -> String {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return "an unknown number of bytes" }
        return "\(UInt64(status.f_bavail) * UInt64(status.f_frsize)) bytes"
    }

    static func syncDirectory(_ path: String) throws(StoreError) {
        try sync(path, flags: O_RDONLY | O_DIRECTORY)
    }

    static func syncFile(_ path: String) throws(StoreError) {
        try sync(path, flags: O_RDONLY)
    }

    private static func sync(_ path: String, flags: Int32) throws(StoreError) {
        let descriptor = open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open \(path) to sync it") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync \(path)") }
    }

    /// Both names in directories that the caller syncs.
    static func move(_ from: String, to: String) throws(StoreError) {
        guard rename(from, to) == 0 else { throw failure("rename \(from) to \(to)") }
    }

    /// After return the file at `path` holds exactly `bytes`, also after power loss; before, what it held.
    static func replace(_ path: String, with bytes: [UInt8], directory: String) throws(StoreError) {
        let temporary = path + ".tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("create \(temporary)") }
        do {
            defer { close(descriptor) }
            var written = 0
            while written < bytes.count {
                let count = bytes.withUnsafeBytes { buffer -> Int in
                    guard let base = buffer.baseAddress else { return 0 }
                    return write(descriptor, base + written, bytes.count - written)
                }
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw failure("write \(temporary)") }
                written += count
            }
            guard fsync(descriptor) == 0 else { throw failure("sync \(temporary)") }
        }
        try move(temporary, to: path)
        try syncDirectory(directory)
    }

    static func read(_ path: String, bytesMax: Int) throws(StoreError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open \(path)") }
        defer { close(descriptor) }
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(bytesMax + 1, 1 << 16))
        while true {
            let count = chunk.withUnsafeMutableBytes { sysRead(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("read \(path)") }
            if count == 0 { return result }
            result.append(contentsOf: chunk[0..<count])
            guard result.count <= bytesMax else {
                throw StoreError(doing: "read \(path)", message: "longer than \(bytesMax) bytes")
            }
        }
    }

    /// SHA-256 of a whole file, read in pieces.
    static func digest(_ path: String) throws(StoreError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open \(path)") }
        defer { close(descriptor) }
        let hash = try SHA256()
        try hash.begin()
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = chunk.withUnsafeMutableBytes { sysRead(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("read \(path)") }
            if count == 0 { return try hash.finish() }
            try hash.add(Array(chunk[0..<count]))
        }
    }

    /// Names in a directory, sorted bytewise, without `.` and `..`.
    static func names(in directory: String) throws(StoreError) -> [String] {
        guard let stream = opendir(directory) else { throw failure("list \(directory)") }
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

    /// Removes a file; one that is not there is fine.
    static func remove(_ path: String) throws(StoreError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("remove \(path)") }
    }

    /// Removes a directory that holds only files.
    static func removeDirectory(_ path: String) throws(StoreError) {
        guard exists(path) else { return }
        for name in try names(in: path) { try remove(path + "/" + name) }
        guard rmdir(path) == 0 || errno == ENOENT else { throw failure("remove directory \(path)") }
    }
}

private func sysRead(_ descriptor: Int32, _ base: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    guard let base else { return 0 }
    return read(descriptor, base, count)
}
