/// Little-endian fields in byte arrays, and the salted checksum over them.
///
/// Owns: the only places where the log's bytes become numbers. Must never: read past what the caller has checked.

import CChecksum
import Glibc

extension [UInt8] {
    /// The caller has checked that `offset + 8` bytes exist.
    func loadUInt64(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset + 8 <= count, "invariant 13: field beyond the bytes that were read")
        return withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
    }

    func loadUInt32(at offset: Int) -> UInt32 {
        precondition(offset >= 0 && offset + 4 <= count, "invariant 13: field beyond the bytes that were read")
        return withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    }

    /// Whether every byte of `range` is zero. Compares the region with itself one byte further: memcmp's speed.
    func isZero(in range: Range<Int>) -> Bool {
        guard let first = range.first else { return true }
        precondition(range.upperBound <= count, "invariant 13: range beyond the bytes that were read")
        guard self[first] == 0 else { return false }
        return withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return true }
            return memcmp(base + first, base + first + 1, range.count - 1) == 0
        }
    }

    /// CRC32C of `range`, started from `seed`.
    func checksum(seed: UInt32, in range: Range<Int>) -> UInt32 {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "invariant 13: checksum beyond the bytes")
        return withUnsafeBytes { bytes in
            UnsafeRawBufferPointer(rebasing: bytes[range]).checksum(seed: seed)
        }
    }
}

extension UnsafeRawBufferPointer {
    func checksum(seed: UInt32) -> UInt32 { mneme_crc32c(seed, baseAddress, count) }
}

extension UnsafeMutableRawBufferPointer {
    func store(_ value: UInt64, at offset: Int) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
    func store(_ value: UInt32, at offset: Int) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
    }
}

/// CRC32C of public bytes, for tests and tools of other rooms: `portable` goes by table, whatever the CPU can do.
public enum Checksum {
    public static func crc32c(_ bytes: [UInt8], seed: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { mneme_crc32c(seed, $0.baseAddress, $0.count) }
    }
    public static func crc32cPortable(_ bytes: [UInt8], seed: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { mneme_crc32c_portable(seed, $0.baseAddress, $0.count) }
    }
}
