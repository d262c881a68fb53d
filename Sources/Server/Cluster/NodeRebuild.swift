import Raft

/// Puts a damaged data directory aside and founds an empty one for a node that the cluster took in as its replacement.
///
/// Owns: the order: set aside, found, write down how it came to the cluster. Must never: delete what was there.
public enum NodeRebuild {
    public struct Outcome: Hashable, Sendable {
        /// Where the old directory is now; nil when an earlier call had put it aside already.
        public var setAside: String?
        public var nodeID: UInt64
    }

    /// Cut short anywhere and called again with the same founding, it ends the same.
    /// - Parameter configuration: of a node that joins, with the id that the cluster gave it.
    /// - Throws: naming file and reason; before anything was changed when the directory is another cluster's.
    public static func run(_ configuration: ServeConfiguration) throws -> Outcome {
        let outcome = try DirectoryRebuild.run(
            dataDirectory: configuration.dataDirectory, clusterID: configuration.clusterIDBytes,
            nodeID: NodeID(configuration.nodeID), logOptions: configuration.logOptions,
            random: { UInt64.random(in: .min ... .max) })
        let disk = try PosixDisk(path: "\(configuration.dataDirectory)/log")
        try DataDirectory.write(configuration.founding, disk: disk)
        return Outcome(setAside: outcome.setAside, nodeID: configuration.nodeID)
    }
}
