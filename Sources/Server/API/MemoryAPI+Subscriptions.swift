/// Webhook subscriptions.
///
/// Owns: their two forms, and what an SDK sends that the server of v0.6.3 refused. Must never: give out a secret, or keep
/// it: only its hash leaves this file.
import JSON
import StateMachine

extension MemoryAPI {
    static let eventsBytesMax = 1_024

    func subscribe(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let fields = try BodyFields(JSONBody.json(request, bytesMax: options.bodyBytesMax))
        let input = try SubscriptionInput(fields)
        let idempotency = try IdempotencyHeader.read(request)
        let claimed = try claimOrQuery(try fields.optionalText("agent_id"), request)
        let caller = try caller(request, body: claimed, idempotency)
        let (url, namespaceFilter, agentFilter) = try input.target(caller: caller)
        if let reason = input.invalidity(namespaceFilter: namespaceFilter, agentFilter: agentFilter) {
            throw .bad(reason)
        }
        // An address that only stands for a namespace holds whatever letters that has; nothing is sent to it.
        if input.url != nil, let reason = WebhookURL.problem(url) { throw .bad(reason) }
        let now = options.clockNanoseconds()
        let id = freshID()
        let command = SubscribeCommand(
            id: id, url: url, events: input.events,
            secretHash: input.secret.map { SHA256Digest.of(Array($0.utf8)) } ?? [],
            namespaceFilter: namespaceFilter, agentFilter: agentFilter, caller: caller, agentRowID: freshID(),
            at: Timestamp.text(nanoseconds: now))
        let committed = try await submit(.subscribe(command), idempotency: idempotency, nowNanoseconds: now)
        guard case .promoted(let kept) = committed.outcome else { throw refusal(committed) }
        var body = JSONObject([
            ("agent_filter", agentFilter.map { .string($0) } ?? .null), ("agent_id", .string(agentFilter ?? caller)),
            ("created_by", .string(caller)), ("events", input.eventsJSON), ("id", .string(kept)),
            ("namespace_filter", namespaceFilter.map { .string($0) } ?? .null), ("url", .string(url)),
        ])
        if let namespaceFilter { body["namespace"] = .string(namespaceFilter) }
        return committed.answer(201, .object(body))
    }

    /// - Parameter path: the id of the path form that SDKs use; nil: by query.
    func unsubscribe(_ request: APIRequest, path: String?) async throws(APIFailure) -> APIResponse {
        let parameters = QueryParameters(request.rawQuery)
        var id = path
        if id == nil { id = try parameters.text("id") }
        let namespace = try parameters.text("namespace")
        let owner = try Identity.resolve(body: try parameters.text("agent_id"), headers: request.headers) {
            FreshID.anonymous(options.random())
        }
        let command: UnsubscribeCommand
        if let id {
            command = UnsubscribeCommand(id: id)
        } else if let namespace {
            command = UnsubscribeCommand(id: nil, owner: owner, namespace: namespace)
        } else {
            throw .bad("id or (agent_id, namespace) required")
        }
        let committed = try await submit(
            .unsubscribe(command), idempotency: try IdempotencyHeader.read(request),
            nowNanoseconds: options.clockNanoseconds())
        switch committed.outcome {
        case .deleted(let removed): return committed.answer(200, ["id": .string(removed), "removed": true])
        case .notFound: return committed.answer(200, ["id": .string(id ?? ""), "removed": false])
        default: throw refusal(committed)
        }
    }

    func listSubscriptions(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let owner = try QueryParameters(request.rawQuery).text("agent_id")
        let point = try await barrier(request)
        let rows = try await read("subscriptions") { (reader) throws(StoreError) in
            try reader.subscriptions(owner: owner)
        }
        return point.answer(["count": .integer(Int64(rows.count)), "subscriptions": .array(rows.map(\.json))])
    }
}

private struct SubscriptionInput {
    var url: String?
    var namespace: String?
    var events: String
    /// An array is what SDKs send; only they get one back.
    var isEventsArray: Bool
    var secret: String?
    var namespaceFilter: String?
    var agentFilter: String?

    init(_ fields: BodyFields) throws(APIFailure) {
        url = try fields.optionalText("url")
        if url == nil { url = try fields.optionalText("callback_url") }
        namespace = try fields.optionalText("namespace")
        secret = try fields.optionalText("secret")
        // An empty filter lets everything pass, like none.
        namespaceFilter = try fields.optionalText("namespace_filter").flatMap { $0.isEmpty ? nil : $0 }
        agentFilter = try fields.optionalText("agent_filter").flatMap { $0.isEmpty ? nil : $0 }
        if case .array = fields.value("events") {
            isEventsArray = true
            let names = try fields.texts("events")
            events = names.isEmpty ? "*" : names.joined(separator: ",")
        } else {
            isEventsArray = false
            events = try fields.optionalText("events") ?? "*"
        }
    }

    var eventsJSON: JSONValue {
        guard isEventsArray else { return .string(events) }
        return .array(events.split(separator: ",").map { .string(String($0)) })
    }

    /// A namespace alone stands for an address that nothing is sent to, with both filters set.
    func target(caller: String) throws(APIFailure) -> (url: String, namespaceFilter: String?, agentFilter: String?) {
        if let url { return (url, namespaceFilter, agentFilter) }
        guard let namespace else { throw .bad("url or namespace is required") }
        return ("\(Subscription.unaddressed)\(caller)/\(namespace)", namespace, agentFilter ?? caller)
    }

    func invalidity(namespaceFilter: String?, agentFilter: String?) -> String? {
        if let namespaceFilter, let reason = Validation.namespace(namespaceFilter) {
            return "invalid namespace_filter: \(reason)"
        }
        if let agentFilter, let reason = Validation.agentID(agentFilter) { return "invalid agent_filter: \(reason)" }
        if events.utf8.count > MemoryAPI.eventsBytesMax || events.isEmpty || Validation.hasControl(events) {
            return "events must be 1 to \(MemoryAPI.eventsBytesMax) bytes without control characters"
        }
        return nil
    }
}

extension Subscription {
    var json: JSONValue {
        [
            "agent_filter": agentFilter.map { .string($0) } ?? .null, "agent_id": .string(agentFilter ?? createdBy),
            "created_at": .string(createdAt), "created_by": .string(createdBy),
            "dispatch_count": .integer(dispatchCount), "events": .string(events),
            "failure_count": .integer(failureCount), "id": .string(id),
            "namespace": namespaceFilter.map { .string($0) } ?? .null,
            "namespace_filter": namespaceFilter.map { .string($0) } ?? .null, "url": .string(url),
        ]
    }
}
