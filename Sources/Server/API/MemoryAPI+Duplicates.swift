/// `POST /check_duplicate`: the memory whose meaning is nearest to a text that is not stored yet.
///
/// Owns: its shape and threshold. Must never: write.
import JSON
import StateMachine

extension MemoryAPI {
    private static let thresholdDefault = 0.85
    private static let thresholdMin = 0.5

    func checkDuplicate(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let fields = try BodyFields(JSONBody.json(request, bytesMax: options.bodyBytesMax))
        let title = try fields.requiredText("title")
        let content = try fields.requiredText("content")
        var namespace = try fields.optionalText("namespace")
        // Single precision, as v0.6.3 answers it.
        let threshold = Float(max(try fields.optionalDouble("threshold") ?? Self.thresholdDefault, Self.thresholdMin))
        if let reason = Validation.title(title) { throw .bad("invalid title: \(reason)") }
        if let reason = Validation.content(content) { throw .bad("invalid content: \(reason)") }
        if let named = namespace, Validation.isBlank(named) { namespace = nil }
        if let namespace, let reason = Validation.namespace(namespace) { throw .bad("invalid namespace: \(reason)") }
        guard let embedding else { throw .error(503, "memory_check_duplicate needs an embedder, and none is loaded") }
        guard let vector = await embedding.query(EmbeddedText.of(title: title, content: content)) else {
            throw .error(503, "memory_check_duplicate: embedder failed to encode input: too much is waiting for it")
        }
        let point = try await barrier(request)
        let now = Timestamp.text(nanoseconds: options.clockNanoseconds())
        let found = try await read("check_duplicate") { [namespace] (reader) throws(StoreError) in
            try reader.nearest(vector, namespace: namespace, now: now)
        }
        let similarity = found.map { (Float($0.cosine) * 1_000).rounded() / 1_000 }
        // What is compared is not what is shown: a rounded 0.85 may be less.
        let isDuplicate = found.map { Float($0.cosine) >= threshold } ?? false
        var body = JSONObject([
            ("candidates_scanned", .integer(Int64(found?.compared ?? 0))), ("is_duplicate", .bool(isDuplicate)),
            ("nearest", .null), ("suggested_merge", .null), ("threshold", .double(Double(threshold))),
        ])
        if let found, let similarity {
            body["nearest"] = [
                "id": .string(found.memory.id), "namespace": .string(found.memory.namespace),
                "similarity": .double(Double(similarity)), "title": .string(found.memory.title),
            ]
            if isDuplicate { body["suggested_merge"] = .string(found.memory.id) }
        }
        return point.answer(.object(body))
    }
}
