/// The routes of the contract with what they take, roughly: near enough to get past the first check most of the time.
///
/// Owns: the table. Must never: be taken for the contract.
struct FuzzRoute: Sendable {
    indirect enum Kind: Sendable {
        case text, plain, id, ids, texts, number, object
        case choice([String])
        case nested([(String, Kind)])
    }
    var method: String
    /// `{}` is an id.
    var path: String
    var query: [String] = []
    var body: [(String, Kind)] = []
    var isArray = false
    /// Some of its refusals are decided when the command is applied.
    var decidesInLog = false

    private static let tiers = Kind.choice(["short", "mid", "long", "x"])
    private static let relations = Kind.choice(["related_to", "supersedes", "contradicts", "derived_from", "x"])
    private static let filters = [
        "namespace", "tier", "limit", "offset", "min_priority", "since", "until", "tags", "agent_id", "as_agent",
    ]
    private static let create: [(String, Kind)] = [
        ("title", .plain), ("content", .text), ("tier", tiers), ("namespace", .choice(["global", "prod", "a/b"])),
        ("tags", .texts), ("priority", .number), ("confidence", .number), ("source", .choice(["api", "cli", "x"])),
        ("expires_at", .choice(["2030-01-01T00:00:00Z", "2020-01-01T00:00:00Z", "soon"])), ("ttl_secs", .number),
        ("metadata", .object), ("agent_id", .choice(["ada", "bob", "a b"])), ("scope", .choice(["team", "x"])),
    ]
    private static let whole: [(String, Kind)] = [
        ("id", .plain), ("tier", tiers), ("namespace", .plain), ("title", .plain), ("content", .plain),
        ("tags", .texts),
        ("priority", .number), ("confidence", .number), ("source", .choice(["api", "mine-claude"])),
        ("access_count", .number), ("created_at", .choice(["2020-01-01T00:00:00Z", "x"])),
        ("updated_at", .choice(["2020-01-01T00:00:00Z"])), ("metadata", .object),
    ]
    private static let link: [(String, Kind)] = [("source_id", .id), ("target_id", .id), ("relation", relations)]
    private static let policy = Kind.nested([
        ("write", .choice(["any", "registered", "owner", "approve", "x"])), ("delete", .choice(["any", "approve"])),
        ("approver", .object),
    ])

    static let all: [FuzzRoute] = memories + graph + governance + rest

