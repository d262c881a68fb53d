/// The directory of a store: `CURRENT` names the generation, a directory that holds the database files. A generation is
/// only ever replaced as a whole, by renaming a new `CURRENT` into place.
///
/// Owns: names, the switch, and what is left over after a crash. Must never: remove the generation that `CURRENT` names,
/// or guess one when `CURRENT` is missing.

struct StoreDirectory: Sendable {
    let path: String
    let files: any StoreFiles

    private static let currentName = "CURRENT"
    private static let generationPrefix = "generation-"
    private static let incomingPrefix = "incoming-"
    private static let outgoingPrefix = "outgoing-"
    static let databaseName = "state.db"

    init(path: String, files: any StoreFiles) throws(StoreError) {
        self.path = path
        self.files = files
        try files.makeDirectory(path)
        // A directory whose name is not on the disk goes with a power cut, and everything synced in it goes too.
        try files.syncDirectory(StoreDirectory.parent(of: path))
    }

    /// Empty for the directory that relative paths begin in.
    static func parent(of path: String) -> String {
        var bytes = Array(path.utf8)
        while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return slash == 0 ? "/" : String(decoding: bytes[..<slash], as: UTF8.self)
    }

    private var currentPath: String { path + "/" + StoreDirectory.currentName }

    func generationPath(_ number: UInt64) -> String { path + "/" + StoreDirectory.generationPrefix + String(number) }

    func databasePath(_ number: UInt64) -> String { generationPath(number) + "/" + StoreDirectory.databaseName }

    func incomingName(_ identifier: UInt64) -> String { StoreDirectory.incomingPrefix + String(identifier) }
    func incomingPath(_ identifier: UInt64) -> String { path + "/" + incomingName(identifier) }
    func isIncomingName(_ name: String) -> Bool { name.hasPrefix(StoreDirectory.incomingPrefix) }
    var incomingStateSuffix: String { ".state" }

    /// The snapshot that a state file of this name is about.
    func incomingIdentifier(ofStateFile name: String) -> UInt64? {
        guard isIncomingName(name), name.hasSuffix(incomingStateSuffix) else { return nil }
        return UInt64(name.dropFirst(StoreDirectory.incomingPrefix.count).dropLast(incomingStateSuffix.count))
    }

    func outgoingPath(index: UInt64, attempt: UInt64) -> String {
        path + "/" + StoreDirectory.outgoingPrefix + "\(index)-\(attempt)"
    }

    /// The generation in use; nil for a directory that never had one.
    func current() throws(StoreError) -> UInt64? {
        guard try files.exists(currentPath) else { return nil }
        let what = "a generation number"
        let text = try CheckedLine.decode(try files.read(currentPath, bytesMax: 64), path: currentPath, what: what)
        guard let number = UInt64(text) else {
            throw StoreError(doing: "read \(currentPath)", message: "does not hold \(what)")
        }
        guard try files.exists(databasePath(number)) else {
            throw StoreError(
                doing: "read \(currentPath)", message: "names \(databasePath(number)), which does not exist")
        }
        return number
    }

    /// The commit point of an install: before it the old generation counts, after it the new one.
    func setCurrent(_ number: UInt64) throws(StoreError) {
        try files.replace(currentPath, with: CheckedLine.encode("\(number)"), directory: path)
    }

    func generations() throws(StoreError) -> [UInt64] {
        try files.names(in: path).compactMap { name in
            guard name.hasPrefix(StoreDirectory.generationPrefix) else { return nil }
            return UInt64(name.dropFirst(StoreDirectory.generationPrefix.count))
        }
    }

    /// A directory for the next generation, empty. Leftovers of a crashed attempt under its number are removed.
    func makeGeneration(_ number: UInt64) throws(StoreError) {
        try files.removeDirectory(generationPath(number))
        try files.makeDirectory(generationPath(number))
        try files.syncDirectory(path)
    }

    /// Removes what crashes left behind: other generations and half-made snapshots. What came in is another matter
    /// (`removeStaleIncoming`).
    func removeLeftovers(keeping current: UInt64) throws(StoreError) {
        for number in try generations() where number != current {
            try files.removeDirectory(generationPath(number))
        }
        for name in try files.names(in: path)
        where name.hasPrefix(StoreDirectory.outgoingPrefix) || name == StoreDirectory.currentName + ".tmp" {
            try files.remove(path + "/" + name)
        }
    }

    /// Whether `path` is a file that this directory hands out for snapshots.
    func isSnapshotPath(_ candidate: String) -> Bool {
        candidate.hasPrefix(path + "/" + StoreDirectory.incomingPrefix)
            || candidate.hasPrefix(path + "/" + StoreDirectory.outgoingPrefix)
    }
}

/// A generation in use. Its files go when it was replaced and the last connection to it is closed.
final class Generation: @unchecked Sendable {
    // Sendable: `number` and `directory` never change; `isReplaced` is written once, by the apply lane, before it drops
    // its reference, and read in deinit, which runs after every reference was dropped.
    let number: UInt64
    let directory: StoreDirectory
    private var isReplaced = false

    init(number: UInt64, directory: StoreDirectory) {
        self.number = number
        self.directory = directory
    }

    var databasePath: String { directory.databasePath(number) }

    func markReplaced() { isReplaced = true }

    deinit {
        guard isReplaced else { return }
        do {
            try directory.removeGeneration(number)
        } catch {
            // Only disk space: the next open removes it.
        }
    }
}

extension StoreDirectory {
    fileprivate func removeGeneration(_ number: UInt64) throws(StoreError) {
        try files.removeDirectory(generationPath(number))
    }
}
