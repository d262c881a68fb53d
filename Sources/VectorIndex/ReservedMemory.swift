/// A range of addresses that memory grows into without ever moving.
///
/// All addresses are reserved at the start, which costs none of the machine's memory; pages become usable a chunk at a
/// time. So a pointer into the range stays good while other threads grow it.
/// Owns: the mapping, given back at deinit. Must never: be read beyond `usableBytes`.
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

final class ReservedMemory: @unchecked Sendable {
    // Sendable: `base` and `reservedBytes` never change. `usableBytes` is read and written by `grow` and `map` alone,
    // which the owner of the index's registry lock (or, for the upper links, of its linker lock) calls.

    /// Also the size of a large page, which spares walks most of their address translations.
    static let chunkBytes = 2 << 20

    let base: UnsafeMutableRawPointer
    let reservedBytes: Int
    private(set) var usableBytes = 0
    private let mapping: UnsafeMutableRawPointer
    private let mappingBytes: Int

    init(bytes: Int) throws(VectorIndexError) {
        let chunk = Self.chunkBytes
        reservedBytes = (max(1, bytes) + chunk - 1) / chunk * chunk
        mappingBytes = reservedBytes + chunk
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | Self.noReserve
        guard let mapping = mmap(nil, mappingBytes, PROT_NONE, flags, -1, 0), mapping != MAP_FAILED else {
            throw .system("reserve \(mappingBytes) bytes of addresses: \(String(cString: strerror(errno)))")
        }
        self.mapping = mapping
        let misaligned = Int(bitPattern: mapping) % chunk
        base = mapping + (misaligned == 0 ? 0 : chunk - misaligned)
    }

    deinit { munmap(mapping, mappingBytes) }

    /// Makes at least the first `bytes` usable; new ones are zero.
    func grow(to bytes: Int) throws(VectorIndexError) {
        guard bytes > usableBytes else { return }
        guard bytes <= reservedBytes else { throw .system("the addresses reserved for it are used up") }
        let chunk = Self.chunkBytes
        let wanted = (bytes + chunk - 1) / chunk * chunk
        guard mprotect(base + usableBytes, wanted - usableBytes, PROT_READ | PROT_WRITE) == 0 else {
            throw .system("take \(wanted - usableBytes) bytes of memory: \(String(cString: strerror(errno)))")
        }
        #if os(Linux)
        // A wish: where the system has no large pages to give, small ones do. Not for the first chunk: what is small
        // should stay small.
        let first = max(usableBytes, chunk)
        if wanted > first { _ = madvise(base + first, wanted - first, Self.largePagesAdvice) }
        #endif
        usableBytes = wanted
    }

    /// Puts pages of a file at the start of a range that nothing uses yet. Writes stay private to this process.
    func map(_ descriptor: Int32, atBytes offset: Int, count: Int) throws(VectorIndexError) {
        guard usableBytes == 0, count <= reservedBytes else { throw .system("the file does not fit its addresses") }
        guard count > 0 else { return }
        try grow(to: count)
        let mapped = mmap(
            base, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | Self.noReserve, descriptor, off_t(offset))
        guard mapped == base else {
            throw .system("map \(count) bytes of the file: \(String(cString: strerror(errno)))")
        }
    }

    #if os(Linux)
    /// MADV_HUGEPAGE, which not every C library module shows.
    private static let largePagesAdvice: Int32 = 14
    #endif

    private static var noReserve: Int32 {
        #if os(Linux)
        MAP_NORESERVE
        #else
        0
        #endif
    }
}
