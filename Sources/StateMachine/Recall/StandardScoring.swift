/// From candidates of the default ranking to their order.
///
/// Owns: the blend and the neighbours' share, free of the database. Must never: look at what use changes: access counts,
/// expiry, tier.
struct StandardScoring {
    /// The text rank that counts in full; 0 without words.
    var fullRank: Double
    /// nil: words alone.
    var vector: [Float]?
    var view: RecallView
    var filter: RowFilter
    var query: RecallQuery

    func ranked(_ pool: [Int64: RecallCandidate]) -> [RecallCandidate] {
        var pool = pool.mapValues { based($0) }
        guard query.ranking == .standard else { return pool.values.sorted(by: Self.isBefore) }
        let leading = pool.values.sorted(by: Self.isBefore).prefix(StoreReader.Bounds.neighboured)
        let base = pool.mapValues(\.score)
        var given: [Int64: Double] = [:]
        for candidate in leading { share(candidate, base[candidate.row] ?? 0, &given) }
        for (row, share) in given {
            var candidate = pool[row] ?? based(RecallCandidate(row: row, score: 0))
            // A neighbour that has nothing to do with the question is no answer to it.
            guard pool[row] != nil || candidate.parts.cosine ?? 0 > StoreReader.Weights.cosineMin else { continue }
            candidate.parts.neighbours = share
            candidate.score += share
            pool[row] = candidate
        }
        return pool.values.sorted(by: Self.isBefore)
    }

    static func isBefore(_ left: RecallCandidate, _ right: RecallCandidate) -> Bool {
        left.score == right.score ? left.row < right.row : left.score > right.score
    }

    /// Words and meaning.
    private func based(_ candidate: RecallCandidate) -> RecallCandidate {
        var candidate = candidate
        let words = fullRank > 0 ? min(1, max(0, candidate.parts.textRank ?? 0) / fullRank) : 0
        guard let vector else {
            candidate.score = words
            return candidate
        }
        if candidate.parts.cosine == nil {
            candidate.parts.cosine = view.vectors?.cosine(candidate.row, vector).map(Double.init)
        }
        let meaning = max(0, candidate.parts.cosine ?? 0)
        if query.ranking == .vector {
            candidate.score = meaning
        } else {
            candidate.score = StoreReader.Weights.meaning * meaning + (1 - StoreReader.Weights.meaning) * words
        }
        return candidate
    }

    /// To those who stand beside it, in both directions.
    private func share(_ candidate: RecallCandidate, _ score: Double, _ given: inout [Int64: Double]) {
        guard let start = view.directory.packed(candidate.row) else { return }
        let directions = [
            (\RowDirectory.Packed.next, StoreReader.Weights.following),
            (\RowDirectory.Packed.previous, StoreReader.Weights.preceding),
        ]
        for (step, weight) in directions {
            var row = start[keyPath: step]
            var share = weight * score
            for _ in 0..<StoreReader.Bounds.neighbourDistance {
                guard row != 0, let packed = view.directory.packed(row) else { break }
                if filter.passes(packed) { given[row] = max(given[row] ?? 0, share) }
                row = packed[keyPath: step]
                share *= StoreReader.Weights.distant
            }
        }
    }
}
