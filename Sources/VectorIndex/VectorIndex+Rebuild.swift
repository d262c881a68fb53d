/// Getting rid of removed vectors: a compact copy is made while this index goes on serving.
///
/// Owns: the copy until it is handed over. Must never: make this index wait, or lose what changed meanwhile.
import CVectorKernels
import Synchronization

/// A compact copy in the making.
public struct VectorIndexRebuild: Sendable {
    public let index: VectorIndex
    let source: VectorIndex
    /// Slots of the source that the copy knows about.
    var copied: Int
    /// By slot of the copy: the slot of the source that it was taken from.
    var sources: [UInt32] = []

    public struct Finished: Sendable {
        public let index: VectorIndex
        /// Keys that were in the copy when `finish` began, and are in it no more.
        public let removed: [Int64]
        /// From this slot on the copy holds what it got during `finish`.
        public let firstNewSlot: Int
    }
}

extension VectorIndex {
    static let removedShareMax = 0.25
    static let removedIgnored = 1_000

    /// Whether so many slots hold removed vectors that walks suffer and memory is wasted.
    public var needsRebuild: Bool {
        let removed = removedCount.load(ordering: .acquiring)
        let isFull = slotCount > parameters.slotsMax / 10 * 9 && removed > parameters.slotsMax / 10
        return isFull || removed > Self.removedIgnored && Double(removed) > Double(slotCount) * Self.removedShareMax
    }

    /// Copies the live vectors into a new index and links those of this moment: for a background thread, as long as a
    /// build.
    ///
    /// Then the owner calls `finish` where no append or remove can come in between, and serves the copy from there on.
    /// - Parameter shouldStop: asked now and then; true makes it return nil.
    public func rebuilt(shouldStop: () -> Bool = { false }) throws(VectorIndexError) -> VectorIndexRebuild? {
        let copy = try VectorIndex(parameters: parameters, kernels: kernels)
        var rebuild = VectorIndexRebuild(index: copy, source: self, copied: 0)
        let first = slotCount
        while rebuild.copied < first {
            if shouldStop() { return nil }
            try rebuild.copySlots(below: min(first, rebuild.copied + 256))
            while try copy.linkNext(64) > 0 { if shouldStop() { return nil } }
        }
        // What was appended meanwhile is copied and linked later: linking may be slower than whoever appends.
        while slotCount - rebuild.copied > 256 { try rebuild.copySlots(below: slotCount) }
        return rebuild
    }
}

extension VectorIndexRebuild {
    mutating func copySlots(below limit: Int) throws(VectorIndexError) {
        let storage = source.storage
        let dimension = source.parameters.dimension
        while copied < limit {
            if !storage.isRemoved(copied) {
                let vector = UnsafeBufferPointer(start: storage.vector(copied), count: dimension)
                _ = try index.append(key: storage.keys[copied], vector: vector)
                sources.append(UInt32(copied))
            }
            copied += 1
        }
    }

    /// Brings the copy up to what the source holds now, in a few milliseconds a million slots. While it runs, nothing may
    /// be appended to or removed from the source. Slots differ from the source's: bitmaps are to be made anew.
    public consuming func finish() throws(VectorIndexError) -> Finished {
        let firstNewSlot = index.slotCount
        try copySlots(below: source.slotCount)
        var removed: [Int64] = []
        for slot in 0..<firstNewSlot where source.storage.isRemoved(Int(sources[slot])) {
            let key = index.storage.keys[slot]
            // A key whose vector was replaced has its new one already.
            if !index.storage.isRemoved(slot) { index.remove(key: key) }
            if index.slot(of: key) == nil { removed.append(key) }
        }
        return Finished(index: index, removed: removed, firstNewSlot: firstNewSlot)
    }
}
