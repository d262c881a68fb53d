import JSON
import Server
import StateMachine

/// Requests to every route: bodies with wrong types, missing and doubled members, depths and lengths around the limits, cut
/// JSON, wrong content types, queries and headers of all kinds.
///
/// Owns: the requests, and what an answer must be: a status that the contract knows, never 500; and when it is a refusal,
/// nothing changed. Must never: send what the HTTP library refuses before a handler runs.
public struct BodyFuzzer: Fuzzer {
    private let service: FuzzStore
    private let api: MemoryAPI
    private var ids = ["nobody"]
    /// Refusals so far that must have changed nothing; looking is done now and then.
    private static let statuses: Set<Int> = [
        200, 201, 202, 400, 401, 403, 404, 405, 409, 413, 415, 422, 501, 503,
    ]

    public init() throws {
        let service = try FuzzStore()
        self.service = service
        api = MemoryAPI(service: service, options: APIOptions(clockNanoseconds: { 1_767_323_045_000_000_000 }))
    }

    public mutating func attempt(_ random: inout FuzzRandom) async -> String? {
        let route = random.pick(FuzzRoute.all)
        let request = request(route, &random)
        let before = service.store.applied()
        let response = await api.respond(to: request)
        if let failure = service.takeFailure() {
            return "\(words(request)) reached the log and failed there: \(failure)"
        }
        guard Self.statuses.contains(response.status) else {
            return "\(words(request)) is answered \(response.status): \(String(decoding: response.body, as: UTF8.self))"
        }
        let after = service.store.applied()
        // A refusal before the log leaves the index; one decided in the log leaves no more than its entry.
        if response.status == 400 || response.status == 422 || response.status == 415 || response.status == 413 {
            // Whether a key was used before is found out in the log as well.
            let isDecidedInLog = route.decidesInLog || request.headers["idempotency-key"] != nil
            let isSame = after.index == before.index || isDecidedInLog
            if !isSame { return "\(words(request)) is refused with \(response.status) and yet in the log" }
        }
        if response.status == 201, ids.count < 400 { remember(response) }
        return nil
    }

    private mutating func remember(_ response: APIResponse) {
        do throws(JSONError) {
            for key in ["id", "pending_id", "entity_id", "standard_id"] {
                if let id = try JSONValue.parse(response.body)[key]?.stringValue { ids.append(id) }
            }
        } catch {
            return
        }
    }

    private func words(_ request: APIRequest) -> String {
        "\(request.method) \(request.path)?\(request.rawQuery ?? "") \(request.headers.fields) "
            + String(decoding: request.body.prefix(2_000), as: UTF8.self).debugDescription
    }

    // MARK: requests

    private func request(_ route: FuzzRoute, _ random: inout FuzzRandom) -> APIRequest {
        var headers: [(String, String)] = []
        if !random.oneIn(20) { headers.append(("content-type", random.oneIn(20) ? "text/plain" : "application/json")) }
        if random.oneIn(3) { headers.append(("x-agent-id", random.oneIn(2) ? "ada" : HostileText.make(&random))) }
        if random.oneIn(15) { headers.append(("idempotency-key", random.oneIn(2) ? "k" : HostileText.make(&random))) }
        if random.oneIn(20) { headers.append(("if-match", random.pick(["*", "\"1\"", "1", "\"\""]))) }
        var path = route.path
        if path.contains("{}") {
            let id = random.oneIn(3) ? encoded(HostileText.make(&random)) : encoded(random.pick(ids))
            path = path.replacingFirst("{}", with: id.isEmpty ? "x" : id)
        }
        return APIRequest(
            method: route.method, path: path, rawQuery: query(route, &random), headers: APIHeaders(headers),
            body: body(route, &random))
    }

