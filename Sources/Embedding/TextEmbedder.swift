/// Turns texts into unit vectors with all-MiniLM-L6-v2. The only door to this module besides the cache.
///
/// Owns: model, vocabulary and scratch memory. Must never: start a thread (a call computes on the thread of its caller,
/// so it is the caller who limits threads), or give vectors of different models the same tag.

public final class TextEmbedder: Sendable {
    /// Floats per vector.
    public static let dimension = MiniLMModel.width

    /// Names inside the model directory, as `scripts/fetch-model` writes them.
    public static let weightsName = "model.safetensors"
    static let vocabularyName = "vocab.txt"

    /// SHA-256 of the vocabulary that belongs to every MiniLM of this architecture.
    static let vocabularyHash = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"

    /// Name and content of the model: vectors may be compared when their tags are equal.
    ///
    /// The digits come from the SHA-256 of the whole file, computed at every start. Size and header would be cheaper, but
    /// a model trained further has the same size and the same header, and its vectors mean something else. Hashing costs
    /// 0.1 s, once per process. The vocabulary needs no digits of its own because only one is accepted.
    public let modelTag: String

    /// The instruction set in use, for the log: "AVX-512", "AVX2", "NEON" or "portable".
    public let kernelName: String

    private let pieces: WordPiece
    private let model: MiniLMModel
    private let scratches = ScratchPool(idleMax: 4)

    /// - Parameter directory: holds `model.safetensors` and `vocab.txt`.
    /// - Throws: names the file that is missing or wrong.
    public convenience init(directory: String) throws(EmbeddingError) {
        try self.init(directory: directory, kernels: Kernels.fastest)
    }

    init(directory: String, kernels: Kernels) throws(EmbeddingError) {
        let vocabularyPath = "\(directory)/\(TextEmbedder.vocabularyName)"
        let vocabulary = try MappedFile(path: vocabularyPath, byteCountMax: 1 << 20)
        guard ContentHash(of: vocabulary.bytes)?.hexadecimal == TextEmbedder.vocabularyHash else {
            throw EmbeddingError(file: vocabularyPath, message: "is not the vocabulary of the model (SHA-256 differs)")
        }
        pieces = try WordPiece(vocabulary: vocabulary.bytes, file: vocabularyPath)
        let file = try ModelFile(path: "\(directory)/\(TextEmbedder.weightsName)")
        model = try MiniLMModel(file: file, kernels: kernels.table)
        modelTag = "all-MiniLM-L6-v2@\(try file.contentHash().hexadecimal.prefix(8))"
        kernelName = kernels.name
    }

    /// - Returns: `dimension` floats of length 1. Texts longer than 256 tokens are embedded by their beginning.
    public func embed(_ text: String) -> [Float] {
        let ids = pieces.ids(of: text)
        return scratches.with { scratch in
            var vector: [Float] = []
            model.embed([ids][...], scratch: scratch) { vector = TextEmbedder.vector(at: $0) }
            return vector
        }
    }

    /// The same vectors as one by one, bit for bit, in the same order. Short texts share passes, which spares reading the
    /// weights once per text: several times faster for texts of a few words.
    public func embed(_ texts: [String]) -> [[Float]] {
        var vectors: [[Float]] = []
        vectors.reserveCapacity(texts.count)
        var pass: [[Int32]] = []
        var tokenCount = 0
        func run() {
            scratches.with { scratch in
                model.embed(pass[...], scratch: scratch) { vectors.append(TextEmbedder.vector(at: $0)) }
            }
            pass.removeAll(keepingCapacity: true)
            tokenCount = 0
        }
        for text in texts {
            let ids = pieces.ids(of: text)
            if tokenCount + ids.count > MiniLMScratch.tokensMax { run() }
            pass.append(ids)
            tokenCount += ids.count
        }
        if !pass.isEmpty { run() }
        return vectors
    }

    /// For the tests.
    func ids(of text: String) -> [Int32] { pieces.ids(of: text) }

    private static func vector(at start: UnsafePointer<Float>) -> [Float] {
        Array(UnsafeBufferPointer(start: start, count: dimension))
    }
}
