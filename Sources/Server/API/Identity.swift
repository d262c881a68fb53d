/// Who a caller says they are, and the fresh ids the edge hands out.
///
/// Owns: the order of the claims and the shape of generated ids. Nothing attests a claim. Must never: fall through an
/// invalid value to a weaker one.
import StateMachine

enum Identity {
    /// Body, then `X-Agent-Id`, then an anonymous id; empty texts fall through.
    /// - Parameters:
    ///   - body: the `agent_id` of the body, when the route has one.
    ///   - anonymous: makes the id of a caller who names none.
    /// - Throws: 400 starting `invalid agent_id: `.
    static func resolve(
        body: String?, headers: APIHeaders, anonymous: () -> String
    ) throws(APIFailure) -> String {
        let claimed: String
        if let body, !body.isEmpty {
            claimed = body
        } else if let header = header(headers), !header.isEmpty {
            claimed = header
        } else {
            return anonymous()
        }
        if let reason = Validation.agentID(claimed) { throw .bad("invalid agent_id: \(reason)") }
        return claimed
    }

    /// The body if it has the field, else the header, trimmed; nil when nothing is left.
    static func optional(body: String?, headers: APIHeaders) throws(APIFailure) -> String? {
        let claimed = String(Validation.trimmed(body ?? header(headers) ?? ""))
        if claimed.isEmpty { return nil }
        if let reason = Validation.agentID(claimed) { throw .bad("invalid agent_id: \(reason)") }
        return claimed
    }

    /// A header whose value is not visible ASCII counts as absent.
    private static func header(_ headers: APIHeaders) -> String? {
        guard let value = headers["x-agent-id"],
            value.utf8.allSatisfy({ ASCII.isVisible($0) || $0 == 0x20 || $0 == 0x09 })
        else { return nil }
        return value
    }
}

enum FreshID {
    /// A lower-case hyphenated UUID of version 4 (RFC 9562, section 5.4).
    static func uuid(_ random: (high: UInt64, low: UInt64)) -> String {
        let high: UInt64 = random.high & 0xffff_ffff_ffff_0fff | 0x4000
        let low: UInt64 = random.low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        return String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    buffer[position] = UInt8(ascii: "-")
                    position += 1
                }
                let half: UInt64 = index < 16 ? high : low
                let shift = UInt64(60 - 4 * (index & 15))
                buffer[position] = hexadecimal(UInt8(truncatingIfNeeded: half >> shift & 0xf))
                position += 1
            }
            return 36
        }
    }

    /// `anonymous:req-` and 8 hexadecimal digits.
    static func anonymous(_ random: UInt64) -> String {
        var text = "anonymous:req-"
        for shift in stride(from: 28, through: 0, by: -4) {
            let digit = hexadecimal(UInt8(truncatingIfNeeded: random >> UInt64(shift) & 0xf))
            text.unicodeScalars.append(Unicode.Scalar(digit))
        }
        return text
    }

    /// Whether the text is a whole id in the form this server makes, so that it cannot be meant as a prefix.
    static func isWhole(_ id: String) -> Bool {
        guard id.utf8.count == 36 else { return false }
        for (index, byte) in id.utf8.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                if byte != UInt8(ascii: "-") { return false }
            } else if ASCII.hexadecimalDigit(byte) == nil || ASCII.lowercased(byte) != byte {
                return false
            }
        }
        return true
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }
}
