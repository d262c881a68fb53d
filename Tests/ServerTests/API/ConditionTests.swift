/// Idempotency keys, version conditions, consistency levels and the answers when the cluster cannot serve.
import JSON
import Server
import StateMachine
import Testing

@Suite("Conditions and failures")
struct ConditionTests {
    static let body = #"{"title":"t","content":"c"}"#

    @Test("a retried create with its key changes nothing and answers with the surviving id and author")
    func retriedCreate() async throws {
        let contract = try Contract()
        let key = [("Idempotency-Key", "k-1")]
        let first = await contract.send("POST", "/api/v1/memories", headers: key, json: ConditionTests.body)
        contract.clock.advance(seconds: 5)
        let second = await contract.send("POST", "/api/v1/memories", headers: key, json: ConditionTests.body)
        #expect(first.status == 201 && second.status == 201)
        #expect(first.json["id"] == second.json["id"])
        #expect(first.json["agent_id"] == second.json["agent_id"])
        #expect(first.headers["etag"] == second.headers["etag"])
        let list = await contract.send("GET", "/api/v1/memories").json["memories"]?.arrayValue ?? []
        #expect(list.count == 1)
        #expect(list[0]["updated_at"]?.stringValue == TestClock.startText)
        #expect(list[0]["metadata"]?["agent_id"] == first.json["agent_id"])
    }

