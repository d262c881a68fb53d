/// Answers requests: the compatible surface of v0.6.3 and the `/cluster/v1` routes.
///
/// Owns: dispatch, what every answer carries, and the way to the cluster. The handlers are in the extensions. Must
/// never: touch a socket, or the store except through `MemoryService`.
import JSON
import Logging
import StateMachine

public struct MemoryAPI: Sendable {
    /// nil: words alone.
    let embedding: EmbeddingService?
    let service: any MemoryService
    /// nil: membership cannot be seen or changed through this node.
    let cluster: (any ClusterService)?
    let options: APIOptions
    let counters: RequestCounters
    private let router: Router

    /// Version of the surface this server is compatible with; `health` and `capabilities` report it.
    static let compatibleVersion = "0.6.3"

    public init(
        service: any MemoryService, cluster: (any ClusterService)? = nil, embedding: EmbeddingService? = nil,
        options: APIOptions = APIOptions()
    ) {
        self.embedding = embedding
        self.service = service
        self.cluster = cluster
        self.options = options
        let routes = Route.compatible + Route.superset + Route.cluster
        router = Router(routes)
        counters = RequestCounters(labels: routes.map { "\($0.method) \($0.pattern)" })
    }

    /// Never throws and never traps: every failure is an answer.
    public func respond(to request: APIRequest) async -> APIResponse {
        var response = await answer(request)
        response.headers.fields.append(
            .init(name: "vary", value: "origin, access-control-request-method, access-control-request-headers"))
        if request.method == "HEAD" {
            response.headers.fields.append(.init(name: "content-length", value: String(response.body.count)))
            response.body = []
        }
        return response
    }

    private func answer(_ request: APIRequest) async -> APIResponse {
        // Any OPTIONS is answered before routing, as the contract's outermost layer does.
        if request.method == "OPTIONS" { return APIResponse(status: 200) }
        switch router.match(method: request.method, path: request.path) {
        case .unknownPath:
            counters.countUnrouted()
            return APIResponse(status: 404)
        case .methodNotAllowed(let allow):
            counters.countUnrouted()
            return APIResponse(status: 405, headers: APIHeaders([.init(name: "allow", value: allow)]))
        case .invalidParameter(let pattern):
            counters.countUnrouted()
            return APIFailure.invalidURL("path parameter of \(pattern) is not valid UTF-8").response
        case .route(let route, let index, let parameter):
            let start = ContinuousClock.now
            let response: APIResponse
            do throws(APIFailure) {
                response = try await handle(route, parameter: parameter, request)
            } catch {
                response = error.response
            }
            counters.count(route: index, status: response.status, duration: ContinuousClock.now - start)
            return response
        }
    }

    private func handle(
        _ route: Route, parameter: String, _ request: APIRequest
    ) async throws(APIFailure) -> APIResponse {
        switch route.endpoint {
        case .health: await health()
        case .capabilities: await capabilities()
        case .stats: try await stats(request)
        case .metrics: await metrics()
        case .createMemory: try await createMemory(request)
        case .listMemories: try await listMemories(request)
        case .bulkCreate: try await bulkCreate(request)
        case .getMemory: try await getMemory(request, id: parameter)
        case .updateMemory: try await updateMemory(request, id: parameter)
        case .deleteMemory: try await deleteMemory(request, id: parameter)
        case .search: try await search(request)
        case .promoteMemory: try await promoteMemory(request, id: parameter)
        case .forget: try await forget(request)
        case .consolidate: try await consolidate(request)
        case .collectGarbage: try await collectGarbage(request)
        case .recallQuery: try await recall(request, RecallInput(query: QueryParameters(request.rawQuery)))
        case .recallBody:
            try await recall(
                request, RecallInput(body: JSONBody.json(request, bytesMax: options.bodyBytesMax)))
        case .listArchive, .archiveMemories, .purgeArchive, .restoreMemory, .archiveStats, .export, .importMemories:
            try await handleArchive(route, parameter: parameter, request)
        case .createLink, .deleteLinks, .getLinks, .timeline, .invalidateLink, .graphQuery, .registerEntity,
            .entityByAlias, .contradictions, .checkDuplicate:
            try await handleGraph(route, parameter: parameter, request)
        case .getNamespaces, .setStandard, .clearStandard, .getStandard, .setStandardByPath, .clearStandardByPath,
            .taxonomy, .registerAgent, .listAgents, .listPending, .approve, .reject:
            try await handleGovernance(route, parameter: parameter, request)
        case .notify, .inbox, .startSession, .subscribe, .unsubscribe, .unsubscribeByPath, .listSubscriptions:
            try await handleMessages(route, parameter: parameter, request)
        case .clusterStatus: await clusterStatus()
        case .clusterMetrics: await clusterMetrics()
        case .importDatabaseRows: try await importDatabaseRows(request)
        case .digests: try await digests(request)
        case .rowDigests: try await rowDigests(request, table: parameter)
        case .members: try await members()
        case .addMember: try await addMember(request)
        case .removeMember: try await removeMember(request, id: parameter)
        case .promoteMember: try await promoteMember(request, id: parameter)
        case .changeMembers: try await changeMembers(request)
        case .transferLeadership: try await transferLeadership(request)
        case .getRegister: try await getRegister(request, key: parameter)
        case .putRegister: try await putRegister(request, key: parameter)
        case .notBuilt: throw .notBuilt("\(route.method) \(route.pattern)")
        }
    }
}

