/// Vectors in memory, compared one by one.
///
/// Owns: them, by row. Must never: hold vectors of two models.
struct FlatVectors {
    let dimension: Int
    private var values: [Float] = []
    private var rows: [Int64] = []
    private var places: [Int64: Int] = [:]

    init(dimension: Int) { self.dimension = dimension }

    var count: Int { rows.count }

    mutating func set(_ row: Int64, _ vector: [Float]) {
        guard vector.count == dimension else { return remove(row) }
        if let place = places[row] {
            values.replaceSubrange(place * dimension..<(place + 1) * dimension, with: vector)
            return
        }
        places[row] = rows.count
        rows.append(row)
        values.append(contentsOf: vector)
    }

    mutating func remove(_ row: Int64) {
        guard let place = places.removeValue(forKey: row) else { return }
        let last = rows.count - 1
        if place != last {
            rows[place] = rows[last]
            places[rows[place]] = place
            for offset in 0..<dimension { values[place * dimension + offset] = values[last * dimension + offset] }
        }
        rows.removeLast()
        values.removeLast(dimension)
    }

    func vector(_ row: Int64) -> [Float]? {
        places[row].map { Array(values[$0 * dimension..<($0 + 1) * dimension]) }
    }

    func has(_ row: Int64) -> Bool { places[row] != nil }

    func count(passing: (Int64) -> Bool) -> Int { rows.count(where: passing) }

    func cosine(_ row: Int64, _ query: [Float]) -> Float? {
        guard query.count == dimension else { return nil }
        return places[row].map { dot($0, query) }
    }

    /// Best first, then by row.
    func search(_ query: [Float], count: Int, passes: (Int64) -> Bool) -> [(row: Int64, cosine: Float)] {
        guard query.count == dimension else { return [] }
        var found: [(row: Int64, cosine: Float)] = []
        for (place, row) in rows.enumerated() where passes(row) { found.append((row, dot(place, query))) }
        found.sort { $0.cosine == $1.cosine ? $0.row < $1.row : $0.cosine > $1.cosine }
        return Array(found.prefix(count))
    }

    private func dot(_ place: Int, _ query: [Float]) -> Float {
        var sum: Float = 0
        let start = place * dimension
        for offset in 0..<dimension { sum += values[start + offset] * query[offset] }
        return sum
    }
}
