/// The header's bytes.
///
/// Owns: their order. Must never: trust a number before the checksum over all of them held and its bounds were checked.
import CChecksum

extension VectorIndexFile.Header {
    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(VectorIndexFile.headerBytes)
        func put<Number: FixedWidthInteger>(_ number: Number) {
            withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
        }
        put(VectorIndexFile.magic)
        put(VectorIndexFile.version)
        put(Quantizer.ruleVersion)
        put(UInt32(parameters.dimension))
        put(UInt32(parameters.links))
        put(UInt32(parameters.constructionBreadth))
        put(UInt32(sections.count))
        put(UInt64(count))
        put(UInt64(linked))
        put(UInt64(removed))
        put(UInt64(upperLists))
        put(entryWord)
        put(coveredIndex)
        for section in sections {
            put(UInt64(section.offset))
            put(UInt64(section.bytes))
            put(UInt64(section.checksum))
        }
        bytes += [UInt8](repeating: 0, count: VectorIndexFile.headerBytes - 4 - bytes.count)
        put(Self.checksum(bytes))
        return bytes
    }

    private static func checksum(_ bytes: some Collection<UInt8>) -> UInt32 {
        Array(bytes).withUnsafeBytes { mneme_crc32c(0, $0.baseAddress, $0.count) }
    }

    /// - Parameter slotsMax: how many slots the index may get; not in the file.
    init(decoding bytes: [UInt8], slotsMax: Int) throws(VectorIndexError) {
        guard bytes.count == VectorIndexFile.headerBytes else { throw .damaged("it ends within the header") }
        var position = 0
        func take<Number: FixedWidthInteger>(_ type: Number.Type) -> Number {
            let size = MemoryLayout<Number>.size
            defer { position += size }
            return (0..<size).reduce(Number(0)) { $0 | Number(truncatingIfNeeded: bytes[position + $1]) << ($1 * 8) }
        }
        guard take(UInt64.self) == VectorIndexFile.magic else { throw .damaged("it does not begin like one") }
        let version = take(UInt32.self)
        let body = bytes[..<(bytes.count - 4)]
        let stored = bytes[(bytes.count - 4)...].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard Self.checksum(body) == stored else { throw .damaged("the header's checksum does not hold") }
        guard version == VectorIndexFile.version else {
            throw .incompatible("it has version \(version), this program writes \(VectorIndexFile.version)")
        }
        let rule = take(UInt32.self)
        guard rule == Quantizer.ruleVersion else {
            throw .incompatible("its codes follow rule \(rule), this program's follow \(Quantizer.ruleVersion)")
        }
        parameters = VectorIndexParameters(
            dimension: Int(take(UInt32.self)), links: Int(take(UInt32.self)),
            constructionBreadth: Int(take(UInt32.self)), slotsMax: slotsMax)
        try parameters.check()
        let sectionCount = Int(take(UInt32.self))
        let counts = (0..<4).map { _ in take(UInt64.self) }
        guard sectionCount == VectorIndexFile.Section.allCases.count, counts.allSatisfy({ $0 <= 1 << 31 }) else {
            throw .damaged("the header holds impossible counts")
        }
        count = Int(counts[0])
        linked = Int(counts[1])
        removed = Int(counts[2])
        upperLists = Int(counts[3])
        entryWord = take(UInt64.self)
        coveredIndex = take(UInt64.self)
        guard count <= slotsMax else { throw .full(slots: slotsMax) }
        guard linked <= count, removed <= count else { throw .damaged("the header's counts contradict one another") }
        placeSections()
        for index in sections.indices {
            let isInPlace = take(UInt64.self) == sections[index].offset && take(UInt64.self) == sections[index].bytes
            sections[index].checksum = UInt32(truncatingIfNeeded: take(UInt64.self))
            guard isInPlace else { throw .damaged("a section is not where the counts put it") }
        }
    }
}
