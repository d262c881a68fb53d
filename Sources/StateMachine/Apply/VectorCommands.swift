/// The vectors of rows, and what the in-memory indexes are told of a transaction.
///
/// Owns: the table `vectors`. A row has at most one vector, and that is of the text it holds: a write that changes the text
/// and brings no vector for it takes the old one away. Must never: compute a vector, or refuse a command for want of one.

/// What changed of a row, for the indexes in memory; told after COMMIT, in order.
enum RowChange {
    /// A new row, or one whose fields changed.
    case written(row: Int64, RowFacts)
    /// By the bookkeeping of recall.
    case touched(row: Int64, tier: Tier, expiresAt: String?, version: UInt64)
    case removed(row: Int64)
    /// The vector it has from now on; nil: none.
    case vector(row: Int64, StoredVector?)
}

/// What recall filters by before it reads a row.
struct RowFacts: Hashable {
    var namespace: String
    var tier: Tier
    var scope: String
    var createdAt: String
    var expiresAt: String?
    var tags: [String]
    var version: UInt64
}

struct StoredVector: Hashable {
    var model: String
    /// Little-endian 32-bit floats.
    var bytes: [UInt8]
}

extension ApplyContext {
    func setVectors(_ command: SetVectorsCommand) throws(StoreError) -> Outcome {
        var count = 0
        for item in command.items {
            // Deleted since, or holds another text by now: somebody will have seen that too.
            guard let row = try memory(id: item.id),
                TextDigest(title: row.memory.title, content: row.memory.content) == item.entry.text
            else { continue }
            try setVector(row.row, StoredVector(model: command.model, bytes: item.entry.vector))
            count += 1
        }
        return .counted(count)
    }

    /// After a row was inserted.
    func vectorize(newRow row: Int64, _ memory: Memory) throws(StoreError) {
        changes.append(.written(row: row, RowFacts(memory)))
        guard hasTables, let vector = attachedVector(memory) else { return }
        try setVector(row, vector)
    }

    /// After a row was changed.
    func vectorize(row: Int64, _ memory: Memory, over old: Memory) throws(StoreError) {
        changes.append(.written(row: row, RowFacts(memory)))
        guard hasTables else { return }
        guard !memory.title.hasSameBytes(as: old.title) || !memory.content.hasSameBytes(as: old.content) else {
            return
        }
        if let vector = attachedVector(memory) {
            try setVector(row, vector)
        } else {
            try removeVector(row)
        }
    }

    /// After a row was removed.
    func forgetVector(row: Int64) throws(StoreError) {
        changes.append(.removed(row: row))
        if hasTables { try removeVector(row) }
    }

    private func attachedVector(_ memory: Memory) -> StoredVector? {
        guard let vectors else { return nil }
        let digest = TextDigest(title: memory.title, content: memory.content)
        return vectors.entries.first { $0.text == digest }.map { StoredVector(model: vectors.model, bytes: $0.vector) }
    }

    private func setVector(_ row: Int64, _ vector: StoredVector) throws(StoreError) {
        let values: [Value] = [
            .integer(row), .text(vector.model), .integer(Int64(bitPattern: index)), .blob(vector.bytes),
        ]
        if try hasVector(row) {
            try update(.vectors, values)
        } else {
            try insert(.vectors, values)
            vectorsCount += 1
        }
        changes.append(.vector(row: row, vector))
    }

    private func removeVector(_ row: Int64) throws(StoreError) {
        guard try hasVector(row) else { return }
        try remove(.vectors, key: [.integer(row)])
        vectorsCount -= 1
        changes.append(.vector(row: row, nil))
    }

    private func hasVector(_ row: Int64) throws(StoreError) -> Bool {
        guard vectorsCount > 0 else { return false }
        return try self.row("SELECT 1 FROM vectors WHERE row = ?1", [.integer(row)]) { _ in true } ?? false
    }
}

extension RowFacts {
    init(_ memory: Memory) {
        namespace = memory.namespace
        tier = memory.tier
        scope = MetadataFields(metadata: memory.metadata).scope
        createdAt = memory.createdAt
        expiresAt = memory.expiresAt
        tags = memory.tags
        version = memory.version
    }
}
