/// How doubles are written.
///
/// Owns: the placement of point and exponent. The digits are the shortest that read back as the same double (Swift's
/// own printer finds them); positional notation is used for decimal exponents -5 < e <= 16 and always keeps a fraction,
/// everything else is written as `1.5e300` or `1e-7`, as the encoders that clients already read do.

extension JSONWriter {
    static func append(_ value: Double, to bytes: inout [UInt8]) {
        guard value.isFinite else {
            bytes.append(contentsOf: "null".utf8)
            return
        }
        if value.sign == .minus { bytes.append(UInt8(ascii: "-")) }
        let magnitude = value.magnitude
        if magnitude == 0 {
            bytes.append(contentsOf: "0.0".utf8)
            return
        }
        let (digits, pointPosition) = decimal(magnitude)
        if pointPosition > 16 || pointPosition <= -5 {
            scientific(digits, exponent: pointPosition - 1, to: &bytes)
        } else if pointPosition <= 0 {
            bytes.append(contentsOf: "0.".utf8)
            bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: -pointPosition))
            bytes.append(contentsOf: digits)
        } else if pointPosition >= digits.count {
            bytes.append(contentsOf: digits)
            bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: pointPosition - digits.count))
            bytes.append(contentsOf: ".0".utf8)
        } else {
            bytes.append(contentsOf: digits[..<pointPosition])
            bytes.append(UInt8(ascii: "."))
            bytes.append(contentsOf: digits[pointPosition...])
        }
    }

    private static func scientific(_ digits: [UInt8], exponent: Int, to bytes: inout [UInt8]) {
        bytes.append(digits[0])
        if digits.count > 1 {
            bytes.append(UInt8(ascii: "."))
            bytes.append(contentsOf: digits[1...])
        }
        bytes.append(UInt8(ascii: "e"))
        bytes.append(contentsOf: String(exponent).utf8)
    }

    /// Digits without leading or trailing zeros, and how many of them stand before the decimal point.
    private static func decimal(_ magnitude: Double) -> (digits: [UInt8], pointPosition: Int) {
        var digits: [UInt8] = []
        var pointPosition = 0
        var exponent = 0
        var seenPoint = false
        var exponentText = ""
        var inExponent = false
        for byte in magnitude.description.utf8 {
            if inExponent {
                exponentText.append(Character(UnicodeScalar(byte)))
            } else if byte == UInt8(ascii: "e") {
                inExponent = true
            } else if byte == UInt8(ascii: ".") {
                seenPoint = true
            } else if digits.isEmpty && byte == UInt8(ascii: "0") {
                if seenPoint { pointPosition -= 1 }
            } else {
                digits.append(byte)
                if !seenPoint { pointPosition += 1 }
            }
        }
        if let parsed = Int(exponentText) { exponent = parsed }
        while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return (digits, pointPosition + exponent)
    }
}
