/// Which forwarded proposals of one node a leader has already taken up in its term, so that a message the network
/// delivers twice does not put a command into the log twice (catalogue bug 70).
///
/// Relies on two promises: a nonce grows with every proposal, and by more than a window with every run of its node; and
/// a leader takes up only what was forwarded to it in its own term. Owns: a window of `windowCount` proposals. Must
/// never: call something new that it cannot tell from a repetition; what lies before the window counts as seen.
struct SeenProposals: Hashable, Sendable {
    static let windowCount: UInt64 = 16_384

    let origin: NodeID
    private var highest: UInt64 = 0
    private var bits = [UInt64](repeating: 0, count: Int(windowCount / 64))

    init(origin: NodeID) { self.origin = origin }

    /// Marks `nonce`; false when it may have been marked before.
    mutating func insert(_ nonce: UInt64) -> Bool {
        if nonce > highest {
            clear(after: highest, through: nonce)
            highest = nonce
        } else if highest - nonce >= Self.windowCount {
            return false
        }
        let bit = nonce % Self.windowCount
        let mask = UInt64(1) << (bit % 64)
        if bits[Int(bit / 64)] & mask != 0 { return false }
        bits[Int(bit / 64)] |= mask
        return true
    }

    private mutating func clear(after low: UInt64, through high: UInt64) {
        if high - low >= Self.windowCount {
            for place in bits.indices { bits[place] = 0 }
            return
        }
        for number in (low + 1)...high {
            let bit = number % Self.windowCount
            bits[Int(bit / 64)] &= ~(UInt64(1) << (bit % 64))
        }
    }
}
