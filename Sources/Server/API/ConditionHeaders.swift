/// The headers by which a caller asks for more than the compatible surface: idempotency, conditions, consistency.
///
/// Owns: their syntax and their errors, which always name the header. Must never: ignore a value it cannot read.
import StateMachine

extension APIHeaders {
    /// A header that decides what a request means may come only once.
    /// - Throws: 400 naming the header.
    func single(_ name: String) throws(APIFailure) -> String? {
        let value = self[name.lowercased()]
        if value != nil, count(name) > 1 { throw .bad("\(name) was sent more than once") }
        return value
    }
}

enum EntityTag {
    static func text(_ version: UInt64) -> String { "\"\(version)\"" }

    /// - Returns: nil unless the text is a quoted decimal number.
    static func parse(_ text: String) -> UInt64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 3, bytes.first == UInt8(ascii: "\""), bytes.last == UInt8(ascii: "\"") else { return nil }
        let digits = bytes.dropFirst().dropLast()
        guard digits.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else { return nil }
        return UInt64(String(decoding: digits, as: UTF8.self))
    }
}

/// What `If-Match` asks for.
enum VersionCondition: Hashable {
    case none
    /// `*`: whatever version, as long as there is one.
    case exists
    case exactly(UInt64)

    var expectedVersion: UInt64? {
        switch self {
        case .none, .exists: nil
        case .exactly(let version): version
        }
    }

    /// - Throws: 400 naming the header.
    static func ifMatch(_ headers: APIHeaders) throws(APIFailure) -> VersionCondition {
        guard let value = try headers.single("If-Match") else { return .none }
        if value == "*" { return .exists }
        guard let version = EntityTag.parse(value), version > 0 else {
            throw .bad("If-Match must be * or one quoted version such as \"42\"")
        }
        return .exactly(version)
    }
}

enum IdempotencyHeader {
    static let keyBytesMax = 128

    /// - Throws: 400 naming the header and its limit.
    static func read(_ request: APIRequest) throws(APIFailure) -> Idempotency? {
        guard let key = try request.headers.single("Idempotency-Key") else { return nil }
        guard (1...keyBytesMax).contains(key.utf8.count), key.utf8.allSatisfy(ASCII.isVisible) else {
            throw .bad("Idempotency-Key must be 1 to \(keyBytesMax) visible ASCII characters")
        }
        return Idempotency(key: key, requestDigest: SHA256Digest.of(identityBytes(request)))
    }

    /// What makes two requests the same: method, path, query, body. Lengths in front keep the parts apart.
    private static func identityBytes(_ request: APIRequest) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(request.body.count + request.path.utf8.count + 64)
        for part in [request.method, request.path, request.rawQuery ?? ""] {
            withUnsafeBytes(of: UInt64(part.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: part.utf8)
        }
        bytes.append(contentsOf: request.body)
        return bytes
    }
}

enum ConsistencyHeader {
    /// A day: whoever accepts more needs no bound.
    static let stalenessMillisecondsMax: UInt64 = 86_400_000

    /// Linearizable unless asked otherwise.
    /// - Throws: 400 naming the header.
    static func read(_ request: APIRequest) throws(APIFailure) -> Consistency {
        let bound = try staleness(request.headers)
        let value = try request.headers.single("X-Consistency") ?? "linearizable"
        guard bound == nil || value == "stale" else {
            throw .bad("X-Max-Staleness-Ms goes with X-Consistency: stale only; the other levels are never stale")
        }
        switch value {
        case "linearizable": return .linearizable
        case "lease": return .lease
        case "stale": return .stale(ageMillisecondsMax: bound)
        default:
            throw .bad(
                "X-Consistency must be linearizable, lease or stale (got '\(Validation.shortened(value))')")
        }
    }

    private static func staleness(_ headers: APIHeaders) throws(APIFailure) -> UInt64? {
        guard let value = try headers.single("X-Max-Staleness-Ms") else { return nil }
        let isNumber = value.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        guard isNumber, let bound = UInt64(value), bound <= stalenessMillisecondsMax else {
            throw .bad(
                "X-Max-Staleness-Ms must be a number of milliseconds from 0 to \(stalenessMillisecondsMax) "
                    + "(got '\(Validation.shortened(value))')")
        }
        return bound
    }
}
