/// Links, the knowledge graph, entities, contradictions.
///
/// Owns: their parameters and shapes. Must never: resolve a prefix: these routes take whole ids.
import JSON
import StateMachine

extension MemoryAPI {
    static let graphLimitDefault = 200
    static let graphLimitMax = 1_000

    // MARK: links

    func createLink(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let key = try linkKey(
            BodyFields(JSONBody.json(request, bytesMax: options.bodyBytesMax)), isRelationRequired: false)
        let now = options.clockNanoseconds()
        let committed = try await submit(
            .link(LinkCommand(key: key, at: Timestamp.text(nanoseconds: now))),
            idempotency: try IdempotencyHeader.read(request), nowNanoseconds: now)
        guard case .linked = committed.outcome else { throw refusal(committed) }
        return committed.answer(201, ["linked": true])
    }

    func deleteLinks(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let key = try linkKey(
            BodyFields(JSONBody.json(request, bytesMax: options.bodyBytesMax)), isRelationRequired: false)
        let count = try await counted(
            .unlink(UnlinkCommand(sourceID: key.sourceID, targetID: key.targetID)), request,
            nowNanoseconds: options.clockNanoseconds())
        return count.committed.answer(200, ["deleted": .bool(count.count > 0)])
    }

    func getLinks(_ request: APIRequest, id: String) async throws(APIFailure) -> APIResponse {
        if let reason = Validation.id(id) { throw .bad(reason) }
        let point = try await barrier(request)
        let links = try await read("links") { (reader) throws(StoreError) in try reader.links(of: id) }
        return point.answer(["links": .array(links.map(\.json))])
    }

    private func linkKey(_ fields: BodyFields, isRelationRequired: Bool) throws(APIFailure) -> LinkKey {
        let key = LinkKey(
            sourceID: try fields.requiredText("source_id"), targetID: try fields.requiredText("target_id"),
            relation: isRelationRequired
                ? try fields.requiredText("relation") : try fields.optionalText("relation") ?? "related_to")
        if let reason = Validation.link(key) { throw .bad(reason) }
        return key
    }

    // MARK: time

    func timeline(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let parameters = QueryParameters(request.rawQuery)
        let source = try parameters.requiredText("source_id")
        let since = try timestamp(try parameters.text("since"), "since")
        let until = try timestamp(try parameters.text("until"), "until")
        let limit = try parameters.unsigned("limit") ?? MemoryAPI.graphLimitDefault
        if let reason = Validation.id(source) { throw .bad("invalid source_id: \(reason)") }
        let point = try await barrier(request)
        let events = try await read("timeline") { (reader) throws(StoreError) in
            try reader.timeline(
                of: source, since: since, until: until, limit: min(max(1, limit), MemoryAPI.graphLimitMax))
        }
        return point.answer([
            "count": .integer(Int64(events.count)), "events": .array(events.map(\.eventJSON)),
            "source_id": .string(source),
        ])
    }

    func graphQuery(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let fields = try BodyFields(JSONBody.json(request, bytesMax: options.bodyBytesMax))
        let source = try fields.requiredText("source_id")
        let depth = try fields.optionalUnsigned("max_depth") ?? 1
        let limit = try fields.optionalUnsigned("limit") ?? MemoryAPI.graphLimitDefault
        let agents = try fields.optionalTexts("allowed_agents")
        let instant = try fields.optionalText("valid_at")
        if let reason = Validation.id(source) { throw .bad("invalid source_id: \(reason)") }
        let validAt = try timestamp(instant, "valid_at")
        let allowed = try agents.map { agents throws(APIFailure) in try allowedAgents(agents) }
        guard (1...StoreReader.graphDepthMax).contains(depth) else {
            throw .error(422, "max_depth must be between 1 and \(StoreReader.graphDepthMax) (got \(depth))")
        }
        let query = GraphQuery(
            sourceID: source, depthMax: depth, validAt: validAt, allowedAgents: allowed,
            limit: min(max(1, limit), MemoryAPI.graphLimitMax))
        let point = try await barrier(request)
        let steps =
            allowed?.isEmpty == true
            ? [] : try await read("kg_query") { (reader) throws(StoreError) in try reader.walk(query) }
        return point.answer([
            "count": .integer(Int64(steps.count)), "max_depth": .integer(Int64(depth)),
            "memories": .array(steps.map(\.stepJSON)), "paths": .array(steps.map { .string($0.pathText) }),
            "source_id": .string(source),
        ])
    }

    /// Blank entries say nothing; a list without others allows nobody.
    private func allowedAgents(_ entries: [String]) throws(APIFailure) -> [String] {
        var agents: [String] = []
        for entry in entries {
            let agent = String(Validation.trimmed(entry))
            if agent.isEmpty { continue }
            if let reason = Validation.agentID(agent) { throw .bad("invalid allowed_agents entry: \(reason)") }
            agents.append(agent)
        }
        return agents
    }

