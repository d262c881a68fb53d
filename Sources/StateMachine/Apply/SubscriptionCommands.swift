/// Webhook subscriptions, and the outbox of what they are to be told.
///
/// Owns: the tables `subscriptions` and `deliveries`. Must never: let the outbox grow without bound, or decide whether a
/// delivery arrived: who delivers says so.

/// A row of `subscriptions`.
public struct Subscription: Hashable, Sendable {
    public var number: Int64
    public var id: String
    public var url: String
    public var events: String
    /// SHA-256 of the secret; empty: none.
    public var secretHash: [UInt8]
    public var namespaceFilter: String?
    public var agentFilter: String?
    public var createdBy: String
    public var createdAt: String
    public var lastDispatchedAt: String?
    public var dispatchCount: Int64
    public var failureCount: Int64

    /// The beginning of addresses that stand for a namespace, to which nothing is sent.
    public static let unaddressed = "http://localhost/_ns/"

    static let columns = Table.subscriptions.columns.joined(separator: ", ")

    init(_ statement: Statement) {
        number = statement.int64(0)
        id = statement.text(1)
        url = statement.text(2)
        events = statement.text(3)
        secretHash = statement.blob(4)
        namespaceFilter = statement.optionalText(5)
        agentFilter = statement.optionalText(6)
        createdBy = statement.text(7)
        createdAt = statement.text(8)
        lastDispatchedAt = statement.optionalText(9)
        dispatchCount = statement.int64(10)
        failureCount = statement.int64(11)
    }

    init(_ command: SubscribeCommand, number: Int64) {
        self.number = number
        id = command.id
        url = command.url
        events = command.events
        secretHash = command.secretHash
        namespaceFilter = command.namespaceFilter
        agentFilter = command.agentFilter
        createdBy = command.caller
        createdAt = command.at
        lastDispatchedAt = nil
        dispatchCount = 0
        failureCount = 0
    }

    var values: [Value] {
        [
            .integer(number), .text(id), .text(url), .text(events), .blob(secretHash), .optional(namespaceFilter),
            .optional(agentFilter), .text(createdBy), .text(createdAt), .optional(lastDispatchedAt),
            .integer(dispatchCount), .integer(failureCount),
        ]
    }

    /// Exact names in the list, or everything; filters match exactly.
    func wants(_ event: String, namespace: String, agent: String?) -> Bool {
        if url.utf8.starts(with: Subscription.unaddressed.utf8) { return false }
        let names = events.utf8.split(separator: UInt8(ascii: ","))
        guard names.contains(where: { $0.elementsEqual("*".utf8) || $0.elementsEqual(event.utf8) }) else {
            return false
        }
        if let namespaceFilter, !namespaceFilter.hasSameBytes(as: namespace) { return false }
        guard let agentFilter else { return true }
        return agent.map { $0.hasSameBytes(as: agentFilter) } ?? false
    }
}

/// A row of `deliveries`: something a subscriber has not been told yet.
public struct Delivery: Hashable, Sendable {
    public var number: Int64
    public var subscriptionID: String
    public var event: String
    public var memoryID: String
    public var namespace: String
    public var agentID: String?
    public var createdAt: String

    static let columns = Table.deliveries.columns.joined(separator: ", ")

    init(
        number: Int64, subscriptionID: String, event: String, memoryID: String, namespace: String, agentID: String?,
        createdAt: String
    ) {
        self.number = number
        self.subscriptionID = subscriptionID
        self.event = event
        self.memoryID = memoryID
        self.namespace = namespace
        self.agentID = agentID
        self.createdAt = createdAt
    }

    init(_ statement: Statement) {
        number = statement.int64(0)
        subscriptionID = statement.text(1)
        event = statement.text(2)
        memoryID = statement.text(3)
        namespace = statement.text(4)
        agentID = statement.optionalText(5)
        createdAt = statement.text(6)
    }
}

