/// How long each kind of request takes on a store of a given size: one client, one request at a time, against real nodes.
///
/// Owns: the data it fills in, the requests, the table. The same kinds and budgets as v0.6.3 publishes for its own calls
/// inside one process; here each is an HTTP request, and each read is linearizable. Must never: run against data that
/// anybody needs: it writes.
import Client
import JSON

public struct SurfaceMeasurement: Sendable {
    public struct Row: Sendable {
        public var name: String
        public var p50Microseconds: UInt64
        public var p95Microseconds: UInt64
        public var p99Microseconds: UInt64
        /// Milliseconds that v0.6.3 allows at p95 and p99; nil where it names none.
        public var budget: (p95: Int, p99: Int)?
    }
    private static let iterations = 200
    private static let warmups = 20
    private static let batch = 500
    private static let words = ["lantern", "harbour", "copper", "meadow", "signal", "orchard", "ledger", "glacier"]

    private let client: MemoryClient
    private let memories: Int

    /// - Parameter memories: how many there are to be, 1 000 at least.
    public init(_ endpoints: [Endpoint], memories: Int) throws(OperationsError) {
        guard (1_000...1_000_000).contains(memories) else {
            throw OperationsError("memories must be 1000 to 1000000 (got \(memories))")
        }
        client = MemoryClient(endpoints: endpoints)
        self.memories = memories
    }

    public func run(progress: (String) -> Void) async throws(OperationsError) -> [Row] {
        try await fill(progress)
        var rows: [Row] = []
        for (name, budget, request) in requests {
            progress("measuring \(name)")
            rows.append(try await measure(name, budget, request))
        }
        rows.append(try await measureApprovals())
        return rows
    }

    public static func table(_ rows: [Row], memories: Int) -> String {
        func milliseconds(_ value: UInt64) -> String {
            let hundredths = (value + 5) / 10
            return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
        }
        var lines = [
            "| request, \(memories) memories | p50 ms | p95 ms | p99 ms | v0.6.3 allows p95 / p99 ms |",
            "|---|---:|---:|---:|---:|",
        ]
        for row in rows {
            let budget = row.budget.map { "\($0.p95) / \($0.p99)" } ?? "–"
            lines.append(
                "| \(row.name) | \(milliseconds(row.p50Microseconds)) | \(milliseconds(row.p95Microseconds)) "
                    + "| \(milliseconds(row.p99Microseconds)) | \(budget) |")
        }
        return lines.joined(separator: "\n")
    }

    // MARK: data

    /// Memories of eighty bytes or so in fifty namespaces; the first of them in stars of four links and chains of five.
    private func fill(_ progress: (String) -> Void) async throws(OperationsError) {
        for start in stride(from: 0, to: memories, by: Self.batch) {
            let rows = (start..<min(memories, start + Self.batch)).map(Self.memory)
            try await post("/api/v1/import", ["memories": .array(rows)])
            if start % 10_000 == 0 { progress("filling \(start) of \(memories)") }
        }
        var links: [JSONValue] = []
        for source in 0..<50 {
            for target in 0..<4 { links.append(Self.link(source, 50 + source * 4 + target, "related_to")) }
            for hop in 0..<5 { links.append(Self.link(250 + source * 6 + hop, 251 + source * 6 + hop, "derived_from")) }
        }
        try await post("/api/v1/import", ["memories": [], "links": .array(links)])
        try await post("/api/v1/namespaces/bench-governed/standard", ["governance": ["write": "approve"]])
    }

    private static func memory(_ number: Int) -> JSONValue {
        let time: JSONValue = "2026-01-01T00:00:00+00:00"
        let text =
            "memory \(number) about topic-\(number % 50) \(words[number % 8]) "
            + "\(words[number / 8 % 8]) of kind \(number % 10)"
        return [
            "access_count": 0, "confidence": 1.0, "content": .string(text), "created_at": time,
            "id": .string("bench-\(number)"), "metadata": [:], "namespace": .string("bench/n\(number % 50)"),
            "priority": .integer(Int64(number % 9 + 1)), "source": "api", "tags": ["bench"], "tier": "long",
            "title": .string("bench \(number)"), "updated_at": time,
        ]
    }

    private static func link(_ source: Int, _ target: Int, _ relation: String) -> JSONValue {
        [
            "created_at": "2026-01-01T00:00:00+00:00", "relation": .string(relation),
            "source_id": .string("bench-\(source)"), "target_id": .string("bench-\(target)"),
        ]
    }

    private func post(_ target: String, _ body: JSONValue) async throws(OperationsError) {
        let answer = try await send(APIRequest(method: "POST", target: target, body: body.encoded()))
        guard (200..<300).contains(answer.status) else {
            throw OperationsError("\(target) answers \(answer.status): \(answer.bodyText)")
        }
    }

