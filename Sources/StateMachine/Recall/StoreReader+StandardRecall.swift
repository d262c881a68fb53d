/// The default ranking: words and meaning together, and a share from what stands beside a good match.
///
/// Owns: its candidates and weights (docs/recall.md says how they were found). Nothing that use changes has a part in it: a
/// memory does not become a better answer by being recalled. Must never: walk more rows than its bounds, however common the
/// words.

extension StoreReader {
    enum Weights {
        /// Of the cosine; the rest is for the words.
        static let meaning = 0.6
        /// Of the better of the neighbours' own scores; half of it for the one behind.
        static let neighbours = 0.2
        /// Cosines below are as good as none.
        static let cosineMin = 0.15
    }
    enum Bounds {
        /// Candidates by words, and by meaning.
        static let pool = 120
        /// The best, whose neighbours are looked at.
        static let neighboured = 40
        static let neighbourDistance = 2
        /// What walking the rows of the words may cost, in rows passed over; one that is scored costs as much as some.
        static let walk = 40_000
        static let scoreCost = 5
    }

    func standardCandidates(_ query: RecallQuery, now: String) throws(StoreError) -> [RecallCandidate] {
        let view = index.view()
        let filter = RowFilter(query, now: now, directory: view.directory)
        let words = query.ranking == .vector ? [:] : try wordScores(query, view, filter)
        let vector = query.ranking == .keyword || index.model == nil ? nil : query.vector
        var pool: [Int64: RecallCandidate] = [:]
        for (row, rank) in words { pool[row, default: RecallCandidate(row: row, score: 0)].parts.textRank = rank }
        if let vector {
            let wanted = max(Bounds.pool, 3 * query.limit)
            for hit in view.nearest(vector, count: wanted, filter) where Double(hit.cosine) > Weights.cosineMin {
                pool[hit.row, default: RecallCandidate(row: hit.row, score: 0)].parts.cosine = Double(hit.cosine)
            }
        }
        let scoring = StandardScoring(
            best: words.values.max() ?? 0, vector: vector, view: view, filter: filter, query: query)
        return scoring.ranked(pool)
    }

    /// Text rank of the best rows with any of the question's words.
    private func wordScores(
        _ query: RecallQuery, _ view: RecallView, _ filter: RowFilter
    ) throws(StoreError) -> [Int64: Double] {
        let share = view.share(filter, namespace: query.namespace)
        let rowsMax = Int(Double(Bounds.walk) / (1 + Double(Bounds.scoreCost) * share))
        guard let match = try match(RecallTerms(query.context), rowsMax: rowsMax) else { return [:] }
        let statement = try database.statement(
            "SELECT rowid, rank FROM memories_fts WHERE memories_fts MATCH ?1 AND rowid >= ?2")
        defer { statement.reset() }
        try statement.bind(1, match.query)
        try statement.bind(2, match.rowMin)
        var best = BestRows(countMax: max(Bounds.pool, 3 * query.limit))
        // The statistics were those of another moment; the bound holds all the same.
        var left = 2 * Bounds.walk
        while left > 0, try statement.step() {
            left -= 1
            let row = statement.int64(0)
            guard let packed = view.directory.packed(row), filter.passes(packed) else { continue }
            // SQLite computes the rank when it is asked for, and not before.
            best.add(row, -statement.double(1))
        }
        return best.scores
    }

    /// The words as FTS5 wants them, rare ones first, as many as may be walked; and the row from which on, when even the
    /// rarest is too common.
    private func match(
        _ terms: RecallTerms, rowsMax: Int
    ) throws(StoreError) -> (query: String, rowMin: Int64)? {
        var counted: [(phrase: String, rows: Int)] = []
        for term in terms.terms {
            if let found = try count(term) { counted.append(found) }
        }
        counted.sort { $0.rows < $1.rows }
        var phrases: [String] = []
        var total = 0
        var rowMin: Int64 = 0
        for (phrase, rows) in counted {
            if phrases.isEmpty, rows > rowsMax {
                // The newest of them.
                rowMin = rowsEver - Int64(Double(rowsEver) * Double(rowsMax) / Double(rows))
            } else if !phrases.isEmpty, total + rows > rowsMax {
                break
            }
            phrases.append(phrase)
            total += rows
        }
        return phrases.isEmpty ? nil : (phrases.joined(separator: " OR "), rowMin)
    }

    /// The forms of a word that stand anywhere, and in how many rows; nil: none does.
    private func count(_ term: RecallTerms.Term) throws(StoreError) -> (phrase: String, rows: Int)? {
        var rows = 0
        var present: [String] = []
        for form in term.forms {
            // Anything else may be several words to the index, or one without its accents, and has to be walked.
            let isPlain = form.utf8.allSatisfy { ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) }
            let count = isPlain ? try rowCount(ofWord: form) : try rowCount(ofPhrase: form, limit: Bounds.walk)
            if count > 0 { present.append("\"\(form)\"") }
            rows += count
        }
        return present.isEmpty ? nil : (present.joined(separator: " OR "), rows)
    }
}

/// The rows with the highest scores so far.
private struct BestRows {
    let countMax: Int
    private var rows: [(row: Int64, score: Double)] = []
    private var least = -Double.infinity

    init(countMax: Int) { self.countMax = countMax }

    mutating func add(_ row: Int64, _ score: Double) {
        guard rows.count < 2 * countMax || score > least else { return }
        rows.append((row, score))
        if rows.count >= 2 * countMax { cut() }
    }

    private mutating func cut() {
        rows.sort { $0.score == $1.score ? $0.row < $1.row : $0.score > $1.score }
        if rows.count > countMax { rows.removeLast(rows.count - countMax) }
        least = rows.count == countMax ? rows.last?.score ?? least : least
    }

    var scores: [Int64: Double] {
        mutating get {
            cut()
            return Dictionary(rows.map { ($0.row, $0.score) }, uniquingKeysWith: max)
        }
    }
}