    func invalidateLink(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let fields = try BodyFields(JSONBody.json(request, bytesMax: options.bodyBytesMax))
        let key = try linkKey(fields, isRelationRequired: true)
        let until = try timestamp(try fields.optionalText("valid_until"), "valid_until")
        let now = options.clockNanoseconds()
        let end = until ?? Timestamp.text(nanoseconds: now)
        let committed = try await submit(
            .invalidate(InvalidateCommand(key: key, validUntil: end)),
            idempotency: try IdempotencyHeader.read(request), nowNanoseconds: now)
        var body = JSONObject([
            ("relation", .string(key.relation)), ("source_id", .string(key.sourceID)),
            ("target_id", .string(key.targetID)),
        ])
        switch committed.outcome {
        case .invalidated(let previous):
            body["found"] = true
            body["previous_valid_until"] = previous.map { .string($0) } ?? .null
            body["valid_until"] = .string(end)
            return committed.answer(200, .object(body))
        case .notFound:
            body["found"] = false
            return committed.answer(404, .object(body))
        default: throw refusal(committed)
        }
    }

    /// Blank is absent.
    private func timestamp(_ text: String?, _ field: String) throws(APIFailure) -> String? {
        guard let text, !Validation.isBlank(text) else { return nil }
        if let reason = Validation.timestamp(text, field) { throw .bad("invalid \(field): \(reason)") }
        return text
    }

    // MARK: entities

    func registerEntity(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let fields = try BodyFields(JSONBody.json(request, bytesMax: options.bodyBytesMax))
        let name = try fields.requiredText("canonical_name")
        let namespace = try fields.requiredText("namespace")
        let given = try fields.optionalTexts("aliases") ?? []
        let claimed = try fields.optionalText("agent_id")
        if let reason = Validation.title(name) { throw .bad("invalid canonical_name: \(reason)") }
        if let reason = Validation.namespace(namespace) { throw .bad("invalid namespace: \(reason)") }
        let aliases = given.map { String(Validation.trimmed($0)) }.filter { !$0.isEmpty }
        if let reason = Validation.aliases(aliases) { throw .bad(reason) }
        var metadata = fields.value("metadata")?.objectValue ?? JSONObject()
        metadata["kind"] = "entity"
        if let agent = try Identity.optional(body: claimed, headers: request.headers), metadata["agent_id"] == nil {
            metadata["agent_id"] = .string(agent)
        }
        if let reason = Validation.metadata(.object(metadata)) { throw .bad(reason) }
        let now = options.clockNanoseconds()
        let command = EntityCommand(
            id: freshID(), name: name, namespace: namespace, aliases: aliases, metadata: metadata.text,
            at: Timestamp.text(nanoseconds: now))
        let committed = try await submit(
            .registerEntity(command), idempotency: try IdempotencyHeader.read(request), nowNanoseconds: now)
        guard case .entity(let id, let created, let all) = committed.outcome else {
            throw refusal(committed)
        }
        return committed.answer(
            created ? 201 : 200,
            [
                "aliases": .array(all.map { .string($0) }), "canonical_name": .string(name), "created": .bool(created),
                "entity_id": .string(id), "namespace": .string(namespace),
            ])
    }

    func entityByAlias(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let parameters = QueryParameters(request.rawQuery)
        let alias = String(Validation.trimmed(try parameters.requiredText("alias")))
        let given = try parameters.text("namespace")
        if alias.isEmpty { throw .bad("alias is required") }
        let namespace = given.flatMap { Validation.isBlank($0) ? nil : $0 }
        if let namespace, let reason = Validation.namespace(namespace) { throw .bad("invalid namespace: \(reason)") }
        let point = try await barrier(request)
        let entity = try await readBriefly("entity") { (reader) throws(StoreError) in
            try reader.entity(alias: alias, namespace: namespace)
        }
        return point.answer([
            "aliases": .array(entity?.aliases.map { .string($0) } ?? []),
            "canonical_name": entity.map { .string($0.name) } ?? .null,
            "entity_id": entity.map { .string($0.id) } ?? .null, "found": .bool(entity != nil),
            "namespace": entity.map { .string($0.namespace) } ?? .null,
        ])
    }
}

extension Link {
    var json: JSONValue {
        [
            "created_at": .string(createdAt), "relation": .string(relation), "source_id": .string(sourceID),
            "target_id": .string(targetID),
        ]
    }
}

extension GraphStep {
    var pathText: String { path.joined(separator: "->") }

    private var object: JSONObject {
        JSONObject([
            ("observed_by", observedBy.map { .string($0) } ?? .null), ("relation", .string(relation)),
            ("target_id", .string(targetID)), ("target_namespace", .string(targetNamespace)),
            ("title", .string(title)), ("valid_from", validFrom.map { .string($0) } ?? .null),
            ("valid_until", validUntil.map { .string($0) } ?? .null),
        ])
    }
    var eventJSON: JSONValue { .object(object) }
    var stepJSON: JSONValue {
        var step = object
        step["depth"] = .integer(Int64(depth))
        step["path"] = .string(pathText)
        return .object(step)
    }
}
