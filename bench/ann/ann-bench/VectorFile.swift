/// A mapped file of little-endian single-precision vectors.
///
/// Owns: the mapping. Must never: write.
import Foundation

struct VectorFile {
    let dimension: Int
    let count: Int
    private let data: Data

    init(path: String, dimension: Int) throws {
        guard dimension > 0 else { throw BenchFailure("a dimension of \(dimension)") }
        data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        self.dimension = dimension
        count = data.count / (dimension * MemoryLayout<Float>.stride)
    }

    func vector(_ row: Int) -> [Float] {
        data.withUnsafeBytes { bytes in
            let first = row * dimension * MemoryLayout<Float>.stride
            return (0..<dimension).map { component in
                let place = first + component * MemoryLayout<Float>.stride
                return Float(
                    bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
            }
        }
    }
}
