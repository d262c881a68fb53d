/// Parsing of peer addresses.

import RaftTCP
import Testing

@Suite("Peer addresses")
struct PeerAddressTests {
    @Test("names, IPv4 and bracketed IPv6 addresses are read and written back")
    func valid() throws {
        for (text, host, port) in [
            ("localhost:7001", "localhost", 7001), ("10.0.0.1:1", "10.0.0.1", 1), ("[::1]:65535", "::1", 65_535),
            ("[fe80::1%eth0]:80", "fe80::1%eth0", 80), ("my-node_1.example.:9", "my-node_1.example.", 9),
        ] {
            let address = try PeerAddress(parsing: text)
            #expect(address == PeerAddress(host: host, port: port))
            #expect("\(address)" == text)
        }
    }

    @Test(
        "what cannot be read is quoted together with the problem",
        arguments: [
            ("", "has no port"), ("host", "has no port"), (":7001", "has no host"), ("host:", "no port after ':'"),
            ("host:0", "\"0\", which is not between 1 and 65535"), ("host:65536", "not between 1 and 65535"),
            ("host:-1", "not between 1 and 65535"), ("host:+1", "not between 1 and 65535"),
            ("host:7x", "not between 1 and 65535"), ("host:99999999999999999999", "not between 1 and 65535"),
            ("::1:7001", "must stand in brackets"), ("[::1:7001", "'[' without ']'"), ("[::1]", "no port after ']'"),
            ("[::1]7001", "no port after ']'"), ("[name]:1", "no IPv6 address"), ("[]:1", "no IPv6 address"),
            ("a b:1", "characters"), ("a\r\nb:1", "characters"), ("http://a:1", "several colons"),
        ])
    func invalid(text: String, problem: String) {
        let error = #expect(throws: PeerAddressError.self) { try PeerAddress(parsing: text) }
        let words = error?.description ?? ""
        #expect(words.contains(problem) && words.contains("\"\(text)\""), "\(words)")
    }

    @Test("a host longer than DNS allows is refused")
    func longHost() {
        let error = #expect(throws: PeerAddressError.self) {
            try PeerAddress(parsing: String(repeating: "a", count: 254) + ":1")
        }
        #expect(error?.description.contains("254 bytes; the limit is 253") == true)
    }
}
