/// Searching: which way is taken, and the exact ranking at its end.
///
/// Owns: the choice between walk and scan. Must never: return a removed slot, or one that the caller did not allow.
import CVectorKernels
import Synchronization

extension VectorIndex {
    /// What a search is about, read once at its beginning.
    struct View {
        let entry: GraphEntry?
        let linked: Int
        let count: Int
        let removed: Int
        let mode: Mode
    }

    /// Costs in nanoseconds, measured on 384-dimensional codes and 10,000 to 100,000 slots; only their ratios matter.
    enum Cost {
        static let scan = 8_000.0
        static let scannedSlot = 16.0
        /// A slot of a bitmap, each somewhere else in memory.
        static let pickedSlot = 22.0
        static let walk = 5_000.0
        /// A candidate that a walk keeps: it is expanded, about fifteen new neighbours are scored.
        static let candidate = 600.0
        static let walkedSlot = 30.0

        static func walk(breadth: Int, passing share: Double) -> Double {
            walk + Double(breadth) * candidate / max(share, 1e-9)
        }
    }

    /// The vectors nearest to `query`, best first; equal scores by key.
    /// - Parameters:
    ///   - count: how many, at most.
    ///   - breadth: candidates kept during the walk (`ef`): more finds more and takes longer.
    ///   - allowed: only these slots are returned; nil: all.
    ///   - later: which of the slots beyond `allowed` are returned too; without it, none.
    public func search(
        _ query: [Float], count wanted: Int, breadth: Int = 100, allowed: SlotBitmap? = nil, later: SlotsAfter? = nil
    ) throws(VectorIndexError) -> [VectorMatch] {
        let search = Search(wanted: wanted, breadth: breadth, allowed: allowed, later: later, mode: .cheapest)
        return try run(search, query)
    }

    /// The same, always by the graph: for tests and measurements in small indexes, which would be scanned.
    func walkOnly(
        _ query: [Float], count wanted: Int, breadth: Int, allowed: SlotBitmap? = nil
    ) throws(VectorIndexError) -> [VectorMatch] {
        try run(Search(wanted: wanted, breadth: breadth, allowed: allowed, later: nil, mode: .walk), query)
    }

    /// What is asked for.
    struct Search {
        var wanted: Int
        var breadth: Int
        var allowed: SlotBitmap?
        var later: SlotsAfter?
        var mode: Mode
    }

    enum Mode {
        case cheapest
        case walk
    }

    private func run(_ search: Search, _ query: [Float]) throws(VectorIndexError) -> [VectorMatch] {
        try query.withUnsafeBufferPointer { buffer in
            Result { () throws(VectorIndexError) in
                try storage.quantizer.check(buffer)
                guard search.wanted > 0 else { return [] }
                let scratch = scratches.take()
                defer { scratches.giveBack(scratch) }
                scratch.queryScale = storage.quantizer.encodeQuery(buffer, code: scratch.code)
                scratch.querySum = kernels.queryOfCode(scratch.code, parameters.dimension, scratch.query)
                return run(search, buffer, scratch)
            }
        }.get()
    }

    private func run(
        _ search: Search, _ query: UnsafeBufferPointer<Float>, _ scratch: SearchScratch
    ) -> [VectorMatch] {
        let entry = GraphEntry(word: self.entry.load(ordering: .acquiring))
        let linked = linkedCount.load(ordering: .acquiring)
        let total = count.load(ordering: .acquiring)
        let removed = removedCount.load(ordering: .acquiring)
        let view = View(entry: entry, linked: linked, count: total, removed: removed, mode: search.mode)
        let wanted = min(search.wanted, VectorIndexParameters.breadthMax)
        let breadth = min(max(search.breadth, wanted), VectorIndexParameters.breadthMax)
        // Ranked exactly: enough beyond the wanted ones that the rounding of the codes seldom hides one.
        var best = scratch.emptyBest(limit: wanted + max(wanted / 2, 8))
        let isWalked =
            if let allowed = search.allowed {
                walkAllowed(allowed, view, wanted: wanted, breadth: breadth, scratch, &best)
            } else {
                walkAll(view, wanted: wanted, breadth: breadth, scratch, &best)
            }
        var matches =
            isWalked
            ? rank(query, best, wanted: wanted)
            : scanExactly(query, view, search.allowed, wanted: wanted, scratch)
        if let later = search.later ?? (search.allowed == nil ? SlotsAfter(first: view.count) { _ in true } : nil) {
            addLater(later, to: &matches, query, wanted: wanted)
        }
        return matches
    }

