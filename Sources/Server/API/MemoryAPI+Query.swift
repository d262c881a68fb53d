/// `GET /memories`, `GET /search`, `GET` and `POST /recall`.
///
/// Owns: parameters, limits and shapes of the three queries. Must never: rank; the store does. Recall is a read: its
/// bookkeeping is handed over after the answer is made and never delays it.
import JSON
import StateMachine

/// The parameters of recall, from either form.
struct RecallInput {
    var context: String
    var namespace: String?
    var limit: Int
    var tag: String?
    var since: String?
    var until: String?
    var asAgent: String?
    var budgetTokens: Int?

    static let limitDefault = 10
    static let limitMax = 50

    init(query: QueryParameters) throws(APIFailure) {
        // Here an absent context is the same as a blank one.
        context = try query.text("context") ?? ""
        namespace = try query.text("namespace")
        limit = try query.unsigned("limit") ?? RecallInput.limitDefault
        tag = try query.text("tags")
        since = try query.text("since")
        until = try query.text("until")
        asAgent = try query.text("as_agent")
        budgetTokens = try query.unsigned("budget_tokens")
    }

    init(body: JSONValue) throws(APIFailure) {
        let fields = try BodyFields(body)
        context = try fields.requiredText("context")
        namespace = try fields.optionalText("namespace")
        limit = try fields.optionalUnsigned("limit") ?? RecallInput.limitDefault
        tag = try fields.optionalText("tags")
        since = try fields.optionalText("since")
        until = try fields.optionalText("until")
        asAgent = try fields.optionalText("as_agent")
        budgetTokens = try fields.optionalUnsigned("budget_tokens")
    }
}

extension MemoryAPI {
    static let pageDefault = 20
    static let pageMax = 1_000

    func listMemories(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let consistency = try ConsistencyHeader.read(request)
        let parameters = QueryParameters(request.rawQuery)
        let agentID = try parameters.text("agent_id")
        let cursor = try PageCursor.read(parameters)
        let query = ListQuery(
            namespace: try parameters.text("namespace"), tier: try parameters.tier("tier"),
            limit: min(try parameters.unsigned("limit") ?? MemoryAPI.pageDefault, MemoryAPI.pageMax),
            offset: try parameters.unsigned("offset") ?? 0,
            minPriority: try parameters.integer("min_priority"), since: try parameters.text("since"),
            until: try parameters.text("until"), tag: try parameters.text("tags"), agentID: agentID,
            after: try cursor??.memoryPosition())
        try MemoryAPI.checkFilter(agentID: agentID)

        let point = try await barrier(consistency)
        let now = Timestamp.text(nanoseconds: options.clockNanoseconds())
        let memories = try await read("list") { (reader) throws(StoreError) in try reader.list(query, now: now) }
        var writer = MemoryAPI.pageWriter(memories.count)
        writer.beginObject()
        writer.key("count")
        writer.integer(memories.count)
        writer.key("memories")
        writer.beginArray()
        for memory in memories { writer.memory(memory) }
        writer.endArray()
        if cursor != nil {
            writer.key("next")
            writer.string(memories.count == query.limit ? memories.last.map { PageCursor(after: $0).text } : nil)
        }
        writer.endObject()
        var response = APIResponse.json(200, writer.bytes)
        point.mark(&response)
        return response
    }

    func search(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let consistency = try ConsistencyHeader.read(request)
        let parameters = QueryParameters(request.rawQuery)
        let text = try parameters.requiredText("q")
        let agentID = try parameters.text("agent_id")
        let asAgent = try parameters.text("as_agent")
        let query = SearchQuery(
            text: text, namespace: try parameters.text("namespace"), tier: try parameters.tier("tier"),
            limit: min(try parameters.unsigned("limit") ?? MemoryAPI.pageDefault, MemoryAPI.pageMax),
            minPriority: try parameters.integer("min_priority"), since: try parameters.text("since"),
            until: try parameters.text("until"), tag: try parameters.text("tags"), agentID: agentID,
            asAgent: asAgent)
        if Validation.isBlank(text) { throw .bad("query is required") }
        try MemoryAPI.checkFilter(agentID: agentID)
        try MemoryAPI.check(asAgent: asAgent)

        let point = try await barrier(consistency)
        let now = Timestamp.text(nanoseconds: options.clockNanoseconds())
        let results = try await read("search") { (reader) throws(StoreError) in try reader.search(query, now: now) }
        var writer = MemoryAPI.pageWriter(results.count)
        writer.beginObject()
        writer.key("count")
        writer.integer(results.count)
        // The same rows again, where an SDK of v0.6.3 looks for them.
        writer.key("memories")
        writer.beginArray()
        for memory in results { writer.memory(memory) }
        writer.endArray()
        writer.key("query")
        writer.string(text)
        writer.key("results")
        writer.beginArray()
        for memory in results { writer.memory(memory) }
        writer.endArray()
        writer.endObject()
        var response = APIResponse.json(200, writer.bytes)
        point.mark(&response)
        return response
    }

    func recall(_ request: APIRequest, _ input: RecallInput) async throws(APIFailure) -> APIResponse {
        let consistency = try ConsistencyHeader.read(request)
        if Validation.isBlank(input.context) { throw .bad("context is required") }
        try MemoryAPI.check(asAgent: input.asAgent)
        if input.budgetTokens == 0 { throw .bad("budget_tokens must be >= 1") }

        let point = try await barrier(consistency)
        let query = RecallQuery(
            context: input.context, namespace: input.namespace, limit: min(input.limit, RecallInput.limitMax),
            tag: input.tag, since: input.since, until: input.until, asAgent: input.asAgent,
            budgetTokens: input.budgetTokens)
        let now = Timestamp.text(nanoseconds: options.clockNanoseconds())
        let result = try await read("recall") { (reader) throws(StoreError) in try reader.recall(query, now: now) }
        var writer = MemoryAPI.pageWriter(result.hits.count)
        writer.beginObject()
        if let budgetTokens = input.budgetTokens {
            writer.key("budget_tokens")
            writer.integer(budgetTokens)
        }
        writer.key("count")
        writer.integer(result.hits.count)
        writer.key("memories")
        writer.beginArray()
        for hit in result.hits { writer.memory(hit.memory, score: hit.score) }
        writer.endArray()
        writer.key("mode")
        writer.string("keyword")
        writer.key("tokens_used")
        writer.integer(result.tokensUsed)
        writer.endObject()
        var response = APIResponse.json(200, writer.bytes)
        point.mark(&response)
        if !result.hits.isEmpty { service.enqueueTouch(ids: result.hits.map(\.memory.id)) }
        return response
    }

    private static func checkFilter(agentID: String?) throws(APIFailure) {
        if let agentID, let reason = Validation.agentID(agentID) { throw .bad("invalid agent_id filter: \(reason)") }
    }
    private static func check(asAgent: String?) throws(APIFailure) {
        if let asAgent, let reason = Validation.namespace(asAgent) { throw .bad("invalid as_agent: \(reason)") }
    }
    private static func pageWriter(_ count: Int) -> JSONWriter { JSONWriter(capacity: 64 + count * 768) }
}
