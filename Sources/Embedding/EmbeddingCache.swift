import Synchronization

/// Remembers the vectors of texts that were embedded lately, by the SHA-256 of the text.
///
/// Owns: at most `capacity` vectors (1.6 KB each). Must never: keep a text; hold its lock while a vector is computed; serve
/// two models (one cache belongs to one embedder).
public final class EmbeddingCache: Sendable {
    public struct Statistics: Hashable, Sendable {
        public var hits = 0
        public var misses = 0
        /// Vectors in the cache now.
        public var count = 0
        public init() {}
    }

    private struct Slot {
        var key: ContentHash
        var vector: [Float]
        /// Set by every hit, cleared when the hand passes: a second chance (the CLOCK algorithm, nearly LRU without moving
        /// anything on a hit).
        var used = false
    }

    private struct State {
        var slots: [Slot] = []
        var places: [ContentHash: Int] = [:]
        var hand = 0
        var hits = 0
        var misses = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: 0 turns the cache off.
    public init(capacity: Int) { self.capacity = max(0, capacity) }

    public var statistics: Statistics {
        state.withLock { state in
            var statistics = Statistics()
            statistics.hits = state.hits
            statistics.misses = state.misses
            statistics.count = state.slots.count
            return statistics
        }
    }

    /// The vector of `text`, computed by `embed` when it is not known. Two callers that miss the same text at the same time
    /// both compute it: waiting for each other would cost more than it saves.
    public func vector(of text: String, orElse embed: (String) -> [Float]) -> [Float] {
        // Without a hash function there is no cache; the vector comes all the same.
        guard capacity > 0, let key = ContentHash(of: text) else { return embed(text) }
        if let known = look(up: key) { return known }
        let vector = embed(text)
        state.withLock { EmbeddingCache.insert(key, vector, into: &$0, capacity: capacity) }
        return vector
    }

    private func look(up key: ContentHash) -> [Float]? {
        state.withLock { state in
            guard let place = state.places[key] else {
                state.misses += 1
                return nil
            }
            state.hits += 1
            state.slots[place].used = true
            return state.slots[place].vector
        }
    }

    private static func insert(_ key: ContentHash, _ vector: [Float], into state: inout State, capacity: Int) {
        // Another caller may have been faster; both vectors are the same.
        guard state.places[key] == nil else { return }
        let slot = Slot(key: key, vector: vector)
        guard state.slots.count >= capacity else {
            state.places[key] = state.slots.count
            state.slots.append(slot)
            return
        }
        // Ends after at most one round: passing clears the marks.
        while state.slots[state.hand].used {
            state.slots[state.hand].used = false
            state.hand = (state.hand + 1) % capacity
        }
        state.places[state.slots[state.hand].key] = nil
        state.places[key] = state.hand
        state.slots[state.hand] = slot
        state.hand = (state.hand + 1) % capacity
    }
}
