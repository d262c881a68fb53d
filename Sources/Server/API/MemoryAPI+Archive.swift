/// The routes of the archive.
///
/// Owns: their parameters and shapes. Must never: move a row of a request that has an invalid id in it.
import JSON
import StateMachine

extension MemoryAPI {
    static let archiveIDsMax = 1_000
    static let archivePageDefault = 50
    private static let nanosecondsPerDay: Int64 = 86_400_000_000_000

    func listArchive(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let parameters = QueryParameters(request.rawQuery)
        let namespace = try parameters.text("namespace")
        let limit = try parameters.unsigned("limit") ?? MemoryAPI.archivePageDefault
        let offset = try parameters.unsigned("offset") ?? 0
        if let namespace, let reason = Validation.namespace(namespace) { throw .bad(reason) }
        if limit == 0 { throw .bad("limit must be >= 1") }
        let cursor = try PageCursor.read(parameters)
        let after = try cursor??.archivePosition()
        let point = try await barrier(request)
        let rows = try await read("archive") { (reader) throws(StoreError) in
            try reader.archived(
                namespace: namespace, limit: min(limit, MemoryAPI.pageMax), offset: offset, after: after)
        }
        var body = JSONObject([
            ("archived", .array(rows.map(\.json))), ("count", .integer(Int64(rows.count))),
        ])
        if cursor != nil {
            let isFull = rows.count == min(limit, MemoryAPI.pageMax)
            body["next"] = isFull ? rows.last.map { .string(PageCursor(after: $0).text) } ?? .null : .null
        }
        return point.answer(.object(body))
    }

    func archiveStats(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let point = try await barrier(request)
        let counts = try await read("archive stats") { (reader) throws(StoreError) in try reader.archiveCounts() }
        return point.answer([
            "archived_total": .integer(Int64(counts.reduce(0) { $0 + $1.count })),
            "by_namespace": .array(counts.map(\.json)),
        ])
    }

    func archiveMemories(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let fields = try BodyFields(JSONBody.json(request, bytesMax: options.bodyBytesMax))
        let ids = try fields.requiredTexts("ids")
        let reason = try fields.optionalText("reason") ?? "archive"
        if ids.count > MemoryAPI.archiveIDsMax {
            throw .bad("archive limited to \(MemoryAPI.archiveIDsMax) ids per request")
        }
        for id in ids {
            if let problem = Validation.id(id) { throw .bad("invalid id \(Validation.shortened(id)): \(problem)") }
        }
        if let problem = Validation.archiveReason(reason) { throw .bad(problem) }
        let now = options.clockNanoseconds()
        let command = ArchiveCommand(ids: ids, reason: reason, at: Timestamp.text(nanoseconds: now))
        let committed = try await submit(
            .archive(command), idempotency: try IdempotencyHeader.read(request), nowNanoseconds: now)
        guard case .archived(let archived, let missing) = committed.outcome else { throw refusal(committed) }
        return committed.answer(
            200,
            [
                "archived": .array(archived.map { .string($0) }), "count": .integer(Int64(archived.count)),
                "missing": .array(missing.map { .string($0) }), "reason": .string(reason),
            ])
    }

    func purgeArchive(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let days = try QueryParameters(request.rawQuery).integer("older_than_days")
        let now = options.clockNanoseconds()
        var before: String?
        if let days {
            // v0.6.3 fails with 500 here.
            guard days >= 0 else { throw .bad("older_than_days must be >= 0 (got \(days))") }
            let (age, overflow) = Int64(days).multipliedReportingOverflow(by: MemoryAPI.nanosecondsPerDay)
            before = Timestamp.text(nanoseconds: overflow ? .min : now.subtractingSaturated(age))
        }
        let count = try await counted(.purge(PurgeCommand(archivedBefore: before)), request, nowNanoseconds: now)
        return count.committed.answer(200, ["purged": .integer(Int64(count.count))])
    }

    func restoreMemory(_ request: APIRequest, id: String) async throws(APIFailure) -> APIResponse {
        if let reason = Validation.id(id) { throw .bad(reason) }
        let now = options.clockNanoseconds()
        let committed = try await submit(
            .restore(RestoreCommand(id: id, at: Timestamp.text(nanoseconds: now))),
            idempotency: try IdempotencyHeader.read(request), nowNanoseconds: now)
        switch committed.outcome {
        case .promoted(let id):
            await vectorize(id: id, nowNanoseconds: now)
            return committed.answer(200, ["id": .string(id), "restored": true])
        case .notFound:
            var failure = APIFailure.error(404, "not found in archive")
            committed.mark(&failure.response)
            throw failure
        default: throw refusal(committed)
        }
    }
}

extension ArchivedMemory {
    /// Tags as JSON text, times present as null: the quirks of the contract.
    var json: JSONValue {
        var object = memory.jsonObject
        object["tags"] = .string(tagsText)
        object["archived_at"] = .string(archivedAt)
        object["archive_reason"] = .string(reason)
        object["last_accessed_at"] = memory.lastAccessedAt.map { .string($0) } ?? .null
        object["expires_at"] = memory.expiresAt.map { .string($0) } ?? .null
        return .object(object)
    }
}

extension StoreStats.NamespaceCount {
    var json: JSONValue { ["count": .integer(Int64(count)), "namespace": .string(namespace)] }
}

extension Int64 {
    func subtractingSaturated(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other > 0 ? .min : .max) : difference
    }
}
