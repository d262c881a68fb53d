/// `GET /cluster/v1/digests` and `GET /cluster/v1/digests/{table}`: what this node holds, for `mneme cluster verify`.
///
/// Owns: their shapes. Both are about this node and need no leader. Must never: show a row's content.
import JSON
import StateMachine

extension MemoryAPI {
    func digests(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let withTables = try QueryParameters(request.rawQuery).bool("tables") ?? false
        let recent = service.recentDigests()
        var body = JSONObject([
            ("recent", .array(recent.map { .array([MemoryAPI.number($0.index), .string(hexadecimal($0.digest))]) }))
        ])
        if withTables {
            let (index, tables) = try await read("digests") { (reader) throws(StoreError) in
                (reader.appliedIndex, try reader.tableDigests())
            }
            body["applied_index"] = MemoryAPI.number(index)
            body["tables"] = .array(
                tables.map {
                    [
                        "digest": .string(hexadecimal($0.digest)), "rows": .integer(Int64($0.rows)),
                        "table": .string($0.table),
                    ]
                })
        }
        return .json(200, JSONValue.object(body).encoded())
    }

    func rowDigests(_ request: APIRequest, table: String) async throws(APIFailure) -> APIResponse {
        let parameters = QueryParameters(request.rawQuery)
        let offset = try parameters.unsigned("offset") ?? 0
        let limit = min(try parameters.unsigned("limit") ?? 1_000, StoreReader.rowDigestsMax)
        let (index, found) = try await read("row digests") { (reader) throws(StoreError) in
            (reader.appliedIndex, try reader.rowDigests(of: table, offset: offset, limit: limit))
        }
        guard let found else { throw .error(404, "there is no table '\(Validation.shortened(table))'") }
        let body: JSONValue = [
            "applied_index": MemoryAPI.number(index),
            "rows": .array(found.map { .array([.string($0.key), .string(hexadecimal($0.digest))]) }),
        ]
        return .json(200, body.encoded())
    }
}
