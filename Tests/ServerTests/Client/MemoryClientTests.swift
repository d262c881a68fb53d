/// Fail-over, retries and typed answers of the client against scripted nodes.
///
/// Must never: need a real server.
import Client
import Synchronization
import Testing

@Suite("The client fails over by itself and never repeats a write under another key", .timeLimit(.minutes(1)))
struct MemoryClientTests {
    private static let stored = #"{"agent_id":"a","id":"id-1","namespace":"n","tier":"mid","title":"t"}"#
    private static let noLeader = #"{"error":"no leader"}"#

    private func client(
        _ endpoints: [Endpoint], attemptMilliseconds: Int64 = 10_000, callMilliseconds: Int64 = 20_000
    ) -> MemoryClient {
        MemoryClient(
            endpoints: endpoints,
            options: ClientOptions(
                agentID: "alice", attemptTimeoutMilliseconds: attemptMilliseconds,
                callTimeoutMilliseconds: callMilliseconds, roundPauseMilliseconds: 5))
    }
    private func receipt(_ result: StoreResult) throws -> StoreReceipt {
        guard case .stored(let receipt) = result else {
            Issue.record("not stored: \(result)")
            throw ClientError.cancelled
        }
        return receipt
    }

    @Test func `a dead, a leaderless and a silent node are passed over, with one key for all`() async throws {
        let leaderless = try ScriptedNode { _ in .json(503, Self.noLeader, headers: ["Retry-After: 1"]) }
        let silent = try ScriptedNode { _ in .silence }
        let healthy = try ScriptedNode { _ in .json(201, Self.stored, headers: ["ETag: \"9\""]) }
        defer { for node in [leaderless, silent, healthy] { node.stop() } }
        let client = client(
            [try ScriptedNode.deadEndpoint(), leaderless.endpoint, silent.endpoint, healthy.endpoint],
            attemptMilliseconds: 1000)
        let receipt = try receipt(try await client.store(StoreRequest(title: "t", content: "c")))
        #expect(receipt.id == "id-1")
        #expect(receipt.entityTag == "\"9\"")
        #expect(receipt.endpoint == healthy.endpoint)
        let keys = [leaderless, silent, healthy].flatMap(\.requests).map { $0.headers["idempotency-key"] }
        #expect(keys == [receipt.idempotencyKey, receipt.idempotencyKey, receipt.idempotencyKey])
        #expect(healthy.requests.first?.headers["x-agent-id"] == "alice")
        #expect(healthy.requests.first?.body == #"{"content":"c","title":"t"}"#)
    }

