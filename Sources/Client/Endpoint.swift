/// Where a node listens for HTTP.
///
/// Owns: reading an endpoint from text, with an error that says what is wrong. Must never: resolve names or connect.

public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// Name, IPv4 address, or IPv6 address without brackets.
    public var host: String
    /// 1…65535.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// What a client talks to when nobody says otherwise.
    public static let standard = Endpoint(host: "127.0.0.1", port: 9077)

    /// Host and port as they stand in a `Host` header.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Reads `host:port`, `[v6]:port`, or either behind `http://`, with an optional trailing slash.
    /// - Throws: `EndpointError` naming the text and the reason.
    public init(parsing text: String) throws(EndpointError) {
        var rest = Substring(text)
        if rest.hasPrefix("https://") {
            throw EndpointError(text: text, reason: "https is not supported; use http://host:port")
        }
        if rest.hasPrefix("http://") {
            rest = rest.dropFirst("http://".count)
        } else if rest.contains("://") {
            throw EndpointError(text: text, reason: "unknown scheme; use host:port or http://host:port")
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.isEmpty else { throw EndpointError(text: text, reason: "it is empty") }
        guard !rest.contains("/") && !rest.contains("?") && !rest.contains("#") else {
            throw EndpointError(text: text, reason: "it must not carry a path")
        }
        guard !rest.contains("@") else {
            throw EndpointError(text: text, reason: "it must not carry a user name")
        }
        let (host, portText) = try Endpoint.split(rest, of: text)
        guard !host.isEmpty else { throw EndpointError(text: text, reason: "the host is missing") }
        guard host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw EndpointError(text: text, reason: "the host has characters that cannot stand in one")
        }
        guard let port = Int(portText), (1...65535).contains(port), portText.utf8.allSatisfy({ $0 != 0x2b }) else {
            throw EndpointError(text: text, reason: "the port must be a number from 1 to 65535 (got '\(portText)')")
        }
        self.init(host: String(host), port: port)
    }

    private static func split(
        _ rest: Substring, of text: String
    ) throws(EndpointError) -> (host: Substring, port: Substring) {
        if rest.hasPrefix("[") {
            guard let closing = rest.firstIndex(of: "]") else {
                throw EndpointError(text: text, reason: "the closing ']' of the address is missing")
            }
            let after = rest[rest.index(after: closing)...]
            guard after.hasPrefix(":") else { throw EndpointError(text: text, reason: "the port is missing") }
            return (rest[rest.index(after: rest.startIndex)..<closing], after.dropFirst())
        }
        guard let colon = rest.lastIndex(of: ":") else {
            throw EndpointError(text: text, reason: "the port is missing")
        }
        let host = rest[..<colon]
        guard !host.contains(":") else {
            throw EndpointError(text: text, reason: "an IPv6 address needs brackets: [address]:port")
        }
        return (host, rest[rest.index(after: colon)...])
    }

    /// Reads a comma list; blanks around the commas are dropped.
    /// - Throws: `EndpointError` for the first bad one, a repeated one, or an empty list.
    public static func list(parsing text: String) throws(EndpointError) -> [Endpoint] {
        var endpoints: [Endpoint] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: true) {
            let trimmed = part.drop(while: { $0 == " " }).reversed().drop(while: { $0 == " " }).reversed()
            let endpoint = try Endpoint(parsing: String(trimmed))
            guard !endpoints.contains(endpoint) else {
                throw EndpointError(text: text, reason: "\(endpoint) is listed twice")
            }
            endpoints.append(endpoint)
        }
        guard !endpoints.isEmpty else { throw EndpointError(text: text, reason: "no endpoint is listed") }
        return endpoints
    }
}

/// A text that is not an endpoint.
public struct EndpointError: Error, Hashable, Sendable, CustomStringConvertible {
    public var text: String
    public var reason: String
    public var description: String { "invalid endpoint '\(text)': \(reason)" }
}
