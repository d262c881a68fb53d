/// That a file gives back the index it was made of, and that a damaged one is refused.
import CChecksum
import Foundation
import Testing

@testable import VectorIndex

@Suite struct FileTests {
    static let vectors = TestVectors.clustered(1_200, dimension: 48, seed: 8)

    static func sample() throws -> VectorIndex {
        let index = try VectorIndex.of(Array(vectors[..<1_000]))
        for key in stride(from: 0, to: 300, by: 3) { index.remove(key: Int64(key)) }
        // A tail that is not linked.
        for key in 1_000..<1_030 { try index.append(key: Int64(key), vector: vectors[key]) }
        return index
    }

    static func answers(_ index: VectorIndex) throws -> [[VectorMatch]] {
        try vectors[1_100..<1_140].map { try index.walkOnly($0, count: 10, breadth: 40) }
    }

    @Test func `a loaded index answers like the saved one and goes on`() throws {
        let directory = try ScratchDirectory()
        let path = directory.path + "/vectors"
        let index = try Self.sample()
        try index.save(to: path, coveredIndex: 77)
        let opened = try VectorIndexFile.open(path, parameters: index.parameters)
        #expect(opened.coveredIndex == 77)
        let loaded = opened.index
        #expect(try Self.answers(loaded) == Self.answers(index))
        #expect(loaded.baseLayerHash == index.baseLayerHash)
        #expect(loaded.liveCount == index.liveCount && loaded.unlinkedCount == 30)
        for both in [index, loaded] {
            for key in 1_030..<1_100 { try both.append(key: Int64(key), vector: Self.vectors[key]) }
            both.remove(key: 500)
            try both.linkAll()
        }
        #expect(loaded.baseLayerHash == index.baseLayerHash)
        #expect(try Self.answers(loaded) == Self.answers(index))
        // The file that the loaded one is mapped from can be replaced under it.
        try loaded.save(to: path, coveredIndex: 78)
        #expect(try Self.answers(VectorIndexFile.open(path).index) == Self.answers(index))
        #expect(try Self.answers(loaded) == Self.answers(index))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["vectors"])
    }

    @Test func `an empty index and one of a single vector come back`() throws {
        let directory = try ScratchDirectory()
        let path = directory.path + "/vectors"
        let index = try VectorIndex(parameters: VectorIndexParameters(dimension: 48, slotsMax: 1_000))
        try index.save(to: path, coveredIndex: 0)
        var loaded = try VectorIndexFile.open(path).index
        #expect(try loaded.search(Self.vectors[0], count: 3).isEmpty)
        try loaded.append(key: -5, vector: Self.vectors[0])
        try loaded.linkAll()
        try loaded.save(to: path, coveredIndex: .max)
        let opened = try VectorIndexFile.open(path)
        loaded = opened.index
        #expect(opened.coveredIndex == .max)
        #expect(try loaded.search(Self.vectors[0], count: 3).map(\.key) == [-5])
    }

    @Test func `a capture is of its moment, and linking waits for it`() throws {
        let directory = try ScratchDirectory()
        let path = directory.path + "/vectors"
        let index = try Self.sample()
        var capture: VectorIndexCapture? = index.capture(coveredIndex: 5)
        try index.append(key: 1_100, vector: Self.vectors[1_100])
        index.remove(key: 400)
        #expect(try index.linkNext(10) == 0)
        try capture?.write(to: path)
        capture = nil
        #expect(try index.linkNext(10) == 10)
        let loaded = try VectorIndexFile.open(path).index
        #expect(loaded.slot(of: 400) == 400 && loaded.slot(of: 1_100) == nil && loaded.slotCount == 1_030)
    }