// MARK: the way to the cluster

extension MemoryAPI {
    /// Waits until a local read is as fresh as the request asks.
    func barrier(_ request: APIRequest) async throws(APIFailure) -> ReadPoint {
        try await barrier(ConsistencyHeader.read(request))
    }

    func barrier(_ consistency: Consistency) async throws(APIFailure) -> ReadPoint {
        do throws(ServiceError) {
            let stamp = try await service.readBarrier(
                consistency, timeoutMilliseconds: options.readTimeoutMilliseconds)
            return ReadPoint(consistency: consistency, stamp: stamp)
        } catch {
            throw failure(error, during: "read barrier")
        }
    }

    func read<Result: Sendable>(
        _ what: String, _ body: @escaping @Sendable (StoreReader) throws(StoreError) -> Result
    ) async throws(APIFailure) -> Result {
        do throws(ServiceError) {
            return try await service.read(body)
        } catch {
            throw failure(error, during: what)
        }
    }

    /// For lookups of some microseconds: on this thread if a connection is free.
    func readBriefly<Result: Sendable>(
        _ what: String, _ body: @escaping @Sendable (StoreReader) throws(StoreError) -> Result
    ) async throws(APIFailure) -> Result {
        do throws(ServiceError) {
            if let result = try service.readIfIdle(body) { return result }
            return try await service.read(body)
        } catch {
            throw failure(error, during: what)
        }
    }

    /// - Parameter texts: what of the memories that it writes is embedded, as far as it is known and worth waiting for.
    func submit(
        _ command: Command, idempotency: Idempotency?, nowNanoseconds: Int64, texts: [String] = [],
        meanwhile: () -> Void = {}
    ) async throws(APIFailure) -> Committed {
        var envelope = CommandEnvelope(
            timeNanoseconds: nowNanoseconds, idempotency: idempotency, command: command)
        // An older member could not read it; the backlog brings the vectors when all can.
        if let embedding, !texts.isEmpty, service.hasTables() { envelope.vectors = await embedding.attachment(texts) }
        do throws(ServiceError) {
            return try await service.submit(
                envelope, timeoutMilliseconds: options.writeTimeoutMilliseconds, meanwhile: meanwhile)
        } catch {
            throw failure(error, during: "write")
        }
    }

    /// The answer to an outcome that is not what the route hoped for; it too was decided at an index.
    func refusal(_ committed: Committed) -> APIFailure {
        var failure = refusal(committed.outcome)
        committed.mark(&failure.response)
        return failure
    }

    private func refusal(_ outcome: Outcome) -> APIFailure {
        switch outcome {
        case .notFound: return .notFound
        case .refused(let refusal, let detail): return .refused(refusal, detail: detail)
        case .titleTaken(let title, let namespace, let ownerID):
            return .error(
                409, "title '\(title)' already exists in namespace '\(namespace)' (memory \(ownerID))")
        case .idempotencyMismatch:
            return .error(422, "Idempotency-Key was used before for a different request")
        case .denied(let reason): return .error(403, "denied by governance: \(reason)")
        case .stored, .storedBatch, .updated, .deleted, .touched, .registerSet, .versionConflict, .registerConflict,
            .idTaken, .none, .queued, .voted, .decided, .promoted, .linked, .counted, .invalidated, .entity,
            .standardSet, .archived, .imported:
            options.logger.error(
                "write ended with an outcome its route does not know", metadata: ["outcome": "\(outcome)"])
            return .storage
        }
    }

    private func failure(_ error: ServiceError, during what: String) -> APIFailure {
        if case .storage(let reason) = error {
            options.logger.error("store failed", metadata: ["during": "\(what)", "reason": "\(reason)"])
        }
        return APIFailure(error)
    }
}

/// The index a read was served at, and what of it goes into the answer.
struct ReadPoint {
    var consistency: Consistency
    var stamp: ReadStamp

    func mark(_ response: inout APIResponse) {
        response.headers.fields.append(
            .init(name: "x-mneme-applied-index", value: String(stamp.appliedIndex)))
        if consistency.isStale {
            response.headers.fields.append(
                .init(name: APIFailure.ageHeader, value: stamp.ageMilliseconds.map { String($0) } ?? "unknown"))
        }
    }
}

extension Committed {
    func mark(_ response: inout APIResponse) {
        response.headers.fields.append(.init(name: "x-mneme-applied-index", value: String(index)))
    }
}
