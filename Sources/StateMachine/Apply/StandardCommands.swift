/// Standards of namespaces, and the registration of agents.
///
/// Owns: the table `standards`, the placeholder memory of a standard, the memory that is an agent's registration.
/// Must never: leave half of a request behind: memory, policy and binding are one command.
import JSON

enum StandardRow {
    static let tag = "_namespace_standard"
    /// The tag as the full-text index has it: it cuts words at underscores.
    static let tagWords = "tags : \"namespace standard\""
    static let owner = "system"
    static func title(_ namespace: String) -> String { "_standard:\(namespace)" }
}

enum AgentRow {
    static let namespace = "_agents"
    static let tag = "agent-registration"
    /// What a subscriber is registered as who is not known yet.
    static let typeOfSubscribers = "ai:generic"
    static func title(_ agent: String) -> String { "agent:\(agent)" }
}

extension ApplyContext {
    struct Standard: Hashable {
        var memoryID: String
        var parent: String?
    }

    func standard(of namespace: String) throws(StoreError) -> Standard? {
        try row("SELECT standard_id, parent_namespace FROM standards WHERE namespace = ?1", [.text(namespace)]) {
            Standard(memoryID: $0.text(0), parent: $0.optionalText(1))
        }
    }

    func setStandard(_ command: StandardCommand) throws(StoreError) -> Outcome {
        if let parent = command.parent, parent.hasSameBytes(as: command.namespace) {
            return .refused(.ownParent, detail: "")
        }
        // Every reason to refuse comes before the first change.
        let memory: Memory
        if let id = command.memoryID {
            guard let found = try self.memory(id: id)?.memory else { return .refused(.memoryMissing, detail: id) }
            memory = found
        } else if let tagged = try taggedStandard(command) {
            memory = tagged
        } else {
            let placeholder = placeholder(command)
            let standing = try self.memory(namespace: placeholder.namespace, title: placeholder.title)?.memory
            let metadata = standing.map {
                MetadataFields.keepingAgent(of: $0.metadata, in: placeholder.metadata)
            }
            if let refusal = try policyRefusal(command, over: metadata ?? placeholder.metadata) { return refusal }
            guard case .stored(let id, _, _) = try store(placeholder), let made = try self.memory(id: id)?.memory
            else { return .idTaken(id: command.placeholderID) }
            memory = made
        }
        if let refusal = try policyRefusal(command, over: memory.metadata) { return refusal }
        try setPolicy(command, on: memory.id)
        var parent = command.parent
        if parent == nil { parent = try detectedParent(of: command.namespace) }
        try bindStandard(command.namespace, to: memory.id, parent: parent, at: command.at)
        return .standardSet(id: memory.id, parent: parent)
    }

    func bindStandard(_ namespace: String, to memoryID: String, parent: String?, at: String) throws(StoreError) {
        let values: [Value] = [.text(namespace), .text(memoryID), .optional(parent), .text(at)]
        if try standard(of: namespace) == nil {
            try insert(.standards, values)
            standardsCount += 1
        } else {
            try update(.standards, values)
        }
    }

    /// - Returns: nil when the policy fits beside what else is in the metadata.
    private func policyRefusal(_ command: StandardCommand, over metadata: String) throws(StoreError) -> Outcome? {
        guard let merged = try mergedMetadata(metadata, with: command.policy),
            merged.utf8.count > ApplyLimits.metadataBytesMax
        else { return nil }
        return .refused(.metadataTooLarge, detail: "\(merged.utf8.count)")
    }

    /// - Returns: nil without a policy.
    private func mergedMetadata(_ text: String, with policyText: String?) throws(StoreError) -> String? {
        guard let policyText else { return nil }
        let policy: JSONValue
        do {
            policy = try JSONValue.parse(policyText)
        } catch {
            throw StoreError(doing: "apply index \(index)", message: "its policy is no JSON: \(error)")
        }
        var merged = MetadataFields.object(text) ?? JSONObject()
        merged["governance"] = policy
        return merged.text
    }

    private func setPolicy(_ command: StandardCommand, on id: String) throws(StoreError) {
        guard let existing = try memory(id: id),
            let merged = try mergedMetadata(existing.memory.metadata, with: command.policy)
        else { return }
        var memory = existing.memory
        memory.metadata = merged
        memory.updatedAt = command.at
        memory.version = index
        try write(memory, over: existing)
    }

