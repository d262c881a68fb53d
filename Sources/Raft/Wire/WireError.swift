/// Everything that can be wrong with bytes from another node, as values that name the field and the limit.
///
/// Owns: the error. Must never: carry bytes of the message itself (they may be private, and of any length).

public enum WireError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes end inside `field`.
    case truncated(field: String, neededBytes: Int, availableBytes: Int)
    /// Bytes are left over after a complete message.
    case trailingBytes(count: Int)
    /// The message type is not one this version knows.
    case unknownType(UInt8)
    /// The layout version of a message is not one this version knows.
    case unknownVersion(UInt8)
    /// A field has a value that its type does not allow.
    case invalidValue(field: String, value: UInt64)
    /// A field is longer than its limit.
    case fieldTooLong(field: String, bytes: Int, bytesMax: Int)
    /// More elements are announced than the remaining bytes can hold.
    case countTooLarge(field: String, count: Int, countMax: Int)
    /// The frame is larger than the limit.
    case frameTooLarge(bytes: Int, bytesMax: Int)
    /// The frame has no body.
    case emptyFrame
    /// The body does not match its checksum.
    case checksumMismatch(expected: UInt32, computed: UInt32)
    /// The first frame is not a handshake of this protocol.
    case notAHandshake
    /// The other side speaks another version of the protocol.
    case protocolVersion(theirs: UInt16, ours: UInt16)

    public var description: String {
        switch self {
        case .truncated(let field, let needed, let available):
            "message ends inside \(field): \(needed) bytes needed, \(available) left"
        case .trailingBytes(let count): "\(count) bytes left over after the message"
        case .unknownType(let type): "unknown message type \(type)"
        case .unknownVersion(let version):
            "unknown message layout version \(version); this version reads \(MessageCodec.version)"
        case .invalidValue(let field, let value): "\(field) has the invalid value \(value)"
        case .fieldTooLong(let field, let bytes, let limit): "\(field) has \(bytes) bytes; the limit is \(limit)"
        case .countTooLarge(let field, let count, let limit):
            "\(field) announces \(count) elements; the remaining bytes can hold at most \(limit)"
        case .frameTooLarge(let bytes, let limit): "frame of \(bytes) bytes; the limit is \(limit)"
        case .emptyFrame: "frame without a body"
        case .checksumMismatch(let expected, let computed):
            "frame checksum is \(WireError.hexadecimal(computed)), its header says \(WireError.hexadecimal(expected))"
        case .notAHandshake: "the connection does not begin with a handshake of this protocol"
        case .protocolVersion(let theirs, let ours): "protocol version \(theirs); this node speaks \(ours)"
        }
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
