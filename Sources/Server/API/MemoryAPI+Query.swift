/// `GET /memories` and `GET /search`.
///
/// Owns: parameters, limits and shapes of both. Must never: rank; the store does.
import JSON
import StateMachine

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

    private static func checkFilter(agentID: String?) throws(APIFailure) {
        if let agentID, let reason = Validation.agentID(agentID) { throw .bad("invalid agent_id filter: \(reason)") }
    }
    static func check(asAgent: String?) throws(APIFailure) {
        if let asAgent, let reason = Validation.namespace(asAgent) { throw .bad("invalid as_agent: \(reason)") }
    }
    static func pageWriter(_ count: Int) -> JSONWriter { JSONWriter(capacity: 64 + count * 768) }
}
