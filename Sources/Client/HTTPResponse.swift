/// A response as it came: status, head bytes and body, without copies.
///
/// Owns: looking into those bytes. Must never: parse headers nobody asks for; the load generator pays for every one.
import NIOCore

public struct HTTPResponse: Sendable {
    public var status: Int
    /// Status line and header lines, each with its CRLF, and the empty line.
    public var head: ByteBuffer
    /// Decoded when it came in chunks.
    public var body: ByteBuffer

    public init(status: Int, head: ByteBuffer, body: ByteBuffer) {
        self.status = status
        self.head = head
        self.body = body
    }

    public var bodyBytes: [UInt8] { Array(body.readableBytesView) }
    public var bodyText: String { String(decoding: body.readableBytesView, as: UTF8.self) }

    /// The first header of this name, ASCII case ignored; nil when absent.
    public func header(_ name: String) -> String? {
        let wanted = Array(name.utf8).map(HTTPResponse.lowercased)
        return head.withUnsafeReadableBytes { bytes -> String? in
            var start = 0
            while start < bytes.count {
                let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                if let value = HTTPResponse.value(of: wanted, line: bytes[start..<end]) { return value }
                start = end + 1
            }
            return nil
        }
    }

    private static func value(of wanted: [UInt8], line: Slice<UnsafeRawBufferPointer>) -> String? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon - line.startIndex == wanted.count,
            line[line.startIndex..<colon].lazy.map(lowercased).elementsEqual(wanted)
        else { return nil }
        var first = colon + 1
        var last = line.endIndex
        while first < last, isBlank(line[first]) { first += 1 }
        while last > first, isBlank(line[last - 1]) { last -= 1 }
        return String(decoding: line[first..<last], as: UTF8.self)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }

    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}
