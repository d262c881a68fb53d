/// The node under test, as the evaluation uses it: importing the set and asking questions.
///
/// Owns: the two requests and the clock around a question. Must never: send more fields than the mode asks for, or take
/// an error for an empty answer.
import Client
import JSON

/// One way of asking.
struct RecallMode: Hashable, Sendable {
    /// Sent as `ranking`.
    var ranking: String
    static let known = ["keyword", "vector", "compat", "default"]
}

struct RecallNode: Sendable {
    /// What one question brought.
    struct Reply: Sendable {
        /// Best first.
        var ids: [String]
        var nanoseconds: Int64
        /// How often the best memory had been recalled before.
        var firstAccessCount: Int?
    }

    static let limit = 20
    /// Of an import: below the 1000 memories and the 2 MiB of the contract.
    private static let batchMax = 500

    let client: MemoryClient
    /// Leaves out `ranking`, `touch` and `explain`, for servers that do not know them.
    let isPlain: Bool
    let explains: Bool

    init(endpoint: Endpoint, isPlain: Bool, explains: Bool, agentID: String = "mneme-eval") {
        let options = ClientOptions(
            agentID: agentID, attemptTimeoutMilliseconds: 120_000, callTimeoutMilliseconds: 120_000)
        client = MemoryClient(endpoints: [endpoint], options: options)
        self.isPlain = isPlain
        self.explains = explains
    }

    /// Refuses a store that has memories: their answers would count against the set's.
    func requireEmptyStore() async throws {
        let answer = try await client.send(APIRequest(method: "GET", target: "/api/v1/memories?limit=1"))
        let document = try parsed(answer, "list")
        guard document["memories"]?.arrayValue?.isEmpty == true else {
            throw EvalError("the store at \(answer.endpoint) is not empty; give the evaluation a store of its own")
        }
    }

    /// Waits until every memory has its vector, if the node makes any; it does so in the background after an import.
    func waitForVectors() async throws {
        let deadline = ContinuousClock.now + .seconds(1_800)
        while true {
            let answer = try await client.send(APIRequest(method: "GET", target: "/cluster/v1/status"))
            let document = try parsed(answer, "status")
            guard let count = document["vectors"]?["count"]?.integerValue,
                let memories = document["vectors"]?["memories"]?.integerValue, count < memories
            else { return }
            guard ContinuousClock.now < deadline else {
                throw EvalError("only \(count) of \(memories) memories have a vector after half an hour")
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    func load(_ memories: [EvalMemory]) async throws {
        var rest = memories[...]
        while !rest.isEmpty {
            let batch = rest.prefix(RecallNode.batchMax)
            rest = rest.dropFirst(RecallNode.batchMax)
            var body = JSONObject()
            body["memories"] = .array(batch.map { .object($0.json) })
            let answer = try await client.send(
                APIRequest(
                    method: "POST", target: "/api/v1/import", body: JSONValue.object(body).encoded(),
                    idempotencyKey: IdempotencyKey.random()))
            let document = try parsed(answer, "import")
            guard document["imported"]?.integerValue == batch.count else {
                throw EvalError("not everything was imported: \(answer.response.bodyText.prefix(500))")
            }
        }
    }

    func ask(_ question: EvalQuestion, mode: RecallMode, touches: Bool) async throws -> Reply {
        var body = JSONObject()
        body["context"] = .string(question.text)
        body["limit"] = .integer(Int64(RecallNode.limit))
        if let namespace = question.namespace { body["namespace"] = .string(namespace) }
        if !isPlain {
            body["ranking"] = .string(mode.ranking)
            body["touch"] = .bool(touches)
            if explains { body["explain"] = .bool(true) }
        }
        let request = APIRequest(method: "POST", target: "/api/v1/recall", body: JSONValue.object(body).encoded())
        let began = ContinuousClock.now
        let answer = try await client.sendOnce(request, to: 0)
        let (seconds, attoseconds) = (ContinuousClock.now - began).components
        let document = try parsed(answer, "recall with ranking \(mode.ranking)")
        guard let memories = document["memories"]?.arrayValue else {
            throw EvalError("an answer without memories: \(answer.response.bodyText.prefix(500))")
        }
        return Reply(
            ids: memories.compactMap { $0["id"]?.stringValue },
            nanoseconds: seconds * 1_000_000_000 + attoseconds / 1_000_000_000,
            firstAccessCount: memories.first?["access_count"]?.integerValue)
    }

    /// Whether measuring leaves no trace. A server that does not know `touch` counts every answer as use, and then each
    /// mode is measured on a store that the ones before it have changed.
    func leavesNoTrace(_ question: EvalQuestion, mode: RecallMode) async throws -> Bool {
        let first = try await ask(question, mode: mode, touches: false)
        // Use may be written down later than the answer is sent.
        try await Task.sleep(for: .seconds(1))
        let second = try await ask(question, mode: mode, touches: false)
        return first.ids.first != second.ids.first || first.firstAccessCount == second.firstAccessCount
    }

    private func parsed(_ answer: MemoryClient.Answer, _ what: String) throws -> JSONValue {
        guard answer.response.status == 200 else {
            throw EvalError("\(what): \(answer.response.status) \(answer.response.bodyText.prefix(500))")
        }
        return try JSONValue.parse(answer.response.bodyBytes)
    }
}
