/// Puts a whole data directory aside under another name, for a node that is to begin anew.
///
/// Owns: the rename. Must never: delete or change anything in the directory: it may hold the last copy of something.

import Glibc

public enum DirectorySetAside {
    /// More of them in one place is a matter for a person.
    static let numberMax = 999

    /// Renames `path` to `path.damaged-N`, N being the first number that is free, durably.
    ///
    /// - Parameters:
    ///   - path: the data directory of a node that does not run.
    ///   - lockedIn: the directory in it that a running node locks.
    /// - Returns: the new path; nil when there is no directory at `path`.
    /// - Throws: `DiskError`, `.lock` when a process uses the directory. Nothing was changed then.
    public static func run(_ path: String, lockedIn: String = "log") throws(DiskError) -> String? {
        let path = trimmed(path)
        guard exists(path) else { return nil }
        // Held until the rename is done: nobody may start on a directory that is being carried away.
        let lock: PosixDisk? = exists("\(path)/\(lockedIn)") ? try PosixDisk(path: "\(path)/\(lockedIn)") : nil
        defer { withExtendedLifetime(lock) {} }
        for number in 1...numberMax {
            let target = "\(path).damaged-\(number)"
            guard !exists(target) else { continue }
            guard rename(path, target) == 0 else { throw posixError(.rename, path: path) }
            try syncParent(of: path)
            return target
        }
        throw DiskError(
            .rename, path: path, errorNumber: EEXIST,
            message: "\(path).damaged-1 to \(path).damaged-\(numberMax) exist already; move some of them away")
    }

    /// Whatever is there counts, also a link that leads nowhere.
    private static func exists(_ path: String) -> Bool {
        var information = stat()
        return lstat(path, &information) == 0
    }

    private static func trimmed(_ path: String) -> String {
        var bytes = Array(path.utf8)
        while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func syncParent(of path: String) throws(DiskError) {
        let bytes = Array(path.utf8)
        let slash = bytes.lastIndex(of: UInt8(ascii: "/"))
        let parent = slash.map { $0 == 0 ? "/" : String(decoding: bytes[..<$0], as: UTF8.self) } ?? "."
        let descriptor = Glibc.open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw posixError(.open, path: parent) }
        defer { _ = Glibc.close(descriptor) }
        while fsync(descriptor) != 0 {
            if errno == EINTR { continue }
            throw posixError(.sync, path: parent)
        }
    }
}
