/// The text forms of endpoints.
///
/// Must never: touch the network.
import Client
import Testing

@Suite("Endpoints are read with clear errors")
struct EndpointTests {
    @Test(
        "every accepted form",
        arguments: [
            ("127.0.0.1:9077", "127.0.0.1", 9077), ("http://node-1.example:80", "node-1.example", 80),
            ("http://localhost:9077/", "localhost", 9077), ("[::1]:9077", "::1", 9077),
            ("http://[fe80::1]:65535", "fe80::1", 65535),
        ])
    func accepts(text: String, host: String, port: Int) throws {
        #expect(try Endpoint(parsing: text) == Endpoint(host: host, port: port))
    }

    @Test(
        "every refused form names the text and the reason",
        arguments: [
            ("", "it is empty"), ("localhost", "the port is missing"), (":9077", "the host is missing"),
            ("localhost:", "the port must be a number"), ("localhost:0", "from 1 to 65535"),
            ("localhost:65536", "from 1 to 65535"), ("localhost:+80", "the port must be a number"),
            ("localhost:9077/api", "must not carry a path"), ("https://localhost:9077", "https is not supported"),
            ("ftp://localhost:1", "unknown scheme"), ("::1:9077", "needs brackets"),
            ("[::1]9077", "the port is missing"),
            ("[::1:9077", "the closing ']'"), ("me@host:1", "user name"), ("a b:1", "characters"),
            ("h\u{0d}\u{0a}x:1", "characters"),
        ])
    func refuses(text: String, reason: String) throws {
        let error = #expect(throws: EndpointError.self) { try Endpoint(parsing: text) }
        #expect(error?.description.contains(reason) == true)
        #expect(error?.text == text)
    }

    @Test func `a list keeps its order and refuses repetition and emptiness`() throws {
        let list = try Endpoint.list(parsing: "a:1, b:2 ,http://c:3")
        #expect(list.map(\.description) == ["a:1", "b:2", "c:3"])
        #expect(throws: EndpointError.self) { try Endpoint.list(parsing: "a:1,http://a:1") }
        #expect(throws: EndpointError.self) { try Endpoint.list(parsing: " , ") }
        #expect(throws: EndpointError.self) { try Endpoint.list(parsing: "") }
    }

    @Test func `an IPv6 endpoint prints with its brackets`() {
        #expect(Endpoint(host: "::1", port: 9077).description == "[::1]:9077")
    }
}
