/// The query string of a request, read field by field.
///
/// Owns: decoding and the failures the contract gives them (plain text, 400, naming the key). Unknown keys are ignored;
/// a known key that occurs twice is refused. Must never: treat an empty text as absent.
import StateMachine

struct QueryParameters {
    private var pairs: [(key: String, value: String)] = []

    init(_ raw: String?) {
        guard let raw, !raw.isEmpty else { return }
        for piece in raw.utf8.split(separator: UInt8(ascii: "&")) {
            let key: String
            let value: String
            if let equals = piece.firstIndex(of: UInt8(ascii: "=")) {
                key = PercentEncoding.formDecoded(piece[..<equals])
                value = PercentEncoding.formDecoded(piece[piece.index(after: equals)...])
            } else {
                key = PercentEncoding.formDecoded(piece)
                value = ""
            }
            pairs.append((key, value))
        }
    }

    func text(_ key: String) throws(APIFailure) -> String? {
        var found: String?
        for pair in pairs where pair.key == key {
            if found != nil { throw .query("\(key): duplicate field `\(key)`") }
            found = pair.value
        }
        return found
    }

    func requiredText(_ key: String) throws(APIFailure) -> String {
        guard let value = try text(key) else { throw .query("missing field `\(key)`") }
        return value
    }

    func unsigned(_ key: String) throws(APIFailure) -> Int? {
        guard let value = try text(key) else { return nil }
        guard let number = UInt64(value) else { throw .query("\(key): \(QueryParameters.reason(value))") }
        // Every use clamps far below this.
        return Int(clamping: number)
    }

    /// A signed 32-bit number.
    func integer(_ key: String) throws(APIFailure) -> Int? {
        guard let value = try text(key) else { return nil }
        guard let number = Int32(value) else { throw .query("\(key): \(QueryParameters.reason(value))") }
        return Int(number)
    }

    /// Exactly `true` or `false`.
    func bool(_ key: String) throws(APIFailure) -> Bool? {
        switch try text(key) {
        case nil: return nil
        case "true": return true
        case "false": return false
        case .some: throw .query("\(key): provided string was not `true` or `false`")
        }
    }

    func tier(_ key: String) throws(APIFailure) -> Tier? {
        guard let value = try text(key) else { return nil }
        guard let tier = Tier(name: value) else {
            throw .query("\(key): unknown variant `\(value)`, expected one of `short`, `mid`, `long`")
        }
        return tier
    }

    private static func reason(_ value: String) -> String {
        value.isEmpty
            ? "cannot parse integer from empty string" : "invalid number `\(value)`, or out of range"
    }
}