    @Test func `the endpoint that worked is asked first from then on`() async throws {
        let leaderless = try ScriptedNode { _ in .json(503, Self.noLeader) }
        let healthy = try ScriptedNode { _ in .json(200, #"{"count":0,"memories":[]}"#) }
        defer { for node in [leaderless, healthy] { node.stop() } }
        let client = client([leaderless.endpoint, healthy.endpoint])
        for _ in 0..<3 { _ = try await client.list(MemoryFilter()) }
        #expect(leaderless.requests.count == 1)
        #expect(healthy.requests.count == 3)
        #expect(healthy.connectionCount == 1)
    }

    @Test func `rounds go on until a leader is there`() async throws {
        let answers = Mutex(0)
        let node = try ScriptedNode { _ in
            let number = answers.withLock { count -> Int in
                count += 1
                return count
            }
            return number < 4 ? .json(503, Self.noLeader) : .json(201, Self.stored)
        }
        defer { node.stop() }
        _ = try receipt(try await client([node.endpoint]).store(StoreRequest(title: "t", content: "c")))
        #expect(node.requests.count == 4)
        #expect(Set(node.requests.map { $0.headers["idempotency-key"] }).count == 1)
    }

    @Test func `when all fail the error lists each endpoint with its reason`() async throws {
        let leaderless = try ScriptedNode { _ in .json(503, Self.noLeader) }
        let dead = try ScriptedNode.deadEndpoint()
        defer { leaderless.stop() }
        let client = client([dead, leaderless.endpoint], callMilliseconds: 1000)
        let error = await #expect(throws: ClientError.self) {
            try await client.store(StoreRequest(title: "t", content: "c"))
        }
        let text = error?.description ?? ""
        #expect(text.contains("all 2 endpoints failed"))
        #expect(text.contains("\(dead): cannot connect: connection refused"))
        #expect(text.contains("\(leaderless.endpoint): 503 no leader"))
        #expect(!text.contains("may or may not"))
    }

    @Test func `an endpoint that was not asked in time is listed as such`() async throws {
        let silent = try ScriptedNode { _ in .silence }
        let healthy = try ScriptedNode { _ in .json(201, Self.stored) }
        defer { for node in [silent, healthy] { node.stop() } }
        let client = client([silent.endpoint, healthy.endpoint], callMilliseconds: 30)
        let error = await #expect(throws: ClientError.self) { try await client.list(MemoryFilter()) }
        #expect(error?.description.contains("\(healthy.endpoint): not asked, the time was up") == true)
        #expect(healthy.requests.isEmpty)
    }

    @Test func `an unknown outcome is said in so many words, with the key`() async throws {
        let node = try ScriptedNode { _ in .json(503, #"{"error":"outcome unknown","outcome":"unknown"}"#) }
        defer { node.stop() }
        let client = client([node.endpoint], callMilliseconds: 50)
        let error = await #expect(throws: ClientError.self) {
            try await client.store(StoreRequest(title: "t", content: "c", idempotencyKey: "key-1"))
        }
        #expect(error?.description.contains("may or may not have taken effect") == true)
        #expect(error?.description.contains("key-1") == true)
    }

    @Test func `where nobody listens at all there is no second round`() async throws {
        let endpoints = [try ScriptedNode.deadEndpoint(), try ScriptedNode.deadEndpoint()]
        let begun = ContinuousClock().now
        await #expect(throws: ClientError.self) { try await client(endpoints).list(MemoryFilter()) }
        #expect(ContinuousClock().now - begun < .seconds(10))
    }

    @Test("a refusal is final and carries the node's words", arguments: [400, 403, 409, 413, 422, 500])
    func refusal(status: Int) async throws {
        let node = try ScriptedNode { _ in .json(status, #"{"error":"title cannot be empty"}"#) }
        let other = try ScriptedNode { _ in .json(201, Self.stored) }
        defer { for node in [node, other] { node.stop() } }
        let client = client([node.endpoint, other.endpoint])
        await #expect(
            throws: ClientError.refused(endpoint: node.endpoint, status: status, message: "title cannot be empty")
        ) { try await client.store(StoreRequest(title: " ", content: "c")) }
        #expect(other.requests.isEmpty)
    }

    @Test func `plain-text and empty refusals keep their meaning`() async throws {
        let node = try ScriptedNode { request in
            request.target.contains("plain")
                ? .raw("HTTP/1.1 415 U\r\nContent-Length: 8\r\n\r\nExpected") : .json(405, "")
        }
        defer { node.stop() }
        let client = client([node.endpoint])
        await #expect(throws: ClientError.refused(endpoint: node.endpoint, status: 415, message: "Expected")) {
            try await client.list(MemoryFilter(namespace: "plain"))
        }
        await #expect(throws: ClientError.refused(endpoint: node.endpoint, status: 405, message: "HTTP status 405")) {
            try await client.list(MemoryFilter())
        }
    }

    @Test func `a keep-alive connection that the node closed meanwhile is opened again`() async throws {
        let node = try ScriptedNode { request in
            // The first connection dies when it is used for the second time.
            request.connection == 1 && request.target.contains("second")
                ? .rawThenClose("") : .json(200, #"{"count":0,"memories":[]}"#)
        }
        defer { node.stop() }
        let client = client([node.endpoint])
        _ = try await client.list(MemoryFilter(namespace: "first"))
        _ = try await client.list(MemoryFilter(namespace: "second"))
        #expect(node.connectionCount == 2)
    }

    @Test func `answers out of contract are named, not believed`() async throws {
        let node = try ScriptedNode { request in
            request.method == "POST" ? .json(201, "{}") : .json(200, "[1")
        }
        defer { node.stop() }
        let client = client([node.endpoint])
        for call in [0, 1] {
            let error = await #expect(throws: ClientError.self) {
                if call == 0 {
                    _ = try await client.store(StoreRequest(title: "t", content: "c"))
                } else {
                    _ = try await client.list(MemoryFilter())
                }
            }
            #expect(error?.description.contains("answered out of contract") == true)
        }
    }

    @Test func `a header value cannot break out of its line`() async throws {
        let node = try ScriptedNode { _ in .json(201, Self.stored) }
        defer { node.stop() }
        let client = client([node.endpoint])
        await #expect(throws: ClientError.invalidRequest("the value of Idempotency-Key must be visible ASCII")) {
            try await client.store(StoreRequest(title: "t", content: "c", idempotencyKey: "a\r\nX-Evil: 1"))
        }
        #expect(node.requests.isEmpty)
    }

    @Test func `queries and ids are percent-encoded, and reads carry their consistency`() async throws {
        let node = try ScriptedNode { _ in .json(404, #"{"error":"not found"}"#) }
        defer { node.stop() }
        let client = client([node.endpoint])
        #expect(try await client.memory(id: "a/b ü", consistency: .stale) == nil)
        await #expect(throws: ClientError.self) {
            try await client.search(
                "a&b+c", MemoryFilter(namespace: "x/y", limit: 3, since: "2026-01-01T00:00:00+00:00"))
        }
        #expect(
            node.requests.map(\.target) == [
                "/api/v1/memories/a%2Fb%20%C3%BC",
                "/api/v1/search?q=a%26b%2Bc&namespace=x%2Fy&limit=3&since=2026-01-01T00%3A00%3A00%2B00%3A00",
            ])
        #expect(node.requests.map { $0.headers["x-consistency"] } == ["stale", "linearizable"])
    }

    @Test func `a deletion tells deleted from not found from queued`() async throws {
        let node = try ScriptedNode { request in
            if request.target.hasSuffix("gone") { return .json(404, #"{"error":"not found"}"#) }
            if request.target.hasSuffix("held") { return .json(202, #"{"pending_id":"p1","status":"pending"}"#) }
            return .json(200, #"{"deleted":true}"#)
        }
        defer { node.stop() }
        let client = client([node.endpoint])
        #expect(try await client.delete(id: "here") == .deleted)
        #expect(try await client.delete(id: "gone") == .notFound)
        guard case .queued(let action) = try await client.delete(id: "held") else {
            Issue.record("not queued")
            return
        }
        #expect(action.pendingID == "p1")
        #expect(node.requests.allSatisfy { $0.headers["idempotency-key"]?.count == 32 })
    }
}