extension ApplyContext {
    /// The caller's registration and the subscription in one command.
    func subscribe(_ command: SubscribeCommand) throws(StoreError) -> Outcome {
        if try subscription(id: command.id) != nil { return .idTaken(id: command.id) }
        guard subscriptionsCount < ApplyLimits.subscriptionsMax else {
            return .refused(.tooManySubscriptions, detail: "\(ApplyLimits.subscriptionsMax)")
        }
        if try !isRegistered(command.caller) {
            let outcome = try registerAgent(
                AgentCommand(
                    agentID: command.caller, agentType: AgentRow.typeOfSubscribers, capabilities: [],
                    id: command.agentRowID, at: command.at))
            guard case .stored = outcome else { return outcome }
        }
        try insert(.subscriptions, Subscription(command, number: Int64(bitPattern: index)).values)
        subscriptionsCount += 1
        return .promoted(id: command.id)
    }

    func unsubscribe(_ command: UnsubscribeCommand) throws(StoreError) -> Outcome {
        let found: Subscription? =
            if let id = command.id {
                try subscription(id: id)
            } else {
                try row(
                    """
                    SELECT \(Subscription.columns) FROM subscriptions
                    WHERE namespace_filter = ?1 AND (agent_filter = ?2 OR created_by = ?2) ORDER BY number DESC LIMIT 1
                    """, [.text(command.namespace), .text(command.owner)]
                ) { Subscription($0) }
            }
        guard let found else { return .notFound }
        let waiting = try rows(
            "SELECT number FROM deliveries WHERE subscription_id = ?1 ORDER BY number", [.text(found.id)]
        ) { $0.int64(0) }
        for number in waiting { try removeDelivery(number) }
        try remove(.subscriptions, key: [.integer(found.number)])
        subscriptionsCount -= 1
        return .deleted(id: found.id)
    }

    private func subscription(id: String) throws(StoreError) -> Subscription? {
        try row("SELECT \(Subscription.columns) FROM subscriptions WHERE id = ?1", [.text(id)]) { Subscription($0) }
    }

    // MARK: the outbox

    /// One delivery for each subscription that wants the event. Beyond the outbox's bound it is counted as failed.
    func notify(
        of event: String, memoryID: String, namespace: String, agent: String?, at: String
    ) throws(StoreError) {
        guard subscriptionsCount > 0 else { return }
        let all = try rows("SELECT \(Subscription.columns) FROM subscriptions ORDER BY number", []) { Subscription($0) }
        var place: Int64 = 0
        for var subscription in all where subscription.wants(event, namespace: namespace, agent: agent) {
            guard deliveriesCount < ApplyLimits.deliveriesMax else {
                subscription.failureCount += 1
                try update(.subscriptions, subscription.values)
                continue
            }
            try insert(
                .deliveries,
                [
                    .integer(Int64(bitPattern: index) << 12 | place), .text(subscription.id), .text(event),
                    .text(memoryID), .text(namespace), .optional(agent), .text(at),
                ])
            deliveriesCount += 1
            place += 1
        }
    }

    func settle(_ command: SettleCommand) throws(StoreError) -> Outcome {
        var count = 0
        for result in command.results {
            let subscriptionID = try row(
                "SELECT subscription_id FROM deliveries WHERE number = ?1", [.integer(result.number)]
            ) { $0.text(0) }
            guard let subscriptionID else { continue }
            try removeDelivery(result.number)
            count += 1
            guard var subscription = try subscription(id: subscriptionID) else { continue }
            subscription.dispatchCount += 1
            subscription.lastDispatchedAt = command.at
            if !result.isDelivered { subscription.failureCount += 1 }
            try update(.subscriptions, subscription.values)
        }
        return .counted(count)
    }

    private func removeDelivery(_ number: Int64) throws(StoreError) {
        try remove(.deliveries, key: [.integer(number)])
        deliveriesCount -= 1
    }
}
