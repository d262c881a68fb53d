/// The calls about memories, typed.
///
/// Owns: paths, bodies and the reading of answers (the HTTP contract's memories, search, recall). Must never: decide
/// where a request goes.
import JSON

/// Filters shared by list and search; nil leaves one out.
public struct MemoryFilter: Hashable, Sendable {
    public var namespace: String?
    public var tier: String?
    public var limit: Int?
    public var offset: Int?
    public var since: String?
    public var until: String?
    public var tag: String?
    public var agentID: String?
    public var asAgent: String?
    public init(
        namespace: String? = nil, tier: String? = nil, limit: Int? = nil, offset: Int? = nil, since: String? = nil,
        until: String? = nil, tag: String? = nil, agentID: String? = nil, asAgent: String? = nil
    ) {
        self.namespace = namespace
        self.tier = tier
        self.limit = limit
        self.offset = offset
        self.since = since
        self.until = until
        self.tag = tag
        self.agentID = agentID
        self.asAgent = asAgent
    }

    func add(to query: inout QueryString) {
        query.add("namespace", namespace)
        query.add("tier", tier)
        query.add("limit", limit)
        query.add("offset", offset)
        query.add("since", since)
        query.add("until", until)
        query.add("tags", tag)
        query.add("agent_id", agentID)
        query.add("as_agent", asAgent)
    }
}

/// How a recall ranks and what it leaves behind; what is not said is up to the server.
public struct RecallManner: Hashable, Sendable {
    /// `default`, `compat`, `keyword` or `vector`.
    public var ranking: String?
    /// Each memory says what its score is made of.
    public var explains: Bool
    /// Being recalled counts as use.
    public var touches: Bool
    /// The namespace stands for everything below it too.
    public var reachesSubtree: Bool
    public init(
        ranking: String? = nil, explains: Bool = false, touches: Bool = true, reachesSubtree: Bool = false
    ) {
        self.ranking = ranking
        self.explains = explains
        self.touches = touches
        self.reachesSubtree = reachesSubtree
    }

    func add(to query: inout QueryString) {
        query.add("ranking", ranking)
        if explains { query.add("explain", "true") }
        if !touches { query.add("touch", "false") }
        if reachesSubtree { query.add("subtree", "true") }
    }
}

/// A memory, its links and its version.
public struct MemoryWithLinks: Hashable, Sendable {
    public var memory: MemoryRecord
    public var links: [LinkRecord]
    public var entityTag: String?
}

/// A page of memories, and the whole answer around it.
public struct MemoryPage: Hashable, Sendable {
    public var memories: [MemoryRecord]
    public var document: JSONObject
}

extension MemoryClient {
    /// Stores one memory (an upsert on title and namespace).
    /// - Parameter first: index of the endpoint to begin with.
    public func store(_ request: StoreRequest, first: Int? = nil) async throws(ClientError) -> StoreResult {
        let key = request.idempotencyKey ?? IdempotencyKey.random()
        let answer = try await send(
            APIRequest(
                method: "POST", target: "/api/v1/memories", body: JSONValue.object(request.body).encoded(),
                idempotencyKey: key),
            first: first)
        let document = try object(answer)
        if answer.response.status == 202 { return .queued(QueuedAction(document: document)) }
        guard let id = document["id"]?.stringValue else { throw outOfContract(answer, "no id") }
        return .stored(
            StoreReceipt(
                id: id, tier: document["tier"]?.stringValue ?? "", namespace: document["namespace"]?.stringValue ?? "",
                title: document["title"]?.stringValue ?? "", agentID: document["agent_id"]?.stringValue ?? "",
                potentialContradictions: (document["potential_contradictions"]?.arrayValue ?? [])
                    .compactMap(\.stringValue),
                entityTag: answer.response.header("ETag"), idempotencyKey: key, endpoint: answer.endpoint))
    }

    /// - Parameter id: a whole id or a prefix of exactly one.
    /// - Returns: nil when there is no such memory.
    public func memory(
        id: String, consistency: Consistency = .linearizable, first: Int? = nil
    ) async throws(ClientError) -> MemoryWithLinks? {
        let target = "/api/v1/memories/" + QueryString.percentEncoded(id)
        return try memory(from: try await send(read(target, consistency), first: first))
    }

