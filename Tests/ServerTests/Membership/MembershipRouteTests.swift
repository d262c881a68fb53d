import JSON
import Synchronization
import Testing

@testable import Server

/// A cluster that remembers what it was asked and answers what a test set.
final class ScriptedClusterService: ClusterService {
    private struct State {
        var plans: [(MembershipPlan, Int)] = []
        var transfers: [(UInt64?, Int)] = []
        var refusal: ClusterRefusal?
        var isFinished = true
    }
    private let state = Mutex(State())

    var plans: [MembershipPlan] { state.withLock { $0.plans.map(\.0) } }
    var waits: [Int] { state.withLock { $0.plans.map(\.1) + $0.transfers.map(\.1) } }
    var targets: [UInt64?] { state.withLock { $0.transfers.map(\.0) } }
    func refuse(_ refusal: ClusterRefusal?) { state.withLock { $0.refusal = refusal } }
    func leaveUnfinished() { state.withLock { $0.isFinished = false } }

    func membership() async -> MembershipView {
        var joining = MembershipView.Member(
            id: 4, address: "10.0.0.4:1", role: .joining, priority: 90, incarnation: 0)
        joining.replaces = 2
        var voter = MembershipView.Member(
            id: 1, address: "10.0.0.1:1", role: .voter, priority: 100, incarnation: 0xabc)
        voter.matchIndex = 7
        voter.lagEntries = 1
        voter.lastContactMilliseconds = 30
        return MembershipView(
            clusterName: "test", nodeID: 1, term: 3, leaderID: 1, isJoint: true, nextFreeID: 5, featureLevel: 1,
            members: [voter, joining])
    }

    func change(
        _ plan: MembershipPlan, waitMilliseconds: Int
    ) async throws(ClusterRefusal) -> MembershipOutcome {
        let view = await membership()
        let result: Result<MembershipOutcome, ClusterRefusal> = state.withLock { state in
            state.plans.append((plan, waitMilliseconds))
            if let refusal = state.refusal { return .failure(refusal) }
            return .success(
                MembershipOutcome(
                    isFinished: state.isFinished, pending: state.isFinished ? "" : "node 4 is a learner", index: 12,
                    addedIDs: plan.add.indices.map { UInt64($0 + 4) }, view: view))
        }
        return try result.get()
    }

    func transfer(
        to target: UInt64?, waitMilliseconds: Int
    ) async throws(ClusterRefusal) -> TransferOutcome {
        let result: Result<TransferOutcome, ClusterRefusal> = state.withLock { state in
            state.transfers.append((target, waitMilliseconds))
            if let refusal = state.refusal { return .failure(refusal) }
            return .success(TransferOutcome(leaderID: target ?? 2, term: 4, milliseconds: 25))
        }
        return try result.get()
    }
}

@Suite("Routes of membership")
struct MembershipRouteTests {
    private let cluster = ScriptedClusterService()

