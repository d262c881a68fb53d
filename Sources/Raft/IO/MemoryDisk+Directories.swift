/// Directories inside a `MemoryDisk`, for programs beside the log: names with slashes, each directory synced on its own.
///
/// Owns: which name is on the platter when. Must never: let a name outlive the directory it is in.

extension MemoryDisk {
    /// What stands before the last slash; empty for the root, which always exists.
    static func directory(of name: String) -> Substring {
        guard let slash = name.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return name[..<slash]
    }

    /// Counts power cuts and killed processes: a program that remembers it knows whether it is still alive.
    public var bootNumber: Int { currentBoot }

    /// A directory that exists already is fine; the one it is in must exist.
    public func makeDirectory(_ name: String) throws(DiskError) {
        guard try !exists(name) else { return }
        try requireDirectory(of: name, .createDirectory)
        try perform(.createDirectory, name: name) { state in
            let inode = state.nextInode
            state.nextInode += 1
            state.inodes[inode] = MemoryInode(isDirectory: true)
            state.change(.link(name, inode))
        }
    }

    /// Names of the files (not of the directories) in `directory`, ascending, without the path to it.
    public func names(in directory: String) throws(DiskError) -> [String] {
        let prefixBytes = directory.isEmpty ? 0 : directory.utf8.count + 1
        return try perform(.list, name: directory) { state in
            state.names.filter { name, inode in
                Self.directory(of: name) == directory && state.inodes[inode]?.isDirectory == false
            }.keys.map { String($0.utf8.dropFirst(prefixBytes)) ?? $0 }.sorted()
        }
    }

    /// Names of the directories in `directory`, ascending, without the path to it.
    public func directories(in directory: String) throws(DiskError) -> [String] {
        let prefixBytes = directory.isEmpty ? 0 : directory.utf8.count + 1
        return try perform(.list, name: directory) { state in
            state.names.filter { name, inode in
                Self.directory(of: name) == directory && state.inodes[inode]?.isDirectory == true
            }.keys.map { String($0.utf8.dropFirst(prefixBytes)) ?? $0 }.sorted()
        }
    }

    /// fsync of one directory: what changed in it, and only there, is durable. Where a file moved out of it, its new
    /// name is durable too: a file system with a journal never writes only the second half.
    public func syncDirectory(_ directory: String) throws(DiskError) {
        try perform(.sync, name: directory, onPowerLoss: { _ in }) { state in
            var forced: Set<String> = []
            for case .unlinkMoved(let from, let to) in state.pendingChanges where Self.directory(of: from) == directory
            {
                forced.insert(to)
            }
            var left: [NameChange] = []
            for change in state.pendingChanges {
                var isDue = change.directory == directory
                if case .link(let name, _) = change, forced.contains(name) { isDue = true }
                if isDue { change.apply(to: &state.durableNames) } else { left.append(change) }
            }
            state.pendingChanges = left
            state.synced()
        }
    }

    /// The system's error for a name in a directory that does not exist.
    public func requireDirectory(of name: String, _ operation: DiskError.Operation) throws(DiskError) {
        let directory = String(Self.directory(of: name))
        guard !directory.isEmpty, try !exists(directory) else { return }
        throw missing(operation, directory)
    }
}

extension MemoryDisk.State {
    /// A name counts only while every directory on the way to it does.
    mutating func loseUnreachableNames() {
        var isLosing = true
        while isLosing {
            let lost = durableNames.keys.filter { name in
                let directory = MemoryDisk.directory(of: name)
                return !directory.isEmpty && durableNames[String(directory)] == nil
            }
            for name in lost { durableNames[name] = nil }
            isLosing = !lost.isEmpty
        }
    }
}
