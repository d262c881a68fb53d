/// The vectors of rows: the nearest-neighbour index, and where in it each row is.
///
/// A copy is what a read works with: its table of slots stands still, the index behind it goes on. What the index was
/// given since is met again by key (`SlotsAfter`), so a row whose vector is replaced during a search is found with the
/// old or the new one.
/// Owns: the form in which vectors go in: of unit length, padded to what the kernels want. Must never: hold vectors of
/// two models.
import VectorIndex

struct RowVectors {
    let index: VectorIndex
    private(set) var slots = SlotTable()
    /// Slots of the index that were taken when `slots` was as it is: later ones may belong to rows that `slots` has
    /// elsewhere.
    private(set) var slotCount = 0
    let dimension: Int

    static func parameters(_ model: VectorModel) -> VectorIndexParameters {
        VectorIndexParameters(dimension: max(16, (model.dimension + 15) / 16 * 16))
    }

    init(_ model: VectorModel, index: VectorIndex) {
        self.index = index
        slotCount = index.slotCount
        dimension = model.dimension
    }

    var count: Int { slots.count }

    func has(_ row: Int64) -> Bool { slots.slot(row) != nil }

    /// - Returns: what the index takes; nil for a vector of another length, or of no direction.
    func prepared(_ vector: [Float]) -> [Float]? {
        guard vector.count == dimension else { return nil }
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length.isFinite, length > 1e-6 else { return nil }
        // What comes from the model is of unit length but for its last bits, which are to stay.
        var prepared = abs(length - 1) < 1e-3 ? vector : vector.map { $0 / length }
        prepared += [Float](repeating: 0, count: index.parameters.dimension - dimension)
        return prepared
    }

    /// - Returns: whether the row has the vector now; else it has none.
    mutating func set(_ row: Int64, _ vector: [Float]) throws(VectorIndexError) -> Bool {
        guard let prepared = prepared(vector) else {
            remove(row)
            return false
        }
        slots.set(row, try index.append(key: row, vector: prepared))
        slotCount = index.slotCount
        return true
    }

    mutating func remove(_ row: Int64) {
        guard has(row) else { return }
        index.remove(key: row)
        slots.set(row, nil)
    }

    /// Knows a row again that the index already has.
    mutating func adopt(_ row: Int64) { slots.set(row, index.slot(of: row)) }

    /// Moves to another index, with everything in it.
    mutating func move(to other: VectorIndex, slots table: SlotTable) {
        self = RowVectors(VectorModel(tag: "", dimension: dimension), index: other)
        slots = table
    }

    func vector(_ row: Int64) -> [Float]? {
        slots.slot(row).map { Array(index.vector(slot: $0).prefix(dimension)) }
    }

    func cosine(_ row: Int64, _ query: [Float]) -> Float? {
        guard let slot = slots.slot(row), let prepared = prepared(query) else { return nil }
        return index.score(slot: slot, query: prepared)
    }
}
