/// How many rows hold the most common words, remembered: counting such a word anew reads its whole list in the text index,
/// which for a word of every other row takes longer than the rest of a recall.
///
/// Owns: the counts, and when they are too old. Must never: grow with the vocabulary, or keep the count of a rare word,
/// which a few new rows change by much.
import Synchronization

final class WordCounts: Sendable {
    private struct Known {
        var rows: Int
        /// Rows of the store when it was counted.
        var total: Int
    }
    /// Counted anew below it: that is as quick as looking it up.
    private static let rowsMin = 1_000
    /// Good until the store has grown or shrunk by this part.
    private static let changeShare = 0.05
    private static let wordsMax = 20_000

    private let known = Mutex<[String: Known]>([:])

    /// - Parameters:
    ///   - total: rows of the store now.
    ///   - count: counts them.
    func rows(of word: String, total: Int, _ count: () throws(StoreError) -> Int) throws(StoreError) -> Int {
        let remembered = known.withLock { $0[word] }
        if let remembered, abs(remembered.total - total) <= Int(Double(remembered.total) * Self.changeShare) {
            return remembered.rows
        }
        let rows = try count()
        guard rows >= Self.rowsMin else { return rows }
        known.withLock { known in
            if known.count >= Self.wordsMax { known.removeAll() }
            known[word] = Known(rows: rows, total: total)
        }
        return rows
    }
}
