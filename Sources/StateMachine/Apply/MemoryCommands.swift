/// Store, update and delete of memories.
///
/// Owns: the merge rules (semantics of v0.6.3). Must never: change a row before every reason to refuse is checked,
/// because nothing is rolled back for one command.

extension ApplyContext {
    /// A store that does not say who asks, as nodes of an earlier build propose it. Its author counts as the caller, so
    /// that a policy holds for it too; what has to be queued is denied, as it has no id to wait under.
    func storeUngoverned(_ command: StoreCommand) throws(StoreError) -> Outcome {
        guard standardsCount > 0 else { return try store(command) }
        let author = MetadataFields(metadata: command.metadata).agentID ?? ""
        switch try verdict(.store, in: command.namespace, caller: author, target: nil) {
        case .allow: return try store(command)
        case .deny(let reason): return .denied(reason: reason)
        case .queue: return .denied(reason: "governance: approval needs a newer build on the node that was asked")
        }
    }

    /// Upsert on (title, namespace).
    func store(_ command: StoreCommand) throws(StoreError) -> Outcome {
        if let existing = try memory(namespace: command.namespace, title: command.title) {
            let merged = merge(command, into: existing.memory)
            try write(merged, over: existing)
            return .stored(id: merged.id, version: merged.version, created: false)
        }
        guard try row(id: command.id) == nil else { return .idTaken(id: command.id) }
        let memory = command.memory(version: index)
        try insert(memory)
        return .stored(id: memory.id, version: memory.version, created: true)
    }

    private func merge(_ command: StoreCommand, into existing: Memory) -> Memory {
        var merged = existing
        merged.content = command.content
        merged.tags = command.tags
        merged.source = command.source
        merged.updatedAt = command.at
        merged.priority = max(existing.priority, command.priority)
        merged.confidence = max(existing.confidence, command.confidence)
        merged.tier = Tier.merged(existing: existing.tier, incoming: command.tier)
        let eitherLong = existing.tier == .long || command.tier == .long
        merged.expiresAt = eitherLong ? nil : command.expiresAt ?? existing.expiresAt
        merged.metadata = MetadataFields.keepingAgent(of: existing.metadata, in: command.metadata)
        merged.version = index
        return merged
    }

    func update(_ command: UpdateCommand) throws(StoreError) -> Outcome {
        guard let existing = try memory(id: command.id) else { return .notFound }
        if let expected = command.expectedVersion, expected != existing.memory.version {
            return .versionConflict(current: existing.memory)
        }
        var updated = existing.memory
        updated.title = command.title ?? updated.title
        updated.namespace = command.namespace ?? updated.namespace
        if let owner = try owner(namespace: updated.namespace, title: updated.title), owner.row != existing.row {
            return .titleTaken(title: updated.title, namespace: updated.namespace, ownerID: owner.id)
        }
        updated.content = command.content ?? updated.content
        updated.tags = command.tags ?? updated.tags
        updated.priority = command.priority ?? updated.priority
        updated.confidence = command.confidence ?? updated.confidence
        if let tier = command.tier { updated.tier = Tier.raised(from: updated.tier, to: tier) }
        if let expiry = command.expiresAt {
            updated.expiresAt = expiry.isEmpty || expiry.hasSameBytes(as: "null") ? nil : expiry
        }
        if let metadata = command.metadata {
            updated.metadata = MetadataFields.keepingAgent(of: updated.metadata, in: metadata)
        }
        updated.updatedAt = command.at
        updated.version = index
        try write(updated, over: existing)
        return .updated(updated)
    }

    func delete(_ command: DeleteCommand) throws(StoreError) -> Outcome {
        guard let existing = try memory(id: command.id) else { return .notFound }
        if let expected = command.expectedVersion, expected != existing.memory.version {
            return .versionConflict(current: existing.memory)
        }
        try remove(existing)
        return .deleted(id: existing.memory.id)
    }

    /// The row, and what stands on it: its links, and its place as a standard.
    func remove(_ existing: MemoryRow) throws(StoreError) {
        try removeText(existing)
        try statements.deleteMemory.bind(1, existing.row)
        try statements.deleteMemory.run()
        try digest.memoryRemoved(row: existing.row, id: existing.memory.id)
        try forgetVector(row: existing.row)
        guard hasTables else { return }
        try removeLinks(of: existing.memory.id)
        try removeStandards(of: existing.memory.id)
    }

    // MARK: rows

