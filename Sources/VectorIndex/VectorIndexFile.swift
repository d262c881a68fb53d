/// The form of an index's file.
///
/// A header in the first `alignment` bytes, then one section after another, each beginning at a multiple of `alignment`
/// and padded with zeros. Numbers are little-endian. The header ends in its own CRC32C and holds one of every section.
/// Owns: the form and its version. Must never: change without a new version; another version is refused, and the owner
/// rebuilds from its rows.
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

public enum VectorIndexFile {
    static let magic: UInt64 = 0x3158_4956_454D_454E  // "NEMEVIX1" as little-endian bytes
    static let version: UInt32 = 1
    /// At least the page size of any machine that maps the file.
    static let alignment = 65_536
    static let headerBytes = 512

    /// In the order of the file.
    enum Section: Int, CaseIterable {
        case keys
        case levels
        case tombstones
        case upperStarts
        case upperLinks
        case links
        case codes
        case vectors
    }

    struct SectionPlace: Equatable {
        var offset: Int
        var bytes: Int
        var checksum: UInt32 = 0
    }

    struct Header: Equatable {
        var parameters: VectorIndexParameters
        var count: Int
        var linked: Int
        var removed: Int
        var upperLists: Int
        var entryWord: UInt64
        var coveredIndex: UInt64
        var sections: [SectionPlace] = []

        /// What the counts ask for.
        func bytes(of section: Section) -> Int {
            switch section {
            case .keys: count * 8
            case .levels, .tombstones: count
            case .upperStarts: count * 4
            case .upperLinks: upperLists * parameters.links * 4
            case .links: count * parameters.baseLinks * 4
            case .codes: count * parameters.dimension
            case .vectors: count * parameters.dimension * 4
            }
        }

        mutating func placeSections() {
            var offset = VectorIndexFile.alignment
            sections = Section.allCases.map { section in
                let place = SectionPlace(offset: offset, bytes: bytes(of: section))
                offset += VectorIndexFile.padded(place.bytes)
                return place
            }
        }

        var fileBytes: Int {
            guard let last = sections.last else { return VectorIndexFile.alignment }
            return last.offset + VectorIndexFile.padded(last.bytes)
        }
    }

    static func padded(_ bytes: Int) -> Int { (bytes + alignment - 1) / alignment * alignment }

    static func failure(_ doing: String, _ code: Int32 = errno) -> VectorIndexError {
        .system("\(doing): \(String(cString: strerror(code)))")
    }
}