    /// Reads the answer to a get.
    /// - Returns: nil when there is no such memory.
    public nonisolated func memory(from answer: Answer) throws(ClientError) -> MemoryWithLinks? {
        if answer.response.status == 404 { return nil }
        let document = try object(answer)
        guard let memory = document["memory"].flatMap(MemoryRecord.init) else {
            throw outOfContract(answer, "no memory")
        }
        return MemoryWithLinks(
            memory: memory, links: (document["links"]?.arrayValue ?? []).compactMap(LinkRecord.init),
            entityTag: answer.response.header("ETag"))
    }

    public func list(
        _ filter: MemoryFilter, consistency: Consistency = .linearizable, first: Int? = nil
    ) async throws(ClientError) -> MemoryPage {
        var query = QueryString()
        filter.add(to: &query)
        return try page(
            from: try await send(read("/api/v1/memories" + query.text, consistency), first: first), member: "memories")
    }

    public func search(
        _ text: String, _ filter: MemoryFilter, consistency: Consistency = .linearizable
    ) async throws(ClientError) -> MemoryPage {
        var query = QueryString()
        query.add("q", text)
        filter.add(to: &query)
        return try page(from: try await send(read("/api/v1/search" + query.text, consistency)), member: "results")
    }

    /// - Parameter budgetTokens: upper bound of the sum of the memories' estimated tokens.
    public func recall(
        _ context: String, _ filter: MemoryFilter, budgetTokens: Int? = nil, manner: RecallManner = RecallManner(),
        consistency: Consistency = .linearizable, first: Int? = nil
    ) async throws(ClientError) -> MemoryPage {
        var query = QueryString()
        query.add("context", context)
        filter.add(to: &query)
        query.add("budget_tokens", budgetTokens)
        manner.add(to: &query)
        return try page(
            from: try await send(read("/api/v1/recall" + query.text, consistency), first: first), member: "memories")
    }

    public func delete(id: String, idempotencyKey: String? = nil) async throws(ClientError) -> DeleteResult {
        let answer = try await send(
            APIRequest(
                method: "DELETE", target: "/api/v1/memories/" + QueryString.percentEncoded(id),
                idempotencyKey: idempotencyKey ?? IdempotencyKey.random()))
        if answer.response.status == 404 { return .notFound }
        let document = try object(answer)
        return answer.response.status == 202 ? .queued(QueuedAction(document: document)) : .deleted
    }

    /// One node's status, from that node.
    public func status(
        of index: Int, timeoutMilliseconds: Int64 = 2000
    ) async throws(ClientError) -> NodeReport {
        let answer = try await sendOnce(
            APIRequest(method: "GET", target: "/cluster/v1/status"), to: index,
            timeoutMilliseconds: timeoutMilliseconds)
        let (report, badField) = NodeReport.read(.object(try object(answer)))
        guard let report else { throw outOfContract(answer, "the status has no valid '\(badField)'") }
        return report
    }

    private nonisolated func read(_ target: String, _ consistency: Consistency) -> APIRequest {
        APIRequest(
            method: "GET", target: target,
            headers: [APIRequest.Header("X-Consistency", consistency.rawValue)])
    }

    /// Reads the answer to a listing, whose rows are under `member`.
    public nonisolated func page(from answer: Answer, member: String) throws(ClientError) -> MemoryPage {
        let document = try object(answer)
        guard let rows = document[member]?.arrayValue else { throw outOfContract(answer, "no \(member)") }
        let memories = rows.compactMap(MemoryRecord.init)
        guard memories.count == rows.count else { throw outOfContract(answer, "a row is not a memory") }
        return MemoryPage(memories: memories, document: document)
    }

    /// The answer's object, or the refusal as an error.
    nonisolated func object(_ answer: Answer) throws(ClientError) -> JSONObject {
        let response = answer.response
        guard (200..<300).contains(response.status) else {
            throw .refused(
                endpoint: answer.endpoint, status: response.status, message: ErrorText.message(of: response))
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(response.bodyBytes)
        } catch {
            throw outOfContract(answer, error.description)
        }
        guard let object = value.objectValue else { throw outOfContract(answer, "not a JSON object") }
        return object
    }

    nonisolated func outOfContract(_ answer: Answer, _ reason: String) -> ClientError {
        .unexpectedAnswer(endpoint: answer.endpoint, reason: reason)
    }
}
