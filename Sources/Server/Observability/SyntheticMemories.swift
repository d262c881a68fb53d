/// Memories and questions for measurements, as many as wanted: texts whose words are as unequal as those of a language, and
/// vectors in clusters.
///
/// Owns: the rule that makes the same memory of the same number. Must never: be taken for data on which recall could be
/// judged; it is for time alone.
import RaftCore
import StateMachine

struct SyntheticMemories: Sendable {
    static let dimension = 384
    static let model = VectorModel(tag: "synthetic", dimension: dimension)
    static let time = "2026-01-01T00:00:00+00:00"
    private static let namespaces = 100
    private static let vocabulary = 20_000
    private static let wordsPerText = 60
    /// Memories of one cluster of vectors, on average.
    private static let clusterSize = 50
    private static let spread: Float = 0.7

    let count: Int

    struct Question: Sendable {
        var text: String
        var vector: [Float]
        var namespace: String
        /// The memory that it was made from.
        var id: String
    }

    func id(_ number: Int) -> String { "id-\(number)" }
    func namespace(_ number: Int) -> String { "space-\(number % Self.namespaces)" }

    /// A store with its vector.
    func envelope(_ number: Int) -> CommandEnvelope {
        let words = words(number)
        let command = StoreCommand(
            id: id(number), tier: .long, namespace: namespace(number),
            title: "memory \(number) \(words[0]) \(words[1])",
            content: words.joined(separator: " "), tags: [], priority: 5, confidence: 1, source: "measure",
            at: Self.time, expiresAt: nil, metadata: "{}")
        var envelope = CommandEnvelope(timeNanoseconds: Int64(number), command: .store(command))
        envelope.vectors = TextVectors(
            model: Self.model.tag,
            entries: [
                .init(
                    text: TextDigest(title: command.title, content: command.content),
                    vector: VectorBytes.bytes(vector(number)))
            ])
        return envelope
    }

    /// Some words of a memory, and a vector near its own.
    func question(_ number: Int) -> Question {
        var random = SplitMix64(seed: UInt64(bitPattern: Int64(number)) &+ 0x5EED)
        let about = random.next(below: count)
        let words = words(about)
        let asked = (0..<6).map { _ in words[random.next(below: words.count)] }
        let own = vector(about)
        let noise = direction(&random)
        return Question(
            text: "what about " + asked.joined(separator: " "),
            vector: Self.unit(zip(own, noise).map { $0 + 0.5 * $1 }), namespace: namespace(about), id: id(about))
    }

    /// The rank of a word is drawn so that the hundred most frequent ones make a third of a text.
    private func words(_ number: Int) -> [String] {
        var random = SplitMix64(seed: UInt64(number))
        return (0..<Self.wordsPerText).map { _ in
            let share = random.unit()
            return "w" + String(Int(Double(Self.vocabulary) * share * share * share * share * share), radix: 36)
        }
    }

    private func vector(_ number: Int) -> [Float] {
        var random = SplitMix64(seed: UInt64(number) &* 3 &+ 1)
        var centre = SplitMix64(seed: UInt64(random.next(below: max(1, count / Self.clusterSize))) &+ 0xC0FFEE)
        let base = direction(&centre)
        let noise = direction(&random)
        return Self.unit(zip(base, noise).map { $0 + Self.spread * $1 })
    }

    /// A unit vector; later components are smaller, as in embeddings.
    private func direction(_ random: inout SplitMix64) -> [Float] {
        Self.unit((0..<Self.dimension).map { random.normal() / Float($0 + 1).squareRoot() })
    }

    private static func unit(_ vector: [Float]) -> [Float] {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return vector.map { $0 / length }
    }
}

extension SplitMix64 {
    /// 0 to 1.
    fileprivate mutating func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }

    /// Nearly normal: the sum of the four quarters of a word.
    fileprivate mutating func normal() -> Float {
        let word = next()
        let sum = (0..<4).reduce(Float(0)) { $0 + Float((word >> UInt64($1 * 16)) & 0xFFFF) / 65_536 }
        return (sum - 2) * 1.732
    }
}
