/// A file in memory, read-only and by mapping, so that several nodes on one machine share one copy of the model.
///
/// Owns: the mapping. Must never: write; be replaced in place while a node runs (a file that shrinks under a mapping stops
/// the process, so `scripts/fetch-model` replaces by rename only).
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

final class MappedFile: @unchecked Sendable {
    // Sendable: both properties are `let`, and nobody writes to the pages; `deinit` runs when nobody holds the file.
    let path: String
    let bytes: UnsafeRawBufferPointer

    /// - Parameter byteCountMax: larger files are refused before anything of them is read.
    init(path: String, byteCountMax: Int) throws(EmbeddingError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw MappedFile.systemError(path, "cannot be opened") }
        // The mapping outlives the descriptor.
        defer { _ = close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw MappedFile.systemError(path, "has no size") }
        guard information.st_mode & S_IFMT == S_IFREG else {
            throw EmbeddingError(file: path, message: "is not a regular file")
        }
        let count = Int(information.st_size)
        guard count > 0 else { throw EmbeddingError(file: path, message: "is empty") }
        guard count <= byteCountMax else {
            throw EmbeddingError(file: path, message: "has \(count) bytes, more than the \(byteCountMax) it may have")
        }
        guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw MappedFile.systemError(path, "cannot be mapped")
        }
        self.path = path
        bytes = UnsafeRawBufferPointer(start: start, count: count)
    }

    deinit {
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }

    private static func systemError(_ path: String, _ what: String) -> EmbeddingError {
        EmbeddingError(file: path, message: "\(what): \(String(cString: strerror(errno)))")
    }
}
