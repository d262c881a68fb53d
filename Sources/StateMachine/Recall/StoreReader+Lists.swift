/// Lists beside the memories: archive, agents, pending actions, entities, subscriptions, the whole for an export.
///
/// Owns: their queries and orders, each with the id or number as the last key. Must never: give out a page without a
/// bound.
import JSON

public struct AgentRegistration: Hashable, Sendable {
    public var agentID: String
    public var agentType: String
    public var capabilities: [String]
    public var registeredAt: String
    public var lastSeenAt: String
}

public struct PendingAction: Hashable, Sendable {
    /// Its place in the order of requests.
    public var number: Int64
    public var id: String
    public var action: String
    public var memoryID: String?
    public var namespace: String
    /// JSON text.
    public var payload: String
    public var requestedBy: String
    public var requestedAt: String
    public var status: String
    public var decidedBy: String?
    public var decidedAt: String?
    /// JSON text.
    public var approvals: String
}

public struct Entity: Hashable, Sendable {
    public var id: String
    public var name: String
    public var namespace: String
    /// Oldest first.
    public var aliases: [String]
}

extension StoreReader {
    // MARK: archive

    /// What was archived last comes first.
    ///
    /// - Parameter after: only what comes behind this row.
    public func archived(
        namespace: String?, limit: Int, offset: Int, after: (archivedAt: String, id: String)? = nil
    ) throws(StoreError) -> [ArchivedMemory] {
        guard hasTables else { return [] }
        var parts = QueryParts()
        if let namespace { parts.require("namespace = ?", .text(namespace)) }
        if let after {
            parts.require(
                "(archived_at < ? OR (archived_at = ? AND id > ?))", .text(after.archivedAt), .text(after.archivedAt),
                .text(after.id))
        }
        let statement = try database.statement(
            """
            SELECT \(ArchivedMemory.columns) FROM archive \(parts.whereClause)
            ORDER BY archived_at DESC, id LIMIT ? OFFSET ?
            """)
        defer { statement.reset() }
        try statement.bind(
            parts.arguments + [.integer(StoreReader.limit(limit)), .integer(Int64(max(0, offset)))])
        var found: [ArchivedMemory] = []
        while try statement.step() { found.append(ArchivedMemory(statement)) }
        return found
    }

    /// By namespace, largest first.
    public func archiveCounts() throws(StoreError) -> [StoreStats.NamespaceCount] {
        guard hasTables else { return [] }
        let statement = try database.statement(
            "SELECT namespace, count(*) FROM archive GROUP BY namespace ORDER BY count(*) DESC, namespace")
        defer { statement.reset() }
        var found: [StoreStats.NamespaceCount] = []
        while try statement.step() {
            found.append(StoreStats.NamespaceCount(namespace: statement.text(0), count: Int(statement.int64(1))))
        }
        return found
    }

    // MARK: agents and what waits for approval

    /// Live rows of the agents' namespace by the time of registration; what a row lacks reads as empty.
    public func agents(now: String) throws(StoreError) -> [AgentRegistration] {
        let query = ListQuery(namespace: AgentRow.namespace, limit: StoreReader.limitMax)
        let found = try list(query, now: now).map { memory in
            let metadata = memory.metadataObject
            return AgentRegistration(
                agentID: metadata["agent_id"]?.stringValue ?? "", agentType: metadata["agent_type"]?.stringValue ?? "",
                capabilities: metadata["capabilities"]?.arrayValue?.compactMap(\.stringValue) ?? [],
                registeredAt: metadata["registered_at"]?.stringValue ?? "",
                lastSeenAt: metadata["last_seen_at"]?.stringValue ?? "")
        }
        return found.sorted {
            $0.registeredAt.hasSameBytes(as: $1.registeredAt)
                ? $0.agentID.utf8.lexicographicallyPrecedes($1.agentID.utf8)
                : $0.registeredAt.utf8.lexicographicallyPrecedes($1.registeredAt.utf8)
        }
    }

    /// Newest request first.
    ///
    /// - Parameter before: only what was requested before the one of this number.
    public func pendingActions(
        status: String?, limit: Int, before: Int64? = nil
    ) throws(StoreError) -> [PendingAction] {
        guard hasTables else { return [] }
        var parts = QueryParts()
        if let status { parts.require("status = ?", .text(status)) }
        if let before { parts.require("number < ?", .integer(before)) }
        let statement = try database.statement(
            "SELECT \(PendingRow.columns) FROM pending \(parts.whereClause) ORDER BY number DESC LIMIT ?")
        defer { statement.reset() }
        try statement.bind(parts.arguments + [.integer(StoreReader.limit(limit))])
        var found: [PendingAction] = []
        while try statement.step() { found.append(PendingAction(try PendingRow(statement))) }
        return found
    }

    public func pendingCount() throws(StoreError) -> Int {
        guard hasTables else { return 0 }
        return Int(try database.integer("SELECT count(*) FROM pending WHERE status = '\(PendingRow.pending)'"))
    }

