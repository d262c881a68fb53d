/// What recall keeps in memory beside the database: the facts of every row, and the vectors of one model.
///
/// Owns: both, and the order of things. A transaction's changes are taken in after its COMMIT and before anybody is
/// told of it, so a read that waited for an index finds here all that was applied up to it. It may be ahead of or
/// behind the SQLite snapshot of a reader by what happens meanwhile; the reader takes no row that its snapshot does not
/// hold. Must never: decide what a recall returns; it proposes.
import Synchronization
import VectorIndex

final class RecallIndex: Sendable {
    struct State {
        var directory = RowDirectory()
        var vectors: RowVectors?
        /// Rows without a vector of the model, as far as they were noticed and not given out yet.
        var missing = NoticedRows()
        /// The index of the log whose effects are in here.
        var appliedIndex: UInt64 = 0
        /// Up to where they survive a power cut.
        var durableIndex: UInt64 = 0
        /// Changes of vectors since the file was written.
        var unsavedCount = 0
        /// Vectors that the index did not take, and why the last one was not taken.
        var refused: (count: Int, reason: String)?
    }
    let model: VectorModel?
    /// Where the vectors are kept between starts; nil: nowhere.
    let path: String?
    let state: Mutex<State>
    let wordCounts = WordCounts()
    /// Told when there is something to link.
    private let wake: @Sendable () -> Void

    /// - Parameters:
    ///   - contents: what a start read from the database (`RecallContents`).
    init(_ contents: RecallContents, model: VectorModel?, path: String?, wake: @escaping @Sendable () -> Void = {}) {
        self.model = model
        self.path = path
        self.wake = wake
        state = Mutex(contents.state)
    }

    // MARK: the apply lane

    /// - Parameters:
    ///   - appliedIndex: of the last entry whose changes these are.
    ///   - durableIndex: of the last entry that survives a power cut.
    func apply(_ changes: [RowChange], appliedIndex: UInt64, durableIndex: UInt64) {
        let hasNews = state.withLock { state in
            state.appliedIndex = appliedIndex
            state.durableIndex = max(state.durableIndex, durableIndex)
            let before = state.unsavedCount
            for change in changes { apply(change, &state) }
            return state.unsavedCount > before
        }
        if hasNews { wake() }
    }

    private func apply(_ change: RowChange, _ state: inout State) {
        switch change {
        case .written(let row, let facts):
            state.directory.write(row, facts)
            if state.vectors?.has(row) == false { state.missing.add(row) }
        case .touched(let row, let tier, let expiresAt, let version):
            state.directory.touch(row, tier: tier, expiresAt: expiresAt, version: version)
        case .removed(let row):
            state.directory.remove(row)
            state.removeVector(row)
            state.missing.remove(row)
        case .vector(let row, let vector):
            guard let model else { return }
            if let vector, vector.model.hasSameBytes(as: model.tag) {
                state.setVector(row, vector.bytes.withUnsafeBytes { VectorBytes.floats($0) })
                state.missing.remove(row)
            } else {
                state.removeVector(row)
                // The vector of a removed row goes too, and it may be told of after it.
                if state.directory.packed(row) != nil { state.missing.add(row) }
            }
        }
    }

    /// Everything up to there survives a power cut.
    func noteDurable(_ durableIndex: UInt64) {
        state.withLock { $0.durableIndex = max($0.durableIndex, durableIndex) }
    }

    // MARK: reads

    /// Rows that were written without a vector lately, first noticed first; they are not given out again.
    func takeMissing(limit: Int) -> [Int64] { state.withLock { $0.missing.take(limit) } }

    /// Notices every row that has no vector of the model.
    func noticeAll(rows: [Int64]) {
        // Apply and reads take turns with it.
        for start in stride(from: 0, to: rows.count, by: 1_000) {
            state.withLock { state in
                for row in rows[start..<min(rows.count, start + 1_000)] where state.vectors?.has(row) == false {
                    state.missing.add(row)
                }
            }
        }
    }

    /// Whether more rows had no vector than were noticed; told once.
    func takeMissingOverflow() -> Bool {
        state.withLock { state in
            defer { state.missing.hasOverflowed = false }
            return state.missing.hasOverflowed
        }
    }

    /// One state of both, which nothing changes: a recall takes its time, and apply waits for nobody. What apply changes
    /// meanwhile it copies first, in pieces of a thousand rows.
    func view() -> RecallView { state.withLock { RecallView(directory: $0.directory, vectors: $0.vectors) } }

    var report: VectorReport {
        state.withLock { state in
            let index = state.vectors?.index
            return VectorReport(
                vectors: state.vectors?.count ?? 0, rows: state.directory.count, unlinked: index?.unlinkedCount ?? 0,
                bytes: index?.memory.total ?? 0, refused: state.refused?.count ?? 0,
                refusal: state.refused?.reason)
        }
    }
}

extension RecallIndex.State {
    mutating func setVector(_ row: Int64, _ vector: [Float]) {
        unsavedCount += 1
        do throws(VectorIndexError) {
            guard try vectors?.set(row, vector) == false else { return }
            refuse("a vector of another length, or of none")
        } catch {
            // The row stays findable by its words, and by meaning after the next start, should there be room then.
            vectors?.remove(row)
            refuse(error.description)
        }
    }

    mutating func removeVector(_ row: Int64) {
        guard vectors?.has(row) == true else { return }
        unsavedCount += 1
        vectors?.remove(row)
    }

    private mutating func refuse(_ reason: String) { refused = ((refused?.count ?? 0) + 1, reason) }
}

/// What a node says of its vectors.
public struct VectorReport: Sendable, Equatable {
    /// Vectors of the model, and rows.
    public var vectors: Int
    public var rows: Int
    /// Found by comparison with each, until they are linked into the graph.
    public var unlinked: Int
    /// Memory, with pages of the file that the system may drop.
    public var bytes: Int
    /// Vectors that could not be taken, and why the last one could not.
    public var refused: Int
    public var refusal: String?

    public init(vectors: Int, rows: Int, unlinked: Int, bytes: Int, refused: Int, refusal: String?) {
        self.vectors = vectors
        self.rows = rows
        self.unlinked = unlinked
        self.bytes = bytes
        self.refused = refused
        self.refusal = refusal
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
