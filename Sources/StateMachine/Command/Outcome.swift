/// What a command did, as every node computes it and as the idempotency table keeps it.
///
/// Outcomes are results of applied commands; a refusal here ("version differs") is a successful replication.

public enum Outcome: Hashable, Sendable {
    /// The surviving row's id and version; `created` is false when it merged into an existing row.
    case stored(id: String, version: UInt64, created: Bool)
    /// One result per element of a batch, in order.
    case storedBatch([Outcome])
    /// The row after the update.
    case updated(Memory)
    case deleted(id: String)
    case touched(count: Int)
    case registerSet(version: UInt64)
    /// No row with this id.
    case notFound
    /// `expectedVersion` did not match; the row as it is.
    case versionConflict(current: Memory)
    /// The register's version did not match; its version and value as they are (version 0: absent).
    case registerConflict(version: UInt64, value: [UInt8])
    /// Another row owns (title, namespace).
    case titleTaken(title: String, namespace: String, ownerID: String)
    /// A fresh id that already belongs to another row (never happens with random ids; checked all the same).
    case idTaken(id: String)
    /// The idempotency key was used before for a different request.
    case idempotencyMismatch
    /// Entry without a command (no-op, configuration).
    case none
}
