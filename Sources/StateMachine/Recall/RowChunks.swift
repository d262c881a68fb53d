/// Something about each row, by row number: pieces of a thousand rows, of which those without any row take no memory.
///
/// A value: a copy that a read holds costs little, and whoever changes the other copies the pieces that it changes.
/// Owns: the pieces and the count. Must never: copy a piece that nobody else holds.
struct RowChunks<Value: RowValue>: Sendable {
    private static var chunkBits: Int64 { 10 }
    private static var chunkRows: Int { 1 << chunkBits }

    private struct Chunk: Sendable {
        var values = [Value](repeating: .vacant, count: RowChunks.chunkRows)
        var count = 0
    }
    private var chunks: [Chunk?] = []
    /// Rows that have a value.
    private(set) var count = 0

    /// No row has a higher number.
    var rowLast: Int64 { Int64(chunks.count) << RowChunks.chunkBits }

    subscript(row: Int64) -> Value? {
        guard row >= 0 else { return nil }
        let place = Int(row >> RowChunks.chunkBits)
        guard place < chunks.count, let chunk = chunks[place] else { return nil }
        let value = chunk.values[Int(row) & (RowChunks.chunkRows - 1)]
        return value.isVacant ? nil : value
    }

    /// A vacant value takes the row out.
    mutating func set(_ row: Int64, _ value: Value) {
        guard row >= 0 else { return }
        let place = Int(row >> RowChunks.chunkBits)
        if value.isVacant, place >= chunks.count { return }
        while chunks.count <= place { chunks.append(nil) }
        var chunk = chunks[place] ?? Chunk()
        // Taken out, so that it is changed where it is and not copied.
        chunks[place] = nil
        let offset = Int(row) & (RowChunks.chunkRows - 1)
        let change = (value.isVacant ? 0 : 1) - (chunk.values[offset].isVacant ? 0 : 1)
        chunk.count += change
        count += change
        chunk.values[offset] = value
        if chunk.count > 0 { chunks[place] = chunk }
    }

    /// In ascending order.
    func each(_ body: (Int64, Value) -> Void) {
        for (place, chunk) in chunks.enumerated() {
            guard let chunk else { continue }
            let first = Int64(place) << RowChunks.chunkBits
            chunk.values.withUnsafeBufferPointer { values in
                for offset in values.indices where !values[offset].isVacant {
                    body(first + Int64(offset), values[offset])
                }
            }
        }
    }
}

/// A value that can say that there is none, without the byte of an optional.
protocol RowValue: Sendable {
    static var vacant: Self { get }
    var isVacant: Bool { get }
}
