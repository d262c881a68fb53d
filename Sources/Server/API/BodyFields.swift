/// A JSON body, read field by field with the strictness of the contract.
///
/// Owns: the failures of extraction (415, 413, 400, 422, all plain text) and how a field's path is named in them.
/// Unknown fields are ignored. Must never: coerce one type into another, except an integer into a float.
import JSON
import StateMachine

/// Parses the body of a JSON route.
enum JSONBody {
    static func json(_ request: APIRequest, bytesMax: Int) throws(APIFailure) -> JSONValue {
        guard isJSON(contentType: request.headers["content-type"]) else { throw .contentType }
        if request.bodyExceedsLimit || request.body.count > bytesMax { throw .bodyTooLarge(bytesMax: bytesMax) }
        do throws(JSONError) {
            return try JSONValue.parse(request.body)
        } catch {
            throw .syntax(error)
        }
    }

    /// `application/json` or `application/<x>+json`, with any parameters.
    static func isJSON(contentType: String?) -> Bool {
        guard let contentType else { return false }
        let essence = contentType.utf8.prefix { $0 != UInt8(ascii: ";") }
        let bytes = essence.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }.map(ASCII.lowercased)
        let prefix = Array("application/".utf8)
        guard bytes.starts(with: prefix) else { return false }
        let subtype = bytes.dropFirst(prefix.count)
        return subtype.elementsEqual("json".utf8)
            || (subtype.count > 5 && subtype.suffix(5).elementsEqual("+json".utf8))
    }
}

/// The members of one object of the body.
struct BodyFields {
    private let object: JSONObject
    /// Where the object is, for messages: empty at the root, `[3]` inside an array.
    private let place: String

    /// - Throws: 422 when the value is not an object.
    init(_ value: JSONValue, place: String = "") throws(APIFailure) {
        guard case .object(let object) = value else {
            throw .shape((place.isEmpty ? "" : "\(place): ") + BodyFields.mismatch(value, expected: "an object"))
        }
        self.object = object
        self.place = place
    }

    /// The member as it is; absent and null are told apart.
    func value(_ key: String) -> JSONValue? { object[key] }

    func requiredText(_ key: String) throws(APIFailure) -> String {
        guard let value = object[key] else {
            throw .shape((place.isEmpty ? "" : "\(place): ") + "missing field `\(key)`")
        }
        return try text(value, key)
    }
    /// Absent gives the default; null is refused.
    func text(_ key: String, default fallback: String) throws(APIFailure) -> String {
        guard let value = object[key] else { return fallback }
        return try text(value, key)
    }
    /// Absent and null are the same.
    func optionalText(_ key: String) throws(APIFailure) -> String? {
        guard let value = present(key) else { return nil }
        return try text(value, key)
    }

    func tier(_ key: String, default fallback: Tier) throws(APIFailure) -> Tier {
        guard let value = object[key] else { return fallback }
        return try tier(value, key)
    }
    func optionalTier(_ key: String) throws(APIFailure) -> Tier? {
        guard let value = present(key) else { return nil }
        return try tier(value, key)
    }

    func integer32(_ key: String, default fallback: Int) throws(APIFailure) -> Int {
        guard let value = object[key] else { return fallback }
        return try integer32(value, key)
    }
    func optionalInteger32(_ key: String) throws(APIFailure) -> Int? {
        guard let value = present(key) else { return nil }
        return try integer32(value, key)
    }
    func optionalInteger64(_ key: String) throws(APIFailure) -> Int64? {
        guard let value = present(key) else { return nil }
        guard case .integer(let number) = value else { throw mismatch(value, key, expected: "i64") }
        return number
    }
    func optionalBool(_ key: String) throws(APIFailure) -> Bool? {
        guard let value = present(key) else { return nil }
        guard case .bool(let flag) = value else { throw mismatch(value, key, expected: "a boolean") }
        return flag
    }
    func optionalUnsigned(_ key: String) throws(APIFailure) -> Int? {
        guard let value = present(key) else { return nil }
        switch value {
        case .integer(let number) where number >= 0: return Int(number)
        // Every use clamps far below this.
        case .unsigned: return Int.max
        default: throw mismatch(value, key, expected: "usize")
        }
    }

