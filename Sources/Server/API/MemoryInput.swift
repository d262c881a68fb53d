/// The bodies of create and update, decoded and validated.
///
/// Owns: which fields there are, their defaults, and the order of the checks. Must never: decide ids or identities.
import JSON
import StateMachine

/// How long memories live when the caller does not say.
public struct TimeToLive: Hashable, Sendable {
    /// Seconds; nil means no expiry.
    public var shortSeconds: Int64?
    public var midSeconds: Int64?
    public var longSeconds: Int64?
    public init(shortSeconds: Int64? = 21_600, midSeconds: Int64? = 604_800, longSeconds: Int64? = nil) {
        self.shortSeconds = shortSeconds
        self.midSeconds = midSeconds
        self.longSeconds = longSeconds
    }
    func seconds(_ tier: Tier) -> Int64? {
        switch tier {
        case .short: shortSeconds
        case .mid: midSeconds
        case .long: longSeconds
        }
    }
}

/// One object of `POST /memories` or of the bulk array.
struct CreateInput {
    var tier: Tier
    var namespace: String
    var title: String
    var content: String
    var tags: [String]
    var priority: Int
    var confidence: Double
    var source: String
    var expiresAt: String?
    var ttlSeconds: Int64?
    var metadata: JSONValue
    var agentID: String?
    var scope: String?

    /// - Throws: 422 with the path of the field.
    init(_ fields: BodyFields) throws(APIFailure) {
        tier = try fields.tier("tier", default: .mid)
        namespace = try fields.text("namespace", default: "global")
        title = try fields.requiredText("title")
        content = try fields.requiredText("content")
        tags = try fields.texts("tags")
        priority = try fields.integer32("priority", default: 5)
        confidence = try fields.double("confidence", default: 1.0)
        source = try fields.text("source", default: "api")
        expiresAt = try fields.optionalText("expires_at")
        ttlSeconds = try fields.optionalInteger64("ttl_secs")
        metadata = fields.value("metadata") ?? .object(JSONObject())
        agentID = try fields.optionalText("agent_id")
        scope = try fields.optionalText("scope")
    }

    /// The first failing check, in the order of the contract; nil when all pass.
    func invalidity(nowNanoseconds: Int64) -> String? {
        if let reason = Validation.title(title) { return reason }
        if let reason = Validation.content(content) { return reason }
        if let reason = Validation.namespace(namespace) { return reason }
        if let reason = Validation.source(source) { return reason }
        if let reason = Validation.tags(tags) { return reason }
        if let reason = Validation.priority(priority) { return reason }
        if let reason = Validation.confidence(confidence) { return reason }
        if let expiresAt, let reason = Validation.expiresAt(expiresAt, nowNanoseconds: nowNanoseconds) {
            return reason
        }
        if let ttlSeconds, let reason = Validation.ttlSeconds(ttlSeconds) { return reason }
        return Validation.metadata(metadata)
    }

    /// - Parameters:
    ///   - agentID: written into the metadata over whatever the caller put there; nil leaves the metadata as sent.
    ///   - scope: the same.
    func command(
        id: String, nowNanoseconds: Int64, timeToLive: TimeToLive, agentID: String?, scope: String?
    ) -> StoreCommand {
        var object = metadata.objectValue ?? JSONObject()
        if let agentID { object["agent_id"] = .string(agentID) }
        if let scope { object["scope"] = .string(scope) }
        var expiry = expiresAt
        if expiry == nil, let seconds = ttlSeconds ?? timeToLive.seconds(tier) {
            let (nanoseconds, overflow) = nowNanoseconds.addingReportingOverflow(seconds * 1_000_000_000)
            expiry = Timestamp.text(nanoseconds: overflow ? .max : nanoseconds)
        }
        return StoreCommand(
            id: id, tier: tier, namespace: namespace, title: title, content: content, tags: tags, priority: priority,
            confidence: confidence, source: source, at: Timestamp.text(nanoseconds: nowNanoseconds),
            expiresAt: expiry, metadata: object.text)
    }
}

/// The body of `PUT /memories/{id}`.
struct UpdateInput {
    var title: String?
    var content: String?
    var tier: Tier?
    var namespace: String?
    var tags: [String]?
    var priority: Int?
    var confidence: Double?
    var expiresAt: String?
    var metadata: JSONValue?

    /// - Throws: 422 with the path of the field.
    init(_ fields: BodyFields) throws(APIFailure) {
        title = try fields.optionalText("title")
        content = try fields.optionalText("content")
        tier = try fields.optionalTier("tier")
        namespace = try fields.optionalText("namespace")
        tags = try fields.optionalTexts("tags")
        priority = try fields.optionalInteger32("priority")
        confidence = try fields.optionalDouble("confidence")
        expiresAt = try fields.optionalText("expires_at")
        let value = fields.value("metadata")
        metadata = value == .some(.null) ? nil : value
    }

    var invalidity: String? {
        if let title, let reason = Validation.title(title) { return reason }
        if let content, let reason = Validation.content(content) { return reason }
        if let namespace, let reason = Validation.namespace(namespace) { return reason }
        if let tags, let reason = Validation.tags(tags) { return reason }
        if let priority, let reason = Validation.priority(priority) { return reason }
        if let confidence, let reason = Validation.confidence(confidence) { return reason }
        if let expiresAt, let reason = Validation.expiresAt(expiresAt, nowNanoseconds: nil) { return reason }
        if let metadata, let reason = Validation.metadata(metadata) { return reason }
        return nil
    }

    func command(id: String, at: String, expectedVersion: UInt64?) -> UpdateCommand {
        UpdateCommand(
            id: id, title: title, content: content, tier: tier, namespace: namespace, tags: tags, priority: priority,
            confidence: confidence, expiresAt: expiresAt, metadata: metadata?.objectValue?.text, at: at,
            expectedVersion: expectedVersion)
    }
}
