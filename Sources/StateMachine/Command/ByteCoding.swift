/// Bytes of commands, outcomes and digests: little-endian integers, LEB128 lengths, length-prefixed UTF-8.
///
/// Owns: reading hostile bytes without crashing or allocating more than they hold. Must never: know what a command is.

/// Bytes that are not a valid encoding.
public struct CodecError: Error, Hashable, Sendable, CustomStringConvertible {
    public var message: String
    /// Byte offset at which the problem was seen.
    public var offset: Int
    public init(message: String, offset: Int) {
        self.message = message
        self.offset = offset
    }
    public var description: String { "\(message) (at byte \(offset))" }
}

struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func fixed64(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Zigzag, so that small negative numbers stay short.
    mutating func signed(_ value: Int64) {
        varint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    mutating func double(_ value: Double) { fixed64(value.bitPattern) }

    mutating func blob(_ value: [UInt8]) {
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func text(_ value: String) {
        let utf8 = value.utf8
        varint(UInt64(utf8.count))
        bytes.append(contentsOf: utf8)
    }

    mutating func optional<Value>(_ value: Value?, _ write: (inout ByteWriter, Value) -> Void) {
        guard let value else {
            byte(0)
            return
        }
        byte(1)
        write(&self, value)
    }

    mutating func texts(_ values: [String]) {
        varint(UInt64(values.count))
        for value in values { text(value) }
    }
}

struct ByteReader {
    private let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var remaining: Int { bytes.count - offset }

    func failure(_ message: String) -> CodecError { CodecError(message: message, offset: offset) }

    mutating func byte(_ what: String) throws(CodecError) -> UInt8 {
        guard offset < bytes.count else { throw failure("\(what): ends early") }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func fixed64(_ what: String) throws(CodecError) -> UInt64 {
        guard remaining >= 8 else { throw failure("\(what): ends early") }
        var value: UInt64 = 0
        for position in 0..<8 { value |= UInt64(bytes[offset + position]) << UInt64(8 * position) }
        offset += 8
        return value
    }

    /// Only the shortest form is valid, so that equal values have equal bytes.
    mutating func varint(_ what: String) throws(CodecError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte(what)
            if shift == 63 && next > 1 { throw failure("\(what): number exceeds 64 bits") }
            value |= UInt64(next & 0x7F) << shift
            if next & 0x80 == 0 {
                if next == 0 && shift > 0 { throw failure("\(what): number is not in its shortest form") }
                return value
            }
            shift += 7
            if shift > 63 { throw failure("\(what): number exceeds 64 bits") }
        }
    }

    mutating func signed(_ what: String) throws(CodecError) -> Int64 {
        let raw = try varint(what)
        return Int64(bitPattern: (raw >> 1) ^ (0 &- (raw & 1)))
    }

    mutating func integer(_ what: String) throws(CodecError) -> Int {
        guard let value = Int(exactly: try signed(what)) else { throw failure("\(what): number out of range") }
        return value
    }

    /// A finite number: SQLite would store NaN as null.
    mutating func finite(_ what: String) throws(CodecError) -> Double {
        let value = Double(bitPattern: try fixed64(what))
        guard value.isFinite else { throw failure("\(what): not a finite number") }
        return value
    }

    mutating func bool(_ what: String) throws(CodecError) -> Bool {
        switch try byte(what) {
        case 0: return false
        case 1: return true
        default: throw failure("\(what): neither 0 nor 1")
        }
    }

    /// A length that the remaining bytes can hold and the limit allows; checked before anything is allocated.
    mutating func length(_ what: String, max: Int) throws(CodecError) -> Int {
        let value = try varint(what)
        guard value <= UInt64(max) else { throw failure("\(what): \(value) exceeds the limit of \(max)") }
        guard value <= UInt64(remaining) else { throw failure("\(what): ends early") }
        return Int(value)
    }

    mutating func blob(_ what: String, max: Int) throws(CodecError) -> [UInt8] {
        let count = try length(what, max: max)
        defer { offset += count }
        return Array(bytes[offset..<(offset + count)])
    }

    mutating func text(_ what: String, max: Int) throws(CodecError) -> String {
        let count = try length(what, max: max)
        guard let value = String(validating: bytes[offset..<(offset + count)], as: UTF8.self) else {
            throw failure("\(what): not valid UTF-8")
        }
        offset += count
        return value
    }

    mutating func optional<Value>(
        _ what: String, _ read: (inout ByteReader) throws(CodecError) -> Value
    ) throws(CodecError) -> Value? {
        try bool(what) ? try read(&self) : nil
    }

    /// Each element takes at least one byte, so `length` bounds the count by what is there.
    mutating func texts(_ what: String, countMax: Int, bytesMax: Int) throws(CodecError) -> [String] {
        let count = try length(what, max: countMax)
        var values: [String] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try text(what, max: bytesMax)) }
        return values
    }

    func finish() throws(CodecError) {
        guard remaining == 0 else { throw failure("\(remaining) bytes too many") }
    }
}
