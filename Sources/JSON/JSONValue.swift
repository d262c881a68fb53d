/// A JSON document as a value.
///
/// Owns: the value and its convenience accessors. Must never: depend on Foundation, lose the difference between an
/// integer and a fraction, or compare keys by anything but their bytes.

/// One JSON value. Numbers without fraction or exponent stay integers when they fit 64 bits.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Only values above `Int64.max`.
    case unsigned(UInt64)
    /// Always finite when it comes from the parser.
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue {
    /// The integer, when this is one and `Int` holds it.
    public var integerValue: Int? {
        guard case .integer(let value) = self else { return nil }
        return Int(exactly: value)
    }
    /// The number as a double: integers widen, everything else is nil.
    public var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .double(let value): value
        case .null, .bool, .string, .array, .object: nil
        }
    }
    public var stringValue: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }
    public var boolValue: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }
    public var arrayValue: [JSONValue]? {
        guard case .array(let value) = self else { return nil }
        return value
    }
    public var objectValue: JSONObject? {
        guard case .object(let value) = self else { return nil }
        return value
    }
    public var isNull: Bool { self == .null }

    /// The member of an object; nil for other values and absent keys.
    public subscript(key: String) -> JSONValue? { objectValue?[key] }

    /// How error messages call this kind of value.
    public var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .integer, .unsigned: "integer"
        case .double: "floating point"
        case .string: "string"
        case .array: "sequence"
        case .object: "map"
        }
    }
}

// Not by nil literal: `value == nil` would then compare with JSON null instead of asking for absence.
extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// Of equal keys the last one stays.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}