    func memory(namespace: String, title: String) throws(StoreError) -> MemoryRow? {
        let statement = statements.memoryByTitle
        defer { statement.reset() }
        try statement.bind(1, namespace)
        try statement.bind(2, title)
        return try statement.step() ? MemoryRow(statement) : nil
    }

    func memory(id: String) throws(StoreError) -> MemoryRow? {
        let statement = statements.memoryByID
        defer { statement.reset() }
        try statement.bind(1, id)
        return try statement.step() ? MemoryRow(statement) : nil
    }

    private func owner(namespace: String, title: String) throws(StoreError) -> (row: Int64, id: String)? {
        let statement = statements.ownerByTitle
        defer { statement.reset() }
        try statement.bind(1, namespace)
        try statement.bind(2, title)
        return try statement.step() ? (statement.int64(0), statement.text(1)) : nil
    }

    private func row(id: String) throws(StoreError) -> Int64? {
        let statement = statements.rowByID
        defer { statement.reset() }
        try statement.bind(1, id)
        return try statement.step() ? statement.int64(0) : nil
    }

    func insert(_ memory: Memory) throws(StoreError) {
        let row = meta.nextRow
        meta.nextRow += 1
        let tagsText = TagsText.encode(memory.tags)
        let statement = statements.insertMemory
        try bindChangeable(memory, row: row, tagsText: tagsText, to: statement)
        try statement.bind(16, memory.namespace)
        try statement.bind(17, memory.title)
        try statement.bind(18, memory.id)
        try statement.bind(19, memory.createdAt)
        try statement.run()
        try addText(row: row, memory, tagsText: tagsText)
        try digest.memoryWritten(row: row, memory)
        try vectorize(newRow: row, memory)
    }

    func write(_ memory: Memory, over existing: MemoryRow) throws(StoreError) {
        let old = existing.memory
        let tagsText = TagsText.encode(memory.tags)
        let moved = !memory.namespace.hasSameBytes(as: old.namespace) || !memory.title.hasSameBytes(as: old.title)
        let textChanged =
            !memory.title.hasSameBytes(as: old.title) || !memory.content.hasSameBytes(as: old.content)
            || !tagsText.hasSameBytes(as: existing.tagsText)
        if textChanged { try removeText(existing) }
        let statement = moved ? statements.moveMemory : statements.updateMemory
        try bindChangeable(memory, row: existing.row, tagsText: tagsText, to: statement)
        if moved {
            try statement.bind(16, memory.namespace)
            try statement.bind(17, memory.title)
        }
        try statement.run()
        if textChanged { try addText(row: existing.row, memory, tagsText: tagsText) }
        try digest.memoryWritten(row: existing.row, memory)
        try vectorize(row: existing.row, memory, over: old)
    }

    private func bindChangeable(
        _ memory: Memory, row: Int64, tagsText: String, to statement: Statement
    ) throws(StoreError) {
        let fields = MetadataFields(metadata: memory.metadata)
        try statement.bind(1, row)
        try statement.bind(2, Int64(memory.tier.rawValue))
        try statement.bind(3, Int64(memory.priority))
        try statement.bind(4, memory.confidence)
        try statement.bind(5, Int64(memory.accessCount))
        try statement.bind(6, Int64(bitPattern: memory.version))
        try statement.bind(7, memory.updatedAt)
        try statement.bind(8, memory.lastAccessedAt)
        try statement.bind(9, memory.expiresAt)
        try statement.bind(10, memory.source)
        try statement.bind(11, fields.agentID)
        try statement.bind(12, fields.scope)
        try statement.bind(13, tagsText)
        try statement.bind(14, memory.metadata)
        try statement.bind(15, memory.content)
    }

    private func addText(row: Int64, _ memory: Memory, tagsText: String) throws(StoreError) {
        textChanges.add(row: row, .init(title: memory.title, content: memory.content, tags: tagsText))
        try textChanges.writeIfLarge(statements)
    }

    private func removeText(_ existing: MemoryRow) throws(StoreError) {
        let memory = existing.memory
        textChanges.remove(
            row: existing.row, .init(title: memory.title, content: memory.content, tags: existing.tagsText))
        try textChanges.writeIfLarge(statements)
    }
}

extension Tier {
    /// Tier after an update: long never falls, mid does not fall to short; a refused fall is silent.
    static func raised(from current: Tier, to asked: Tier) -> Tier {
        switch (current, asked) {
        case (.long, _), (.mid, .short): current
        case (.mid, .mid), (.mid, .long), (.short, _): asked
        }
    }
}
