/// Links, the knowledge graph, entities, contradictions (http-api §6.3, §7; semantics §2.7, §6).
import JSON
import Server
import StateMachine
import Testing

@Suite struct GraphRouteTests {
    private static func chain(_ contract: Contract, _ titles: [String]) async throws -> [String: String] {
        var ids: [String: String] = [:]
        for title in titles { ids[title] = try await contract.create(#"{"title":"\#(title)","content":"c"}"#) }
        return ids
    }

    private static func link(
        _ contract: Contract, _ source: String?, _ target: String?, _ relation: String = "related_to"
    ) async -> APIResponse {
        await contract.send(
            "POST", "/api/v1/links",
            json: #"{"source_id":"\#(source ?? "")","target_id":"\#(target ?? "")","relation":"\#(relation)"}"#)
    }

    @Test("a link is made once, seen from both ends, and goes with either; a missing end is 404, not 500")
    func links() async throws {
        let contract = try Contract()
        let ids = try await Self.chain(contract, ["a", "b"])
        let (a, b) = (ids["a"] ?? "", ids["b"] ?? "")
        for _ in 0..<2 {
            let made = await Self.link(contract, a, b)
            #expect(made.status == 201 && made.text == #"{"linked":true}"#)
        }
        let row =
            #"{"created_at":"\#(TestClock.startText)","relation":"related_to","source_id":"\#(a)","target_id":"\#(b)"}"#
        for id in [a, b] {
            #expect(await contract.send("GET", "/api/v1/links/\(id)").text == #"{"links":[\#(row)]}"#)
            #expect(await contract.send("GET", "/api/v1/memories/\(id)").json["links"]?.text == "[\(row)]")
        }
        #expect(await Self.link(contract, a, a).errorText == "cannot link a memory to itself")
        #expect(await Self.link(contract, a, b, "knows").errorText?.hasPrefix("invalid relation 'knows'") == true)
        #expect(await Self.link(contract, a, "nobody").status == 404)
        #expect(await contract.send("GET", "/api/v1/links/nobody").text == #"{"links":[]}"#)

        _ = await Self.link(contract, a, b, "supersedes")
        let cut = await contract.send("DELETE", "/api/v1/links", json: #"{"source_id":"\#(a)","target_id":"\#(b)"}"#)
        #expect(cut.text == #"{"deleted":true}"#)
        let again = await contract.send("DELETE", "/api/v1/links", json: #"{"source_id":"\#(a)","target_id":"\#(b)"}"#)
        #expect(again.text == #"{"deleted":false}"#)
        _ = await Self.link(contract, b, a)
        _ = await contract.send("DELETE", "/api/v1/memories/\(a)")
        #expect(await contract.send("GET", "/api/v1/links/\(b)").text == #"{"links":[]}"#)
    }

    @Test("a timeline is ordered by validity and bounded by it; invalidated links stay in it")
    func timeline() async throws {
        let contract = try Contract()
        let ids = try await Self.chain(contract, ["a", "b", "c"])
        let (a, b, c) = (ids["a"] ?? "", ids["b"] ?? "", ids["c"] ?? "")
        _ = await Self.link(contract, a, c)
        contract.clock.advance(seconds: 10)
        _ = await Self.link(contract, a, b, "supersedes")
        let invalidate = #"{"source_id":"\#(a)","target_id":"\#(c)","relation":"related_to"}"#
        let done = await contract.send("POST", "/api/v1/kg/invalidate", json: invalidate)
        #expect(done.json["found"] == true && done.json["previous_valid_until"] == .null)
        #expect(done.json["valid_until"] == "2026-01-02T03:04:15.123456789+00:00")
        let moved = await contract.send(
            "POST", "/api/v1/kg/invalidate",
            json: invalidate.dropLast() + #","valid_until":"2020-01-01T00:00:00Z"}"#)
        #expect(moved.json["previous_valid_until"] == done.json["valid_until"])
        let none = await contract.send(
            "POST", "/api/v1/kg/invalidate",
            json: #"{"source_id":"\#(b)","target_id":"\#(c)","relation":"related_to"}"#)
        #expect(none.status == 404)
        #expect(
            none.text == #"{"found":false,"relation":"related_to","source_id":"\#(b)","target_id":"\#(c)"}"#)

        let all = await contract.send("GET", "/api/v1/kg/timeline?source_id=\(a)").json
        #expect(all["events"]?.arrayValue?.map { $0["title"] } == ["c", "b"])
        #expect(all["events"]?.arrayValue?.first?["valid_until"] == "2020-01-01T00:00:00Z")
        let late = await contract.send(
            "GET", "/api/v1/kg/timeline?source_id=\(a)&since=2026-01-02T03:04:10Z&limit=0"
        ).json
        #expect(late["count"] == 1)
        let wrong = await contract.send("GET", "/api/v1/kg/timeline?source_id=\(a)&since=yesterday")
        #expect(wrong.status == 400 && wrong.errorText?.hasPrefix("invalid since: ") == true)
        #expect(await contract.send("GET", "/api/v1/kg/timeline?source_id=nobody").json["count"] == 0)
        #expect(await contract.send("GET", "/api/v1/kg/timeline").status == 400)
    }

    @Test("a walk goes level by level, never over a node twice on one path, and honours time on every hop")
    func walk() async throws {
        let contract = try Contract()
        let ids = try await Self.chain(contract, ["a", "b", "c", "d"])
        let (a, b, c, d) = (ids["a"] ?? "", ids["b"] ?? "", ids["c"] ?? "", ids["d"] ?? "")
        for (source, target) in [(a, b), (b, c), (c, a), (c, d)] { _ = await Self.link(contract, source, target) }
        _ = await Self.link(contract, a, c, "supersedes")
        func query(_ members: String) async -> APIResponse {
            await contract.send("POST", "/api/v1/kg/query", json: #"{"source_id":"\#(a)"\#(members)}"#)
        }
        let near = await query("").json
        #expect(Set(near["paths"]?.arrayValue ?? []) == [.string("\(a)->\(b)"), .string("\(a)->\(c)")])
        let far = await query(#","max_depth":5"#).json
        #expect(
            far["memories"]?.arrayValue?.map { $0["depth"]?.integerValue } == [1, 1, 2, 2, 3])
        #expect(far["paths"]?.arrayValue?.last == .string("\(a)->\(b)->\(c)->\(d)"))
        #expect(await query(#","max_depth":5,"limit":3"#).json["count"] == 3)
        #expect(await query(#","allowed_agents":[" "]"#).json["count"] == 0)
        #expect(await query(#","allowed_agents":["ada"]"#).json["count"] == 0)
        for depth in [0, 6] {
            let refused = await query(#","max_depth":\#(depth)"#)
            #expect(refused.status == 422 && refused.errorText?.contains("max_depth") == true)
        }
        _ = await contract.send(
            "POST", "/api/v1/kg/invalidate",
            json: #"{"source_id":"\#(b)","target_id":"\#(c)","relation":"related_to"}"#)
        contract.clock.advance(seconds: 1)
        let later = await query(#","max_depth":3,"valid_at":"2026-01-02T03:04:06+00:00""#).json
        #expect(later["paths"]?.arrayValue?.contains(.string("\(a)->\(b)->\(c)")) == false)
        #expect(later["paths"]?.arrayValue?.contains(.string("\(a)->\(c)->\(d)")) == true)
        #expect(await query(#","valid_at":"never""#).errorText?.hasPrefix("invalid valid_at: ") == true)
    }

    @Test("a graph whose paths multiply is cut at its bound and answers in time")
    func dense() async throws {
        let contract = try Contract()
        let titles = (0..<14).map { "n\($0)" }
        let ids = try await Self.chain(contract, titles)
        for first in titles {
            for second in titles where first != second { _ = await Self.link(contract, ids[first], ids[second]) }
        }
        let response = await contract.send(
            "POST", "/api/v1/kg/query", json: #"{"source_id":"\#(ids["n0"] ?? "")","max_depth":5,"limit":1000}"#)
        #expect(response.status == 200 && response.json["count"] == 1_000)
    }

    @Test("entities: made once, found by any alias, and never out of a memory that is none")
    func entities() async throws {
        let contract = try Contract()
        func register(_ members: String) async -> APIResponse {
            await contract.send("POST", "/api/v1/entities", json: "{\(members)}")
        }
        let made = await register(#""canonical_name":"PostgreSQL","namespace":"app","aliases":[" pg ","","pg","sql"]"#)
        #expect(made.status == 201 && made.json["created"] == true && made.json["aliases"] == ["pg", "sql"])
        contract.clock.advance(seconds: 1)
        let more = await register(
            #""canonical_name":"PostgreSQL","namespace":"app","aliases":["postgres"],"metadata":{"x":1}"#)
        #expect(more.status == 200 && more.json["aliases"] == ["pg", "sql", "postgres"])
        #expect(more.json["entity_id"] == made.json["entity_id"])
        let found = await contract.send("GET", "/api/v1/entities/by_alias?alias=pg").json
        #expect(found["found"] == true && found["canonical_name"] == "PostgreSQL" && found["namespace"] == "app")
        let id = try #require(made.json["entity_id"]?.stringValue)
        let memory = await contract.send("GET", "/api/v1/memories/\(id)").json["memory"]
        #expect(memory?["metadata"] == ["kind": "entity"] && memory?["tags"] == ["entity"] && memory?["priority"] == 7)

        let none = await contract.send("GET", "/api/v1/entities/by_alias?alias=PG").text
        #expect(none == #"{"aliases":[],"canonical_name":null,"entity_id":null,"found":false,"namespace":null}"#)
        #expect(await contract.send("GET", "/api/v1/entities/by_alias?alias=%20").errorText == "alias is required")
        _ = try await contract.create(#"{"title":"plain","content":"c","namespace":"app"}"#)
        let taken = await register(#""canonical_name":"plain","namespace":"app""#)
        #expect(taken.status == 409 && taken.errorText?.contains("non-entity memory") == true)
        #expect(
            await register(#""canonical_name":" ","namespace":"app""#).errorText?.hasPrefix("invalid canonical_name: ")
                == true)
    }

    @Test("contradictions: stored links first, then every two candidates that differ")
    func contradictions() async throws {
        let contract = try Contract()
        let a = try await contract.create(#"{"title":"a","content":"1","metadata":{"topic":"day"}}"#)
        let b = try await contract.create(#"{"title":"b","content":"2","metadata":{"topic":"day"}}"#)
        _ = try await contract.create(#"{"title":"c","content":"3"}"#)
        #expect(await contract.send("GET", "/api/v1/contradictions").status == 400)
        let synthetic = await contract.send("GET", "/api/v1/contradictions?topic=day").json
        #expect(synthetic["memories"]?.arrayValue?.count == 2)
        #expect(synthetic["links"]?.arrayValue?.map { $0["synthesized"] } == [true])
        _ = await Self.link(contract, b, a, "contradicts")
        let stored = await contract.send("GET", "/api/v1/contradictions?topic=day").json["links"]?.arrayValue
        #expect(stored?.map { $0["synthesized"] } == [false, true])
        #expect(stored?.first?["source_id"] == .string(b))
    }
}
