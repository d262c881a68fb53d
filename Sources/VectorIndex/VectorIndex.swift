/// Unit vectors under keys, and the nearest ones to a query.
///
/// Derived data: an index can always be made again from the rows that the vectors came from. A vector is found from the
/// moment `append` returns: until the owner's background thread has linked it into the graph (`linkNext`), every search
/// scans it.
/// Owns: the slots, the graph, the table from keys to slots. Must never: return a removed vector, or let a search wait
/// for an insertion.
///
/// Threads. Three kinds, at once:
/// - `append` and `remove` exclude one another by the registry's mutex, held for a few microseconds.
/// - `linkNext` excludes itself by the linker's mutex, and takes the registry's never. Both write disjoint memory: see
///   `SlotStorage`.
/// - Searches take no lock on their way. They acquire `entry`, then `linkedCount`, then `count`, each stored with
///   release order *after* what it leads to was written (an entry after the linked count past it), so: entry < linked
///   <= count in every search, all slots below are complete, a walk takes no link at or beyond `linked`, and what lies
///   between `linked` and `count` is scanned. No slot is missed or met in both.
import CVectorKernels
import Synchronization

public final class VectorIndex: Sendable {
    struct Registry {
        var slots: [Int64: UInt32] = [:]
        var removedCount = 0
    }

    struct Linker {
        let scratch: SearchScratch
    }

    public let parameters: VectorIndexParameters
    let storage: SlotStorage
    let kernels: VectorKernels
    let scratches: ScratchStore
    let registry: Guarded<Registry>
    let linker: Guarded<Linker>
    /// Slots that were ever appended.
    let count = Atomic<Int>(0)
    /// Of these, the first ones, that are in the graph.
    let linkedCount = Atomic<Int>(0)
    let removedCount = Atomic<Int>(0)
    /// Lists of upper layers, written under the linker's lock.
    let upperLists = Atomic<Int>(0)
    let entry = Atomic<UInt64>(GraphEntry.noneWord)
    /// While above 0, `linkNext` does nothing: a file is being written.
    let linkPauses = Atomic<Int>(0)

    public convenience init(parameters: VectorIndexParameters = VectorIndexParameters()) throws(VectorIndexError) {
        try self.init(parameters: parameters, kernels: .best)
    }

    init(parameters: VectorIndexParameters, kernels: VectorKernels) throws(VectorIndexError) {
        self.parameters = parameters
        self.kernels = kernels
        storage = try SlotStorage(parameters: parameters)
        scratches = ScratchStore(dimension: parameters.dimension)
        registry = Guarded(Registry())
        linker = Guarded(Linker(scratch: SearchScratch(dimension: parameters.dimension)))
    }

    // MARK: writing

    /// Adds a vector, found from now on. A vector that the key had is removed.
    /// - Returns: the slot that it has until it is removed.
    @discardableResult
    public func append(key: Int64, vector: [Float]) throws(VectorIndexError) -> Int {
        try vector.withUnsafeBufferPointer { buffer in
            Result { () throws(VectorIndexError) in try append(key: key, vector: buffer) }
        }.get()
    }

    func append(key: Int64, vector: UnsafeBufferPointer<Float>) throws(VectorIndexError) -> Int {
        try storage.quantizer.check(vector)
        guard let base = vector.baseAddress else { throw .vector("has no components") }
        return try registry.withLock { (registry) throws(VectorIndexError) in
            try append(key: key, vector: base, &registry)
        }
    }

    private func append(
        key: Int64, vector: UnsafePointer<Float>, _ registry: inout Registry
    ) throws(VectorIndexError) -> Int {
        let slot = count.load(ordering: .relaxed)
        try storage.grow(slots: slot + 1)
        storage.vector(slot).update(from: vector, count: parameters.dimension)
        storage.quantizer.encode(vector, into: storage.code(slot))
        storage.keys[slot] = key
        storage.levels[slot] = UInt8(SlotStorage.level(key: key, links: parameters.links))
        storage.tombstones[slot] = 0
        storage.list(slot, layer: 0).update(repeating: UInt32.max)
        count.store(slot + 1, ordering: .releasing)
        // The new one is found before the old one is not: a search in between may see both, never neither.
        if let old = registry.slots.updateValue(UInt32(slot), forKey: key) { markRemoved(Int(old), &registry) }
        return slot
    }

    /// Takes a key's vector out: no search that begins from now on returns it.
    /// - Returns: whether there was one.
    @discardableResult
    public func remove(key: Int64) -> Bool {
        registry.withLock { registry in
            guard let slot = registry.slots.removeValue(forKey: key) else { return false }
            markRemoved(Int(slot), &registry)
            return true
        }
    }

    private func markRemoved(_ slot: Int, _ registry: inout Registry) {
        mneme_store_flag(storage.tombstones + slot, 1)
        registry.removedCount += 1
        removedCount.store(registry.removedCount, ordering: .releasing)
    }

    /// Links up to `limit` appended slots into the graph. For a background thread of the owner: takes up to a
    /// millisecond a slot, during which neither searches nor appends wait.
    /// - Returns: how many were linked; 0 also while a file is being written.
    @discardableResult
    public func linkNext(_ limit: Int) throws(VectorIndexError) -> Int {
        try linker.withLock { (linker) throws(VectorIndexError) in try linkNext(limit, &linker) }
    }

