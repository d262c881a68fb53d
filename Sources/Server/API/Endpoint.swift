/// Every method and path this server knows: the 55 of the compatible surface and its own under `/cluster/v1`.
///
/// Owns: the table. Must never: contain behaviour; `MemoryAPI` has it.

/// What a route leads to.
enum Endpoint: Hashable, Sendable {
    case health, capabilities, stats, metrics
    case createMemory, listMemories, bulkCreate, getMemory, updateMemory, deleteMemory
    case search, recallQuery, recallBody
    case promoteMemory, forget, consolidate, collectGarbage
    case listArchive, archiveMemories, purgeArchive, restoreMemory, archiveStats
    case createLink, deleteLinks, getLinks, timeline, invalidateLink, graphQuery, registerEntity, entityByAlias
    case getNamespaces, setStandard, clearStandard, getStandard, setStandardByPath, clearStandardByPath, taxonomy
    case registerAgent, listAgents, listPending, approve, reject
    case export, importMemories, contradictions, checkDuplicate
    case notify, inbox, startSession
    case subscribe, unsubscribe, unsubscribeByPath, listSubscriptions
    case clusterStatus, clusterMetrics, getRegister, putRegister
    case digests, rowDigests, importDatabaseRows
    case members, addMember, removeMember, promoteMember, changeMembers, transferLeadership
    /// A route of the compatible surface that answers 501.
    case notBuilt
}

struct Route: Hashable, Sendable {
    var method: String
    /// Segments in braces are parameters.
    var pattern: String
    var endpoint: Endpoint
    init(_ method: String, _ pattern: String, _ endpoint: Endpoint) {
        self.method = method
        self.pattern = pattern
        self.endpoint = endpoint
    }

    /// In the order of the route index of the contract.
    static let compatible: [Route] = [
        Route("GET", "/api/v1/health", .health),
        Route("GET", "/metrics", .metrics),
        Route("GET", "/api/v1/metrics", .metrics),
        Route("GET", "/api/v1/memories", .listMemories),
        Route("POST", "/api/v1/memories", .createMemory),
        Route("POST", "/api/v1/memories/bulk", .bulkCreate),
        Route("GET", "/api/v1/memories/{id}", .getMemory),
        Route("PUT", "/api/v1/memories/{id}", .updateMemory),
        Route("DELETE", "/api/v1/memories/{id}", .deleteMemory),
        Route("POST", "/api/v1/memories/{id}/promote", .promoteMemory),
        Route("GET", "/api/v1/search", .search),
        Route("GET", "/api/v1/recall", .recallQuery),
        Route("POST", "/api/v1/recall", .recallBody),
        Route("POST", "/api/v1/forget", .forget),
        Route("POST", "/api/v1/consolidate", .consolidate),
        Route("GET", "/api/v1/contradictions", .contradictions),
        Route("POST", "/api/v1/links", .createLink),
        Route("DELETE", "/api/v1/links", .deleteLinks),
        Route("GET", "/api/v1/links/{id}", .getLinks),
        Route("GET", "/api/v1/namespaces", .getNamespaces),
        Route("POST", "/api/v1/namespaces", .setStandard),
        Route("DELETE", "/api/v1/namespaces", .clearStandard),
        Route("POST", "/api/v1/namespaces/{ns}/standard", .setStandardByPath),
        Route("GET", "/api/v1/namespaces/{ns}/standard", .getStandard),
        Route("DELETE", "/api/v1/namespaces/{ns}/standard", .clearStandardByPath),
        Route("GET", "/api/v1/taxonomy", .taxonomy),
        Route("POST", "/api/v1/check_duplicate", .checkDuplicate),
        Route("POST", "/api/v1/entities", .registerEntity),
        Route("GET", "/api/v1/entities/by_alias", .entityByAlias),
        Route("GET", "/api/v1/kg/timeline", .timeline),
        Route("POST", "/api/v1/kg/invalidate", .invalidateLink),
        Route("POST", "/api/v1/kg/query", .graphQuery),
        Route("GET", "/api/v1/stats", .stats),
        Route("POST", "/api/v1/gc", .collectGarbage),
        Route("GET", "/api/v1/export", .export),
        Route("POST", "/api/v1/import", .importMemories),
        Route("GET", "/api/v1/archive", .listArchive),
        Route("POST", "/api/v1/archive", .archiveMemories),
        Route("DELETE", "/api/v1/archive", .purgeArchive),
        Route("POST", "/api/v1/archive/{id}/restore", .restoreMemory),
        Route("GET", "/api/v1/archive/stats", .archiveStats),
        Route("GET", "/api/v1/agents", .listAgents),
        Route("POST", "/api/v1/agents", .registerAgent),
        Route("GET", "/api/v1/pending", .listPending),
        Route("POST", "/api/v1/pending/{id}/approve", .approve),
        Route("POST", "/api/v1/pending/{id}/reject", .reject),
        Route("POST", "/api/v1/sync/push", .notBuilt),
        Route("GET", "/api/v1/sync/since", .notBuilt),
        Route("GET", "/api/v1/capabilities", .capabilities),
        Route("POST", "/api/v1/notify", .notify),
        Route("GET", "/api/v1/inbox", .inbox),
        Route("POST", "/api/v1/subscriptions", .subscribe),
        Route("DELETE", "/api/v1/subscriptions", .unsubscribe),
        Route("GET", "/api/v1/subscriptions", .listSubscriptions),
        Route("POST", "/api/v1/session/start", .startSession),
    ]

    /// What SDKs of v0.6.3 call although their server did not have it.
    static let superset: [Route] = [
        Route("DELETE", "/api/v1/subscriptions/{id}", .unsubscribeByPath)
    ]

    static let cluster: [Route] = [
        Route("GET", "/cluster/v1/status", .clusterStatus),
        Route("GET", "/cluster/v1/metrics", .clusterMetrics),
        Route("POST", "/cluster/v1/import", .importDatabaseRows),
        Route("GET", "/cluster/v1/digests", .digests),
        Route("GET", "/cluster/v1/digests/{table}", .rowDigests),
        Route("GET", "/cluster/v1/members", .members),
        Route("POST", "/cluster/v1/members", .addMember),
        Route("DELETE", "/cluster/v1/members/{id}", .removeMember),
        Route("POST", "/cluster/v1/members/{id}/promote", .promoteMember),
        Route("POST", "/cluster/v1/change", .changeMembers),
        Route("POST", "/cluster/v1/transfer", .transferLeadership),
        Route("GET", "/cluster/v1/registers/{key}", .getRegister),
        Route("PUT", "/cluster/v1/registers/{key}", .putRegister),
    ]
}
