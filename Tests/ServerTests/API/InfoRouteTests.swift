/// Health, capabilities, stats, metrics, and the cluster's own routes.
import JSON
import Server
import StateMachine
import Testing

@Suite("Information and cluster routes")
struct InfoRouteTests {
    @Test("health is exactly the five keys")
    func health() async throws {
        let contract = try Contract()
        let response = await contract.send("GET", "/api/v1/health")
        #expect(response.status == 200)
        #expect(
            response.text
                == #"{"embedder_ready":false,"federation_enabled":false,"service":"ai-memory","status":"ok","#
                + #""version":"0.6.3"}"#)
    }

    @Test("capabilities are schema 2 of the keyword tier")
    func capabilities() async throws {
        let contract = try Contract()
        let response = await contract.send("GET", "/api/v1/capabilities")
        let expected =
            #"{"approval":{"default_timeout_seconds":30,"pending_requests":0,"subscribers":0},"#
            + #""compaction":{"enabled":false,"interval_minutes":null,"last_run_at":null,"last_run_stats":null},"#
            + #""features":{"auto_consolidation":false,"auto_tagging":false,"contradiction_analysis":false,"#
            + #""cross_encoder_reranking":false,"embedder_loaded":false,"hybrid_recall":false,"keyword_search":true,"#
            + #""memory_reflection":false,"query_expansion":false,"semantic_search":false},"#
            + #""hooks":{"by_event":{},"registered_count":0},"#
            + #""models":{"cross_encoder":"none","embedding":"none","embedding_dim":0,"llm":"none"},"#
            + #""permissions":{"active_rules":0,"mode":"ask","rule_summary":[]},"schema_version":"2","#
            + #""tier":"keyword","transcripts":{"enabled":false,"total_count":0,"total_size_mb":0},"version":"0.6.3"}"#
        #expect(response.text == expected)
    }

