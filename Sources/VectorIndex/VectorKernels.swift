/// The C kernels of this CPU, chosen once.
///
/// Owns: the choice. Must never: be asked for a kernel that the CPU cannot run.
import CVectorKernels

struct VectorKernels: Sendable {
    typealias ScoreRecords =
        @convention(c) (
            UnsafePointer<UInt8>?, Int, UnsafePointer<UInt32>?, Int, UnsafePointer<Int8>?, Int32, Int,
            UnsafeMutablePointer<Int32>?
        ) -> Void
    typealias ScoreRange =
        @convention(c) (
            UnsafePointer<UInt8>?, Int, Int, UnsafePointer<Int8>?, Int32, Int, UnsafeMutablePointer<Int32>?
        ) -> Void
    typealias DotFloats = @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, Int) -> Float
    typealias QueryOfCode = @convention(c) (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<Int8>?) -> Int32

    let name: String
    let scoreRecords: ScoreRecords
    let scoreRange: ScoreRange
    let dotFloats: DotFloats
    let queryOfCode: QueryOfCode

    private init(_ table: UnsafePointer<mneme_vector_kernels>) {
        guard let records = table.pointee.score_records, let range = table.pointee.score_range,
            let floats = table.pointee.dot_floats, let query = table.pointee.query_of_code,
            let text = table.pointee.name
        else { preconditionFailure("a table of kernels has all of them") }
        name = String(cString: text)
        scoreRecords = records
        scoreRange = range
        dotFloats = floats
        queryOfCode = query
    }

    static let best = VectorKernels(mneme_vector_kernels_best())

    /// Every set that this CPU can run, for comparisons.
    static let all: [VectorKernels] = [
        MNEME_KERNEL_PORTABLE, MNEME_KERNEL_AVX2, MNEME_KERNEL_AVX512, MNEME_KERNEL_NEON,
    ].compactMap { kind in mneme_vector_kernels_of(kind).map { VectorKernels($0) } }
}
