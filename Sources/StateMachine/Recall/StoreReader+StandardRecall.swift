/// The default ranking: words and meaning together, and a share from what stands beside a good match.
///
/// Owns: its candidates and weights (docs/recall.md says how they were found). Nothing that use changes has a part in it: a
/// memory does not become a better answer by being recalled. Must never: walk more rows than its bounds, however common the
/// words.
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension StoreReader {
    enum Weights {
        /// Of the cosine; the rest is for the words.
        static let meaning = 0.6
        /// Words count in full from this part of what a row with every word of the question would have. Below it the best
        /// match by words is no good match, and is not to look like one.
        static let goodMatch = 0.6
        /// No lower rank counts in full: words that stand in half of all rows say nothing.
        static let rankMin = 0.25
        /// What a word that stands nowhere adds to what every word would give: it may be misspelt.
        static let unknownWord = 0.5
        /// Of a neighbour's own score: for what follows a good match, and for what comes before it.
        static let following = 0.15
        static let preceding = 0.05
        /// Of that, for the one behind the neighbour.
        static let distant = 0.4
        /// Cosines below are as good as none.
        static let cosineMin = 0.15
    }
    enum Bounds {
        /// Candidates by words, and by meaning.
        static let pool = 120
        /// So many at most, when SQL refuses so many that too few are left.
        static let poolMax = 8_000
        /// The best, whose neighbours are looked at.
        static let neighboured = 40
        static let neighbourDistance = 2
        /// What walking the rows of the words may cost, in rows passed over; one that is scored costs as much as some.
        static let walk = 20_000
        static let scoreCost = 5
    }

    /// Filters in memory may let rows pass that SQL does not: then there are more candidates, until enough is found.
    func standardHits(_ query: RecallQuery, now: String) throws(StoreError) -> [RecallHit] {
        var pool = max(Bounds.pool, 3 * query.limit)
        while true {
            let candidates = try standardCandidates(query, pool: pool, now: now)
            let found = try verified(candidates, query, now: now)
            if found.refused == 0 || found.hits.count >= Int(StoreReader.limit(query.limit)) || pool >= Bounds.poolMax {
                return found.hits
            }
            pool *= 8
        }
    }

    private func standardCandidates(
        _ query: RecallQuery, pool wanted: Int, now: String
    ) throws(StoreError) -> [RecallCandidate] {
        let view = index.view()
        let filter = RowFilter(query, now: now, directory: view.directory)
        let words = query.ranking == .vector ? WordScores() : try wordScores(query, view, filter, wanted: wanted)
        let vector = query.ranking == .keyword || index.model == nil ? nil : query.vector
        var pool: [Int64: RecallCandidate] = [:]
        for (row, rank) in words.ranks { pool[row, default: RecallCandidate(row: row, score: 0)].parts.textRank = rank }
        if let vector {
            for hit in try view.nearest(vector, count: wanted, filter) where Double(hit.cosine) > Weights.cosineMin {
                pool[hit.row, default: RecallCandidate(row: hit.row, score: 0)].parts.cosine = Double(hit.cosine)
            }
        }
        let scoring = StandardScoring(
            fullRank: max(words.ranks.values.max() ?? 0, Weights.goodMatch * words.everyWord, Weights.rankMin),
            vector: vector,
            view: view,
            filter: filter, query: query)
        return scoring.ranked(pool)
    }

    /// Text rank of the best rows with any of the question's words.
    private func wordScores(
        _ query: RecallQuery, _ view: RecallView, _ filter: RowFilter, wanted: Int
    ) throws(StoreError) -> WordScores {
        let share = view.share(filter)
        let rowsMax = Int(Double(Bounds.walk) / (1 + Double(Bounds.scoreCost) * share))
        let counted = try counted(RecallTerms(query.context), total: view.directory.count)
        var scores = WordScores(everyWord: everyWord(counted, rows: view.directory.count))
        guard let match = match(counted, rowsMax: rowsMax) else { return scores }
        let statement = try database.statement(
            "SELECT rowid, rank FROM memories_fts WHERE memories_fts MATCH ?1 AND rowid >= ?2")
        defer { statement.reset() }
        try statement.bind(1, match.query)
        try statement.bind(2, match.rowMin)
        var best = BestRows(countMax: wanted)
        // The statistics were those of another moment; the bound holds all the same.
        var left = 2 * Bounds.walk
        while left > 0, try statement.step() {
            left -= 1
            let row = statement.int64(0)
            guard let packed = view.directory.packed(row), filter.passes(packed) else { continue }
            // SQLite computes the rank when it is asked for, and not before.
            best.add(row, -statement.double(1))
        }
        scores.ranks = best.scores
        return scores
    }

    /// About the rank of a row in which every word stands once.
    private func everyWord(_ counted: [CountedTerm], rows: Int) -> Double {
        counted.reduce(0) { sum, term in
            // The weight that BM25 gives a rare word.
            let weight = max(0, log((Double(rows) - Double(term.rows) + 0.5) / (Double(term.rows) + 0.5)))
            return sum + weight * (term.phrase == nil ? Weights.unknownWord : 1)
        }
    }

    /// The words as FTS5 wants them, rare ones first, as many as may be walked; and the row from which on, when even the
    /// rarest is too common.
    private func match(_ counted: [CountedTerm], rowsMax: Int) -> (query: String, rowMin: Int64)? {
        var phrases: [String] = []
        var total = 0
        var rowMin: Int64 = 0
        for term in counted.sorted(by: { $0.rows < $1.rows }) {
            guard let phrase = term.phrase else { continue }
            if phrases.isEmpty, term.rows > rowsMax {
                // The newest of them.
                rowMin = rowsEver - Int64(Double(rowsEver) * Double(rowsMax) / Double(term.rows))
            } else if !phrases.isEmpty, total + term.rows > rowsMax {
                break
            }
            phrases.append(phrase)
            total += term.rows
        }
        return phrases.isEmpty ? nil : (phrases.joined(separator: " OR "), rowMin)
    }

    private func counted(_ terms: RecallTerms, total: Int) throws(StoreError) -> [CountedTerm] {
        var counted: [CountedTerm] = []
        for term in terms.terms { counted.append(try count(term, total: total)) }
        return counted
    }

    private func count(_ term: RecallTerms.Term, total: Int) throws(StoreError) -> CountedTerm {
        var rows = 0
        var present: [String] = []
        for form in term.forms {
            // Anything else may be several words to the index, or one without its accents, and has to be walked.
            let isPlain = form.utf8.allSatisfy { ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) }
            let count = try index.wordCounts.rows(of: form, total: total) { () throws(StoreError) in
                isPlain ? try rowCount(ofWord: form) : try rowCount(ofPhrase: form, limit: Bounds.walk)
            }
            if count > 0 { present.append("\"\(form)\"") }
            rows += count
        }
        return CountedTerm(phrase: present.isEmpty ? nil : present.joined(separator: " OR "), rows: rows)
    }
}

/// A word of the question with those of its forms that stand anywhere (nil: none), and in how many rows.
private struct CountedTerm {
    var phrase: String?
    var rows: Int
}

/// What the words say of the rows.
private struct WordScores {
    /// Text rank of the best rows.
    var ranks: [Int64: Double] = [:]
    /// About that of a row with every word; unlike the best rank it does not depend on what is there.
    var everyWord = 0.0
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
