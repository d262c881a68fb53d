/// What can be set about a store.
///
/// Owns: the defaults and their reasons. Must never: hold anything that decides the content of replicated rows and
/// may differ between nodes: `session…` values are written into the database when it is made and checked at every open.

public struct StoreOptions: Hashable, Sendable {
    /// Page cache of the applying connection, bytes. Holds the inner pages of the indexes between batches.
    public var cacheBytes: Int = 64 << 20
    /// Page cache of each reading connection, bytes.
    public var readerCacheBytes: Int = 8 << 20
    /// Reads that run at the same time; further ones wait.
    public var readConnections: Int = 4
    /// Logged seconds for which the outcome under an idempotency key is kept. Equal on every node.
    public var sessionTTLSeconds: Int64 = 86_400
    /// Outcomes kept at most; the oldest go first. Equal on every node.
    public var sessionRowsMax: Int64 = 100_000
    /// Bytes of outcomes kept at most; the oldest go first. Equal on every node.
    public var sessionBytesMax: Int64 = 256 << 20
    /// `apply` itself has the write-ahead file moved into the database when about this many bytes were written since
    /// the last `checkpoint`, so that the file stays bounded (by about twice this) whoever forgets to ask.
    public var walCheckpointBytes: Int64 = 32 << 20
    /// An incoming snapshot is made durable after every so many bytes; so much at most is sent again after a restart.
    public var incomingSyncBytes: UInt64 = 16 << 20
    /// Whose vectors are kept in memory for recall; nil: none. What is replicated does not depend on it.
    public var vectorModel: VectorModel?
    /// When they are linked, and written to their file.
    var vectorKeeper = VectorKeeper.Options()

    public init() {}
}

/// A model whose vectors can be compared with each other.
public struct VectorModel: Hashable, Sendable {
    /// As it stands with each vector.
    public var tag: String
    /// Floats of one vector.
    public var dimension: Int
    public init(tag: String, dimension: Int) {
        self.tag = tag
        self.dimension = dimension
    }
}
