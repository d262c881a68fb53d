/// Governed writes: allowed, denied or queued by the policy of their namespace, in the order of the log.
///
/// Owns: the verdict, and the pending row of what is queued. Must never: let a request be decided by anything but the
/// state at its own index, so that racing requests see one order.
import JSON

enum Verdict: Hashable {
    case allow
    case deny(String)
    case queue
}

extension ApplyContext {
    func governed(_ command: GovernedCommand) throws(StoreError) -> Outcome {
        let target: MemoryRow?
        let namespace: String
        switch command.action {
        case .store(let store):
            target = nil
            namespace = store.namespace
        case .delete(let delete):
            guard let row = try memory(id: delete.id) else { return .notFound }
            if let expected = delete.expectedVersion, expected != row.memory.version {
                return .versionConflict(current: row.memory)
            }
            target = row
            namespace = row.memory.namespace
        case .promote(let promote):
            guard let row = try memory(id: promote.id) else { return .notFound }
            target = row
            namespace = row.memory.namespace
        }
        switch try verdict(command.action.kind, in: namespace, caller: command.caller, target: target?.memory) {
        case .allow:
            return try perform(command.action, caller: command.caller)
        case .deny(let reason):
            return .denied(reason: reason)
        case .queue:
            return try queue(command, namespace: namespace, target: target?.memory)
        }
    }

    func perform(_ action: GovernedCommand.Action, caller: String) throws(StoreError) -> Outcome {
        switch action {
        case .store(let command):
            let outcome = try store(command)
            if case .stored(let id, _, _) = outcome {
                try notify(
                    of: "memory_store", memoryID: id, namespace: command.namespace, agent: caller, at: command.at)
            }
            return outcome
        case .delete(let command):
            return try delete(command)
        case .promote(let command):
            return try promote(command)
        }
    }

    /// Only the exact namespace's own standard counts; what is no policy allows everything.
    func verdict(
        _ action: ActionKind, in namespace: String, caller: String, target: Memory?
    ) throws(StoreError) -> Verdict {
        guard let (policy, standard) = try policy(of: namespace) else { return .allow }
        switch policy.level(action) {
        case .any:
            return .allow
        case .registered:
            return try isRegistered(caller)
                ? .allow : .deny("governance: caller '\(caller)' is not a registered agent")
        case .owner:
            // A stored row has no owner yet: the one of the standard decides.
            let owned = target ?? standard
            guard let owner = MetadataFields(metadata: owned.metadata).agentID else {
                return .deny("governance: owner-level action has no resolvable owner")
            }
            return owner.hasSameBytes(as: caller)
                ? .allow : .deny("governance: caller '\(caller)' is not the owner ('\(owner)')")
        case .approve:
            return .queue
        }
    }

    func policy(of namespace: String) throws(StoreError) -> (policy: GovernancePolicy, standard: Memory)? {
        guard standardsCount > 0, let standard = try standard(of: namespace),
            let memory = try memory(id: standard.memoryID)?.memory,
            let value = memory.metadataObject["governance"], !value.isNull
        else { return nil }
        do throws(GovernancePolicy.Problem) {
            return (try GovernancePolicy(value), memory)
        } catch {
            return nil
        }
    }

    /// Exact case; an expired registration counts, as it is one until it is collected.
    func isRegistered(_ agent: String) throws(StoreError) -> Bool {
        try memory(namespace: AgentRow.namespace, title: AgentRow.title(agent)) != nil
    }

    private func queue(_ command: GovernedCommand, namespace: String, target: Memory?) throws(StoreError) -> Outcome {
        // Ids are drawn at random by the nodes, so nothing but a hostile proposer repeats one; it must not stop the
        // cluster.
        let isTaken = try row("SELECT 1 FROM pending WHERE id = ?1", [.text(command.pendingID)]) { _ in true } ?? false
        if isTaken { return .idTaken(id: command.pendingID) }
        let payload: JSONObject
        switch command.action {
        case .store(let store):
            payload = store.memory(version: 0).jsonObject
        case .delete:
            payload = JSONObject([("id", .string(target?.id ?? "")), ("title", .string(target?.title ?? ""))])
        case .promote(let promote):
            var object = JSONObject([("id", .string(promote.id))])
            if let to = promote.toNamespace { object["to_namespace"] = .string(to) }
            payload = object
        }
        var bytes = ByteWriter(capacity: 512)
        command.write(to: &bytes)
        try insert(
            .pending,
            PendingRow(
                number: Int64(bitPattern: index), id: command.pendingID, action: command.action.kind,
                memoryID: target?.id, namespace: namespace, payload: payload.text, command: bytes.bytes,
                requestedBy: command.caller, requestedAt: command.at, status: PendingRow.pending, decidedBy: nil,
                decidedAt: nil, approvals: "[]"
            ).values)
        return .queued(pendingID: command.pendingID, memoryID: target?.id)
    }
}

extension StoreCommand {
    /// The row this makes when there is none yet.
    func memory(version: UInt64) -> Memory {
        Memory(
            id: id, tier: tier, namespace: namespace, title: title, content: content, tags: tags, priority: priority,
            confidence: confidence, source: source, accessCount: 0, createdAt: at, updatedAt: at, lastAccessedAt: nil,
            expiresAt: expiresAt, metadata: metadata, version: version)
    }
}
