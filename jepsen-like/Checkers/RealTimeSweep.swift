/// Real-time order against any other order: what ended before something else began must not come after it.
///
/// Owns: the sweep. Every operation has a level (a log index, a place in a list). Something that changes the state must
/// have a higher level than all that ended before it began, a read at least the same.
struct RealTimeSweep {
    struct Item {
        var level: UInt64
        /// A change of state, alone on its level; two of the same level are a read's business.
        var isChange: Bool
        /// Index into the caller's operations.
        var operation: Int
    }

    /// Calls `found` with each item that comes too early and one operation that ended before it and has the level.
    static func check(
        _ items: [Item], of operations: [Operation], found: (_ item: Item, _ earlier: Item) -> Void
    ) {
        var stamps: [UInt64] = []
        stamps.reserveCapacity(items.count * 2)
        for (number, item) in items.enumerated() {
            let operation = operations[item.operation]
            stamps.append(UInt64(operation.invokedOrder) << 32 | UInt64(number) << 1)
            if operation.end == .ok {
                stamps.append(UInt64(operation.completedOrder) << 32 | UInt64(number) << 1 | 1)
            }
        }
        precondition(items.count < 1 << 31, "a history this long does not fit the stamps")
        stamps.sort()
        var highest: Item?
        for stamp in stamps {
            let item = items[Int(stamp & 0xffff_ffff) >> 1]
            if stamp & 1 == 1 {
                if highest.map({ item.level > $0.level }) ?? true { highest = item }
            } else if let highest, item.isChange ? item.level <= highest.level : item.level < highest.level {
                found(item, highest)
            }
        }
    }
}
