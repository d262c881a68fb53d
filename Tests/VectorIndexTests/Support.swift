/// What the tests of the vector index share: vectors in clusters, exact answers, a directory that goes away.
import Foundation
import Testing

@testable import VectorIndex

/// Numbers that are the same in every run.
struct Chance {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// Nearly normal, mean 0: a sum of four uniform numbers.
    mutating func normal() -> Float {
        let sum = (0..<4).reduce(Float(0)) { sum, _ in sum + Float(next() >> 40) / Float(1 << 24) }
        return (sum - 2) * 1.732
    }
}

enum TestVectors {
    static func unit(_ vector: [Float]) -> [Float] {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return vector.map { $0 / length }
    }

    /// Vectors around a few centres, which is harder than vectors everywhere: near ones differ little.
    static func clustered(_ count: Int, dimension: Int, clusters: Int = 40, seed: UInt64 = 1) -> [[Float]] {
        var chance = Chance(seed)
        let centres = (0..<clusters).map { _ in unit((0..<dimension).map { _ in chance.normal() }) }
        return (0..<count).map { _ in
            let centre = centres[chance.below(clusters)]
            let spread = 0.8 / Float(dimension).squareRoot()
            return unit(centre.map { $0 + chance.normal() * spread })
        }
    }

    static func dot(_ left: [Float], _ right: [Float]) -> Float {
        VectorKernels.all[0].dotFloats(left, right, left.count)
    }

    /// The keys of the nearest, which are the positions, by comparison with all.
    static func nearest(
        _ query: [Float], in vectors: [[Float]], count: Int, where passes: (Int) -> Bool = { _ in true }
    )
        -> [Int64]
    {
        let scored = vectors.indices.filter(passes).map { ($0, dot(query, vectors[$0])) }
        return scored.sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0 < $1.0 }.prefix(count).map { Int64($0.0) }
    }

    static func recall(_ found: [[VectorMatch]], _ truth: [[Int64]]) -> Double {
        var hits = 0
        var all = 0
        for (matches, keys) in zip(found, truth) {
            hits += Set(matches.map(\.key)).intersection(keys).count
            all += keys.count
        }
        return Double(hits) / Double(max(1, all))
    }
}

extension VectorIndex {
    /// Keys are positions.
    static func of(
        _ vectors: [[Float]], links: Int = 16, kernels: VectorKernels = .best, isLinked: Bool = true
    ) throws -> VectorIndex {
        let parameters = VectorIndexParameters(
            dimension: vectors[0].count, links: links, constructionBreadth: 100, slotsMax: 1 << 16)
        let index = try VectorIndex(parameters: parameters, kernels: kernels)
        for (position, vector) in vectors.enumerated() { try index.append(key: Int64(position), vector: vector) }
        if isLinked { try index.linkAll() }
        return index
    }

    func linkAll() throws {
        while try linkNext(1_000) > 0 {}
    }
}

final class ScratchDirectory {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("vectors-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("could not remove \(path): \(error)")
        }
    }
}