    private func query(_ route: FuzzRoute, _ random: inout FuzzRandom) -> String? {
        guard !route.query.isEmpty || random.oneIn(20) else { return nil }
        var pairs: [String] = []
        for key in route.query where !random.oneIn(3) {
            let value =
                switch random.below(4) {
                case 0: random.pick(["0", "1", "50", "1001", "-1", "99999999999999999999", "true", "x", ""])
                case 1: encoded(random.pick(ids))
                default: encoded(HostileText.make(&random))
                }
            pairs.append("\(key)=\(value)")
            if random.oneIn(30) { pairs.append("\(key)=\(value)") }
        }
        return pairs.joined(separator: "&")
    }

    private func body(_ route: FuzzRoute, _ random: inout FuzzRandom) -> [UInt8] {
        guard !route.body.isEmpty else { return random.oneIn(10) ? Array("{}".utf8) : [] }
        var object = JSONObject()
        for (key, kind) in route.body where !random.oneIn(12) { object[key] = value(kind, &random) }
        var bytes = JSONValue.object(object).encoded()
        if route.isArray { bytes = Array("[".utf8) + bytes + Array("]".utf8) }
        switch random.below(20) {
        case 0: bytes = Array(bytes.prefix(random.below(bytes.count + 1)))
        case 1 where !bytes.isEmpty: bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
        case 2: bytes += Array("{}".utf8)
        case 3: bytes = Array(String(repeating: "[", count: random.pick([31, 128, 5_000])).utf8)
        case 4:
            // The first member twice.
            if let first = object.members.first {
                bytes = Array("{".utf8) + JSONValue.string(first.key).encoded() + Array(":1,".utf8) + bytes.dropFirst()
            }
        default: break
        }
        return bytes
    }

    private func value(_ kind: FuzzRoute.Kind, _ random: inout FuzzRandom) -> JSONValue {
        if random.oneIn(12) { return anything(&random, depth: 3) }
        switch kind {
        case .text: return .string(HostileText.make(&random))
        case .plain: return .string("text \(random.below(40))")
        case .id: return .string(random.pick(ids))
        case .ids: return .array((0..<random.below(4)).map { _ in .string(random.pick(ids)) })
        case .texts: return .array((0..<random.pick([0, 1, 2, 51])).map { _ in .string(HostileText.make(&random)) })
        case .number: return random.pick([0, 1, 5, 10, 11, -1, 1.5, .integer(.max), .unsigned(.max), 1e308])
        case .object: return .object(JSONObject([(HostileText.make(&random), anything(&random, depth: 3))]))
        case .choice(let choices): return .string(random.pick(choices))
        case .nested(let members):
            var object = JSONObject()
            for (key, kind) in members where !random.oneIn(20) { object[key] = value(kind, &random) }
            return .array([.object(object)])
        }
    }

    private func anything(_ random: inout FuzzRandom, depth: Int) -> JSONValue {
        switch random.below(depth > 0 ? 9 : 6) {
        case 0: return .null
        case 1: return .bool(random.oneIn(2))
        case 2: return .integer(Int64(bitPattern: random.next()))
        case 3: return .double(random.pick([0.5, -0.0, 1e-320, 1.7e308]))
        case 4, 5: return .string(HostileText.make(&random))
        case 6: return .array((0..<random.below(3)).map { _ in anything(&random, depth: depth - 1) })
        case 7: return .object(JSONObject([("agent_id", anything(&random, depth: depth - 1))]))
        default:
            var value = JSONValue.integer(1)
            for _ in 0..<random.pick([30, 33, 120]) { value = .array([value]) }
            return value
        }
    }

    private func encoded(_ text: String) -> String {
        var out = ""
        for byte in text.utf8.prefix(600) {
            let scalar = Unicode.Scalar(byte)
            let isPlain = scalar.properties.isAlphabetic || "0123456789-._~".unicodeScalars.contains(scalar)
            if byte < 0x80, isPlain {
                out.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                out += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return out
    }
}

extension String {
    fileprivate func replacingFirst(_ part: String, with other: String) -> String {
        guard let range = firstRange(of: part) else { return self }
        return replacingCharacters(in: range, other)
    }
    private func replacingCharacters(in range: Range<Index>, _ other: String) -> String {
        String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
