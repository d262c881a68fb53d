/// A scored slot in one word, and the two containers that a walk needs.
///
/// The order of the words is the order of merit: higher score first, then the lower slot. So equal scores are ordered
/// the same on every machine.
/// Owns: the packing. Must never: be given a slot of 2^31 or more.

struct Candidate {
    /// Sortable score in the upper half; below it the slot, inverted, and in the last bit whether it was expanded.
    let word: UInt64

    @inline(__always)
    init(score: Int32, slot: UInt32) {
        let sortable = UInt32(bitPattern: score) ^ 0x8000_0000
        word = UInt64(sortable) << 32 | UInt64((0x7FFF_FFFF &- slot) << 1)
    }

    @inline(__always)
    init(word: UInt64) { self.word = word }

    @inline(__always)
    var slot: UInt32 { 0x7FFF_FFFF &- UInt32(truncatingIfNeeded: word) >> 1 }

    @inline(__always)
    var score: Int32 { Int32(bitPattern: UInt32(truncatingIfNeeded: word >> 32) ^ 0x8000_0000) }

    @inline(__always)
    var isExpanded: Bool { word & 1 == 1 }

    @inline(__always)
    var expanded: Candidate { Candidate(word: word | 1) }

    @inline(__always)
    var unexpanded: Candidate { Candidate(word: word & ~1) }
}

/// The best candidates so far, best first, at most `limit` of them.
struct CandidatePool {
    // The memory belongs to the `SearchScratch` that made the pool; `limit` is never set beyond what is allocated.
    let words: UnsafeMutablePointer<UInt64>
    let capacity: Int
    private(set) var count = 0
    private(set) var limit: Int

    init(capacity: Int) {
        words = .allocate(capacity: max(1, capacity))
        self.capacity = max(1, capacity)
        limit = self.capacity
    }

    func deallocate() { words.deallocate() }

    @inline(__always)
    mutating func reset(limit: Int) {
        self.limit = min(max(1, limit), capacity)
        count = 0
    }

    @inline(__always)
    subscript(index: Int) -> Candidate { Candidate(word: words[index]) }

    @inline(__always)
    var isFull: Bool { count == limit }

    /// What a candidate has to exceed to get in; 0 while there is room.
    @inline(__always)
    var threshold: UInt64 { count == limit ? words[count &- 1] : 0 }

    @inline(__always)
    func markExpanded(_ index: Int) { words[index] |= 1 }

    /// - Returns: where it went, or nil if it is not good enough.
    @inline(__always)
    mutating func insert(_ candidate: Candidate) -> Int? {
        let word = candidate.word
        if count == limit {
            if word <= words[count &- 1] { return nil }
            count &-= 1
        }
        var low = 0
        var high = count
        while low < high {
            let middle = (low &+ high) >> 1
            if words[middle] > word { low = middle &+ 1 } else { high = middle }
        }
        (words + low + 1).update(from: words + low, count: count &- low)
        words[low] = word
        count &+= 1
        return low
    }

    /// Makes the pool the start of another walk: every candidate is to be expanded again.
    mutating func forgetExpansions() {
        for index in 0..<count { words[index] &= ~1 }
    }

    mutating func keep(where passes: (Candidate) -> Bool) {
        var kept = 0
        for index in 0..<count where passes(Candidate(word: words[index])) {
            words[kept] = words[index]
            kept &+= 1
        }
        count = kept
    }

    mutating func keepFirst(_ kept: Int) { count = min(count, max(0, kept)) }
}

/// Candidates whose neighbours are still to be looked at: a binary heap, best on top.
struct CandidateHeap {
    private var words: [UInt64] = []

    mutating func reset() { words.removeAll(keepingCapacity: true) }

    var best: Candidate? { words.first.map { Candidate(word: $0) } }

    mutating func push(_ candidate: Candidate) {
        words.append(candidate.word)
        words.withUnsafeMutableBufferPointer { heap in
            var child = heap.count &- 1
            while child > 0 {
                let parent = (child &- 1) >> 1
                if heap[parent] >= heap[child] { break }
                heap.swapAt(parent, child)
                child = parent
            }
        }
    }

    mutating func popBest() -> Candidate? {
        guard let best = words.first, let last = words.popLast() else { return nil }
        guard !words.isEmpty else { return Candidate(word: best) }
        words.withUnsafeMutableBufferPointer { heap in
            var parent = 0
            while true {
                var child = parent &* 2 &+ 1
                if child >= heap.count { break }
                if child &+ 1 < heap.count && heap[child &+ 1] > heap[child] { child &+= 1 }
                if heap[child] <= last { break }
                heap[parent] = heap[child]
                parent = child
            }
            heap[parent] = last
        }
        return Candidate(word: best)
    }
}
