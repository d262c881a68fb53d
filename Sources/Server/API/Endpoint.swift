/// Every method and path this server knows: the 55 of the compatible surface and its own under `/cluster/v1`.
///
/// Owns: the table. Must never: contain behaviour; `MemoryAPI` has it.

/// What a route leads to.
enum Endpoint: Hashable, Sendable {
    case health, capabilities, stats, metrics
    case createMemory, listMemories, bulkCreate, getMemory, updateMemory, deleteMemory
    case search, recallQuery, recallBody
    case clusterStatus, clusterMetrics, getRegister, putRegister
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
        Route("POST", "/api/v1/memories/{id}/promote", .notBuilt),
        Route("GET", "/api/v1/search", .search),
        Route("GET", "/api/v1/recall", .recallQuery),
        Route("POST", "/api/v1/recall", .recallBody),
        Route("POST", "/api/v1/forget", .notBuilt),
        Route("POST", "/api/v1/consolidate", .notBuilt),
        Route("GET", "/api/v1/contradictions", .notBuilt),
        Route("POST", "/api/v1/links", .notBuilt),
        Route("DELETE", "/api/v1/links", .notBuilt),
        Route("GET", "/api/v1/links/{id}", .notBuilt),
        Route("GET", "/api/v1/namespaces", .notBuilt),
        Route("POST", "/api/v1/namespaces", .notBuilt),
        Route("DELETE", "/api/v1/namespaces", .notBuilt),
        Route("POST", "/api/v1/namespaces/{ns}/standard", .notBuilt),
        Route("GET", "/api/v1/namespaces/{ns}/standard", .notBuilt),
        Route("DELETE", "/api/v1/namespaces/{ns}/standard", .notBuilt),
        Route("GET", "/api/v1/taxonomy", .notBuilt),
        Route("POST", "/api/v1/check_duplicate", .notBuilt),
        Route("POST", "/api/v1/entities", .notBuilt),
        Route("GET", "/api/v1/entities/by_alias", .notBuilt),
        Route("GET", "/api/v1/kg/timeline", .notBuilt),
        Route("POST", "/api/v1/kg/invalidate", .notBuilt),
        Route("POST", "/api/v1/kg/query", .notBuilt),
        Route("GET", "/api/v1/stats", .stats),
        Route("POST", "/api/v1/gc", .notBuilt),
        Route("GET", "/api/v1/export", .notBuilt),
        Route("POST", "/api/v1/import", .notBuilt),
        Route("GET", "/api/v1/archive", .notBuilt),
        Route("POST", "/api/v1/archive", .notBuilt),
        Route("DELETE", "/api/v1/archive", .notBuilt),
        Route("POST", "/api/v1/archive/{id}/restore", .notBuilt),
        Route("GET", "/api/v1/archive/stats", .notBuilt),
        Route("GET", "/api/v1/agents", .notBuilt),
        Route("POST", "/api/v1/agents", .notBuilt),
        Route("GET", "/api/v1/pending", .notBuilt),
        Route("POST", "/api/v1/pending/{id}/approve", .notBuilt),
        Route("POST", "/api/v1/pending/{id}/reject", .notBuilt),
        Route("POST", "/api/v1/sync/push", .notBuilt),
        Route("GET", "/api/v1/sync/since", .notBuilt),
        Route("GET", "/api/v1/capabilities", .capabilities),
        Route("POST", "/api/v1/notify", .notBuilt),
        Route("GET", "/api/v1/inbox", .notBuilt),
        Route("POST", "/api/v1/subscriptions", .notBuilt),
        Route("DELETE", "/api/v1/subscriptions", .notBuilt),
        Route("GET", "/api/v1/subscriptions", .notBuilt),
        Route("POST", "/api/v1/session/start", .notBuilt),
    ]

    static let cluster: [Route] = [
        Route("GET", "/cluster/v1/status", .clusterStatus),
        Route("GET", "/cluster/v1/metrics", .clusterMetrics),
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
