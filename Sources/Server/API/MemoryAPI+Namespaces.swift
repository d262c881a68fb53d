/// Namespaces, their standards, and the tree of them.
///
/// Owns: the two forms of the standards' routes, by query or body and by path. Must never: leave a placeholder behind for
/// a request that is refused.
import JSON
import StateMachine

extension MemoryAPI {
    static let taxonomyLimitDefault = 1_000
    static let taxonomyLimitMax = 10_000
    static let taxonomyDepthMax = 8

    /// `GET /namespaces`: all of them, or with a name its standard.
    func getNamespaces(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let parameters = QueryParameters(request.rawQuery)
        let namespace = try parameters.text("namespace")
        let inherits = try parameters.bool("inherit") ?? false
        if let namespace { return try await standard(request, namespace: namespace, inherits: inherits) }
        let point = try await barrier(request)
        let now = Timestamp.text(nanoseconds: options.clockNanoseconds())
        let counts = try await read("namespaces") { (reader) throws(StoreError) in
            try reader.namespaceCounts(now: now)
        }
        return point.answer(["namespaces": .array(counts.map(\.json))])
    }

    func getStandard(_ request: APIRequest, namespace: String) async throws(APIFailure) -> APIResponse {
        let inherits = try QueryParameters(request.rawQuery).bool("inherit") ?? false
        return try await standard(request, namespace: namespace, inherits: inherits)
    }

    private func standard(
        _ request: APIRequest, namespace: String, inherits: Bool
    ) async throws(APIFailure) -> APIResponse {
        if let reason = Validation.namespace(namespace) { throw .bad(reason) }
        let point = try await barrier(request)
        guard inherits else {
            let found = try await readBriefly("standard") { (reader) throws(StoreError) in
                try reader.standard(of: namespace)
            }
            let none: JSONValue = ["namespace": .string(namespace), "standard_id": .null]
            return point.answer(found?.json ?? none)
        }
        let (chain, standards) = try await read("standards") { (reader) throws(StoreError) in
            let chain = try reader.standardChain(of: namespace)
            return (chain, try reader.standards(along: chain))
        }
        return point.answer([
            "chain": .array(chain.map { .string($0) }), "count": .integer(Int64(standards.count)),
            "namespace": .string(namespace), "standards": .array(standards.map(\.json)),
        ])
    }

    // MARK: setting and clearing

    /// - Parameter path: the namespace of the path form; nil: the body has it.
    func setStandard(_ request: APIRequest, path: String?) async throws(APIFailure) -> APIResponse {
        let input = try StandardInput(JSONBody.json(request, bytesMax: options.bodyBytesMax))
        guard let namespace = path ?? input.namespace else { throw .bad("namespace is required") }
        if let reason = Validation.namespace(namespace) { throw .bad(reason) }
        if let id = input.id, let reason = Validation.id(id) { throw .bad(reason) }
        if let parent = input.parent, let reason = Validation.namespace(parent) { throw .bad(reason) }
        let policy = try input.governance.map { value throws(APIFailure) in try MemoryAPI.policy(value) }
        let now = options.clockNanoseconds()
        let command = StandardCommand(
            namespace: namespace, memoryID: input.id, placeholderID: freshID(), parent: input.parent,
            policy: policy?.json.text, at: Timestamp.text(nanoseconds: now))
        let committed = try await submit(
            .setStandard(command), idempotency: try IdempotencyHeader.read(request), nowNanoseconds: now)
        guard case .standardSet(let id, _) = committed.outcome else { throw refusal(committed) }
        var body = JSONObject([
            ("namespace", .string(namespace)), ("set", true), ("standard_id", .string(id)),
        ])
        if let parent = input.parent { body["parent"] = .string(parent) }
        if let governance = input.governance { body["governance"] = governance }
        return committed.answer(201, .object(body))
    }

    private static func policy(_ value: JSONValue) throws(APIFailure) -> GovernancePolicy {
        let policy: GovernancePolicy
        do throws(GovernancePolicy.Problem) {
            policy = try GovernancePolicy(value)
        } catch {
            throw .bad("invalid governance: \(error.reason)")
        }
        if let reason = policy.invalidity { throw .bad("invalid governance: \(reason)") }
        if case .agent(let id) = policy.approver, let reason = Validation.agentID(id) {
            throw .bad("invalid governance: \(reason)")
        }
        return policy
    }

