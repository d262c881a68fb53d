/// From single precision to one byte per component.
///
/// Stored vectors share one scale, which depends on the dimension alone: five times the root mean square of a unit
/// vector's components is the largest value that a byte holds. Measured on MiniLM vectors it ranks like a scale per
/// vector once the best few are ranked again in single precision, and needs no second read next to the code.
/// Multiplication and rounding are those of IEEE 754: the codes, and so the graph, are the same on every machine.
/// A query takes the scale that suits it: its sums are compared with one another only.
/// Owns: the rule. Must never: change without a new `ruleVersion`, which files carry.
import CVectorKernels

struct Quantizer: Sendable {
    static let ruleVersion: UInt32 = 1
    static let unitTolerance: Float = 0.01

    let dimension: Int
    let scale: Float

    init(dimension: Int) {
        self.dimension = dimension
        scale = 127.0 / 5.0 * Float(dimension).squareRoot()
    }

    /// - Throws: if the vector is not one of unit length in this dimension.
    func check(_ vector: UnsafeBufferPointer<Float>) throws(VectorIndexError) {
        guard vector.count == dimension else { throw .vector("has \(vector.count) components, not \(dimension)") }
        var squares: Float = 0
        for component in vector { squares += component * component }
        // Not a number fails every comparison.
        guard squares > 1 - 2 * Self.unitTolerance, squares < 1 + 2 * Self.unitTolerance else {
            throw .vector("is not of unit length (its square is \(squares))")
        }
    }

    func encode(_ vector: UnsafePointer<Float>, into code: UnsafeMutablePointer<UInt8>) {
        mneme_quantize(vector, scale, dimension, code)
    }

    /// - Returns: its scale.
    func encodeQuery(_ vector: UnsafeBufferPointer<Float>, code: UnsafeMutablePointer<UInt8>) -> Float {
        guard let base = vector.baseAddress else { return 1 }
        var largest: Float = 0
        for component in vector { largest = max(largest, abs(component)) }
        // A unit vector has a component of at least 1/64: no division by almost nothing.
        let scale = 127 / max(largest, 0.001)
        mneme_quantize(base, scale, dimension, code)
        return scale
    }
}
