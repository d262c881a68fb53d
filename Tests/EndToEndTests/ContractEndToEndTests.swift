import Client
import Foundation
import JSON
import Operations
import Testing

/// The whole surface against real processes: the same requests to one node, and to three of which each answers in turn.
/// What a client sees must not depend on it: every request reads what the one before wrote through another node, at
/// once.
@Suite(.serialized) struct ContractEndToEndTests {
    struct Step {
        var method: String
        var target: String
        var agent: String?
        var body: String?
        var status: Int
        /// A name for a member of the answer, for later steps: `{name}`.
        var keep: (name: String, path: [String])?

        init(
            _ method: String, _ target: String, _ status: Int, as agent: String? = nil, _ body: String? = nil,
            keep: (name: String, path: [String])? = nil
        ) {
            self.method = method
            self.target = target
            self.status = status
            self.agent = agent
            self.body = body
            self.keep = keep
        }
    }

    /// All 55 routes of the contract, most of them more than once.
    static let steps: [Step] = memories + graph + namespaces + governance + archive + messages + whole

    private static let memories = [
        Step("GET", "/api/v1/health", 200), Step("GET", "/api/v1/capabilities", 200),
        Step(
            "POST", "/api/v1/memories", 201, as: "ada", #"{"title":"Lantern day","content":"red","tags":["x"]}"#,
            keep: ("a", ["id"])),
        Step("GET", "/api/v1/memories/{a}", 200),
        Step("POST", "/api/v1/memories", 201, as: "bob", #"{"title":"Lantern day","content":"blue","priority":7}"#),
        Step("PUT", "/api/v1/memories/{a}", 200, #"{"content":"green","metadata":{"topic":"day"}}"#),
        Step("PUT", "/api/v1/memories/{a}", 400, #"{"priority":11}"#),
        Step("POST", "/api/v1/memories/bulk", 200, #"[{"title":"b1","content":"c"},{"title":"b2","content":" "}]"#),
        Step("GET", "/api/v1/memories?namespace=global&limit=5", 200),
        Step("GET", "/api/v1/search?q=lantern", 200), Step("GET", "/api/v1/recall?context=lantern+green", 200),
        Step("POST", "/api/v1/recall", 200, #"{"context":"green","budget_tokens":50}"#),
        Step(
            "POST", "/api/v1/memories", 201, #"{"title":"Lantern night","content":"dark","metadata":{"topic":"day"}}"#,
            keep: ("b", ["id"])),
        Step("GET", "/api/v1/contradictions?topic=day", 200),
        Step("POST", "/api/v1/memories/{b}/promote", 200), Step("GET", "/api/v1/memories/{b}", 200),
        Step("POST", "/api/v1/check_duplicate", 503, #"{"title":"t","content":"c"}"#),
    ]
    private static let graph = [
        Step("POST", "/api/v1/links", 201, #"{"source_id":"{a}","target_id":"{b}","relation":"supersedes"}"#),
        Step("POST", "/api/v1/links", 201, #"{"source_id":"{b}","target_id":"{a}"}"#),
        Step("GET", "/api/v1/links/{a}", 200), Step("GET", "/api/v1/kg/timeline?source_id={a}", 200),
        Step("POST", "/api/v1/kg/query", 200, #"{"source_id":"{a}","max_depth":3}"#),
        Step("POST", "/api/v1/kg/query", 422, #"{"source_id":"{a}","max_depth":9}"#),
        Step(
            "POST", "/api/v1/kg/invalidate", 200,
            #"{"source_id":"{a}","target_id":"{b}","relation":"supersedes","valid_until":"2026-01-01T00:00:00Z"}"#),
        Step("POST", "/api/v1/kg/query", 200, #"{"source_id":"{a}","valid_at":"2030-01-01T00:00:00+00:00"}"#),
        Step("DELETE", "/api/v1/links", 200, #"{"source_id":"{b}","target_id":"{a}"}"#),
        Step(
            "POST", "/api/v1/entities", 201, as: "ada",
            #"{"canonical_name":"PostgreSQL","namespace":"app","aliases":["pg"]}"#),
        Step("POST", "/api/v1/entities", 200, #"{"canonical_name":"PostgreSQL","namespace":"app","aliases":["psql"]}"#),
        Step("GET", "/api/v1/entities/by_alias?alias=psql", 200),
    ]
    private static let namespaces = [
        Step("GET", "/api/v1/namespaces", 200), Step("GET", "/api/v1/taxonomy", 200),
        Step("POST", "/api/v1/namespaces", 201, #"{"namespace":"org","governance":{"write":"any"}}"#),
        Step("GET", "/api/v1/namespaces?namespace=org&inherit=true", 200),
        Step("POST", "/api/v1/namespaces/org%2Fteam/standard", 201, #"{"id":"{a}"}"#),
        Step("GET", "/api/v1/namespaces/org%2Fteam/standard?inherit=true", 200),
        Step("DELETE", "/api/v1/namespaces/org%2Fteam/standard", 200),
        Step("DELETE", "/api/v1/namespaces?namespace=org", 200),
        Step("GET", "/api/v1/namespaces/org/standard", 200),
    ]
    private static let governance = [
        Step("POST", "/api/v1/agents", 201, #"{"agent_id":"ada","agent_type":"human"}"#),
        Step("GET", "/api/v1/agents", 200),
        Step("POST", "/api/v1/namespaces/prod/standard", 201, #"{"governance":{"write":"approve","delete":"owner"}}"#),
        Step(
            "POST", "/api/v1/memories", 202, as: "ada", #"{"title":"queued","content":"c","namespace":"prod"}"#,
            keep: ("p", ["pending_id"])),
        Step("GET", "/api/v1/pending?status=pending", 200),
        Step("POST", "/api/v1/pending/{p}/approve", 200, as: "bob", keep: ("q", ["memory_id"])),
        Step("POST", "/api/v1/pending/{p}/approve", 403, as: "bob"), Step("GET", "/api/v1/memories/{q}", 200),
        Step("DELETE", "/api/v1/memories/{q}", 403, as: "eve"), Step("DELETE", "/api/v1/memories/{q}", 200, as: "ada"),
        Step(
            "POST", "/api/v1/memories", 202, as: "ada", #"{"title":"again","content":"c","namespace":"prod"}"#,
            keep: ("r", ["pending_id"])),
        Step("POST", "/api/v1/pending/{r}/reject", 200, as: "bob"), Step("POST", "/api/v1/pending/{r}/reject", 404),
    ]
    private static let archive = [
        Step("POST", "/api/v1/archive", 200, #"{"ids":["{b}","nobody"]}"#), Step("GET", "/api/v1/archive", 200),
        Step("GET", "/api/v1/archive/stats", 200), Step("POST", "/api/v1/archive/{b}/restore", 200),
        Step("GET", "/api/v1/memories/{b}", 200), Step("POST", "/api/v1/forget", 200, #"{"pattern":"dark"}"#),
        Step("POST", "/api/v1/forget?namespace=nowhere", 200), Step("DELETE", "/api/v1/archive?older_than_days=0", 200),
        Step("DELETE", "/api/v1/archive", 200), Step("POST", "/api/v1/gc", 200),
        Step("POST", "/api/v1/memories", 201, #"{"title":"m1","content":"1"}"#, keep: ("m", ["id"])),
        Step("POST", "/api/v1/consolidate", 201, as: "ada", #"{"ids":["{a}","{m}"],"title":"both","summary":"s"}"#),
        Step("GET", "/api/v1/memories/{m}", 404),
    ]
    private static let messages = [
        Step("POST", "/api/v1/notify", 201, as: "ada", #"{"target_agent_id":"bob","title":"Hi","payload":"hello"}"#),
        Step("GET", "/api/v1/inbox?agent_id=bob", 200),
        Step("POST", "/api/v1/session/start", 200, #"{"namespace":"prod"}"#),
        Step(
            "POST", "/api/v1/subscriptions", 201, as: "ada",
            #"{"url":"https://example.com/h","events":["memory_store"]}"#, keep: ("s", ["id"])),
        Step("GET", "/api/v1/subscriptions", 200), Step("DELETE", "/api/v1/subscriptions?id={s}", 200),
        Step("DELETE", "/api/v1/subscriptions/{s}", 200),
    ]
    private static let whole = [
        Step("GET", "/api/v1/stats", 200), Step("GET", "/api/v1/export", 200),
        Step("POST", "/api/v1/import", 200, #"{"memories":[],"links":[]}"#),
        Step("POST", "/api/v1/sync/push", 501, #"{"sender_agent_id":"x","memories":[]}"#),
        Step("GET", "/api/v1/sync/since", 501),
        Step("GET", "/metrics", 200), Step("GET", "/api/v1/metrics", 200),
        Step("GET", "/api/v1/nothing", 404), Step("DELETE", "/api/v1/stats", 405),
    ]

    /// The answers, with everything that chance or time decides replaced by its place of first appearance.
    private static func answers(nodes: Int) async throws -> [String] {
        var found: [String] = []
        try await RealCluster.run(nodes: nodes) { real in
            var kept: [String: String] = [:]
            var names: [String: String] = [:]
            for (place, step) in steps.enumerated() {
                func filled(_ text: String) -> String {
                    kept.reduce(text) { $0.replacingOccurrences(of: "{\($1.key)}", with: $1.value) }
                }
                let answer = try await real.client.sendOnce(
                    APIRequest(
                        method: step.method, target: filled(step.target),
                        headers: step.agent.map { [.init("X-Agent-Id", $0)] } ?? [],
                        body: step.body.map { Array(filled($0).utf8) }),
                    to: place % nodes, timeoutMilliseconds: 20_000)
                let text = answer.response.bodyText
                #expect(answer.response.status == step.status, "\(nodes) nodes, \(step.method) \(step.target): \(text)")
                if let keep = step.keep {
                    let value = keep.path.reduce(try JSONValue.parse(text)) { $0[$1] ?? .null }
                    kept[keep.name] = try #require(value.stringValue, "\(step.target): \(text)")
                }
                found.append(
                    step.target.hasSuffix("metrics") ? "" : "\(step.method) \(step.target) \(normal(text, &names))")
            }
        }
        return found
    }

    private static func normal(_ text: String, _ names: inout [String: String]) -> String {
        var out = text
        let id = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|anonymous:req-[0-9a-f]{8}/
        for match in text.matches(of: id) {
            let value = String(match.0)
            if names[value] == nil { names[value] = "id\(names.count)" }
            out = out.replacingOccurrences(of: value, with: names[value] ?? "")
        }
        out = out.replacing(/20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+\+00:00/, with: "TIME")
        // What a recall writes down comes a moment after its answer.
        out = out.replacing(/"access_count":[0-9]+/, with: "\"access_count\":N")
        out = out.replacing(/"last_accessed_at":"TIME",/, with: "").replacing(/"score":[0-9.]+/, with: "\"score\":S")
        return out.replacing(/"db_size_bytes":[0-9]+/, with: "\"db_size_bytes\":0")
    }

    @Test func `one node and three, each request through the next one: the same answers`() async throws {
        let one = try await Self.answers(nodes: 1)
        let three = try await Self.answers(nodes: 3)
        #expect(one.count == Self.steps.count)
        for (left, right) in zip(one, three) { #expect(left == right) }
    }

    @Test func `the steps meet every route of the contract`() {
        let routes = Set(
            Self.steps.map { step in
                let path = step.target.split(separator: "?")[0]
                let generic = path.replacing(/\{[a-z]\}/, with: "{id}").replacing(
                    /namespaces\/[^\/]+\/standard/, with: "namespaces/{ns}/standard")
                return "\(step.method) \(generic)"
            })
        let missing = Self.contract.filter { !routes.contains($0) }
        #expect(Self.contract.count == 55 && missing.isEmpty, "\(missing)")
    }

    private static let contract = """
        GET /api/v1/health|GET /metrics|GET /api/v1/metrics|GET /api/v1/memories|POST /api/v1/memories|\
        POST /api/v1/memories/bulk|\
        GET /api/v1/memories/{id}|PUT /api/v1/memories/{id}|DELETE /api/v1/memories/{id}|POST /api/v1/memories/{id}/promote|\
        GET /api/v1/search|GET /api/v1/recall|POST /api/v1/recall|POST /api/v1/forget|POST /api/v1/consolidate|\
        GET /api/v1/contradictions|POST /api/v1/links|DELETE /api/v1/links|GET /api/v1/links/{id}|GET /api/v1/namespaces|\
        POST /api/v1/namespaces|DELETE /api/v1/namespaces|POST /api/v1/namespaces/{ns}/standard|\
        GET /api/v1/namespaces/{ns}/standard|DELETE /api/v1/namespaces/{ns}/standard|GET /api/v1/taxonomy|\
        POST /api/v1/check_duplicate|POST /api/v1/entities|GET /api/v1/entities/by_alias|GET /api/v1/kg/timeline|\
        POST /api/v1/kg/invalidate|POST /api/v1/kg/query|GET /api/v1/stats|POST /api/v1/gc|GET /api/v1/export|\
        POST /api/v1/import|GET /api/v1/archive|POST /api/v1/archive|DELETE /api/v1/archive|\
        POST /api/v1/archive/{id}/restore|\
        GET /api/v1/archive/stats|GET /api/v1/agents|POST /api/v1/agents|GET /api/v1/pending|\
        POST /api/v1/pending/{id}/approve|\
        POST /api/v1/pending/{id}/reject|POST /api/v1/sync/push|GET /api/v1/sync/since|GET /api/v1/capabilities|\
        POST /api/v1/notify|GET /api/v1/inbox|POST /api/v1/subscriptions|DELETE /api/v1/subscriptions|\
        GET /api/v1/subscriptions|POST /api/v1/session/start
        """.split(separator: "|").map(String.init)
}
