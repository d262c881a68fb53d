/// Writes little-endian fields into memory whose exact size was computed before.
///
/// Owns: the write position. Must never: grow, or write past the memory it was given: a size that was computed wrongly
/// stops the process instead of corrupting it.

public struct ByteWriter {
    private let target: UnsafeMutableRawBufferPointer
    public private(set) var offset = 0

    /// - Parameter target: must stay valid while the writer is used.
    public init(_ target: UnsafeMutableRawBufferPointer) { self.target = target }

    @inline(__always)
    private mutating func integer<Value: FixedWidthInteger>(_ value: Value) {
        let width = MemoryLayout<Value>.size
        precondition(target.count - offset >= width, "encoded size was computed too small")
        target.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
        offset += width
    }

    public mutating func uint8(_ value: UInt8) { integer(value) }
    public mutating func uint16(_ value: UInt16) { integer(value) }
    public mutating func uint32(_ value: UInt32) { integer(value) }
    public mutating func uint64(_ value: UInt64) { integer(value) }
    public mutating func boolean(_ value: Bool) { integer(value ? 1 as UInt8 : 0) }

    public mutating func bytes(_ value: [UInt8]) {
        value.withUnsafeBytes { source in
            precondition(target.count - offset >= source.count, "encoded size was computed too small")
            if let from = source.baseAddress, let to = target.baseAddress {
                (to + offset).copyMemory(from: from, byteCount: source.count)
            }
        }
        offset += value.count
    }

    /// The memory must be exactly full.
    public func finish() { precondition(offset == target.count, "encoded size was computed too large") }
}
