/// Whose log a directory holds.
///
/// Owns: founding, the one moment at which an identity is drawn. Must never: change an identity that a directory has;
/// an id is used once for ever, and a directory that was wiped is not the node it was (catalogue bug 9).

public struct LogIdentity: Hashable, Sendable, CustomStringConvertible {
    /// 16 bytes.
    public var clusterID: [UInt8]
    public var nodeID: NodeID
    /// Drawn at random, never zero, when the directory was founded. A directory that was wiped and founded again has
    /// another one, by which the cluster knows that it has forgotten its votes (`Member.incarnation`).
    public var incarnation: UInt64

    public init(clusterID: [UInt8], nodeID: NodeID, incarnation: UInt64) {
        precondition(clusterID.count == 16, "a cluster id has 16 bytes")
        self.clusterID = clusterID
        self.nodeID = nodeID
        self.incarnation = incarnation
    }

    public var description: String {
        "node \(nodeID.rawValue) (incarnation \(incarnation)) of cluster \(hexadecimal(clusterID))"
    }

    /// The identity recorded in a directory; nil when it holds none yet.
    /// - Throws: `LogError` naming the file when it exists but cannot be trusted.
    public static func read(disk: any Disk) throws(LogError) -> LogIdentity? {
        try MetaFile.read(disk: disk)
    }

    /// The identity to open a directory with: the one it has, or for an empty one a new one with an incarnation of its
    /// own. Writes nothing: `WriteAheadLog.open` makes it durable together with the log.
    ///
    /// - Parameters:
    ///   - clusterID: 16 bytes.
    ///   - random: gives 64 random bits; asked again while it gives zero, and only for a directory that has no identity.
    /// - Throws: `.identityMismatch` when the directory is another cluster's or node's; `.corrupt` when it cannot be told.
    public static func readOrFound(
        disk: any Disk, clusterID: [UInt8], nodeID: NodeID, random: () -> UInt64
    ) throws(LogError) -> LogIdentity {
        var found = try read(disk: disk)
        var file = MetaFile.name
        if found == nil {
            // The first segment comes before `meta`: a founding that was interrupted between the two goes on under the
            // incarnation that is in the segment.
            let replay = try LogReplay(disk: disk, readIndexSpacingBytes: 1 << 20)
            found = replay.segments.first?.header.identity
            file = replay.segments.first?.fileName ?? file
        }
        if let found {
            let expected = LogIdentity(clusterID: clusterID, nodeID: nodeID, incarnation: found.incarnation)
            guard found == expected else {
                throw .identityMismatch(path: disk.path, file: file, expected: expected, found: found)
            }
            return found
        }
        var incarnation: UInt64 = 0
        // Bounded: a source that gives nothing but zeros is broken, and must not hang the start.
        for _ in 0..<64 where incarnation == 0 { incarnation = random() }
        guard incarnation != 0 else {
            throw .invalidRequest(reason: "the source of randomness gave zero 64 times")
        }
        return LogIdentity(clusterID: clusterID, nodeID: nodeID, incarnation: incarnation)
    }
}

func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}
