/// Promote, forget, consolidate, collect, archive and back (http-api §5.6, §8; semantics §2.4, §2.5, §2.9, §2.10).
import JSON
import Server
import StateMachine
import Testing

@Suite struct LifecycleRouteTests {
    private static func memory(_ contract: Contract, _ id: String) async -> JSONValue? {
        await contract.send("GET", "/api/v1/memories/\(id)").json["memory"]
    }

    @Test("promote makes a memory long and takes its expiry away; a prefix will do")
    func promote() async throws {
        let contract = try Contract()
        let id = try await contract.create(#"{"title":"t","content":"c","tier":"short"}"#)
        contract.clock.advance(seconds: 5)
        let response = await contract.send("POST", "/api/v1/memories/\(id.prefix(8))/promote")
        #expect(response.status == 200)
        #expect(response.text == #"{"id":"\#(id)","promoted":true,"tier":"long"}"#)
        let memory = await Self.memory(contract, id)
        #expect(memory?["tier"] == "long" && memory?["expires_at"] == nil)
        #expect(memory?["updated_at"] == "2026-01-02T03:04:10.123456789+00:00")
        #expect(
            await contract.send("POST", "/api/v1/memories/00000000-0000-4000-8000-000000000000/promote").status == 404)
    }

    @Test("forget needs a condition, combines them, and archives whole rows, metadata included")
    func forget() async throws {
        let contract = try Contract()
        for (namespace, title) in [("a", "red lantern"), ("a", "blue harbour"), ("b", "red harbour")] {
            _ = try await contract.create(
                #"{"title":"\#(title)","content":"c","namespace":"\#(namespace)","metadata":{"k":1}}"#)
        }
        let none = await contract.send("POST", "/api/v1/forget", json: "{}")
        #expect(none.status == 400)
        #expect(none.errorText == "at least one of namespace, pattern, or tier is required")
        // v0.6.3 would delete the rows that hold the word "empty".
        _ = try await contract.create(#"{"title":"an empty room","content":"c"}"#)
        let wordless = await contract.send("POST", "/api/v1/forget", json: #"{"pattern":" *() OR "}"#)
        #expect(wordless.status == 400)

        let one = await contract.send("POST", "/api/v1/forget", json: #"{"namespace":"a","pattern":"lantern red"}"#)
        #expect(one.text == #"{"deleted":1}"#)
        let archive = await contract.send("GET", "/api/v1/archive").json
        #expect(archive["count"] == 1)
        let row = archive["archived"]?.arrayValue?.first
        #expect(row?["archive_reason"] == "forget" && row?["title"] == "red lantern")
        #expect(row?["metadata"]?["k"] == 1)

        let bySDK = await contract.send("POST", "/api/v1/forget?namespace=b")
        #expect(bySDK.text == #"{"deleted":1}"#)
        #expect(await contract.send("POST", "/api/v1/forget", json: #"{"tier":"none"}"#).status == 422)
    }

    @Test("a pattern meets what was stored in the same batch and not what was deleted in it")
    func forgetWithinBatch() async throws {
        let contract = try Contract()
        _ = await contract.send(
            "POST", "/api/v1/memories/bulk",
            json: #"[{"title":"x","content":"walnut"},{"title":"y","content":"walnut"}]"#)
        #expect(await contract.send("POST", "/api/v1/forget", json: #"{"pattern":"walnut"}"#).text == #"{"deleted":2}"#)
        #expect(await contract.send("POST", "/api/v1/forget", json: #"{"pattern":"walnut"}"#).text == #"{"deleted":0}"#)
    }

    @Test("consolidate replaces its sources in one step, keeps what they had, and refuses before it removes")
    func consolidate() async throws {
        let contract = try Contract()
        let first = try await contract.create(
            #"{"title":"a","content":"1","tags":["y","x"],"priority":3,"metadata":{"p":1,"q":1}}"#,
            headers: [("X-Agent-Id", "ada")])
        let second = try await contract.create(
            #"{"title":"b","content":"2","tags":["z","x"],"priority":8,"metadata":{"q":2}}"#,
            headers: [("X-Agent-Id", "bob")])
        func ask(_ ids: [String], title: String) async -> APIResponse {
            let list = JSONValue.array(ids.map { .string($0) }).text
            return await contract.send(
                "POST", "/api/v1/consolidate", headers: [("X-Agent-Id", "cyd")],
                json: #"{"ids":\#(list),"title":"\#(title)","summary":"both"}"#)
        }
        #expect(await ask([first], title: "m").errorText == "need at least 2 memory IDs")
        #expect(await ask([first, first], title: "m").errorText == "duplicate memory ID: \(first)")
        #expect(await ask([first, "nobody"], title: "m").status == 404)
        #expect(await ask([first, second], title: "a").status == 409)
        #expect(await Self.memory(contract, second)?["title"] == "b")

        let response = await ask([first, second], title: "m")
        #expect(response.status == 201 && response.json["consolidated"] == 2)
        let id = try #require(response.json["id"]?.stringValue)
        let memory = try #require(await Self.memory(contract, id))
        #expect(memory["tags"] == ["x", "y", "z"] && memory["priority"] == 8 && memory["confidence"] == 1.0)
        #expect(memory["tier"] == "long" && memory["expires_at"] == nil && memory["source"] == "consolidation")
        #expect(
            memory["metadata"]?.text
                == #"{"agent_id":"cyd","consolidated_from_agents":["ada","bob"],"derived_from":["\#(first)","\#(second)"],"#
                + #""p":1,"q":2}"#)
        #expect(await contract.send("GET", "/api/v1/memories/\(first)").status == 404)
        #expect(await contract.send("GET", "/api/v1/archive").json["count"] == 0)
    }

    @Test("gc moves what has expired to the archive, in as many commands as it takes, and nothing else")
    func collect() async throws {
        let contract = try Contract()
        let count = MemoryAPI.collectBatchForTests + 7
        for start in stride(from: 0, to: count, by: 400) {
            let rows = (start..<min(count, start + 400)).map {
                #"{"title":"t\#($0)","content":"c","ttl_secs":60}"#
            }
            _ = await contract.send("POST", "/api/v1/memories/bulk", json: "[\(rows.joined(separator: ","))]")
        }
        let kept = try await contract.create(#"{"title":"kept","content":"c","ttl_secs":3600}"#)
        contract.clock.advance(seconds: 61)
        let response = await contract.send("POST", "/api/v1/gc")
        #expect(response.text == #"{"expired_deleted":\#(count)}"#)
        #expect(await contract.send("GET", "/api/v1/archive/stats").json["archived_total"] == .integer(Int64(count)))
        #expect(await contract.send("GET", "/api/v1/memories/\(kept)").status == 200)
        #expect(await contract.send("POST", "/api/v1/gc").text == #"{"expired_deleted":0}"#)
    }

    @Test("archive takes whole ids, says what is missing, and restore brings a row back as long")
    func archiveAndRestore() async throws {
        let contract = try Contract()
        let id = try await contract.create(#"{"title":"t","content":"c","tags":["x"],"tier":"short"}"#)
        let other = try await contract.create(#"{"title":"o","content":"c"}"#)
        _ = await contract.send("POST", "/api/v1/links", json: #"{"source_id":"\#(id)","target_id":"\#(other)"}"#)
        let invalid = await contract.send("POST", "/api/v1/archive", json: #"{"ids":["\#(id)"," "]}"#)
        #expect(invalid.status == 400 && invalid.errorText?.hasPrefix("invalid id ") == true)
        let response = await contract.send(
            "POST", "/api/v1/archive", json: #"{"ids":["\#(id)","nobody"],"reason":"cleanup"}"#)
        #expect(response.text == #"{"archived":["\#(id)"],"count":1,"missing":["nobody"],"reason":"cleanup"}"#)
        let row = await contract.send("GET", "/api/v1/archive?namespace=global").json["archived"]?.arrayValue?.first
        #expect(row?["tags"] == #"["x"]"# && row?["last_accessed_at"] == .null && row?["tier"] == "short")
        #expect(await contract.send("GET", "/api/v1/links/\(other)").json["links"] == [])
        #expect(await contract.send("GET", "/api/v1/archive?limit=0").errorText == "limit must be >= 1")

        // The title is taken meanwhile: v0.6.3 answers 500.
        let blocker = try await contract.create(#"{"title":"t","content":"new"}"#)
        let conflict = await contract.send("POST", "/api/v1/archive/\(id)/restore")
        #expect(conflict.status == 409 && conflict.errorText?.contains(blocker) == true)
        _ = await contract.send("DELETE", "/api/v1/memories/\(blocker)")
        #expect(
            await contract.send("POST", "/api/v1/archive/\(id)/restore").text == #"{"id":"\#(id)","restored":true}"#)
        let memory = await Self.memory(contract, id)
        #expect(memory?["tier"] == "long" && memory?["expires_at"] == nil && memory?["tags"] == ["x"])
        let again = await contract.send("POST", "/api/v1/archive/\(id)/restore")
        #expect(again.status == 404 && again.errorText == "not found in archive")
    }

    @Test("purge is by age or of everything; a negative age is the caller's mistake")
    func purge() async throws {
        let contract = try Contract()
        let id = try await contract.create(#"{"title":"t","content":"c"}"#)
        _ = await contract.send("POST", "/api/v1/archive", json: #"{"ids":["\#(id)"]}"#)
        #expect(await contract.send("DELETE", "/api/v1/archive?older_than_days=1").text == #"{"purged":0}"#)
        #expect(await contract.send("DELETE", "/api/v1/archive?older_than_days=-1").status == 400)
        #expect(await contract.send("DELETE", "/api/v1/archive?older_than_days=x").status == 400)
        contract.clock.advance(seconds: 2 * 86_400)
        #expect(await contract.send("DELETE", "/api/v1/archive?older_than_days=1").text == #"{"purged":1}"#)
        #expect(await contract.send("DELETE", "/api/v1/archive").text == #"{"purged":0}"#)
    }
}

extension MemoryAPI {
    /// What one command of `gc` removes at most.
    static var collectBatchForTests: Int { 500 }
}