    private static let memories = [
        FuzzRoute(method: "POST", path: "/api/v1/memories", body: create),
        FuzzRoute(method: "POST", path: "/api/v1/memories/bulk", body: create, isArray: true),
        FuzzRoute(method: "GET", path: "/api/v1/memories", query: filters),
        FuzzRoute(method: "GET", path: "/api/v1/memories/{}"),
        FuzzRoute(method: "PUT", path: "/api/v1/memories/{}", body: create, decidesInLog: true),
        FuzzRoute(method: "DELETE", path: "/api/v1/memories/{}"),
        FuzzRoute(method: "POST", path: "/api/v1/memories/{}/promote"),
        FuzzRoute(method: "GET", path: "/api/v1/search", query: ["q"] + filters),
        FuzzRoute(method: "GET", path: "/api/v1/recall", query: ["context", "budget_tokens"] + filters),
        FuzzRoute(
            method: "POST", path: "/api/v1/recall",
            body: [("context", .text), ("limit", .number), ("tags", .text), ("budget_tokens", .number)]),
        FuzzRoute(
            method: "POST", path: "/api/v1/forget", query: ["namespace"],
            body: [("namespace", .plain), ("pattern", .text), ("tier", tiers)]),
        FuzzRoute(
            method: "POST", path: "/api/v1/consolidate",
            body: [("ids", .ids), ("title", .plain), ("summary", .text), ("namespace", .plain), ("tier", tiers)],
            decidesInLog: true),
        FuzzRoute(method: "GET", path: "/api/v1/contradictions", query: ["topic", "namespace", "limit"]),
        FuzzRoute(
            method: "POST", path: "/api/v1/check_duplicate",
            body: [("title", .text), ("content", .text), ("namespace", .text), ("threshold", .number)]),
    ]
    private static let graph = [
        FuzzRoute(method: "POST", path: "/api/v1/links", body: link),
        FuzzRoute(method: "DELETE", path: "/api/v1/links", body: link),
        FuzzRoute(method: "GET", path: "/api/v1/links/{}"),
        FuzzRoute(method: "GET", path: "/api/v1/kg/timeline", query: ["source_id", "since", "until", "limit"]),
        FuzzRoute(
            method: "POST", path: "/api/v1/kg/query",
            body: [
                ("source_id", .id), ("max_depth", .number), ("valid_at", .text), ("allowed_agents", .texts),
                ("limit", .number),
            ]),
        FuzzRoute(method: "POST", path: "/api/v1/kg/invalidate", body: link + [("valid_until", .text)]),
        FuzzRoute(
            method: "POST", path: "/api/v1/entities",
            body: [("canonical_name", .plain), ("namespace", .plain), ("aliases", .texts), ("metadata", .object)]),
        FuzzRoute(method: "GET", path: "/api/v1/entities/by_alias", query: ["alias", "namespace"]),
        FuzzRoute(method: "GET", path: "/api/v1/taxonomy", query: ["prefix", "depth", "limit"]),
    ]
    private static let standard: [(String, Kind)] = [
        ("namespace", .choice(["prod", "a/b", "a-b", "//"])), ("id", .id), ("parent", .choice(["prod", "base"])),
        ("governance", policy), ("standard", .object),
    ]
    private static let governance = [
        FuzzRoute(method: "GET", path: "/api/v1/namespaces", query: ["namespace", "inherit"]),
        FuzzRoute(method: "POST", path: "/api/v1/namespaces", body: standard, decidesInLog: true),
        FuzzRoute(method: "DELETE", path: "/api/v1/namespaces", query: ["namespace"]),
        FuzzRoute(method: "POST", path: "/api/v1/namespaces/{}/standard", body: standard, decidesInLog: true),
        FuzzRoute(method: "GET", path: "/api/v1/namespaces/{}/standard", query: ["inherit"]),
        FuzzRoute(method: "DELETE", path: "/api/v1/namespaces/{}/standard"),
        FuzzRoute(
            method: "POST", path: "/api/v1/agents",
            body: [
                ("agent_id", .choice(["ada", "bob", "a b"])), ("agent_type", .choice(["human", "ai:x", "y"])),
                ("capabilities", .texts),
            ]),
        FuzzRoute(method: "GET", path: "/api/v1/agents"),
        FuzzRoute(method: "GET", path: "/api/v1/pending", query: ["status", "limit"]),
        FuzzRoute(method: "POST", path: "/api/v1/pending/{}/approve"),
        FuzzRoute(method: "POST", path: "/api/v1/pending/{}/reject"),
    ]
    private static let rest = [
        FuzzRoute(method: "POST", path: "/api/v1/archive", body: [("ids", .ids), ("reason", .text)]),
        FuzzRoute(method: "GET", path: "/api/v1/archive", query: ["namespace", "limit", "offset"]),
        FuzzRoute(method: "DELETE", path: "/api/v1/archive", query: ["older_than_days"]),
        FuzzRoute(method: "POST", path: "/api/v1/archive/{}/restore"),
        FuzzRoute(method: "GET", path: "/api/v1/archive/stats"), FuzzRoute(method: "POST", path: "/api/v1/gc"),
        FuzzRoute(
            method: "POST", path: "/api/v1/import",
            body: [("memories", .nested(whole)), ("links", .nested(link + [("created_at", .plain)]))]),
        FuzzRoute(
            method: "POST", path: "/cluster/v1/import",
            body: [
                ("memories", .nested(whole)), ("links", .nested(link)),
                ("aliases", .nested([("entity_id", .id), ("alias", .text), ("created_at", .plain)])),
                ("archived", .nested(whole + [("archived_at", .plain), ("archive_reason", .text)])),
                (
                    "standards",
                    .nested([("namespace", .text), ("standard_id", .id), ("updated_at", .plain)])
                ),
            ]),
        FuzzRoute(
            method: "POST", path: "/api/v1/notify",
            body: [
                ("target_agent_id", .choice(["bob", "a//b", "x y"])), ("title", .plain), ("payload", .text),
                ("priority", .number), ("tier", tiers), ("to", .plain), ("subject", .plain),
            ]),
        FuzzRoute(method: "GET", path: "/api/v1/inbox", query: ["agent_id", "unread_only", "limit"]),
        FuzzRoute(
            method: "POST", path: "/api/v1/session/start",
            body: [("namespace", .text), ("limit", .number), ("agent_id", .plain)]),
        FuzzRoute(
            method: "POST", path: "/api/v1/subscriptions",
            body: [
                ("url", .choice(["https://example.com/", "http://10.0.0.1", "http://[::1"])), ("events", .texts),
                ("secret", .text), ("namespace_filter", .plain), ("agent_filter", .plain), ("namespace", .plain),
            ], decidesInLog: true),
        FuzzRoute(method: "DELETE", path: "/api/v1/subscriptions", query: ["id", "namespace", "agent_id"]),
        FuzzRoute(method: "GET", path: "/api/v1/subscriptions", query: ["agent_id"]),
        FuzzRoute(method: "GET", path: "/api/v1/stats"), FuzzRoute(method: "GET", path: "/api/v1/capabilities"),
        FuzzRoute(method: "PUT", path: "/cluster/v1/registers/{}", body: [("x", .text)]),
        FuzzRoute(method: "GET", path: "/cluster/v1/digests/{}", query: ["offset", "limit"]),
    ]
}
