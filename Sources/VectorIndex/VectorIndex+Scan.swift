/// Scanning: scoring every slot of a range or of a bitmap.
///
/// Owns: the loops. Must never: take a removed slot.
import CVectorKernels

extension VectorIndex {
    /// The best of all slots, or of the allowed ones, as if every one of them had been scored in single precision.
    ///
    /// Codes are off by a rounding error that is known: what a scan leaves out scores below the last candidate it
    /// kept, so that nothing is missed if the last wanted one is ahead of that by the error. Else more are kept and
    /// scored again.
    func scanExactly(
        _ query: UnsafeBufferPointer<Float>, _ view: View, _ allowed: SlotBitmap?, wanted: Int, _ scratch: SearchScratch
    ) -> [VectorMatch] {
        var kept = wanted * 2 + 32
        while true {
            var best = scratch.emptyBest(limit: kept)
            if let allowed {
                scan(allowed, below: view.count, from: 0, scratch, &best)
            } else {
                scan(0..<view.count, scratch, &best)
            }
            let matches = rank(query, best, wanted: wanted)
            guard best.isFull, let last = matches.last, kept < Self.scanKeptMax else { return matches }
            let scale = storage.quantizer.scale * scratch.queryScale
            let left = Float(best[best.count - 1].score) / scale
            if last.score > left + scratch.roundingError(codeScale: storage.quantizer.scale) { return matches }
            kept *= 8
        }
    }

    private static let scanKeptMax = 10_000

    /// Scores all slots of a range.
    func scan(_ range: Range<Int>, _ scratch: SearchScratch, _ best: inout CandidatePool) {
        let dimension = parameters.dimension
        var first = range.lowerBound
        while first < range.upperBound {
            let step = min(SearchScratch.blockSlots, range.upperBound - first)
            kernels.scoreRange(
                storage.code(first), dimension, step, scratch.query, scratch.querySum, dimension, scratch.scores)
            for index in 0..<step {
                let candidate = Candidate(score: scratch.scores[index], slot: UInt32(first &+ index))
                if candidate.word > best.threshold && !storage.isRemoved(first &+ index) {
                    _ = best.insert(candidate)
                }
            }
            first += step
        }
    }

    /// Scores the slots of a bitmap in `first..<limit`.
    func scan(
        _ allowed: SlotBitmap, below limit: Int, from first: Int, _ scratch: SearchScratch, _ best: inout CandidatePool
    ) {
        var pending = 0
        allowed.words.withUnsafeBufferPointer { words in
            for index in (first >> 6)..<max(first >> 6, min(words.count, (limit + 63) >> 6)) {
                var word = words[index]
                while word != 0 {
                    let slot = index << 6 | word.trailingZeroBitCount
                    word &= word &- 1
                    guard slot >= first && slot < limit else { continue }
                    scratch.found[pending] = UInt32(slot)
                    mneme_prefetch(storage.code(slot), parameters.dimension)
                    pending += 1
                    if pending == 64 { scorePending(&pending, scratch, &best) }
                }
            }
        }
        scorePending(&pending, scratch, &best)
    }

    private func scorePending(_ pending: inout Int, _ scratch: SearchScratch, _ best: inout CandidatePool) {
        let dimension = parameters.dimension
        kernels.scoreRecords(
            storage.codes, dimension, scratch.found, pending, scratch.query, scratch.querySum, dimension,
            scratch.scores)
        for index in 0..<pending {
            let candidate = Candidate(score: scratch.scores[index], slot: scratch.found[index])
            if candidate.word > best.threshold && !storage.isRemoved(Int(candidate.slot)) {
                _ = best.insert(candidate)
            }
        }
        pending = 0
    }
}
