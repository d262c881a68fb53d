/// Promotion and consolidation of memories.
///
/// Owns: their rules. Must never: change a row before every reason to refuse is checked.
import JSON

extension ApplyContext {
    func promote(_ command: PromoteCommand) throws(StoreError) -> Outcome {
        guard let existing = try memory(id: command.id) else { return .notFound }
        if let target = command.toNamespace { return try clone(existing.memory, into: target, command) }
        var memory = existing.memory
        memory.tier = .long
        memory.expiresAt = nil
        memory.updatedAt = command.at
        memory.version = index
        try write(memory, over: existing)
        return .promoted(id: memory.id)
    }

    /// The source stays; an existing memory of that title in the ancestor is merged.
    private func clone(
        _ memory: Memory, into target: String, _ command: PromoteCommand
    ) throws(StoreError) -> Outcome {
        let ancestors = NamespacePath.ancestors(memory.namespace).dropFirst()
        guard ancestors.contains(where: { $0.hasSameBytes(as: target) }) else {
            return .refused(.notAnAncestor, detail: memory.namespace)
        }
        let outcome = try store(
            StoreCommand(
                id: command.cloneID, tier: memory.tier, namespace: target, title: memory.title,
                content: memory.content, tags: memory.tags, priority: memory.priority, confidence: memory.confidence,
                source: memory.source, at: command.at, expiresAt: memory.expiresAt, metadata: memory.metadata))
        guard case .stored(let id, _, _) = outcome else { return outcome }
        _ = try linkIfAbsent(
            ImportedLink(
                key: LinkKey(sourceID: id, targetID: memory.id, relation: "derived_from"), createdAt: command.at,
                validFrom: command.at), at: command.at)
        return .promoted(id: id)
    }

    func consolidate(_ command: ConsolidateCommand) throws(StoreError) -> Outcome {
        var sources: [MemoryRow] = []
        for id in command.ids {
            guard let row = try memory(id: id) else { return .refused(.memoryMissing, detail: id) }
            sources.append(row)
        }
        if let owner = try memory(namespace: command.namespace, title: command.title)?.memory {
            return .titleTaken(title: command.title, namespace: command.namespace, ownerID: owner.id)
        }
        guard try memory(id: command.id) == nil else { return .idTaken(id: command.id) }
        let memory = Consolidation.memory(command, of: sources.map(\.memory), version: index)
        guard memory.metadata.utf8.count <= ApplyLimits.metadataBytesMax else {
            return .refused(.metadataTooLarge, detail: "\(memory.metadata.utf8.count)")
        }
        guard memory.tags.count <= ApplyLimits.tagsMax else {
            return .refused(.tooManyTags, detail: "\(ApplyLimits.tagsMax)")
        }
        for source in sources { try remove(source) }
        try insert(memory)
        return .stored(id: memory.id, version: index, created: true)
    }
}

/// What several memories become, free of the database.
enum Consolidation {
    static func memory(_ command: ConsolidateCommand, of sources: [Memory], version: UInt64) -> Memory {
        let tags = sources.flatMap(\.tags).map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        var union: [[UInt8]] = []
        for tag in tags where union.last != tag { union.append(tag) }
        // Sums of counts that are capped each cannot overflow.
        let accesses = sources.reduce(0) { $0 + $1.accessCount }
        return Memory(
            id: command.id, tier: command.tier, namespace: command.namespace, title: command.title,
            content: command.summary, tags: union.map { String(decoding: $0, as: UTF8.self) },
            priority: sources.reduce(5) { max($0, $1.priority) }, confidence: 1, source: command.source,
            accessCount: min(accesses, Int(TouchRule.accessCountMax)), createdAt: command.at, updatedAt: command.at,
            lastAccessedAt: nil, expiresAt: nil, metadata: metadata(command, of: sources), version: version)
    }

    /// The sources' in the order of the ids, later keys over earlier ones, without their authors.
    private static func metadata(_ command: ConsolidateCommand, of sources: [Memory]) -> String {
        var merged = JSONObject()
        var authors: [String] = []
        for source in sources {
            for member in source.metadataObject.members where member.key != "agent_id" {
                merged[member.key] = member.value
            }
            if let author = MetadataFields(metadata: source.metadata).agentID,
                !authors.contains(where: { $0.hasSameBytes(as: author) })
            {
                authors.append(author)
            }
        }
        merged["derived_from"] = .array(command.ids.map { .string($0) })
        merged["agent_id"] = .string(command.agentID)
        if !authors.isEmpty { merged["consolidated_from_agents"] = .array(authors.map { .string($0) }) }
        return merged.text
    }
}
