/// The cache: what it remembers, what it forgets first, and that it stays whole under many callers.
import Synchronization
import Testing

@testable import Embedding

private final class Counter: Sendable {
    let value = Mutex(0)
}

@Suite("Embedding cache")
struct EmbeddingCacheTests {
    @Test("computes a text once and counts")
    func hits() {
        let cache = EmbeddingCache(capacity: 4)
        var computed: [String] = []
        func vector(_ text: String) -> [Float] {
            cache.vector(of: text) {
                computed.append($0)
                return [Float($0.utf8.count)]
            }
        }
        #expect(vector("a") == [1] && vector("bb") == [2] && vector("a") == [1] && vector("") == [0])
        #expect(computed == ["a", "bb", ""])
        // Canonically equal, but other bytes: another text.
        #expect(vector("\u{e9}") == [2] && vector("e\u{301}") == [3])
        #expect(cache.statistics.hits == 1 && cache.statistics.misses == 5 && cache.statistics.count == 4)
    }

    @Test("never holds more than its capacity, and what was used lately survives")
    func eviction() {
        let cache = EmbeddingCache(capacity: 8)
        for round in 0..<100 {
            _ = cache.vector(of: "kept") { _ in [1] }
            _ = cache.vector(of: "once \(round)") { _ in [2] }
            #expect(cache.statistics.count <= 8)
        }
        #expect(cache.statistics.hits == 99 && cache.statistics.misses == 101)
        var again = 0
        for round in 92..<100 {
            _ = cache.vector(of: "once \(round)") { _ in
                again += 1
                return [3]
            }
        }
        // Seven of the last eight single uses were still there when asked in order.
        #expect(again >= 1)
    }

    @Test("a capacity of one works, a capacity of none turns it off", arguments: [1, 0, -3])
    func small(_ capacity: Int) {
        let cache = EmbeddingCache(capacity: capacity)
        for _ in 0..<3 {
            for text in ["a", "a", "b"] { #expect(cache.vector(of: text) { [Float($0.utf8.first ?? 0)] }[0] > 90) }
        }
        #expect(cache.statistics.count == max(0, capacity))
        #expect(cache.statistics.hits == (capacity == 1 ? 3 : 0))
    }

    @Test("many callers at once: always the right vector, always within bounds")
    func concurrency() async {
        let cache = EmbeddingCache(capacity: 16)
        let computed = Counter()
        await withTaskGroup(of: Bool.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    (0..<2000).allSatisfy { step in
                        let number = (step * (worker + 1)) % 40
                        let vector = cache.vector(of: "text \(number)") { _ in
                            computed.value.withLock { $0 += 1 }
                            return [Float(number)]
                        }
                        return vector == [Float(number)]
                    }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
        let statistics = cache.statistics
        #expect(statistics.hits + statistics.misses == 16_000)
        #expect(statistics.misses == computed.value.withLock { $0 })
        #expect(statistics.count == 16)
    }
}