    @Test("the same key for another request is 422 and changes nothing")
    func keyReuse() async throws {
        let contract = try Contract()
        let key = [("Idempotency-Key", "k")]
        let id = try await contract.create(ConditionTests.body, headers: key)
        for (method, path, body) in [
            ("POST", "/api/v1/memories", #"{"title":"t","content":"other"}"#),
            ("PUT", "/api/v1/memories/\(id)", ConditionTests.body), ("DELETE", "/api/v1/memories/\(id)", ""),
            ("POST", "/api/v1/memories/bulk", "[\(ConditionTests.body)]"), ("PUT", "/cluster/v1/registers/r", "v"),
        ] {
            let response = await contract.send(method, path, headers: key, json: body)
            #expect(response.status == 422)
            #expect(response.errorText == "Idempotency-Key was used before for a different request")
        }
        #expect(await contract.send("GET", "/api/v1/memories/\(id)").json["memory"]?["content"] == "c")
    }

    @Test("retried update, delete and bulk answer as the first time")
    func retriedOthers() async throws {
        let contract = try Contract()
        let id = try await contract.create(ConditionTests.body)
        for (method, path, body) in [
            ("PUT", "/api/v1/memories/\(id)", #"{"content":"d"}"#), ("DELETE", "/api/v1/memories/\(id)", ""),
            ("POST", "/api/v1/memories/bulk", #"[{"title":"b","content":"c"}]"#),
        ] {
            let key = [("Idempotency-Key", "\(method):\(path)")]
            let first = await contract.send(method, path, headers: key, json: body)
            contract.clock.advance(seconds: 1)
            let second = await contract.send(method, path, headers: key, json: body)
            #expect(first.status == 200 && second.status == 200)
            #expect(first.body == second.body)
        }
    }

    @Test("a retried delete by prefix answers as the first time, although the prefix names nothing any more")
    func retriedPrefixDelete() async throws {
        let contract = try Contract()
        let id = try await contract.create(ConditionTests.body)
        let path = "/api/v1/memories/\(id.prefix(9))"
        let key = [("Idempotency-Key", "k")]
        let first = await contract.send("DELETE", path, headers: key)
        let second = await contract.send("DELETE", path, headers: key)
        #expect(first.text == #"{"deleted":true}"#)
        #expect(second.status == 200)
        #expect(second.body == first.body)
        #expect(await contract.send("DELETE", path, headers: [("Idempotency-Key", "k2")]).status == 404)
        #expect(await contract.send("DELETE", path).status == 404)
    }

    @Test("headers that decide what a request means are refused when they come twice")
    func repeatedHeaders() async throws {
        let contract = try Contract()
        for name in ["Idempotency-Key", "If-Match"] {
            let response = await contract.send(
                "PUT", "/api/v1/memories/abc", headers: [(name, "\"1\""), (name.lowercased(), "\"2\"")], json: "{}")
            #expect(response.status == 400)
            #expect(response.errorText == "\(name) was sent more than once")
        }
        let read = await contract.send(
            "GET", "/api/v1/stats", headers: [("X-Consistency", "stale"), ("X-Consistency", "linearizable")])
        #expect(read.status == 400)
    }

    @Test("refusals name the index they were decided at")
    func refusalIndexes() async throws {
        let contract = try Contract()
        let unknown = "/api/v1/memories/00000000-0000-4000-8000-000000000000"
        #expect(await contract.send("GET", unknown).headers["x-mneme-applied-index"] == "1")
        #expect(await contract.send("DELETE", unknown).headers["x-mneme-applied-index"] == "2")
        let id = try await contract.create(ConditionTests.body)
        let conflict = await contract.send("DELETE", "/api/v1/memories/\(id)", headers: [("If-Match", "\"9\"")])
        #expect(conflict.status == 409)
        #expect(conflict.headers["x-mneme-applied-index"] == "4")
    }

    @Test(
        "keys outside 1 to 128 visible ASCII are 400 naming header and limit",
        arguments: ["", "a b", "é", "\t", "long"])
    func badKeys(_ key: String) async throws {
        let contract = try Contract()
        let value = key == "long" ? String(repeating: "x", count: 129) : key
        let response = await contract.send(
            "POST", "/api/v1/memories", headers: [("idempotency-key", value)], json: ConditionTests.body)
        #expect(response.status == 400)
        #expect(response.errorText == "Idempotency-Key must be 1 to 128 visible ASCII characters")
        #expect(contract.service.submitted.isEmpty)
    }

    @Test("If-Match with the row's version passes, with another is 409 with the row as it is")
    func ifMatch() async throws {
        let contract = try Contract()
        let id = try await contract.create(ConditionTests.body)
        let path = "/api/v1/memories/\(id)"
        let passed = await contract.send("PUT", path, headers: [("If-Match", "\"2\"")], json: #"{"content":"d"}"#)
        #expect(passed.status == 200)
        #expect(passed.headers["etag"] == "\"3\"")
        for (method, body) in [("PUT", #"{"content":"e"}"#), ("DELETE", "")] {
            let refused = await contract.send(method, path, headers: [("If-Match", "\"2\"")], json: body)
            #expect(refused.status == 409)
            #expect(refused.headers["etag"] == "\"3\"")
            #expect(refused.json["current"]?["content"] == "d")
            #expect(refused.json["current"]?["id"] == .string(id))
            #expect(refused.errorText?.contains("If-Match") == true)
        }
        let any = await contract.send("PUT", path, headers: [("If-Match", "*")], json: "{}")
        #expect(any.status == 200)
        let current = try #require(any.headers["etag"])
        #expect(await contract.send("DELETE", path, headers: [("If-Match", current)]).status == 200)
        #expect(await contract.send("DELETE", path, headers: [("If-Match", "*")]).status == 404)
    }

    @Test(
        "a malformed If-Match is 400 naming the header",
        arguments: [
            "1", "\"\"", "\"x\"", "W/\"1\"", "\"1\", \"2\"", "\"0\"", "\"-1\"", "\"99999999999999999999999\"", "",
        ])
    func malformedIfMatch(_ value: String) async throws {
        let contract = try Contract()
        let id = try await contract.create(ConditionTests.body)
        for (method, body) in [("PUT", "{}"), ("DELETE", "")] {
            let response = await contract.send(
                method, "/api/v1/memories/\(id)", headers: [("If-Match", value)], json: body)
            #expect(response.status == 400)
            #expect(response.errorText?.hasPrefix("If-Match must be ") == true)
        }
    }

    @Test("reads are linearizable unless asked otherwise; stale ones say how old they are")
    func consistency() async throws {
        let contract = try Contract()
        let id = try await contract.create(ConditionTests.body)
        let before = contract.service.barriers.count
        #expect(before == 0)
        let targets = [
            "/api/v1/memories/\(id)", "/api/v1/memories", "/api/v1/search?q=t", "/api/v1/recall?context=t",
            "/api/v1/stats",
        ]
        for target in targets {
            let plain = await contract.send("GET", target)
            #expect(plain.headers["x-mneme-applied-index"] == "2")
            #expect(plain.headers["x-mneme-age-ms"] == nil)
            #expect(contract.service.barriers.last == .linearizable)
            let stale = await contract.send("GET", target, headers: [("X-Consistency", "stale")])
            #expect(stale.status == 200)
            #expect(stale.headers["x-mneme-age-ms"] == "7")
            #expect(contract.service.barriers.last == .stale(ageMillisecondsMax: nil))
            let lease = await contract.send("GET", target, headers: [("X-Consistency", "lease")])
            #expect(lease.status == 200)
            #expect(lease.headers["x-mneme-age-ms"] == nil)
            #expect(contract.service.barriers.last == .lease)
            let bad = await contract.send("GET", target, headers: [("X-Consistency", "Eventually")])
            #expect(bad.status == 400)
            #expect(bad.errorText?.hasPrefix("X-Consistency must be linearizable, lease or stale") == true)
        }
    }

    @Test("a stale read with a bound is refused with its age when it is older")
    func boundedStaleness() async throws {
        let contract = try Contract()
        let id = try await contract.create(ConditionTests.body)
        let target = "/api/v1/memories/\(id)"
        func read(_ bound: String, _ consistency: String? = "stale") async -> APIResponse {
            var headers = [("X-Max-Staleness-Ms", bound)]
            if let consistency { headers.append(("X-Consistency", consistency)) }
            return await contract.send("GET", target, headers: headers)
        }
        let fresh = await read("7")
        #expect(fresh.status == 200)
        #expect(fresh.headers["x-mneme-age-ms"] == "7")
        #expect(contract.service.barriers.last == .stale(ageMillisecondsMax: 7))
        let old = await read("6")
        #expect(old.status == 503)
        #expect(old.headers["x-mneme-age-ms"] == "7")
        #expect(old.headers["retry-after"] == "1")
        #expect(
            old.errorText
                == "the state of this node may lack what was written in the last 7 ms; "
                + "X-Max-Staleness-Ms asked for at most 6 ms"
        )
        for bound in ["", "-1", "1.5", "86400001", "+7", "99999999999999999999"] {
            let bad = await read(bound)
            #expect(bad.status == 400)
            #expect(
                bad.errorText?.hasPrefix("X-Max-Staleness-Ms must be a number of milliseconds from 0 to 86400000")
                    == true)
        }
        for consistency in ["linearizable", "lease", nil] {
            let bad = await read("100", consistency)
            #expect(bad.status == 400)
            #expect(bad.errorText?.contains("goes with X-Consistency: stale only") == true)
        }
    }

    @Test("a prefix id of a write is resolved by a linearizable read, a whole id needs none")
    func writeResolution() async throws {
        let contract = try Contract()
        let id = try await contract.create(ConditionTests.body)
        let stale = [("X-Consistency", "stale")]
        _ = await contract.send("PUT", "/api/v1/memories/\(id)", headers: stale, json: "{}")
        #expect(contract.service.barriers.isEmpty)
        _ = await contract.send("PUT", "/api/v1/memories/\(id.prefix(9))", headers: stale, json: "{}")
        #expect(contract.service.barriers == [.linearizable])
    }

    static let failures: [(ServiceError, Int, String, Bool)] = [
        (.unavailable(reason: "no leader for 3 s"), 503, "no leader for 3 s", true),
        (.overloaded(reason: "64 MiB wait already"), 503, "64 MiB wait already", true),
        (
            .outcomeUnknown(reason: "no answer within 10000 ms"), 503,
            "outcome unknown: no answer within 10000 ms. The write may or may not have been applied. "
                + "Retrying with the same Idempotency-Key is safe.", false
        ),
        (.tooLarge(bytes: 9, bytesMax: 8), 413, "the command is 9 bytes, the limit for one command is 8 bytes", false),
        (.notBuilt("this"), 501, "this is not built in this version", false),
        (.storage("sqlite says no"), 500, "internal server error", false),
    ]

    @Test("a write the cluster cannot take says why, and whether a retry is safe", arguments: failures)
    func writeFailures(_ failure: ServiceError, _ status: Int, _ text: String, _ retry: Bool) async throws {
        let contract = try Contract()
        let id = try await contract.create(ConditionTests.body)
        contract.service.failSubmits(failure)
        for (method, path, body) in [
            ("POST", "/api/v1/memories", ConditionTests.body), ("PUT", "/api/v1/memories/\(id)", "{}"),
            ("DELETE", "/api/v1/memories/\(id)", ""), ("PUT", "/cluster/v1/registers/r", "v"),
            ("POST", "/api/v1/memories/bulk", "[\(ConditionTests.body)]"),
        ] {
            let response = await contract.send(method, path, json: body)
            #expect(response.status == status)
            #expect(response.errorText == text)
            #expect(response.headers["retry-after"] == (retry ? "1" : nil))
        }
    }

    @Test("without a leader linearizable reads are 503, stale ones and the node's own pages still answer")
    func noLeader() async throws {
        let contract = try Contract()
        let id = try await contract.create(ConditionTests.body)
        contract.service.failBarriers(.unavailable(reason: "no leader"))
        let response = await contract.send("GET", "/api/v1/memories/\(id)")
        #expect(response.status == 503)
        #expect(response.headers["Retry-After"] == "1")
        #expect(response.errorText == "no leader")
        #expect(
            await contract.send("GET", "/api/v1/memories/\(id)", headers: [("X-Consistency", "stale")]).status == 200)
        for path in ["/api/v1/health", "/api/v1/capabilities", "/metrics", "/cluster/v1/status", "/cluster/v1/metrics"]
        {
            #expect(await contract.send("GET", path).status == 200)
        }
    }

    @Test("a store that cannot read is 500 without its reason")
    func storageFailure() async throws {
        let contract = try Contract()
        contract.service.failReads(.storage("disk I/O error in /secret/path"))
        for target in ["/api/v1/memories", "/api/v1/stats", "/api/v1/memories/abc", "/api/v1/search?q=a"] {
            let response = await contract.send("GET", target)
            #expect(response.status == 500)
            #expect(response.text == #"{"error":"internal server error"}"#)
        }
        let health = await contract.send("GET", "/api/v1/health")
        #expect(health.status == 503)
        #expect(health.json["status"] == "error")
        #expect(health.json["error"] == nil)
        #expect(health.headers["retry-after"] == nil)
    }
}
