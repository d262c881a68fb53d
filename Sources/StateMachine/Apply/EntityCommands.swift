/// Entities: memories of a kind, with other names in a table beside them.
///
/// Owns: the table `aliases` and the shape of an entity's memory. Must never: turn a memory that is none into an entity.
import JSON

enum EntityRow {
    static let kind = "entity"
    static let tag = "entity"
    static let priority = 7
}

extension ApplyContext {
    /// Memory and aliases in one command.
    func registerEntity(_ command: EntityCommand) throws(StoreError) -> Outcome {
        let existing = try memory(namespace: command.namespace, title: command.name)?.memory
        if let existing, existing.metadataObject["kind"]?.stringValue != EntityRow.kind {
            return .refused(.notAnEntity, detail: existing.id)
        }
        if existing == nil, try memory(id: command.id) != nil { return .idTaken(id: command.id) }
        let id = existing?.id ?? command.id
        // Aliases outlive their entity's memory.
        var known = Set(try aliases(of: id).map { Array($0.utf8) })
        let all = known.union(command.aliases.map { Array($0.utf8) })
        guard all.count <= max(known.count, ApplyLimits.aliasesMax) else {
            return .refused(.tooManyAliases, detail: "\(ApplyLimits.aliasesMax)")
        }
        if existing == nil {
            try insert(
                Memory(
                    id: id, tier: .long, namespace: command.namespace, title: command.name,
                    content: command.name, tags: [EntityRow.tag], priority: EntityRow.priority, confidence: 1,
                    source: "api", accessCount: 0, createdAt: command.at, updatedAt: command.at, lastAccessedAt: nil,
                    expiresAt: nil, metadata: command.metadata, version: index))
        }
        for alias in command.aliases where known.insert(Array(alias.utf8)).inserted {
            try insert(.aliases, [.text(id), .text(alias), .text(command.at)])
        }
        return .entity(id: id, created: existing == nil, aliases: try aliases(of: id))
    }

    private func aliases(of id: String) throws(StoreError) -> [String] {
        try rows("SELECT alias FROM aliases WHERE entity_id = ?1 ORDER BY created_at, alias", [.text(id)]) {
            $0.text(0)
        }
    }
}
