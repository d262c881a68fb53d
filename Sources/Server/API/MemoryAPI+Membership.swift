/// `/cluster/v1`: who belongs to the cluster, and who leads it.
///
/// Owns: the shapes of these requests and answers. Must never: answer 200 before the cluster has finished the change.
import JSON

extension MemoryAPI {
    /// How long a change may take unless the request says otherwise, and at most.
    static let changeWaitMilliseconds = 10_000
    static let transferWaitMilliseconds = 5_000

    func members() async throws(APIFailure) -> APIResponse {
        .json(200, MemoryAPI.document(await clusterService().membership()).encoded())
    }

    func addMember(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        var body = try ClusterBody(request, bytesMax: options.bodyBytesMax, isRequired: true)
        let addition = try MemoryAPI.addition(&body)
        let wait = try body.waitMilliseconds(default: MemoryAPI.changeWaitMilliseconds)
        try body.finish()
        return try await change(MembershipPlan(add: [addition]), wait: wait)
    }

    func removeMember(_ request: APIRequest, id: String) async throws(APIFailure) -> APIResponse {
        let id = try ClusterBody.pathID(id)
        var body = try ClusterBody(request, bytesMax: options.bodyBytesMax, isRequired: false)
        let wait = try body.waitMilliseconds(default: MemoryAPI.changeWaitMilliseconds)
        try body.finish()
        return try await change(MembershipPlan(remove: [id]), wait: wait)
    }

    func promoteMember(_ request: APIRequest, id: String) async throws(APIFailure) -> APIResponse {
        let id = try ClusterBody.pathID(id)
        var body = try ClusterBody(request, bytesMax: options.bodyBytesMax, isRequired: false)
        let wait = try body.waitMilliseconds(default: MemoryAPI.changeWaitMilliseconds)
        try body.finish()
        return try await change(MembershipPlan(promote: [id]), wait: wait)
    }

    func changeMembers(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        var body = try ClusterBody(request, bytesMax: options.bodyBytesMax, isRequired: true)
        var plan = MembershipPlan()
        for var item in try body.objects("add") {
            plan.add.append(try MemoryAPI.addition(&item))
            try item.finish()
        }
        plan.remove = try body.ids("remove")
        plan.promote = try body.ids("promote")
        plan.priorities = try body.priorities("priorities")
        let wait = try body.waitMilliseconds(default: MemoryAPI.changeWaitMilliseconds)
        try body.finish()
        return try await change(plan, wait: wait)
    }

    func transferLeadership(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        var body = try ClusterBody(request, bytesMax: options.bodyBytesMax, isRequired: false)
        let target = try body.id("to")
        let wait = try body.waitMilliseconds(default: MemoryAPI.transferWaitMilliseconds)
        try body.finish()
        let outcome: TransferOutcome
        do throws(ClusterRefusal) {
            outcome = try await clusterService().transfer(to: target, waitMilliseconds: wait)
        } catch let refusal {
            throw APIFailure(refusal)
        }
        let answer: JSONValue = [
            "leader_id": MemoryAPI.number(outcome.leaderID), "milliseconds": MemoryAPI.number(outcome.milliseconds),
            "term": MemoryAPI.number(outcome.term),
        ]
        return .json(200, answer.encoded())
    }

    // MARK: pieces

    private func clusterService() -> any ClusterService { cluster ?? NoClusterService() }

    private func change(_ plan: MembershipPlan, wait: Int) async throws(APIFailure) -> APIResponse {
        let outcome: MembershipOutcome
        do throws(ClusterRefusal) {
            outcome = try await clusterService().change(plan, waitMilliseconds: wait)
        } catch let refusal {
            throw APIFailure(refusal)
        }
        var answer = JSONObject()
        if plan.add.count == 1, let id = outcome.addedIDs.first { answer["id"] = MemoryAPI.number(id) }
        answer["ids"] = .array(outcome.addedIDs.map { MemoryAPI.number($0) })
        answer["index"] = MemoryAPI.number(outcome.index)
        answer["cluster"] = MemoryAPI.document(outcome.view)
        answer["state"] = outcome.isFinished ? "done" : "under way"
        if !outcome.isFinished {
            answer["pending"] = .string(outcome.pending)
            answer["watch"] = "GET /cluster/v1/members"
        }
        return .json(outcome.isFinished ? 200 : 202, JSONValue.object(answer).encoded())
    }

    private static func addition(_ body: inout ClusterBody) throws(APIFailure) -> MembershipPlan.Addition {
        MembershipPlan.Addition(
            id: try body.id("id"), address: try body.address("address"),
            priority: try body.priority("priority") ?? MembershipPlan.priorityDefault,
            isLearner: try body.flag("learner"), replaces: try body.id("replaces"))
    }

    static func document(_ view: MembershipView) -> JSONValue {
        [
            "cluster_id": .string(view.clusterName), "feature_level": .integer(Int64(view.featureLevel)),
            "joint": .bool(view.isJoint), "leader_id": number(view.leaderID),
            "members": .array(view.members.map(document)), "next_free_id": number(view.nextFreeID),
            "node_id": number(view.nodeID), "term": number(view.term),
        ]
    }

    static func document(_ member: MembershipView.Member) -> JSONValue {
        let digits = String(member.incarnation, radix: 16)
        let incarnation = String(repeating: "0", count: 16 - digits.count) + digits
        var object = JSONObject()
        object["address"] = .string(member.address)
        object["id"] = number(member.id)
        object["incarnation"] = member.incarnation == 0 ? .null : .string(incarnation)
        object["lag_entries"] = number(member.lagEntries)
        object["last_contact_ms"] = number(member.lastContactMilliseconds)
        object["match_index"] = number(member.matchIndex)
        object["priority"] = .integer(Int64(member.priority))
        if let replaced = member.replaces { object["replaces"] = number(replaced) }
        object["role"] = .string(member.role.rawValue)
        return .object(object)
    }
}

/// Where no cluster stands behind the API.
private struct NoClusterService: ClusterService {
    private static let words = "this node has no cluster whose members could be changed"

    func membership() async -> MembershipView {
        MembershipView(
            clusterName: "", nodeID: 0, term: 0, leaderID: nil, isJoint: false, nextFreeID: 1, featureLevel: 0,
            members: [])
    }
    func change(
        _ plan: MembershipPlan, waitMilliseconds: Int
    ) async throws(ClusterRefusal) -> MembershipOutcome { throw .unavailable(Self.words) }
    func transfer(
        to target: UInt64?, waitMilliseconds: Int
    ) async throws(ClusterRefusal) -> TransferOutcome { throw .unavailable(Self.words) }
}
