/// The memory of an index: what each slot holds, in ranges that grow in place.
///
/// Owns: the layout and the growth. Must never: move or free a slot's bytes while the index lives.
///
/// Who writes what, which is why no reader needs a lock:
/// - `append` (under the registry's lock) writes the code, vector, key, level, tombstone and emptied links of a slot
///   *before* the index's `count` is stored with release order past it. A reader acquires `count` first and touches
///   only slots below it, so it sees them complete; they do not change afterwards, but for the two below.
/// - A tombstone goes from 0 to 1 once, atomically.
/// - Links (under the linker's lock) change word by word, atomically, forever. Every word that was ever stored is the
///   end mark or a slot that was complete by then. A reader that meets a half-rewritten list reads a mixture of the old
///   and the new one: it may miss a link or meet one twice, never a wrong one.
import CVectorKernels

final class SlotStorage: @unchecked Sendable {
    // Sendable: the stored properties never change; what they point to is governed by the rules above.

    let parameters: VectorIndexParameters
    let quantizer: Quantizer
    private let codeMemory: ReservedMemory
    private let linkMemory: ReservedMemory
    private let vectorMemory: ReservedMemory
    private let keyMemory: ReservedMemory
    private let levelMemory: ReservedMemory
    private let tombstoneMemory: ReservedMemory
    private let upperStartMemory: ReservedMemory
    private let upperLinkMemory: ReservedMemory

    let codes: UnsafeMutablePointer<UInt8>
    let links: UnsafeMutablePointer<UInt32>
    let vectors: UnsafeMutablePointer<Float>
    let keys: UnsafeMutablePointer<Int64>
    let levels: UnsafeMutablePointer<UInt8>
    let tombstones: UnsafeMutablePointer<UInt8>
    /// Of a slot with upper layers: where its lists begin, counted in lists; layer 1 comes first.
    let upperStarts: UnsafeMutablePointer<UInt32>
    let upperLinks: UnsafeMutablePointer<UInt32>

    var dimension: Int { parameters.dimension }

    init(parameters: VectorIndexParameters) throws(VectorIndexError) {
        try parameters.check()
        self.parameters = parameters
        quantizer = Quantizer(dimension: parameters.dimension)
        let slots = parameters.slotsMax
        codeMemory = try ReservedMemory(bytes: slots * parameters.dimension)
        linkMemory = try ReservedMemory(bytes: slots * parameters.baseLinks * 4)
        vectorMemory = try ReservedMemory(bytes: slots * parameters.dimension * 4)
        keyMemory = try ReservedMemory(bytes: slots * 8)
        levelMemory = try ReservedMemory(bytes: slots)
        tombstoneMemory = try ReservedMemory(bytes: slots)
        upperStartMemory = try ReservedMemory(bytes: slots * 4)
        // Twice what is expected of two links a node, where half the nodes have a list; with more links far fewer do.
        upperLinkMemory = try ReservedMemory(bytes: (slots * 2 + 64) * parameters.links * 4)
        codes = codeMemory.base.assumingMemoryBound(to: UInt8.self)
        links = linkMemory.base.assumingMemoryBound(to: UInt32.self)
        vectors = vectorMemory.base.assumingMemoryBound(to: Float.self)
        keys = keyMemory.base.assumingMemoryBound(to: Int64.self)
        levels = levelMemory.base.assumingMemoryBound(to: UInt8.self)
        tombstones = tombstoneMemory.base.assumingMemoryBound(to: UInt8.self)
        upperStarts = upperStartMemory.base.assumingMemoryBound(to: UInt32.self)
        upperLinks = upperLinkMemory.base.assumingMemoryBound(to: UInt32.self)
    }

    /// Makes slots below `count` usable. Under the registry's lock.
    func grow(slots count: Int) throws(VectorIndexError) {
        guard count <= parameters.slotsMax else { throw .full(slots: parameters.slotsMax) }
        try codeMemory.grow(to: count * dimension)
        try linkMemory.grow(to: count * parameters.baseLinks * 4)
        try vectorMemory.grow(to: count * dimension * 4)
        try keyMemory.grow(to: count * 8)
        try levelMemory.grow(to: count)
        try tombstoneMemory.grow(to: count)
        try upperStartMemory.grow(to: count * 4)
    }

    /// Under the linker's lock.
    func grow(upperLists count: Int) throws(VectorIndexError) {
        try upperLinkMemory.grow(to: count * parameters.links * 4)
    }

    /// Puts the vectors of a file in place. Before any slot is used.
    func mapVectors(_ descriptor: Int32, atBytes offset: Int, count: Int) throws(VectorIndexError) {
        try vectorMemory.map(descriptor, atBytes: offset, count: count)
    }

    func code(_ slot: Int) -> UnsafeMutablePointer<UInt8> { codes + slot &* dimension }
    func vector(_ slot: Int) -> UnsafeMutablePointer<Float> { vectors + slot &* dimension }
    func isRemoved(_ slot: Int) -> Bool { mneme_load_flag(tombstones + slot) != 0 }

    /// The links of a slot in a layer, and how many there is room for.
    func list(_ slot: Int, layer: Int) -> UnsafeMutableBufferPointer<UInt32> {
        if layer == 0 {
            return UnsafeMutableBufferPointer(start: links + slot &* parameters.baseLinks, count: parameters.baseLinks)
        }
        let start = (Int(upperStarts[slot]) &+ layer &- 1) &* parameters.links
        return UnsafeMutableBufferPointer(start: upperLinks + start, count: parameters.links)
    }

    /// Replaces a list while others may read it.
    func store(_ slots: UnsafeBufferPointer<UInt32>, in list: UnsafeMutableBufferPointer<UInt32>) {
        guard let base = list.baseAddress else { return }
        for index in 0..<list.count {
            let value = index < slots.count ? slots[index] : UInt32.max
            if base[index] != value { mneme_store_link(base + index, value) }
        }
    }

    /// The layer of a key's node: drawn from the key, the same wherever and whenever it is inserted.
    static func level(key: Int64, links: Int) -> Int {
        // The finisher of SplitMix64 (Steele, Lea, Flood 2014): every bit of the key reaches every bit of the result.
        var mixed = UInt64(bitPattern: key) &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        var level = 0
        var bound = UInt64.max / UInt64(links)
        while mixed < bound && level < levelMax {
            level += 1
            bound /= UInt64(links)
        }
        return level
    }

    static let levelMax = 15
}
