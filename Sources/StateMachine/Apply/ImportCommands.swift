/// Rows from another store, taken in as they were.
///
/// Owns: the merge with what is here. Must never: overwrite an archive, an alias or a standard that exists.

extension ApplyContext {
    /// Each memory by itself: one that cannot be taken in is reported and the rest goes on.
    func importRows(_ command: ImportCommand) throws(StoreError) -> Outcome {
        var report = ImportReport()
        for imported in command.memories { try take(imported.memory, &report) }
        for link in command.links { try take(link, at: command.at, &report) }
        try takeNames(command, &report)
        return .imported(
            count: report.count, links: report.links, errors: report.lines,
            merged: report.merged.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
                MergedID(id: String(decoding: $0.key, as: UTF8.self), into: $0.value)
            })
    }

    private func take(_ link: ImportedLink, at: String, _ report: inout ImportReport) throws(StoreError) {
        var link = link
        link.key.sourceID = report.surviving(link.key.sourceID)
        link.key.targetID = report.surviving(link.key.targetID)
        for id in [link.key.sourceID, link.key.targetID] where try memory(id: id) == nil {
            report.add("link \(link.key.sourceID) -> \(link.key.targetID): there is no memory \(id)")
            return
        }
        // One that led to what it came from can only have been between two that are one now.
        guard !link.key.sourceID.hasSameBytes(as: link.key.targetID) else { return }
        if try linkIfAbsent(link, at: at) { report.links += 1 }
    }

    /// What is there already stays as it is, so that the same import twice is the same import.
    private func takeNames(_ command: ImportCommand, _ report: inout ImportReport) throws(StoreError) {
        for alias in command.aliases {
            let entity = report.surviving(alias.entityID)
            let isKnown = try row(
                "SELECT 1 FROM aliases WHERE entity_id = ?1 AND alias = ?2", [.text(entity), .text(alias.alias)]
            ) { _ in true }
            guard isKnown == nil else { continue }
            let count = try row("SELECT count(*) FROM aliases WHERE entity_id = ?1", [.text(entity)]) { $0.int64(0) }
            guard count ?? 0 < Int64(ApplyLimits.aliasesMax) else {
                report.add("alias \(alias.alias) of \(entity): it has \(ApplyLimits.aliasesMax) already")
                continue
            }
            try insert(.aliases, [.text(entity), .text(alias.alias), .text(alias.createdAt)])
        }
        for row in command.archived where try !isArchived(row.memory.id) {
            try insert(.archive, ArchivedMemory.values(row.memory, at: row.archivedAt, reason: row.reason))
        }
        for row in command.standards where try standard(of: row.namespace) == nil {
            let standard = report.surviving(row.memoryID)
            guard try memory(id: standard) != nil else {
                report.add("standard of \(row.namespace): there is no memory \(standard)")
                continue
            }
            try bindStandard(row.namespace, to: standard, parent: row.parent, at: row.updatedAt)
        }
    }

    private func take(_ memory: Memory, _ report: inout ImportReport) throws(StoreError) {
        if let standing = try self.memory(namespace: memory.namespace, title: memory.title)?.memory {
            _ = try store(
                StoreCommand(
                    id: memory.id, tier: memory.tier, namespace: memory.namespace, title: memory.title,
                    content: memory.content, tags: memory.tags, priority: memory.priority,
                    confidence: memory.confidence, source: memory.source, at: memory.updatedAt,
                    expiresAt: memory.expiresAt, metadata: memory.metadata))
            report.count += 1
            if !standing.id.hasSameBytes(as: memory.id) { report.merged[Array(memory.id.utf8)] = standing.id }
            return
        }
        guard try self.memory(id: memory.id) == nil else {
            return report.add("\(memory.id): id already belongs to another memory")
        }
        var fresh = memory
        fresh.version = index
        try insert(fresh)
        report.count += 1
    }
}

/// What an import has come to so far.
private struct ImportReport {
    var count = 0
    var links = 0
    /// Imported id to the id it lives on under.
    var merged: [[UInt8]: String] = [:]
    private var errors: [String] = []
    private var errorsLeftOut = 0

    func surviving(_ id: String) -> String { merged[Array(id.utf8)] ?? id }

    mutating func add(_ error: String) {
        if errors.count < ApplyLimits.importErrorsMax { errors.append(error) } else { errorsLeftOut += 1 }
    }

    var lines: [String] { errorsLeftOut == 0 ? errors : errors + ["and \(errorsLeftOut) more like these"] }
}
