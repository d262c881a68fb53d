/// `GET /export`, `POST /import`, `GET /contradictions`.
///
/// Owns: their shapes. Must never: take in a row that the API would refuse to store.
import JSON
import StateMachine

extension MemoryAPI {
    static let importMemoriesMax = 1_000
    static let importLinksMax = 10_000
    private static let exportPage = 1_000
    /// An answer is put together in memory.
    static let exportBytesMax = 256 << 20

    func export(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let point = try await barrier(request)
        let now = Timestamp.text(nanoseconds: options.clockNanoseconds())
        // One snapshot of the store for all of it.
        let bytesMax = MemoryAPI.exportBytesMax
        let bytes = try await read("export") { (reader) throws(StoreError) -> [UInt8]? in
            var memories = JSONWriter(capacity: 1 << 20)
            memories.beginArray()
            let order = try reader.exportOrder(now: now)
            for start in stride(from: 0, to: order.count, by: MemoryAPI.exportPage) {
                let page = order[start..<min(order.count, start + MemoryAPI.exportPage)]
                for memory in try reader.exported(rows: page) { memories.memory(memory) }
                if memories.bytes.count > bytesMax { return nil }
            }
            memories.endArray()
            let links = try reader.exportLinks(now: now)
            var body = JSONWriter(capacity: memories.bytes.count + 256 * links.count + 256)
            body.beginObject()
            body.key("count")
            body.integer(order.count)
            body.key("exported_at")
            body.string(now)
            body.key("links")
            body.value(.array(links.map(\.json)))
            body.key("memories")
            body.raw(memories.bytes)
            body.endObject()
            return body.bytes
        }
        guard let bytes else {
            throw .bad("an export is limited to \(bytesMax) bytes: page through /api/v1/memories with cursor= instead")
        }
        var response = APIResponse.json(200, bytes)
        point.mark(&response)
        return response
    }

    /// Each memory by itself: what does not pass is reported, the rest is taken in by one command.
    func importMemories(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let fields = try BodyFields(JSONBody.json(request, bytesMax: options.bodyBytesMax))
        let memories = try fields.elements("memories", isRequired: true)
        let links = try fields.elements("links", isRequired: false)
        if memories.count > MemoryAPI.importMemoriesMax {
            throw .bad("import limited to \(MemoryAPI.importMemoriesMax) memories")
        }
        if links.count > MemoryAPI.importLinksMax { throw .bad("import limited to \(MemoryAPI.importLinksMax) links") }
        var errors: [String] = []
        var accepted: [ImportedMemory] = []
        for (place, element) in memories.enumerated() {
            let memory = try MemoryFields.memory(BodyFields(element, place: "memories[\(place)]"))
            if let reason = Validation.whole(memory) {
                errors.append("\(memory.id): \(reason)")
            } else {
                accepted.append(ImportedMemory(memory))
            }
        }
        var keys: [ImportedLink] = []
        for (place, element) in links.enumerated() {
            let link = try BodyFields(element, place: "links[\(place)]")
            let key = LinkKey(
                sourceID: try link.requiredText("source_id"), targetID: try link.requiredText("target_id"),
                relation: try link.requiredText("relation"))
            _ = try link.requiredText("created_at")
            if Validation.link(key) == nil { keys.append(ImportedLink(key: key)) }
        }
        let now = options.clockNanoseconds()
        let command = ImportCommand(memories: accepted, links: keys, at: Timestamp.text(nanoseconds: now))
        let committed = try await submit(
            .importRows(command), idempotency: try IdempotencyHeader.read(request), nowNanoseconds: now)
        guard case .imported(let count, _, let failed, _) = committed.outcome else { throw refusal(committed) }
        return committed.answer(
            200,
            [
                "errors": .array((errors + failed).map { .string($0) }), "imported": .integer(Int64(count)),
            ])
    }

    // MARK: contradictions

    func contradictions(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let parameters = QueryParameters(request.rawQuery)
        let topic = try parameters.text("topic")
        let namespace = try parameters.text("namespace")
        let limit = min(try parameters.unsigned("limit") ?? 50, MemoryAPI.pageMax)
        if topic == nil, namespace == nil { throw .bad("topic or namespace is required") }
        if let namespace, let reason = Validation.namespace(namespace) { throw .bad(reason) }
        let point = try await barrier(request)
        let now = Timestamp.text(nanoseconds: options.clockNanoseconds())
        let query = ListQuery(namespace: namespace, limit: limit)
        // All of it there: comparing takes time, and this is no place to take it.
        let (candidates, pairs) = try await read("contradictions") { (reader) throws(StoreError) in
            let candidates = try reader.list(query, now: now).filter { Contradictions.isAbout($0, topic: topic) }
            var links: [Link] = []
            for memory in candidates { links += try reader.links(of: memory.id) }
            return (candidates, Contradictions.pairs(candidates, stored: links, hasTopic: topic != nil))
        }
        return point.answer([
            "links": .array(pairs), "memories": .array(candidates.map { .object($0.jsonObject) }),
        ])
    }
}

/// What among memories of one topic contradicts what.
private enum Contradictions {
    /// Synthetic pairs of one answer at most: they grow with the square of the candidates.
    static let pairsMax = 10_000

    static func isAbout(_ memory: Memory, topic: String?) -> Bool {
        guard let topic else { return true }
        return memory.title.utf8.elementsEqual(topic.utf8)
            || memory.metadataObject["topic"]?.stringValue.map { $0.utf8.elementsEqual(topic.utf8) } ?? false
    }

    /// Stored links first, then one for every two candidates that say something else.
    static func pairs(_ candidates: [Memory], stored: [Link], hasTopic: Bool) -> [JSONValue] {
        let ids = Set(candidates.map(\.id))
        let known = Set(
            stored.filter { link in
                link.relation.contains("contradict") && ids.contains(link.sourceID) && ids.contains(link.targetID)
            }
        ).sorted { ($0.sourceID, $0.targetID, $0.relation) < ($1.sourceID, $1.targetID, $1.relation) }
        var found = known.map { json($0.sourceID, $0.targetID, $0.relation, isSynthesized: false) }
        let limit = found.count + pairsMax
        // Contents are long and mostly alike, so each is looked at once.
        let contents = candidates.map { SHA256Digest.of(Array($0.content.utf8)) }
        for (place, first) in candidates.enumerated() {
            for other in candidates.indices.dropFirst(place + 1) {
                if found.count >= limit { return found }
                let second = candidates[other]
                guard hasTopic || first.title.utf8.elementsEqual(second.title.utf8), contents[place] != contents[other]
                else { continue }
                found.append(json(first.id, second.id, "contradicts", isSynthesized: true))
            }
        }
        return found
    }

    private static func json(
        _ source: String, _ target: String, _ relation: String, isSynthesized: Bool
    ) -> JSONValue {
        [
            "relation": .string(relation), "source_id": .string(source), "synthesized": .bool(isSynthesized),
            "target_id": .string(target),
        ]
    }
}
