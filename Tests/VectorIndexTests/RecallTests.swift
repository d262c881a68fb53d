/// That the near ones are found: by walk, by scan, through filters, around removed ones.
import Testing

@testable import VectorIndex

@Suite struct RecallTests {
    static let dimension = 64
    static let vectors = TestVectors.clustered(5_000, dimension: dimension)
    static let queries = TestVectors.clustered(5_060, dimension: dimension).suffix(60)
    /// For the tests that change nothing.
    static let shared = Result { try VectorIndex.of(vectors) }

    @Test func `a walk finds what a comparison with all finds`() throws {
        let index = try Self.shared.get()
        var found: [[VectorMatch]] = []
        for query in Self.queries { found.append(try index.walkOnly(query, count: 10, breadth: 100)) }
        let truth = Self.queries.map { TestVectors.nearest($0, in: Self.vectors, count: 10) }
        #expect(TestVectors.recall(found, truth) >= 0.98)
    }

    @Test func `a search finds them too, in order, with exact scores`() throws {
        let index = try Self.shared.get()
        var found: [[VectorMatch]] = []
        for query in Self.queries {
            let matches = try index.search(query, count: 10)
            for match in matches {
                #expect(abs(match.score - TestVectors.dot(query, Self.vectors[Int(match.key)])) < 1e-5)
                #expect(try index.score(key: match.key, query: query) == match.score)
            }
            let isSorted = zip(matches, matches.dropFirst()).allSatisfy {
                $0.score > $1.score || $0.score == $1.score && $0.key < $1.key
            }
            #expect(isSorted && matches.count == 10)
            #expect(try index.scores(keys: [-1] + matches.map(\.key), query: query) == [nil] + matches.map(\.score))
            found.append(matches)
        }
        let truth = Self.queries.map { TestVectors.nearest($0, in: Self.vectors, count: 10) }
        #expect(TestVectors.recall(found, truth) >= 0.98)
    }

    @Test(arguments: [0.5, 0.1, 0.01, 0.001])
    func `filters keep what they allow and nothing else`(share: Double) throws {
        let index = try Self.shared.get()
        var chance = Chance(UInt64(share * 1_000))
        let passing = Set(Self.vectors.indices.filter { _ in Double(chance.below(100_000)) < share * 100_000 })
        let bitmap = index.bitmap(keys: passing.map { Int64($0) })
        #expect(bitmap.count == passing.count)
        var found: [[VectorMatch]] = []
        for query in Self.queries {
            let matches = try index.search(query, count: 10, allowed: bitmap)
            #expect(matches.allSatisfy { passing.contains(Int($0.key)) })
            found.append(matches)
            // The walk alone, which the cost model takes only in much larger indexes.
            if share >= 0.1 {
                let walked = try index.walkOnly(query, count: 10, breadth: 100, allowed: bitmap)
                #expect(walked.allSatisfy { passing.contains(Int($0.key)) })
                found[found.count - 1] = walked
            }
        }
        let truth = Self.queries.map {
            TestVectors.nearest($0, in: Self.vectors, count: 10) { passing.contains($0) }
        }
        #expect(TestVectors.recall(found, truth) >= 0.98)
    }

    @Test func `a filter that allows only what is far away is answered all the same`() throws {
        let index = try Self.shared.get()
        let query = Self.vectors[0]
        let far = TestVectors.nearest(query, in: Self.vectors, count: Self.vectors.count).suffix(2_000)
        let matches = try index.search(query, count: 10, breadth: 10, allowed: index.bitmap(keys: far))
        #expect(matches.map(\.key) == Array(far.prefix(10)))
    }