    @Test func `500 damaged files are refused or harmless`() throws {
        let directory = try ScratchDirectory()
        let path = directory.path + "/vectors"
        let index = try Self.sample()
        try index.save(to: path, coveredIndex: 1)
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let expected = try Self.answers(index)
        var chance = Chance(4)
        var refused = 0
        for round in 0..<500 {
            var bytes = whole
            switch round % 4 {
            case 0: bytes.removeLast(1 + chance.below(bytes.count))
            case 1: bytes[chance.below(VectorIndexFile.headerBytes)] ^= UInt8(1 << chance.below(8))
            case 2:
                let start = chance.below(bytes.count - 64)
                for position in start..<start + 64 { bytes[position] = UInt8(chance.below(256)) }
            default: bytes[chance.below(bytes.count)] ^= UInt8(1 << chance.below(8))
            }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            do {
                // Accepted: then the damage was in the padding.
                #expect(try Self.answers(VectorIndexFile.open(path).index) == expected)
            } catch let error as VectorIndexError {
                refused += 1
                if case .damaged = error { continue }
                if case .incompatible = error { continue }
                Issue.record("\(error)")
            }
        }
        #expect(refused > 300)
    }

    @Test func `lies under good checksums are refused or harmless`() throws {
        let directory = try ScratchDirectory()
        let path = directory.path + "/vectors"
        try Self.sample().save(to: path, coveredIndex: 1)
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let good = try VectorIndexFile.Header(
            decoding: Array(whole[..<VectorIndexFile.headerBytes]), slotsMax: 1 << 20)
        var chance = Chance(6)
        for round in 0..<300 {
            var bytes = whole
            var header = good
            let section = VectorIndexFile.Section.allCases[round % 6]
            let place = header.sections[section.rawValue]
            for _ in 0..<3 { bytes[place.offset + chance.below(place.bytes)] = UInt8(chance.below(256)) }
            switch round % 50 {
            case 0: header.linked = chance.below(header.count + 1)
            case 1: header.entryWord = chance.next()
            case 2: header.upperLists += 1 - chance.below(3)
            case 3: header.removed = chance.below(header.count)
            case 4: header.parameters.links = 1 + chance.below(70)
            default: break
            }
            for index in header.sections.indices {
                let place = header.sections[index]
                header.sections[index].checksum = bytes[place.offset..<place.offset + place.bytes].withUnsafeBytes {
                    mneme_crc32c(0, $0.baseAddress, $0.count)
                }
            }
            bytes.replaceSubrange(0..<VectorIndexFile.headerBytes, with: header.encoded())
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            do {
                let index = try VectorIndexFile.open(path, slotsMax: 1 << 16).index
                _ = try Self.answers(index)
                for key in 2_000..<2_020 { try index.append(key: Int64(key), vector: Self.vectors[key - 2_000]) }
                try index.linkAll()
                _ = try Self.answers(index)
            } catch is VectorIndexError {
                continue
            }
        }
    }

    @Test func `files for others are refused as what they are`() throws {
        let directory = try ScratchDirectory()
        let path = directory.path + "/vectors"
        try Self.sample().save(to: path, coveredIndex: 1)
        #expect(throws: VectorIndexError.incompatible("it was made with other parameters")) {
            try VectorIndexFile.open(path, parameters: VectorIndexParameters())
        }
        #expect(throws: VectorIndexError.full(slots: 100)) { try VectorIndexFile.open(path, slotsMax: 100) }
        #expect(throws: VectorIndexError.self) { try VectorIndexFile.open(directory.path + "/none") }
        #expect(throws: VectorIndexError.self) { try VectorIndexFile.open(directory.path) }
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[8] = 2
        bytes.replaceSubrange(508..<512, with: VectorIndexFile.Header.checksumBytes(bytes[..<508]))
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(throws: VectorIndexError.incompatible("it has version 2, this program writes 1")) {
            try VectorIndexFile.open(path)
        }
        #expect(throws: VectorIndexError.self) {
            try Self.sample().save(to: directory.path + "/none/vectors", coveredIndex: 1)
        }
    }
}

extension VectorIndexFile.Header {
    static func checksumBytes(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let sum = bytes.withUnsafeBytes { mneme_crc32c(0, $0.baseAddress, $0.count) }
        return withUnsafeBytes(of: sum.littleEndian) { Array($0) }
    }
}
