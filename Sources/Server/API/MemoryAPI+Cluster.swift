/// `/cluster/v1`: the state of this node, and a small table of registers.
///
/// Owns: their shapes. Status answers from this node alone, so that it works when nothing else does. Must never: need a
/// leader to say that there is none.
import JSON
import StateMachine

extension MemoryAPI {
    static let registerKeyBytesMax = 512
    static let registerValueBytesMax = 65_536

    func clusterStatus() async -> APIResponse {
        let status = await service.status()
        let body: JSONValue = [
            "applied_index": MemoryAPI.number(status.appliedIndex), "cluster_id": .string(status.clusterID),
            "commit_index": MemoryAPI.number(status.commitIndex), "digest": .string(status.digest),
            "first_index": MemoryAPI.number(status.firstIndex), "last_index": MemoryAPI.number(status.lastIndex),
            "leader_id": MemoryAPI.number(status.leaderID), "log_bytes": MemoryAPI.number(status.logBytes),
            "membership": .string(status.membership), "node_id": MemoryAPI.number(status.nodeID),
            "peers": .array(status.members.map(MemoryAPI.document)), "role": .string(status.role),
            "term": MemoryAPI.number(status.term), "uptime_ms": MemoryAPI.number(status.uptimeMilliseconds),
            "vectors": status.vectors.map(MemoryAPI.document) ?? .null,
        ]
        return .json(200, body.encoded())
    }

    static func document(_ report: VectorReport) -> JSONValue {
        [
            "count": .integer(Int64(report.vectors)), "memories": .integer(Int64(report.rows)),
            "unlinked": .integer(Int64(report.unlinked)), "memory_bytes": .integer(Int64(report.bytes)),
            "refused": .integer(Int64(report.refused)),
            "last_refusal": report.refusal.map { .string($0) } ?? .null,
        ]
    }

    func getRegister(_ request: APIRequest, key: String) async throws(APIFailure) -> APIResponse {
        let consistency = try ConsistencyHeader.read(request)
        try MemoryAPI.check(registerKey: key)
        let point = try await barrier(consistency)
        let row = try await readBriefly("register") { (reader) throws(StoreError) in try reader.register(key) }
        guard let row else { throw .notFound }
        var response = APIResponse(
            status: 200,
            headers: APIHeaders([
                .init(name: "content-type", value: "application/octet-stream"),
                .init(name: "etag", value: EntityTag.text(row.version)),
            ]),
            body: row.value)
        point.mark(&response)
        return response
    }

    func putRegister(_ request: APIRequest, key: String) async throws(APIFailure) -> APIResponse {
        try MemoryAPI.check(registerKey: key)
        if request.bodyExceedsLimit || request.body.count > MemoryAPI.registerValueBytesMax {
            throw .error(413, "register value exceeds \(MemoryAPI.registerValueBytesMax) bytes")
        }
        let idempotency = try IdempotencyHeader.read(request)
        let command = SetRegisterCommand(
            key: key, value: request.body, expectedVersion: try MemoryAPI.registerCondition(request.headers))
        let committed = try await submit(
            .setRegister(command), idempotency: idempotency, nowNanoseconds: options.clockNanoseconds())
        switch committed.outcome {
        case .registerSet(let version):
            let body: JSONValue = ["key": .string(key), "version": MemoryAPI.number(version)]
            var response = APIResponse.json(200, body.encoded())
            response.headers.fields.append(.init(name: "etag", value: EntityTag.text(version)))
            committed.mark(&response)
            return response
        case .registerConflict(let version, _):
            let body: JSONValue = [
                "error": version == 0
                    ? "version differs: the register is absent"
                    : .string("version differs: the register has version \(version)"),
                "version": MemoryAPI.number(version),
            ]
            var response = APIResponse.json(409, body.encoded())
            if version > 0 { response.headers.fields.append(.init(name: "etag", value: EntityTag.text(version))) }
            committed.mark(&response)
            return response
        default: throw refusal(committed)
        }
    }

    /// `If-Match: "n"` asks for exactly that version, `If-None-Match: *` for absence.
    private static func registerCondition(_ headers: APIHeaders) throws(APIFailure) -> UInt64? {
        if let value = try headers.single("If-None-Match") {
            guard value == "*", headers["if-match"] == nil else {
                throw .bad("If-None-Match must be *, and cannot be combined with If-Match")
            }
            return 0
        }
        switch try VersionCondition.ifMatch(headers) {
        case .none: return nil
        case .exactly(let version): return version
        case .exists: throw .bad("If-Match: * is not offered for registers; name a version")
        }
    }

    private static func check(registerKey key: String) throws(APIFailure) {
        guard (1...registerKeyBytesMax).contains(key.utf8.count) else {
            throw .bad("register key must be 1 to \(registerKeyBytesMax) bytes")
        }
    }

    static func number(_ value: UInt64) -> JSONValue {
        if let small = Int64(exactly: value) { return .integer(small) }
        return .unsigned(value)
    }
    static func number(_ value: UInt64?) -> JSONValue { value.map { number($0) } ?? .null }
}
