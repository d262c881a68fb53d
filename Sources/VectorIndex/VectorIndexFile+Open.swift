/// Opening a file: everything that a walk relies on is checked, so that a file that was accepted cannot lead one
/// astray.
///
/// The graph is copied into memory of large pages; the vectors, which only the last step of a search reads, stay mapped
/// from the file. Whoever truncates a file in use stops the process that uses it: a file is replaced by renaming, as
/// `save` does, never rewritten.
/// Owns: the checks. Must never: hand out an index that a damaged file could make crash.
import CChecksum
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension VectorIndexFile {
    public struct Opened: Sendable {
        public let index: VectorIndex
        /// The last log index whose effects are in it.
        public let coveredIndex: UInt64
    }

    /// - Parameters:
    ///   - parameters: what the file has to have been made with; nil: whatever it says.
    ///   - slotsMax: see `VectorIndexParameters`.
    public static func open(
        _ path: String, parameters: VectorIndexParameters? = nil, slotsMax: Int = 1 << 24
    ) throws(VectorIndexError) -> Opened {
        let descriptor = systemOpen(path)
        guard descriptor >= 0 else { throw failure("open \(path)") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("look at \(path)") }
        let bytes = try readHeader(descriptor, fileBytes: Int(status.st_size), path)
        let header = try Header(decoding: bytes, slotsMax: parameters?.slotsMax ?? slotsMax)
        if let parameters, parameters != header.parameters {
            throw .incompatible("it was made with other parameters")
        }
        guard Int(status.st_size) == header.fileBytes else {
            throw .damaged("it has \(status.st_size) bytes, not \(header.fileBytes)")
        }
        let index = try VectorIndex(parameters: header.parameters)
        let storage = index.storage
        try storage.mapVectors(descriptor, atBytes: header.sections[Section.vectors.rawValue].offset, header: header)
        try storage.grow(slots: header.count)
        try storage.grow(upperLists: header.upperLists)
        for section in Section.allCases {
            try load(section, header, storage, descriptor, path)
        }
        try GraphCheck(header: header, storage: storage).run()
        try index.adopt(header)
        return Opened(index: index, coveredIndex: header.coveredIndex)
    }

    private static func systemOpen(_ path: String) -> Int32 {
        #if canImport(Glibc)
        Glibc.open(path, O_RDONLY | O_CLOEXEC)
        #elseif canImport(Musl)
        Musl.open(path, O_RDONLY | O_CLOEXEC)
        #else
        Darwin.open(path, O_RDONLY | O_CLOEXEC)
        #endif
    }

    private static func readHeader(
        _ descriptor: Int32, fileBytes: Int, _ path: String
    ) throws(VectorIndexError) -> [UInt8] {
        guard fileBytes >= headerBytes else { throw .damaged("it ends within the header") }
        var bytes = [UInt8](repeating: 0, count: headerBytes)
        try bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(VectorIndexError) in
                guard let base = buffer.baseAddress else { return }
                try read(descriptor, into: base, count: headerBytes, atBytes: 0, path)
            }
        }.get()
        return bytes
    }

    /// Reads a section to its place, or takes it as it is mapped, and checks its sum.
    private static func load(
        _ section: Section, _ header: Header, _ storage: SlotStorage, _ descriptor: Int32, _ path: String
    ) throws(VectorIndexError) {
        let place = header.sections[section.rawValue]
        let base = storage.start(of: section)
        let piece = 1 << 20
        var checksum: UInt32 = 0
        var done = 0
        while done < place.bytes {
            let step = min(piece, place.bytes - done)
            if section != .vectors {
                try read(descriptor, into: base + done, count: step, atBytes: place.offset + done, path)
            }
            checksum = mneme_crc32c(checksum, base + done, step)
            done += step
        }
        guard checksum == place.checksum else { throw .damaged("the checksum of its \(section) does not hold") }
    }

    private static func read(
        _ descriptor: Int32, into base: UnsafeMutableRawPointer, count: Int, atBytes offset: Int, _ path: String
    ) throws(VectorIndexError) {
        var done = 0
        while done < count {
            let step = pread(descriptor, base + done, count - done, off_t(offset + done))
            if step < 0 && errno == EINTR { continue }
            guard step >= 0 else { throw failure("read \(path)") }
            guard step > 0 else { throw .damaged("it ends too early") }
            done += step
        }
    }
}

extension SlotStorage {
    func mapVectors(
        _ descriptor: Int32, atBytes offset: Int, header: VectorIndexFile.Header
    ) throws(VectorIndexError) {
        try mapVectors(descriptor, atBytes: offset, count: header.bytes(of: .vectors))
    }
}

extension VectorIndex {
    /// Takes over what a file put into the storage. Before anybody else knows of this index.
    func adopt(_ header: VectorIndexFile.Header) throws(VectorIndexError) {
        let isConsistent = registry.withLock { registry in
            registry.slots.reserveCapacity(header.count)
            for slot in 0..<header.count where !storage.isRemoved(slot) {
                let other = registry.slots.updateValue(UInt32(slot), forKey: storage.keys[slot])
                if other != nil { return false }
            }
            registry.removedCount = header.count - registry.slots.count
            return registry.removedCount == header.removed
        }
        guard isConsistent else { throw .damaged("its keys and tombstones contradict one another") }
        upperLists.store(header.upperLists, ordering: .relaxed)
        removedCount.store(header.removed, ordering: .releasing)
        count.store(header.count, ordering: .releasing)
        linkedCount.store(header.linked, ordering: .releasing)
        entry.store(header.entryWord, ordering: .releasing)
    }
}
