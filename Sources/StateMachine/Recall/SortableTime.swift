/// Timestamps as numbers whose order is that of their texts.
///
/// Owns: the packing of the first 19 characters, `YYYY-MM-DDTHH:MM:SS`. Must never: be taken for the time itself: two texts
/// with one number may differ behind it, so whoever filters by it lets equals pass and looks at the text later.
enum SortableTime {
    /// - Returns: nil for a text that does not begin like a timestamp; it has no place in this order.
    static func pack(_ text: String) -> UInt64? {
        var packed: UInt64 = 0
        var position = 0
        for byte in text.utf8 {
            if position == 19 { break }
            switch position {
            case 4, 7:
                guard byte == UInt8(ascii: "-") else { return nil }
            case 10:
                guard byte == UInt8(ascii: "T") else { return nil }
            case 13, 16:
                guard byte == UInt8(ascii: ":") else { return nil }
            default:
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                packed = packed * 10 + UInt64(byte - 0x30)
            }
            position += 1
        }
        return position == 19 ? packed : nil
    }

    private static let earliest = Array("0000-00-00T00:00:00".utf8)

    /// Of a text that may end early, such as a bare date: no later than any text that does not come before it, and no
    /// earlier than any that does not come after it.
    static func packBound(_ text: String) -> UInt64? {
        let given = Array(text.utf8.prefix(earliest.count))
        return pack(String(decoding: given + earliest.dropFirst(given.count), as: UTF8.self))
    }
}
