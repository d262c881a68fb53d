/// One open file of a `PosixDisk`.
///
/// Owns: the file descriptor. Must never: retry anything but an interrupted call, or report less than the whole write.

import Glibc
import Synchronization

final class PosixFile: DiskFile {
    let name: String
    private let path: String
    private let descriptor: Int32
    private let closed = Atomic<Bool>(false)

    /// Bytes of one zero-filling write in `allocate`.
    private static let zeroChunkBytes = 1 << 20

    init(name: String, path: String, descriptor: Int32) {
        self.name = name
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close() }

    func close() {
        // Data is durable only through `sync`, whose error is reported; an error of close has nothing left to say.
        if !closed.exchange(true, ordering: .acquiringAndReleasing) { _ = Glibc.close(descriptor) }
    }

    func read(atBytes offset: UInt64, count: Int) throws(DiskError) -> [UInt8] {
        guard count > 0 else { return [] }
        var failure: DiskError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count {
                let place = UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[initialized...])
                let done = pread(descriptor, place.baseAddress, place.count, off_t(offset) + off_t(initialized))
                if done < 0 {
                    if errno == EINTR { continue }
                    failure = posixError(.read, path: path, offset: offset + UInt64(initialized))
                    return
                }
                if done == 0 { return }
                initialized += done
            }
        }
        if let failure { throw failure }
        return bytes
    }

    func write(_ bytes: [UInt8], atBytes offset: UInt64) throws(DiskError) {
        let failure = bytes.withUnsafeBytes { buffer -> DiskError? in
            var written = 0
            while written < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
                let done = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(written))
                if done < 0 {
                    if errno == EINTR { continue }
                    return posixError(.write, path: path, offset: offset + UInt64(written))
                }
                if done == 0 {
                    return DiskError(
                        .write, path: path, offsetBytes: offset + UInt64(written), errorNumber: EIO,
                        message: "the system wrote nothing")
                }
                written += done
            }
            return nil
        }
        if let failure { throw failure }
    }

    func sync() throws(DiskError) {
        while fdatasync(descriptor) != 0 {
            // An interrupted sync has reported nothing about the pages yet; every other error is final (catalogue bug 68).
            if errno == EINTR { continue }
            throw posixError(.sync, path: path)
        }
    }

    func allocate(bytes: UInt64) throws(DiskError) {
        let size = try sizeBytes()
        guard bytes > size else { return }
        // 1. Reserve first, so that a full disk shows before anything is written.
        var status = posix_fallocate(descriptor, off_t(size), off_t(bytes - size))
        while status == EINTR { status = posix_fallocate(descriptor, off_t(size), off_t(bytes - size)) }
        // A file system that cannot reserve still takes the zeros below.
        guard status == 0 || status == EOPNOTSUPP || status == EINVAL else {
            throw posixError(.allocate, path: path, offset: size, number: status)
        }
        // 2. Write the zeros: blocks that are only reserved cost a metadata write at the first flush of each.
        var offset = size
        let zeros = [UInt8](repeating: 0, count: Int(min(UInt64(Self.zeroChunkBytes), bytes - size)))
        while offset < bytes {
            let chunk = min(UInt64(zeros.count), bytes - offset)
            try write(chunk == UInt64(zeros.count) ? zeros : Array(zeros[0..<Int(chunk)]), atBytes: offset)
            offset += chunk
        }
    }

    func truncate(toBytes bytes: UInt64) throws(DiskError) {
        while ftruncate(descriptor, off_t(bytes)) != 0 {
            if errno == EINTR { continue }
            throw posixError(.truncate, path: path, offset: bytes)
        }
    }

    func sizeBytes() throws(DiskError) -> UInt64 {
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw posixError(.size, path: path) }
        return UInt64(information.st_size)
    }
}

/// The error of the system call that just failed.
func posixError(
    _ operation: DiskError.Operation, path: String, offset: UInt64? = nil, number: Int32 = errno
) -> DiskError {
    let message = strerror(number).map { String(cString: $0) } ?? "error \(number)"
    return DiskError(operation, path: path, offsetBytes: offset, errorNumber: number, message: message)
}
