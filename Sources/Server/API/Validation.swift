/// What a memory's fields may hold, with the error texts of the contract.
///
/// Owns: limits and messages. Trimming is for the check only; values are stored as received. Must never: change a
/// value, or know where it came from.
import JSON
import StateMachine

enum Validation {
    static let titleCharactersMax = 512
    static let contentBytesMax = 65_536
    static let namespaceCharactersMax = 512
    static let namespaceSegmentsMax = 8
    static let sourceBytesMax = 64
    static let tagsMax = 50
    static let tagBytesMax = 128
    static let metadataBytesMax = 65_536
    static let metadataDepthMax = 32
    static let idBytesMax = 128
    static let agentIDBytesMax = 128
    static let ttlSecondsMax: Int64 = 31_536_000
    /// Titles, namespaces and tags are measured after trimming; this bounds them, blanks included, as they are stored.
    static let untrimmedBytesMax = 65_536
    /// RFC 3339 lets a fraction have any number of digits.
    static let timestampBytesMax = 64

    static let sources = [
        "user", "claude", "hook", "api", "cli", "import", "consolidation", "system", "chaos", "notify",
    ]
    static let scopes = ["private", "team", "unit", "org", "collective"]

    // Each check returns the error text, or nil when the value is fine.

    static func title(_ title: String) -> String? {
        let characters = trimmed(title).unicodeScalars.count
        if characters == 0 { return "title cannot be empty" }
        if characters > titleCharactersMax || title.utf8.count > untrimmedBytesMax {
            return "title exceeds max length of \(titleCharactersMax) characters"
        }
        if hasControl(title) { return "title contains invalid characters" }
        return nil
    }

    static func content(_ content: String) -> String? {
        if isBlank(content) { return "content cannot be empty" }
        if content.utf8.count > contentBytesMax { return "content exceeds max size of \(contentBytesMax) bytes" }
        if hasControl(content) { return "content contains invalid characters" }
        return nil
    }

