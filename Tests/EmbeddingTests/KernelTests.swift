/// The kernels of every instruction set against the same formulas in double precision.
import CTensorKernels
import Foundation
import Testing

@testable import Embedding

@Suite("Tensor kernels")
struct KernelTests {
    /// Numbers between -1 and 1 that only look random.
    static func numbers(_ count: Int, seed: UInt64) -> [Float] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max)
        }
    }

    static func gelu(_ x: Double) -> Double { 0.5 * x * erfc(-x / 2.squareRoot()) }

    @Test("there is a variant, and the last one is portable")
    func variants() {
        #expect(Kernels.available.last?.name == "portable")
        #expect(Kernels.fastest.name == Kernels.available.first?.name)
        print("kernels: \(Kernels.available.map(\.name).joined(separator: ", "))")
    }

    @Test("GELU within 1e-6, the exponential within 1e-6, also far out")
    func functions() {
        let places = Array(stride(from: Float(-20), through: 20, by: 0.003)) + [-1e30, 1e30, -0.0, 1e-30, -1e-38]
        for kernels in Kernels.available {
            var values = places
            kernels.table.gelu(&values, values.count)
            for (x, y) in zip(places, values) {
                #expect(abs(Double(y) - KernelTests.gelu(Double(x))) <= max(1e-6, abs(Double(x)) * 1e-7), "\(x)")
            }
            let negative = places.filter { $0 <= 0 }
            values = negative
            kernels.table.exponential(&values, values.count)
            for (x, y) in zip(negative, values) { #expect(abs(Double(y) - exp(Double(x))) <= 1e-6, "\(x)") }
        }
    }

    @Test("the product for every number of rows, with and without GELU", arguments: [32, 384])
    func product(_ inputs: Int) {
        let outputs = 64
        let weights = KernelTests.numbers(outputs * inputs, seed: 1)
        let bias = KernelTests.numbers(outputs, seed: 2)
        var packed = [Float](repeating: 0, count: weights.count)
        mneme_pack_weights(weights, outputs, inputs, &packed)
        for rows in Array(1...26) + [97] {
            let input = KernelTests.numbers(rows * inputs, seed: 100 + UInt64(rows))
            // What is computed is looked at sparsely; that nothing is written beside the output, everywhere.
            let places = (0..<rows).map { ($0, $0 * 7 % outputs) }
            let expected = places.map { row, column in
                (0..<inputs).reduce(Double(bias[column])) {
                    $0 + Double(input[row * inputs + $1]) * Double(weights[column * inputs + $1])
                }
            }
            for kernels in Kernels.available {
                for activation in [MNEME_ACTIVATION_NONE, MNEME_ACTIVATION_GELU] {
                    var output = [Float](repeating: 77, count: rows * outputs + 64)
                    kernels.table.linear(input, rows, inputs, packed, bias, outputs, activation, &output)
                    for ((row, column), sum) in zip(places, expected) {
                        let wanted = activation == MNEME_ACTIVATION_GELU ? KernelTests.gelu(sum) : sum
                        #expect(abs(Double(output[row * outputs + column]) - wanted) < 2e-5, "\(kernels.name) \(rows)")
                    }
                    #expect(output[(rows * outputs)...].allSatisfy { $0 == 77 })
                }
            }
        }
    }

    @Test("attention for every number of tokens around the panel width", arguments: [1, 2, 5, 31, 32, 33, 65])
    func attention(_ tokens: Int) {
        let heads = 2
        let joined = KernelTests.numbers(tokens * 3 * heads * 32, seed: 3).map { $0 * 3 }
        func value(_ token: Int, _ part: Int, _ head: Int, _ index: Int) -> Double {
            Double(joined[((token * 3 + part) * heads + head) * 32 + index])
        }
        for kernels in Kernels.available {
            var output = [Float](repeating: 77, count: tokens * heads * 32 + 32)
            var scratch = [Float](repeating: .nan, count: mneme_attention_scratch_count(tokens))
            kernels.table.attention(joined, tokens, heads, &scratch, &output)
            for token in 0..<tokens {
                let head = token % heads
                let scores = (0..<tokens).map { other in
                    (0..<32).reduce(0) { $0 + value(token, 0, head, $1) * value(other, 1, head, $1) } / 32.squareRoot()
                }
                let highest = scores.max() ?? 0
                let shares = scores.map { exp($0 - highest) }
                let index = token * 5 % 32
                let mixed = (0..<tokens).reduce(0) { $0 + shares[$1] * value($1, 2, head, index) }
                let wanted = mixed / shares.reduce(0, +)
                let found = Double(output[(token * heads + head) * 32 + index])
                #expect(abs(found - wanted) < 1e-5, "\(kernels.name) \(token)")
            }
            #expect(output[(tokens * heads * 32)...].allSatisfy { $0 == 77 })
        }
    }

    @Test("layer norm in place, and the mean of length one, also of nothing but zeros")
    func norms() {
        let left = KernelTests.numbers(3 * 384, seed: 4)
        let right = KernelTests.numbers(3 * 384, seed: 5)
        let gain = KernelTests.numbers(384, seed: 6)
        let shift = KernelTests.numbers(384, seed: 7)
        for kernels in Kernels.available {
            var output = left
            kernels.table.add_normalize(output, right, 3, 384, gain, shift, 1e-12, &output)
            for row in 0..<3 {
                let sums = (0..<384).map { Double(left[row * 384 + $0]) + Double(right[row * 384 + $0]) }
                let mean = sums.reduce(0, +) / 384
                let deviation = (sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 384).squareRoot()
                for index in 0..<384 {
                    let wanted = (sums[index] - mean) / deviation * Double(gain[index]) + Double(shift[index])
                    #expect(abs(Double(output[row * 384 + index]) - wanted) < 2e-6)
                }
            }
            var vector = [Float](repeating: 0, count: 384)
            kernels.table.mean_unit(left, 3, 384, &vector)
            #expect(abs(vector.reduce(0) { $0 + Double($1) * Double($1) } - 1) < 1e-6)
            kernels.table.mean_unit([Float](repeating: 0, count: 384), 1, 384, &vector)
            #expect(vector.allSatisfy { $0 == 0 })
        }
    }
}
