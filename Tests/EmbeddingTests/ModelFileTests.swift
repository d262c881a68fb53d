/// Files that are truncated, damaged or made to deceive: each is refused with the name of what is wrong, none crashes.
import Foundation
import Testing

@testable import Embedding

@Suite("Model file")
struct ModelFileTests {
    /// Runs `body` with a file of these bytes.
    static func with(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("mneme-tensors-\(UUID().uuidString)")
        try Data(bytes).write(to: url)
        // Left-overs in the temporary directory do no harm.
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url.path)
    }

    static func file(header: String, data: Int = 16, length: UInt64? = nil) -> [UInt8] {
        let count = length ?? UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) } + Array(header.utf8)
            + (0..<data).map { UInt8($0) }
    }

    @Test("hands out what is there")
    func tensor() throws {
        let header = #"{"__metadata__":{"format":"pt"},"t":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#
        try ModelFileTests.with(ModelFileTests.file(header: header.padding(toLength: 96, withPad: " ", startingAt: 0)))
        {
            let file = try ModelFile(path: $0)
            let tensor = try file.tensor("t", shape: [2, 2])
            #expect(tensor[1].bitPattern == 0x0706_0504)
            #expect(try file.contentHash().hexadecimal.count == 64)
        }
    }

    @Test("the hash is SHA-256")
    func hash() throws {
        let hash = try #require(ContentHash(of: "abc"))
        #expect(hash.hexadecimal == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(ContentHash(of: "") != hash)
    }

    @Test(
        "refuses what is no safetensors file",
        arguments: [
            [], [1, 2, 3], file(header: ""), file(header: "{", data: 0), file(header: "[]"),
            file(header: "{}", length: 1 << 40),
            file(header: "{}", length: .max), file(header: "{}", length: 19), file(header: #"{"t":{}"#),
            file(header: String(repeating: "[", count: 5000)), file(header: #"{"t":{},"t":{}}"#),
        ])
    func notSafetensors(_ bytes: [UInt8]) throws {
        try ModelFileTests.with(bytes) { path in
            let error = #expect(throws: EmbeddingError.self) { try ModelFile(path: path) }
            #expect(error?.file == path)
        }
    }

    @Test(
        "refuses a tensor that is not what the model needs",
        arguments: [
            "{}", #"{"t":1}"#, #"{"t":{}}"#, #"{"t":{"dtype":"F16","shape":[4],"data_offsets":[0,16]}}"#,
            #"{"t":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#,
            #"{"t":{"dtype":"F32","shape":"4","data_offsets":[0,16]}}"#,
            #"{"t":{"dtype":"F32","shape":[4],"data_offsets":[0,20]}}"#,
            #"{"t":{"dtype":"F32","shape":[4],"data_offsets":[4,20]}}"#,
            #"{"t":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}"#,
            #"{"t":{"dtype":"F32","shape":[4],"data_offsets":[-16,0]}}"#,
            #"{"t":{"dtype":"F32","shape":[4],"data_offsets":[9223372036854775800,9223372036854775807]}}"#,
            #"{"t":{"dtype":"F32","shape":[4],"data_offsets":[18446744073709551608,16]}}"#,
            #"{"t":{"dtype":"F32","shape":[4],"data_offsets":[0]}}"#,
            #"{"t":{"dtype":"F32","shape":[4],"data_offsets":[0,12]}}"#,
            #"{"t":{"dtype":"F32","shape":[4.0],"data_offsets":[0,16]}}"#,
            #"{"`t`":{"dtype":"I8","shape":[9],"data_offsets":[8,17]}}"#,
        ])
    func wrongTensor(_ header: String) throws {
        try ModelFileTests.with(ModelFileTests.file(header: header)) { path in
            let error = #expect(throws: EmbeddingError.self) { try ModelFile(path: path).tensor("t", shape: [4]) }
            #expect(error?.message.contains("`t`") == true)
        }
    }

    @Test("refuses numbers at an odd address")
    func alignment() throws {
        let header = #"{"t":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#
        let padded = header + String(repeating: " ", count: (5 - header.utf8.count % 4) % 4)
        try #require((8 + padded.utf8.count) % 4 != 0)
        try ModelFileTests.with(ModelFileTests.file(header: padded)) { path in
            let file = try ModelFile(path: path)
            let error = #expect(throws: EmbeddingError.self) { try file.tensor("t", shape: [3]) }
            #expect(error?.message.contains("aligned") == true)
        }
    }

    @Test("a directory, a missing file and a file above the limit are refused")
    func notAFile() throws {
        for path in [FileManager.default.temporaryDirectory.path, "/nowhere/at/all"] {
            let error = #expect(throws: EmbeddingError.self) { try ModelFile(path: path) }
            #expect(error?.file == path)
        }
        try ModelFileTests.with([1, 2, 3]) { path in
            #expect(throws: EmbeddingError.self) { try MappedFile(path: path, byteCountMax: 2) }
        }
    }

    @Test("300 files with random damage: an error or a tensor inside the file, never a crash")
    func damage() throws {
        var generator = SystemRandomNumberGenerator()
        let header = #"{"t":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#
        let whole = ModelFileTests.file(header: header + " ")
        let directory = FileManager.default.temporaryDirectory
        let path = directory.appendingPathComponent("mneme-damage-\(UUID().uuidString)").path
        // Left-overs in the temporary directory do no harm.
        defer { try? FileManager.default.removeItem(atPath: path) }
        for _ in 0..<300 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) { bytes.removeLast(Int.random(in: 0...20, using: &generator)) }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            do throws(EmbeddingError) {
                let tensor = try ModelFile(path: path).tensor("t", shape: [4])
                _ = tensor
            } catch {
                #expect(error.file == path)
            }
        }
    }
}
