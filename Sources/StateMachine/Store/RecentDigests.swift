/// The rolling digests of the last entries, so that nodes can be compared at one index while they go on applying.
///
/// Owns: a ring of them. Must never: be taken for durable; it is empty after a start.
public struct RecentDigests: Sendable {
    public struct Entry: Hashable, Sendable {
        public var index: UInt64
        public var digest: [UInt8]
    }
    static let countMax = 512

    private var ring: [Entry] = []
    private var next = 0

    mutating func add(_ entry: Entry) {
        if ring.count < RecentDigests.countMax {
            ring.append(entry)
        } else {
            ring[next] = entry
        }
        next = (next + 1) % RecentDigests.countMax
    }

    /// Ascending.
    public var entries: [Entry] {
        ring.count < RecentDigests.countMax ? ring : Array(ring[next...] + ring[..<next])
    }
}
