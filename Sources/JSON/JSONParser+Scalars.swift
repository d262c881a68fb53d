/// Strings and numbers of the parser.
///
/// Owns: escapes, UTF-8 validity, number grammar. Must never: replace bad bytes by U+FFFD, or round an integer silently
/// while 64 bits hold it.

extension JSONParser {
    /// Reads a string whose opening quote is at `offset`.
    mutating func string() throws(Failure) -> String {
        offset += 1
        let start = offset
        // Most strings have no escape: one scan, one validated copy.
        while offset < buffer.count {
            let byte = buffer[offset]
            if byte == UInt8(ascii: "\"") {
                let text = try validated(start..<offset)
                offset += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            if byte < 0x20 { throw Failure(kind: .controlCharacter, offset: offset) }
            offset += 1
        }
        throw Failure(kind: .unexpectedEnd, offset: offset)
    }

    private func validated(_ range: Range<Int>) throws(Failure) -> String {
        let slice = UnsafeBufferPointer(rebasing: buffer[range])
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw Failure(kind: .invalidUTF8, offset: range.lowerBound + JSONParser.validPrefixLength(slice))
        }
        return text
    }

    /// How many leading bytes are whole, valid UTF-8; only asked once something is known to be wrong.
    private static func validPrefixLength(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var length = 0
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): length += UTF8.width(scalar)
            case .emptyInput, .error: return length
            }
        }
    }

    /// The rest of a string after its first backslash was met at `offset`.
    private mutating func escapedString(from start: Int) throws(Failure) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(offset - start + 64)
        bytes.append(contentsOf: buffer[start..<offset])
        var chunkStart = offset
        while offset < buffer.count {
            let byte = buffer[offset]
            if byte == UInt8(ascii: "\"") {
                bytes.append(contentsOf: buffer[chunkStart..<offset])
                offset += 1
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    throw Failure(kind: .invalidUTF8, offset: start)
                }
                return text
            }
            if byte < 0x20 { throw Failure(kind: .controlCharacter, offset: offset) }
            if byte == UInt8(ascii: "\\") {
                bytes.append(contentsOf: buffer[chunkStart..<offset])
                try escape(into: &bytes)
                chunkStart = offset
            } else {
                offset += 1
            }
        }
        throw Failure(kind: .unexpectedEnd, offset: offset)
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(Failure) {
        let start = offset
        guard offset + 1 < buffer.count else { throw Failure(kind: .unexpectedEnd, offset: buffer.count) }
        let letter = buffer[offset + 1]
        offset += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(letter)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0c)
        case UInt8(ascii: "n"): bytes.append(0x0a)
        case UInt8(ascii: "r"): bytes.append(0x0d)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try unicodeEscape(start: start)
            if let encoded = UTF8.encode(scalar) { bytes.append(contentsOf: encoded) }
        default: throw Failure(kind: .invalidEscape, offset: start)
        }
    }

    /// The scalar of `\uXXXX` (`offset` behind the `u`), joined with its second half when it is a surrogate pair.
    private mutating func unicodeEscape(start: Int) throws(Failure) -> Unicode.Scalar {
        let first = try hexadecimalUnit(start: start)
        if let scalar = Unicode.Scalar(first) { return scalar }
        // Only surrogates are 16-bit units without a scalar of their own.
        guard first < 0xdc00, offset + 1 < buffer.count, buffer[offset] == UInt8(ascii: "\\"),
            buffer[offset + 1] == UInt8(ascii: "u")
        else { throw Failure(kind: .loneSurrogate, offset: start) }
        offset += 2
        let second = try hexadecimalUnit(start: start)
        guard second >= 0xdc00, second <= 0xdfff else { throw Failure(kind: .loneSurrogate, offset: start) }
        let high: UInt32 = UInt32(first - 0xd800) << 10
        let low: UInt32 = UInt32(second - 0xdc00)
        guard let scalar = Unicode.Scalar(0x10000 + high + low) else {
            throw Failure(kind: .loneSurrogate, offset: start)
        }
        return scalar
    }

    private mutating func hexadecimalUnit(start: Int) throws(Failure) -> UInt16 {
        guard offset + 4 <= buffer.count else { throw Failure(kind: .unexpectedEnd, offset: buffer.count) }
        var unit: UInt16 = 0
        for _ in 0..<4 {
            let byte = buffer[offset]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw Failure(kind: .invalidEscape, offset: start)
            }
            unit = unit << 4 | UInt16(digit)
            offset += 1
        }
        return unit
    }

    /// Reads a number whose first byte (minus or digit) is at `offset`.
    mutating func number() throws(Failure) -> JSONValue {
        let start = offset
        let negative = buffer[offset] == UInt8(ascii: "-")
        if negative { offset += 1 }
        let integerStart = offset
        let integerDigits = skipDigits()
        guard integerDigits > 0 else { throw numberFailure() }
        if integerDigits > 1 && buffer[integerStart] == UInt8(ascii: "0") {
            throw Failure(kind: .invalidNumber, offset: integerStart)
        }
        var isInteger = true
        if offset < buffer.count, buffer[offset] == UInt8(ascii: ".") {
            isInteger = false
            offset += 1
            guard skipDigits() > 0 else { throw numberFailure() }
        }
        if offset < buffer.count, buffer[offset] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            offset += 1
            if offset < buffer.count, buffer[offset] == UInt8(ascii: "+") || buffer[offset] == UInt8(ascii: "-") {
                offset += 1
            }
            guard skipDigits() > 0 else { throw numberFailure() }
        }
        let text = String(decoding: UnsafeBufferPointer(rebasing: buffer[start..<offset]), as: UTF8.self)
        if isInteger {
            // "-0" has no integer form that keeps its sign.
            if negative && text == "-0" { return .double(-0.0) }
            if let value = Int64(text) { return .integer(value) }
            if let value = UInt64(text) { return .unsigned(value) }
        }
        guard let value = Double(text), value.isFinite else { throw Failure(kind: .numberOutOfRange, offset: start) }
        return .double(value)
    }

    private func numberFailure() -> Failure {
        Failure(kind: offset < buffer.count ? .invalidNumber : .unexpectedEnd, offset: offset)
    }

    private mutating func skipDigits() -> Int {
        let start = offset
        while offset < buffer.count, buffer[offset] >= UInt8(ascii: "0"), buffer[offset] <= UInt8(ascii: "9") {
            offset += 1
        }
        return offset - start
    }
}
