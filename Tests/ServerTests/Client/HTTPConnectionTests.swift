/// One connection against a scripted node.
///
/// Must never: wait for a time instead of an event; timeouts are what is tested.
import NIOCore
import NIOPosix
import Testing

@testable import Client

@Suite("One connection pairs every request with its answer or a failure", .timeLimit(.minutes(1)))
struct HTTPConnectionTests {
    private func connect(_ endpoint: Endpoint, limits: HTTPConnection.Limits = .init()) async throws -> HTTPConnection {
        try await HTTPConnection.connect(
            to: endpoint, on: MultiThreadedEventLoopGroup.singleton.next(), limits: limits
        ).get()
    }
    private func get(_ target: String, _ endpoint: Endpoint) throws -> ByteBuffer {
        try APIRequest(method: "GET", target: target).encoded(for: endpoint)
    }

    @Test func `requests at the same time share one connection and get their own answers`() async throws {
        let node = try ScriptedNode { .json(200, "{\"path\":\"\($0.target)\"}") }
        defer { node.stop() }
        let connection = try await connect(node.endpoint)
        try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for number in 0..<50 {
                let bytes = try get("/\(number)", node.endpoint)
                group.addTask { (number, try await connection.exchange(bytes, timeout: .seconds(20)).get().bodyText) }
            }
            for try await (number, body) in group { #expect(body == "{\"path\":\"/\(number)\"}") }
        }
        #expect(node.connectionCount == 1)
        #expect(node.requests.count == 50)
    }

    @Test func `silence ends in a timeout, and what waited behind it is known to be unsent`() async throws {
        let node = try ScriptedNode { _ in .silence }
        defer { node.stop() }
        let connection = try await connect(node.endpoint)
        let first = connection.exchange(try get("/1", node.endpoint), timeout: .milliseconds(100))
        let second = connection.exchange(try get("/2", node.endpoint), timeout: .seconds(20))
        await #expect(throws: ExchangeError.timedOut(afterMilliseconds: 100)) { try await first.get() }
        await #expect(throws: ExchangeError.closed(afterSending: false)) { try await second.get() }
        #expect(node.requests.count == 1)
    }

    @Test func `a connection that ends inside an answer is a failure after sending`() async throws {
        let node = try ScriptedNode { _ in .rawThenClose("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf") }
        defer { node.stop() }
        let connection = try await connect(node.endpoint)
        let bytes = try get("/", node.endpoint)
        await #expect(throws: ExchangeError.closed(afterSending: true)) {
            try await connection.exchange(bytes, timeout: .seconds(20)).get()
        }
    }

    @Test func `an answer that says close is the last one`() async throws {
        let node = try ScriptedNode { _ in .raw("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok") }
        defer { node.stop() }
        let connection = try await connect(node.endpoint)
        let bytes = try get("/", node.endpoint)
        #expect(try await connection.exchange(bytes, timeout: .seconds(20)).get().bodyText == "ok")
        await #expect(throws: ExchangeError.closed(afterSending: false)) {
            try await connection.exchange(bytes, timeout: .seconds(20)).get()
        }
    }

    @Test func `an answer nobody asked for ends the connection`() async throws {
        let twice = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        let node = try ScriptedNode { _ in .raw(twice + twice) }
        defer { node.stop() }
        let connection = try await connect(node.endpoint)
        let bytes = try get("/", node.endpoint)
        #expect(try await connection.exchange(bytes, timeout: .seconds(20)).get().bodyText == "ok")
        await #expect(throws: ExchangeError.self) {
            try await connection.exchange(bytes, timeout: .seconds(20)).get()
        }
    }

    @Test func `an answer larger than the bound is refused`() async throws {
        let node = try ScriptedNode { _ in .json(200, String(repeating: " ", count: 101)) }
        defer { node.stop() }
        let connection = try await connect(node.endpoint, limits: .init(responseBytesMax: 100))
        let bytes = try get("/", node.endpoint)
        await #expect(throws: ExchangeError.bodyTooLarge(bytesMax: 100)) {
            try await connection.exchange(bytes, timeout: .seconds(20)).get()
        }
    }

    @Test func `the queue is bounded`() async throws {
        let node = try ScriptedNode { _ in .silence }
        defer { node.stop() }
        let connection = try await connect(node.endpoint, limits: .init(queuedRequestsMax: 1))
        let bytes = try get("/", node.endpoint)
        let underWay = connection.exchange(bytes, timeout: .seconds(20))
        let queued = connection.exchange(bytes, timeout: .seconds(20))
        await #expect(throws: ExchangeError.queueFull(requestsMax: 1)) {
            try await connection.exchange(bytes, timeout: .seconds(20)).get()
        }
        node.stop()
        await #expect(throws: ExchangeError.closed(afterSending: true)) { try await underWay.get() }
        await #expect(throws: ExchangeError.closed(afterSending: false)) { try await queued.get() }
    }

    @Test func `nobody listening is a failure to connect`() async throws {
        let endpoint = try ScriptedNode.deadEndpoint()
        await #expect(throws: ExchangeError.connectFailed("connection refused")) { try await connect(endpoint) }
    }
}
