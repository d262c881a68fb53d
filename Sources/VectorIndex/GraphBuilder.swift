/// Puts slots into the graph, one after another (Malkov and Yashunin, 2016): finds the nearest nodes of each layer,
/// links the new node to a varied few of them, and them to it.
///
/// All of it is decided by integer sums and by the order of slots, so the same vectors in the same order make the same
/// graph everywhere.
/// Owns: the rule by which links are chosen. Must never: run on two threads for one index; links have one writer.
import CVectorKernels

struct GraphBuilder {
    let storage: SlotStorage
    let kernels: VectorKernels
    let scratch: SearchScratch

    /// Links `slot`, which nothing links to yet.
    /// - Returns: the entry from now on.
    func insert(slot: Int, entry: GraphEntry?) -> GraphEntry {
        let level = Int(storage.levels[slot])
        let own = GraphEntry(slot: UInt32(slot), level: level)
        guard let entry else { return own }
        scratch.querySum = kernels.queryOfCode(storage.code(slot), storage.dimension, scratch.query)
        let walk = GraphWalk(storage: storage, kernels: kernels, scratch: scratch, limit: slot)
        var pool = scratch.emptyPool(limit: storage.parameters.constructionBreadth)
        _ = pool.insert(walk.descend(from: entry, to: min(level, entry.level)))
        for layer in stride(from: min(level, entry.level), through: 0, by: -1) {
            pool.forgetExpansions()
            walk.search(layer: layer, pool: &pool)
            link(slot, layer: layer, candidates: pool)
        }
        return level > entry.level ? own : entry
    }

    private func link(_ slot: Int, layer: Int, candidates: CandidatePool) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: VectorIndexParameters.linksMax * 2) { chosen in
            let count = choose(
                from: UnsafeBufferPointer(start: candidates.words, count: candidates.count),
                limit: storage.parameters.links, into: chosen)
            let kept = UnsafeBufferPointer(rebasing: chosen[..<count])
            storage.store(kept, in: storage.list(slot, layer: layer))
            for neighbour in kept { linkBack(Int(neighbour), to: UInt32(slot), layer: layer) }
        }
    }

    /// Adds `slot` to a neighbour's list; if that is full, chooses anew among what it has and the slot.
    private func linkBack(_ neighbour: Int, to slot: UInt32, layer: Int) {
        let list = storage.list(neighbour, layer: layer)
        guard let base = list.baseAddress else { return }
        if let free = list.firstIndex(of: UInt32.max) {
            // What follows is free too: the list ends there now.
            mneme_store_link(base + free, slot)
            return
        }
        let size = list.count + 1
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: size) { slots in
            for index in 0..<list.count { slots[index] = list[index] }
            slots[list.count] = slot
            withUnsafeTemporaryAllocation(of: UInt64.self, capacity: size) { words in
                rank(slots, for: neighbour, into: words)
                let count = choose(from: UnsafeBufferPointer(words), limit: list.count, into: slots)
                storage.store(UnsafeBufferPointer(rebasing: slots[..<count]), in: list)
            }
        }
    }

    /// Scores slots for a node and sorts them, best first.
    private func rank(
        _ slots: UnsafeMutableBufferPointer<UInt32>, for node: Int, into words: UnsafeMutableBufferPointer<UInt64>
    ) {
        let dimension = storage.dimension
        let sum = kernels.queryOfCode(storage.code(node), dimension, scratch.otherQuery)
        kernels.scoreRecords(
            storage.codes, dimension, slots.baseAddress, slots.count, scratch.otherQuery, sum, dimension,
            scratch.scores)
        for index in 0..<slots.count {
            words[index] = Candidate(score: scratch.scores[index], slot: slots[index]).word
        }
        var sorted = words
        sorted.sort(by: >)
    }

    /// Takes candidates, best first, that are nearer to the node than to any candidate taken before: so that links lead
    /// in different directions.
    private func choose(
        from candidates: UnsafeBufferPointer<UInt64>, limit: Int, into chosen: UnsafeMutableBufferPointer<UInt32>
    ) -> Int {
        let dimension = storage.dimension
        var count = 0
        for word in candidates {
            let candidate = Candidate(word: word)
            if count > 0 {
                let sum = kernels.queryOfCode(storage.code(Int(candidate.slot)), dimension, scratch.otherQuery)
                if isCovered(candidate, by: chosen, count: count, querySum: sum) { continue }
            }
            chosen[count] = candidate.slot
            count += 1
            if count == limit { break }
        }
        return count
    }

    /// Whether one of the chosen is nearer to the candidate, whose query form is in the scratch, than the node is.
    private func isCovered(
        _ candidate: Candidate, by chosen: UnsafeMutableBufferPointer<UInt32>, count: Int, querySum: Int32
    ) -> Bool {
        let dimension = storage.dimension
        guard let base = chosen.baseAddress else { return false }
        var start = 0
        while start < count {
            let step = min(4, count - start)
            kernels.scoreRecords(
                storage.codes, dimension, base + start, step, scratch.otherQuery, querySum, dimension, scratch.scores)
            for index in 0..<step where scratch.scores[index] > candidate.score { return true }
            start += step
        }
        return false
    }
}
