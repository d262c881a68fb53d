/// An index as it was at one moment, and its way to a file.
///
/// What can change after the capture is copied in it (one byte a slot); the rest stands still: slots never change, and
/// links do not change while a capture exists, since it holds up `linkNext`.
/// Owns: that pause. Must never: let a file appear under its name before all of it is on the disk.
import CChecksum
import CVectorKernels
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension VectorIndex {
    /// Takes the state of this moment, quickly; `write` takes it to a file later, on any thread. Until it is let go of,
    /// nothing is linked.
    /// - Parameter coveredIndex: the last log index whose effects are in the state; the caller sees to it that no
    ///   append or remove comes in between.
    public func capture(coveredIndex: UInt64) -> VectorIndexCapture {
        linkPauses.add(1, ordering: .sequentiallyConsistent)
        return registry.withLock { registry in
            let count = count.load(ordering: .relaxed)
            let tombstones = Array(UnsafeBufferPointer(start: storage.tombstones, count: count))
            return VectorIndexCapture(
                index: self, count: count, removed: registry.removedCount, tombstones: tombstones,
                coveredIndex: coveredIndex)
        }
    }

    /// Writes the index to a file, whole or not at all.
    public func save(to path: String, coveredIndex: UInt64) throws(VectorIndexError) {
        try capture(coveredIndex: coveredIndex).write(to: path)
    }
}

public final class VectorIndexCapture: Sendable {
    let index: VectorIndex
    let count: Int
    let removed: Int
    let tombstones: [UInt8]
    public let coveredIndex: UInt64

    init(index: VectorIndex, count: Int, removed: Int, tombstones: [UInt8], coveredIndex: UInt64) {
        self.index = index
        self.count = count
        self.removed = removed
        self.tombstones = tombstones
        self.coveredIndex = coveredIndex
    }

    deinit { index.linkPauses.subtract(1, ordering: .acquiringAndReleasing) }

    /// Writes under a temporary name, syncs, renames, and syncs the directory. Two writes to one path take turns.
    public func write(to path: String) throws(VectorIndexError) {
        try index.linker.withLock { (_) throws(VectorIndexError) in
            let temporary = path + ".new"
            do throws(VectorIndexError) {
                try writeFile(temporary)
                guard rename(temporary, path) == 0 else { throw VectorIndexFile.failure("rename \(temporary)") }
            } catch {
                unlink(temporary)
                throw error
            }
            try syncDirectory(of: path)
        }
    }

    /// Under the linker's lock. The insertion that was under way at the capture has ended, and no other began.
    private func writeFile(_ path: String) throws(VectorIndexError) {
        var header = VectorIndexFile.Header(
            parameters: index.parameters, count: count, linked: index.linkedCount.load(ordering: .acquiring),
            removed: removed, upperLists: index.upperLists.load(ordering: .relaxed),
            entryWord: index.entry.load(ordering: .acquiring),
            coveredIndex: coveredIndex)
        header.placeSections()
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw VectorIndexFile.failure("create \(path)") }
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(header.fileBytes)) == 0 else {
            throw VectorIndexFile.failure("make room in \(path)")
        }
        for section in VectorIndexFile.Section.allCases {
            var place = header.sections[section.rawValue]
            guard place.bytes > 0 else { continue }
            place.checksum = try withBytes(of: section, count: place.bytes) { bytes in
                Result { () throws(VectorIndexError) in
                    try Self.write(bytes, to: descriptor, atBytes: place.offset, path)
                }
            }.get()
            header.sections[section.rawValue] = place
        }
        _ = try header.encoded().withUnsafeBytes { bytes in
            Result { () throws(VectorIndexError) in try Self.write(bytes, to: descriptor, atBytes: 0, path) }
        }.get()
        guard fsync(descriptor) == 0 else { throw VectorIndexFile.failure("sync \(path)") }
    }

    private func withBytes<Value>(
        of section: VectorIndexFile.Section, count: Int, _ body: (UnsafeRawBufferPointer) -> Value
    ) -> Value {
        if section == .tombstones { return tombstones.withUnsafeBytes(body) }
        return body(UnsafeRawBufferPointer(start: index.storage.start(of: section), count: count))
    }

    /// - Returns: the checksum of the bytes.
    private static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, atBytes offset: Int, _ path: String
    ) throws(VectorIndexError) -> UInt32 {
        guard let base = bytes.baseAddress else { return 0 }
        // In pieces, so that what the checksum read is still in the cache when it is written.
        let piece = 256 << 10
        var checksum: UInt32 = 0
        var done = 0
        while done < bytes.count {
            let step = min(piece, bytes.count - done)
            checksum = mneme_crc32c(checksum, base + done, step)
            var written = 0
            while written < step {
                let result = pwrite(descriptor, base + done + written, step - written, off_t(offset + done + written))
                if result < 0 && errno == EINTR { continue }
                guard result > 0 else { throw VectorIndexFile.failure("write \(path)") }
                written += result
            }
            done += step
        }
        return checksum
    }

    private func syncDirectory(of path: String) throws(VectorIndexError) {
        let end = path.lastIndex(of: "/")
        let directory = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw VectorIndexFile.failure("open \(directory) to sync it") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw VectorIndexFile.failure("sync \(directory)") }
    }
}

extension SlotStorage {
    /// Where the bytes of a section begin.
    func start(of section: VectorIndexFile.Section) -> UnsafeMutableRawPointer {
        switch section {
        case .keys: UnsafeMutableRawPointer(keys)
        case .levels: UnsafeMutableRawPointer(levels)
        case .tombstones: UnsafeMutableRawPointer(tombstones)
        case .upperStarts: UnsafeMutableRawPointer(upperStarts)
        case .upperLinks: UnsafeMutableRawPointer(upperLinks)
        case .links: UnsafeMutableRawPointer(links)
        case .codes: UnsafeMutableRawPointer(codes)
        case .vectors: UnsafeMutableRawPointer(vectors)
        }
    }
}
