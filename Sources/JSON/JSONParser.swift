/// A strict RFC 8259 parser over bytes.
///
/// Owns: turning bytes into a `JSONValue`. Must never: accept what the RFC forbids, recurse without a bound, or read
/// past the buffer.

extension JSONValue {
    /// Parses exactly one document.
    /// - Parameters:
    ///   - bytes: UTF-8, at most one document with whitespace around it.
    ///   - depthMax: how many arrays and objects may be open at once; bounds the stack.
    /// - Throws: `JSONError` with kind and place.
    public static func parse(_ bytes: [UInt8], depthMax: Int = 128) throws(JSONError) -> JSONValue {
        let result: Result<JSONValue, JSONError> = bytes.withUnsafeBufferPointer { buffer in
            parse(buffer: buffer, depthMax: depthMax)
        }
        return try result.get()
    }

    /// Parses exactly one document from text.
    public static func parse(_ text: String, depthMax: Int = 128) throws(JSONError) -> JSONValue {
        var contiguous = text
        let result: Result<JSONValue, JSONError> = contiguous.withUTF8 { buffer in
            parse(buffer: buffer, depthMax: depthMax)
        }
        return try result.get()
    }

    /// Parses from borrowed memory; nothing of it is kept.
    public static func parse(
        buffer: UnsafeBufferPointer<UInt8>, depthMax: Int = 128
    ) -> Result<JSONValue, JSONError> {
        var parser = JSONParser(buffer: buffer, depthMax: depthMax)
        do throws(JSONParser.Failure) {
            return .success(try parser.document())
        } catch {
            return .failure(parser.located(error))
        }
    }
}

struct JSONParser {
    /// Kind and byte offset; line and column are worked out only when something failed.
    struct Failure: Error {
        var kind: JSONError.Kind
        var offset: Int
    }

    let buffer: UnsafeBufferPointer<UInt8>
    let depthMax: Int
    var offset = 0

    init(buffer: UnsafeBufferPointer<UInt8>, depthMax: Int) {
        self.buffer = buffer
        self.depthMax = depthMax
    }

    mutating func document() throws(Failure) -> JSONValue {
        let value = try self.value(depth: 0)
        skipWhitespace()
        guard offset == buffer.count else { throw Failure(kind: .trailingCharacters, offset: offset) }
        return value
    }

    func located(_ failure: Failure) -> JSONError {
        var line = 1
        var column = 1
        for byte in buffer.prefix(failure.offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        return JSONError(kind: failure.kind, line: line, column: column)
    }

    private mutating func skipWhitespace() {
        while offset < buffer.count {
            switch buffer[offset] {
            case 0x20, 0x09, 0x0a, 0x0d: offset += 1
            default: return
            }
        }
    }

    /// The next byte that is not whitespace, without taking it.
    private mutating func peek() throws(Failure) -> UInt8 {
        skipWhitespace()
        guard offset < buffer.count else { throw Failure(kind: .unexpectedEnd, offset: offset) }
        return buffer[offset]
    }

    private mutating func value(depth: Int) throws(Failure) -> JSONValue {
        let byte = try peek()
        switch byte {
        case UInt8(ascii: "\""):
            return .string(try string())
        case UInt8(ascii: "{"):
            return try object(depth: depth)
        case UInt8(ascii: "["):
            return try array(depth: depth)
        case UInt8(ascii: "t"):
            try literal("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try literal("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try literal("null")
            return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return try number()
        default:
            throw Failure(kind: .unexpectedByte(byte), offset: offset)
        }
    }

    private mutating func literal(_ text: StaticString) throws(Failure) {
        for index in 0..<text.utf8CodeUnitCount {
            guard offset < buffer.count else { throw Failure(kind: .unexpectedEnd, offset: offset) }
            guard buffer[offset] == text.utf8Start[index] else {
                throw Failure(kind: .unexpectedByte(buffer[offset]), offset: offset)
            }
            offset += 1
        }
    }

    private mutating func array(depth: Int) throws(Failure) -> JSONValue {
        guard depth < depthMax else { throw Failure(kind: .tooDeep(depthMax: depthMax), offset: offset) }
        offset += 1
        var elements: [JSONValue] = []
        if try peek() == UInt8(ascii: "]") {
            offset += 1
            return .array(elements)
        }
        while true {
            elements.append(try value(depth: depth + 1))
            let byte = try peek()
            offset += 1
            if byte == UInt8(ascii: "]") { return .array(elements) }
            guard byte == UInt8(ascii: ",") else { throw Failure(kind: .unexpectedByte(byte), offset: offset - 1) }
        }
    }

    private mutating func object(depth: Int) throws(Failure) -> JSONValue {
        guard depth < depthMax else { throw Failure(kind: .tooDeep(depthMax: depthMax), offset: offset) }
        let start = offset
        offset += 1
        var members: [JSONObject.Member] = []
        if try peek() == UInt8(ascii: "}") {
            offset += 1
            return .object(JSONObject())
        }
        while true {
            let quote = try peek()
            guard quote == UInt8(ascii: "\"") else { throw Failure(kind: .unexpectedByte(quote), offset: offset) }
            let key = try string()
            let colon = try peek()
            guard colon == UInt8(ascii: ":") else { throw Failure(kind: .unexpectedByte(colon), offset: offset) }
            offset += 1
            members.append(JSONObject.Member(key: key, value: try value(depth: depth + 1)))
            let byte = try peek()
            offset += 1
            if byte == UInt8(ascii: "}") { break }
            guard byte == UInt8(ascii: ",") else { throw Failure(kind: .unexpectedByte(byte), offset: offset - 1) }
        }
        let (object, duplicateKey) = JSONObject.checked(members)
        guard let object else {
            throw Failure(kind: .duplicateKey(duplicateKey ?? ""), offset: start)
        }
        return .object(object)
    }
}
