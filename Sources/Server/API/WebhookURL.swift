/// Which addresses a webhook may have.
///
/// Owns: the rule of the contract, closed where v0.6.3 left it open: user names in the address, and IPv6 forms of IPv4
/// addresses. Must never: look a name up; whoever delivers checks what a name stands for.

enum WebhookURL {
    static let bytesMax = 2_048

    /// - Returns: what is wrong; nil when it may be used.
    static func problem(_ url: String) -> String? {
        if url.utf8.count > bytesMax { return "url exceeds max length of \(bytesMax) bytes" }
        if url.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F || $0 == UInt8(ascii: "\\") }) {
            return "url contains invalid characters"
        }
        guard let mark = url.range(of: "://") else { return "url must have the scheme http or https" }
        let scheme = url[..<mark.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return "url must have the scheme http or https" }
        let authority = url[mark.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if authority.contains("@") { return "url must not hold a user name" }
        guard let host = host(of: authority) else { return "url has no valid host" }
        switch kind(of: host) {
        case .loopback: return nil
        case .refused(let what): return "url points to a \(what) address, which is refused as private"
        case .outside:
            return scheme == "https" ? nil : "http is for loopback only; use https for the non-loopback host '\(host)'"
        }
    }

    /// The parts of an address that `problem` lets pass.
    static func parts(_ url: String) -> (isTLS: Bool, host: String, port: Int?, path: String)? {
        guard let mark = url.range(of: "://") else { return nil }
        let rest = url[mark.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let host = host(of: authority) else { return nil }
        // Inside brackets colons belong to the address.
        let behindHost = authority[(authority.lastIndex(of: "]") ?? authority.startIndex)...]
        let port = behindHost.lastIndex(of: ":").flatMap { Int(behindHost[behindHost.index(after: $0)...]) }
        var path = rest[authority.endIndex...].prefix { $0 != "#" }
        if path.first != "/" { path = "/" + path }
        return (url[..<mark.lowerBound].lowercased() == "https", host, port, String(path))
    }

    /// Why a resolved address (4 or 16 bytes) must not be connected to; nil when it may.
    static func refusal(of address: [UInt8], allowsLoopback: Bool) -> String? {
        switch address.count == 4 ? kind(ofIPv4: address) : kind(ofIPv6Bytes: address) {
        case .loopback: allowsLoopback ? nil : "loopback"
        case .refused(let what): what
        case .outside: nil
        }
    }

    private enum Kind {
        case loopback, outside
        case refused(String)
    }

    private static func host(of authority: Substring) -> String? {
        if authority.first == "[" {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            let rest = authority[authority.index(after: close)...]
            guard rest.isEmpty || isPort(rest) else { return nil }
            return String(authority[...close]).lowercased()
        }
        let name = authority.prefix { $0 != ":" }
        let rest = authority[name.endIndex...]
        guard rest.isEmpty || isPort(rest), !name.isEmpty else { return nil }
        var host = name.lowercased()
        // A name with a dot at its end is the same name.
        if host.hasSuffix(".") { host.removeLast() }
        return host.isEmpty ? nil : host
    }

    private static func isPort(_ text: Substring) -> Bool {
        guard text.first == ":", let number = UInt32(text.dropFirst()) else { return false }
        return (1...65_535).contains(number)
    }

    private static func kind(of host: String) -> Kind {
        if host == "localhost" || host == "localhost.localdomain" { return .loopback }
        if host.hasPrefix("[") { return kind(ofIPv6: String(host.dropFirst().dropLast())) }
        if let address = IPAddress.v4(host) { return kind(ofIPv4: address) }
        // Numbers in other forms (octal, one number for all) reach the same machines by another spelling.
        if let last = host.split(separator: ".").last, last.allSatisfy(\.isNumber) || last.hasPrefix("0x") {
            return .refused("numeric, non-dotted")
        }
        return .outside
    }

    private static func kind(ofIPv4 address: [UInt8]) -> Kind {
        switch (address[0], address[1]) {
        case (127, _): .loopback
        case (10, _), (172, 16...31), (192, 168), (100, 64...127): .refused("private")
        case (169, 254): .refused("link-local")
        case (0, _): .refused("unspecified")
        case (224...239, _): .refused("multicast")
        case (240...255, _): .refused("broadcast or reserved")
        default: .outside
        }
    }

    private static func kind(ofIPv6 text: String) -> Kind {
        guard let address = IPAddress.v6(text) else { return .refused("malformed IPv6") }
        return kind(ofIPv6Bytes: address)
    }

    private static func kind(ofIPv6Bytes address: [UInt8]) -> Kind {
        let last = Array(address.suffix(4))
        // The last four bytes of all of these are an IPv4 address, or stand for one to some systems.
        switch (address.prefix(8).allSatisfy { $0 == 0 }, Array(address[8..<12])) {
        case (true, [0, 0, 0, 0]):
            return last == [0, 0, 0, 1]
                ? .loopback : .refused(last == [0, 0, 0, 0] ? "unspecified" : "IPv4-compatible")
        case (true, [0, 0, 0xFF, 0xFF]): return kind(ofIPv4: last)
        case (true, [0xFF, 0xFF, 0, 0]): return .refused("IPv4-translated")
        default: break
        }
        // NAT64 and 6to4 carry an IPv4 address inside; NAT64 beyond its first /96 has it in other places.
        if address.starts(with: [0x00, 0x64, 0xFF, 0x9B]) {
            return address[4..<12].allSatisfy { $0 == 0 } ? kind(ofIPv4: last) : .refused("locally translated")
        }
        if address.starts(with: [0x20, 0x02]) { return kind(ofIPv4: Array(address[2..<6])) }
        if address[0] == 0xFE && address[1] & 0xC0 == 0x80 { return .refused("link-local") }
        if address[0] == 0xFE && address[1] & 0xC0 == 0xC0 { return .refused("private (site-local)") }
        if address[0] & 0xFE == 0xFC { return .refused("private (unique-local)") }
        if address[0] == 0xFF { return .refused("multicast") }
        return .outside
    }
}

/// Literal addresses, strictly.
enum IPAddress {
    static func v4(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            // A leading zero means octal to some resolvers.
            guard !part.isEmpty, part.count <= 3, part.count == 1 || part.first != "0",
                part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    static func v6(_ text: String) -> [UInt8]? {
        let halves = text.components(separatedBy: "::")
        guard halves.count <= 2 else { return nil }
        guard let head = groups(halves[0]) else { return nil }
        guard halves.count == 2 else { return head.count == 16 ? head : nil }
        guard let tail = groups(halves[1]), head.count + tail.count <= 14 else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    private static func groups(_ text: String) -> [UInt8]? {
        if text.isEmpty { return [] }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (place, part) in parts.enumerated() {
            if place == parts.count - 1, part.contains(".") {
                guard let tail = v4(String(part)) else { return nil }
                bytes += tail
                continue
            }
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ ASCII.hexadecimalDigit($0) != nil }),
                let group = UInt16(part, radix: 16)
            else { return nil }
            bytes += [UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
        }
        return bytes.count <= 16 ? bytes : nil
    }
}

extension String {
    /// Without Foundation.
    fileprivate func components(separatedBy separator: String) -> [String] {
        var found: [String] = []
        var rest = self[...]
        while let range = rest.range(of: separator) {
            found.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return found + [String(rest)]
    }
}

extension StringProtocol where SubSequence == Substring {
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) {
                return start..<index(start, offsetBy: text.count)
            }
            start = index(after: start)
        }
        return nil
    }
}
