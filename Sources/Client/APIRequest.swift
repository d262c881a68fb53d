/// A request as bytes: built once, sent as often as needed.
///
/// Owns: the request line, the headers and percent-encoding. Must never: let a value break out of its header line.
import NIOCore

/// One HTTP/1.1 request, independent of the node it goes to.
public struct APIRequest: Hashable, Sendable {
    public struct Header: Hashable, Sendable {
        public var name: String
        public var value: String
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }
    public var method: String
    /// Path and query, already percent-encoded.
    public var target: String
    public var headers: [Header]
    /// JSON; nil sends none and no content type.
    public var body: [UInt8]?
    /// Set on writes only: makes repeating the request safe.
    public var idempotencyKey: String?

    public init(
        method: String, target: String, headers: [Header] = [], body: [UInt8]? = nil, idempotencyKey: String? = nil
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.idempotencyKey = idempotencyKey
    }

    /// The bytes to send.
    /// - Throws: `ClientError.invalidRequest` for a header value that is not visible ASCII.
    public func encoded(for endpoint: Endpoint) throws(ClientError) -> ByteBuffer {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: \(endpoint)\r\n"
        for header in headers {
            try APIRequest.append(header, to: &head)
        }
        if let idempotencyKey {
            try APIRequest.append(Header("Idempotency-Key", idempotencyKey), to: &head)
        }
        if let body {
            head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n"
        } else if method != "GET" {
            head += "Content-Length: 0\r\n"
        }
        head += "\r\n"
        var buffer = ByteBuffer()
        buffer.reserveCapacity(head.utf8.count + (body?.count ?? 0))
        buffer.writeString(head)
        if let body { buffer.writeBytes(body) }
        return buffer
    }

    private static func append(_ header: Header, to head: inout String) throws(ClientError) {
        guard header.value.utf8.allSatisfy({ ($0 >= 0x20 && $0 < 0x7f) }) else {
            throw .invalidRequest("the value of \(header.name) must be visible ASCII")
        }
        head += "\(header.name): \(header.value)\r\n"
    }
}

/// Builds a query string.
public struct QueryString: Sendable {
    public private(set) var text = ""
    public init() {}

    /// Adds `name=value`; nothing when the value is nil.
    public mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        text += text.isEmpty ? "?" : "&"
        text += name
        text += "="
        text += QueryString.percentEncoded(value)
    }
    public mutating func add(_ name: String, _ value: Int?) {
        add(name, value.map { String($0) })
    }

    /// Everything but unreserved characters (RFC 3986 §2.3) as %XX; good for path segments and query values alike.
    public static func percentEncoded(_ value: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(value.utf8.count)
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "%"))
                bytes.append(hexDigit(byte >> 4))
                bytes.append(hexDigit(byte & 0x0f))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}

/// Names one attempt to change something, so that repeating it returns the first outcome.
public enum IdempotencyKey {
    /// 128 random bits as 32 hex digits.
    public static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        var text = ""
        for _ in 0..<2 {
            let digits = String(generator.next() as UInt64, radix: 16)
            text += String(repeating: "0", count: 16 - digits.count) + digits
        }
        return text
    }
}
