/// What was appended after a search began.
///
/// Owns: the last look before a search returns. Must never: let a key be missed because its vector was replaced meanwhile:
///
/// 1. A search begins; it will look at the slots below `first`.
/// 2. The vector of a key is replaced: slot `first` is published, then the old slot is marked removed.
/// 3. The search comes to the old slot and leaves it out.
/// 4. Here it finds that slots were published, and takes the new one. A slot that is seen here as removed was replaced
///    by one that was published before, so looking until nothing more was published finds the last of them.
import Synchronization

/// Slots beyond a bitmap.
public struct SlotsAfter {
    /// How many slots there were before the bitmap was made.
    public let first: Int
    /// Whether a key whose vector is in a later slot may be returned.
    public let passes: (Int64) -> Bool

    public init(first: Int, passes: @escaping (Int64) -> Bool) {
        self.first = first
        self.passes = passes
    }
}

extension VectorIndex {
    func addLater(
        _ later: SlotsAfter, to matches: inout [VectorMatch], _ query: UnsafeBufferPointer<Float>, wanted: Int
    ) {
        var next = max(0, later.first)
        var last = count.load(ordering: .acquiring)
        guard last > next else { return }
        while last > next {
            for slot in next..<last where !storage.isRemoved(slot) && later.passes(storage.keys[slot]) {
                let score = kernels.dotFloats(query.baseAddress, storage.vector(slot), parameters.dimension)
                matches.append(VectorMatch(key: storage.keys[slot], slot: slot, score: score))
            }
            next = last
            last = count.load(ordering: .acquiring)
        }
        // Of a key that is there twice, the later slot.
        var latest: [Int64: Int] = [:]
        for match in matches { latest[match.key] = max(latest[match.key] ?? 0, match.slot) }
        matches.removeAll { latest[$0.key] != $0.slot }
        sort(&matches, wanted: wanted)
    }

    func sort(_ matches: inout [VectorMatch], wanted: Int) {
        matches.sort { $0.score != $1.score ? $0.score > $1.score : $0.key < $1.key }
        if matches.count > wanted { matches.removeLast(matches.count - wanted) }
    }
}