    func double(_ key: String, default fallback: Double) throws(APIFailure) -> Double {
        guard let value = object[key] else { return fallback }
        guard let number = value.doubleValue else { throw mismatch(value, key, expected: "f64") }
        return number
    }
    func optionalDouble(_ key: String) throws(APIFailure) -> Double? {
        guard let value = present(key) else { return nil }
        guard let number = value.doubleValue else { throw mismatch(value, key, expected: "f64") }
        return number
    }

    func missing(_ key: String) -> APIFailure {
        .shape((place.isEmpty ? "" : "\(place): ") + "missing field `\(key)`")
    }

    /// One of two names for the same thing; the first wins.
    func requiredText(_ key: String, or other: String) throws(APIFailure) -> String {
        if let found = try optionalText(key) { return found }
        if let found = try optionalText(other) { return found }
        throw missing(key)
    }

    func requiredTexts(_ key: String) throws(APIFailure) -> [String] {
        guard let value = object[key] else { throw missing(key) }
        return try texts(value, key)
    }

    /// The elements of an array, whatever they are.
    func elements(_ key: String, isRequired: Bool) throws(APIFailure) -> [JSONValue] {
        guard let value = isRequired ? object[key] : present(key) else {
            if isRequired { throw missing(key) }
            return []
        }
        guard case .array(let elements) = value else { throw mismatch(value, key, expected: "a sequence") }
        return elements
    }

    func texts(_ key: String) throws(APIFailure) -> [String] {
        guard let value = object[key] else { return [] }
        return try texts(value, key)
    }
    func optionalTexts(_ key: String) throws(APIFailure) -> [String]? {
        guard let value = present(key) else { return nil }
        return try texts(value, key)
    }

    private func present(_ key: String) -> JSONValue? {
        guard let value = object[key], value != .null else { return nil }
        return value
    }
    private func text(_ value: JSONValue, _ key: String) throws(APIFailure) -> String {
        guard case .string(let text) = value else { throw mismatch(value, key, expected: "a string") }
        return text
    }
    private func tier(_ value: JSONValue, _ key: String) throws(APIFailure) -> Tier {
        let name = try text(value, key)
        guard let tier = Tier(name: name) else {
            throw .shape("\(path(key)): unknown variant `\(name)`, expected one of `short`, `mid`, `long`")
        }
        return tier
    }
    private func integer32(_ value: JSONValue, _ key: String) throws(APIFailure) -> Int {
        switch value {
        case .integer(let number):
            guard let small = Int32(exactly: number) else {
                throw .shape("\(path(key)): invalid value: integer `\(number)`, expected i32")
            }
            return Int(small)
        case .unsigned(let number):
            throw .shape("\(path(key)): invalid value: integer `\(number)`, expected i32")
        case .null, .bool, .double, .string, .array, .object:
            throw mismatch(value, key, expected: "i32")
        }
    }
    private func texts(_ value: JSONValue, _ key: String) throws(APIFailure) -> [String] {
        guard case .array(let elements) = value else { throw mismatch(value, key, expected: "a sequence") }
        var texts: [String] = []
        texts.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() { texts.append(try text(element, "\(key)[\(index)]")) }
        return texts
    }

    private func path(_ key: String) -> String { place.isEmpty ? key : "\(place).\(key)" }

    private func mismatch(_ value: JSONValue, _ key: String, expected: String) -> APIFailure {
        .shape("\(path(key)): \(BodyFields.mismatch(value, expected: expected))")
    }

    static func mismatch(_ value: JSONValue, expected: String) -> String {
        let found: String =
            switch value {
            case .null, .array, .object: value.kindName
            case .bool, .integer, .unsigned, .double: "\(value.kindName) `\(value.text)`"
            // The text itself may be large or private.
            case .string: "string"
            }
        return "invalid type: \(found), expected \(expected)"
    }
}