    func clearStandard(_ request: APIRequest, path: String?) async throws(APIFailure) -> APIResponse {
        var named = path
        if named == nil { named = try QueryParameters(request.rawQuery).text("namespace") }
        guard let namespace = named else { throw .bad("namespace is required") }
        if let reason = Validation.namespace(namespace) { throw .bad(reason) }
        let count = try await counted(
            .clearStandard(ClearStandardCommand(namespace: namespace)), request,
            nowNanoseconds: options.clockNanoseconds())
        return count.committed.answer(200, ["cleared": .bool(count.count > 0), "namespace": .string(namespace)])
    }

    // MARK: the tree

    func taxonomy(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let parameters = QueryParameters(request.rawQuery)
        let given = try parameters.text("prefix")
        let depth = min(try parameters.unsigned("depth") ?? MemoryAPI.taxonomyDepthMax, MemoryAPI.taxonomyDepthMax)
        let limit = try parameters.unsigned("limit") ?? MemoryAPI.taxonomyLimitDefault
        var prefix = given.map { String(Validation.trimmed($0)) }
        while prefix?.utf8.last == UInt8(ascii: "/") { prefix?.removeLast() }
        if prefix?.isEmpty == true { prefix = nil }
        if let prefix, let reason = Validation.namespace(prefix) {
            throw .bad("invalid namespace_prefix: \(reason)")
        }
        let root = prefix
        let point = try await barrier(request)
        let now = Timestamp.text(nanoseconds: options.clockNanoseconds())
        let taxonomy = try await read("taxonomy") { (reader) throws(StoreError) in
            try reader.taxonomy(
                prefix: root, depth: depth, limit: min(max(1, limit), MemoryAPI.taxonomyLimitMax), now: now)
        }
        return point.answer([
            "total_count": .integer(Int64(taxonomy.totalCount)), "tree": taxonomy.root.json,
            "truncated": .bool(taxonomy.isTruncated),
        ])
    }
}

/// The body of a standard, at the top level or nested under `standard`; inner values win.
private struct StandardInput {
    var namespace: String?
    var id: String?
    var parent: String?
    var governance: JSONValue?

    init(_ body: JSONValue) throws(APIFailure) {
        let outer = try BodyFields(body)
        var inner: BodyFields?
        if let nested = outer.value("standard"), !nested.isNull { inner = try BodyFields(nested, place: "standard") }
        func text(_ key: String) throws(APIFailure) -> String? {
            if let found = try inner?.optionalText(key) { return found }
            return try outer.optionalText(key)
        }
        namespace = try text("namespace")
        id = try text("id")
        parent = try text("parent")
        let value = inner?.value("governance") ?? outer.value("governance")
        governance = value == .some(.null) ? nil : value
    }
}

extension NamespaceStandard {
    var json: JSONValue {
        guard let memory else {
            return [
                "namespace": .string(namespace), "standard_id": .string(memoryID),
                "warning": "standard memory not found: it was removed",
            ]
        }
        return [
            "content": .string(memory.content), "governance": shownPolicy(memory), "namespace": .string(namespace),
            "priority": .integer(Int64(memory.priority)), "standard_id": .string(memoryID),
            "title": .string(memory.title),
        ]
    }

    /// The default where there is none, or none that can be read.
    private func shownPolicy(_ memory: Memory) -> JSONValue {
        guard let value = memory.metadataObject["governance"] else { return GovernancePolicy.shown.json }
        do throws(GovernancePolicy.Problem) {
            return try GovernancePolicy(value).json
        } catch {
            return GovernancePolicy.shown.json
        }
    }
}

extension NamespaceNode {
    /// As deep as a namespace has segments, so the recursion is bounded.
    var json: JSONValue {
        [
            "children": .array(children.map(\.json)), "count": .integer(Int64(count)), "name": .string(name),
            "namespace": .string(namespace), "subtree_count": .integer(Int64(subtreeCount)),
        ]
    }
}
