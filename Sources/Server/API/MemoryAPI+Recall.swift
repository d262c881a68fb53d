/// `GET` and `POST /recall`.
///
/// Owns: its parameters, limits and shape. Must never: rank; the store does. Recall is a read: its bookkeeping is
/// handed over after the answer is made and never delays it.
import JSON
import StateMachine

/// The parameters of recall, from either form.
struct RecallInput {
    var context: String
    var namespace: String?
    var limit: Int
    var tags: [String]
    var since: String?
    var until: String?
    var asAgent: String?
    var budgetTokens: Int?

    // Not in v0.6.3.
    var ranking: RecallQuery.Ranking
    var tier: Tier?
    /// The namespace stands for everything below it too.
    var reachesSubtree: Bool
    /// Whether each result says what its score is made of.
    var explains: Bool
    /// Whether being recalled counts.
    var touches: Bool

    static let limitDefault = 10
    static let limitMax = 50
    static let tagsMax = 50

    init(query: QueryParameters) throws(APIFailure) {
        // Here an absent context is the same as a blank one.
        context = try query.text("context") ?? ""
        namespace = try query.text("namespace")
        limit = try query.unsigned("limit") ?? RecallInput.limitDefault
        tags = try query.text("tags").map { [$0] } ?? []
        since = try query.text("since")
        until = try query.text("until")
        asAgent = try query.text("as_agent")
        budgetTokens = try query.unsigned("budget_tokens")
        ranking = try RecallInput.ranking(try query.text("ranking"))
        tier = try query.tier("tier")
        reachesSubtree = try query.bool("subtree") ?? false
        explains = try query.bool("explain") ?? false
        touches = try query.bool("touch") ?? true
    }

    init(body: JSONValue) throws(APIFailure) {
        let fields = try BodyFields(body)
        context = try fields.requiredText("context")
        namespace = try fields.optionalText("namespace")
        limit = try fields.optionalUnsigned("limit") ?? RecallInput.limitDefault
        if case .array = fields.value("tags") {
            tags = try fields.texts("tags")
        } else {
            tags = try fields.optionalText("tags").map { [$0] } ?? []
        }
        since = try fields.optionalText("since")
        until = try fields.optionalText("until")
        asAgent = try fields.optionalText("as_agent")
        budgetTokens = try fields.optionalUnsigned("budget_tokens")
        ranking = try RecallInput.ranking(try fields.optionalText("ranking"))
        tier = try fields.optionalTier("tier")
        reachesSubtree = try fields.optionalBool("subtree") ?? false
        explains = try fields.optionalBool("explain") ?? false
        touches = try fields.optionalBool("touch") ?? true
    }

    private static func ranking(_ text: String?) throws(APIFailure) -> RecallQuery.Ranking {
        guard let text else { return .standard }
        guard let ranking = RecallQuery.Ranking(rawValue: text) else {
            let known = RecallQuery.Ranking.allCases.map(\.rawValue).joined(separator: ", ")
            throw .bad("ranking must be one of \(known)")
        }
        return ranking
    }

    var invalidity: String? {
        if Validation.isBlank(context) { return "context is required" }
        if budgetTokens == 0 { return "budget_tokens must be >= 1" }
        if tags.count > RecallInput.tagsMax { return "tags are limited to \(RecallInput.tagsMax)" }
        if reachesSubtree, namespace == nil { return "subtree needs a namespace" }
        return nil
    }

    func query(vector: [Float]?) -> RecallQuery {
        var query = RecallQuery(
            context: context, namespace: namespace, limit: min(limit, RecallInput.limitMax), tags: tags, since: since,
            until: until, asAgent: asAgent, budgetTokens: budgetTokens)
        query.reach = reachesSubtree ? .subtree : .ancestors
        query.tier = tier
        query.ranking = ranking
        query.vector = vector
        return query
    }
}

extension MemoryAPI {
    func recall(_ request: APIRequest, _ input: RecallInput) async throws(APIFailure) -> APIResponse {
        let consistency = try ConsistencyHeader.read(request)
        // In the order of v0.6.3: the context before the position, the budget last.
        if Validation.isBlank(input.context) { throw .bad("context is required") }
        try MemoryAPI.check(asAgent: input.asAgent)
        if let reason = input.invalidity { throw .bad(reason) }

        let vector = try await vector(for: input)
        let point = try await barrier(consistency)
        let query = input.query(vector: vector)
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
        for hit in result.hits {
            writer.memory(hit.memory, score: hit.score, explain: input.explains ? hit.parts.json : nil)
        }
        writer.endArray()
        writer.key("mode")
        writer.string(result.isHybrid ? "hybrid" : "keyword")
        writer.key("tokens_used")
        writer.integer(result.tokensUsed)
        writer.endObject()
        var response = APIResponse.json(200, writer.bytes)
        point.mark(&response)
        if input.touches, !result.hits.isEmpty { service.enqueueTouch(ids: result.hits.map(\.memory.id)) }
        return response
    }

    /// - Returns: nil when words have to do.
    private func vector(for input: RecallInput) async throws(APIFailure) -> [Float]? {
        if input.ranking == .keyword { return nil }
        let vector = await embedding?.query(input.context)
        if vector == nil, input.ranking == .vector {
            let reason = embedding == nil ? "no embedder is loaded" : "too many questions wait for the embedder"
            throw .error(503, "ranking=vector needs an embedder: \(reason)")
        }
        return vector
    }
}

extension RecallHit.Parts {
    /// What `explain` shows.
    var json: JSONValue {
        func rounded(_ value: Double) -> JSONValue { .double((value * 1_000_000).rounded() / 1_000_000) }
        return [
            "cosine": cosine.map(rounded) ?? .null, "nearness": rounded(nearness), "neighbours": rounded(neighbours),
            "text_rank": textRank.map(rounded) ?? .null,
        ]
    }
}
