/// Where in the vector index a row's vector is.
///
/// Owns: the numbers. Must never: say what the index itself knows better: a slot that it names may have been vacated since
/// the copy was taken.
struct SlotTable {
    private var slots = RowChunks<UInt32>()

    /// Rows that have one.
    var count: Int { slots.count }

    func slot(_ row: Int64) -> Int? { slots[row].map { Int($0) } }

    mutating func set(_ row: Int64, _ slot: Int?) { slots.set(row, slot.map { UInt32($0) } ?? .vacant) }
}

extension UInt32: RowValue {
    static var vacant: UInt32 { .max }
    var isVacant: Bool { self == .max }
}
