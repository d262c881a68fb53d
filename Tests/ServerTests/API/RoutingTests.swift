import JSON
import Testing

/// Paths and methods: what exists, what does not, and what every answer carries.
@testable import Server

@Suite("Routing")
struct RoutingTests {
    static let missing: [Route] = Route.compatible.filter { $0.endpoint == .notBuilt }
    private static func target(_ route: Route) -> String {
        route.pattern.replacing("{id}", with: "abc").replacing("{ns}", with: "n")
    }

    @Test("the compatible surface has exactly 55 method and path pairs on 41 paths")
    func tableSize() {
        #expect(Route.compatible.count == 55)
        #expect(Set(Route.compatible.map(\.pattern)).count == 41)
        #expect(Set(Route.compatible).count == 55)
    }

    @Test("routes that are not built answer 501 and say which they are", arguments: RoutingTests.missing)
    func answers501(_ route: Route) async throws {
        let contract = try Contract()
        let response = await contract.send(route.method, RoutingTests.target(route))
        #expect(response.status == 501)
        #expect(response.errorText == "\(route.method) \(route.pattern) is not built in this version")
        #expect(contract.service.submitted.isEmpty)
    }

    @Test(
        "unknown paths are 404 with an empty body",
        arguments: [
            "/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/memories/", "/api/v1/memories/a/b",
            "/api/v1/memories//promote", "/api/v1/health/", "/API/v1/health", "/api/v1/%68ealth", "/api/v2/health",
            "/cluster/v1/registers/", "/metrics/",
        ])
    func unknown(_ path: String) async throws {
        let contract = try Contract()
        let response = await contract.send("GET", path)
        #expect(response.status == 404)
        #expect(response.body.isEmpty)
    }

    @Test(
        "known paths with another method are 405 with Allow and an empty body",
        arguments: [
            ("PATCH", "/api/v1/memories", "GET,HEAD,POST"), ("POST", "/api/v1/memories/abc", "GET,HEAD,PUT,DELETE"),
            ("GET", "/api/v1/memories/bulk", "POST"), ("DELETE", "/api/v1/memories/bulk", "POST"),
            ("HEAD", "/api/v1/memories/bulk", "POST"), ("POST", "/api/v1/health", "GET,HEAD"),
            ("PUT", "/api/v1/recall", "GET,HEAD,POST"), ("GET", "/api/v1/gc", "POST"),
            ("POST", "/api/v1/archive/stats", "GET,HEAD"), ("POST", "/cluster/v1/registers/k", "GET,HEAD,PUT"),
            ("BREW", "/metrics", "GET,HEAD"), ("get", "/metrics", "GET,HEAD"),
        ])
    func methodNotAllowed(_ method: String, _ path: String, _ allow: String) async throws {
        let contract = try Contract()
        let response = await contract.send(method, path)
        #expect(response.status == 405)
        #expect(response.headers["Allow"] == allow)
        #expect(response.body.isEmpty)
    }

    @Test("any OPTIONS is 200 and empty, whatever the path")
    func options() async throws {
        let contract = try Contract()
        for path in ["/api/v1/memories", "/nothing", "*"] {
            let response = await contract.send("OPTIONS", path)
            #expect(response.status == 200)
            #expect(response.body.isEmpty)
            #expect(response.headers["vary"] != nil)
        }
    }

    @Test("every answer carries Vary and no Access-Control header")
    func vary() async throws {
        let contract = try Contract()
        for (method, path) in [
            ("GET", "/api/v1/health"), ("GET", "/x"), ("PATCH", "/metrics"), ("GET", "/api/v1/agents"),
        ] {
            let response = await contract.send(method, path)
            #expect(
                response.headers["Vary"]
                    == "origin, access-control-request-method, access-control-request-headers")
            #expect(!response.headers.fields.contains { $0.name.hasPrefix("access-control") })
        }
    }

    @Test("HEAD is GET without the body, with its length")
    func head() async throws {
        let contract = try Contract()
        let get = await contract.send("GET", "/api/v1/health")
        let head = await contract.send("HEAD", "/api/v1/health")
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
        #expect(head.headers["content-length"] == String(get.body.count))
        #expect(head.headers["content-type"] == "application/json")
    }

    @Test("path parameters are percent-decoded single segments")
    func percentDecoding() async throws {
        let contract = try Contract()
        _ = await contract.send("PUT", "/cluster/v1/registers/a%2Fb%20c%zz", bytes: [1])
        let response = await contract.send("GET", "/cluster/v1/registers/a%2fb%20c%zz")
        #expect(response.status == 200)
        guard case .setRegister(let command) = contract.service.submitted[0].command else {
            Issue.record("not a register command")
            return
        }
        #expect(command.key == "a/b c%zz")
    }

    @Test("a path parameter that is not UTF-8 is a plain-text 400")
    func invalidParameter() async throws {
        let contract = try Contract()
        let response = await contract.send("GET", "/api/v1/memories/%ff%fe")
        #expect(response.status == 400)
        #expect(response.text.hasPrefix("Invalid URL: "))
        #expect(response.headers["content-type"] == "text/plain; charset=utf-8")
    }
}