    /// The namespace's first live memory with the tag, in the order of lists. Looked for in the full-text index: most
    /// namespaces have none, and their rows are not to be walked.
    private func taggedStandard(_ command: StandardCommand) throws(StoreError) -> Memory? {
        // The index has to hold what this batch wrote before: which rows match must not depend on its bounds.
        try textChanges.write(statements)
        return try row(
            """
            SELECT \(MemoryRow.columns) FROM memories
            WHERE row IN (SELECT rowid FROM memories_fts WHERE memories_fts MATCH ?4)
            AND namespace = ?1 AND (expires_at IS NULL OR expires_at > ?2)
            AND EXISTS (SELECT 1 FROM json_each(memories.tags) WHERE json_each.value = ?3)
            ORDER BY priority DESC, updated_at DESC, id LIMIT 1
            """, [.text(command.namespace), .text(command.at), .text(StandardRow.tag), .text(StandardRow.tagWords)]
        ) { MemoryRow($0).memory }
    }

    private func placeholder(_ command: StandardCommand) -> StoreCommand {
        StoreCommand(
            id: command.placeholderID, tier: .long, namespace: command.namespace,
            title: StandardRow.title(command.namespace), content: "namespace standard for \(command.namespace)",
            tags: [StandardRow.tag], priority: 5, confidence: 1, source: "api", at: command.at, expiresAt: nil,
            metadata: JSONObject([("agent_id", .string(StandardRow.owner))]).text)
    }

    /// The name cut at its last dash, again and again, until a namespace has a standard.
    private func detectedParent(of namespace: String) throws(StoreError) -> String? {
        var rest = namespace[...]
        while let dash = rest.utf8.lastIndex(of: UInt8(ascii: "-")) {
            rest = rest[..<dash]
            if !rest.isEmpty, try standard(of: String(rest)) != nil { return String(rest) }
        }
        return nil
    }

    func clearStandard(_ command: ClearStandardCommand) throws(StoreError) -> Outcome {
        guard try standard(of: command.namespace) != nil else { return .counted(0) }
        try removeStandard(command.namespace)
        return .counted(1)
    }

    /// Standards go with their memory.
    func removeStandards(of id: String) throws(StoreError) {
        guard standardsCount > 0 else { return }
        let namespaces = try rows(
            "SELECT namespace FROM standards WHERE standard_id = ?1 ORDER BY namespace", [.text(id)]
        ) { $0.text(0) }
        for namespace in namespaces { try removeStandard(namespace) }
    }

    private func removeStandard(_ namespace: String) throws(StoreError) {
        try remove(.standards, key: [.text(namespace)])
        standardsCount -= 1
    }

    // MARK: agents

    func registerAgent(_ command: AgentCommand) throws(StoreError) -> Outcome {
        let title = AgentRow.title(command.agentID)
        let existing = try memory(namespace: AgentRow.namespace, title: title)?.memory
        let registered = existing?.metadataObject["registered_at"]?.stringValue ?? command.at
        let metadata = JSONObject([
            ("agent_id", .string(command.agentID)), ("agent_type", .string(command.agentType)),
            ("capabilities", .array(command.capabilities.map { .string($0) })),
            ("last_seen_at", .string(command.at)), ("registered_at", .string(registered)),
        ]).text
        return try store(
            StoreCommand(
                id: command.id, tier: .long, namespace: AgentRow.namespace, title: title, content: metadata,
                tags: [AgentRow.tag], priority: 5, confidence: 1, source: "system", at: command.at, expiresAt: nil,
                metadata: metadata))
    }
}

/// Limits that apply keeps where the proposer cannot know the result.
enum ApplyLimits {
    /// The same as the API's.
    static let metadataBytesMax = 65_536
    /// What a command may carry: a union of tags beyond it could not be written again.
    static let tagsMax = CommandLimits.tagsMax
    /// Of one entity, however often it is registered.
    static let aliasesMax = 2 * CommandLimits.aliasesMax
    /// Lines of the report of one import.
    static let importErrorsMax = 1_000
    /// Each store looks at all of them.
    static let subscriptionsMax: Int64 = 1_000
    /// Deliveries waiting at most.
    static let deliveriesMax: Int64 = 10_000
}
