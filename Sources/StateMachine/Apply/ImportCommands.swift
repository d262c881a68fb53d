/// Rows from another store, taken in as they were.
///
/// Owns: the merge with what is here. Must never: overwrite an archive, an alias or a standard that exists.

extension ApplyContext {
    /// Each memory by itself: one that cannot be taken in is reported and the rest goes on.
    func importRows(_ command: ImportCommand) throws(StoreError) -> Outcome {
        var count = 0
        var errors: [String] = []
        for imported in command.memories {
            if let problem = try take(imported.memory) {
                errors.append("\(imported.memory.id): \(problem)")
            } else {
                count += 1
            }
        }
        var links = 0
        for link in command.links {
            guard try memory(id: link.key.sourceID) != nil, try memory(id: link.key.targetID) != nil else { continue }
            if try linkIfAbsent(link, at: command.at) { links += 1 }
        }
        try importBesides(command, &errors)
        return .imported(count: count, links: links, errors: errors)
    }

    /// What is there already stays as it is, so that the same import twice is the same import.
    private func importBesides(_ command: ImportCommand, _ errors: inout [String]) throws(StoreError) {
        for alias in command.aliases {
            let isKnown = try row(
                "SELECT 1 FROM aliases WHERE entity_id = ?1 AND alias = ?2",
                [.text(alias.entityID), .text(alias.alias)]
            ) { _ in true }
            if isKnown == nil {
                try insert(.aliases, [.text(alias.entityID), .text(alias.alias), .text(alias.createdAt)])
            }
        }
        for row in command.archived where try !isArchived(row.memory.id) {
            try insert(.archive, ArchivedMemory.values(row.memory, at: row.archivedAt, reason: row.reason))
        }
        for row in command.standards where try standard(of: row.namespace) == nil {
            guard try memory(id: row.memoryID) != nil else {
                errors.append("standard of \(row.namespace): there is no memory \(row.memoryID)")
                continue
            }
            try bindStandard(row.namespace, to: row.memoryID, parent: row.parent, at: row.updatedAt)
        }
    }

    private func take(_ memory: Memory) throws(StoreError) -> String? {
        if try self.memory(namespace: memory.namespace, title: memory.title) != nil {
            _ = try store(
                StoreCommand(
                    id: memory.id, tier: memory.tier, namespace: memory.namespace, title: memory.title,
                    content: memory.content, tags: memory.tags, priority: memory.priority,
                    confidence: memory.confidence, source: memory.source, at: memory.updatedAt,
                    expiresAt: memory.expiresAt, metadata: memory.metadata))
            return nil
        }
        guard try self.memory(id: memory.id) == nil else { return "id already belongs to another memory" }
        var fresh = memory
        fresh.version = index
        try insert(fresh)
        return nil
    }
}
