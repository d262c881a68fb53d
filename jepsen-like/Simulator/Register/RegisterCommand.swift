import Checkers
import Raft

/// The bytes of the register machine's commands and outcomes.
///
/// Owns: two fixed layouts, little-endian. Command (41 bytes): client, sequence, attempt (UInt32 each), session (UInt64),
/// logged time (Int64, nanoseconds), action (UInt8), key, value, expected (UInt32 each); bytes after it are ballast. The
/// action's highest bit marks the newer form, which says the same and which builds of feature level 0 cannot read.
/// Outcome (13 bytes): status (UInt8), index (UInt64), value (UInt32).
/// Must never: accept an action or status it does not know.
public enum RegisterCommand {
    public static let bytesMin = 41
    private static let outcomeBytes = 13
    private static let newerForm: UInt8 = 0x80

    /// - Parameters:
    ///   - ballastBytes: makes the command this much longer, so that limits in bytes are met.
    ///   - featureLevel: the newer form from level 1 on.
    public static func encode(_ request: Request, ballastBytes: Int = 0, featureLevel: UInt16 = 0) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: bytesMin + ballastBytes) { buffer, count in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            bytes.storeBytes(of: request.client.littleEndian, toByteOffset: 0, as: UInt32.self)
            bytes.storeBytes(of: request.sequence.littleEndian, toByteOffset: 4, as: UInt32.self)
            bytes.storeBytes(of: request.attempt.littleEndian, toByteOffset: 8, as: UInt32.self)
            bytes.storeBytes(of: request.session.littleEndian, toByteOffset: 12, as: UInt64.self)
            bytes.storeBytes(of: request.loggedAtNanoseconds.littleEndian, toByteOffset: 20, as: Int64.self)
            bytes[28] = request.action.rawValue | (featureLevel > 0 ? newerForm : 0)
            bytes.storeBytes(of: request.key.littleEndian, toByteOffset: 29, as: UInt32.self)
            bytes.storeBytes(of: request.value.littleEndian, toByteOffset: 33, as: UInt32.self)
            bytes.storeBytes(of: request.expected.littleEndian, toByteOffset: 37, as: UInt32.self)
            // Bytes that do not compress away, yet the same in every run.
            var filler = UInt64(request.client) << 32 | UInt64(request.sequence)
            for offset in bytesMin..<bytesMin + ballastBytes {
                filler = filler &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[offset] = UInt8(truncatingIfNeeded: filler >> 56)
            }
            count = bytesMin + ballastBytes
        }
    }

    /// The feature level that a build must follow to read this.
    static func featureLevel(_ command: [UInt8]) -> UInt16 {
        command.count >= bytesMin && command[28] & newerForm != 0 ? 1 : 0
    }

    public static func decode(_ command: [UInt8]) -> Request? {
        guard command.count >= bytesMin else { return nil }
        return command.withUnsafeBytes { bytes -> Request? in
            func number(_ offset: Int) -> UInt32 {
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            }
            guard let action = Action(rawValue: bytes[28] & ~newerForm), action != .read else { return nil }
            return Request(
                client: number(0), sequence: number(4), attempt: number(8),
                session: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt64.self)),
                loggedAtNanoseconds: Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 20, as: Int64.self)),
                action: action, key: number(29), value: number(33), expected: number(37))
        }
    }

    public static func encode(_ outcome: Outcome) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: outcomeBytes) { buffer, count in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            bytes[0] = outcome.status.rawValue
            bytes.storeBytes(of: outcome.index.littleEndian, toByteOffset: 1, as: UInt64.self)
            bytes.storeBytes(of: outcome.value.littleEndian, toByteOffset: 9, as: UInt32.self)
            count = outcomeBytes
        }
    }

    public static func decodeOutcome(_ outcome: [UInt8]) -> Outcome? {
        guard outcome.count == outcomeBytes, let status = Outcome.Status(rawValue: outcome[0]) else { return nil }
        return outcome.withUnsafeBytes { bytes in
            Outcome(
                status: status,
                index: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt64.self)),
                value: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 9, as: UInt32.self)))
        }
    }
}

/// A digest that notices any difference between honest replicas and is cheap enough for every entry. It is no defence
/// against anyone who means harm, and it is the same in every process.
struct WordDigest {
    private(set) var value: UInt64 = 0x9e37_79b9_7f4a_7c15

    init() {}
    init(value: UInt64) { self.value = value }

    @inline(__always)
    mutating func fold(_ word: UInt64) {
        value = (value ^ word) &* 0xbf58_476d_1ce4_e5b9
        value ^= value >> 29
    }
    @inline(__always)
    mutating func fold(_ outcome: Outcome) {
        fold(outcome.index)
        fold(UInt64(outcome.status.rawValue) << 32 | UInt64(outcome.value))
    }
    mutating func fold(_ bytes: [UInt8]) {
        fold(UInt64(bytes.count))
        bytes.withUnsafeBytes { raw in
            var offset = 0
            while offset + 8 <= raw.count {
                fold(UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
                offset += 8
            }
            var last: UInt64 = 0
            while offset < raw.count {
                last = last << 8 | UInt64(raw[offset])
                offset += 1
            }
            fold(last)
        }
    }
    var bytes: [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}
