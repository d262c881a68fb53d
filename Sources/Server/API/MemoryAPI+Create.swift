/// `POST /memories` and `POST /memories/bulk`.
///
/// Owns: the sequence validate → identity → propose → answer. Must never: report a row as stored before its outcome.
import JSON
import StateMachine

extension MemoryAPI {
    static let bulkItemsMax = 1_000
    static let similarTitlesMax = 5

    func createMemory(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let body = try JSONBody.json(request, bytesMax: options.bodyBytesMax)
        let input = try CreateInput(BodyFields(body))
        let now = options.clockNanoseconds()
        if let reason = input.invalidity(nowNanoseconds: now) { throw .bad(reason) }
        let idempotency = try IdempotencyHeader.read(request)
        let agentID = try Identity.resolve(body: input.agentID, headers: request.headers) {
            anonymousID(idempotency)
        }
        if let scope = input.scope, let reason = Validation.scope(scope) { throw .bad(reason) }

        let freshID = FreshID.uuid((options.random(), options.random()))
        let command = input.command(
            id: freshID, nowNanoseconds: now, timeToLive: options.timeToLive, agentID: agentID, scope: input.scope)
        // Looked up while the write is under way, in what this node has applied so far.
        var similar: [String]?
        let committed = try await submit(
            governed(.store(command), caller: agentID, nowNanoseconds: now), idempotency: idempotency,
            nowNanoseconds: now, texts: [EmbeddedText.of(title: command.title, content: command.content)]
        ) {
            similar = similarTitlesIfIdle(input.title, namespace: input.namespace)
        }
        guard case .stored(let id, let version, _) = committed.outcome else {
            return try governedStore(committed, namespace: input.namespace)
        }
        if similar == nil { similar = await similarTitles(input.title, namespace: input.namespace) }
        let contradictions = (similar ?? []).filter { $0 != freshID }.prefix(MemoryAPI.similarTitlesMax)

        var writer = JSONWriter(capacity: input.title.utf8.count + 256)
        writer.beginObject()
        writer.key("agent_id")
        writer.string(agentID)
        writer.key("id")
        writer.string(id)
        writer.key("namespace")
        writer.string(input.namespace)
        if !contradictions.isEmpty {
            writer.key("potential_contradictions")
            writer.beginArray()
            for contradiction in contradictions { writer.string(contradiction) }
            writer.endArray()
        }
        writer.key("tier")
        writer.string(input.tier.name)
        writer.key("title")
        writer.string(input.title)
        writer.endObject()
        var response = APIResponse.json(201, writer.bytes)
        response.headers.fields.append(.init(name: "etag", value: EntityTag.text(version)))
        committed.mark(&response)
        return response
    }

    /// Fresh per request. A retry is the same request, so with an idempotency key the id is made from it, and the
    /// answer to the retry names the same author as the row.
    func anonymousID(_ idempotency: Idempotency?) -> String {
        guard let idempotency else { return FreshID.anonymous(options.random()) }
        let digest = SHA256Digest.of(Array(idempotency.key.utf8) + idempotency.requestDigest)
        let number = digest.prefix(4).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return FreshID.anonymous(number)
    }

    /// As a cluster of builds that all know policies takes it; until then, as it always was.
    func governed(_ action: GovernedCommand.Action, caller: String, nowNanoseconds: Int64) -> Command {
        guard service.hasTables() else {
            switch action {
            case .store(let command): return .store(command)
            case .delete(let command): return .delete(command)
            case .promote: break
            }
            return .governed(GovernedCommand(action: action, caller: caller, pendingID: freshID(), at: ""))
        }
        return .governed(
            GovernedCommand(
                action: action, caller: caller, pendingID: freshID(), at: Timestamp.text(nanoseconds: nowNanoseconds)))
    }

