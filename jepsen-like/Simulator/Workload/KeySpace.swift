import Checkers
import Raft

/// Which keys are in use, and when a key has seen enough.
///
/// Keys are short-lived, because the search for a linearization grows with what is open on one key, and because retiring
/// them keeps the state machine small however long a run is.
///
/// Owns: one live key per slot. Must never: go back to an earlier key.
struct KeySpace {
    struct Live {
        var key: UInt32
        var operations = 0
        var open = 0
        var operationsMax: Int
        /// What a client last saw or wrote there, for compare-and-set.
        var lastValue: UInt32 = 0
    }
    private static let openMax = 5

    private(set) var live: [Live]
    private let operationsPerKeyMax: Int
    private var valueCount: UInt32 = 0

    init(slots: Int, operationsPerKeyMax: Int, random: inout SplitMix64) {
        self.operationsPerKeyMax = operationsPerKeyMax
        live = []
        for slot in 0..<slots {
            live.append(Live(key: UInt32(slot), operationsMax: Self.draw(operationsPerKeyMax, &random)))
        }
    }

    /// Out of step with one another, so that keys do not all change at the same time.
    private static func draw(_ most: Int, _ random: inout SplitMix64) -> Int {
        let count = max(4, most / 2 + random.next(below: most / 2 + 1))
        return random.next(below: 10) == 0 ? count * 8 : count
    }

    mutating func nextKey(_ random: inout SplitMix64) -> UInt32 {
        let slot = random.next(below: live.count)
        // Someone late, now and then: the key is gone by then.
        let isLate = live[slot].key >= UInt32(live.count) && random.next(below: 50) == 0
        if isLate { return live[slot].key - UInt32(live.count) }
        if live[slot].operations >= live[slot].operationsMax || live[slot].open >= Self.openMax {
            live[slot] = Live(
                key: live[slot].key + UInt32(live.count), operationsMax: Self.draw(operationsPerKeyMax, &random))
        }
        live[slot].operations += 1
        return live[slot].key
    }

    /// A key as it is; looking on wears nothing out.
    func currentKey(_ random: inout SplitMix64) -> UInt32 { live[random.next(below: live.count)].key }

    mutating func uniqueValue() -> UInt32 {
        valueCount += 1
        return valueCount
    }

    func lastValue(of key: UInt32) -> UInt32 {
        let there = live[Int(key) % live.count]
        return there.key == key ? there.lastValue : 0
    }

    mutating func saw(_ value: UInt32, at key: UInt32) {
        let slot = Int(key) % live.count
        if live[slot].key == key { live[slot].lastValue = value }
    }

    mutating func leftOpen(_ key: UInt32) {
        let slot = Int(key) % live.count
        if live[slot].key == key { live[slot].open += 1 }
    }
}
