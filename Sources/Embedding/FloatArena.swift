/// One aligned allocation that is handed out piece by piece, once.
///
/// Owns: the memory. Must never: hand out the same float twice, or more than it was made for.
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

final class FloatArena {
    /// Every piece begins on a cache line.
    private static let pieceAlignment = 64 / MemoryLayout<Float>.stride
    private static let hugePage = 2 << 20

    private let start: UnsafeMutablePointer<Float>
    private let count: Int
    private var used = 0

    /// - Parameter counts: the pieces that will be taken, in any order.
    init(counts: [Int]) {
        count = counts.map(FloatArena.rounded).reduce(0, +)
        let byteCount = count * MemoryLayout<Float>.stride
        let isLarge = byteCount >= FloatArena.hugePage
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: byteCount, alignment: isLarge ? FloatArena.hugePage : 64)
        #if os(Linux)
        // A product streams through all weights: with small pages every fourth kilobyte would cost a walk of the page
        // table. Only advice: a kernel that refuses it changes nothing but the speed.
        if isLarge { _ = madvise(memory, byteCount, MADV_HUGEPAGE) }
        #endif
        start = memory.bindMemory(to: Float.self, capacity: count)
        start.initialize(repeating: 0, count: count)
    }

    deinit { start.deallocate() }

    func take(_ pieceCount: Int) -> UnsafeMutablePointer<Float> {
        let piece = start + used
        used += FloatArena.rounded(pieceCount)
        precondition(used <= count, "more floats taken from the arena than it was made for")
        return piece
    }

    private static func rounded(_ count: Int) -> Int { (count + pieceAlignment - 1) / pieceAlignment * pieceAlignment }
}