    static func namespace(_ namespace: String) -> String? {
        let text = trimmed(namespace)
        if text.isEmpty { return "namespace cannot be empty" }
        if text.unicodeScalars.count > namespaceCharactersMax || namespace.utf8.count > untrimmedBytesMax {
            return "namespace exceeds max length of \(namespaceCharactersMax) characters"
        }
        let forbidden = text.utf8.contains { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: " ") }
        if forbidden || hasControl(text) {
            return "namespace cannot contain backslashes, spaces or control characters"
        }
        if text.utf8.first == UInt8(ascii: "/") { return "namespace cannot start with '/'" }
        if text.utf8.last == UInt8(ascii: "/") { return "namespace cannot end with '/'" }
        let segments = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for segment in segments {
            if segment.isEmpty { return "namespace cannot contain empty segments" }
            if segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) {
                return "namespace segments '.' and '..' are not allowed"
            }
        }
        if segments.count > namespaceSegmentsMax {
            return "namespace depth \(segments.count) exceeds max of \(namespaceSegmentsMax)"
        }
        return nil
    }

    static func source(_ source: String) -> String? {
        if source.utf8.count <= sourceBytesMax, sources.contains(source) { return nil }
        return "invalid source '\(shortened(source))': must be one of \(sources.joined(separator: ", "))"
    }

    static func tags(_ tags: [String]) -> String? {
        if tags.count > tagsMax { return "too many tags (max \(tagsMax))" }
        for tag in tags {
            if isBlank(tag) { return "tags cannot contain empty strings" }
            if trimmed(tag).utf8.count > tagBytesMax || tag.utf8.count > untrimmedBytesMax {
                return "tag '\(shortened(tag))' exceeds max length of \(tagBytesMax) bytes"
            }
            if hasControl(tag) { return "tag contains invalid characters" }
        }
        return nil
    }

    static func priority(_ priority: Int) -> String? {
        (1...10).contains(priority) ? nil : "priority must be between 1 and 10 (got \(priority))"
    }

    static func confidence(_ confidence: Double) -> String? {
        if confidence.isFinite, confidence >= 0, confidence <= 1 { return nil }
        var shown = JSONValue.double(confidence).text
        if shown.hasSuffix(".0") { shown.removeLast(2) }
        return "confidence must be between 0.0 and 1.0 (got \(shown))"
    }

    /// - Parameter nowNanoseconds: refuses instants before it; nil accepts the past.
    static func expiresAt(_ text: String, nowNanoseconds: Int64?) -> String? {
        guard text.utf8.count <= timestampBytesMax, let instant = Timestamp.parse(text) else {
            return "expires_at is not valid RFC3339: '\(shortened(text))'"
        }
        if let nowNanoseconds, instant < nowNanoseconds { return "expires_at is in the past" }
        return nil
    }

    static func ttlSeconds(_ seconds: Int64) -> String? {
        if seconds <= 0 { return "ttl_secs must be positive" }
        if seconds > ttlSecondsMax { return "ttl_secs exceeds maximum of 1 year" }
        return nil
    }

    static func metadata(_ value: JSONValue) -> String? {
        guard case .object(let object) = value else { return "metadata must be a JSON object" }
        if object.isEmpty { return nil }
        if object.text.utf8.count > metadataBytesMax {
            return "metadata exceeds max size of \(metadataBytesMax) bytes"
        }
        if depth(value, limit: metadataDepthMax + 1) > metadataDepthMax {
            return "metadata nesting depth exceeds limit of \(metadataDepthMax)"
        }
        return nil
    }

    static func id(_ id: String) -> String? {
        if isBlank(id) { return "id cannot be empty" }
        if id.utf8.count > idBytesMax { return "id exceeds max length of \(idBytesMax) bytes" }
        if hasControl(id) { return "id contains invalid characters" }
        return nil
    }

    static func agentID(_ id: String) -> String? {
        if id.isEmpty { return "agent_id cannot be empty" }
        if id.utf8.count > agentIDBytesMax { return "agent_id exceeds max length of \(agentIDBytesMax) bytes" }
        for scalar in id.unicodeScalars {
            let allowed: Bool =
                switch scalar {
                case "A"..."Z", "a"..."z", "0"..."9", "_", "-", ":", "@", ".", "/": true
                default: false
                }
            if !allowed { return "agent_id contains invalid character '\(scalar)'" }
        }
        return nil
    }

    static func scope(_ scope: String) -> String? {
        if scopes.contains(scope) { return nil }
        return "invalid scope '\(shortened(scope))': must be one of \(scopes.joined(separator: ", "))"
    }

    // MARK: text

    static func isBlank(_ text: String) -> Bool { text.unicodeScalars.allSatisfy { $0.properties.isWhitespace } }

    static func trimmed(_ text: String) -> Substring {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return Substring() }
        return Substring(scalars[first...last])
    }

    /// Unicode category Cc except line feed and tab: U+0000…1F and U+007F…9F, of which the upper half is C2 80…9F.
    static func hasControl(_ text: some StringProtocol) -> Bool {
        text.utf8.withContiguousStorageIfAvailable { hasControl(bytes: $0) } ?? hasControl(bytes: Array(text.utf8))
    }

    private static func hasControl(bytes: some Collection<UInt8>) -> Bool {
        var previous: UInt8 = 0
        for byte in bytes {
            if byte < 0x20 && byte != 0x0A && byte != 0x09 { return true }
            if byte == 0x7F { return true }
            if previous == 0xC2 && byte >= 0x80 && byte <= 0x9F { return true }
            previous = byte
        }
        return false
    }

    /// Messages repeat what was sent, but not all of it.
    static func shortened(_ text: String) -> String {
        if text.unicodeScalars.count <= 128 { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(128))) + "…"
    }

    /// Levels of nesting, the value itself counting 1 when it is a container; stops counting at `limit`.
    private static func depth(_ value: JSONValue, limit: Int) -> Int {
        guard limit > 0 else { return 0 }
        switch value {
        case .array(let elements):
            return 1 + (elements.lazy.map { depth($0, limit: limit - 1) }.max() ?? 0)
        case .object(let object):
            return 1 + (object.members.lazy.map { depth($0.value, limit: limit - 1) }.max() ?? 0)
        case .null, .bool, .integer, .unsigned, .double, .string:
            return 0
        }
    }
}