    // MARK: entities

    /// The newest entity with exactly this alias; expired ones still answer to their names.
    public func entity(alias: String, namespace: String?) throws(StoreError) -> Entity? {
        guard hasTables else { return nil }
        let filter = namespace == nil ? "" : "AND memories.namespace = ?2"
        let found: (id: String, name: String, namespace: String)?
        do {
            let statement = try database.statement(
                """
                SELECT memories.id, memories.title, memories.namespace FROM aliases JOIN memories
                ON memories.id COLLATE NOCASE = aliases.entity_id AND memories.id = aliases.entity_id
                WHERE aliases.alias = ?1 \(filter) ORDER BY memories.created_at DESC, memories.id LIMIT 1
                """)
            defer { statement.reset() }
            try statement.bind(1, alias)
            if let namespace { try statement.bind(2, namespace) }
            found = try statement.step() ? (statement.text(0), statement.text(1), statement.text(2)) : nil
        }
        guard let found else { return nil }
        let statement = try database.statement(
            "SELECT alias FROM aliases WHERE entity_id = ?1 ORDER BY created_at, alias")
        defer { statement.reset() }
        try statement.bind(1, found.id)
        var aliases: [String] = []
        while try statement.step() { aliases.append(statement.text(0)) }
        return Entity(id: found.id, name: found.name, namespace: found.namespace, aliases: aliases)
    }

    // MARK: subscriptions

    /// Newest first; those that `owner` made or that are about it.
    public func subscriptions(owner: String?) throws(StoreError) -> [Subscription] {
        guard hasTables else { return [] }
        let filter = owner == nil ? "" : "WHERE agent_filter = ?1 OR created_by = ?1"
        let statement = try database.statement(
            """
            SELECT \(Subscription.columns) FROM subscriptions \(filter)
            ORDER BY number DESC LIMIT \(ApplyLimits.subscriptionsMax)
            """
        )
        defer { statement.reset() }
        if let owner { try statement.bind(1, owner) }
        var found: [Subscription] = []
        while try statement.step() { found.append(Subscription(statement)) }
        return found
    }

    /// What is to be told next, oldest first.
    public func deliveries(limit: Int) throws(StoreError) -> [Delivery] {
        guard hasTables else { return [] }
        let statement = try database.statement("SELECT \(Delivery.columns) FROM deliveries ORDER BY number LIMIT ?1")
        defer { statement.reset() }
        try statement.bind(1, StoreReader.limit(limit))
        var found: [Delivery] = []
        while try statement.step() { found.append(Delivery(statement)) }
        return found
    }

    public func subscriptionCount() throws(StoreError) -> Int {
        guard hasTables else { return 0 }
        return Int(try database.integer("SELECT count(*) FROM subscriptions"))
    }

    // MARK: everything

    /// Where the live memories are, by creation: one walk over all of them, so that an export is not one for each page.
    public func exportOrder(now: String) throws(StoreError) -> [Int64] {
        var parts = QueryParts()
        parts.requireLive(now: now)
        let statement = try database.statement(
            "SELECT row FROM memories \(parts.whereClause) ORDER BY created_at, id")
        return try rows(statement, parts.arguments)
    }

    /// What is there, in the order asked for; within the same read as `exportOrder`.
    public func exported(rows: some Sequence<Int64>) throws(StoreError) -> [Memory] {
        try memories(Array(rows))
    }

    /// Links between live memories.
    public func exportLinks(now: String) throws(StoreError) -> [Link] {
        guard hasTables else { return [] }
        let statement = try database.statement(
            """
            SELECT links.source_id, links.target_id, links.relation, links.created_at FROM links
            JOIN memories AS source ON source.id COLLATE NOCASE = source_id AND source.id = source_id
            JOIN memories AS target ON target.id COLLATE NOCASE = target_id AND target.id = target_id
            WHERE (source.expires_at IS NULL OR source.expires_at > ?1)
            AND (target.expires_at IS NULL OR target.expires_at > ?1) ORDER BY 1, 2, 3
            """)
        defer { statement.reset() }
        try statement.bind(1, now)
        var found: [Link] = []
        while try statement.step() { found.append(Link(statement)) }
        return found
    }

    /// Whether anything has expired, so that there is something to collect.
    public func hasExpired(at now: String) throws(StoreError) -> Bool {
        let statement = try database.statement("SELECT 1 FROM memories WHERE expires_at < ?1 LIMIT 1")
        defer { statement.reset() }
        try statement.bind(1, now)
        return try statement.step()
    }
}

extension PendingAction {
    init(_ row: PendingRow) {
        number = row.number
        id = row.id
        action = row.action.name
        memoryID = row.memoryID
        namespace = row.namespace
        payload = row.payload
        requestedBy = row.requestedBy
        requestedAt = row.requestedAt
        status = row.status
        decidedBy = row.decidedBy
        decidedAt = row.decidedAt
        approvals = row.approvals
    }
}
