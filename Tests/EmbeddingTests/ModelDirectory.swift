/// Where the tests find the model and the fixtures.
///
/// Owns: the paths. Must never: download anything; without a model the tests that need it are skipped.
import Foundation
import JSON
import Testing

@testable import Embedding

enum ModelDirectory {
    /// `MNEME_MODEL_DIR`, or where `scripts/fetch-model` puts it.
    static let path: String = {
        let environment = ProcessInfo.processInfo.environment
        return environment["MNEME_MODEL_DIR"] ?? "\(environment["HOME"] ?? "")/.cache/mneme/model"
    }()

    static let isPresent = FileManager.default.fileExists(atPath: "\(path)/\(TextEmbedder.weightsName)")

    static let explanation: Comment = "no model: run scripts/fetch-model, or set MNEME_MODEL_DIR"

    /// One for all tests: loading takes a fifth of a second, in a debug build more.
    static let shared = Result { try TextEmbedder(directory: path) }

    static func embedder() throws -> TextEmbedder { try shared.get() }
}

/// Texts with what an independent implementation makes of them; written by `scripts/embedding-parity.py`.
struct Reference: Sendable {
    var text: String
    var ids: [Int32]
    /// Rounded to half precision: a cosine with it is exact to 1e-7.
    var vector: [Float]

    static let all = Result { try load() }

    static func fixture(_ name: String) throws -> String {
        let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
        return try String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8)
    }

    private static func load() throws -> [Reference] {
        let texts = try #require(try JSONValue.parse(fixture("sentences.json")).arrayValue)
        let rows = try fixture("parity.jsonl").split(separator: "\n")
        #expect(texts.count == rows.count)
        return try zip(texts, rows).map { text, row in
            let row = try JSONValue.parse(String(row))
            let encoded = try #require(row["vector"]?.stringValue)
            let packed = try #require(Data(base64Encoded: encoded))
            let vector = packed.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: 2).map {
                    half(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt16.self)))
                }
            }
            return Reference(
                text: try #require(text.stringValue),
                ids: (row["ids"]?.arrayValue ?? []).compactMap { $0.integerValue.map(Int32.init) },
                vector: vector)
        }
    }

    /// By hand, because not every platform of the package has `Float16`.
    private static func half(_ bits: UInt16) -> Float {
        let fraction = Float(bits & 0x3ff)
        let exponent = Int(bits >> 10 & 0x1f)
        let size =
            exponent == 0
            ? fraction * 0x1p-24 : Float(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
        return bits & 0x8000 == 0 ? size : -size
    }
}

/// In double precision, so that the measure adds no error of its own.
func cosine(_ left: [Float], _ right: [Float]) -> Double {
    func dot(_ left: [Float], _ right: [Float]) -> Double {
        zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    return dot(left, right) / (dot(left, left) * dot(right, right)).squareRoot()
}
