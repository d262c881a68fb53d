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

    // From feature level 2 on.

    /// The policy of the namespace says no, and why.
    case denied(reason: String)
    /// Waits for approval.
    case queued(pendingID: String, memoryID: String?)
    /// The command cannot be carried out as things are; nothing changed.
    case refused(Refusal, detail: String)
    /// A vote that did not decide yet.
    case voted(votes: Int, quorum: Int)
    /// A pending action was decided, and carried out if approved: the memory that it was about or that it made.
    case decided(memoryID: String?, by: String)
    /// The id that the command was about, or that it made.
    case promoted(id: String)
    case linked(created: Bool)
    /// Rows removed.
    case counted(Int)
    case invalidated(previous: String?)
    /// All aliases, oldest first.
    case entity(id: String, created: Bool, aliases: [String])
    case standardSet(id: String, parent: String?)
    case archived(ids: [String], missing: [String])
    /// - Parameter merged: memories that went into an existing one of the same title under another id.
    case imported(count: Int, links: Int, errors: [String], merged: [MergedID])
}

/// An imported memory that lives on under the id of the one it was merged into.
public struct MergedID: Hashable, Sendable {
    public var id: String
    public var into: String
}

/// Why a command changed nothing. Raw values are part of the outcome's encoding.
public enum Refusal: UInt8, Sendable, CaseIterable {
    /// The memory named by `detail` does not exist.
    case memoryMissing = 1
    case pendingMissing = 2
    /// `detail` is how it was decided.
    case alreadyDecided = 3
    /// `detail` is who may approve.
    case wrongApprover = 4
    case voterUnknown = 5
    /// An approved action cannot be carried out; it is still pending.
    case notExecuted = 6
    /// The memory named by `detail` has the entity's title.
    case notAnEntity = 7
    case ownParent = 8
    /// `detail` is its size in bytes.
    case metadataTooLarge = 9
    /// The archived memory is among the live ones again.
    case stillThere = 10
    /// `detail` is the namespace of the memory.
    case notAnAncestor = 11
    /// `detail` is the limit.
    case tooManySubscriptions = 12
    /// `detail` is the limit.
    case tooManyTags = 13
    /// `detail` is the limit.
    case tooManyAliases = 14
}
