/// The listener over real sockets: framing, limits, keep-alive, stop, and an address in use.
import Foundation
import JSON
import Server
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite("HTTP server")
struct HTTPServerTests {
    /// Runs `body` against a listening server and stops it.
    private func withServer(
        options: HTTPServerOptions = HTTPServerOptions(), handler: @escaping HTTPServer.Handler,
        _ body: (Int, HTTPServer) async throws -> Void
    ) async throws {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = HTTPServer(
            host: "127.0.0.1", port: 0, options: options, onBound: { port.yield($0) }, handler: handler)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            for await bound in ports {
                do {
                    try await body(bound, server)
                } catch {
                    try await server.stop()
                    throw error
                }
                break
            }
            try await server.stop()
            try await group.waitForAll()
        }
    }

    private func withContract(_ body: (Int, Contract) async throws -> Void) async throws {
        let contract = try Contract()
        let api = contract.api
        try await withServer(handler: { await api.respond(to: $0) }) { port, _ in try await body(port, contract) }
    }

    @Test("requests on one kept connection are answered in order, with length and date")
    func keepAlive() async throws {
        try await withContract { port, _ in
            let create = #"{"title":"über","content":"c"}"#
            let answers = try await RawClient.exchange(
                port: port, answers: 3,
                [
                    "POST /api/v1/memories HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        + "Content-Length: \(create.utf8.count)\r\nX-Agent-Id: alice\r\n\r\n\(create)",
                    "GET /api/v1/memories?limit=1 HTTP/1.1\r\nhost: x\r\n\r\n",
                    "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n",
                ])
            #expect(answers.map(\.status) == [201, 200, 404])
            #expect(answers[0].header("content-type") == "application/json")
            #expect(answers[0].header("etag") == "\"2\"")
            #expect(answers[0].header("vary")?.hasPrefix("origin") == true)
            #expect(answers[0].header("date")?.hasSuffix(" GMT") == true)
            #expect(answers[0].body.contains(#""title":"über""#))
            #expect(answers[1].body.hasPrefix(#"{"count":1,"memories":[{"#))
            #expect(answers[2].header("content-length") == "0")
        }
    }

    @Test("pipelined requests are answered in order")
    func pipelining() async throws {
        try await withContract { port, _ in
            let one = "GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n"
            let two = "GET /api/v1/capabilities HTTP/1.1\r\nHost: x\r\n\r\n"
            let answers = try await RawClient.exchange(port: port, answers: 2, [one + two])
            #expect(answers.count == 2)
            #expect(answers[0].body.contains("ai-memory"))
            #expect(answers[1].body.contains("schema_version"))
        }
    }

    @Test("a chunked body is put together")
    func chunked() async throws {
        try await withContract { port, _ in
            let head =
                "POST /api/v1/memories HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n"
            let answers = try await RawClient.exchange(
                port: port, answers: 1,
                [head, "a\r\n{\"title\":\"\r\n", "13\r\nt\",\"content\":\"c\"}  \r\n", "0\r\n\r\n"])
            #expect(answers[0].status == 201, "\(answers[0].body)")
        }
    }

    @Test("a declared body over the limit is 413 before it is sent")
    func declaredTooLarge() async throws {
        try await withContract { port, contract in
            let answers = try await RawClient.exchange(
                port: port, answers: 1,
                [
                    "POST /api/v1/memories HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        + "Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n"
                ])
            #expect(answers[0].status == 413)
            #expect(answers[0].body.hasPrefix("Failed to buffer the request body: "))
            #expect(contract.service.submitted.isEmpty)
        }
    }

    @Test("a chunked body that grows over the limit is 413, and the connection can go on")
    func chunkedTooLarge() async throws {
        try await withContract { port, _ in
            let chunk = "8000\r\n" + String(repeating: "x", count: 0x8000) + "\r\n"
            let answers = try await RawClient.exchange(
                port: port, answers: 2,
                [
                    "POST /api/v1/memories HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n"
                ] + Array(repeating: chunk, count: 65) + [
                    "0\r\n\r\nGET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n"
                ])
            #expect(answers.map(\.status) == [413, 200])
        }
    }

    @Test("Expect: 100-continue is answered before the body is sent")
    func expectContinue() async throws {
        try await withContract { port, _ in
            let body = #"{"title":"t","content":"c"}"#
            let answers = try await RawClient.exchange(
                port: port, answers: 2,
                [
                    "POST /api/v1/memories HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        + "Expect: 100-continue\r\nContent-Length: \(body.utf8.count)\r\n\r\n", body,
                ])
            #expect(answers.map(\.status) == [100, 201])
        }
    }

    @Test("HEAD has the length of the body and no body")
    func head() async throws {
        try await withContract { port, _ in
            let answers = try await RawClient.exchange(
                port: port, answers: 2,
                [
                    "HEAD /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n",
                    "GET /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                ], headAt: [0])
            #expect(answers[0].body.isEmpty)
            #expect(answers[0].header("content-length") == answers[1].header("content-length"))
        }
    }

    @Test("headers beyond the limit and garbage are refused, and the server lives on")
    func garbage() async throws {
        try await withContract { port, _ in
            let large = "GET / HTTP/1.1\r\nHost: x\r\nX-Large: \(String(repeating: "x", count: 100_000))\r\n\r\n"
            let many = "GET / HTTP/1.1\r\nHost: x\r\n" + (0..<200).map { "X-\($0): y\r\n" }.joined() + "\r\n"
            for text in [large, many, "\u{0}\u{1}\u{2}garbage\r\n\r\n", "GET\r\n\r\n"] {
                let answers = try await RawClient.exchange(port: port, answers: 1, [text])
                #expect(answers.isEmpty || answers[0].status == 400)
            }
            let alive = try await RawClient.exchange(
                port: port, answers: 1, ["GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n"])
            #expect(alive[0].status == 200)
        }
    }

    @Test("the handler gets path, query and repeated header names as sent")
    func translation() async throws {
        let box = RequestBox()
        try await withServer(
            handler: { request in
                box.seen.withLock { $0.append(request) }
                return APIResponse(status: 204)
            }
        ) { port, _ in
            _ = try await RawClient.exchange(
                port: port, answers: 2,
                [
                    "PURGE /a%2Fb/c?x=1&y=%20?z HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nx-one: 2\r\n\r\n",
                    "GET http://example.org/p?q HTTP/1.1\r\nHost: x\r\n\r\n",
                ])
        }
        let requests = box.seen.withLock { $0 }
        try #require(requests.count == 2)
        #expect(requests[0].method == "PURGE")
        #expect(requests[0].path == "/a%2Fb/c")
        #expect(requests[0].rawQuery == "x=1&y=%20?z")
        #expect(requests[0].headers["X-ONE"] == "1")
        #expect(requests[1].path == "/p")
        #expect(requests[1].rawQuery == "q")
    }

    @Test("an idle connection is closed by the server")
    func idle() async throws {
        try await withServer(
            options: HTTPServerOptions(idleTimeoutSeconds: 1), handler: { _ in APIResponse(status: 204) }
        ) { port, _ in
            // Nothing is sent; the read ends when the server closes.
            let answers = try await RawClient.exchange(port: port, answers: 1, ["GET / HT"])
            #expect(answers.isEmpty)
        }
    }

    @Test("stopping lets a running request finish")
    func gracefulStop() async throws {
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        try await withServer(
            handler: { _ in
                enter.yield()
                for await _ in released { break }
                return APIResponse(status: 200, body: Array("done".utf8))
            }
        ) { port, server in
            async let answers = RawClient.exchange(port: port, answers: 1, ["GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
            for await _ in entered { break }
            async let stopped: Void = server.stop()
            release.yield()
            let finished = try await answers
            try await stopped
            #expect(finished.first?.status == 200)
            #expect(finished.first?.body == "done")
            // Nobody listens there any more, or somebody else who was given the port since.
            var later: [String] = []
            do {
                let answers = try await RawClient.exchange(
                    port: port, answers: 1, ["GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
                later = answers.map(\.body)
            } catch is RawClient.Failure {}
            #expect(!later.contains("done"))
        }
    }

    @Test("a port in use is an error that names the address")
    func portInUse() async throws {
        try await withServer(handler: { _ in APIResponse(status: 204) }) { port, _ in
            let second = HTTPServer(host: "127.0.0.1", port: port) { _ in APIResponse(status: 204) }
            do {
                try await second.run()
                Issue.record("the second listener started")
            } catch let error as HTTPServerError {
                #expect(error.description.hasPrefix("cannot listen on 127.0.0.1:\(port): "))
                #expect(error.description.contains("in use"))
            }
        }
    }
}

/// Gives a test's handler a place to put what it saw.
private final class RequestBox: Sendable {
    let seen = Mutex<[APIRequest]>([])
}
