/// Namespaces as paths: ancestors and depth.
///
/// Owns: the arithmetic. Must never: normalise; `a//b` stays what the caller said.

enum NamespacePath {
    /// Deeper paths than validation admits are cut here, so that hostile text costs nothing.
    static let ancestorsMax = 64

    /// `a/b/c` gives `a/b/c`, `a/b`, `a`; the empty text gives none.
    static func ancestors(_ path: String) -> [String] {
        var result: [String] = []
        var rest = path[...]
        while !rest.isEmpty && result.count < ancestorsMax {
            result.append(String(rest))
            guard let slash = rest.utf8.lastIndex(of: UInt8(ascii: "/")) else { break }
            rest = rest[..<slash]
        }
        return result
    }

    /// Number of non-empty segments.
    static func depth(_ path: String) -> Int {
        var depth = 0
        var inSegment = false
        for byte in path.utf8 {
            if byte == UInt8(ascii: "/") {
                inSegment = false
            } else if !inSegment {
                inSegment = true
                depth += 1
            }
        }
        return depth
    }

    static func isHierarchical(_ path: String) -> Bool { path.utf8.contains(UInt8(ascii: "/")) }
}
