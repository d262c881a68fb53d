/// The archive: what leaves the store but is not lost, and what comes back or goes for good.
///
/// Owns: the table `archive`, collection of the expired, forgetting. Must never: lose a field of what it archives.

extension ApplyContext {
    func archive(_ command: ArchiveCommand) throws(StoreError) -> Outcome {
        var archived: [String] = []
        var missing: [String] = []
        for id in command.ids {
            guard let existing = try memory(id: id) else {
                missing.append(id)
                continue
            }
            try archive(existing, reason: command.reason, at: command.at)
            archived.append(id)
        }
        return .archived(ids: archived, missing: missing)
    }

    private func archive(_ existing: MemoryRow, reason: String, at: String) throws(StoreError) {
        let values = ArchivedMemory.values(existing.memory, at: at, reason: reason)
        if try isArchived(existing.memory.id) {
            try update(.archive, values)
        } else {
            try insert(.archive, values)
        }
        try remove(existing)
    }

    func isArchived(_ id: String) throws(StoreError) -> Bool {
        try row("SELECT 1 FROM archive WHERE id = ?1", [.text(id)]) { _ in true } ?? false
    }

    /// Back as a permanent memory; its links and its place as a standard are gone.
    func restore(_ command: RestoreCommand) throws(StoreError) -> Outcome {
        guard var memory = try archived(command.id) else { return .notFound }
        if try self.memory(id: memory.id) != nil { return .refused(.stillThere, detail: memory.id) }
        if let owner = try self.memory(namespace: memory.namespace, title: memory.title)?.memory {
            return .titleTaken(title: memory.title, namespace: memory.namespace, ownerID: owner.id)
        }
        memory.tier = .long
        memory.expiresAt = nil
        memory.updatedAt = command.at
        memory.version = index
        try insert(memory)
        try remove(.archive, key: [.text(memory.id)])
        return .promoted(id: memory.id)
    }

    private func archived(_ id: String) throws(StoreError) -> Memory? {
        try row("SELECT \(ArchivedMemory.columns) FROM archive WHERE id = ?1", [.text(id)]) {
            ArchivedMemory($0).memory
        }
    }

    func purge(_ command: PurgeCommand) throws(StoreError) -> Outcome {
        var values: [Value] = [.integer(Int64(command.countMax ?? -1))]
        var filter = ""
        if let before = command.archivedBefore {
            filter = "WHERE archived_at < ?2"
            values.append(.text(before))
        }
        let ids = try rows("SELECT id FROM archive \(filter) ORDER BY id LIMIT ?1", values) { $0.text(0) }
        for id in ids { try remove(.archive, key: [.text(id)]) }
        return .counted(ids.count)
    }

    // MARK: what goes by itself, or by what it says

    func collect(_ command: CollectCommand) throws(StoreError) -> Outcome {
        // In the order of the index alone: thousands may have one expiry, and none of them is read but those that go.
        let expired = try rows(
            "SELECT row FROM memories WHERE expires_at < ?1 ORDER BY expires_at, row LIMIT ?2",
            [.text(command.at), .count(command.countMax)]
        ) { $0.int64(0) }
        for number in expired {
            guard let row = try memory(row: number) else { continue }
            try drop(row, archives: command.archives, reason: "ttl_expired", at: command.at)
        }
        return .counted(expired.count)
    }

    func forget(_ command: ForgetCommand) throws(StoreError) -> Outcome {
        var conditions: [String] = []
        var values: [Value] = []
        func require(_ condition: String, _ value: Value) {
            values.append(value)
            conditions.append(condition + " ?\(values.count)")
        }
        if let namespace = command.namespace { require("namespace =", .text(namespace)) }
        if let tier = command.tier { require("tier =", .integer(Int64(tier.rawValue))) }
        if let pattern = command.pattern {
            // The index has to hold what this batch wrote before: which rows match must not depend on its bounds.
            try textChanges.write(statements)
            values.append(.text(FullTextQuery.make(pattern, join: .any)))
            conditions.append(
                "row IN (SELECT rowid FROM memories_fts WHERE memories_fts MATCH ?\(values.count))")
        }
        let matches = try rows(
            "SELECT row FROM memories WHERE \(conditions.joined(separator: " AND ")) ORDER BY row", values
        ) { $0.int64(0) }
        for number in matches {
            guard let row = try memory(row: number) else { continue }
            try drop(row, archives: command.archives, reason: "forget", at: command.at)
        }
        return .counted(matches.count)
    }

    private func drop(_ row: MemoryRow, archives: Bool, reason: String, at: String) throws(StoreError) {
        if archives {
            try archive(row, reason: reason, at: at)
        } else {
            try remove(row)
        }
    }

    private func memory(row number: Int64) throws(StoreError) -> MemoryRow? {
        try row("SELECT \(MemoryRow.columns) FROM memories WHERE row = ?1", [.integer(number)]) { MemoryRow($0) }
    }
}

/// A row of `archive`.
public struct ArchivedMemory: Hashable, Sendable {
    /// As it was; version 0.
    public var memory: Memory
    /// JSON text, as v0.6.3 shows it.
    public var tagsText: String
    public var archivedAt: String
    public var reason: String

    static let columns = Table.archive.columns.joined(separator: ", ")

    static func values(_ memory: Memory, at: String, reason: String) -> [Value] {
        [
            .text(memory.id), .integer(Int64(memory.tier.rawValue)), .count(memory.priority),
            .double(memory.confidence), .count(memory.accessCount), .text(memory.createdAt), .text(memory.updatedAt),
            .optional(memory.lastAccessedAt), .optional(memory.expiresAt), .text(memory.source),
            .text(memory.namespace), .text(memory.title), .text(TagsText.encode(memory.tags)), .text(memory.metadata),
            .text(memory.content), .text(at), .text(reason),
        ]
    }

    /// Reads the current row of a statement that selected `columns`.
    init(_ statement: Statement) {
        tagsText = statement.text(12)
        memory = Memory(
            id: statement.text(0), tier: Tier(rawValue: UInt8(truncatingIfNeeded: statement.int64(1))) ?? .mid,
            namespace: statement.text(10), title: statement.text(11), content: statement.text(14),
            tags: TagsText.decode(tagsText), priority: Int(statement.int64(2)), confidence: statement.double(3),
            source: statement.text(9), accessCount: Int(statement.int64(4)), createdAt: statement.text(5),
            updatedAt: statement.text(6), lastAccessedAt: statement.optionalText(7),
            expiresAt: statement.optionalText(8), metadata: statement.text(13), version: 0)
        archivedAt = statement.text(15)
        reason = statement.text(16)
    }
}