    private func linkNext(_ limit: Int, _ linker: inout Linker) throws(VectorIndexError) -> Int {
        let builder = GraphBuilder(storage: storage, kernels: kernels, scratch: linker.scratch)
        var done = 0
        while done < limit {
            let slot = linkedCount.load(ordering: .relaxed)
            // In this order: a capture that was not seen here counts later than this did.
            let appended = count.load(ordering: .sequentiallyConsistent)
            guard slot < appended, linkPauses.load(ordering: .sequentiallyConsistent) == 0 else { break }
            try reserveUpperLists(slot)
            let old = GraphEntry(word: entry.load(ordering: .relaxed))
            let new = builder.insert(slot: slot, entry: old)
            linkedCount.store(slot + 1, ordering: .releasing)
            if new != old { entry.store(new.word, ordering: .releasing) }
            done += 1
        }
        return done
    }

    private func reserveUpperLists(_ slot: Int) throws(VectorIndexError) {
        let level = Int(storage.levels[slot])
        guard level > 0 else { return }
        let start = upperLists.load(ordering: .relaxed)
        try storage.grow(upperLists: start + level)
        storage.upperStarts[slot] = UInt32(start)
        for layer in 1...level { storage.list(slot, layer: layer).update(repeating: UInt32.max) }
        upperLists.store(start + level, ordering: .relaxed)
    }

    // MARK: reading

    /// Vectors that a search can return.
    public var liveCount: Int { count.load(ordering: .acquiring) - removedCount.load(ordering: .acquiring) }

    /// Slots taken, removed ones included: one more than the highest.
    public var slotCount: Int { count.load(ordering: .acquiring) }

    /// Appended and not linked yet: each search scans them.
    public var unlinkedCount: Int {
        let linked = linkedCount.load(ordering: .acquiring)
        return count.load(ordering: .acquiring) - linked
    }

    public func slot(of key: Int64) -> Int? {
        registry.withLock { $0.slots[key].map { Int($0) } }
    }

    /// The slots of these keys, for `search(allowed:)`.
    public func bitmap(keys: some Sequence<Int64>) -> SlotBitmap {
        registry.withLock { registry in
            var bitmap = SlotBitmap(slots: count.load(ordering: .relaxed))
            for key in keys {
                if let slot = registry.slots[key] { bitmap.insert(Int(slot)) }
            }
            return bitmap
        }
    }

    /// The vector of a key, as it was appended.
    public func vector(key: Int64) -> [Float]? { slot(of: key).map { vector(slot: $0) } }

    /// The vector of a slot that was ever taken; one that was vacated keeps it.
    public func vector(slot: Int) -> [Float] {
        precondition(slot >= 0 && slot < slotCount, "slot \(slot) was never taken")
        return Array(UnsafeBufferPointer(start: storage.vector(slot), count: parameters.dimension))
    }

    /// The dot product of a query and the vector of a slot that was ever taken.
    public func score(slot: Int, query: [Float]) -> Float {
        precondition(slot >= 0 && slot < slotCount, "slot \(slot) was never taken")
        precondition(query.count == parameters.dimension, "the query has \(query.count) components")
        return query.withUnsafeBufferPointer { query in
            kernels.dotFloats(query.baseAddress, storage.vector(slot), parameters.dimension)
        }
    }

    /// The slots that hold a vector, and whose, in the order of slots.
    public func keysBySlot(from first: Int = 0) -> [(slot: Int, key: Int64)] {
        (first..<max(first, slotCount)).compactMap { storage.isRemoved($0) ? nil : ($0, storage.keys[$0]) }
    }

    /// The dot product of a query and a key's vector; nil if the key has none.
    public func score(key: Int64, query: [Float]) throws(VectorIndexError) -> Float? {
        try scores(keys: CollectionOfOne(key), query: query)[0]
    }

    /// The same for many keys, in their order.
    public func scores(keys: some Collection<Int64>, query: [Float]) throws(VectorIndexError) -> [Float?] {
        guard query.count == parameters.dimension else {
            throw .vector("has \(query.count) components, not \(parameters.dimension)")
        }
        let slots = registry.withLock { registry in keys.map { registry.slots[$0] } }
        return query.withUnsafeBufferPointer { buffer in
            slots.map { slot in
                slot.map { kernels.dotFloats(buffer.baseAddress, storage.vector(Int($0)), parameters.dimension) }
            }
        }
    }

    public var memory: MemoryReport {
        let slots = slotCount
        let upperLists = upperLists.load(ordering: .relaxed)
        let table = registry.withLock { $0.slots.capacity }
        return MemoryReport(
            slots: slots,
            codes: slots * parameters.dimension,
            links: slots * parameters.baseLinks * 4,
            upperLinks: upperLists * parameters.links * 4 + slots * 4,
            vectors: slots * parameters.dimension * 4,
            // A dictionary fills three quarters of its places, of a key and a slot each, and a bit.
            keys: slots * (8 + 1 + 1) + table * 4 / 3 * 12 + table / 6)
    }
}
