/// Create, get, update, delete and bulk: shapes and effects, over a real store.
import JSON
import Server
import StateMachine
import Testing

@Suite("Memory routes")
struct MemoryRouteTests {
    @Test("create answers 201 with the request's values and the new row's tag")
    func create() async throws {
        let contract = try Contract()
        let response = await contract.send(
            "POST", "/api/v1/memories", headers: [("X-Agent-Id", "alice")],
            json: #"{"title":"Quick note","content":"körper/seele 😀"}"#)
        #expect(response.status == 201)
        let id = try #require(response.json["id"]?.stringValue)
        #expect(
            response.text
                == #"{"agent_id":"alice","id":"\#(id)","namespace":"global","tier":"mid","title":"Quick note"}"#)
        #expect(response.headers["ETag"] == "\"2\"")
        #expect(response.headers["X-Mneme-Applied-Index"] == "2")
        #expect(id.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
    }

    @Test("get gives the stored memory with every field in order, and no links")
    func get() async throws {
        let contract = try Contract()
        let id = try await contract.create(
            #"{"title":"T","content":"a/b é","tags":["x","y"],"metadata":{"z":1,"a":[2.0]},"scope":"team"}"#,
            headers: [("x-agent-id", "alice")])
        let response = await contract.send("GET", "/api/v1/memories/\(id)")
        #expect(response.status == 200)
        #expect(response.headers["etag"] == "\"2\"")
        #expect(response.headers["x-mneme-applied-index"] == "2")
        #expect(response.headers["x-mneme-age-ms"] == nil)
        let memory =
            #"{"access_count":0,"confidence":1.0,"content":"a/b é","created_at":"\#(TestClock.startText)","#
            + #""expires_at":"2026-01-09T03:04:05.123456789+00:00","id":"\#(id)","#
            + #""metadata":{"a":[2.0],"agent_id":"alice","scope":"team","z":1},"namespace":"global","priority":5,"#
            + #""source":"api","tags":["x","y"],"tier":"mid","title":"T","updated_at":"\#(TestClock.startText)"}"#
        // The memory's own fields stand beside it as well, for SDKs that look there; keys are sorted bytewise.
        let (before, after) = try #require(memory.splitOnce(#""metadata""#))
        #expect(
            response.text == before + #""links":[],"memory":\#(memory),"metadata""# + after)
    }

    @Test("expiry: explicit text verbatim, else ttl_secs, else the tier's lifetime, none for long")
    func expiry() async throws {
        let contract = try Contract()
        let cases = [
            (#""expires_at":"2027-01-01T00:00:00Z","ttl_secs":5"#, "2027-01-01T00:00:00Z"),
            (#""ttl_secs":1"#, "2026-01-02T03:04:06.123456789+00:00"),
            (#""tier":"short""#, "2026-01-02T09:04:05.123456789+00:00"),
            (#""tier":"long","ttl_secs":60"#, "2026-01-02T03:05:05.123456789+00:00"),
            (#""tier":"long""#, nil),
        ]
        for (index, (members, expected)) in cases.enumerated() {
            let id = try await contract.create(#"{"title":"t\#(index)","content":"c",\#(members)}"#)
            let memory = await contract.send("GET", "/api/v1/memories/\(id)").json["memory"]
            #expect(memory?["expires_at"]?.stringValue == expected)
        }
    }

    @Test("the author is the body's agent_id, then the header, then a fresh anonymous one; inline metadata never wins")
    func identity() async throws {
        let contract = try Contract()
        let header = [("X-Agent-Id", "header")]
        var response = await contract.send(
            "POST", "/api/v1/memories", headers: header, json: #"{"title":"1","content":"c","agent_id":"body"}"#)
        #expect(response.json["agent_id"]?.stringValue == "body")
        response = await contract.send(
            "POST", "/api/v1/memories", headers: header,
            json: #"{"title":"2","content":"c","agent_id":"","metadata":{"agent_id":"inline"}}"#)
        #expect(response.json["agent_id"]?.stringValue == "header")
        let id = try #require(response.json["id"]?.stringValue)
        let memory = await contract.send("GET", "/api/v1/memories/\(id)").json["memory"]
        #expect(memory?["metadata"]?["agent_id"]?.stringValue == "header")

        var anonymous: Set<String> = []
        for headers in [[], [("X-Agent-Id", "")], [("X-Agent-Id", "käse")]] {
            response = await contract.send(
                "POST", "/api/v1/memories", headers: headers, json: #"{"title":"3","content":"c"}"#)
            let name = try #require(response.json["agent_id"]?.stringValue)
            #expect(name.wholeMatch(of: /anonymous:req-[0-9a-f]{8}/) != nil)
            anonymous.insert(name)
        }
        #expect(anonymous.count == 3)
        response = await contract.send(
            "POST", "/api/v1/memories", headers: [("X-Agent-Id", "a b")], json: #"{"title":"4","content":"c"}"#)
        #expect(response.status == 400)
        #expect(response.errorText?.hasPrefix("invalid agent_id: ") == true)
    }

    @Test("a second create of a title merges: the surviving id, the request's echo, itself as a contradiction")
    func upsert() async throws {
        let contract = try Contract()
        let first = try await contract.create(
            #"{"title":"Same title","content":"one","tier":"long","priority":9}"#, headers: [("X-Agent-Id", "alice")])
        contract.clock.advance(seconds: 1)
        let response = await contract.send(
            "POST", "/api/v1/memories", headers: [("X-Agent-Id", "bob")],
            json: #"{"title":"Same title","content":"two","priority":2}"#)
        #expect(response.status == 201)
        #expect(response.json["id"]?.stringValue == first)
        #expect(response.json["tier"]?.stringValue == "mid")
        #expect(response.json["agent_id"]?.stringValue == "bob")
        #expect(response.json["potential_contradictions"] == [.string(first)])
        #expect(response.headers["etag"] == "\"3\"")
        let memory = await contract.send("GET", "/api/v1/memories/\(first)").json["memory"]
        #expect(memory?["content"]?.stringValue == "two")
        #expect(memory?["tier"]?.stringValue == "long")
        #expect(memory?["priority"] == 9)
        #expect(memory?["metadata"]?["agent_id"]?.stringValue == "alice")
        #expect(memory?["created_at"]?.stringValue == TestClock.startText)
    }

    @Test("similar titles of the namespace are reported, at most five, never the new id")
    func contradictions() async throws {
        let contract = try Contract()
        for index in 0..<7 { _ = try await contract.create(#"{"title":"deploy \#(index)","content":"c"}"#) }
        _ = try await contract.create(#"{"title":"deploy elsewhere","content":"c","namespace":"other"}"#)
        let response = await contract.send("POST", "/api/v1/memories", json: #"{"title":"deploy new","content":"c"}"#)
        let ids = try #require(response.json["potential_contradictions"]?.arrayValue)
        #expect(ids.count == 5)
        #expect(!ids.contains(response.json["id"] ?? .null))
    }

    @Test("a failed lookup of similar titles costs the hint, not the write")
    func contradictionFailure() async throws {
        let contract = try Contract()
        contract.service.failReads(.storage("disk"))
        let response = await contract.send("POST", "/api/v1/memories", json: #"{"title":"t","content":"c"}"#)
        #expect(response.status == 201)
        contract.service.failReads(nil)
        let metrics = await contract.send("GET", "/metrics")
        #expect(metrics.text.contains("mneme_similar_titles_failures_total 1\n"))
    }

    @Test("ids resolve exactly, then by unique prefix without regard to case; several candidates are listed")
    func prefixes() async throws {
        let contract = try Contract()
        let id = try await contract.create(#"{"title":"t","content":"c"}"#)
        let prefix = String(id.prefix(8)).uppercased()
        #expect(await contract.send("GET", "/api/v1/memories/\(prefix)").json["memory"]?["id"] == .string(id))
        #expect(await contract.send("GET", "/api/v1/memories/%25").status == 404)
        var ids = [id]
        for index in 0..<40 { ids.append(try await contract.create(#"{"title":"t\#(index)","content":"c"}"#)) }
        let first = try #require(id.first)
        let matching = ids.filter { $0.first == first }
        try #require(matching.count > 1)
        for (method, body) in [("GET", ""), ("PUT", "{}"), ("DELETE", "")] {
            let response = await contract.send(method, "/api/v1/memories/\(first)", json: body)
            #expect(response.status == 400)
            let text = try #require(response.errorText)
            #expect(text.hasPrefix("ambiguous ID prefix '\(first)': \(matching.count) matches\n"))
            #expect(matching.allSatisfy { text.contains("\n\($0)") })
        }
        let deleted = await contract.send("DELETE", "/api/v1/memories/\(prefix)")
        #expect(deleted.text == #"{"deleted":true}"#)
        #expect(await contract.send("GET", "/api/v1/memories/\(id)").status == 404)
    }

    @Test("update changes what is given, keeps the author, moves updated_at even for {}")
    func update() async throws {
        let contract = try Contract()
        let id = try await contract.create(
            #"{"title":"t","content":"c","tier":"long","priority":7}"#, headers: [("X-Agent-Id", "alice")])
        contract.clock.advance(seconds: 10)
        let body =
            #"{"content":"new","tier":"short","tags":["a"],"priority":1,"metadata":{"k":true,"agent_id":"eve"},"#
            + #""source":"cli","agent_id":"eve","title":null}"#
        let response = await contract.send(
            "PUT", "/api/v1/memories/\(id.prefix(12))", headers: [("X-Agent-Id", "!!")], json: body)
        #expect(response.status == 200)
        #expect(response.headers["etag"] == "\"3\"")
        let memory = response.json
        #expect(memory["title"] == "t")
        #expect(memory["content"] == "new")
        #expect(memory["tier"] == "long")
        #expect(memory["priority"] == 1)
        #expect(memory["source"] == "api")
        #expect(memory["metadata"]?.text == #"{"agent_id":"alice","k":true}"#)
        #expect(memory["updated_at"] == "2026-01-02T03:04:15.123456789+00:00")
        contract.clock.advance(seconds: 10)
        let empty = await contract.send("PUT", "/api/v1/memories/\(id)", json: "{}")
        #expect(empty.json["updated_at"] == "2026-01-02T03:04:25.123456789+00:00")
        #expect(empty.json["content"] == "new")
    }

    @Test("a title owned by another row is 409 naming it; unknown ids are 404")
    func updateConflicts() async throws {
        let contract = try Contract()
        let owner = try await contract.create(#"{"title":"taken","content":"c"}"#)
        let id = try await contract.create(#"{"title":"mine","content":"c"}"#)
        let response = await contract.send("PUT", "/api/v1/memories/\(id)", json: #"{"title":"taken"}"#)
        #expect(response.status == 409)
        #expect(response.errorText == "title 'taken' already exists in namespace 'global' (memory \(owner))")
        for unknown in ["00000000-0000-4000-8000-000000000000", "zzz"] {
            for (method, body) in [("GET", ""), ("PUT", "{}"), ("DELETE", "")] {
                let missing = await contract.send(method, "/api/v1/memories/\(unknown)", json: body)
                #expect(missing.status == 404)
                #expect(missing.text == #"{"error":"not found"}"#)
            }
        }
    }

    @Test("delete removes the row; an invalid caller is refused only after the memory was found")
    func delete() async throws {
        let contract = try Contract()
        let id = try await contract.create(#"{"title":"t","content":"c"}"#)
        let bad = [("X-Agent-Id", "a b")]
        #expect(await contract.send("DELETE", "/api/v1/memories/nothing", headers: bad).status == 404)
        let refused = await contract.send("DELETE", "/api/v1/memories/\(id)", headers: bad)
        #expect(refused.status == 400)
        #expect(refused.errorText?.hasPrefix("invalid agent_id: ") == true)
        let deleted = await contract.send("DELETE", "/api/v1/memories/\(id)")
        #expect(deleted.status == 200)
        #expect(deleted.text == #"{"deleted":true}"#)
        #expect(await contract.send("DELETE", "/api/v1/memories/\(id)").status == 404)
    }

    @Test("expired rows can still be fetched, but are not listed")
    func expired() async throws {
        let contract = try Contract()
        let id = try await contract.create(#"{"title":"t","content":"c","ttl_secs":1}"#)
        contract.clock.advance(seconds: 2)
        #expect(await contract.send("GET", "/api/v1/memories/\(id)").status == 200)
        #expect(await contract.send("GET", "/api/v1/memories").text == #"{"count":0,"memories":[]}"#)
    }

    @Test("bulk stores the good ones as one command and reports the rest by title")
    func bulk() async throws {
        let contract = try Contract()
        let response = await contract.send(
            "POST", "/api/v1/memories/bulk", headers: [("X-Agent-Id", "alice")],
            json:
                #"[{"title":"a","content":"1","agent_id":"x y","scope":"nonsense"},{"title":"Bad row","content":" "},"#
                + #"{"title":"b","content":"2","metadata":{"agent_id":"kept"}},{"title":"a","content":"3"}]"#)
        #expect(response.status == 200)
        #expect(response.text == #"{"created":3,"errors":["Bad row: content cannot be empty"]}"#)
        #expect(contract.service.submitted.count == 1)
        let list = await contract.send("GET", "/api/v1/memories").json["memories"]?.arrayValue ?? []
        #expect(list.count == 2)
        let byTitle = Dictionary(uniqueKeysWithValues: list.map { ($0["title"]?.stringValue ?? "", $0) })
        #expect(byTitle["a"]?["content"] == "3")
        #expect(byTitle["a"]?["metadata"]?.text == "{}")
        #expect(byTitle["b"]?["metadata"]?.text == #"{"agent_id":"kept"}"#)
    }

    @Test("bulk of nothing writes nothing; more than 1000 items are refused")
    func bulkLimits() async throws {
        let contract = try Contract()
        let empty = await contract.send("POST", "/api/v1/memories/bulk", json: "[]")
        #expect(empty.text == #"{"created":0,"errors":[]}"#)
        let items = Array(repeating: #"{"title":"a","content":"1"}"#, count: 1_001).joined(separator: ",")
        let response = await contract.send("POST", "/api/v1/memories/bulk", json: "[\(items)]")
        #expect(response.status == 400)
        #expect(response.errorText == "bulk operations limited to 1000 items")
        #expect(contract.service.submitted.isEmpty)
    }
}
