/// Agents, and actions that wait for approval.
///
/// Owns: their shapes. Must never: decide who may approve: that is done when the decision is applied.
import JSON
import StateMachine

extension MemoryAPI {
    static let pendingDefault = 100

    func registerAgent(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let fields = try BodyFields(JSONBody.json(request, bytesMax: options.bodyBytesMax))
        let agent = try fields.requiredText("agent_id")
        let type = try fields.requiredText("agent_type")
        let capabilities = try fields.optionalTexts("capabilities") ?? []
        if let reason = Validation.agentID(agent) { throw .bad(reason) }
        if let reason = Validation.agentType(type) { throw .bad(reason) }
        if let reason = Validation.tags(capabilities) { throw .bad(reason) }
        // Tags are measured without the blanks around them, and here they are kept.
        let bytes = capabilities.reduce(0) { $0 + $1.utf8.count }
        if bytes > Validation.metadataBytesMax / 2 {
            throw .bad("capabilities exceed max size of \(Validation.metadataBytesMax / 2) bytes together")
        }
        let now = options.clockNanoseconds()
        let command = AgentCommand(
            agentID: agent, agentType: type, capabilities: capabilities, id: freshID(),
            at: Timestamp.text(nanoseconds: now))
        let committed = try await submit(
            .registerAgent(command), idempotency: try IdempotencyHeader.read(request), nowNanoseconds: now)
        guard case .stored(let id, _, _) = committed.outcome else { throw refusal(committed) }
        return committed.answer(
            201,
            [
                "agent_id": .string(agent), "agent_type": .string(type),
                "capabilities": .array(capabilities.map { .string($0) }), "id": .string(id), "registered": true,
            ])
    }

    func listAgents(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let point = try await barrier(request)
        let now = Timestamp.text(nanoseconds: options.clockNanoseconds())
        let agents = try await read("agents") { (reader) throws(StoreError) in try reader.agents(now: now) }
        return point.answer(["agents": .array(agents.map(\.json)), "count": .integer(Int64(agents.count))])
    }

    // MARK: pending actions

    func listPending(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let parameters = QueryParameters(request.rawQuery)
        let status = try parameters.text("status")
        let limit = min(try parameters.unsigned("limit") ?? MemoryAPI.pendingDefault, MemoryAPI.pageMax)
        let cursor = try PageCursor.read(parameters)
        let before = try cursor??.pendingPosition()
        let point = try await barrier(request)
        let actions = try await read("pending") { (reader) throws(StoreError) in
            try reader.pendingActions(status: status, limit: limit, before: before)
        }
        var writer = JSONWriter(capacity: 64 + actions.count * 1_024)
        writer.beginObject()
        writer.key("count")
        writer.integer(actions.count)
        if cursor != nil {
            writer.key("next")
            writer.string(actions.count == limit ? actions.last.map { PageCursor(after: $0).text } : nil)
        }
        writer.key("pending")
        writer.beginArray()
        for action in actions { writer.pendingAction(action) }
        writer.endArray()
        writer.endObject()
        var response = APIResponse.json(200, writer.bytes)
        point.mark(&response)
        return response
    }

    func approve(_ request: APIRequest, id: String) async throws(APIFailure) -> APIResponse {
        let committed = try await decide(request, id: id, isApproval: true)
        switch committed.outcome {
        case .decided(let memoryID, let decider):
            if let memoryID { await vectorize(id: memoryID, nowNanoseconds: options.clockNanoseconds()) }
            return committed.answer(
                200,
                [
                    "approved": true, "decided_by": .string(decider), "executed": true, "id": .string(id),
                    "memory_id": memoryID.map { .string($0) } ?? .null,
                ])
        case .voted(let votes, let quorum):
            return committed.answer(
                202,
                [
                    "approved": false, "id": .string(id), "quorum": .integer(Int64(quorum)),
                    "reason": "consensus threshold not yet reached", "status": "pending",
                    "votes": .integer(Int64(votes)),
                ])
        case .refused(let refusal, let detail):
            var failure = MemoryAPI.approvalRefused(refusal, detail)
            committed.mark(&failure.response)
            throw failure
        default: throw refusal(committed)
        }
    }

    /// Unknown ids are 403 too: the contract calls all of these a rejected approval.
    private static func approvalRefused(_ refusal: Refusal, _ detail: String) -> APIFailure {
        let reason: String
        switch refusal {
        case .pendingMissing: reason = "pending action not found: \(Validation.shortened(detail))"
        case .alreadyDecided: reason = "already decided: status=\(detail)"
        case .wrongApprover: reason = "only '\(detail)' may approve"
        case .voterUnknown: reason = "voter '\(detail)' is not a registered agent"
        case .notExecuted:
            return .error(
                500, "approved but execution failed: \(detail); nothing changed and the action is still pending")
        case .memoryMissing, .notAnEntity, .ownParent, .metadataTooLarge, .stillThere, .notAnAncestor,
            .tooManySubscriptions, .tooManyTags, .tooManyAliases:
            reason = "\(refusal)"
        }
        return .error(403, "approve rejected: \(reason)")
    }

    func reject(_ request: APIRequest, id: String) async throws(APIFailure) -> APIResponse {
        let committed = try await decide(request, id: id, isApproval: false)
        guard case .decided(_, let decider) = committed.outcome else {
            guard case .refused = committed.outcome else { throw refusal(committed) }
            var failure = APIFailure.error(404, "pending action not found or already decided")
            committed.mark(&failure.response)
            throw failure
        }
        return committed.answer(200, ["decided_by": .string(decider), "id": .string(id), "rejected": true])
    }

    private func decide(
        _ request: APIRequest, id: String, isApproval: Bool
    ) async throws(APIFailure) -> Committed {
        if let reason = Validation.id(id) { throw .bad(reason) }
        let idempotency = try IdempotencyHeader.read(request)
        let caller = try caller(request, body: nil, idempotency)
        let now = options.clockNanoseconds()
        let command = DecideCommand(
            pendingID: id, isApproval: isApproval, caller: caller, freshID: freshID(),
            at: Timestamp.text(nanoseconds: now))
        return try await submit(.decide(command), idempotency: idempotency, nowNanoseconds: now)
    }
}

extension AgentRegistration {
    var json: JSONValue {
        [
            "agent_id": .string(agentID), "agent_type": .string(agentType),
            "capabilities": .array(capabilities.map { .string($0) }), "last_seen_at": .string(lastSeenAt),
            "registered_at": .string(registeredAt),
        ]
    }
}

extension JSONWriter {
    mutating func pendingAction(_ action: PendingAction) {
        beginObject()
        key("action_type")
        string(action.action)
        key("approvals")
        raw(action.approvals)
        if let decidedAt = action.decidedAt {
            key("decided_at")
            string(decidedAt)
        }
        if let decidedBy = action.decidedBy {
            key("decided_by")
            string(decidedBy)
        }
        key("id")
        string(action.id)
        key("memory_id")
        string(action.memoryID)
        key("namespace")
        string(action.namespace)
        key("payload")
        // Stored canonical, so it is copied.
        raw(action.payload)
        key("requested_at")
        string(action.requestedAt)
        key("requested_by")
        string(action.requestedBy)
        key("status")
        string(action.status)
        endObject()
    }
}
