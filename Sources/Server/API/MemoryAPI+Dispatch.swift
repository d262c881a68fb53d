/// The routes by family, so that no table of them grows beyond a screen.
///
/// Owns: which handler a route leads to. Must never: contain behaviour.

extension MemoryAPI {
    func handleArchive(
        _ route: Route, parameter: String, _ request: APIRequest
    ) async throws(APIFailure) -> APIResponse {
        switch route.endpoint {
        case .listArchive: try await listArchive(request)
        case .archiveMemories: try await archiveMemories(request)
        case .purgeArchive: try await purgeArchive(request)
        case .restoreMemory: try await restoreMemory(request, id: parameter)
        case .archiveStats: try await archiveStats(request)
        case .export: try await export(request)
        case .importMemories: try await importMemories(request)
        default: throw .notBuilt("\(route.method) \(route.pattern)")
        }
    }

    func handleGraph(
        _ route: Route, parameter: String, _ request: APIRequest
    ) async throws(APIFailure) -> APIResponse {
        switch route.endpoint {
        case .createLink: try await createLink(request)
        case .deleteLinks: try await deleteLinks(request)
        case .getLinks: try await getLinks(request, id: parameter)
        case .timeline: try await timeline(request)
        case .invalidateLink: try await invalidateLink(request)
        case .graphQuery: try await graphQuery(request)
        case .registerEntity: try await registerEntity(request)
        case .entityByAlias: try await entityByAlias(request)
        case .contradictions: try await contradictions(request)
        case .checkDuplicate: try await checkDuplicate(request)
        default: throw .notBuilt("\(route.method) \(route.pattern)")
        }
    }

    func handleGovernance(
        _ route: Route, parameter: String, _ request: APIRequest
    ) async throws(APIFailure) -> APIResponse {
        switch route.endpoint {
        case .getNamespaces: try await getNamespaces(request)
        case .setStandard: try await setStandard(request, path: nil)
        case .setStandardByPath: try await setStandard(request, path: parameter)
        case .clearStandard: try await clearStandard(request, path: nil)
        case .clearStandardByPath: try await clearStandard(request, path: parameter)
        case .getStandard: try await getStandard(request, namespace: parameter)
        case .taxonomy: try await taxonomy(request)
        case .registerAgent: try await registerAgent(request)
        case .listAgents: try await listAgents(request)
        case .listPending: try await listPending(request)
        case .approve: try await approve(request, id: parameter)
        case .reject: try await reject(request, id: parameter)
        default: throw .notBuilt("\(route.method) \(route.pattern)")
        }
    }

    func handleMessages(
        _ route: Route, parameter: String, _ request: APIRequest
    ) async throws(APIFailure) -> APIResponse {
        switch route.endpoint {
        case .notify: try await notify(request)
        case .inbox: try await inbox(request)
        case .startSession: try await startSession(request)
        case .subscribe: try await subscribe(request)
        case .unsubscribe: try await unsubscribe(request, path: nil)
        case .unsubscribeByPath: try await unsubscribe(request, path: parameter)
        case .listSubscriptions: try await listSubscriptions(request)
        default: throw .notBuilt("\(route.method) \(route.pattern)")
        }
    }
}
