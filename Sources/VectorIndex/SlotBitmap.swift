/// A set of slots, one bit each: which vectors a search may return.
///
/// Owns: the words. Must never: grow when it is asked; what lies beyond its end is not in it.

public struct SlotBitmap: Sendable, Equatable {
    public private(set) var words: [UInt64]

    public init() { words = [] }

    /// - Parameter slots: room for this many; inserting beyond makes more.
    public init(slots: Int) { words = [UInt64](repeating: 0, count: (max(0, slots) + 63) / 64) }

    public init(words: [UInt64]) { self.words = words }

    public mutating func insert(_ slot: Int) {
        guard slot >= 0, slot < 1 << 30 else { return }
        let word = slot >> 6
        if word >= words.count { words += [UInt64](repeating: 0, count: word + 1 - words.count) }
        words[word] |= 1 << UInt64(slot & 63)
    }

    public mutating func remove(_ slot: Int) {
        guard slot >= 0, slot >> 6 < words.count else { return }
        words[slot >> 6] &= ~(1 << UInt64(slot & 63))
    }

    public func contains(_ slot: Int) -> Bool {
        guard slot >= 0, slot >> 6 < words.count else { return false }
        return words[slot >> 6] >> UInt64(slot & 63) & 1 == 1
    }

    public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// Slots of both.
    public mutating func formIntersection(_ other: SlotBitmap) {
        if words.count > other.words.count { words.removeLast(words.count - other.words.count) }
        for index in words.indices { words[index] &= other.words[index] }
    }

    /// Slots of either.
    public mutating func formUnion(_ other: SlotBitmap) {
        let missing = other.words.count - words.count
        if missing > 0 { words += [UInt64](repeating: 0, count: missing) }
        for index in other.words.indices { words[index] |= other.words[index] }
    }
}
