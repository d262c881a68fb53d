/// Appends canonical JSON to bytes: compact, keys in the order the caller writes them (canonical callers write them
/// sorted bytewise), slashes and non-ASCII not escaped, whole doubles with a fraction, shortest round-trip digits.
///
/// Owns: the bytes of the encoding. Must never: build a tree; hot paths write their fields straight into it.

public struct JSONWriter: Sendable {
    public private(set) var bytes: [UInt8]
    private var needsComma = false

    /// - Parameter capacity: bytes to reserve, a guess.
    public init(capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    private mutating func open(_ bracket: UInt8) {
        comma()
        bytes.append(bracket)
        needsComma = false
    }
    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }
    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    /// A key that needs no escaping.
    public mutating func key(_ name: StaticString) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }
    /// A key from data.
    public mutating func key(text: String) {
        comma()
        quoted(text)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func null() { raw("null") }
    public mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }
    public mutating func integer(_ value: some FixedWidthInteger) { raw(String(value)) }

    /// A finite double in shortest round-trip form; JSON has no infinities, they become null.
    public mutating func double(_ value: Double) {
        comma()
        JSONWriter.append(value, to: &bytes)
    }
    public mutating func string(_ value: String) {
        comma()
        quoted(value)
    }
    /// null when nil.
    public mutating func string(_ value: String?) {
        if let value { string(value) } else { null() }
    }
    /// JSON text that is already in canonical form, copied as it is.
    public mutating func raw(_ text: String) {
        comma()
        bytes.append(contentsOf: text.utf8)
    }
    /// JSON bytes that are already in canonical form, copied as they are.
    public mutating func raw(_ json: [UInt8]) {
        comma()
        bytes.append(contentsOf: json)
    }

    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .integer(let number): integer(number)
        case .unsigned(let number): integer(number)
        case .double(let number): double(number)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let object): self.object(object)
        }
    }
    public mutating func object(_ object: JSONObject) {
        beginObject()
        for member in object.members {
            key(text: member.key)
            value(member.value)
        }
        endObject()
    }

    private mutating func quoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        let done: Void? = text.utf8.withContiguousStorageIfAvailable { escape($0) }
        if done == nil {
            var contiguous = text
            contiguous.withUTF8 { escape($0) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
        var chunkStart = 0
        for index in text.indices {
            let byte = text[index]
            if byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") { continue }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[chunkStart..<index]))
            chunkStart = index + 1
            bytes.append(UInt8(ascii: "\\"))
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
            case 0x08: bytes.append(UInt8(ascii: "b"))
            case 0x09: bytes.append(UInt8(ascii: "t"))
            case 0x0a: bytes.append(UInt8(ascii: "n"))
            case 0x0c: bytes.append(UInt8(ascii: "f"))
            case 0x0d: bytes.append(UInt8(ascii: "r"))
            default:
                bytes.append(contentsOf: "u00".utf8)
                bytes.append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
                let digit = byte & 0x0f
                bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[chunkStart...]))
    }
}

extension JSONValue {
    /// Canonical bytes.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }
    /// Canonical text.
    public var text: String { String(decoding: encoded(), as: UTF8.self) }
}

extension JSONObject {
    /// Canonical text.
    public var text: String {
        var writer = JSONWriter()
        writer.object(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