    @Test func `members are listed with role, priority, directory and what the leader knows`() async throws {
        let response = await (try Contract(cluster: cluster)).send("GET", "/cluster/v1/members")
        #expect(response.status == 200)
        #expect(
            response.text
                == #"{"cluster_id":"test","feature_level":1,"joint":true,"leader_id":1,"members":["#
                + #"{"address":"10.0.0.1:1","id":1,"incarnation":"0000000000000abc","lag_entries":1,"last_contact_ms":30,"#
                + #""match_index":7,"priority":100,"role":"voter"},"#
                + #"{"address":"10.0.0.4:1","id":4,"incarnation":null,"lag_entries":null,"last_contact_ms":null,"#
                + #""match_index":null,"priority":90,"replaces":2,"role":"joining"}],"next_free_id":5,"node_id":1,"term":3}"#
        )
    }

    @Test func `every kind of change reaches the cluster as it was asked`() async throws {
        let contract = try Contract(cluster: cluster)
        let added = await contract.send(
            "POST", "/cluster/v1/members",
            json: #"{"address":"10.0.0.4:9177","priority":7,"learner":true,"replaces":2,"id":9,"wait_ms":250}"#)
        #expect(added.status == 200)
        #expect(added.json["id"] == 4)
        #expect(added.json["state"] == "done")
        #expect(added.json["index"] == 12)
        #expect(await contract.send("DELETE", "/cluster/v1/members/3").status == 200)
        #expect(await contract.send("POST", "/cluster/v1/members/4/promote").status == 200)
        let several = await contract.send(
            "POST", "/cluster/v1/change",
            json:
                #"{"add":[{"address":"[::1]:5"},{"address":"h:6"}],"remove":[1,2],"promote":[3],"#
                + #""priorities":{"5":0,"4":255}}"#
        )
        #expect(several.status == 200)
        #expect(several.json["ids"] == [4, 5])
        #expect(several.json["id"] == nil)
        #expect(
            cluster.plans == [
                MembershipPlan(
                    add: [.init(id: 9, address: "10.0.0.4:9177", priority: 7, isLearner: true, replaces: 2)]),
                MembershipPlan(remove: [3]), MembershipPlan(promote: [4]),
                MembershipPlan(
                    add: [.init(address: "[::1]:5"), .init(address: "h:6")], remove: [1, 2], promote: [3],
                    priorities: [.init(id: 4, priority: 255), .init(id: 5, priority: 0)]),
            ])
        #expect(cluster.waits == [250, 10_000, 10_000, 10_000])
    }

    @Test func `a change that is not finished in time is 202 with what is pending and how to watch it`() async throws {
        cluster.leaveUnfinished()
        let response = await (try Contract(cluster: cluster)).send(
            "POST", "/cluster/v1/members", json: #"{"address":"10.0.0.4:9177","wait_ms":0}"#)
        #expect(response.status == 202)
        #expect(response.json["state"] == "under way")
        #expect(response.json["pending"] == "node 4 is a learner")
        #expect(response.json["watch"] == "GET /cluster/v1/members")
        #expect(response.json["id"] == 4)
    }

    @Test func `leadership is moved with or without a target`() async throws {
        let contract = try Contract(cluster: cluster)
        let any = await contract.send("POST", "/cluster/v1/transfer")
        #expect(any.text == #"{"leader_id":2,"milliseconds":25,"term":4}"#)
        let named = await contract.send("POST", "/cluster/v1/transfer", json: #"{"to":3,"wait_ms":1}"#)
        #expect(named.json["leader_id"] == 3)
        #expect(cluster.targets == [nil, 3])
        #expect(cluster.waits == [5_000, 1])
        cluster.refuse(.timedOut("leadership did not move"))
        let late = await contract.send("POST", "/cluster/v1/transfer")
        #expect(late.status == 504)
        #expect(late.errorText == "leadership did not move")
    }

    static let refusals: [(ClusterRefusal, Int, Bool)] = [
        (.notFound("a"), 404, false), (.conflict("b"), 409, false), (.unavailable("c"), 503, true),
        (.outcomeUnknown("d"), 503, false),
    ]

    @Test(arguments: refusals)
    func `each refusal has its status`(refusal: ClusterRefusal, status: Int, hasRetryAfter: Bool) async throws {
        cluster.refuse(refusal)
        let response = await (try Contract(cluster: cluster)).send("DELETE", "/cluster/v1/members/1")
        #expect(response.status == status)
        #expect((response.headers["retry-after"] != nil) == hasRetryAfter)
        #expect((response.json["outcome"] == "unknown") == (refusal == .outcomeUnknown("d")))
    }

    static let mistakes: [(String, String, String, String)] = [
        ("POST", "members", "", "the body is not valid JSON"),
        ("POST", "members", "[1]", "the body must be a JSON object (got sequence)"),
        ("POST", "members", "{}", "address: is missing; it must be host:port"),
        ("POST", "members", #"{"address":5}"#, "address: must be host:port as a string (got integer)"),
        ("POST", "members", #"{"address":"h"}"#, #"address: peer address "h" has no port"#),
        ("POST", "members", #"{"address":"h:70000"}"#, "address: peer address"),
        (
            "POST", "members", #"{"address":"h:1","id":0}"#,
            "id: must be a node id from 1 to 4611686018427387904 (got 0)"
        ),
        ("POST", "members", #"{"address":"h:1","id":1.5}"#, "id: must be a node id from 1 to"),
        (
            "POST", "members", #"{"address":"h:1","priority":256}"#,
            "priority: must be a whole number from 0 to 255 (got 256)"
        ),
        ("POST", "members", #"{"address":"h:1","learner":1}"#, "learner: must be true or false (got integer)"),
        ("POST", "members", #"{"address":"h:1","lerner":true}"#, "lerner: unknown field; known here: address,"),
        ("POST", "members", #"{"address":"h:1","wait_ms":600001}"#, "wait_ms: must be a whole number from 0 to 600000"),
        ("DELETE", "members/x", "", "id: must be a node id from 1 to 4611686018427387904 (got 'x')"),
        ("DELETE", "members/0", "", "id: must be a node id"),
        ("DELETE", "members/1", #"{"force":true}"#, "force: unknown field; known here: wait_ms"),
        ("POST", "members/+1/promote", "", "id: must be a node id"),
        ("POST", "change", #"{"add":{}}"#, "add: must be an array (got map)"),
        ("POST", "change", #"{"add":[{"address":"h:1"},7]}"#, "add[1]: must be an object (got integer)"),
        ("POST", "change", #"{"add":[{"address":"h:1","x":1}]}"#, "add[0].x: unknown field"),
        (
            "POST", "change", #"{"remove":[1,"2"]}"#,
            "remove[1]: must be a node id from 1 to 4611686018427387904 (got string)"
        ),
        ("POST", "change", #"{"priorities":{"a":1}}"#, "priorities.a: the name must be a node id"),
        ("POST", "change", #"{"priorities":{"1":-1}}"#, "priorities.1: must be a whole number from 0 to 255 (got -1)"),
        ("POST", "transfer", #"{"to":"2"}"#, "to: must be a node id"),
    ]

    @Test(arguments: mistakes)
    func `a mistake is told with field and limit, and nothing is asked of the cluster`(
        method: String, path: String, body: String, error: String
    ) async throws {
        let response = await (try Contract(cluster: cluster)).send(
            method, "/cluster/v1/" + path, bytes: Array(body.utf8))
        #expect(response.status == 400)
        #expect(response.errorText?.hasPrefix(error) == true, "\(response.text)")
        #expect(cluster.plans.isEmpty && cluster.targets.isEmpty)
    }

    @Test func `more than 64 items and bodies over the limit are refused`() async throws {
        let contract = try Contract(cluster: cluster)
        let many = (1...65).map { "\($0)" }.joined(separator: ",")
        let response = await contract.send("POST", "/cluster/v1/change", json: "{\"remove\":[\(many)]}")
        #expect(response.errorText == "remove: 65 items, the limit is 64")
        let large = await contract.send("POST", "/cluster/v1/change", bodyExceedsLimit: true)
        #expect(large.status == 413)
    }

    @Test func `without a cluster behind it the answer says so`() async throws {
        let response = await (try Contract()).send("DELETE", "/cluster/v1/members/1")
        #expect(response.status == 503)
        #expect(response.errorText == "this node has no cluster whose members could be changed")
    }
}
