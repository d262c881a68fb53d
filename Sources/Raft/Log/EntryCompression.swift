/// The envelope around a command: LZ4 where it pays, raw where not. Made once at proposal; log, wire and catch-up carry it
/// unopened.
///
/// Owns: the envelope's bytes: codec 1 (0 raw, 1 LZ4 block) · raw length 4 (little-endian) · data.
/// Must never: allocate by a length that a limit has not been compared with.

import CLZ4

public enum EntryCompressionError: Error, Hashable, Sendable, CustomStringConvertible {
    case tooShort(bytes: Int)
    case unknownCodec(UInt8)
    case tooLarge(rawBytes: Int, rawBytesMax: Int)
    /// The data does not decompress to exactly the length that the envelope states.
    case lengthMismatch(statedBytes: Int)

    public var description: String {
        switch self {
        case .tooShort(let bytes): "the envelope has \(bytes) bytes, its header alone takes 5"
        case .unknownCodec(let codec): "the envelope has the unknown codec \(codec)"
        case .tooLarge(let raw, let limit): "the envelope states \(raw) bytes, the limit is \(limit)"
        case .lengthMismatch(let stated): "the envelope's data does not give the stated \(stated) bytes"
        }
    }
}

public enum EntryCompression {
    public static let headerBytes = 5
    /// Below this LZ4 has nothing to find.
    static let compressedBytesMin = 128
    /// An LZ4 block cannot expand further than this; a higher claim is a lie.
    private static let expansionMax = 255

    enum Codec: UInt8 {
        case raw = 0
        case lz4 = 1
    }

    /// - Parameter raw: at most 2 113 929 216 bytes (LZ4's own limit); larger ones are kept raw.
    public static func compress(_ raw: [UInt8]) -> [UInt8] {
        if raw.count >= compressedBytesMin, let packed = packed(raw) { return packed }
        return [UInt8](unsafeUninitializedCapacity: headerBytes + raw.count) { buffer, count in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            storeHeader(.raw, rawBytes: raw.count, into: bytes)
            raw.withUnsafeBytes { source in
                UnsafeMutableRawBufferPointer(rebasing: bytes[headerBytes...]).copyMemory(from: source)
            }
            count = headerBytes + raw.count
        }
    }

    /// nil when LZ4 does not save at least an eighth.
    private static func packed(_ raw: [UInt8]) -> [UInt8]? {
        let limit = raw.count - raw.count / 8
        var size: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: headerBytes + limit) { buffer, count in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            raw.withUnsafeBytes { source in
                guard let from = source.baseAddress, let to = bytes.baseAddress else { return }
                // Given only the room that would pay, LZ4 gives up early and returns 0.
                size = LZ4_compress_default(
                    from.assumingMemoryBound(to: CChar.self),
                    (to + headerBytes).assumingMemoryBound(to: CChar.self), Int32(clamping: source.count), Int32(limit))
            }
            guard size > 0 else { return }
            storeHeader(.lz4, rawBytes: raw.count, into: bytes)
            count = headerBytes + Int(size)
        }
        return size > 0 ? bytes : nil
    }

    private static func storeHeader(_ codec: Codec, rawBytes: Int, into bytes: UnsafeMutableRawBufferPointer) {
        bytes[0] = codec.rawValue
        bytes.store(UInt32(rawBytes), at: 1)
    }

    /// - Parameters:
    ///   - stored: an envelope, possibly hostile.
    ///   - rawBytesMax: no more than this is allocated.
    public static func decompress(_ stored: [UInt8], rawBytesMax: Int) throws(EntryCompressionError) -> [UInt8] {
        let (codec, rawBytes) = try header(stored)
        let dataBytes = stored.count - headerBytes
        guard rawBytes <= rawBytesMax else { throw .tooLarge(rawBytes: rawBytes, rawBytesMax: rawBytesMax) }
        switch codec {
        case .raw:
            guard dataBytes == rawBytes else { throw .lengthMismatch(statedBytes: rawBytes) }
            return Array(stored[headerBytes...])
        case .lz4:
            guard rawBytes <= dataBytes * expansionMax else { throw .lengthMismatch(statedBytes: rawBytes) }
            var size: Int32 = -1
            let raw = [UInt8](unsafeUninitializedCapacity: rawBytes) { buffer, count in
                stored.withUnsafeBytes { source in
                    guard let from = source.baseAddress, let to = buffer.baseAddress else { return }
                    size = LZ4_decompress_safe(
                        (from + headerBytes).assumingMemoryBound(to: CChar.self),
                        UnsafeMutableRawPointer(to).assumingMemoryBound(to: CChar.self), Int32(clamping: dataBytes),
                        Int32(clamping: rawBytes))
                }
                count = size == Int32(clamping: rawBytes) ? rawBytes : 0
            }
            guard raw.count == rawBytes, rawBytes > 0 else { throw .lengthMismatch(statedBytes: rawBytes) }
            return raw
        }
    }

    static func header(_ stored: [UInt8]) throws(EntryCompressionError) -> (codec: Codec, rawBytes: Int) {
        guard stored.count >= headerBytes else { throw .tooShort(bytes: stored.count) }
        guard let codec = Codec(rawValue: stored[0]) else { throw .unknownCodec(stored[0]) }
        return (codec, Int(stored.loadUInt32(at: 1)))
    }
}