    // MARK: requests

    private typealias Entry = (name: String, budget: (p95: Int, p99: Int)?, request: @Sendable (Int) -> APIRequest)

    private var requests: [Entry] {
        func get(_ target: @escaping @Sendable (Int) -> String) -> @Sendable (Int) -> APIRequest {
            { APIRequest(method: "GET", target: target($0)) }
        }
        func walk(_ depth: Int, _ source: @escaping @Sendable (Int) -> Int) -> @Sendable (Int) -> APIRequest {
            {
                let body: JSONValue = [
                    "max_depth": .integer(Int64(depth)), "source_id": .string("bench-\(source($0))"),
                ]
                return APIRequest(method: "POST", target: "/api/v1/kg/query", body: body.encoded())
            }
        }
        let words = Self.words
        return [
            (
                "store", (20, 50),
                {
                    let body: JSONValue = [
                        "content": .string("a new memory about topic-\($0 % 50)"), "namespace": "bench/new",
                        "tier": "long", "title": .string("new \($0)"),
                    ]
                    return APIRequest(method: "POST", target: "/api/v1/memories", body: body.encoded())
                }
            ),
            ("get", nil, get { "/api/v1/memories/bench-\($0)" }),
            ("search", (100, 250), get { "/api/v1/search?q=topic-\($0 % 50)&limit=10" }),
            (
                "recall, keyword", (50, 150),
                get { "/api/v1/recall?context=\(words[$0 % 8])+\(words[($0 + 3) % 8])+topic-\($0 % 50)+kind&limit=10" }
            ),
            ("kg_query, depth 1", (100, 250), walk(1) { $0 % 50 }),
            ("kg_query, depth 3", (100, 250), walk(3) { 250 + $0 % 50 * 6 }),
            ("kg_query, depth 5", (250, 500), walk(5) { 250 + $0 % 50 * 6 }),
            ("kg_timeline", (100, 250), get { "/api/v1/kg/timeline?source_id=bench-\($0 % 50)" }),
            ("taxonomy", (100, 250), get { _ in "/api/v1/taxonomy" }),
            ("list", nil, get { "/api/v1/memories?namespace=bench/n\($0 % 50)&limit=20" }),
        ]
    }

    private func measure(
        _ name: String, _ budget: (p95: Int, p99: Int)?, _ request: @Sendable (Int) -> APIRequest
    ) async throws(OperationsError) -> Row {
        var histogram = LatencyHistogram()
        for number in 0..<Self.warmups + Self.iterations {
            let took = try await timed(request(number))
            if number >= Self.warmups { histogram.add(microseconds: took) }
        }
        return Self.row(name, budget, histogram)
    }

    /// Each approval is of a write that was queued just before, whose queueing is not counted.
    private func measureApprovals() async throws(OperationsError) -> Row {
        var histogram = LatencyHistogram()
        for number in 0..<Self.warmups + Self.iterations {
            let body: JSONValue = [
                "content": "c", "namespace": "bench-governed", "title": .string("queued \(number)"),
            ]
            let queued = try await send(APIRequest(method: "POST", target: "/api/v1/memories", body: body.encoded()))
            let pending: String?
            do {
                pending = try JSONValue.parse(queued.bodyBytes)["pending_id"]?.stringValue
            } catch {
                pending = nil
            }
            guard let pending else { throw OperationsError("a governed write is answered \(queued.status)") }
            let took = try await timed(APIRequest(method: "POST", target: "/api/v1/pending/\(pending)/approve"))
            if number >= Self.warmups { histogram.add(microseconds: took) }
        }
        return Self.row("approve a pending store", nil, histogram)
    }

    private static func row(_ name: String, _ budget: (p95: Int, p99: Int)?, _ histogram: LatencyHistogram) -> Row {
        Row(
            name: name, p50Microseconds: histogram.microseconds(at: 0.5),
            p95Microseconds: histogram.microseconds(at: 0.95), p99Microseconds: histogram.microseconds(at: 0.99),
            budget: budget)
    }

    private func timed(_ request: APIRequest) async throws(OperationsError) -> UInt64 {
        let began = ContinuousClock.now
        let response = try await send(request)
        let took = (ContinuousClock.now - began).components
        guard (200..<300).contains(response.status) else {
            throw OperationsError("\(request.target) answers \(response.status): \(response.bodyText)")
        }
        return UInt64(took.seconds) * 1_000_000 + UInt64(took.attoseconds / 1_000_000_000_000)
    }

    private func send(_ request: APIRequest) async throws(OperationsError) -> HTTPResponse {
        do throws(ClientError) {
            return try await client.sendOnce(request, to: 0, timeoutMilliseconds: 60_000).response
        } catch {
            throw OperationsError("\(request.method) \(request.target): \(error)")
        }
    }
}