    @Test("stats count expired rows too, largest first")
    func stats() async throws {
        let contract = try Contract()
        _ = try await contract.create(#"{"title":"a","content":"c","namespace":"n","tier":"long"}"#)
        _ = try await contract.create(#"{"title":"b","content":"c","ttl_secs":60}"#)
        _ = try await contract.create(#"{"title":"c","content":"c","ttl_secs":1}"#)
        contract.clock.advance(seconds: 2)
        let stats = await contract.send("GET", "/api/v1/stats").json
        #expect(stats["total"] == 3)
        #expect(stats["links_count"] == 0)
        #expect(stats["expiring_soon"] == 1)
        #expect((stats["db_size_bytes"]?.integerValue ?? 0) > 0)
        #expect(stats["by_tier"] == [["count": 2, "tier": "mid"], ["count": 1, "tier": "long"]])
        #expect(stats["by_namespace"] == [["count": 2, "namespace": "global"], ["count": 1, "namespace": "n"]])
    }

    @Test("both metrics paths give the compatible families, then the server's own")
    func metrics() async throws {
        let contract = try Contract()
        _ = try await contract.create(#"{"title":"a","content":"c"}"#)
        for path in ["/metrics", "/api/v1/metrics"] {
            let response = await contract.send("GET", path)
            #expect(response.status == 200)
            #expect(response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(response.text.contains("# TYPE ai_memory_memories gauge\nai_memory_memories 1\n"))
            #expect(response.text.contains("ai_memory_contradiction_detected_total 0\n"))
            #expect(!response.text.contains("ai_memory_store_total"))
            #expect(
                response.text.contains(
                    "mneme_http_requests_total{route=\"POST /api/v1/memories\",status=\"2xx\"} 1\n"))
            #expect(response.text.contains("mneme_raft_term 1\n"))
            let families = response.text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ai_memory") }
            #expect(families == families.sorted())
        }
        let own = await contract.send("GET", "/cluster/v1/metrics")
        #expect(!own.text.contains("ai_memory_"))
        #expect(own.text.contains("mneme_raft_term 1\n"))
    }

    @Test("status prints the node and its peers")
    func status() async throws {
        let contract = try Contract()
        _ = try await contract.create(#"{"title":"a","content":"c"}"#)
        let status = await contract.send("GET", "/cluster/v1/status").json
        #expect(status["node_id"] == 1)
        #expect(status["cluster_id"] == "test")
        #expect(status["role"] == "leader")
        #expect(status["leader_id"] == 1)
        #expect(status["commit_index"] == 2)
        #expect(status["applied_index"] == 2)
        #expect(status["digest"] == "00ff")
        let peer = status["peers"]?.arrayValue?.first
        #expect(peer?["id"] == 2)
        #expect(peer?["match_index"] == 3)
        #expect(peer?["role"] == "learner")
        #expect(status["membership"] == "voter")
        #expect(peer?["lag_entries"] == .some(.null))
    }

    @Test("a register is written, read back byte for byte, and compared by version")
    func registers() async throws {
        let contract = try Contract()
        let path = "/cluster/v1/registers/counter"
        #expect(await contract.send("GET", path).status == 404)
        let value: [UInt8] = [0, 255, 10, 34]
        let created = await contract.send("PUT", path, headers: [("If-None-Match", "*")], bytes: value)
        #expect(created.status == 200)
        #expect(created.text == #"{"key":"counter","version":2}"#)
        #expect(created.headers["etag"] == "\"2\"")
        let read = await contract.send("GET", path)
        #expect(read.body == value)
        #expect(read.headers["etag"] == "\"2\"")
        #expect(read.headers["content-type"] == "application/octet-stream")
        #expect(read.headers["x-mneme-applied-index"] == "2")

        let exists = await contract.send("PUT", path, headers: [("If-None-Match", "*")], bytes: [1])
        #expect(exists.status == 409)
        #expect(exists.json["version"] == 2)
        #expect(exists.headers["etag"] == "\"2\"")
        let swapped = await contract.send("PUT", path, headers: [("If-Match", "\"2\"")], bytes: [2])
        #expect(swapped.status == 200)
        let stale = await contract.send("PUT", path, headers: [("If-Match", "\"1\"")], bytes: [3])
        #expect(stale.status == 409)
        #expect(stale.json["version"] == swapped.json["version"])
        #expect(await contract.send("GET", path).body == [2])
        let absent = await contract.send(
            "PUT", "/cluster/v1/registers/none", headers: [("If-Match", "\"1\"")], bytes: [])
        #expect(absent.status == 409)
        #expect(absent.json["version"] == 0)
        #expect(absent.headers["etag"] == nil)
        #expect(await contract.send("PUT", path, bytes: []).status == 200)
        #expect(await contract.send("GET", path).body.isEmpty)
    }

    @Test("registers name their limits")
    func registerLimits() async throws {
        let contract = try Contract()
        let path = "/cluster/v1/registers/"
        let longKey = await contract.send("PUT", path + String(repeating: "k", count: 513))
        #expect(longKey.status == 400)
        #expect(longKey.errorText == "register key must be 1 to 512 bytes")
        #expect(await contract.send("GET", path + String(repeating: "k", count: 513)).status == 400)
        #expect(await contract.send("PUT", path + String(repeating: "k", count: 512), bytes: [1]).status == 200)
        let full = [UInt8](repeating: 7, count: 65_536)
        #expect(await contract.send("PUT", path + "r", bytes: full).status == 200)
        let tooLong = await contract.send("PUT", path + "r", bytes: full + [7])
        #expect(tooLong.status == 413)
        #expect(tooLong.errorText == "register value exceeds 65536 bytes")
        #expect(await contract.send("PUT", path + "r", bodyExceedsLimit: true).status == 413)
        for headers in [
            [("If-None-Match", "\"1\"")], [("If-None-Match", "*"), ("If-Match", "\"1\"")], [("If-Match", "*")],
            [("If-Match", "1")],
        ] {
            #expect(await contract.send("PUT", path + "r", headers: headers, bytes: [1]).status == 400)
        }
    }
}
