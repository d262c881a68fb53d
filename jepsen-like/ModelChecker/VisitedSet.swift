/// The states seen so far by name, each with the number of the state it was first reached from.
///
/// Owns: numbering, in order of discovery. An open-addressed table of numbers over flat arrays: 28 bytes a state.

struct VisitedSet {
    private(set) var keys: ContiguousArray<StateKey> = []
    private(set) var parents: ContiguousArray<UInt32> = []
    private var slots = ContiguousArray<UInt32>(repeating: .max, count: 1 << 12)

    var count: Int { keys.count }

    /// The number of the state if it is new; nil when it was seen before.
    mutating func insert(_ key: StateKey, parent: UInt32) -> UInt32? {
        if keys.count * 2 >= slots.count { grow() }
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: key.high) & mask
        while slots[slot] != .max {
            if keys[Int(slots[slot])] == key { return nil }
            slot = (slot + 1) & mask
        }
        let number = UInt32(keys.count)
        slots[slot] = number
        keys.append(key)
        parents.append(parent)
        return number
    }

    private mutating func grow() {
        slots = ContiguousArray<UInt32>(repeating: .max, count: slots.count * 2)
        let mask = slots.count - 1
        for (number, key) in keys.enumerated() {
            var slot = Int(truncatingIfNeeded: key.high) & mask
            while slots[slot] != .max { slot = (slot + 1) & mask }
            slots[slot] = UInt32(number)
        }
    }
}
