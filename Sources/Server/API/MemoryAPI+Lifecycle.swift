/// `POST /memories/{id}/promote`, `/forget`, `/consolidate`, `/gc`.
///
/// Owns: their sequence and shapes. Must never: take several steps where the log has one command.
import JSON
import StateMachine

extension MemoryAPI {
    /// Memories that one command of a collection removes.
    static let collectBatch = 500

    func promoteMemory(_ request: APIRequest, id: String) async throws(APIFailure) -> APIResponse {
        if let reason = Validation.id(id) { throw .bad(reason) }
        let idempotency = try IdempotencyHeader.read(request)
        let target = try await resolveForWrite(id, idempotency)
        let caller = try caller(request, body: nil, idempotency)
        let now = options.clockNanoseconds()
        let at = Timestamp.text(nanoseconds: now)
        let command = GovernedCommand(
            action: .promote(PromoteCommand(id: target.id, at: at)), caller: caller, pendingID: freshID(), at: at)
        let committed = try await submit(.governed(command), idempotency: idempotency, nowNanoseconds: now)
        switch committed.outcome {
        case .promoted(let id):
            return committed.answer(200, ["id": .string(id), "promoted": true, "tier": "long"])
        case .notFound: throw target.failure ?? refusal(committed)
        default: return try governed(committed, action: .promote)
        }
    }

    func forget(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let input = try ForgetInput(request, bytesMax: options.bodyBytesMax)
        if let reason = input.invalidity { throw .bad(reason) }
        let now = options.clockNanoseconds()
        let command = ForgetCommand(
            namespace: input.namespace, tier: input.tier, pattern: input.pattern, archives: options.archivesOnCollect,
            at: Timestamp.text(nanoseconds: now))
        let count = try await counted(.forget(command), request, nowNanoseconds: now)
        return count.committed.answer(200, ["deleted": .integer(Int64(count.count))])
    }

    func consolidate(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let fields = try BodyFields(JSONBody.json(request, bytesMax: options.bodyBytesMax))
        let ids = try fields.requiredTexts("ids")
        let title = try fields.requiredText("title")
        let summary = try fields.requiredText("summary")
        let namespace = try fields.text("namespace", default: "global")
        let tier = try fields.optionalTier("tier") ?? .long
        if let reason = Validation.consolidation(ids, title: title, summary: summary, namespace: namespace) {
            throw .bad(reason)
        }
        let idempotency = try IdempotencyHeader.read(request)
        let agent = try caller(request, body: try fields.optionalText("agent_id"), idempotency)
        let now = options.clockNanoseconds()
        let command = ConsolidateCommand(
            ids: ids, id: freshID(), title: title, summary: summary, namespace: namespace, tier: tier,
            source: "consolidation", agentID: agent, at: Timestamp.text(nanoseconds: now))
        let committed = try await submit(
            .consolidate(command), idempotency: idempotency, nowNanoseconds: now,
            texts: [EmbeddedText.of(title: command.title, content: command.summary)])
        guard case .stored(let id, _, _) = committed.outcome else { throw refusal(committed) }
        return committed.answer(201, ["consolidated": .integer(Int64(ids.count)), "id": .string(id)])
    }

    /// As many commands as it takes, each of them small.
    func collectGarbage(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let now = options.clockNanoseconds()
        let command = CollectCommand(
            at: Timestamp.text(nanoseconds: now), archives: options.archivesOnCollect,
            countMax: MemoryAPI.collectBatch)
        var total = 0
        while true {
            let committed = try await submit(.collect(command), idempotency: nil, nowNanoseconds: now)
            guard case .counted(let count) = committed.outcome else { throw refusal(committed) }
            total += count
            if count < MemoryAPI.collectBatch {
                return committed.answer(200, ["expired_deleted": .integer(Int64(total))])
            }
        }
    }

    // MARK: what several routes need

    func freshID() -> String { FreshID.uuid((options.random(), options.random())) }

    /// Body, then header, then an anonymous id; the same one for a retry with the same idempotency key.
    func caller(
        _ request: APIRequest, body: String?, _ idempotency: Idempotency?
    ) throws(APIFailure) -> String {
        try Identity.resolve(body: body, headers: request.headers) { anonymousID(idempotency) }
    }

    /// The body's claim, or the one in the query.
    func claimOrQuery(_ claimed: String?, _ request: APIRequest) throws(APIFailure) -> String? {
        if let claimed, !claimed.isEmpty { return claimed }
        return try QueryParameters(request.rawQuery).text("agent_id")
    }

    /// Submits what ends in a number of rows.
    func counted(
        _ command: Command, _ request: APIRequest, nowNanoseconds: Int64
    ) async throws(APIFailure) -> (committed: Committed, count: Int) {
        let idempotency = try IdempotencyHeader.read(request)
        let committed = try await submit(command, idempotency: idempotency, nowNanoseconds: nowNanoseconds)
        guard case .counted(let count) = committed.outcome else { throw refusal(committed) }
        return (committed, count)
    }

    /// The answers that only governed writes have.
    func governed(_ committed: Committed, action: ActionKind) throws(APIFailure) -> APIResponse {
        switch committed.outcome {
        case .queued(let pendingID, let memoryID):
            var body = JSONObject([
                ("action", .string(action.name)), ("pending_id", .string(pendingID)),
                ("reason", "governance requires approval"), ("status", "pending"),
            ])
            if let memoryID { body["memory_id"] = .string(memoryID) }
            return committed.answer(202, .object(body))
        case .denied(let reason):
            var failure = APIFailure.error(403, "\(action.name) denied by governance: \(reason)")
            committed.mark(&failure.response)
            throw failure
        default:
            throw refusal(committed)
        }
    }
}

/// The conditions of `POST /forget`: from the body, or from the query when there is no body, as one SDK sends them.
private struct ForgetInput {
    var namespace: String?
    var tier: Tier?
    var pattern: String?
    private static let patternBytesMax = 65_536

    init(_ request: APIRequest, bytesMax: Int) throws(APIFailure) {
        if request.body.isEmpty, !request.bodyExceedsLimit, request.headers["content-type"] == nil,
            request.rawQuery != nil
        {
            let query = QueryParameters(request.rawQuery)
            namespace = try query.text("namespace")
            tier = try query.tier("tier")
            pattern = try query.text("pattern")
        } else {
            let fields = try BodyFields(JSONBody.json(request, bytesMax: bytesMax))
            namespace = try fields.optionalText("namespace")
            tier = try fields.optionalTier("tier")
            pattern = try fields.optionalText("pattern")
        }
    }

    /// A pattern without a word would match the rows that hold the word "empty", and they would be gone.
    var invalidity: String? {
        if namespace == nil, tier == nil, pattern == nil {
            return "at least one of namespace, pattern, or tier is required"
        }
        if let namespace, let reason = Validation.namespace(namespace) { return reason }
        if let pattern, pattern.utf8.count > Self.patternBytesMax {
            return "pattern exceeds max size of \(Self.patternBytesMax) bytes"
        }
        if let pattern, !SearchText.hasWords(pattern) { return "pattern has no word to search for" }
        return nil
    }
}

extension Committed {
    func answer(_ status: Int, _ body: JSONValue) -> APIResponse {
        var response = APIResponse.json(status, body.encoded())
        mark(&response)
        return response
    }
}

extension ReadPoint {
    func answer(_ body: JSONValue) -> APIResponse {
        var response = APIResponse.json(200, body.encoded())
        mark(&response)
        return response
    }
}
