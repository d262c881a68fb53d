/// Where in the vector index a row's vector is.
///
/// Owns: the numbers, in pieces of a thousand rows, so that a copy that a read holds costs little. Must never: say what
/// the index itself knows better: a slot that it names may have been vacated since the copy was taken.
struct SlotTable {
    private static let none = UInt32.max
    private static let chunkBits: Int64 = 10
    private static let chunkRows = 1 << chunkBits

    private struct Chunk {
        var slots = [UInt32](repeating: SlotTable.none, count: SlotTable.chunkRows)
        var count = 0
    }
    private var chunks: [Chunk?] = []
    /// Rows that have one.
    private(set) var count = 0

    func slot(_ row: Int64) -> Int? {
        guard row >= 0 else { return nil }
        let place = Int(row >> SlotTable.chunkBits)
        guard place < chunks.count, let chunk = chunks[place] else { return nil }
        let slot = chunk.slots[Int(row) & (SlotTable.chunkRows - 1)]
        return slot == SlotTable.none ? nil : Int(slot)
    }

    mutating func set(_ row: Int64, _ slot: Int?) {
        guard row >= 0, slot != nil || self.slot(row) != nil else { return }
        let place = Int(row >> SlotTable.chunkBits)
        while chunks.count <= place { chunks.append(nil) }
        var chunk = chunks[place] ?? Chunk()
        // Taken out, so that it is changed where it is and not copied.
        chunks[place] = nil
        let offset = Int(row) & (SlotTable.chunkRows - 1)
        let change = (slot == nil ? 0 : 1) - (chunk.slots[offset] == SlotTable.none ? 0 : 1)
        chunk.count += change
        count += change
        chunk.slots[offset] = slot.map { UInt32($0) } ?? SlotTable.none
        if chunk.count > 0 { chunks[place] = chunk }
    }
}
