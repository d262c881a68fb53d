/// That every CPU makes the same graph and gives the same scores.
import CVectorKernels
import Testing

@testable import VectorIndex

@Suite struct DeterminismTests {
    @Test func `all kernels give the same sums, in every dimension`() {
        var chance = Chance(9)
        for dimension in [16, 32, 48, 64, 80, 112, 128, 144, 192, 240, 384, 400, 768, 4_096] {
            let codes = (0..<5 * dimension).map { position -> UInt8 in
                // Extremes in the first code: sums that narrow arithmetic would not hold.
                position < dimension ? (position % 2 == 0 ? 255 : 1) : UInt8(1 + chance.below(255))
            }
            let query = (0..<dimension).map { Int8(truncatingIfNeeded: $0 % 2 == 0 ? 127 : -127) }
            let sum = query.reduce(Int32(0)) { $0 + Int32($1) }
            let expected = (0..<5).map { row in
                (0..<dimension).reduce(Int32(0)) { $0 + (Int32(codes[row * dimension + $1]) - 128) * Int32(query[$1]) }
            }
            let floats = (0..<2 * dimension).map { _ in chance.normal() }
            let reference = floats.withUnsafeBufferPointer {
                VectorKernels.all[0].dotFloats($0.baseAddress, $0.baseAddress.map { $0 + dimension }, dimension)
            }
            for kernels in VectorKernels.all {
                var scores = [Int32](repeating: 0, count: 5)
                kernels.scoreRecords(codes, dimension, [4, 3, 2, 1, 0], 5, query, sum, dimension, &scores)
                #expect(scores == expected.reversed(), "\(kernels.name) \(dimension)")
                kernels.scoreRange(codes, dimension, 5, query, sum, dimension, &scores)
                #expect(scores == expected, "\(kernels.name) \(dimension)")
                let product = floats.withUnsafeBufferPointer {
                    kernels.dotFloats($0.baseAddress, $0.baseAddress.map { $0 + dimension }, dimension)
                }
                #expect(product.bitPattern == reference.bitPattern, "\(kernels.name) \(dimension)")
            }
        }
    }

    @Test func `all kernels make the same graph, run after run, and this very one`() throws {
        let vectors = TestVectors.clustered(1_500, dimension: 96, seed: 3)
        var hashes: Set<UInt64> = []
        for kernels in VectorKernels.all + [.best] {
            hashes.insert(try VectorIndex.of(vectors, kernels: kernels).baseLayerHash)
        }
        // However the appends and the linking interleave.
        let index = try VectorIndex.of(Array(vectors[..<100]))
        for (position, vector) in vectors.enumerated().dropFirst(100) {
            try index.append(key: Int64(position), vector: vector)
            if position % 7 == 0 { try index.linkNext(position % 12) }
            if position % 50 == 0 { index.remove(key: Int64(position)) }
        }
        try index.linkAll()
        hashes.insert(index.baseLayerHash)
        #expect(hashes.count == 1)
        #expect(VectorKernels.all.count >= 1)
    }

    @Test func `levels follow from keys, a sixteenth of them from layer to layer`() {
        let levels = (0..<100_000).map { SlotStorage.level(key: Int64($0), links: 16) }
        let upper = levels.filter { $0 >= 1 }.count
        let second = levels.filter { $0 >= 2 }.count
        #expect((5_800...6_700).contains(upper) && (320...460).contains(second))
    }

    @Test func `codes round to even and stay within bounds`() {
        var code = [UInt8](repeating: 0, count: 16)
        let vector: [Float] = [
            0, 1, -1, 0.5, 1.5, 2.5, -0.5, -1.5, 126.5, 127, 500, -500, .infinity, -.infinity, 0.49, 3,
        ]
        mneme_quantize(vector, 1, 16, &code)
        #expect(code == [128, 129, 127, 128, 130, 130, 128, 126, 254, 255, 255, 1, 255, 1, 128, 131])
    }
}
