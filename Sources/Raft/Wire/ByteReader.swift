/// Reads little-endian fields from bytes that nobody has checked yet.
///
/// Owns: the bounds. Every read is checked against what is left before it happens and before anything is allocated.
/// Must never: trust a length, keep the pointer beyond the call it was made for, or crash whatever the bytes are.

public struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// - Parameter bytes: must stay valid while the reader is used.
    public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    public var remainingBytes: Int { bytes.count - offset }

    @inline(__always)
    private mutating func integer<Value: FixedWidthInteger>(
        _ field: StaticString, as type: Value.Type
    ) throws(WireError) -> Value {
        let width = MemoryLayout<Value>.size
        guard remainingBytes >= width else {
            throw .truncated(field: "\(field)", neededBytes: width, availableBytes: remainingBytes)
        }
        let value = bytes.loadUnaligned(fromByteOffset: offset, as: Value.self)
        offset += width
        return Value(littleEndian: value)
    }

    public mutating func uint8(_ field: StaticString) throws(WireError) -> UInt8 {
        try integer(field, as: UInt8.self)
    }

    public mutating func uint16(_ field: StaticString) throws(WireError) -> UInt16 {
        try integer(field, as: UInt16.self)
    }

    public mutating func uint32(_ field: StaticString) throws(WireError) -> UInt32 {
        try integer(field, as: UInt32.self)
    }

    public mutating func uint64(_ field: StaticString) throws(WireError) -> UInt64 {
        try integer(field, as: UInt64.self)
    }

    /// One byte, 0 or 1; anything else is an error, so that one value has one encoding.
    public mutating func boolean(_ field: StaticString) throws(WireError) -> Bool {
        let value = try uint8(field)
        guard value <= 1 else { throw .invalidValue(field: "\(field)", value: UInt64(value)) }
        return value == 1
    }

    /// Exactly `count` bytes.
    public mutating func bytes(_ field: StaticString, count: Int) throws(WireError) -> [UInt8] {
        guard count >= 0, remainingBytes >= count else {
            throw .truncated(field: "\(field)", neededBytes: count, availableBytes: remainingBytes)
        }
        guard count > 0 else { return [] }
        let start = offset
        offset += count
        return [UInt8](bytes[start..<start + count])
    }

    /// A 32-bit element count, refused when the bytes left cannot hold that many of at least `elementBytesMin` each.
    public mutating func count(_ field: StaticString, elementBytesMin: Int) throws(WireError) -> Int {
        let count = Int(try uint32(field))
        let limit = remainingBytes / elementBytesMin
        guard count <= limit else { throw .countTooLarge(field: "\(field)", count: count, countMax: limit) }
        return count
    }

    /// Everything must have been read.
    public func finish() throws(WireError) {
        guard remainingBytes == 0 else { throw .trailingBytes(count: remainingBytes) }
    }
}
