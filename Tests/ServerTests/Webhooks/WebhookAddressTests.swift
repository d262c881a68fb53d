/// Where a webhook may go, which port and which server name it means, and the addresses that reach private machines by
/// another spelling.
import JSON
import Testing

@testable import Server

@Suite struct WebhookAddressTests {
    @Test("a name that stands for a private machine is not connected to, nor is loopback under another name")
    func refusals() throws {
        #expect(WebhookURL.refusal(of: [10, 0, 0, 1], allowsLoopback: false) == "private")
        #expect(WebhookURL.refusal(of: [127, 0, 0, 1], allowsLoopback: false) == "loopback")
        #expect(WebhookURL.refusal(of: [127, 0, 0, 1], allowsLoopback: true) == nil)
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 169, 254, 169, 254]
        #expect(WebhookURL.refusal(of: mapped, allowsLoopback: true) == "link-local")
        #expect(WebhookURL.refusal(of: [8, 8, 8, 8], allowsLoopback: false) == nil)
        let target = try WebhookTarget(url: "https://example.com/")
        #expect(try target.address(among: [[8, 8, 8, 8]]).ipAddress == "8.8.8.8")
        #expect(throws: WebhookTarget.Problem.self) { try target.address(among: [[8, 8, 8, 8], [127, 0, 0, 1]]) }
        #expect(throws: WebhookTarget.Problem.self) { try target.address(among: []) }
        #expect(try WebhookTarget(url: "http://localhost/").address(among: [[127, 0, 0, 1]]).port == 80)
    }

    @Test(
        "IPv4 inside IPv6 and site-local addresses are refused, as they are written and as a name may stand for them",
        arguments: [
            ("[::7f00:1]", "IPv4-compatible"), ("[::10.0.0.1]", "IPv4-compatible"), ("[::2]", "IPv4-compatible"),
            ("[::8.8.8.8]", "IPv4-compatible"), ("[::ffff:0:10.0.0.1]", "IPv4-translated"),
            ("[::ffff:0:808:808]", "IPv4-translated"), ("[fec0::1]", "private (site-local)"),
            ("[feff::1]", "private (site-local)"), ("[64:ff9b:1::808:808]", "locally translated"),
            ("[::]", "unspecified"), ("[::ffff:10.0.0.1]", "private"), ("[64:ff9b::a00:1]", "private"),
            ("[febf::1]", "link-local"),
        ])
    func insideIPv6(_ host: String, _ kind: String) throws {
        #expect(
            WebhookURL.problem("https://\(host)/") == "url points to a \(kind) address, which is refused as private")
        let bytes = try #require(IPAddress.v6(String(host.dropFirst().dropLast())))
        #expect(WebhookURL.refusal(of: bytes, allowsLoopback: true) == kind)
    }

    @Test("loopback and global addresses of IPv6 stay what they are")
    func allowedIPv6() {
        #expect(WebhookURL.problem("http://[::1]/") == nil)
        #expect(WebhookURL.problem("https://[2606:4700::1111]/") == nil)
        #expect(WebhookURL.problem("https://[::ffff:8.8.8.8]/") == nil)
    }

    @Test(
        "the port is the one behind the host, never a part of the address",
        arguments: [
            ("http://[::1]", 80), ("https://[::1]/", 443), ("https://[2606:4700::1111]/x:9", 443),
            ("http://[::1]:8080/", 8_080), ("https://[2606:4700::1111]:8443", 8_443),
            ("http://localhost:9000/x", 9_000),
            ("http://127.0.0.1", 80), ("https://example.com/a:77?b=:5", 443), ("https://example.com./", 443),
        ])
    func ports(_ url: String, _ port: Int) throws {
        #expect(try WebhookTarget(url: url).port == port)
    }

    @Test("the parts of an address")
    func parts() throws {
        let target = try WebhookTarget(url: "https://Example.com:8443/a?b=c#d")
        #expect(target.host == "example.com" && target.port == 8_443 && target.path == "/a?b=c" && target.isTLS)
        let plain = try WebhookTarget(url: "http://[::1]:80")
        #expect(plain.host == "[::1]" && plain.port == 80 && plain.path == "/" && !plain.isTLS)
        let address = try plain.address(among: [try #require(plain.literal)])
        #expect(address.port == 80 && address.ipAddress == "::1")
    }

    @Test(
        "every name is asked for by name in TLS, also one that begins with a digit; addresses are not",
        arguments: [
            ("https://3scale.net/", "3scale.net"), ("https://1.example.com", "1.example.com"),
            ("https://Example.com.:8443/", "example.com"), ("https://8.8.8.8/", nil),
            ("https://[2606:4700::1111]/", nil),
        ] as [(String, String?)])
    func serverNames(_ url: String, _ name: String?) throws {
        #expect(try WebhookTarget(url: url).tlsServerName == name)
    }

    @Test("a subscription to a namespace in any letters is made; an address that a client gives is still checked")
    func namespaceOnly() async throws {
        let contract = try Contract()
        let made = await contract.send(
            "POST", "/api/v1/subscriptions", json: #"{"namespace":"büro/größe","agent_id":"bob"}"#)
        #expect(made.status == 201, "\(made.text)")
        #expect(made.json["namespace"] == "büro/größe" && made.json["url"] == "http://localhost/_ns/bob/büro/größe")
        let removed = await contract.send(
            "DELETE", "/api/v1/subscriptions?agent_id=bob&namespace=b%C3%BCro/gr%C3%B6%C3%9Fe")
        #expect(removed.json["removed"] == true)
        let given = await contract.send(
            "POST", "/api/v1/subscriptions", json: #"{"url":"http://localhost/_ns/bob/büro","namespace":"büro"}"#)
        #expect(given.errorText == "url contains invalid characters")
    }
}
