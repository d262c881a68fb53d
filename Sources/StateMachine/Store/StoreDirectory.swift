/// The directory of a store: `CURRENT` names the generation, a directory that holds the database files. A generation is
/// only ever replaced as a whole, by renaming a new `CURRENT` into place.
///
/// Owns: names, the switch, and what is left over after a crash. Must never: remove the generation that `CURRENT` names,
/// or guess one when `CURRENT` is missing.

struct StoreDirectory: Sendable {
    let path: String

    private static let currentName = "CURRENT"
    private static let generationPrefix = "generation-"
    private static let incomingPrefix = "incoming-"
    private static let outgoingPrefix = "outgoing-"
    static let databaseName = "state.db"

    init(path: String) throws(StoreError) {
        self.path = path
        try DurableFile.makeDirectory(path)
    }

    private var currentPath: String { path + "/" + StoreDirectory.currentName }

    func generationPath(_ number: UInt64) -> String { path + "/" + StoreDirectory.generationPrefix + String(number) }

    func databasePath(_ number: UInt64) -> String { generationPath(number) + "/" + StoreDirectory.databaseName }

    func incomingPath(_ identifier: UInt64) -> String {
        path + "/" + StoreDirectory.incomingPrefix + String(identifier)
    }

    func outgoingPath(index: UInt64, attempt: UInt64) -> String {
        path + "/" + StoreDirectory.outgoingPrefix + "\(index)-\(attempt)"
    }

    /// The generation in use; nil for a directory that never had one.
    func current() throws(StoreError) -> UInt64? {
        guard DurableFile.exists(currentPath) else { return nil }
        let text = String(decoding: try DurableFile.read(currentPath, bytesMax: 64), as: UTF8.self)
        guard text.hasSuffix("\n"), let number = UInt64(text.dropLast()) else {
            throw StoreError(doing: "read \(currentPath)", message: "does not hold a generation number")
        }
        guard DurableFile.exists(databasePath(number)) else {
            throw StoreError(
                doing: "read \(currentPath)", message: "names \(databasePath(number)), which does not exist")
        }
        return number
    }

    /// The commit point of an install: before it the old generation counts, after it the new one.
    func setCurrent(_ number: UInt64) throws(StoreError) {
        try DurableFile.replace(currentPath, with: Array("\(number)\n".utf8), directory: path)
    }

    func generations() throws(StoreError) -> [UInt64] {
        try DurableFile.names(in: path).compactMap { name in
            guard name.hasPrefix(StoreDirectory.generationPrefix) else { return nil }
            return UInt64(name.dropFirst(StoreDirectory.generationPrefix.count))
        }
    }

    /// A directory for the next generation, empty. Leftovers of a crashed attempt under its number are removed.
    func makeGeneration(_ number: UInt64) throws(StoreError) {
        try DurableFile.removeDirectory(generationPath(number))
        try DurableFile.makeDirectory(generationPath(number))
        try DurableFile.syncDirectory(path)
    }

    /// Removes what crashes left behind: other generations, half-received and half-made snapshots.
    func removeLeftovers(keeping current: UInt64) throws(StoreError) {
        for number in try generations() where number != current {
            try DurableFile.removeDirectory(generationPath(number))
        }
        for name in try DurableFile.names(in: path)
        where name.hasPrefix(StoreDirectory.incomingPrefix) || name.hasPrefix(StoreDirectory.outgoingPrefix)
            || name == StoreDirectory.currentName + ".tmp"
        {
            try DurableFile.remove(path + "/" + name)
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
        try DurableFile.removeDirectory(generationPath(number))
    }
}