    @Test func `a filter of one topic finds that topic, from near and from far, around removed vectors`() throws {
        let index = try VectorIndex.of(Self.vectors)
        let topic = TestVectors.nearest(Self.vectors[17], in: Self.vectors, count: 1_000)
        let gone = Set(topic.enumerated().filter { $0.offset % 7 == 0 }.map(\.element))
        for key in gone { index.remove(key: key) }
        let bitmap = index.bitmap(keys: topic)
        let passing = Set(topic).subtracting(gone)
        var found: [[VectorMatch]] = []
        for query in Self.queries {
            for matches in [
                try index.search(query, count: 10, allowed: bitmap),
                try index.walkOnly(query, count: 10, breadth: 100, allowed: bitmap),
            ] {
                #expect(matches.count == 10 && matches.allSatisfy { passing.contains($0.key) })
                found.append(matches)
            }
        }
        let truth = Self.queries.flatMap { query -> [[Int64]] in
            let near = TestVectors.nearest(query, in: Self.vectors, count: 10) { passing.contains(Int64($0)) }
            return [near, near]
        }
        #expect(TestVectors.recall(found, truth) >= 0.95)
    }

    @Test func `removed vectors are never returned and their neighbours still are`() throws {
        let index = try VectorIndex.of(Self.vectors)
        let query = Array(Self.queries)[3]
        // The whole neighbourhood goes: a walk has to get through it.
        let near = TestVectors.nearest(query, in: Self.vectors, count: 300)
        let gone = Set(near.prefix(250))
        for key in gone { #expect(index.remove(key: key)) }
        #expect(!index.remove(key: near[0]))
        #expect(index.liveCount == Self.vectors.count - gone.count)
        for matches in [
            try index.search(query, count: 10, breadth: 20),
            try index.walkOnly(query, count: 10, breadth: 20),
            try index.search(query, count: 10, breadth: 20, allowed: index.bitmap(keys: near)),
        ] {
            #expect(matches.map(\.key).allSatisfy { !gone.contains($0) })
            #expect(Set(matches.map(\.key)).intersection(near[250..<260]).count >= 9)
        }
        #expect(index.slot(of: near[0]) == nil && index.vector(key: near[0]) == nil)
        #expect(try index.score(key: near[0], query: query) == nil)
    }

    @Test func `what was appended is found at once, before and after it is linked`() throws {
        let index = try VectorIndex.of(Array(Self.vectors[..<4_800]))
        for key in 4_800..<4_900 {
            let slot = try index.append(key: Int64(key), vector: Self.vectors[key])
            let first = try index.walkOnly(Self.vectors[key], count: 1, breadth: 10).first
            #expect(first?.key == Int64(key) && first?.slot == slot)
        }
        #expect(index.unlinkedCount == 100)
        #expect(try index.linkNext(30) == 30)
        #expect(index.unlinkedCount == 70)
        try index.linkAll()
        for key in 4_800..<4_900 {
            #expect(try index.walkOnly(Self.vectors[key], count: 1, breadth: 20).first?.key == Int64(key))
        }
    }

    @Test func `a key appended again has the new vector only`() throws {
        let index = try VectorIndex.of(Array(Self.vectors[..<100]))
        let old = index.slot(of: 7)
        let slot = try index.append(key: 7, vector: Self.vectors[200])
        #expect(slot == 100 && old == 7 && index.slot(of: 7) == 100)
        #expect(index.vector(key: 7) == Self.vectors[200])
        #expect(index.liveCount == 100)
        index.remove(key: 7)
        #expect(try index.append(key: 7, vector: Self.vectors[7]) == 101)
        let matches = try index.search(Self.vectors[7], count: 100)
        #expect(matches.first?.slot == 101)
        #expect(Set(matches.map(\.key)).count == 100 && matches.count == 100)
    }

    @Test func `other dimensions and few links work as well`() throws {
        for dimension in [16, 48, 80, 400] {
            let vectors = TestVectors.clustered(2_000, dimension: dimension, seed: 5)
            let index = try VectorIndex.of(vectors, links: 8)
            var found: [[VectorMatch]] = []
            for query in vectors[..<40] { found.append(try index.walkOnly(query, count: 5, breadth: 100)) }
            let truth = vectors[..<40].map { TestVectors.nearest($0, in: vectors, count: 5) }
            #expect(TestVectors.recall(found, truth) >= 0.98)
        }
    }
}
