import Foundation
import Raft

/// The directory of one node: `log/` for consensus, with `members` (how it came to its cluster) in it, and `store/` for
/// the database.
///
/// Owns: its layout and the check that it belongs to this node and cluster. Must never: change what it finds, except the
/// addresses of founders while nothing is replicated yet.
struct DataDirectory {
    var storePath: String
    var logDisk: PosixDisk
    var identity: LogIdentity
    /// What `members` says; nil before `settle` for a directory that has none.
    private var recorded: Founding?

    struct Problem: Error, CustomStringConvertible {
        var description: String
    }

    static func open(_ configuration: ServeConfiguration) throws -> DataDirectory {
        let root = configuration.dataDirectory
        let disk = try PosixDisk(path: "\(root)/log")
        let identity = try LogIdentity.readOrFound(
            disk: disk, clusterID: configuration.clusterIDBytes, nodeID: NodeID(configuration.nodeID),
            random: { UInt64.random(in: .min ... .max) })
        var directory = DataDirectory(storePath: "\(root)/store", logDisk: disk, identity: identity)
        directory.recorded = try read(disk: disk, nodeID: configuration.nodeID)
        return directory
    }

    /// How the directory at `root` came to its cluster, without opening anything for writing.
    /// - Returns: nil when there is no such directory yet.
    static func founding(at root: String, nodeID: UInt64) throws -> Founding? {
        let path = "\(root)/log/\(Founding.fileName)"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw Problem(description: "cannot read \(path)")
        }
        return try Founding.decode([UInt8](bytes), path: path, nodeID: nodeID)
    }

    private static func read(disk: PosixDisk, nodeID: UInt64) throws -> Founding? {
        guard try disk.exists(Founding.fileName) else { return nil }
        let file = try disk.open(Founding.fileName, mode: .readOnly)
        defer { file.close() }
        // 64 members of 320 bytes fit in a third of it.
        let bytes = try file.read(atBytes: 0, count: 65_536)
        return try Founding.decode(bytes, path: "\(disk.path)/\(Founding.fileName)", nodeID: nodeID)
    }

    /// Brings together what the command line says, what the directory was founded with, and what is replicated.
    ///
    /// - Parameter replicated: the configuration that the state machine holds; nil while none was applied.
    /// - Returns: notes for the log.
    /// - Throws: `Problem` for a contradiction that is certain.
    mutating func settle(_ configuration: ServeConfiguration, replicated: Configuration?) throws -> [String] {
        let wanted = configuration.founding
        if replicated == nil, !wanted.isJoining, wanted.members.count > 1,
            let unreachable = wanted.members.first(where: { $0.address == nil })
        {
            throw Problem(
                description: "the address of node \(unreachable.id) is not known: name every founder by --peer")
        }
        guard let recorded else {
            try write(wanted)
            return []
        }
        guard configuration.peersWereNamed || recorded.clusterName.isEmpty else { return [] }
        let names = { (members: [Founding.Member]) in members.map { "\($0.id)" }.joined(separator: " ") }
        if let replicated {
            return try compare(wanted, replicated)
        }
        guard recorded.isJoining || wanted.members.map(\.id) == recorded.members.map(\.id) else {
            throw Problem(
                description:
                    "--data-dir \(configuration.dataDirectory) was founded by nodes \(names(recorded.members)), "
                    + "but --peer names nodes \(names(wanted.members)); --peer only founds a cluster. Start with the "
                    + "founders, then use mneme cluster add and mneme cluster remove")
        }
        // Nobody has agreed on the addresses yet: they may still be put right.
        if !recorded.isJoining, wanted != recorded { try write(wanted) }
        return []
    }

    /// What `--peer` says against what the cluster agreed on: who belongs to it is the cluster's to say.
    private func compare(_ wanted: Founding, _ replicated: Configuration) throws -> [String] {
        let strangers = wanted.members.filter { !replicated.isMember(NodeID($0.id)) }
        let isAlone = replicated.hasQuorum { $0 == identity.nodeID }
        // Alone it decides who is a member, so nobody can have added one that it has not heard of.
        if let stranger = strangers.first(where: { NodeID($0.id) > replicated.usedThrough }), isAlone {
            throw Problem(
                description: "--peer names node \(stranger.id), which never was a member of this cluster; --peer only "
                    + "founds a cluster. Start node \(stranger.id) with --join and this one without --peer")
        }
        var notes = strangers.map { "--peer names node \($0.id), which the cluster does not have as a member: ignored" }
        for member in replicated.members {
            guard let named = wanted.members.first(where: { $0.id == member.id.rawValue })?.address,
                "\(named)" != member.address
            else { continue }
            notes.append(
                "--peer says that node \(member.id.rawValue) is at \(named), the cluster knows it at "
                    + "\(member.address.isEmpty ? "no address" : member.address): this node dials the former")
        }
        return notes
    }

    private mutating func write(_ founding: Founding) throws {
        try Self.write(founding, disk: logDisk)
        recorded = founding
    }

    /// Whole or not at all: written beside, then renamed into place.
    static func write(_ founding: Founding, disk: PosixDisk) throws {
        let name = Founding.fileName
        let file = try disk.open("\(name).new", mode: .createIfMissing)
        try file.truncate(toBytes: 0)
        try file.write(founding.encoded(), atBytes: 0)
        try file.sync()
        file.close()
        try disk.rename("\(name).new", to: name)
        try disk.syncDirectory()
    }
}