    /// - Returns: whether it was walked: a scan is cheaper otherwise, or all that is near was removed.
    private func walkAll(
        _ view: View, wanted: Int, breadth: Int, _ scratch: SearchScratch, _ best: inout CandidatePool
    ) -> Bool {
        let share = Double(view.count - view.removed) / Double(max(1, view.count))
        let scanCost = Cost.scan + Double(view.linked) * Cost.scannedSlot
        let passes = view.removed == 0 ? nil : { (slot: Int) in !self.storage.isRemoved(slot) }
        guard
            walk(view, wanted: wanted, breadth: breadth, share: share, scanCost: scanCost, scratch, &best, passes)
        else { return false }
        scan(view.linked..<view.count, scratch, &best)
        return true
    }

    /// - Returns: whether it was walked: a scan is cheaper otherwise, or all that is allowed lies far from the query.
    private func walkAllowed(
        _ allowed: SlotBitmap, _ view: View, wanted: Int, breadth: Int, _ scratch: SearchScratch,
        _ best: inout CandidatePool
    ) -> Bool {
        let passing = allowed.count
        let share = Double(passing) / Double(max(1, view.count))
        let scanCost = Cost.scan + Double(passing) * Cost.pickedSlot
        let isWalked = walk(
            view, wanted: wanted, breadth: breadth, share: share, scanCost: scanCost, scratch, &best
        ) { allowed.contains($0) && !self.storage.isRemoved($0) }
        guard isWalked else { return false }
        scan(allowed, below: view.count, from: view.linked, scratch, &best)
        return true
    }

    /// Walks for the slots that pass, of which there is about this share.
    ///
    /// A walk that ignores the filter, with a pool so much larger, is a third cheaper than one that minds it, and finds
    /// as much, as long as what passes is not rarer near the query than it is elsewhere. If it is, the filtered walk
    /// follows.
    private func walk(
        _ view: View, wanted: Int, breadth: Int, share: Double, scanCost: Double, _ scratch: SearchScratch,
        _ best: inout CandidatePool, _ passes: ((Int) -> Bool)?
    ) -> Bool {
        // Counts that were read one after another may contradict one another.
        let share = min(max(share, 0), 1)
        // More nodes are looked at for each that is kept. Measured from 100 % to 10 %: with its breadth times the root of
        // the share it finds as much as the same search does without a filter.
        let breadth = passes == nil ? breadth : max(wanted + wanted / 2, Int(Double(breadth) * share.squareRoot()))
        let walkCost = Cost.walk(breadth: breadth, passing: share)
        guard let entry = view.entry, view.mode == .walk || scanCost > walkCost else { return false }
        let walk = GraphWalk(storage: storage, kernels: kernels, scratch: scratch, limit: view.linked)
        let start = walk.descend(from: entry, to: 0)
        var pool = scratch.emptyPool(limit: max(breadth, min(Int(Double(breadth) / max(share, 1e-3)), Self.lookedMax)))
        _ = pool.insert(start)
        walk.search(layer: 0, pool: &pool)
        if let passes {
            let hasSeenAll = !pool.isFull
            pool.keep(where: { passes(Int($0.slot)) })
            if !hasSeenAll && pool.count < max(wanted, breadth / 2) {
                pool = scratch.emptyPool(limit: breadth)
                let scoresMax = view.mode == .walk ? Int.max : Int(scanCost / Cost.walkedSlot)
                guard walk.searchFiltered(from: start, pool: &pool, scoresMax: scoresMax, passes: passes) else {
                    return false
                }
            }
        }
        best.take(pool)
        return true
    }

    /// Beyond that a pool takes longer to keep in order than a filtered walk's heap.
    private static let lookedMax = 2_000

    func rank(_ query: UnsafeBufferPointer<Float>, _ best: CandidatePool, wanted: Int) -> [VectorMatch] {
        for index in 0..<best.count {
            mneme_prefetch(storage.vector(Int(best[index].slot)), parameters.dimension * 4)
        }
        var matches: [VectorMatch] = []
        matches.reserveCapacity(best.count)
        for index in 0..<best.count {
            let slot = Int(best[index].slot)
            // Removed since it was found.
            if storage.isRemoved(slot) { continue }
            let score = kernels.dotFloats(query.baseAddress, storage.vector(slot), parameters.dimension)
            matches.append(VectorMatch(key: storage.keys[slot], slot: slot, score: score))
        }
        sort(&matches, wanted: wanted)
        return matches
    }
}

extension CandidatePool {
    /// Takes the best of a pool that a walk filled.
    mutating func take(_ other: CandidatePool) {
        for index in 0..<other.count {
            guard insert(other[index].unexpanded) != nil else { return }
        }
    }
}
