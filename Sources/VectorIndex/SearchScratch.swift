/// What one search or one insertion works with, kept for the next.
///
/// Owns: its buffers. Must never: be used by two threads at once.
final class SearchScratch {
    static let blockSlots = 256

    /// A slot was met in the present walk if its stamp is `epoch`.
    private(set) var stamps: UnsafeMutablePointer<UInt8>
    private var stampsCount: Int
    private(set) var epoch: UInt8 = 0

    let found: UnsafeMutablePointer<UInt32>
    let scores: UnsafeMutablePointer<Int32>
    let query: UnsafeMutablePointer<Int8>
    var querySum: Int32 = 0
    /// What a unit was multiplied by in the query.
    var queryScale: Float = 1
    let code: UnsafeMutablePointer<UInt8>
    /// A second query form, for comparing stored codes with one another.
    let otherQuery: UnsafeMutablePointer<Int8>
    private(set) var pool: CandidatePool
    private(set) var best: CandidatePool
    var frontier = CandidateHeap()

    init(dimension: Int) {
        stampsCount = 0
        stamps = .allocate(capacity: 1)
        found = .allocate(capacity: Self.blockSlots)
        scores = .allocate(capacity: Self.blockSlots)
        query = .allocate(capacity: dimension)
        code = .allocate(capacity: dimension)
        otherQuery = .allocate(capacity: dimension)
        pool = CandidatePool(capacity: 512)
        best = CandidatePool(capacity: 128)
    }

    deinit {
        stamps.deallocate()
        found.deallocate()
        scores.deallocate()
        query.deallocate()
        code.deallocate()
        otherQuery.deallocate()
        pool.deallocate()
        best.deallocate()
    }

    /// By how much a score from codes is off at most, in almost all cases: five standard deviations of the rounding of
    /// both unit vectors, each component by a uniform error of up to half a step.
    func roundingError(codeScale: Float) -> Float {
        5 * (1.0 / 12).squareRoot() * (1 / (codeScale * codeScale) + 1 / (queryScale * queryScale)).squareRoot()
    }

    /// No slot below `slots` counts as met from now on.
    func beginWalk(slots: Int) {
        if slots > stampsCount {
            stamps.deallocate()
            stampsCount = slots + slots / 4 + 1_024
            stamps = .allocate(capacity: stampsCount)
            stamps.initialize(repeating: 0, count: stampsCount)
            epoch = 0
        }
        if epoch == UInt8.max {
            stamps.update(repeating: 0, count: stampsCount)
            epoch = 0
        }
        epoch += 1
    }

    /// An empty pool that keeps `limit` candidates.
    func emptyPool(limit: Int) -> CandidatePool {
        Self.prepare(&pool, limit: limit)
        return pool
    }

    /// An empty pool next to the other one.
    func emptyBest(limit: Int) -> CandidatePool {
        Self.prepare(&best, limit: limit)
        return best
    }

    private static func prepare(_ pool: inout CandidatePool, limit: Int) {
        if limit > pool.capacity {
            pool.deallocate()
            pool = CandidatePool(capacity: limit + limit / 2)
        }
        pool.reset(limit: limit)
    }
}

/// Scratches not in use: each is either here or with the one thread that took it out.
final class ScratchStore: Sendable {
    private static let keptMax = 16
    private let idle = Guarded<[SearchScratch]>([])
    private let dimension: Int

    init(dimension: Int) { self.dimension = dimension }

    func take() -> SearchScratch {
        idle.withLock { $0.popLast() } ?? SearchScratch(dimension: dimension)
    }

    func giveBack(_ scratch: SearchScratch) {
        idle.withLock { if $0.count < Self.keptMax { $0.append(scratch) } }
    }
}
