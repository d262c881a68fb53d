/// Notify, inbox, sessions, subscriptions, export and import, and what SDKs of v0.6.3 send (http-api §8, §15, §16, §20).
import JSON
import Server
import StateMachine
import Testing

@Suite struct MessageRouteTests {
    @Test("a message reaches the inbox under its sender's own name, in both forms, and is read only by recall")
    func messages() async throws {
        let contract = try Contract()
        let sent = await contract.send(
            "POST", "/api/v1/notify", headers: [("X-Agent-Id", "ada")],
            json: #"{"target_agent_id":"bob","title":"Hi","payload":"hello","priority":99}"#)
        #expect(sent.status == 201 && sent.json["from"] == "ada" && sent.json["namespace"] == "_messages/bob")
        let typed = await contract.send(
            "POST", "/api/v1/notify", json: #"{"to":"bob","subject":"Re","body":"again","agent_id":"cyd"}"#)
        #expect(typed.status == 201 && typed.json["to"] == "bob")
        let inbox = await contract.send("GET", "/api/v1/inbox?agent_id=bob&unread_only=true").json
        #expect(inbox["count"] == 2 && inbox["agent_id"] == "bob" && inbox["unread_only"] == true)
        let first = inbox["messages"]?.arrayValue?.first
        #expect(first?["from"] == "ada" && first?["payload"] == "hello" && first?["priority"] == 10)
        #expect(first?["read"] == false)
        #expect(await contract.send("GET", "/api/v1/inbox", headers: [("X-Agent-Id", "bob")]).json["count"] == 2)
        #expect(await contract.send("GET", "/api/v1/inbox").json["count"] == 0)
        let cases = [
            (#"{"title":"t","payload":"p"}"#, 422), (#"{"target_agent_id":"b c","title":"t","payload":"p"}"#, 400),
            (#"{"target_agent_id":"b","title":"t"}"#, 400),
            (#"{"target_agent_id":"b","title":"t","payload":"p","tier":"x"}"#, 400),
            // More segments than a namespace may have.
            (#"{"target_agent_id":"a/b/c/d/e/f/g/h","title":"t","payload":"p"}"#, 400),
        ]
        for (body, status) in cases {
            #expect(await contract.send("POST", "/api/v1/notify", json: body).status == status, "\(body)")
        }
    }

    @Test("a session starts with the first memories and the standards, which are not among them")
    func session() async throws {
        let contract = try Contract()
        _ = await contract.send("POST", "/api/v1/namespaces/org/standard", json: "{}")
        _ = try await contract.create(#"{"title":"t","content":"c","namespace":"org"}"#)
        let response = await contract.send(
            "POST", "/api/v1/session/start", json: #"{"namespace":"org","agent_id":"ada"}"#
        ).json
        #expect(response["count"] == 1 && response["mode"] == "session_start" && response["agent_id"] == "ada")
        #expect(response["memories"]?.arrayValue?.first?["score"] == 0.0)
        #expect(response["standard"]?["title"] == "_standard:org" && response["standards"] == nil)
        #expect(response["session_id"]?.stringValue?.utf8.count == 36)
        let plain = await contract.send("POST", "/api/v1/session/start", json: "{}").json
        #expect(plain["count"] == 2 && plain["standard"] == nil && plain["agent_id"] == nil)
        #expect(await contract.send("POST", "/api/v1/session/start").status == 415)
        #expect(await contract.send("POST", "/api/v1/session/start", json: #"{"agent_id":""}"#).status == 400)
    }

    @Test("subscriptions: both forms, the caller registered with it, removed by id, by path, or by namespace and owner")
    func subscriptions() async throws {
        let contract = try Contract()
        let made = await contract.send(
            "POST", "/api/v1/subscriptions", headers: [("X-Agent-Id", "ada")],
            json: #"{"url":"https://example.com/hook","secret":"s3cret","namespace_filter":"prod"}"#)
        #expect(made.status == 201 && made.json["events"] == "*" && made.json["created_by"] == "ada")
        #expect(made.json["namespace"] == "prod" && !made.text.contains("s3cret"))
        #expect(
            await contract.send("GET", "/api/v1/agents").json["agents"]?.arrayValue?.first?["agent_type"]
                == "ai:generic")
        let named = await contract.send("POST", "/api/v1/subscriptions", json: #"{"namespace":"dev","agent_id":"bob"}"#)
        #expect(named.json["url"] == "http://localhost/_ns/bob/dev" && named.json["agent_filter"] == "bob")
        let bySDK = await contract.send(
            "POST", "/api/v1/subscriptions", json: #"{"callback_url":"https://example.com/x","events":["a","b"]}"#)
        #expect(bySDK.status == 201 && bySDK.json["events"] == ["a", "b"])
        let all = await contract.send("GET", "/api/v1/subscriptions").json
        #expect(all["count"] == 3 && all["subscriptions"]?.arrayValue?.first?["events"] == "a,b")
        #expect(await contract.send("GET", "/api/v1/subscriptions?agent_id=ada").json["count"] == 1)
        #expect(await contract.send("GET", "/api/v1/capabilities").json["hooks"]?["registered_count"] == 3)

        let id = try #require(made.json["id"]?.stringValue)
        #expect(
            await contract.send("DELETE", "/api/v1/subscriptions?id=\(id)").text == #"{"id":"\#(id)","removed":true}"#)
        #expect(
            await contract.send("DELETE", "/api/v1/subscriptions?id=\(id)").text == #"{"id":"\#(id)","removed":false}"#)
        let byOwner = await contract.send("DELETE", "/api/v1/subscriptions?namespace=dev&agent_id=bob").json
        #expect(byOwner["removed"] == true && byOwner["id"] == named.json["id"])
        let third = try #require(bySDK.json["id"]?.stringValue)
        #expect(await contract.send("DELETE", "/api/v1/subscriptions/\(third)").json["removed"] == true)
        #expect(await contract.send("DELETE", "/api/v1/subscriptions").status == 400)
    }

    @Test(
        "addresses that reach what is private are refused, in every spelling",
        arguments: [
            "ftp://example.com/", "http://example.com/", "https://10.0.0.1/", "https://192.168.1.1/",
            "https://172.16.0.9/",
            "https://169.254.169.254/latest", "https://0.0.0.0/", "https://224.0.0.1/", "https://255.255.255.255/",
            "https://[fe80::1]/", "https://[fd00::1]/", "https://[::]/", "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::a00:1]/", "https://[2002:a00:1::]/", "https://user@example.com/", "https://0x7f.1/",
            "https://2130706433/", "https://010.0.0.1/", "https://", "https://exa mple.com/", "example.com",
            "https://example.com:99999/", "https://[::1",
        ])
    func refusedAddresses(_ url: String) async throws {
        let contract = try Contract()
        let response = await contract.send(
            "POST", "/api/v1/subscriptions", json: #"{"url":"\#(url)","agent_id":"ada"}"#)
        #expect(response.status == 400, "\(url): \(response.text)")
        // Nothing is left of a refused request: v0.6.3 registers the caller all the same.
        #expect(await contract.send("GET", "/api/v1/agents").json["count"] == 0)
    }

    @Test(
        "addresses that may be told",
        arguments: [
            "https://example.com/hook?x=1", "https://8.8.8.8:8443/", "http://localhost:9000/x", "http://127.0.0.1/",
            "http://[::1]:80/",
            "https://[2606:4700::1111]/", "https://EXAMPLE.com./",
        ])
    func allowedAddresses(_ url: String) async throws {
        let contract = try Contract()
        let response = await contract.send("POST", "/api/v1/subscriptions", json: #"{"url":"\#(url)"}"#)
        #expect(response.status == 201, "\(url): \(response.text)")
    }

    @Test("an export goes back in as it came out, links and times included; taken titles merge")
    func exportAndImport() async throws {
        let from = try Contract()
        let a = try await from.create(#"{"title":"a","content":"1","tags":["x"],"ttl_secs":60,"metadata":{"k":[1]}}"#)
        from.clock.advance(seconds: 1)
        let b = try await from.create(#"{"title":"b","content":"2"}"#, headers: [("X-Agent-Id", "ada")])
        _ = await from.send("POST", "/api/v1/links", json: #"{"source_id":"\#(a)","target_id":"\#(b)"}"#)
        let exported = await from.send("GET", "/api/v1/export")
        #expect(exported.json["count"] == 2 && exported.json["links"]?.arrayValue?.count == 1)
        #expect(exported.json["memories"]?.arrayValue?.map { $0["title"] } == ["a", "b"])

        let to = try Contract()
        for _ in 0..<2 {
            let imported = await to.send("POST", "/api/v1/import", json: exported.text)
            #expect(imported.text == #"{"errors":[],"imported":2}"#)
        }
        let again = await to.send("GET", "/api/v1/export").json
        #expect(again["links"]?.arrayValue?.count == 1)
        let before = exported.json["memories"]?.arrayValue?.last
        let after = again["memories"]?.arrayValue?.last
        #expect(before == after)
        from.clock.advance(seconds: 120)
        #expect(await from.send("GET", "/api/v1/export").json["memories"]?.arrayValue?.map { $0["title"] } == ["b"])
    }

    @Test("an import reports each row that does not pass and takes the rest")
    func importErrors() async throws {
        let contract = try Contract()
        func row(_ id: String, _ changes: String = "") -> String {
            #"{"id":"\#(id)","tier":"mid","namespace":"n","title":"\#(id)","content":"c","tags":[],"priority":5,"#
                + #""confidence":1,"#
                + #""source":"api","access_count":3,"created_at":"2020-01-01T00:00:00Z","#
                + #""updated_at":"2020-01-01T00:00:00Z"\#(changes)}"#
        }
        let response = await contract.send(
            "POST", "/api/v1/import",
            json: #"{"memories":[\#(row("a")),\#(row("b", #","expires_at":"soon""#)),\#(row("c", #","metadata":3"#))],"#
                + #""links":[{"source_id":"a","target_id":"zz","relation":"related_to","created_at":"x"}]}"#)
        #expect(response.status == 200 && response.json["imported"] == 1)
        #expect(
            response.json["errors"]
                == [
                    "b: expires_at is not valid RFC3339: 'soon'", "c: metadata must be a JSON object",
                    "link a -> zz: there is no memory zz",
                ])
        let kept = await contract.send("GET", "/api/v1/memories/a").json["memory"]
        #expect(kept?["access_count"] == 3 && kept?["created_at"] == "2020-01-01T00:00:00Z")
        #expect(await contract.send("POST", "/api/v1/import", json: #"{"memories":[{"id":"x"}]}"#).status == 422)
        #expect(await contract.send("POST", "/api/v1/import", json: "{}").status == 422)
    }

    @Test("SDK shapes: a memory's own fields beside `memory`, `memories` beside `results`, a wrapped bulk")
    func supersets() async throws {
        let contract = try Contract()
        let id = try await contract.create(#"{"title":"lantern","content":"c"}"#)
        let got = await contract.send("GET", "/api/v1/memories/\(id)").json
        #expect(got["title"] == "lantern" && got["memory"]?["title"] == "lantern" && got["links"] == [])
        let found = await contract.send("GET", "/api/v1/search?q=lantern").json
        #expect(found["memories"] == found["results"] && found["count"] == 1)
        let bulk = await contract.send(
            "POST", "/api/v1/memories/bulk", json: #"{"memories":[{"title":"x","content":"c"}]}"#)
        #expect(bulk.status == 200 && bulk.json["created"] == 1)
    }

    @Test("while a member runs an earlier build, memories are served and the rest waits with a clear answer")
    func earlierLevel() async throws {
        let contract = try Contract(featureLevel: 0)
        let id = try await contract.create(#"{"title":"t","content":"c"}"#)
        #expect(await contract.send("GET", "/api/v1/links/\(id)").text == #"{"links":[]}"#)
        #expect(await contract.send("GET", "/api/v1/pending").json["count"] == 0)
        #expect(await contract.send("DELETE", "/api/v1/memories/\(id)").status == 200)
        #expect(contract.service.submitted.allSatisfy { $0.command.featureLevel == 0 })
    }

    @Test("check_duplicate validates, and says that there is no embedder")
    func duplicates() async throws {
        let contract = try Contract()
        let response = await contract.send("POST", "/api/v1/check_duplicate", json: #"{"title":"t","content":"c"}"#)
        #expect(response.status == 503 && response.headers["retry-after"] == nil)
        #expect(response.errorText?.contains("memory_check_duplicate") == true)
        #expect(
            await contract.send("POST", "/api/v1/check_duplicate", json: #"{"title":" ","content":"c"}"#).status == 400)
    }
}
