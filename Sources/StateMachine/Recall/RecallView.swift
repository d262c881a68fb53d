/// One state of what recall keeps in memory, for the length of a read.
///
/// Owns: how a filter and the nearest-neighbour search meet. Must never: keep back a row that may pass.
import VectorIndex

struct RecallView {
    let directory: RowDirectory
    let vectors: RowVectors?

    private enum Search {
        /// Candidates of a walk for each result that is wanted.
        static let breadthFactor = 2
        static let breadthMin = 100
        /// Beyond what is wanted, for rows that have expired and are not collected yet.
        static let spare = 16
        /// Rows of the namespaces in question are looked up one by one up to this share of all; beyond it all are passed.
        static let listedShareMax = 0.25
    }

    /// About how many of the rows pass, 0 to 1: what the namespaces alone say.
    func share(_ filter: RowFilter) -> Double {
        guard directory.count > 0, let rows = filter.namespaceRows(directory) else { return 1 }
        return Double(rows) / Double(directory.count)
    }

    /// Vectors whose rows may pass.
    func vectorCount(_ filter: RowFilter) -> Int {
        guard let vectors else { return 0 }
        var count = 0
        eachPassing(filter) { if vectors.has($0) { count += 1 } }
        return count
    }

    /// Rows that may pass, nearest first.
    func nearest(_ vector: [Float], count: Int, _ filter: RowFilter) throws(StoreError) -> [NearRow] {
        guard let vectors, let query = vectors.prepared(vector), count > 0 else { return [] }
        do throws(VectorIndexError) {
            if !filter.isSelective, let found = try nearestOfAll(query, count: count, filter, vectors) { return found }
            return try nearestOfPassing(query, count: count, filter, vectors)
        } catch {
            throw StoreError(doing: "search the vectors", message: error.description)
        }
    }

    /// Where almost every row passes: the others are left out afterwards.
    /// - Returns: nil when too many had to be.
    private func nearestOfAll(
        _ query: [Float], count: Int, _ filter: RowFilter, _ vectors: RowVectors
    ) throws(VectorIndexError) -> [NearRow]? {
        let wanted = count + Search.spare
        let found = try vectors.index.search(query, count: wanted, breadth: breadth(wanted))
        let passing = rows(found, filter)
        return passing.count >= count || found.count < wanted ? Array(passing.prefix(count)) : nil
    }

    private func nearestOfPassing(
        _ query: [Float], count: Int, _ filter: RowFilter, _ vectors: RowVectors
    ) throws(VectorIndexError) -> [NearRow] {
        var allowed = SlotBitmap(slots: vectors.slotCount)
        eachPassing(filter) { row in if let slot = vectors.slots.slot(row) { allowed.insert(slot) } }
        let later = SlotsAfter(first: vectors.slotCount) { key in directory.packed(key).map(filter.passes) ?? false }
        let found = try vectors.index.search(
            query, count: count, breadth: breadth(count), allowed: allowed, later: later)
        return rows(found, filter)
    }

    private func breadth(_ wanted: Int) -> Int { max(Search.breadthMin, Search.breadthFactor * wanted) }

    private func rows(_ found: [VectorMatch], _ filter: RowFilter) -> [NearRow] {
        // A row whose vector was being replaced may be there with both.
        var seen = Set<Int64>(minimumCapacity: found.count)
        return found.compactMap { match in
            guard let packed = directory.packed(match.key), filter.passes(packed), seen.insert(match.key).inserted
            else {
                return nil
            }
            return NearRow(row: match.key, cosine: match.score)
        }
    }

    /// Every row that may pass, once.
    private func eachPassing(_ filter: RowFilter, _ body: (Int64) -> Void) {
        let isListed = share(filter) <= Search.listedShareMax
        guard isListed, let namespaces = filter.namespaces else {
            return directory.eachRow { row, packed in if filter.passes(packed) { body(row) } }
        }
        for namespace in namespaces {
            directory.eachRow(ofNamespace: namespace) { row, packed in if filter.passes(packed) { body(row) } }
        }
    }
}

/// A row and the cosine of its vector with the question's.
struct NearRow {
    var row: Int64
    var cosine: Float
}
