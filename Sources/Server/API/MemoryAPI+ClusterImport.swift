/// `POST /cluster/v1/import`: rows of a v0.6.3 database with everything its JSON form leaves out, for `mneme import`.
///
/// Owns: the shape. Must never: take in half of a batch, or overwrite an archive, an alias or a standard that exists.
import JSON
import StateMachine

extension MemoryAPI {
    func importDatabaseRows(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let fields = try BodyFields(JSONBody.json(request, bytesMax: options.bodyBytesMax))
        let now = options.clockNanoseconds()
        var command = ImportCommand(at: Timestamp.text(nanoseconds: now))
        var errors: [String] = []
        for row in try rows(fields, "memories", max: MemoryAPI.importMemoriesMax) {
            let memory = try MemoryFields.memory(row)
            if let reason = Validation.whole(memory, allowsAnySource: true) {
                errors.append("\(memory.id): \(reason)")
            } else {
                command.memories.append(ImportedMemory(memory))
            }
        }
        for row in try rows(fields, "archived", max: MemoryAPI.importMemoriesMax) {
            let memory = try MemoryFields.memory(row)
            let at = try row.requiredText("archived_at")
            let reason = try row.requiredText("archive_reason")
            let problem =
                Validation.whole(memory, allowsAnySource: true) ?? Validation.timestamp(at, "archived_at")
                ?? Validation.archiveReason(reason)
            if let problem {
                errors.append("\(memory.id): \(problem)")
            } else {
                command.archived.append(ImportedArchive(memory: memory, archivedAt: at, reason: reason))
            }
        }
        for row in try rows(fields, "links", max: MemoryAPI.importLinksMax) {
            let link = try link(row)
            if let reason = Validation.link(link.key) {
                errors.append("link \(link.key.sourceID) -> \(link.key.targetID): \(reason)")
            } else {
                command.links.append(link)
            }
        }
        try addNames(fields, to: &command, &errors)
        let committed = try await submit(
            .importRows(command), idempotency: try IdempotencyHeader.read(request), nowNanoseconds: now)
        guard case .imported(let count, let links, let failed, let merged) = committed.outcome else {
            throw refusal(committed)
        }
        return committed.answer(
            200,
            [
                "errors": .array((errors + failed).map { .string($0) }), "imported": .integer(Int64(count)),
                "links": .integer(Int64(links)),
                // Rows of later requests have to name the memory that is left.
                "merged": .object(JSONObject(merged.map { ($0.id, .string($0.into)) })),
            ])
    }

    private func addNames(
        _ fields: BodyFields, to command: inout ImportCommand, _ errors: inout [String]
    ) throws(APIFailure) {
        for row in try rows(fields, "aliases", max: MemoryAPI.importLinksMax) {
            let alias = ImportedAlias(
                entityID: try row.requiredText("entity_id"), alias: try row.requiredText("alias"),
                createdAt: try row.requiredText("created_at"))
            let problem =
                Validation.id(alias.entityID) ?? Validation.aliases([alias.alias])
                ?? Validation.timestamp(alias.createdAt, "created_at")
            if let problem {
                errors.append("alias of \(alias.entityID): \(problem)")
            } else {
                command.aliases.append(alias)
            }
        }
        for row in try rows(fields, "standards", max: MemoryAPI.importMemoriesMax) {
            let standard = ImportedStandard(
                namespace: try row.requiredText("namespace"), memoryID: try row.requiredText("standard_id"),
                parent: try row.optionalText("parent_namespace"), updatedAt: try row.requiredText("updated_at"))
            let problem =
                Validation.namespace(standard.namespace) ?? Validation.id(standard.memoryID)
                ?? standard.parent.flatMap(Validation.namespace)
                ?? Validation.timestamp(standard.updatedAt, "updated_at")
            if let problem {
                errors.append("standard of \(standard.namespace): \(problem)")
            } else {
                command.standards.append(standard)
            }
        }
    }

    private func rows(_ fields: BodyFields, _ key: String, max: Int) throws(APIFailure) -> [BodyFields] {
        let elements = try fields.elements(key, isRequired: false)
        if elements.count > max { throw .bad("import limited to \(max) \(key) per request") }
        var found: [BodyFields] = []
        for (place, element) in elements.enumerated() {
            found.append(try BodyFields(element, place: "\(key)[\(place)]"))
        }
        return found
    }

    /// Times that are no times are left out; the link is worth more than they are.
    private func link(_ row: BodyFields) throws(APIFailure) -> ImportedLink {
        func time(_ key: String) throws(APIFailure) -> String? {
            guard let text = try row.optionalText(key) else { return nil }
            return Validation.timestamp(text, key) == nil ? text : nil
        }
        // As long as an agent's name may be; a longer one names nobody.
        let observer = try row.optionalText("observed_by").flatMap {
            $0.utf8.count <= Validation.agentIDBytesMax ? $0 : nil
        }
        return ImportedLink(
            key: LinkKey(
                sourceID: try row.requiredText("source_id"), targetID: try row.requiredText("target_id"),
                relation: try row.requiredText("relation")),
            createdAt: try time("created_at"), validFrom: try time("valid_from"), validUntil: try time("valid_until"),
            observedBy: observer)
    }
}
