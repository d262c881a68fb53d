/// The envelope of everything that travels between nodes: `length u32 · CRC32C u32 · body`, little-endian.
///
/// Owns: the header and the checksum (CRC32C, RFC 3720 B.4). Must never: look inside the body.

import CChecksum

public enum Frame {
    /// Length and checksum.
    public static let headerBytes = 8
    /// Largest body unless told otherwise; far above one append and one snapshot chunk.
    public static let defaultBodyBytesMax = 16 << 20
    /// Below this not even the fixed fields of every message and the handshake fit.
    public static let smallestUsefulBodyBytesMax = 1 << 10
    /// What a limit may at most be set to.
    public static let largestBodyBytesMax = 256 << 20

    public static func checksum(_ body: UnsafeRawBufferPointer) -> UInt32 {
        mneme_crc32c(0, body.baseAddress, body.count)
    }

    /// Fills in the header of a frame whose body already stands behind it.
    ///
    /// - Parameter frame: header and body, at least `headerBytes` long.
    public static func seal(_ frame: UnsafeMutableRawBufferPointer) {
        precondition(frame.count >= headerBytes, "a frame has room for its header")
        let body = UnsafeRawBufferPointer(rebasing: frame[headerBytes...])
        frame.storeBytes(of: UInt32(body.count).littleEndian, toByteOffset: 0, as: UInt32.self)
        frame.storeBytes(of: checksum(body).littleEndian, toByteOffset: 4, as: UInt32.self)
    }

    /// A frame around `body`.
    ///
    /// - Throws: `.emptyFrame` or `.frameTooLarge`.
    public static func encode(_ body: [UInt8], bodyBytesMax: Int = defaultBodyBytesMax) throws(WireError) -> [UInt8] {
        guard !body.isEmpty else { throw .emptyFrame }
        guard body.count <= bodyBytesMax else { throw .frameTooLarge(bytes: body.count, bytesMax: bodyBytesMax) }
        let total = headerBytes + body.count
        return [UInt8](unsafeUninitializedCapacity: total) { buffer, initialized in
            let frame = UnsafeMutableRawBufferPointer(buffer)
            frame[headerBytes..<total].copyBytes(from: body)
            seal(frame)
            initialized = total
        }
    }

    /// Body length from a header, checked against the limit before anybody allocates that much.
    static func bodyBytes(header: UnsafeRawBufferPointer, bodyBytesMax: Int) throws(WireError) -> Int {
        let length = Int(UInt32(littleEndian: header.loadUnaligned(as: UInt32.self)))
        guard length > 0 else { throw .emptyFrame }
        guard length <= bodyBytesMax else { throw .frameTooLarge(bytes: length, bytesMax: bodyBytesMax) }
        return length
    }

    /// The body of one complete frame, after its checksum was verified.
    static func verifiedBody(_ frame: UnsafeRawBufferPointer) throws(WireError) -> UnsafeRawBufferPointer {
        let expected = UInt32(littleEndian: frame.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        let body = UnsafeRawBufferPointer(rebasing: frame[headerBytes...])
        let computed = checksum(body)
        guard computed == expected else { throw .checksumMismatch(expected: expected, computed: computed) }
        return body
    }
}
