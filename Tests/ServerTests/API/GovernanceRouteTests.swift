/// Standards, policies, agents, pending actions (http-api §9 to §11; semantics §4.4, §5).
import JSON
import Server
import StateMachine
import Testing

@Suite struct GovernanceRouteTests {
    private static func setPolicy(
        _ contract: Contract, _ policy: String, namespace: String = "prod"
    ) async -> APIResponse {
        await contract.send(
            "POST", "/api/v1/namespaces/\(namespace)/standard", json: #"{"governance":\#(policy)}"#)
    }
    private static func store(
        _ contract: Contract, _ title: String, as agent: String, namespace: String = "prod"
    ) async -> APIResponse {
        await contract.send(
            "POST", "/api/v1/memories", headers: [("X-Agent-Id", agent)],
            json: #"{"title":"\#(title)","content":"c","namespace":"\#(namespace)"}"#)
    }
    private static func register(_ contract: Contract, _ agent: String) async {
        _ = await contract.send("POST", "/api/v1/agents", json: #"{"agent_id":"\#(agent)","agent_type":"human"}"#)
    }

    @Test("a standard: a placeholder is made, shown, inherited along the chain, cleared")
    func standards() async throws {
        let contract = try Contract()
        #expect(
            await contract.send("GET", "/api/v1/namespaces?namespace=org").text
                == #"{"namespace":"org","standard_id":null}"#)
        let set = await contract.send(
            "POST", "/api/v1/namespaces", json: #"{"standard":{"namespace":"org","governance":{"write":"approve"}}}"#)
        #expect(set.status == 201 && set.json["governance"] == ["write": "approve"] && set.json["set"] == true)
        let shown = await contract.send("GET", "/api/v1/namespaces/org/standard").json
        #expect(shown["title"] == "_standard:org" && shown["content"] == "namespace standard for org")
        #expect(
            shown["governance"]
                == ["approver": "human", "delete": "owner", "promote": "any", "write": "approve"])
        let rules = try await contract.create(#"{"title":"rules","content":"be kind","namespace":"elsewhere"}"#)
        let bound = await contract.send(
            "POST", "/api/v1/namespaces/org%2Fteam/standard", json: #"{"id":"\#(rules)"}"#)
        #expect(bound.json["standard_id"] == .string(rules))
        let inherited = await contract.send("GET", "/api/v1/namespaces?namespace=org/team&inherit=true").json
        #expect(inherited["chain"] == ["*", "org", "org/team"] && inherited["count"] == 2)
        #expect(await contract.send("GET", "/api/v1/namespaces?namespace=org&inherit=yes").status == 400)

        let cleared = await contract.send("DELETE", "/api/v1/namespaces?namespace=org")
        #expect(cleared.text == #"{"cleared":true,"namespace":"org"}"#)
        #expect(await contract.send("DELETE", "/api/v1/namespaces/org/standard").json["cleared"] == false)
        // The memory goes, and its place with it.
        _ = await contract.send("DELETE", "/api/v1/memories/\(rules)")
        #expect(await contract.send("GET", "/api/v1/namespaces?namespace=org/team").json["standard_id"] == .null)
    }

    @Test("a refused standard leaves nothing behind, and says what is wrong")
    func refusedStandards() async throws {
        let contract = try Contract()
        let cases = [
            (#"{"governance":{"promote":"any"}}"#, "invalid governance: write is required"),
            (
                #"{"governance":{"write":"some"}}"#,
                "invalid governance: write must be one of any, registered, owner, approve"
            ),
            (
                #"{"governance":{"write":"any","approver":{"consensus":0}}}"#,
                "invalid governance: consensus quorum must be >= 1"
            ),
            (#"{"parent":"prod"}"#, "namespace cannot be its own parent"),
        ]
        for (body, message) in cases {
            let response = await contract.send("POST", "/api/v1/namespaces/prod/standard", json: body)
            #expect(response.status == 400 && response.errorText == message)
        }
        let missing = await contract.send("POST", "/api/v1/namespaces/prod/standard", json: #"{"id":"nobody"}"#)
        #expect(missing.status == 404 && missing.errorText == "memory not found: nobody")
        #expect(await contract.send("POST", "/api/v1/namespaces", json: "{}").errorText == "namespace is required")
        #expect(await contract.send("GET", "/api/v1/memories").json["count"] == 0)
    }

    @Test("parents: explicit, or the longest name before a dash that has a standard")
    func parents() async throws {
        let contract = try Contract()
        _ = await contract.send("POST", "/api/v1/namespaces/a/standard", json: "{}")
        _ = await contract.send("POST", "/api/v1/namespaces/a-b-c/standard", json: "{}")
        #expect(
            await contract.send("GET", "/api/v1/namespaces/a-b-c/standard?inherit=true").json["chain"]
                == ["*", "a", "a-b-c"])
        _ = await contract.send("POST", "/api/v1/namespaces/a-b-c/standard", json: #"{"parent":"base"}"#)
        #expect(
            await contract.send("GET", "/api/v1/namespaces/a-b-c/standard?inherit=true").json["chain"]
                == ["*", "base", "a-b-c"])
        // Parents that name each other end the chain.
        _ = await contract.send("POST", "/api/v1/namespaces/base/standard", json: #"{"parent":"a-b-c"}"#)
        #expect(
            await contract.send("GET", "/api/v1/namespaces/a-b-c/standard?inherit=true").json["chain"]
                == ["*", "base", "a-b-c"])
    }

    @Test("levels: any, registered, owner; only the exact namespace counts, and only three actions")
    func levels() async throws {
        let contract = try Contract()
        _ = await Self.setPolicy(contract, #"{"write":"registered","delete":"owner","promote":"owner"}"#)
        let denied = await Self.store(contract, "t", as: "ada")
        #expect(denied.status == 403)
        #expect(
            denied.errorText == "store denied by governance: governance: caller 'ada' is not a registered agent")
        #expect(await Self.store(contract, "t", as: "ada", namespace: "prod/sub").status == 201)
        await Self.register(contract, "ada")
        let made = await Self.store(contract, "t", as: "ada")
        #expect(made.status == 201)
        let id = try #require(made.json["id"]?.stringValue)
        let foreign = await contract.send("DELETE", "/api/v1/memories/\(id)", headers: [("X-Agent-Id", "bob")])
        #expect(foreign.status == 403)
        #expect(foreign.errorText == "delete denied by governance: governance: caller 'bob' is not the owner ('ada')")
        let promoted = await contract.send("POST", "/api/v1/memories/\(id)/promote", headers: [("X-Agent-Id", "ada")])
        #expect(promoted.status == 200)
        // Not governed: update.
        #expect(await contract.send("PUT", "/api/v1/memories/\(id)", json: #"{"content":"d"}"#).status == 200)
        #expect(await contract.send("DELETE", "/api/v1/memories/\(id)", headers: [("X-Agent-Id", "ada")]).status == 200)
    }

    @Test("approve: queued, shown, carried out once with the approval; rejected ones never")
    func approval() async throws {
        let contract = try Contract()
        _ = await Self.setPolicy(contract, #"{"write":"approve","delete":"approve"}"#)
        let queued = await Self.store(contract, "t", as: "ada")
        #expect(queued.status == 202)
        let id = try #require(queued.json["pending_id"]?.stringValue)
        #expect(
            queued.text
                == #"{"action":"store","namespace":"prod","pending_id":"\#(id)","#
                + #""reason":"governance requires approval","status":"pending"}"#)
        #expect(await contract.send("GET", "/api/v1/memories?namespace=prod").json["count"] == 1)
        let shown = await contract.send("GET", "/api/v1/pending?status=pending").json["pending"]?.arrayValue?.first
        #expect(shown?["payload"]?["title"] == "t" && shown?["requested_by"] == "ada" && shown?["memory_id"] == .null)
        #expect(await contract.send("GET", "/api/v1/capabilities").json["approval"]?["pending_requests"] == 1)

        contract.clock.advance(seconds: 60)
        let approved = await contract.send("POST", "/api/v1/pending/\(id)/approve", headers: [("X-Agent-Id", "bob")])
        #expect(approved.status == 200 && approved.json["executed"] == true && approved.json["decided_by"] == "bob")
        let memoryID = try #require(approved.json["memory_id"]?.stringValue)
        let memory = await contract.send("GET", "/api/v1/memories/\(memoryID)").json["memory"]
        #expect(
            memory?["created_at"] == "2026-01-02T03:05:05.123456789+00:00" && memory?["metadata"]?["agent_id"] == "ada")
        let again = await contract.send("POST", "/api/v1/pending/\(id)/approve")
        #expect(again.status == 403 && again.errorText == "approve rejected: already decided: status=approved")
        #expect(
            await contract.send("POST", "/api/v1/pending/nope/approve").errorText
                == "approve rejected: pending action not found: nope")

        let removal = await contract.send("DELETE", "/api/v1/memories/\(memoryID)", headers: [("X-Agent-Id", "ada")])
        #expect(removal.status == 202 && removal.json["memory_id"] == .string(memoryID))
        let second = try #require(removal.json["pending_id"]?.stringValue)
        let rejected = await contract.send("POST", "/api/v1/pending/\(second)/reject", headers: [("X-Agent-Id", "bob")])
        #expect(rejected.text == #"{"decided_by":"bob","id":"\#(second)","rejected":true}"#)
        #expect(await contract.send("POST", "/api/v1/pending/\(second)/reject").status == 404)
        #expect(await contract.send("GET", "/api/v1/memories/\(memoryID)").status == 200)
    }

    @Test("consensus: registered agents, each once whatever the case; the last vote carries it out")
    func consensus() async throws {
        let contract = try Contract()
        _ = await Self.setPolicy(contract, #"{"write":"approve","approver":{"consensus":2}}"#)
        let queued = await Self.store(contract, "t", as: "ada")
        let id = try #require(queued.json["pending_id"]?.stringValue)
        func vote(_ agent: String) async -> APIResponse {
            await contract.send("POST", "/api/v1/pending/\(id)/approve", headers: [("X-Agent-Id", agent)])
        }
        #expect(await vote("Bob").errorText == "approve rejected: voter 'Bob' is not a registered agent")
        for agent in ["Bob", "bob", "cyd"] { await Self.register(contract, agent) }
        let first = await vote("Bob")
        #expect(first.status == 202 && first.json["votes"] == 1 && first.json["quorum"] == 2)
        #expect(await vote("bob").json["votes"] == 1)
        let last = await vote("cyd")
        #expect(last.status == 200 && last.json["decided_by"] == "cyd")
        let row = await contract.send("GET", "/api/v1/pending").json["pending"]?.arrayValue?.first
        #expect(row?["approvals"]?.arrayValue?.map { $0["agent_id"] } == ["bob", "cyd"])
        #expect(await contract.send("GET", "/api/v1/memories?namespace=prod").json["count"] == 2)
    }

    @Test("a designated approver is the only one")
    func designated() async throws {
        let contract = try Contract()
        _ = await Self.setPolicy(contract, #"{"write":"approve","approver":{"agent":"boss"}}"#)
        let id = try #require(await Self.store(contract, "t", as: "ada").json["pending_id"]?.stringValue)
        let wrong = await contract.send("POST", "/api/v1/pending/\(id)/approve", headers: [("X-Agent-Id", "ada")])
        #expect(wrong.status == 403 && wrong.errorText == "approve rejected: only 'boss' may approve")
        let right = await contract.send("POST", "/api/v1/pending/\(id)/approve", headers: [("X-Agent-Id", "boss")])
        #expect(right.status == 200)
    }

    @Test("agents: registered again they keep their row and their first time")
    func agents() async throws {
        let contract = try Contract()
        func register(_ body: String) async -> APIResponse { await contract.send("POST", "/api/v1/agents", json: body) }
        let first = await register(#"{"agent_id":"ada","agent_type":"ai:claude-3.5","capabilities":["read"]}"#)
        #expect(first.status == 201 && first.json["registered"] == true)
        contract.clock.advance(seconds: 3)
        let second = await register(#"{"agent_id":"ada","agent_type":"human","capabilities":null}"#)
        #expect(second.json["id"] == first.json["id"])
        let listed = await contract.send("GET", "/api/v1/agents").json
        #expect(
            listed.text
                == #"{"agents":[{"agent_id":"ada","agent_type":"human","capabilities":[],"#
                + #""last_seen_at":"2026-01-02T03:04:08.123456789+00:00","#
                + #""registered_at":"\#(TestClock.startText)"}],"count":1}"#
        )
        #expect(
            await register(#"{"agent_id":"a b","agent_type":"human"}"#).errorText
                == "agent_id contains invalid character ' '")
        #expect(
            await register(#"{"agent_id":"a","agent_type":"robot"}"#).errorText?.hasPrefix("invalid agent_type 'robot'")
                == true)
    }

    @Test("taxonomy: a tree of exact prefixes, cut by depth and by limit")
    func taxonomy() async throws {
        let contract = try Contract()
        for (place, namespace) in ["a", "a/b", "a/b", "a/b/c", "ab", "A/x"].enumerated() {
            _ = try await contract.create(#"{"title":"t\#(place)","content":"c","namespace":"\#(namespace)"}"#)
        }
        let whole = await contract.send("GET", "/api/v1/taxonomy").json
        #expect(whole["total_count"] == 6 && whole["truncated"] == false)
        #expect(whole["tree"]?["children"]?.arrayValue?.map { $0["name"] } == ["A", "a", "ab"])
        let below = await contract.send("GET", "/api/v1/taxonomy?prefix=a/&depth=1").json
        #expect(below["total_count"] == 4)
        #expect(
            below["tree"]?.text
                == #"{"children":[{"children":[],"count":2,"name":"b","namespace":"a/b","subtree_count":3}],"#
                + #""count":1,"name":"a","namespace":"a","subtree_count":4}"#)
        let root = await contract.send("GET", "/api/v1/taxonomy?depth=0").json["tree"]
        #expect(root?["count"] == 6 && root?["children"] == [])
        #expect(await contract.send("GET", "/api/v1/taxonomy?limit=1").json["truncated"] == true)
        #expect(
            await contract.send("GET", "/api/v1/taxonomy?prefix=a//b").errorText?.hasPrefix(
                "invalid namespace_prefix: ") == true)
        let counts = await contract.send("GET", "/api/v1/namespaces").json["namespaces"]?.arrayValue
        #expect(counts?.first == ["count": 2, "namespace": "a/b"])
        // What has expired counts nowhere, collected or not.
        _ = try await contract.create(#"{"title":"brief","content":"c","namespace":"ab","ttl_secs":5}"#)
        _ = try await contract.create(#"{"title":"brief","content":"c","namespace":"gone","ttl_secs":5}"#)
        #expect(await contract.send("GET", "/api/v1/taxonomy").json["total_count"] == 8)
        contract.clock.advance(seconds: 5)
        let later = await contract.send("GET", "/api/v1/taxonomy").json
        #expect(later["total_count"] == 6)
        #expect(later["tree"]?["children"]?.arrayValue?.map { $0["name"] } == ["A", "a", "ab"])
        #expect(await contract.send("GET", "/api/v1/taxonomy?prefix=ab").json["total_count"] == 1)
    }
}
