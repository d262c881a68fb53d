/// What a start reads into memory: the facts of all rows, and their vectors, from the file that an earlier run left as
/// far as it goes and from the database for the rest.
///
/// Owns: that the result is what the database says, whatever the file holds. Must never: trust a file that claims more
/// than the database has: its effects are not there yet.
import VectorIndex

struct RecallContents {
    var state = RecallIndex.State()
    /// What became of the file, for people.
    private(set) var note: String?

    /// An index that knows the effects of the log up to some entry.
    struct Kept {
        let index: VectorIndex
        let coveredIndex: UInt64
    }

    /// - Parameters:
    ///   - kept: an index of vectors of this model, from this cluster; it is brought up to date and used.
    ///   - path: the file of one, if `kept` is nil.
    init(
        _ database: Database, model: VectorModel?, hasTables: Bool, appliedIndex: UInt64, kept: Kept? = nil,
        path: String? = nil
    ) throws(StoreError) {
        state.appliedIndex = appliedIndex
        try readRows(database)
        guard let model else { return }
        let kept = kept ?? path.flatMap { open($0, model, appliedIndex: appliedIndex) }
        if let kept {
            state.vectors = RowVectors(model, index: kept.index)
            // None of it is in a file of this generation.
            if path == nil { state.unsavedCount = kept.index.liveCount }
            if hasTables { try catchUp(database, model, coveredIndex: kept.coveredIndex) }
        } else {
            state.vectors = RowVectors(model, index: try Self.empty(model))
            if hasTables { try readVectors(database, model) }
        }
    }

    private static func empty(_ model: VectorModel) throws(StoreError) -> VectorIndex {
        do throws(VectorIndexError) {
            return try VectorIndex(parameters: RowVectors.parameters(model))
        } catch {
            throw StoreError(doing: "make the index of vectors", message: error.description)
        }
    }

    private mutating func readRows(_ database: Database) throws(StoreError) {
        let statement = try database.statement(
            "SELECT row, namespace, tier, scope, created_at, expires_at, tags, version FROM memories ORDER BY row")
        defer { statement.reset() }
        while try statement.step() {
            let facts = RowFacts(
                namespace: statement.text(1),
                tier: Tier(rawValue: UInt8(truncatingIfNeeded: statement.int64(2))) ?? .mid, scope: statement.text(3),
                createdAt: statement.text(4), expiresAt: statement.optionalText(5),
                tags: TagsText.decode(statement.text(6)), version: UInt64(bitPattern: statement.int64(7)))
            state.directory.write(statement.int64(0), facts)
        }
    }

    private mutating func open(_ path: String, _ model: VectorModel, appliedIndex: UInt64) -> Kept? {
        do throws(VectorIndexError) {
            let opened = try VectorIndexFile.open(path, parameters: RowVectors.parameters(model))
            guard opened.coveredIndex <= appliedIndex else {
                note = "\(path) covers index \(opened.coveredIndex), the store is at \(appliedIndex): made anew"
                return nil
            }
            // Before that entry nothing has to be read again.
            state.durableIndex = opened.coveredIndex
            return Kept(index: opened.index, coveredIndex: opened.coveredIndex)
        } catch {
            note = "\(path): \(error.description): made anew"
            return nil
        }
    }

    private mutating func readVectors(_ database: Database, _ model: VectorModel) throws(StoreError) {
        let statement = try database.statement("SELECT row, vector FROM vectors WHERE model = ?1 ORDER BY row")
        defer { statement.reset() }
        try statement.bind(1, model.tag)
        while try statement.step() {
            let row = statement.int64(0)
            guard state.directory.packed(row) != nil else { continue }
            state.setVector(row, statement.withBytes(1) { VectorBytes.floats($0) })
        }
    }

    /// Reads a narrow index of all vectors, and of the vectors themselves those that changed since.
    private mutating func catchUp(
        _ database: Database, _ model: VectorModel, coveredIndex: UInt64
    ) throws(StoreError) {
        var wanted: [Int64] = []
        let all = try database.statement("SELECT row, changed_index FROM vectors INDEXED BY vectors_changed")
        defer { all.reset() }
        while try all.step() {
            let row = all.int64(0)
            guard state.directory.packed(row) != nil else { continue }
            state.vectors?.adopt(row)
            let isKnown = state.vectors?.has(row) == true
            if !isKnown || UInt64(bitPattern: all.int64(1)) > coveredIndex { wanted.append(row) }
        }
        removeUnknown()
        let one = try database.statement("SELECT model, vector FROM vectors WHERE row = ?1")
        defer { one.reset() }
        for row in wanted.sorted() {
            try one.bind(1, row)
            if try one.step() { take(row, one, model) }
            one.reset()
        }
    }

    private mutating func take(_ row: Int64, _ statement: Statement, _ model: VectorModel) {
        guard statement.text(0).hasSameBytes(as: model.tag) else { return state.removeVector(row) }
        let vector = statement.withBytes(1) { VectorBytes.floats($0) }
        // Often the file has it: what it covers is told by the last entry that was durable.
        let prepared = state.vectors?.prepared(vector).map { Array($0.prefix(model.dimension)) }
        if let known = state.vectors?.vector(row), known == prepared { return }
        state.setVector(row, vector)
    }

    /// Vectors of rows that are gone, or have none any more.
    private mutating func removeUnknown() {
        guard let vectors = state.vectors else { return }
        for (_, key) in vectors.index.keysBySlot() where !vectors.has(key) {
            state.unsavedCount += 1
            vectors.index.remove(key: key)
        }
    }
}
