/// Pieces of snapshot files, for the transfer between nodes.
///
/// Owns: reading what `prepareSnapshot` made, and the digest of what arrived. Must never: touch a file outside the names
/// that the store's directory hands out for snapshots. Safe beside apply: nothing here uses a connection.

extension MemoryStore {
    /// What this build writes into snapshots and can install: the version of the tables.
    public static var snapshotFormat: UInt16 { UInt16(Schema.version) }

    /// Exactly `count` bytes of a snapshot made here.
    public func readSnapshot(path: String, atBytes offset: UInt64, count: Int) throws(StoreError) -> [UInt8] {
        try files.readPiece(path, atBytes: offset, count: count)
    }

    /// SHA-256 of all that arrived of an incoming snapshot.
    public func incomingDigest(identifier: UInt64) throws(StoreError) -> [UInt8] {
        try files.digest(incomingSnapshotPath(identifier: identifier))
    }
}
