/// Gives a node whose data is damaged a fresh start: the old directory is put aside, an empty one is founded under a new
/// id and with an incarnation of its own. It then joins as a learner that replaces the old id, and gets everything from
/// its peers; the old id, whose votes may be lost, never comes back (catalogue bug 9).
///
/// Owns: the order of the steps. Must never: reuse an id, or delete what was there.

public enum DirectoryRebuild {
    public struct Outcome: Hashable, Sendable {
        /// Where the old directory is now; nil when there was none (any more).
        public var setAside: String?
        /// Whose it was; nil when its `meta` is missing or damaged too.
        public var old: LogIdentity?
        public var new: LogIdentity
    }

    /// Cut short anywhere and called again, it ends the same.
    ///
    /// - Parameters:
    ///   - dataDirectory: holds `log/` and `store/`. No process may be using it.
    ///   - clusterID: 16 bytes.
    ///   - nodeID: the new id; never the old one, nor any other that was used in this cluster.
    ///   - random: for the incarnation, see `LogIdentity.readOrFound`.
    /// - Throws: `.invalidRequest` or `.identityMismatch` before anything was changed, `.disk` for the rest.
    public static func run(
        dataDirectory: String, clusterID: [UInt8], nodeID: NodeID, logOptions: LogOptions = LogOptions(),
        random: () -> UInt64
    ) throws(LogError) -> Outcome {
        try logOptions.validate()
        let logPath = "\(dataDirectory)/log"
        let old = identity(at: logPath)
        if let old {
            guard old.clusterID == clusterID else {
                let expected = LogIdentity(clusterID: clusterID, nodeID: nodeID, incarnation: old.incarnation)
                throw .identityMismatch(path: logPath, file: MetaFile.name, expected: expected, found: old)
            }
            if old.nodeID == nodeID {
                guard try isUnused(logPath) else {
                    throw .invalidRequest(
                        reason: "\(dataDirectory) is the directory of node \(nodeID.rawValue) already, and an id is "
                            + "used only once: choose an id that no node of the cluster ever had")
                }
                // An earlier call came this far.
                return Outcome(setAside: nil, old: nil, new: old)
            }
        }
        let setAside: String?
        do throws(DiskError) { setAside = try DirectorySetAside.run(dataDirectory) } catch { throw .disk(error) }
        let disk: PosixDisk
        do throws(DiskError) { disk = try PosixDisk(path: logPath) } catch { throw .disk(error) }
        let identity = try LogIdentity.readOrFound(disk: disk, clusterID: clusterID, nodeID: nodeID, random: random)
        let (log, _) = try WriteAheadLog.open(disk: disk, identity: identity, options: logOptions)
        log.close()
        return Outcome(setAside: setAside, old: old, new: identity)
    }

    /// What can be learnt of a directory that may be damaged in any way.
    private static func identity(at logPath: String) -> LogIdentity? {
        do {
            return try LogIdentity.read(disk: try PosixDisk(path: logPath, access: .inspect))
        } catch {
            // No directory, no file, or a damaged one: then nobody can say whose it was.
            return nil
        }
    }

    /// Founded, and never written to.
    private static func isUnused(_ logPath: String) throws(LogError) -> Bool {
        do throws(DiskError) {
            let disk = try PosixDisk(path: logPath, access: .inspect)
            guard try !disk.exists(RunCounter.name) else { return false }
            return try RunCounter.isUnused(disk)
        } catch {
            throw .disk(error)
        }
    }
}
