/// List, search and recall: parameters, order, shapes and side effects, over a real store.
import JSON
import Server
import Testing

@Suite("Query routes")
struct QueryRouteTests {
    private func titles(_ response: APIResponse, _ key: String) -> [String] {
        response.json[key]?.arrayValue?.compactMap { $0["title"]?.stringValue } ?? []
    }

    @Test("list orders by priority, then by the latest update, and pages")
    func listOrder() async throws {
        let contract = try Contract()
        for (title, priority) in [("a", 5), ("b", 9), ("c", 5), ("d", 1)] {
            _ = try await contract.create(#"{"title":"\#(title)","content":"c","priority":\#(priority)}"#)
            contract.clock.advance(seconds: 1)
        }
        let all = await contract.send("GET", "/api/v1/memories")
        #expect(all.json["count"] == 4)
        #expect(titles(all, "memories") == ["b", "c", "a", "d"])
        #expect(titles(await contract.send("GET", "/api/v1/memories?limit=2&offset=1"), "memories") == ["c", "a"])
        #expect(await contract.send("GET", "/api/v1/memories?limit=0").text == #"{"count":0,"memories":[]}"#)
        #expect(await contract.send("GET", "/api/v1/memories?limit=99999999999").json["count"] == 4)
        #expect(await contract.send("GET", "/api/v1/memories?offset=18446744073709551615").json["count"] == 0)
        #expect(titles(await contract.send("GET", "/api/v1/memories?min_priority=6"), "memories") == ["b"])
    }

    @Test("list filters by namespace, tier, one tag, author and creation time")
    func listFilters() async throws {
        let contract = try Contract()
        _ = try await contract.create(
            #"{"title":"a","content":"c","namespace":"x/y","tags":["p","q,r"]}"#, headers: [("X-Agent-Id", "alice")])
        contract.clock.advance(seconds: 60)
        _ = try await contract.create(#"{"title":"b","content":"c","tier":"long","namespace":"x"}"#)
        let cases: [(String, [String])] = [
            ("namespace=x", ["b"]), ("namespace=x%2Fy", ["a"]), ("namespace=", []), ("tier=long", ["b"]),
            ("tags=p", ["a"]), ("tags=q%2Cr", ["a"]), ("tags=p,q", []), ("agent_id=alice", ["a"]),
            ("since=2026-01-02T03:05", ["b"]), ("until=2026-01-02T03:05", ["a"]),
            ("since=\(TestClock.startText.replacing("+", with: "%2B"))&until=2026-01-02T03:04:06", ["a"]),
        ]
        for (query, expected) in cases {
            #expect(titles(await contract.send("GET", "/api/v1/memories?\(query)"), "memories") == expected, "\(query)")
        }
        let invalid = await contract.send("GET", "/api/v1/memories?agent_id=a+b")
        #expect(invalid.status == 400)
        #expect(invalid.errorText?.hasPrefix("invalid agent_id filter: ") == true)
    }

    @Test("search needs every word, echoes the query, touches nothing")
    func search() async throws {
        let contract = try Contract()
        _ = try await contract.create(#"{"title":"Raft","content":"leader election with votes"}"#)
        _ = try await contract.create(#"{"title":"Paxos","content":"leader only"}"#)
        let response = await contract.send("GET", "/api/v1/search?q=leader+election")
        #expect(response.status == 200)
        #expect(response.json["query"] == "leader election")
        #expect(response.json["count"] == 1)
        #expect(titles(response, "results") == ["Raft"])
        #expect(response.json["results"]?.arrayValue?.first?["score"] == nil)
        #expect(contract.service.touched.isEmpty)
        #expect(await contract.send("GET", "/api/v1/search?q=leader&limit=0").json["count"] == 0)
        #expect(await contract.send("GET", "/api/v1/search?q=%22%20OR%20*)%27--").status == 200)
    }

    @Test(
        "search and recall name what is wrong with their input",
        arguments: [
            ("/api/v1/search?q=%20", "query is required"), ("/api/v1/search?q=", "query is required"),
            ("/api/v1/search?q=a&agent_id=%21", "invalid agent_id filter: "),
            ("/api/v1/search?q=a&as_agent=a//b", "invalid as_agent: "),
            ("/api/v1/recall", "context is required"), ("/api/v1/recall?context=%09", "context is required"),
            ("/api/v1/recall?context=a&as_agent=", "invalid as_agent: "),
            ("/api/v1/recall?context=a&budget_tokens=0", "budget_tokens must be >= 1"),
        ])
    func badInput(_ target: String, _ text: String) async throws {
        let contract = try Contract()
        let response = await contract.send("GET", target)
        #expect(response.status == 400)
        #expect(response.errorText?.hasPrefix(text) == true, "\(response.text)")
    }

    @Test("recall by query and by body give the same answer, scored, and touch what they returned")
    func recall() async throws {
        let contract = try Contract()
        let best = try await contract.create(
            #"{"title":"Raft","content":"leader election","tier":"long","priority":9}"#)
        let other = try await contract.create(#"{"title":"Paxos","content":"proposer and leader"}"#)
        _ = try await contract.create(#"{"title":"Soup","content":"carrots"}"#)
        let get = await contract.send("GET", "/api/v1/recall?context=leader+election&budget_tokens=800")
        let post = await contract.send(
            "POST", "/api/v1/recall", json: #"{"context":"leader election","budget_tokens":800,"namespace":null}"#)
        #expect(get.status == 200)
        #expect(get.body == post.body)
        #expect(titles(get, "memories") == ["Raft", "Paxos"])
        #expect(get.json["count"] == 2)
        #expect(get.json["mode"] == "keyword")
        #expect(get.json["budget_tokens"] == 800)
        // (4 + 15) / 4 + (5 + 19) / 4, each rounded down.
        #expect(get.json["tokens_used"] == 10)
        let score = try #require(get.json["memories"]?.arrayValue?.first?["score"]?.doubleValue)
        #expect(score > 0 && score <= 1.2 && (score * 1_000).rounded() / 1_000 == score)
        let compat = await contract.send("GET", "/api/v1/recall?context=leader+election&ranking=compat&touch=false")
        #expect(titles(compat, "memories") == ["Raft", "Paxos"])
        #expect(compat.json["memories"]?.arrayValue?.first?["score"]?.doubleValue ?? 0 > 10)
        #expect(get.json["memories"]?.arrayValue?.first?["access_count"] == 0)
        #expect(contract.service.touched == [[best, other], [best, other]])
    }

    @Test("recall caps its limit at 50, stops at the budget, and leaves the budget out when none was given")
    func recallLimits() async throws {
        let contract = try Contract()
        for index in 0..<55 { _ = try await contract.create(#"{"title":"n\#(index)","content":"needle"}"#) }
        let capped = await contract.send("GET", "/api/v1/recall?context=needle&limit=1000")
        #expect(capped.json["count"] == 50)
        #expect(capped.json["budget_tokens"] == nil)
        #expect(await contract.send("GET", "/api/v1/recall?context=needle").json["count"] == 10)
        let tight = await contract.send("GET", "/api/v1/recall?context=needle&budget_tokens=1")
        #expect(tight.json["count"] == 0)
        #expect(tight.json["tokens_used"] == 0)
        #expect(contract.service.touched.count == 2)
    }

    @Test("a body of recall is as strict as any body")
    func recallBody() async throws {
        let contract = try Contract()
        let missing = await contract.send("POST", "/api/v1/recall", json: "{}")
        #expect(missing.status == 422)
        #expect(missing.text.hasSuffix("missing field `context`"))
        let array = await contract.send("POST", "/api/v1/recall", json: #"{"context":"a","tags":["x",1]}"#)
        #expect(array.status == 422)
        for (field, text) in [
            (#""ranking":"best""#, "ranking must be one of default, compat, keyword, vector"),
            (#""subtree":true"#, "subtree needs a namespace"),
        ] {
            let wrong = await contract.send("POST", "/api/v1/recall", json: "{\"context\":\"a\",\(field)}")
            #expect(wrong.status == 400 && wrong.errorText == text)
        }
        let vector = await contract.send("POST", "/api/v1/recall", json: #"{"context":"a","ranking":"vector"}"#)
        #expect(vector.status == 503 && vector.errorText == "ranking=vector needs an embedder: no embedder is loaded")
        let negative = await contract.send("POST", "/api/v1/recall", json: #"{"context":"a","limit":-1}"#)
        #expect(negative.status == 422)
        let blank = await contract.send("POST", "/api/v1/recall", json: #"{"context":" "}"#)
        #expect(blank.status == 400)
        #expect(blank.errorText == "context is required")
    }

    @Test("a context as large as a body may be is answered")
    func largeContext() async throws {
        let contract = try Contract()
        _ = try await contract.create(#"{"title":"t","content":"needle"}"#)
        let words = String(repeating: "word ", count: 20_000)
        let response = await contract.send("POST", "/api/v1/recall", json: #"{"context":"\#(words)needle"}"#)
        #expect(response.status == 200 || response.status == 400, "\(response.text)")
        #expect(await contract.send("GET", "/api/v1/health").status == 200)
    }
}
