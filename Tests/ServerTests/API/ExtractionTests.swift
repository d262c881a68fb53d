/// Failures before a handler runs: plain text, with the beginnings clients match.
import JSON
import Server
import Testing

@Suite("Extraction failures")
struct ExtractionTests {
    static let syntax = "Failed to parse the request body as JSON: "
    static let shape = "Failed to deserialize the JSON body into the target type: "
    static let query = "Failed to deserialize query string: "

    private func plain(_ response: APIResponse, _ status: Int, _ beginning: String) {
        #expect(response.status == status)
        #expect(response.text.hasPrefix(beginning), "\(response.text)")
        #expect(response.headers["content-type"] == "text/plain; charset=utf-8")
    }

    @Test(
        "a missing or other content type is 415",
        arguments: [nil, "text/plain", "application/jsonx", "application/x-www-form-urlencoded", "json", ""])
    func contentType(_ type: String?) async throws {
        let contract = try Contract()
        for (method, path) in [
            ("POST", "/api/v1/memories"), ("POST", "/api/v1/memories/bulk"), ("PUT", "/api/v1/memories/x"),
            ("POST", "/api/v1/recall"),
        ] {
            let response = await contract.send(
                method, path, headers: type.map { [("content-type", $0)] } ?? [], bytes: Array("{}".utf8))
            plain(response, 415, "Expected request with `Content-Type: application/json`")
        }
    }

