/// What recall keeps in memory beside the database: the facts of every row, and the vectors of one model.
///
/// Owns: both, and the order of things. A transaction's changes are taken in after its COMMIT and before anybody is
/// told of it, so a read that waited for an index finds here all that was applied up to it. It may be ahead of or
/// behind the SQLite snapshot of a reader by what happens meanwhile; the reader takes no row that its snapshot does not
/// hold. Must never: decide what a recall returns; it proposes.
import Synchronization

final class RecallIndex: Sendable {
    private struct State {
        var directory = RowDirectory()
        var vectors: FlatVectors?
        /// Rows without a vector of the model, as far as they were noticed since the last call of `takeMissing`.
        var missing: Set<Int64> = []
    }
    /// Noticed rows beyond it are found by the next start.
    private static let missingMax = 1 << 20

    let model: VectorModel?
    private let state: Mutex<State>

    /// Reads everything from the database.
    init(_ database: Database, model: VectorModel?, hasTables: Bool) throws(StoreError) {
        self.model = model
        var state = State()
        if let model { state.vectors = FlatVectors(dimension: model.dimension) }
        try RecallIndex.readRows(database, &state)
        if let model, hasTables { try RecallIndex.readVectors(database, model, &state) }
        self.state = Mutex(state)
    }

    private static func readRows(_ database: Database, _ state: inout State) throws(StoreError) {
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

    private static func readVectors(
        _ database: Database, _ model: VectorModel, _ state: inout State
    ) throws(StoreError) {
        let statement = try database.statement("SELECT row, vector FROM vectors WHERE model = ?1 ORDER BY row")
        defer { statement.reset() }
        try statement.bind(1, model.tag)
        while try statement.step() {
            let row = statement.int64(0)
            guard state.directory.packed(row) != nil else { continue }
            statement.withBytes(1) { bytes in state.vectors?.set(row, VectorBytes.floats(bytes)) }
        }
    }

    // MARK: the apply lane

    func apply(_ changes: [RowChange]) {
        guard !changes.isEmpty else { return }
        state.withLock { state in
            for change in changes {
                switch change {
                case .written(let row, let facts):
                    state.directory.write(row, facts)
                    if state.vectors?.has(row) == false { notice(row, &state) }
                case .touched(let row, let tier, let expiresAt, let version):
                    state.directory.touch(row, tier: tier, expiresAt: expiresAt, version: version)
                case .removed(let row):
                    state.directory.remove(row)
                    state.vectors?.remove(row)
                    state.missing.remove(row)
                case .vector(let row, let vector):
                    take(vector, of: row, &state)
                }
            }
        }
    }

    private func take(_ vector: StoredVector?, of row: Int64, _ state: inout State) {
        guard let model else { return }
        if let vector, vector.model.hasSameBytes(as: model.tag) {
            state.vectors?.set(row, vector.bytes.withUnsafeBytes { VectorBytes.floats($0) })
            state.missing.remove(row)
        } else {
            state.vectors?.remove(row)
            notice(row, &state)
        }
    }

    private func notice(_ row: Int64, _ state: inout State) {
        if state.missing.count < RecallIndex.missingMax { state.missing.insert(row) }
    }

    // MARK: reads

    /// Rows that were written without a vector lately, lowest first; they are not given out again.
    func takeMissing(limit: Int) -> [Int64] {
        state.withLock { state in
            let rows = Array(state.missing.sorted().prefix(limit))
            state.missing.subtract(rows)
            return rows
        }
    }

    /// Notices every row that has no vector of the model.
    func noticeAll(rows: [Int64]) {
        state.withLock { state in
            for row in rows where state.vectors?.has(row) == false { notice(row, &state) }
        }
    }

    /// Vectors of the model, and rows.
    var counts: (vectors: Int, rows: Int) { state.withLock { ($0.vectors?.count ?? 0, $0.directory.count) } }

    /// One state of both, which nothing changes: a recall takes its time, and apply waits for nobody. What apply changes
    /// meanwhile it copies first, in pieces of a thousand rows.
    func view() -> RecallView { state.withLock { RecallView(directory: $0.directory, vectors: $0.vectors) } }
}

/// One state of the index, for the length of a read.
struct RecallView {
    let directory: RowDirectory
    let vectors: FlatVectors?

    /// About how many of the rows pass, 0 to 1: what the namespace alone says.
    func share(_ filter: RowFilter, namespace: String?) -> Double {
        guard filter.isSelective, let namespace, directory.count > 0,
            let number = directory.number(ofNamespace: namespace)
        else { return 1 }
        return Double(directory.namespaces[Int(number) - 1].rows) / Double(directory.count)
    }

    /// Vectors whose rows may pass.
    func vectorCount(_ filter: RowFilter) -> Int {
        vectors?.count(passing: { row in directory.packed(row).map(filter.passes) ?? false }) ?? 0
    }

    /// Rows that may pass, nearest first.
    func nearest(_ vector: [Float], count: Int, _ filter: RowFilter) -> [(row: Int64, cosine: Float)] {
        vectors?.search(vector, count: count) { row in directory.packed(row).map(filter.passes) ?? false } ?? []
    }
}

/// Vectors as they are stored: little-endian 32-bit floats.
public enum VectorBytes {
    public static func bytes(_ vector: [Float]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(vector.count * 4)
        for value in vector {
            let bits = value.bitPattern
            for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift))) }
        }
        return bytes
    }

    /// Bytes beyond the last whole float are ignored.
    public static func floats(_ bytes: UnsafeRawBufferPointer) -> [Float] {
        (0..<bytes.count / 4).map { place in
            Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self)))
        }
    }
}
