/// The weights of all-MiniLM-L6-v2, laid out for the kernels.
///
/// Owns: the packed copy of the matrices, and the mapped file, in which the rest (word vectors, biases) is read in place.
/// Must never: change after `init`; accept a file whose tensors differ from the architecture below.
import CTensorKernels

final class MiniLMModel: @unchecked Sendable {
    // Sendable: every property is `let`; the memory behind the pointers is written in `init` only, before anyone else can
    // see the object, and lives as long as `file` and `arena`, which the object holds.

    static let layerCount = 6
    static let width = 384
    static let headCount = 12
    static let innerWidth = 1536
    static let vocabularyCount = 30522
    /// The model knows 512 positions; no text has more tokens than this.
    static let positionCount = WordPiece.tokensMax
    static let epsilon: Float = 1e-12

    /// A fully connected step.
    struct Linear {
        var weights: UnsafePointer<Float>
        var bias: UnsafePointer<Float>
    }

    /// A layer norm.
    struct Norm {
        var gain: UnsafePointer<Float>
        var shift: UnsafePointer<Float>
    }

    struct Layer {
        /// Queries, keys and values in one product.
        var joined: Linear
        var attentionOutput: Linear
        var attentionNorm: Norm
        var up: Linear
        var down: Linear
        var outputNorm: Norm
    }

    let kernels: mneme_kernels
    let words: UnsafePointer<Float>
    /// Position and segment vectors, added up: every token is of segment 0.
    let positions: UnsafePointer<Float>
    let inputNorm: Norm
    let layers: [Layer]
    private let file: ModelFile
    private let arena: FloatArena

    /// - Parameter kernels: which implementation computes; a packed model serves all of them.
    init(file: ModelFile, kernels: mneme_kernels) throws(EmbeddingError) {
        let width = MiniLMModel.width
        let inner = MiniLMModel.innerWidth
        // What `MiniLMReader` takes: queries, keys and values with their biases, the output, up and down.
        let perLayer = [3 * width * width, 3 * width, width * width, width * inner, inner * width]
        let arena = FloatArena(
            counts: [MiniLMModel.positionCount * width] + (0..<MiniLMModel.layerCount).flatMap { _ in perLayer })
        let reader = MiniLMReader(file: file, arena: arena)
        words = try file.tensor("embeddings.word_embeddings.weight", shape: [MiniLMModel.vocabularyCount, width])
        positions = try reader.positions()
        inputNorm = try reader.norm("embeddings.LayerNorm")
        var layers: [Layer] = []
        for index in 0..<MiniLMModel.layerCount { layers.append(try reader.layer(index)) }
        self.layers = layers
        self.kernels = kernels
        self.file = file
        self.arena = arena
    }
}

/// Reads tensors by name and packs the matrices.
private struct MiniLMReader {
    let file: ModelFile
    let arena: FloatArena

    func layer(_ index: Int) throws(EmbeddingError) -> MiniLMModel.Layer {
        let name = "encoder.layer.\(index)"
        let width = MiniLMModel.width
        let inner = MiniLMModel.innerWidth
        return MiniLMModel.Layer(
            joined: try joined("\(name).attention.self"),
            attentionOutput: try linear("\(name).attention.output.dense", outputs: width, inputs: width),
            attentionNorm: try norm("\(name).attention.output.LayerNorm"),
            up: try linear("\(name).intermediate.dense", outputs: inner, inputs: width),
            down: try linear("\(name).output.dense", outputs: width, inputs: inner),
            outputNorm: try norm("\(name).output.LayerNorm"))
    }

    func norm(_ name: String) throws(EmbeddingError) -> MiniLMModel.Norm {
        MiniLMModel.Norm(
            gain: try file.tensor("\(name).weight", shape: [MiniLMModel.width]),
            shift: try file.tensor("\(name).bias", shape: [MiniLMModel.width]))
    }

    func positions() throws(EmbeddingError) -> UnsafePointer<Float> {
        let width = MiniLMModel.width
        let positions = try file.tensor("embeddings.position_embeddings.weight", shape: [512, width])
        let segments = try file.tensor("embeddings.token_type_embeddings.weight", shape: [2, width])
        let sums = arena.take(MiniLMModel.positionCount * width)
        for index in 0..<MiniLMModel.positionCount * width { sums[index] = positions[index] + segments[index % width] }
        return UnsafePointer(sums)
    }

    private func linear(_ name: String, outputs: Int, inputs: Int) throws(EmbeddingError) -> MiniLMModel.Linear {
        let weights = try file.tensor("\(name).weight", shape: [outputs, inputs])
        let bias = try file.tensor("\(name).bias", shape: [outputs])
        let packed = arena.take(outputs * inputs)
        mneme_pack_weights(weights, outputs, inputs, packed)
        return MiniLMModel.Linear(weights: packed, bias: bias)
    }

    /// Three matrices of the file under each other. Packing works by panels, so packing them in turn packs the whole.
    private func joined(_ name: String) throws(EmbeddingError) -> MiniLMModel.Linear {
        let width = MiniLMModel.width
        let packed = arena.take(3 * width * width)
        let biases = arena.take(3 * width)
        for (index, part) in ["query", "key", "value"].enumerated() {
            let weights = try file.tensor("\(name).\(part).weight", shape: [width, width])
            let bias = try file.tensor("\(name).\(part).bias", shape: [width])
            mneme_pack_weights(weights, width, width, packed + index * width * width)
            (biases + index * width).update(from: bias, count: width)
        }
        return MiniLMModel.Linear(weights: packed, bias: biases)
    }
}