    @Test(
        "JSON content types with suffix or parameters are taken",
        arguments: ["application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json"])
    func acceptedContentType(_ type: String) async throws {
        let contract = try Contract()
        let response = await contract.send(
            "POST", "/api/v1/memories", headers: [("CONTENT-TYPE", type)],
            bytes: Array(#"{"title":"t","content":"c"}"#.utf8))
        #expect(response.status == 201)
    }

    @Test(
        "malformed JSON is 400",
        arguments: ["", " ", "{", "{} x", "{\"title\":\"a\nb\"}", "nope", "{\"a\":01}", "{\"a\":1e999}", "[1,]"])
    func malformed(_ body: String) async throws {
        let contract = try Contract()
        plain(await contract.send("POST", "/api/v1/memories", json: body), 400, ExtractionTests.syntax)
    }

    @Test("invalid UTF-8 and lone surrogates are 400 and store nothing")
    func invalidUTF8() async throws {
        let contract = try Contract()
        let bytes = Array(#"{"title":""#.utf8) + [0xff, 0xfe] + Array(#"","content":"c"}"#.utf8)
        plain(
            await contract.send(
                "POST", "/api/v1/memories", headers: [("content-type", "application/json")], bytes: bytes),
            400, ExtractionTests.syntax + "invalid UTF-8")
        plain(
            await contract.send("POST", "/api/v1/memories", json: #"{"title":"\ud800","content":"c"}"#), 400,
            ExtractionTests.syntax + "lone surrogate")
        #expect(contract.service.submitted.isEmpty)
    }

    @Test(
        "well-formed JSON of the wrong shape is 422 with the path of the field",
        arguments: [
            (#"[]"#, "invalid type: sequence"), (#"{"content":"c"}"#, "missing field `title`"),
            (#"{"title":"t"}"#, "missing field `content`"),
            (#"{"title":5,"content":"c"}"#, "title: invalid type: integer `5`"),
            (#"{"title":"t","content":null}"#, "content: invalid type: null"),
            (#"{"title":"t","content":"c","tier":"Mid"}"#, "tier: unknown variant `Mid`"),
            (#"{"title":"t","content":"c","tier":null}"#, "tier: invalid type: null"),
            (#"{"title":"t","content":"c","namespace":null}"#, "namespace: "),
            (#"{"title":"t","content":"c","tags":null}"#, "tags: "),
            (#"{"title":"t","content":"c","tags":[1]}"#, "tags[0]: invalid type: integer `1`, expected a string"),
            (#"{"title":"t","content":"c","tags":"a"}"#, "tags: invalid type: string"),
            (#"{"title":"t","content":"c","priority":5.0}"#, "priority: invalid type: floating point `5.0`"),
            (#"{"title":"t","content":"c","priority":99999999999}"#, "priority: invalid value: integer `99999999999`"),
            (#"{"title":"t","content":"c","priority":"5"}"#, "priority: "),
            (#"{"title":"t","content":"c","confidence":"1"}"#, "confidence: "),
            (#"{"title":"t","content":"c","source":null}"#, "source: "),
            (#"{"title":"t","content":"c","ttl_secs":1.5}"#, "ttl_secs: "),
            (#"{"title":"t","content":"c","ttl_secs":18446744073709551615}"#, "ttl_secs: "),
            (#"{"title":"t","content":"c","expires_at":5}"#, "expires_at: "),
            (#"{"title":"a","content":"c","title":"b"}"#, "duplicate field `title`"),
        ])
    func wrongShape(_ body: String, _ reason: String) async throws {
        let contract = try Contract()
        plain(
            await contract.send("POST", "/api/v1/memories", json: body), 422,
            ExtractionTests.shape + reason)
    }

    @Test("a bulk element's path starts with its index; anything but an array, or one wrapped, is refused")
    func bulkShape() async throws {
        let contract = try Contract()
        plain(
            await contract.send(
                "POST", "/api/v1/memories/bulk", json: #"[{"title":"t","content":"c"},{"title":1,"content":"c"}]"#),
            422, ExtractionTests.shape + "[1].title: invalid type")
        plain(
            await contract.send("POST", "/api/v1/memories/bulk", json: #"{"rows":[]}"#), 422,
            ExtractionTests.shape)
        #expect(contract.service.submitted.isEmpty)
    }

    @Test("unknown fields are ignored, null equals absent for optional ones, integers widen to floats")
    func lenient() async throws {
        let contract = try Contract()
        let response = await contract.send(
            "POST", "/api/v1/memories",
            json: #"{"title":"t","content":"c","confidence":1,"expires_at":null,"ttl_secs":null,"agent_id":null,"#
                + #""scope":null,"colour":{"deep":[1]},"id":"mine"}"#)
        #expect(response.status == 201)
        #expect(response.json["id"]?.stringValue != "mine")
    }

    @Test("bodies over 2 MiB are 413 after path and content type were looked at")
    func tooLarge() async throws {
        let contract = try Contract()
        let json = [("content-type", "application/json")]
        plain(
            await contract.send("POST", "/api/v1/memories", headers: json, bodyExceedsLimit: true), 413,
            "Failed to buffer the request body: ")
        let large = [UInt8](repeating: UInt8(ascii: " "), count: 2_097_153)
        plain(
            await contract.send("POST", "/api/v1/memories", headers: json, bytes: large), 413,
            "Failed to buffer the request body: ")
        let exact = [UInt8](repeating: UInt8(ascii: " "), count: 2_097_152)
        plain(
            await contract.send("POST", "/api/v1/memories", headers: json, bytes: exact), 400,
            ExtractionTests.syntax)
        #expect(await contract.send("POST", "/nothing", bodyExceedsLimit: true).status == 404)
        #expect(await contract.send("POST", "/api/v1/memories", bodyExceedsLimit: true).status == 415)
    }

    @Test(
        "queries that cannot be read are 400 naming the key",
        arguments: [
            ("/api/v1/memories?limit=", "limit"), ("/api/v1/memories?limit=-1", "limit"),
            ("/api/v1/memories?limit=1.5", "limit"), ("/api/v1/memories?limit=99999999999999999999999", "limit"),
            ("/api/v1/memories?limit=1&limit=2", "limit"), ("/api/v1/memories?offset=x", "offset"),
            ("/api/v1/memories?tier=LONG", "tier"), ("/api/v1/memories?tier=", "tier"),
            ("/api/v1/memories?min_priority=3000000000", "min_priority"), ("/api/v1/search", "missing field `q`"),
            ("/api/v1/search?q=a&q=b", "q"), ("/api/v1/search?q=a&tier=x", "tier"),
            ("/api/v1/recall?context=a&limit=ten", "limit"),
            ("/api/v1/recall?context=a&budget_tokens=-5", "budget_tokens"),
        ])
    func queries(_ target: String, _ key: String) async throws {
        let contract = try Contract()
        plain(await contract.send("GET", target), 400, ExtractionTests.query + key)
    }

    @Test("unknown and empty query keys are ignored")
    func lenientQuery() async throws {
        let contract = try Contract()
        #expect(await contract.send("GET", "/api/v1/memories?&&colour=red&colour=blue&=x&limit=0").status == 200)
    }
}
