import Raft

/// The directory of one node: `log/` for consensus, with `members` (who belongs to the group) in it, and `store/` for the
/// database.
///
/// Owns: its layout and the check that it belongs to this node, cluster and membership. Must never: change what it finds.
struct DataDirectory {
    var storePath: String
    var logDisk: PosixDisk
    var identity: LogIdentity

    struct Problem: Error, CustomStringConvertible {
        var description: String
    }

    static func open(_ configuration: ServeConfiguration) throws -> DataDirectory {
        let root = configuration.dataDirectory
        let disk = try PosixDisk(path: "\(root)/log")
        let identity = LogIdentity(
            clusterID: configuration.clusterIDBytes, nodeID: NodeID(configuration.nodeID), incarnation: 1)
        try checkMembers(configuration, disk: disk)
        return DataDirectory(storePath: "\(root)/store", logDisk: disk, identity: identity)
    }

    /// Membership is fixed in this version: a directory that was started with other members is refused, because two
    /// views of who votes can elect two leaders.
    private static func checkMembers(_ configuration: ServeConfiguration, disk: PosixDisk) throws {
        let name = "members"
        let wanted = configuration.members.map { "\($0.id)" }.joined(separator: " ") + "\n"
        guard try disk.exists(name) else {
            let file = try disk.open("\(name).new", mode: .createIfMissing)
            try file.truncate(toBytes: 0)
            try file.write(Array(wanted.utf8), atBytes: 0)
            try file.sync()
            file.close()
            try disk.rename("\(name).new", to: name)
            try disk.syncDirectory()
            return
        }
        let file = try disk.open(name, mode: .readOnly)
        defer { file.close() }
        let found = String(decoding: try file.read(atBytes: 0, count: 4_096), as: UTF8.self)
        guard found == wanted else {
            throw Problem(
                description: "--data-dir \(configuration.dataDirectory) belongs to a group of nodes "
                    + "\(found.split(separator: "\n").joined()), but --peer names nodes "
                    + "\(wanted.split(separator: "\n").joined()); membership is fixed in this version")
        }
    }
}
