/// Each rule of the contract's validation table, through the route, with its exact text.
import JSON
import Server
import Testing

@Suite("Validation")
struct ValidationTests {
    private static func body(_ members: [(String, JSONValue)]) -> String {
        var object: JSONObject = JSONObject([("title", "t"), ("content", "c")])
        for (key, value) in members { object[key] = value }
        return object.text
    }
    private static func nested(_ levels: Int) -> JSONValue {
        var value: JSONValue = ["leaf": 1]
        for _ in 1..<levels { value = ["a": value] }
        return value
    }
    private static let long = String(repeating: "x", count: 513)

    static let refusals: [(String, JSONValue, String)] = [
        ("title", "", "title cannot be empty"), ("title", " \n\t\u{a0}", "title cannot be empty"),
        ("title", .string(long), "title exceeds max length of 512"),
        ("title", "a\rb", "title contains invalid characters"),
        ("title", "a\u{0}b", "title contains invalid characters"),
        ("title", "a\u{85}b", "title contains invalid characters"),
        ("content", "   ", "content cannot be empty"),
        ("content", .string(String(repeating: "x", count: 65_537)), "content exceeds max size of 65536"),
        ("content", "line\r\nline", "content contains invalid characters"),
        ("namespace", "", "namespace cannot be empty"), ("namespace", .string(long), "namespace exceeds max length"),
        ("namespace", "a b", "namespace cannot contain "), ("namespace", "a\\b", "namespace cannot contain "),
        ("namespace", "a\u{0}", "namespace cannot contain "), ("namespace", "/a", "namespace cannot start with '/'"),
        ("namespace", "a/", "namespace cannot end with '/'"), ("namespace", "a//b", "namespace cannot contain "),
        ("namespace", "a/../b", "namespace segments '.' and '..'"),
        ("namespace", ".", "namespace segments '.' and '..'"),
        ("namespace", "1/2/3/4/5/6/7/8/9", "namespace depth 9 exceeds max of 8"),
        ("source", "web", "invalid source 'web'"), ("source", "", "invalid source ''"),
        ("tags", .array(Array(repeating: "a", count: 51)), "too many tags (max 50)"),
        ("tags", ["ok", " "], "tags cannot contain empty strings"),
        ("tags", [.string(String(repeating: "x", count: 129))], "tag '"),
        ("tags", ["a\rb"], "tag contains invalid characters"),
        ("priority", 0, "priority must be between 1 and 10 (got 0)"),
        ("priority", 11, "priority must be between 1 and 10 (got 11)"),
        ("priority", -2_147_483_648, "priority must be between 1 and 10 (got -2147483648)"),
        ("confidence", 1.5, "confidence must be between 0.0 and 1.0 (got 1.5)"),
        ("confidence", 2, "confidence must be between 0.0 and 1.0 (got 2)"),
        ("confidence", -0.1, "confidence must be between 0.0 and 1.0 (got -0.1)"),
        ("expires_at", "tomorrow", "expires_at is not valid RFC3339"),
        ("expires_at", "", "expires_at is not valid RFC3339"),
        ("expires_at", "2026-01-01", "expires_at is not valid RFC3339"),
        ("expires_at", "2026-01-02T03:04:05.123456788Z", "expires_at is in the past"),
        ("ttl_secs", 0, "ttl_secs must be positive"), ("ttl_secs", -5, "ttl_secs must be positive"),
        ("ttl_secs", 31_536_001, "ttl_secs exceeds maximum of 1 year"),
        ("ttl_secs", .integer(.max), "ttl_secs exceeds maximum of 1 year"),
        ("metadata", .null, "metadata must be a JSON object"), ("metadata", [1], "metadata must be a JSON object"),
        ("metadata", ["k": .string(String(repeating: "x", count: 65_536))], "metadata exceeds max size of 65536"),
        ("metadata", nested(33), "metadata nesting depth exceeds limit of 32"),
        ("agent_id", "a b", "invalid agent_id: agent_id contains invalid character ' '"),
        ("agent_id", "é", "invalid agent_id: agent_id contains invalid character 'é'"),
        ("agent_id", .string(String(repeating: "x", count: 129)), "invalid agent_id: agent_id exceeds max length"),
        ("scope", "everyone", "invalid scope 'everyone'"), ("scope", "", "invalid scope ''"),
    ]

