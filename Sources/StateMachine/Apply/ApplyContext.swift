/// What a command sees while it is applied: the open transaction, the counters, the digest.
///
/// Owns: the working copy of the counters between BEGIN and COMMIT. Must never: read a clock, draw a random number, or
/// look at where a batch begins or ends.

final class ApplyContext {
    let database: Database
    let statements: ApplyStatements
    var digest: StateDigest
    var meta: Meta
    var sessions: SessionLedger
    /// Rows of small tables, so that what is not used costs no query.
    var standardsCount: Int64 = 0
    var subscriptionsCount: Int64 = 0
    var deliveriesCount: Int64 = 0
    var vectorsCount: Int64 = 0
    /// What came with the command being applied.
    private(set) var vectors: TextVectors?
    /// Of this transaction, for whoever keeps indexes in memory.
    var changes: [RowChange] = []
    /// Written by `finishBatch`, before COMMIT.
    var textChanges = TextIndexChanges()
    private var digests: [RecentDigests.Entry] = []
    /// Index of the entry being applied.
    private(set) var index: UInt64 = 0
    /// State machine time of the entry being applied, nanoseconds since 1970.
    private(set) var logTime: Int64 = 0

    init(database: Database, options: StoreOptions) throws(StoreError) {
        self.database = database
        self.statements = try ApplyStatements(database)
        self.digest = try StateDigest()
        self.meta = try Meta.read(database)
        self.sessions = try SessionLedger(database, options: options)
        self.index = meta.applied.index
        self.logTime = meta.applied.logTimeNanoseconds
        guard hasTables else { return }
        standardsCount = try database.integer("SELECT count(*) FROM standards")
        subscriptionsCount = try database.integer("SELECT count(*) FROM subscriptions")
        deliveriesCount = try database.integer("SELECT count(*) FROM deliveries")
        vectorsCount = try database.integer("SELECT count(*) FROM vectors")
    }

    var hasTables: Bool { meta.hasTables }

    /// Every replica migrates with the entry that raises the level, between the same two commands.
    private func migrate(toLevel level: UInt16) throws(StoreError) {
        let wanted = Migration.schemaVersion(featureLevel: level)
        guard wanted > meta.schemaVersion else { return }
        try Migration.run(to: wanted, from: meta.schemaVersion, in: database)
        meta.schemaVersion = wanted
        try digest.migrated(to: wanted)
    }

    /// Applies one entry. Any throw must end in a rollback of the whole transaction and the end of this context.
    /// - Returns: the encoded outcome.
    func apply(_ entry: LogCommand) throws(StoreError) -> [UInt8] {
        guard entry.index == meta.applied.index + 1 else {
            throw StoreError(
                doing: "apply index \(entry.index)",
                message: "the store is at index \(meta.applied.index); entries must follow without a gap")
        }
        guard entry.term >= meta.applied.term else {
            throw StoreError(
                doing: "apply index \(entry.index)",
                message: "its term \(entry.term) is below the applied term \(meta.applied.term)")
        }
        index = entry.index
        let outcome: [UInt8]
        var configuration = meta.applied.configuration
        if case .configuration(let level) = entry.kind {
            try digest.begin(previous: meta.applied.digest, index: index, logTimeNanoseconds: logTime)
            configuration = try keep(configuration: entry.command)
            try migrate(toLevel: level)
            outcome = OutcomeCodec.encode(.none)
        } else if entry.command.isEmpty {
            try digest.begin(previous: meta.applied.digest, index: index, logTimeNanoseconds: logTime)
            outcome = OutcomeCodec.encode(.none)
        } else {
            let envelope: CommandEnvelope
            do {
                envelope = try CommandCodec.decode(entry.command)
            } catch {
                throw StoreError(doing: "apply index \(entry.index)", message: "cannot decode its command: \(error)")
            }
            logTime = max(logTime, envelope.timeNanoseconds)
            try digest.begin(previous: meta.applied.digest, index: index, logTimeNanoseconds: logTime)
            outcome = try execute(envelope)
        }
        meta.applied = AppliedState(
            index: index, term: entry.term, digest: try digest.finish(), logTimeNanoseconds: logTime,
            configuration: configuration)
        digests.append(RecentDigests.Entry(index: index, digest: meta.applied.digest))
        return outcome
    }

    /// Of the transactions since the last call.
    func takeChanges() -> [RowChange] {
        defer { changes.removeAll(keepingCapacity: true) }
        return changes
    }

