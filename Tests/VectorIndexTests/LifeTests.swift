/// Threads, rebuilds, hostile arguments.
import Foundation
import Synchronization
import Testing

@testable import VectorIndex

@Suite struct LifeTests {
    static let vectors = TestVectors.clustered(2_900, dimension: 32, seed: 12)

    /// Runs each body on a thread of its own and waits for all.
    static func onThreads(_ bodies: [@Sendable () throws -> Void]) {
        let failures = Mutex<[String]>([])
        let group = DispatchGroup()
        for body in bodies {
            group.enter()
            Thread {
                do { try body() } catch { failures.withLock { $0.append("\(error)") } }
                group.leave()
            }.start()
        }
        group.wait()
        #expect(failures.withLock { $0 }.isEmpty)
    }

    @Test func `searches, appends, removes and linking go on at once`() throws {
        let index = try VectorIndex.of(Array(Self.vectors[..<500]))
        let isDone = Atomic<Bool>(false)
        let acknowledged = Atomic<Int>(500)
        let directory = try ScratchDirectory()
        let path = directory.path + "/vectors"
        let search: @Sendable () throws -> Void = {
            var chance = Chance(UInt64(acknowledged.load(ordering: .relaxed)))
            while !isDone.load(ordering: .acquiring) {
                // Of the part from which nothing is removed.
                let key = chance.below(acknowledged.load(ordering: .acquiring)) / 2 * 2
                let matches = try index.walkOnly(Self.vectors[key], count: 5, breadth: 60)
                #expect(matches.first?.key == Int64(key))
                let bitmap = index.bitmap(keys: [Int64(key), 1, 3])
                #expect(try index.search(Self.vectors[key], count: 1, allowed: bitmap).first?.key == Int64(key))
            }
        }
        Self.onThreads([
            search, search,
            {
                for key in 500..<Self.vectors.count {
                    try index.append(key: Int64(key), vector: Self.vectors[key])
                    acknowledged.store(key + 1, ordering: .releasing)
                    if key % 5 == 0 { index.remove(key: Int64(key - 400) | 1) }
                    if key % 10 == 0 { sched_yield() }
                }
                while index.unlinkedCount > 0 { sched_yield() }
                isDone.store(true, ordering: .releasing)
            },
            {
                while !isDone.load(ordering: .acquiring) {
                    if try index.linkNext(16) == 0 { sched_yield() }
                }
            },
            {
                while !isDone.load(ordering: .acquiring) {
                    try index.save(to: path, coveredIndex: 1)
                    _ = try VectorIndexFile.open(path)
                }
            },
        ])
        let sequential = try VectorIndex.of(Self.vectors)
        #expect(sequential.baseLayerHash == index.baseLayerHash)
    }

    @Test func `a rebuild is compact and has what happened meanwhile`() throws {
        let index = try VectorIndex.of(Array(Self.vectors[..<2_500]))
        #expect(!index.needsRebuild)
        for key in 0..<1_200 { index.remove(key: Int64(key)) }
        #expect(index.needsRebuild)
        #expect(try index.rebuilt { true } == nil)
        let rebuild = try #require(try index.rebuilt())
        index.remove(key: 2_000)
        try index.append(key: 2_001, vector: Self.vectors[2_700])
        try index.append(key: 2_600, vector: Self.vectors[2_600])
        try index.append(key: 2_601, vector: Self.vectors[2_601])
        index.remove(key: 2_601)
        let known = rebuild.index.slotCount
        let finished = try rebuild.finish()
        let compact = finished.index
        #expect(Set(finished.removed) == [2_000] && finished.firstNewSlot == known)
        #expect(!compact.needsRebuild)
        #expect(compact.liveCount == index.liveCount && compact.slotCount < 1_310)
        for key in [0, 1_199, 1_200, 2_000, 2_001, 2_499, 2_600, 2_601] {
            #expect(compact.vector(key: Int64(key)) == index.vector(key: Int64(key)))
        }
        for query in Self.vectors[2_800..<2_850] {
            let keys = try compact.search(query, count: 10).map(\.key)
            #expect(try index.search(query, count: 10).map(\.key) == keys)
        }
    }

