/// `GET`, `PUT` and `DELETE /memories/{id}`.
///
/// Owns: id resolution (exact, then unique prefix) and version conditions. Must never: resolve a prefix for a write on
/// a stale read.
import JSON
import StateMachine

extension MemoryAPI {
    func getMemory(_ request: APIRequest, id: String) async throws(APIFailure) -> APIResponse {
        let consistency = try ConsistencyHeader.read(request)
        if let reason = Validation.id(id) { throw .bad(reason) }
        let point = try await barrier(consistency)
        let memory: Memory
        let links: [Link]
        do throws(APIFailure) {
            (memory, links) = try await lookupWithLinks(id)
        } catch {
            var failure = error
            point.mark(&failure.response)
            throw failure
        }

        // Beside `memory` and `links` the memory's own fields, which is where SDKs of v0.6.3 look for them.
        let json = memory.json
        var writer = JSONWriter(capacity: 2 * json.count + 256 * links.count + 64)
        writer.beginObject()
        writer.memoryFields(memory, before: "links")
        writer.key("links")
        writer.value(.array(links.map(\.json)))
        writer.key("memory")
        writer.raw(json)
        writer.memoryFields(memory, from: "metadata")
        writer.endObject()
        var response = APIResponse.json(200, writer.bytes)
        response.headers.fields.append(.init(name: "etag", value: EntityTag.text(memory.version)))
        point.mark(&response)
        return response
    }

    func updateMemory(_ request: APIRequest, id: String) async throws(APIFailure) -> APIResponse {
        let body = try JSONBody.json(request, bytesMax: options.bodyBytesMax)
        let input = try UpdateInput(BodyFields(body))
        if let reason = Validation.id(id) { throw .bad(reason) }
        if let reason = input.invalidity { throw .bad(reason) }
        let idempotency = try IdempotencyHeader.read(request)
        let condition = try VersionCondition.ifMatch(request.headers)

        let target = try await resolveForWrite(id, idempotency)
        let now = options.clockNanoseconds()
        let command = input.command(
            id: target.id, at: Timestamp.text(nanoseconds: now), expectedVersion: condition.expectedVersion)
        let texts = try await texts(after: command)
        let committed = try await submit(
            .update(command), idempotency: idempotency, nowNanoseconds: now, texts: texts)
        switch committed.outcome {
        case .updated(let memory):
            // This node had not heard of the memory as it was, or somebody else changed it meanwhile.
            let text = EmbeddedText.of(title: memory.title, content: memory.content)
            if command.title != nil || command.content != nil, texts != [text] {
                await vectorize(id: memory.id, text, nowNanoseconds: now)
            }
            var response = APIResponse.json(200, memory.json)
            response.headers.fields.append(.init(name: "etag", value: EntityTag.text(memory.version)))
            committed.mark(&response)
            return response
        case .versionConflict(let current):
            throw conflict(current, condition, committed)
        case .notFound:
            throw target.failure ?? refusal(committed)
        default: throw refusal(committed)
        }
    }

    func deleteMemory(_ request: APIRequest, id: String) async throws(APIFailure) -> APIResponse {
        if let reason = Validation.id(id) { throw .bad(reason) }
        let idempotency = try IdempotencyHeader.read(request)
        let condition = try VersionCondition.ifMatch(request.headers)
        let caller: String
        do throws(APIFailure) {
            caller = try self.caller(request, body: nil, idempotency)
        } catch {
            // The contract finds the memory before it looks at the caller.
            _ = try await barrier(.linearizable)
            _ = try await lookup(id)
            throw error
        }

        let target = try await resolveForWrite(id, idempotency)
        let command = DeleteCommand(id: target.id, expectedVersion: condition.expectedVersion)
        let now = options.clockNanoseconds()
        let committed = try await submit(
            governed(.delete(command), caller: caller, nowNanoseconds: now), idempotency: idempotency,
            nowNanoseconds: now)
        switch committed.outcome {
        case .deleted:
            var response = APIResponse.json(200, Array(#"{"deleted":true}"#.utf8))
            committed.mark(&response)
            return response
        case .versionConflict(let current):
            throw conflict(current, condition, committed)
        case .notFound: throw target.failure ?? refusal(committed)
        default: return try governed(committed, action: .delete)
        }
    }

    private func conflict(_ current: Memory, _ condition: VersionCondition, _ committed: Committed) -> APIFailure {
        var failure = APIFailure.versionConflict(
            current: current.json, version: current.version, expected: condition.expectedVersion ?? 0)
        committed.mark(&failure.response)
        return failure
    }

    /// The row a write is meant for.
    struct WriteTarget {
        var id: String
        /// Why the id in the path names no row now; the answer, unless the write turns out to be a retry.
        var failure: APIFailure?
    }

    /// A whole id is taken as it is: the command itself finds out whether the row exists, and no read round is spent on
    /// it. A prefix that no longer names a row may belong to the retry of a delete, which has an outcome already: with an
    /// idempotency key the command is sent all the same, and finds that outcome or nothing.
    func resolveForWrite(_ id: String, _ idempotency: Idempotency?) async throws(APIFailure) -> WriteTarget {
        if FreshID.isWhole(id) { return WriteTarget(id: id, failure: nil) }
        _ = try await barrier(.linearizable)
        do throws(APIFailure) {
            return WriteTarget(id: try await lookup(id).id, failure: nil)
        } catch {
            let isMissing = error.response.status == 404 || error.response.status == 400
            guard idempotency != nil, isMissing else { throw error }
            return WriteTarget(id: id, failure: error)
        }
    }

    /// Both from one state of the store.
    private func lookupWithLinks(_ id: String) async throws(APIFailure) -> (Memory, [Link]) {
        let (found, links) = try await readBriefly("lookup") { (reader) throws(StoreError) in
            let found = try reader.lookup(id)
            guard case .found(let memory) = found else { return (found, [Link]()) }
            return (found, try reader.links(of: memory.id))
        }
        return (try MemoryAPI.single(found, id), links)
    }

    private func lookup(_ id: String) async throws(APIFailure) -> Memory {
        try MemoryAPI.single(
            try await readBriefly("lookup") { (reader) throws(StoreError) in try reader.lookup(id) }, id)
    }

    /// - Throws: 404, or 400 listing the candidates of an ambiguous prefix.
    private static func single(_ found: MemoryLookup, _ id: String) throws(APIFailure) -> Memory {
        switch found {
        case .found(let memory): return memory
        case .notFound: throw .notFound
        case .ambiguous(let ids):
            throw .bad(
                "ambiguous ID prefix '\(id)': \(ids.count) matches\n\(ids.joined(separator: "\n"))")
        }
    }
}
