/// Walks through the graph: from somewhere to the nodes nearest to a query.
///
/// Owns: nothing; it borrows storage and scratch for one walk. Must never: touch a slot at or beyond `limit`, the
/// number of linked slots that was acquired before the walk began: what lies below was complete by then.
import CVectorKernels

struct GraphWalk {
    let storage: SlotStorage
    let kernels: VectorKernels
    let scratch: SearchScratch
    let limit: Int

    /// Scores one slot.
    func score(_ slot: UInt32) -> Int32 {
        var slots = slot
        var result: Int32 = 0
        kernels.scoreRecords(
            storage.codes, storage.dimension, &slots, 1, scratch.query, scratch.querySum, storage.dimension, &result)
        return result
    }

    /// From the entry down to just above `layer`, each time to the node that no neighbour betters.
    func descend(from entry: GraphEntry, to layer: Int) -> Candidate {
        var nearest = Candidate(score: score(entry.slot), slot: entry.slot)
        guard entry.level > layer else { return nearest }
        // One walk for all of these layers: what was met above and not taken is not nearer here either.
        scratch.beginWalk(slots: limit)
        scratch.stamps[Int(entry.slot)] = scratch.epoch
        for upper in stride(from: entry.level, to: layer, by: -1) {
            var isMoving = true
            while isMoving {
                isMoving = false
                let count = expand(nearest.slot, layer: upper)
                for index in 0..<count {
                    let candidate = Candidate(score: scratch.scores[index], slot: scratch.found[index])
                    if candidate.word > nearest.word {
                        nearest = candidate
                        isMoving = true
                    }
                }
            }
        }
        return nearest
    }

    /// Gathers the neighbours not met yet and begins to fetch them.
    @inline(__always)
    func gather(_ slot: UInt32, layer: Int, into found: UnsafeMutablePointer<UInt32>) -> Int {
        let list = storage.list(Int(slot), layer: layer)
        return mneme_gather_links(
            list.baseAddress, list.count, UInt32(truncatingIfNeeded: limit), scratch.stamps, scratch.epoch,
            storage.codes, storage.dimension, storage.dimension, found)
    }

    /// Gathers the neighbours not met yet and scores them.
    @inline(__always)
    func expand(_ slot: UInt32, layer: Int) -> Int {
        let dimension = storage.dimension
        let count = gather(slot, layer: layer, into: scratch.found)
        kernels.scoreRecords(
            storage.codes, dimension, scratch.found, count, scratch.query, scratch.querySum, dimension, scratch.scores)
        return count
    }

    /// Fills `pool` with the nodes of a layer nearest to the query, starting from what is in it.
    ///
    /// The neighbours of one candidate are scored while those of the next are fetched from memory, which takes as long:
    /// so a candidate is chosen before the scores of its predecessor's neighbours are known. Nothing is lost by that,
    /// since every candidate that stays in the pool is expanded in the end.
    func search(layer: Int, pool: inout CandidatePool) {
        scratch.beginWalk(slots: limit)
        for index in 0..<pool.count { scratch.stamps[Int(pool[index].slot)] = scratch.epoch }
        let scores = scratch.scores
        var fetched = scratch.found
        var fetching = scratch.found + SearchScratch.blockSlots / 2
        var fetchedCount = 0
        var cursor = 0
        while true {
            while cursor < pool.count, pool[cursor].isExpanded { cursor &+= 1 }
            var fetchingCount = 0
            if cursor < pool.count {
                pool.markExpanded(cursor)
                fetchingCount = gather(pool[cursor].slot, layer: layer, into: fetching)
                cursor &+= 1
            } else if fetchedCount == 0 {
                return
            }
            kernels.scoreRecords(
                storage.codes, storage.dimension, fetched, fetchedCount, scratch.query, scratch.querySum,
                storage.dimension, scores)
            for index in 0..<fetchedCount {
                let neighbour = Candidate(score: scores[index], slot: fetched[index])
                if let position = pool.insert(neighbour) {
                    if position < cursor { cursor = position }
                    let list = storage.list(Int(neighbour.slot), layer: layer)
                    mneme_prefetch(list.baseAddress, list.count &* 4)
                }
            }
            swap(&fetched, &fetching)
            fetchedCount = fetchingCount
        }
    }

    /// The same in layer 0, where only slots that `passes` allows get into the pool; the others are walked through.
    /// - Parameter scoresMax: gives up beyond this many scored slots.
    /// - Returns: whether the walk came to its end.
    func searchFiltered(
        from start: Candidate, pool: inout CandidatePool, scoresMax: Int, passes: (Int) -> Bool
    ) -> Bool {
        scratch.beginWalk(slots: limit)
        scratch.stamps[Int(start.slot)] = scratch.epoch
        scratch.frontier.reset()
        scratch.frontier.push(start)
        if passes(Int(start.slot)) { _ = pool.insert(start) }
        var scored = 0
        while let candidate = scratch.frontier.popBest() {
            if candidate.word < pool.threshold { break }
            let count = expand(candidate.slot, layer: 0)
            for index in 0..<count {
                let neighbour = Candidate(score: scratch.scores[index], slot: scratch.found[index])
                if neighbour.word <= pool.threshold { continue }
                scratch.frontier.push(neighbour)
                if passes(Int(neighbour.slot)) { _ = pool.insert(neighbour) }
            }
            scored &+= count
            if scored > scoresMax { return false }
        }
        return true
    }
}

/// Where walks begin.
struct GraphEntry: Equatable {
    let slot: UInt32
    let level: Int

    init(slot: UInt32, level: Int) {
        self.slot = slot
        self.level = level
    }

    static let noneWord = UInt64.max

    /// One word, so that readers get both parts of one entry.
    init?(word: UInt64) {
        guard word != Self.noneWord else { return nil }
        slot = UInt32(truncatingIfNeeded: word)
        level = Int(word >> 32)
    }

    var word: UInt64 { UInt64(level) << 32 | UInt64(slot) }
}