    /// Of the entries applied since the last call.
    func takeDigests() -> [RecentDigests.Entry] {
        defer { digests.removeAll(keepingCapacity: true) }
        return digests.suffix(RecentDigests.countMax)
    }

    /// Written with its entry and not with the batch: it is rare, and of two in one batch both go into the digest.
    private func keep(configuration bytes: [UInt8]) throws(StoreError) -> StoredConfiguration {
        let statement = statements.updateConfiguration
        try statement.bind(1, Int64(bitPattern: index))
        try statement.bind(2, bytes)
        try statement.run()
        try digest.configurationWritten(bytes)
        return StoredConfiguration(index: index, bytes: bytes)
    }

    /// Writes what is kept once per transaction: the full-text index and the counters.
    func finishBatch() throws(StoreError) {
        try textChanges.write(statements)
        try meta.write(statements.updateMeta)
    }

    private func execute(_ envelope: CommandEnvelope) throws(StoreError) -> [UInt8] {
        try expireSessions()
        vectors = envelope.vectors
        defer { vectors = nil }
        guard let idempotency = envelope.idempotency else {
            return OutcomeCodec.encode(try execute(envelope.command))
        }
        if let earlier = try session(idempotency.key) {
            return earlier.requestDigest == idempotency.requestDigest
                ? earlier.outcome : OutcomeCodec.encode(.idempotencyMismatch)
        }
        let outcome = OutcomeCodec.encode(try execute(envelope.command))
        try keepSession(idempotency, outcome: outcome)
        return outcome
    }

    private func execute(_ command: Command) throws(StoreError) -> Outcome {
        switch command {
        case .store(let command):
            return try storeUngoverned(command)
        case .storeBatch(let commands):
            var outcomes: [Outcome] = []
            outcomes.reserveCapacity(commands.count)
            for command in commands { outcomes.append(try store(command)) }
            return .storedBatch(outcomes)
        case .update(let command):
            return try update(command)
        case .delete(let command):
            return try delete(command)
        case .touch(let command):
            return try touch(command)
        case .setRegister(let command):
            return try setRegister(command)
        case .governed, .decide, .link, .unlink, .invalidate, .registerEntity, .setStandard, .clearStandard,
            .registerAgent, .archive, .restore, .purge, .collect, .forget, .consolidate, .importRows, .subscribe,
            .unsubscribe, .settle, .setVectors:
            guard hasTables else {
                throw StoreError(
                    doing: "apply index \(index)",
                    message: "its command belongs to feature level \(command.featureLevel), which the cluster has not "
                        + "reached at this index")
            }
            return try executeOnTables(command)
        }
    }

    /// The commands of feature level 2.
    private func executeOnTables(_ command: Command) throws(StoreError) -> Outcome {
        switch command {
        case .governed(let command): return try governed(command)
        case .decide(let command): return try decide(command)
        case .link(let command): return try link(command)
        case .unlink(let command): return try unlink(command)
        case .invalidate(let command): return try invalidate(command)
        case .registerEntity(let command): return try registerEntity(command)
        case .setStandard(let command): return try setStandard(command)
        case .clearStandard(let command): return try clearStandard(command)
        case .registerAgent(let command): return try registerAgent(command)
        case .archive(let command): return try archive(command)
        case .restore(let command): return try restore(command)
        case .purge(let command): return try purge(command)
        case .collect(let command): return try collect(command)
        case .forget(let command): return try forget(command)
        case .consolidate(let command): return try consolidate(command)
        case .importRows(let command): return try importRows(command)
        case .subscribe(let command): return try subscribe(command)
        case .unsubscribe(let command): return try unsubscribe(command)
        case .settle(let command): return try settle(command)
        case .setVectors(let command): return try setVectors(command)
        case .store, .storeBatch, .update, .delete, .touch, .setRegister:
            throw StoreError(doing: "apply index \(index)", message: "\(command.featureLevel) is no level of tables")
        }
    }
}

/// A committed command as the store takes it.
public struct LogCommand: Hashable, Sendable {
    public var index: UInt64
    public var term: UInt64
    public var kind: Kind
    /// Encoded `CommandEnvelope`; empty for an entry that carries none (no-op); the bytes of a configuration.
    public var command: [UInt8]

    public enum Kind: Hashable, Sendable {
        case command
        /// The cluster's configuration: kept, never decoded. Its feature level decides which tables there are.
        case configuration(featureLevel: UInt16)
    }

    public init(index: UInt64, term: UInt64, kind: Kind = .command, command: [UInt8]) {
        self.index = index
        self.term = term
        self.kind = kind
        self.command = command
    }
}
