/// The vectors: equal to those of an independent implementation, of every instruction set, alone, in company and at once.
import CTensorKernels
import Foundation
import Testing

@testable import Embedding

@Suite("Embedding parity", .enabled(if: ModelDirectory.isPresent, ModelDirectory.explanation))
struct ParityTests {
    /// All of them in a release build. Without optimisation the kernels take ten times as long, so a debug build leaves out
    /// most of the long ones.
    static func references() throws -> [Reference] {
        let all = try Reference.all.get()
        #if DEBUG
        return all.enumerated().filter { $0.element.ids.count <= 40 || $0.offset % 8 == 0 }.map(\.element)
        #else
        return all
        #endif
    }

    @Test("cosine of at least 0.99999 to the reference, and length one, for every sentence")
    func reference() throws {
        let embedder = try ModelDirectory.embedder()
        let references = try ParityTests.references()
        #expect(references.count >= 150)
        var least = 1.0
        for (reference, vector) in zip(references, embedder.embed(references.map(\.text))) {
            #expect(vector.count == TextEmbedder.dimension)
            let parity = cosine(vector, reference.vector)
            least = min(least, parity)
            #expect(parity >= 0.99999, "\(reference.text.prefix(80))")
            let length = vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(length - 1) < 1e-6)
        }
        print("least cosine to the reference: \(least), with \(embedder.kernelName)")
    }

    @Test("every variant agrees with the reference; those with fused multiply-add agree in every bit")
    func variants() throws {
        let references = Array(try Reference.all.get().filter { (3...24).contains($0.ids.count) }.prefix(12))
        let texts = references.map(\.text)
        var fused: [[Float]]?
        for kernels in Kernels.available {
            let embedder = try TextEmbedder(directory: ModelDirectory.path, kernels: kernels)
            let vectors = embedder.embed(texts)
            for (vector, reference) in zip(vectors, references) {
                #expect(cosine(vector, reference.vector) >= 0.99999, "\(kernels.name): \(reference.text)")
            }
            guard kernels.name != "portable" else { continue }
            if let fused { #expect(vectors == fused, "\(kernels.name)") }
            fused = vectors
        }
    }

    @Test("a text has the same bits alone and in any company")
    func batches() throws {
        let embedder = try ModelDirectory.embedder()
        let texts = try Reference.all.get().map(\.text).filter { $0.utf8.count < 60 }.prefix(30)
        let together = embedder.embed(Array(texts))
        #expect(together.count == texts.count)
        for (text, vector) in zip(texts, together) { #expect(embedder.embed(text) == vector) }
        #expect(embedder.embed([]) == [])
        let long = String(repeating: "a ", count: 1000)
        let alone = embedder.embed(long)
        #expect(embedder.embed([long, "b", long]) == [alone, embedder.embed("b"), alone])
    }

    @Test("many callers at once get the same bits as one")
    func concurrency() async throws {
        let embedder = try ModelDirectory.embedder()
        let texts = ["one", "two words", "three short words", String(repeating: "long ", count: 40)]
        let expected = texts.map { embedder.embed($0) }
        await withTaskGroup(of: Bool.self) { group in
            for index in 0..<16 {
                group.addTask { embedder.embed(texts[index % texts.count]) == expected[index % texts.count] }
            }
            for await isEqual in group { #expect(isEqual) }
        }
    }

    @Test("near in meaning is near in space")
    func meaning() throws {
        let embedder = try ModelDirectory.embedder()
        let question = embedder.embed("how do I restart the cluster")
        let answer = embedder.embed("Restart start the nodes one by one and wait for a majority")
        let recipe = embedder.embed("lentil soup needs cumin, carrots and a tin of tomatoes")
        #expect(cosine(question, answer) > cosine(question, recipe) + 0.2)
    }

    @Test("the tag names the model by its content")
    func tag() throws {
        #expect(try ModelDirectory.embedder().modelTag == "all-MiniLM-L6-v2@53aa5117")
    }

    @Test("a wrong directory, weights that end early and a foreign vocabulary are refused by name")
    func refusals() throws {
        let files = FileManager.default
        let directory = files.temporaryDirectory.appendingPathComponent("mneme-model-\(UUID().uuidString)")
        try files.createDirectory(at: directory, withIntermediateDirectories: true)
        // Left-overs in the temporary directory do no harm.
        defer { try? files.removeItem(at: directory) }
        func refusal() throws -> EmbeddingError {
            try #require(throws: EmbeddingError.self) { try TextEmbedder(directory: directory.path) }
        }
        let vocabulary = directory.appendingPathComponent(TextEmbedder.vocabularyName)
        let weights = directory.appendingPathComponent(TextEmbedder.weightsName)
        #expect(try refusal().file == vocabulary.path)
        try Data("[UNK]\n[CLS]\n[SEP]\n".utf8).write(to: vocabulary)
        #expect(try refusal().message.contains("not the vocabulary"))
        try files.removeItem(at: vocabulary)
        try files.copyItem(atPath: "\(ModelDirectory.path)/\(TextEmbedder.vocabularyName)", toPath: vocabulary.path)
        #expect(try refusal().file == weights.path)
        let whole = try Data(contentsOf: URL(fileURLWithPath: "\(ModelDirectory.path)/\(TextEmbedder.weightsName)"))
        for count in [0, 7, 8, 5000, 12_000, whole.count / 2, whole.count - 1] {
            try whole.prefix(count).write(to: weights)
            #expect(try refusal().file == weights.path)
        }
    }
}
