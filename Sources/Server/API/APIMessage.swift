/// A request and a response as the handlers see them, free of any HTTP library.
///
/// Owns: the plain values and header lookup. Must never: know sockets, or the types of the HTTP shell.

/// Header fields in the order they arrived; names are compared without regard to ASCII case.
public struct APIHeaders: Hashable, Sendable {
    public struct Field: Hashable, Sendable {
        public var name: String
        public var value: String
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
    public var fields: [Field]

    public init(_ fields: [Field] = []) { self.fields = fields }
    public init(_ pairs: [(String, String)]) { fields = pairs.map { Field(name: $0.0, value: $0.1) } }

    /// The first field with this name. Setting replaces all fields of the name; nil removes them.
    public subscript(name: String) -> String? {
        get { fields.first { APIHeaders.equal($0.name, name) }?.value }
        set {
            fields.removeAll { APIHeaders.equal($0.name, name) }
            if let newValue { fields.append(Field(name: name, value: newValue)) }
        }
    }

    /// How many fields have this name.
    func count(_ name: String) -> Int { fields.count { APIHeaders.equal($0.name, name) } }

    private static func equal(_ left: String, _ right: String) -> Bool {
        let left = left.utf8
        let right = right.utf8
        guard left.count == right.count else { return false }
        return left.elementsEqual(right) { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }
}

public struct APIRequest: Sendable {
    public var method: String
    /// As received: percent-encoded, without query.
    public var path: String
    /// Without the question mark; nil when there was none.
    public var rawQuery: String?
    public var headers: APIHeaders
    public var body: [UInt8]
    /// The body was larger than `APIOptions.bodyBytesMax` and was not kept; `body` is empty. The handlers decide what
    /// that means, because a wrong path or content type is reported first.
    public var bodyExceedsLimit: Bool

    public init(
        method: String, path: String, rawQuery: String? = nil, headers: APIHeaders = APIHeaders(), body: [UInt8] = [],
        bodyExceedsLimit: Bool = false
    ) {
        self.method = method
        self.path = path
        self.rawQuery = rawQuery
        self.headers = headers
        self.body = body
        self.bodyExceedsLimit = bodyExceedsLimit
    }
}

public struct APIResponse: Sendable {
    /// HTTP status code.
    public var status: Int
    public var headers: APIHeaders
    public var body: [UInt8]

    public init(status: Int, headers: APIHeaders = APIHeaders(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    static func json(_ status: Int, _ body: [UInt8]) -> APIResponse {
        APIResponse(
            status: status, headers: APIHeaders([.init(name: "content-type", value: "application/json")]), body: body)
    }
    static func text(_ status: Int, _ text: String) -> APIResponse {
        APIResponse(
            status: status, headers: APIHeaders([.init(name: "content-type", value: "text/plain; charset=utf-8")]),
            body: Array(text.utf8))
    }
}

/// Byte tests that need no Unicode tables.
enum ASCII {
    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
    /// Printable ASCII without space.
    static func isVisible(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7f }

    static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
