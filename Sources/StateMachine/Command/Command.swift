/// Every mutation of the replicated store, as one closed enum. Time, ids, TTLs and identities are decided by the
/// proposer and carried here; apply decides nothing from clock or chance.
///
/// Owns: the shapes. `CommandCodec` owns their bytes. Must never: change the meaning of an existing case; add a new one.

public enum Command: Hashable, Sendable {
    /// Upsert on (title, namespace).
    case store(StoreCommand)
    /// Several upserts as one command: one entry, one transaction, one idempotency outcome.
    case storeBatch([StoreCommand])
    case update(UpdateCommand)
    case delete(DeleteCommand)
    /// Recall bookkeeping: access counts, expiry, auto-promotion, priority.
    case touch(TouchCommand)
    /// Writes one row of the small register table (compare-and-set by version).
    case setRegister(SetRegisterCommand)

    // From feature level 2 on.

    /// A store, delete or promotion that a policy may deny or queue.
    case governed(GovernedCommand)
    case decide(DecideCommand)
    case link(LinkCommand)
    case unlink(UnlinkCommand)
    case invalidate(InvalidateCommand)
    case registerEntity(EntityCommand)
    case setStandard(StandardCommand)
    case clearStandard(ClearStandardCommand)
    case registerAgent(AgentCommand)
    case archive(ArchiveCommand)
    case restore(RestoreCommand)
    case purge(PurgeCommand)
    case collect(CollectCommand)
    case forget(ForgetCommand)
    case consolidate(ConsolidateCommand)
    case importRows(ImportCommand)
    case subscribe(SubscribeCommand)
    case unsubscribe(UnsubscribeCommand)
    case settle(SettleCommand)
    case setVectors(SetVectorsCommand)

    /// The level of the cluster from which on it may be proposed.
    public var featureLevel: UInt16 {
        switch self {
        case .store, .storeBatch, .update, .delete, .touch, .setRegister: 0
        case .governed, .decide, .link, .unlink, .invalidate, .registerEntity, .setStandard, .clearStandard,
            .registerAgent, .archive, .restore, .purge, .collect, .forget, .consolidate, .importRows, .subscribe,
            .unsubscribe, .settle, .setVectors:
            FeatureLevel.tables
        }
    }
}

/// What builds and clusters can do, as numbers that only grow.
public enum FeatureLevel {
    /// The tables beside the memories, and the commands about them.
    public static let tables: UInt16 = 2
    /// Of this build.
    public static let max: UInt16 = 2
}

/// A command with what every command carries.
public struct CommandEnvelope: Hashable, Sendable {
    /// Proposer's wall clock, nanoseconds since 1970 UTC. The state machine keeps its own time monotonic in log order.
    public var timeNanoseconds: Int64
    /// At most once per key: a second command with the same key changes nothing and returns the first outcome.
    public var idempotency: Idempotency?
    public var command: Command
    /// Of the texts that the command may write, as far as they were computed before it was proposed.
    public var vectors: TextVectors?
    public init(
        timeNanoseconds: Int64, idempotency: Idempotency? = nil, command: Command, vectors: TextVectors? = nil
    ) {
        self.timeNanoseconds = timeNanoseconds
        self.idempotency = idempotency
        self.command = command
        self.vectors = vectors
    }

    /// The level of the cluster from which on it may be proposed.
    public var featureLevel: UInt16 {
        vectors == nil ? command.featureLevel : max(command.featureLevel, FeatureLevel.tables)
    }
}

public struct Idempotency: Hashable, Sendable {
    /// 1…128 bytes of visible ASCII.
    public var key: String
    /// SHA-256 of what the client asked for; the same key with another request is refused.
    public var requestDigest: [UInt8]
    public init(key: String, requestDigest: [UInt8]) {
        self.key = key
        self.requestDigest = requestDigest
    }
}

public struct StoreCommand: Hashable, Sendable {
    /// Fresh id, used only when no row has this title and namespace.
    public var id: String
    public var tier: Tier
    public var namespace: String
    public var title: String
    public var content: String
    public var tags: [String]
    public var priority: Int
    public var confidence: Double
    public var source: String
    /// created_at of a new row and updated_at.
    public var at: String
    public var expiresAt: String?
    /// Canonical JSON text.
    public var metadata: String
    public init(
        id: String, tier: Tier, namespace: String, title: String, content: String, tags: [String], priority: Int,
        confidence: Double, source: String, at: String, expiresAt: String?, metadata: String
    ) {
        self.id = id
        self.tier = tier
        self.namespace = namespace
        self.title = title
        self.content = content
        self.tags = tags
        self.priority = priority
        self.confidence = confidence
        self.source = source
        self.at = at
        self.expiresAt = expiresAt
        self.metadata = metadata
    }
}

/// Fields left nil keep their value. The id is exact: prefixes are resolved by the proposer.
public struct UpdateCommand: Hashable, Sendable {
    public var id: String
    public var title: String?
    public var content: String?
    public var tier: Tier?
    public var namespace: String?
    public var tags: [String]?
    public var priority: Int?
    public var confidence: Double?
    public var expiresAt: String?
    public var metadata: String?
    /// updated_at.
    public var at: String
    /// Refuse unless the row has exactly this version.
    public var expectedVersion: UInt64?
    public init(
        id: String, title: String? = nil, content: String? = nil, tier: Tier? = nil, namespace: String? = nil,
        tags: [String]? = nil, priority: Int? = nil, confidence: Double? = nil, expiresAt: String? = nil,
        metadata: String? = nil, at: String, expectedVersion: UInt64? = nil
    ) {
        self.id = id
        self.title = title
        self.content = content
        self.tier = tier
        self.namespace = namespace
        self.tags = tags
        self.priority = priority
        self.confidence = confidence
        self.expiresAt = expiresAt
        self.metadata = metadata
        self.at = at
        self.expectedVersion = expectedVersion
    }
}

public struct DeleteCommand: Hashable, Sendable {
    public var id: String
    public var expectedVersion: UInt64?
    public init(id: String, expectedVersion: UInt64? = nil) {
        self.id = id
        self.expectedVersion = expectedVersion
    }
}

public struct TouchCommand: Hashable, Sendable {
    /// In rank order; an id may occur more than once (recalled more than once).
    public var ids: [String]
    public var at: String
    /// Nanoseconds since 1970 of `at`, from which the new expiries are computed.
    public var atNanoseconds: Int64
    public var shortStepSeconds: Int64
    public var midStepSeconds: Int64
    public init(ids: [String], at: String, atNanoseconds: Int64, shortStepSeconds: Int64, midStepSeconds: Int64) {
        self.ids = ids
        self.at = at
        self.atNanoseconds = atNanoseconds
        self.shortStepSeconds = shortStepSeconds
        self.midStepSeconds = midStepSeconds
    }
}

public struct SetRegisterCommand: Hashable, Sendable {
    /// 1…512 bytes.
    public var key: String
    /// At most 65 536 bytes.
    public var value: [UInt8]
    /// nil: unconditional; 0: only if absent; else only if the row has exactly this version.
    public var expectedVersion: UInt64?
    public init(key: String, value: [UInt8], expectedVersion: UInt64? = nil) {
        self.key = key
        self.value = value
        self.expectedVersion = expectedVersion
    }
}
