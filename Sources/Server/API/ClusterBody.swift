/// A body of `/cluster/v1`, read field by field.
///
/// Owns: the limits of these fields and their errors: 400 with the field's name, what it may be and what it is. A field
/// that nobody knows is refused: a change of membership with a misspelt word must not be taken for a smaller one.
import JSON
import Raft
import RaftTCP

struct ClusterBody {
    static let waitMillisecondsMax: UInt64 = 600_000
    /// Ids stay below it, so that there is always a next one.
    static let idMax: UInt64 = 1 << 62

    private let object: JSONObject
    /// Where the object is, for messages: empty at the root, `add[0].` inside it.
    private let place: String
    private var known: Set<String> = []

    /// - Parameter isRequired: false takes a request without a body for an empty object.
    init(_ request: APIRequest, bytesMax: Int, isRequired: Bool) throws(APIFailure) {
        place = ""
        guard isRequired || !request.body.isEmpty || request.bodyExceedsLimit else {
            object = JSONObject()
            return
        }
        guard !request.bodyExceedsLimit, request.body.count <= bytesMax else {
            throw .error(413, "the body exceeds \(bytesMax) bytes")
        }
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue.parse(request.body) } catch {
            throw .bad("the body is not valid JSON: \(error.description)")
        }
        guard case .object(let object) = value else {
            throw .bad("the body must be a JSON object (got \(value.kindName))")
        }
        self.object = object
    }

    private init(_ object: JSONObject, place: String) {
        self.object = object
        self.place = place
    }

    /// - Throws: 400 naming the first field that was not asked for.
    func finish() throws(APIFailure) {
        for member in object.members where !known.contains(member.key) {
            let fields = known.sorted().joined(separator: ", ")
            throw .bad("\(place)\(Validation.shortened(member.key)): unknown field; known here: \(fields)")
        }
    }

    // MARK: fields

    mutating func id(_ key: String) throws(APIFailure) -> UInt64? {
        guard let value = present(key) else { return nil }
        return try Self.id(value, "\(place)\(key)")
    }

    mutating func ids(_ key: String) throws(APIFailure) -> [UInt64] {
        var ids: [UInt64] = []
        for (index, value) in try array(key).enumerated() { ids.append(try Self.id(value, "\(place)\(key)[\(index)]")) }
        return ids
    }

    mutating func objects(_ key: String) throws(APIFailure) -> [ClusterBody] {
        var bodies: [ClusterBody] = []
        for (index, value) in try array(key).enumerated() {
            let path = "\(place)\(key)[\(index)]"
            guard case .object(let object) = value else {
                throw .bad("\(path): must be an object (got \(value.kindName))")
            }
            bodies.append(ClusterBody(object, place: path + "."))
        }
        return bodies
    }

    /// host:port, as every node of the cluster will dial it.
    mutating func address(_ key: String) throws(APIFailure) -> String {
        guard let value = present(key) else { throw .bad("\(place)\(key): is missing; it must be host:port") }
        guard case .string(let text) = value else {
            throw .bad("\(place)\(key): must be host:port as a string (got \(value.kindName))")
        }
        do throws(PeerAddressError) {
            let address = try PeerAddress(parsing: text)
            return "\(address)"
        } catch {
            throw .bad("\(place)\(key): \(error)")
        }
    }

    mutating func priority(_ key: String) throws(APIFailure) -> UInt8? {
        guard let value = present(key) else { return nil }
        return try Self.priority(value, "\(place)\(key)")
    }

    /// An object from ids to priorities.
    mutating func priorities(_ key: String) throws(APIFailure) -> [MembershipPlan.Priority] {
        guard let value = present(key) else { return [] }
        guard case .object(let object) = value else {
            throw .bad("\(place)\(key): must be an object from node ids to priorities (got \(value.kindName))")
        }
        var result: [MembershipPlan.Priority] = []
        for member in object.members {
            let path = "\(place)\(key).\(Validation.shortened(member.key))"
            guard let id = UInt64(member.key), (1...Self.idMax).contains(id) else {
                throw .bad("\(path): the name must be a node id from 1 to \(Self.idMax)")
            }
            result.append(MembershipPlan.Priority(id: id, priority: try Self.priority(member.value, path)))
        }
        return try Self.bounded(result, "\(place)\(key)").sorted { $0.id < $1.id }
    }

    mutating func flag(_ key: String) throws(APIFailure) -> Bool {
        guard let value = present(key) else { return false }
        guard case .bool(let flag) = value else {
            throw .bad("\(place)\(key): must be true or false (got \(value.kindName))")
        }
        return flag
    }

    /// How long the caller wants to wait for the end.
    mutating func waitMilliseconds(default fallback: Int) throws(APIFailure) -> Int {
        guard let value = present("wait_ms") else { return fallback }
        guard let number = Self.unsigned(value), number <= Self.waitMillisecondsMax else {
            throw .bad(
                "\(place)wait_ms: must be a whole number from 0 to \(Self.waitMillisecondsMax) (got \(Self.shown(value)))"
            )
        }
        return Int(number)
    }

    static func pathID(_ text: String) throws(APIFailure) -> UInt64 {
        let isNumber = text.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        guard isNumber, let id = UInt64(text), (1...idMax).contains(id) else {
            throw .bad("id: must be a node id from 1 to \(idMax) (got '\(Validation.shortened(text))')")
        }
        return id
    }

    // MARK: pieces

    /// Absent and null are the same.
    private mutating func present(_ key: String) -> JSONValue? {
        known.insert(key)
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    private mutating func array(_ key: String) throws(APIFailure) -> [JSONValue] {
        guard let value = present(key) else { return [] }
        guard case .array(let values) = value else {
            throw .bad("\(place)\(key): must be an array (got \(value.kindName))")
        }
        return try Self.bounded(values, "\(place)\(key)")
    }

    private static func bounded<Element>(_ values: [Element], _ path: String) throws(APIFailure) -> [Element] {
        guard values.count <= Configuration.membersMax else {
            throw .bad("\(path): \(values.count) items, the limit is \(Configuration.membersMax)")
        }
        return values
    }

    private static func id(_ value: JSONValue, _ path: String) throws(APIFailure) -> UInt64 {
        guard let id = unsigned(value), (1...idMax).contains(id) else {
            throw .bad("\(path): must be a node id from 1 to \(idMax) (got \(shown(value)))")
        }
        return id
    }

    private static func priority(_ value: JSONValue, _ path: String) throws(APIFailure) -> UInt8 {
        guard let number = unsigned(value), let priority = UInt8(exactly: number) else {
            throw .bad("\(path): must be a whole number from 0 to 255 (got \(shown(value)))")
        }
        return priority
    }

    private static func unsigned(_ value: JSONValue) -> UInt64? {
        switch value {
        case .integer(let number): UInt64(exactly: number)
        case .unsigned(let number): number
        case .null, .bool, .double, .string, .array, .object: nil
        }
    }

    private static func shown(_ value: JSONValue) -> String {
        switch value {
        case .bool, .integer, .unsigned, .double: value.text
        case .null, .string, .array, .object: value.kindName
        }
    }
}
