/// Notify, inbox, and the start of a session.
///
/// Owns: their shapes. Must never: mark a message as read: only recall does.
import JSON
import StateMachine

extension MemoryAPI {
    static let inboxDefault = 50
    static let inboxMax = 500
    static let sessionMax = 50

    /// Both the server's own form and the one of the typed SDKs (`to`, `subject`, `body`).
    func notify(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let fields = try BodyFields(JSONBody.json(request, bytesMax: options.bodyBytesMax))
        let target = try fields.requiredText("target_agent_id", or: "to")
        let title = try fields.requiredText("title", or: "subject")
        var payload = try fields.optionalText("payload")
        for key in ["content", "body"] where payload == nil { payload = try fields.optionalText(key) }
        let priority = try fields.optionalInteger64("priority") ?? 5
        let tierName = try fields.optionalText("tier") ?? Tier.mid.name
        let claimed = try fields.optionalText("agent_id")
        if let reason = Validation.agentID(target) { throw .bad(reason) }
        guard let payload else { throw .bad("payload or content is required") }
        guard let tier = Tier(name: tierName) else { throw .bad("invalid tier: \(Validation.shortened(tierName))") }
        if let reason = Validation.title(title) { throw .bad(reason) }
        if let reason = Validation.content(payload) { throw .bad(reason) }
        let namespace = "_messages/\(target)"
        if let reason = Validation.namespace(namespace) { throw .bad(reason) }
        let idempotency = try IdempotencyHeader.read(request)
        let sender = try caller(request, body: try claimOrQuery(claimed, request), idempotency)
        let now = options.clockNanoseconds()
        let at = Timestamp.text(nanoseconds: now)
        let metadata = JSONObject([
            ("agent_id", .string(sender)), ("message_kind", "notify"), ("recipient_agent_id", .string(target)),
        ])
        let expiry = options.timeToLive.seconds(tier).map { Timestamp.text(nanoseconds: now &+ $0 * 1_000_000_000) }
        let command = StoreCommand(
            id: freshID(), tier: tier, namespace: namespace, title: title, content: payload, tags: ["_message"],
            priority: Int(min(max(1, priority), 10)), confidence: 1, source: "notify", at: at, expiresAt: expiry,
            metadata: metadata.text)
        // A batch of one: no policy is asked about messages.
        let committed = try await submit(.storeBatch([command]), idempotency: idempotency, nowNanoseconds: now)
        guard case .storedBatch(let outcomes) = committed.outcome, case .stored(let id, _, _)? = outcomes.first else {
            throw refusal(committed)
        }
        return committed.answer(
            201,
            [
                "delivered_at": .string(at), "from": .string(sender), "id": .string(id),
                "namespace": .string(namespace), "tier": .string(tier.name), "to": .string(target),
            ])
    }

    func inbox(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let parameters = QueryParameters(request.rawQuery)
        let claimed = try parameters.text("agent_id")
        let isUnreadOnly = try parameters.bool("unread_only") ?? false
        let limit = min(try parameters.unsigned("limit") ?? MemoryAPI.inboxDefault, MemoryAPI.inboxMax)
        let owner = try Identity.resolve(body: claimed, headers: request.headers) {
            FreshID.anonymous(options.random())
        }
        let namespace = "_messages/\(owner)"
        let point = try await barrier(request)
        let now = Timestamp.text(nanoseconds: options.clockNanoseconds())
        let query = ListQuery(namespace: namespace, limit: limit)
        let messages = try await read("inbox") { (reader) throws(StoreError) in try reader.list(query, now: now) }
            .filter { !isUnreadOnly || $0.accessCount == 0 }
        return point.answer([
            "agent_id": .string(owner), "count": .integer(Int64(messages.count)),
            "messages": .array(messages.map(\.messageJSON)), "namespace": .string(namespace),
            "unread_only": .bool(isUnreadOnly),
        ])
    }

    func startSession(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let fields = try BodyFields(JSONBody.json(request, bytesMax: options.bodyBytesMax))
        let namespace = try fields.optionalText("namespace")
        let limit = min(try fields.optionalUnsigned("limit") ?? RecallInput.limitDefault, MemoryAPI.sessionMax)
        let agent = try fields.optionalText("agent_id")
        if let agent, let reason = Validation.agentID(agent) { throw .bad("invalid agent_id: \(reason)") }
        let point = try await barrier(request)
        let now = Timestamp.text(nanoseconds: options.clockNanoseconds())
        let query = ListQuery(namespace: namespace, limit: limit)
        let (listed, standards) = try await read("session") { (reader) throws(StoreError) in
            let chain = try reader.standardChain(of: namespace ?? "*")
            var bound: [Memory] = []
            for memory in try reader.standards(along: chain).compactMap(\.memory)
            where !bound.contains(where: { $0.id == memory.id }) {
                bound.append(memory)
            }
            return (try reader.list(query, now: now), bound)
        }
        let memories = listed.filter { memory in !standards.contains { $0.id == memory.id } }
        var body = JSONObject([
            ("count", .integer(Int64(memories.count))), ("mode", "session_start"),
            (
                "memories",
                .array(
                    memories.map { memory in
                        var object = memory.jsonObject
                        object["score"] = 0.0
                        return .object(object)
                    })
            ),
            ("session_id", .string(freshID())),
        ])
        if let agent { body["agent_id"] = .string(agent) }
        if standards.count == 1 { body["standard"] = .object(standards[0].jsonObject) }
        if standards.count > 1 { body["standards"] = .array(standards.map { .object($0.jsonObject) }) }
        return point.answer(.object(body))
    }
}

extension Memory {
    fileprivate var messageJSON: JSONValue {
        [
            "access_count": .integer(Int64(accessCount)), "created_at": .string(createdAt),
            "from": metadataObject["agent_id"] ?? .null, "id": .string(id), "payload": .string(content),
            "priority": .integer(Int64(priority)), "read": .bool(accessCount > 0), "tier": .string(tier.name),
            "title": .string(title),
        ]
    }
}
