import Raft

/// One seed, many independent streams: a draw for the network never shifts what the disks or the faults draw.
///
/// Owns: the derivation. Must never: give two purposes the same stream.
public struct RandomStreams: Sendable {
    public enum Purpose: UInt64, Sendable {
        case topology = 1
        case network = 2
        case disk = 3
        case clock = 4
        case workload = 5
        case faults = 6
        case knobs = 7
        case node = 8
        case triggers = 9
        case machine = 10
        case load = 11
    }

    public let seed: UInt64
    public init(seed: UInt64) { self.seed = seed }

    public func stream(_ purpose: Purpose, _ number: UInt64 = 0) -> SplitMix64 {
        var mixer = SplitMix64(seed: seed &+ purpose.rawValue &* 0xA24B_AED4_963E_E407)
        let first = mixer.next()
        var second = SplitMix64(seed: first ^ (number &* 0x9FB2_1C65_1E98_DF25))
        return SplitMix64(seed: second.next())
    }
}

extension SplitMix64 {
    /// True `perThousand` times in a thousand.
    public mutating func chance(perThousand: Int) -> Bool { next(below: 1_000) < perThousand }
    /// Both ends included.
    public mutating func between(_ low: UInt64, _ high: UInt64) -> UInt64 { low + next() % (high - low + 1) }
    public mutating func pick<Value>(_ values: [Value]) -> Value { values[next(below: values.count)] }
    /// Exponentially distributed around `mean`, at most 32 times it. Whole numbers only, so that every build draws the
    /// same: the position of the first set bit is geometric, and what follows it fills the gap in a straight line.
    public mutating func exponential(mean: UInt64) -> UInt64 {
        let bits = next() | 1 << 20
        let zeros = UInt64(bits.leadingZeroBitCount)
        let fraction = (bits << (zeros + 1)) >> 48
        // −ln u = ln 2 · (zeros + 1 − log₂(1 + fraction)). A straight line instead of the logarithm makes the mean of the
        // bracket 3/2 instead of 1 / ln 2, so it is multiplied by 2/3, which is 43691 / 65536.
        let halvings = ((zeros + 1) << 16) - fraction
        return (mean >> 8) * ((halvings * 43_691) >> 16) >> 8
    }
}
