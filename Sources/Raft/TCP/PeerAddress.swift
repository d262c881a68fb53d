/// Where a peer listens: a host name or IP address and a port.
///
/// Owns: parsing `host:port` and `[ipv6]:port`, with errors that say what is wrong. Must never: resolve names.

public struct PeerAddressError: Error, Hashable, Sendable, CustomStringConvertible {
    public var text: String
    public var problem: String
    public var description: String { "peer address \"\(text)\" \(problem); expected host:port or [ipv6]:port" }
}

public struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    /// Longest host name that DNS can carry (RFC 1035 §2.3.4).
    public static let hostBytesMax = 253

    public var host: String
    /// 1 to 65535.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// - Parameter text: `host:port`, `1.2.3.4:port` or `[::1]:port`.
    /// - Throws: `PeerAddressError` that quotes the text and names the problem.
    public init(parsing text: String) throws(PeerAddressError) {
        func fail(_ problem: String) -> PeerAddressError {
            PeerAddressError(text: String(text.prefix(300)), problem: problem)
        }
        let host: Substring
        let port: Substring
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { throw fail("has a '[' without ']'") }
            host = text[text.index(after: text.startIndex)..<close]
            let rest = text[text.index(after: close)...]
            guard rest.hasPrefix(":") else { throw fail("has no port after ']'") }
            port = rest.dropFirst()
            guard host.contains(":") else { throw fail("has brackets around something that is no IPv6 address") }
        } else {
            guard let colon = text.lastIndex(of: ":") else { throw fail("has no port") }
            host = text[..<colon]
            port = text[text.index(after: colon)...]
            guard !host.contains(":") else {
                throw fail("has several colons; an IPv6 address must stand in brackets, as in [::1]:7001")
            }
        }
        guard !host.isEmpty else { throw fail("has no host") }
        guard host.utf8.count <= PeerAddress.hostBytesMax else {
            throw fail("has a host of \(host.utf8.count) bytes; the limit is \(PeerAddress.hostBytesMax)")
        }
        guard host.utf8.allSatisfy(PeerAddress.isHostByte) else {
            throw fail("has a host with characters that no name or IP address has")
        }
        guard !port.isEmpty else { throw fail("has no port after ':'") }
        guard port.utf8.count <= 5, port.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(port),
            (1...65_535).contains(number)
        else { throw fail("has the port \"\(port.prefix(20))\", which is not between 1 and 65535") }
        self.init(host: String(host), port: number)
    }

    /// Letters, digits, '.', '-', '_', ':' and the '%' of an IPv6 zone.
    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5F, 0x25: true
        default: false
        }
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
