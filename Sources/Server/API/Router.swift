/// Finds the route of a method and path.
///
/// Owns: matching. A static path beats a parameter, a trailing slash is another path, parameters are single non-empty
/// segments and the only part that is percent-decoded, `HEAD` works wherever `GET` does. Must never: answer itself.

struct Router: Sendable {
    enum Match: Sendable {
        /// `index` counts routes in table order, for counters.
        case route(Route, index: Int, parameter: String)
        /// The path exists, the method does not; the value of the `Allow` header.
        case methodNotAllowed(allow: String)
        case unknownPath
        /// A parameter is not UTF-8 after decoding.
        case invalidParameter(pattern: String)
    }

    private struct PathEntry: Sendable {
        var methods: [(route: Route, index: Int)] = []
        var allow: String {
            methods.map { $0.route.method == "GET" ? "GET,HEAD" : $0.route.method }.joined(separator: ",")
        }
    }
    private struct PatternEntry: Sendable {
        var prefix: String
        var suffix: String
        var entry: PathEntry
    }

    private var statics: [String: PathEntry] = [:]
    private var patterns: [PatternEntry] = []
    let routes: [Route]

    init(_ routes: [Route]) {
        self.routes = routes
        for (index, route) in routes.enumerated() {
            guard let open = route.pattern.firstIndex(of: "{"), let close = route.pattern.firstIndex(of: "}") else {
                statics[route.pattern, default: PathEntry()].methods.append((route, index))
                continue
            }
            let prefix = String(route.pattern[..<open])
            let suffix = String(route.pattern[route.pattern.index(after: close)...])
            if let existing = patterns.firstIndex(where: { $0.prefix == prefix && $0.suffix == suffix }) {
                patterns[existing].entry.methods.append((route, index))
            } else {
                patterns.append(
                    PatternEntry(
                        prefix: prefix, suffix: suffix, entry: PathEntry(methods: [(route, index)])))
            }
        }
    }

    func match(method: String, path: String) -> Match {
        if let entry = statics[path] { return Router.select(entry, method: method, parameter: "") }
        let bytes = Array(path.utf8)
        for pattern in patterns {
            let prefix = pattern.prefix.utf8
            let suffix = pattern.suffix.utf8
            guard bytes.count > prefix.count + suffix.count, bytes.starts(with: prefix),
                bytes.suffix(suffix.count).elementsEqual(suffix)
            else { continue }
            let raw = bytes[prefix.count..<(bytes.count - suffix.count)]
            if raw.contains(UInt8(ascii: "/")) { continue }
            guard let parameter = PercentEncoding.decoded(raw) else {
                return .invalidParameter(pattern: pattern.prefix + "{…}" + pattern.suffix)
            }
            return Router.select(pattern.entry, method: method, parameter: parameter)
        }
        return .unknownPath
    }

    private static func select(_ entry: PathEntry, method: String, parameter: String) -> Match {
        let wanted = method == "HEAD" ? "GET" : method
        for (route, index) in entry.methods where route.method == wanted {
            return .route(route, index: index, parameter: parameter)
        }
        return .methodNotAllowed(allow: entry.allow)
    }
}

/// Percent-decoding as URLs and forms use it.
enum PercentEncoding {
    /// Decodes a path segment; a `%` that does not start an escape stays.
    /// - Returns: nil when the result is not UTF-8.
    static func decoded(_ bytes: some Collection<UInt8>) -> String? {
        String(validating: bytesDecoded(bytes, plusIsSpace: false), as: UTF8.self)
    }

    /// Decodes one key or value of a query: `+` is a space, bytes that are not UTF-8 become U+FFFD.
    static func formDecoded(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: bytesDecoded(bytes, plusIsSpace: true), as: UTF8.self)
    }

    private static func bytesDecoded(_ bytes: some Collection<UInt8>, plusIsSpace: Bool) -> [UInt8] {
        let input = Array(bytes)
        var output: [UInt8] = []
        output.reserveCapacity(input.count)
        var index = 0
        while index < input.count {
            let byte = input[index]
            if byte == UInt8(ascii: "%"), index + 2 < input.count,
                let high = ASCII.hexadecimalDigit(input[index + 1]),
                let low = ASCII.hexadecimalDigit(input[index + 2])
            {
                output.append(high << 4 | low)
                index += 3
            } else {
                output.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                index += 1
            }
        }
        return output
    }
}