    @Test func `hostile parameters, vectors and queries are refused`() throws {
        let bad = [
            VectorIndexParameters(dimension: 0), VectorIndexParameters(dimension: -16),
            VectorIndexParameters(dimension: 20), VectorIndexParameters(dimension: 8_192),
            VectorIndexParameters(links: 0), VectorIndexParameters(links: 1), VectorIndexParameters(links: .max),
            VectorIndexParameters(constructionBreadth: 0), VectorIndexParameters(constructionBreadth: .max),
            VectorIndexParameters(slotsMax: 0), VectorIndexParameters(slotsMax: .max),
        ]
        for parameters in bad {
            #expect(throws: VectorIndexError.self) { try VectorIndex(parameters: parameters) }
        }
        let index = try VectorIndex(parameters: VectorIndexParameters(dimension: 32, slotsMax: 3))
        var vectors = [[], [1], [Float](repeating: 0, count: 32), [Float](repeating: 1, count: 32)]
        for value in [Float.nan, .infinity, -.infinity, .greatestFiniteMagnitude] {
            vectors.append([value] + [Float](repeating: 0, count: 31))
        }
        for vector in vectors {
            #expect(throws: VectorIndexError.self) { try index.append(key: 1, vector: vector) }
            #expect(throws: VectorIndexError.self) { try index.search(vector, count: 1) }
        }
        #expect(index.slotCount == 0 && index.memory.total == 0)
        for key in [Int64.min, .max, 0] { try index.append(key: key, vector: Self.vectors[0]) }
        #expect(throws: VectorIndexError.full(slots: 3)) { try index.append(key: 4, vector: Self.vectors[1]) }
        try index.linkAll()
        let query = Self.vectors[0]
        #expect(try index.search(query, count: 5).map(\.key) == [.min, 0, .max])
        #expect(try index.search(query, count: .max, breadth: .max).count == 3)
        #expect(try index.walkOnly(query, count: 2_000, breadth: .min).count == 3)
        #expect(try index.search(query, count: .min).isEmpty && index.search(query, count: 0).isEmpty)
        #expect(try index.search(query, count: 3, allowed: SlotBitmap()).isEmpty)
        let beyond = SlotBitmap(words: [UInt64](repeating: .max, count: 50))
        #expect(try index.search(query, count: 9, allowed: beyond).count == 3)
        #expect(try index.linkNext(-1) == 0)
        #expect(index.bitmap(keys: [7, 8]).count == 0)
    }

    @Test func `many equal vectors are linked and found`() throws {
        let same = [[Float]](repeating: Self.vectors[0], count: 800)
        let index = try VectorIndex.of(same)
        #expect(try index.walkOnly(same[0], count: 10, breadth: 50).count == 10)
        #expect(try index.search(same[0], count: 10).map(\.key) == Array(0..<10))
    }

    @Test func `a bitmap is a set`() {
        var bitmap = SlotBitmap()
        for slot in [0, 63, 64, 1_000] { bitmap.insert(slot) }
        bitmap.insert(-1)
        bitmap.insert(.max)
        #expect(bitmap.count == 4 && bitmap.contains(63) && !bitmap.contains(62) && !bitmap.contains(-1))
        bitmap.remove(63)
        bitmap.remove(.max)
        #expect(bitmap.count == 3 && !bitmap.contains(63) && !bitmap.contains(.max))
        var other = SlotBitmap(slots: 10)
        other.insert(0)
        other.insert(5)
        var both = bitmap
        both.formIntersection(other)
        other.formUnion(bitmap)
        #expect(both.count == 1 && other.count == 4)
    }

    @Test func `memory is told`() throws {
        let report = try VectorIndex.of(Self.vectors).memory
        #expect(report.slots == 2_900 && report.vectors == 2_900 * 128 && report.codes == 2_900 * 32)
        #expect(report.perVector > 128 + 32 + 128 && report.perVector < 128 + 32 + 128 + 80)
    }
}