    private func governedStore(_ committed: Committed, namespace: String) throws(APIFailure) -> APIResponse {
        guard case .queued(let pendingID, _) = committed.outcome else {
            return try governed(committed, action: .store)
        }
        return committed.answer(
            202,
            [
                "action": "store", "namespace": .string(namespace), "pending_id": .string(pendingID),
                "reason": "governance requires approval", "status": "pending",
            ])
    }

    // One more than is told, because the lookup may already see the row that is being written.
    private static func lookUp(
        _ reader: StoreReader, _ title: String, _ namespace: String
    ) throws(StoreError) -> [String] {
        try reader.similarTitles(title: title, namespace: namespace, limit: similarTitlesMax + 1)
    }

    /// nil when no connection is free.
    private func similarTitlesIfIdle(_ title: String, namespace: String) -> [String]? {
        do throws(ServiceError) {
            return try service.readIfIdle { (reader) throws(StoreError) in
                try MemoryAPI.lookUp(reader, title, namespace)
            }
        } catch {
            counters.countSimilarTitlesFailure()
            return []
        }
    }

    /// A failed lookup costs the caller a hint, not the write; it is logged and counted.
    private func similarTitles(_ title: String, namespace: String) async -> [String] {
        do throws(APIFailure) {
            return try await read("similar titles") { (reader) throws(StoreError) in
                try MemoryAPI.lookUp(reader, title, namespace)
            }
        } catch {
            counters.countSimilarTitlesFailure()
            return []
        }
    }

    func bulkCreate(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        var body = try JSONBody.json(request, bytesMax: options.bodyBytesMax)
        // One SDK wraps the array.
        if case .object(let object) = body, let wrapped = object["memories"] { body = wrapped }
        guard case .array(let elements) = body else {
            throw .shape(BodyFields.mismatch(body, expected: "a sequence"))
        }
        var inputs: [CreateInput] = []
        inputs.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            inputs.append(try CreateInput(BodyFields(element, place: "[\(index)]")))
        }
        if inputs.count > MemoryAPI.bulkItemsMax {
            throw .bad("bulk operations limited to \(MemoryAPI.bulkItemsMax) items")
        }
        let idempotency = try IdempotencyHeader.read(request)
        let now = options.clockNanoseconds()
        var errors: [String] = []
        var commands: [StoreCommand] = []
        for input in inputs {
            if let reason = input.invalidity(nowNanoseconds: now) {
                errors.append("\(input.title): \(reason)")
                continue
            }
            commands.append(
                input.command(
                    id: FreshID.uuid((options.random(), options.random())), nowNanoseconds: now,
                    timeToLive: options.timeToLive, agentID: nil, scope: nil))
        }
        guard !commands.isEmpty else { return bulkAnswer(created: 0, errors: errors) }

        let committed = try await submit(.storeBatch(commands), idempotency: idempotency, nowNanoseconds: now)
        guard case .storedBatch(let outcomes) = committed.outcome else { throw refusal(committed) }
        var created = 0
        for (position, outcome) in outcomes.enumerated() {
            if case .stored = outcome {
                created += 1
                continue
            }
            // A retry answers with the outcomes of the first time, when other rows may have been past their expiry.
            let title = outcomes.count == commands.count ? "\(commands[position].title): " : ""
            errors.append(title + bulkReason(outcome))
        }
        var response = bulkAnswer(created: created, errors: errors)
        committed.mark(&response)
        return response
    }

    private func bulkReason(_ outcome: Outcome) -> String {
        if case .idTaken(let id) = outcome { return "id \(id) already belongs to another memory" }
        options.logger.error("unexpected outcome in a batch", metadata: ["outcome": "\(outcome)"])
        return "internal server error"
    }

    private func bulkAnswer(created: Int, errors: [String]) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("created")
        writer.integer(created)
        writer.key("errors")
        writer.beginArray()
        for error in errors { writer.string(error) }
        writer.endArray()
        writer.endObject()
        return .json(200, writer.bytes)
    }
}