    @Test("create refuses, names field and limit, and stores nothing", arguments: refusals)
    func refused(_ field: String, _ value: JSONValue, _ text: String) async throws {
        let contract = try Contract()
        let response = await contract.send(
            "POST", "/api/v1/memories", json: ValidationTests.body([(field, value)]))
        #expect(response.status == 400)
        #expect(response.errorText?.hasPrefix(text) == true, "\(response.text)")
        #expect(contract.service.submitted.isEmpty)
    }

    static let accepted: [(String, JSONValue)] = [
        ("title", .string("  " + String(repeating: "é", count: 512) + "\n")), ("title", "two\nlines\tand a tab"),
        ("content", .string(String(repeating: "x", count: 65_536))), ("namespace", "1/2/3/4/5/6/7/8"),
        ("namespace", "*"), ("namespace", "_agents"), ("namespace", "a\tb"), ("source", "chaos"),
        ("tags", .array(Array(repeating: "a", count: 50))), ("tags", [.string(String(repeating: "x", count: 128))]),
        ("priority", 10), ("confidence", 0), ("expires_at", "2026-01-02T03:04:05.123456789Z"),
        ("expires_at", "2027-01-01 00:00:00+02:00"), ("ttl_secs", 31_536_000), ("metadata", nested(32)),
        ("metadata", ["scope": "anything"]), ("agent_id", "A-z_9:@./"), ("agent_id", ""), ("scope", "collective"),
    ]

    @Test("create takes everything up to the limits", arguments: accepted)
    func taken(_ field: String, _ value: JSONValue) async throws {
        let contract = try Contract()
        let response = await contract.send(
            "POST", "/api/v1/memories", json: ValidationTests.body([(field, value)]))
        #expect(response.status == 201, "\(response.text)")
    }

    @Test("the first failing check is reported, in the order of the contract")
    func order() async throws {
        let contract = try Contract()
        var fields: [(String, JSONValue)] = [
            ("title", ""), ("content", ""), ("namespace", ""), ("source", "x"), ("tags", [""]), ("priority", 0),
            ("confidence", 2), ("expires_at", "x"), ("ttl_secs", 0), ("metadata", 1), ("agent_id", " "), ("scope", "x"),
        ]
        let expected = [
            "title", "content", "namespace", "invalid source", "tags", "priority", "confidence", "expires_at",
            "ttl_secs", "metadata", "invalid agent_id", "invalid scope",
        ]
        for beginning in expected {
            let response = await contract.send("POST", "/api/v1/memories", json: ValidationTests.body(fields))
            #expect(response.status == 400)
            #expect(response.errorText?.hasPrefix(beginning) == true, "\(response.text) is not about \(beginning)")
            fields.removeFirst()
        }
        let response = await contract.send("POST", "/api/v1/memories", json: ValidationTests.body(fields))
        #expect(response.status == 201)
    }

    @Test(
        "update refuses the same things but takes a past expiry",
        arguments: [
            (#"{"title":" "}"#, "title cannot be empty"),
            (#"{"content":"a\rb"}"#, "content contains invalid characters"),
            (#"{"namespace":"a b"}"#, "namespace cannot contain"), (#"{"priority":0}"#, "priority must be"),
            (#"{"confidence":7}"#, "confidence must be"), (#"{"tags":[""]}"#, "tags cannot contain empty strings"),
            (#"{"metadata":[]}"#, "metadata must be a JSON object"),
            (#"{"expires_at":""}"#, "expires_at is not valid RFC3339: ''"),
            (#"{"expires_at":"null"}"#, "expires_at is not valid RFC3339: 'null'"),
        ])
    func update(_ body: String, _ text: String) async throws {
        let contract = try Contract()
        let id = try await contract.create(#"{"title":"t","content":"c"}"#)
        let response = await contract.send("PUT", "/api/v1/memories/\(id)", json: body)
        #expect(response.status == 400)
        #expect(response.errorText?.hasPrefix(text) == true, "\(response.text)")
        let past = await contract.send(
            "PUT", "/api/v1/memories/\(id)", json: #"{"expires_at":"2001-01-01T00:00:00Z"}"#)
        #expect(past.status == 200)
    }

    @Test(
        "ids in the path follow the id rule",
        arguments: [
            ("%20", "id cannot be empty"), ("a%0Db", "id contains invalid characters"),
            (String(repeating: "x", count: 129), "id exceeds max length of 128 bytes"),
        ])
    func ids(_ id: String, _ text: String) async throws {
        let contract = try Contract()
        for (method, body) in [("GET", ""), ("DELETE", ""), ("PUT", "{}")] {
            let response = await contract.send(method, "/api/v1/memories/\(id)", json: body)
            #expect(response.status == 400)
            #expect(response.errorText == text)
        }
    }
}
