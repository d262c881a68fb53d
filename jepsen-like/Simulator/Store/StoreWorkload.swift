import Raft
import StateMachine

/// Commands for the product's store, drawn from a seed: few ids and titles, so that they meet each other; retries under
/// keys used before; conditions that hold and conditions that do not.
///
/// Owns: the mix. Must never: depend on anything but the seed and how often it was asked.
public struct StoreWorkload: Sendable {
    private static let baseNanoseconds: Int64 = 1_767_225_600_000_000_000
    private static let words = [
        "raft", "quorum", "lantern", "meadow", "copper", "violet", "harbour", "kernel", "ledger", "orchard", "signal",
        "thicket", "umber", "walnut", "zephyr", "glacier",
    ]

    var random: SplitMix64
    private(set) var sequence: UInt64 = 0
    /// The last commands with a key, for retries.
    private var recent: [CommandEnvelope] = []
    /// Texts that were proposed with a vector.
    var written: [(id: String, title: String, content: String)] = []
    /// Whose vectors the stores of the simulator keep in memory.
    public static let model = VectorModel(tag: "test-model", dimension: 16)
    /// Distinct ids and titles.
    public var idCount = 12
    public var contentWordsMax = 120
    /// Whether the cluster is at the level of the tables beside the memories.
    public var includesTables = false
    /// Written into keys and ids, so that two workloads of one run share rows but no keys.
    public let client: UInt64

    public init(seed: UInt64, client: UInt64 = 0) {
        random = SplitMix64(seed: seed)
        self.client = client
    }

    public mutating func nextBytes() -> [UInt8] { CommandCodec.encode(next()) }

    public mutating func next() -> CommandEnvelope {
        sequence += 1
        if !recent.isEmpty, random.next(below: 10) == 0 { return retry() }
        var envelope = CommandEnvelope(
            timeNanoseconds: Self.baseNanoseconds + Int64(sequence) * 1_000_000_000, command: command())
        if includesTables, random.next(below: 2) == 0 { envelope.vectors = vectors(for: envelope.command) }
        if random.next(below: 2) == 0 {
            envelope.idempotency = Idempotency(
                key: "c\(client)-\(sequence)", requestDigest: [UInt8](repeating: UInt8(sequence & 0xFF), count: 32))
            recent.append(envelope)
            if recent.count > 8 { recent.removeFirst() }
        }
        return envelope
    }

    /// The same request again, as a client sends it that got no answer; now and then another request under its key.
    private mutating func retry() -> CommandEnvelope {
        var envelope = recent[random.next(below: recent.count)]
        envelope.timeNanoseconds += Int64(random.next(below: 5)) * 1_000_000_000
        if random.next(below: 4) == 0 {
            envelope.idempotency?.requestDigest = [UInt8](repeating: 0xEE, count: 32)
            envelope.command = command()
        }
        return envelope
    }

    private mutating func command() -> Command {
        if includesTables, random.next(below: 2) == 0 { return tableCommand() }
        return switch random.next(below: 20) {
        case 0..<8: .store(store())
        case 8..<9: .storeBatch((0..<(2 + random.next(below: 3))).map { _ in store() })
        case 9..<12:
            .update(
                UpdateCommand(
                    id: id(), title: random.next(below: 3) == 0 ? title() : nil, content: text(), at: time(),
                    expectedVersion: version()))
        case 12..<14: .delete(DeleteCommand(id: id(), expectedVersion: version()))
        case 14..<17:
            .touch(
                TouchCommand(
                    ids: (0..<(1 + random.next(below: 4))).map { _ in id() }, at: time(), atNanoseconds: nanoseconds(),
                    shortStepSeconds: 3_600, midStepSeconds: 86_400))
        default:
            .setRegister(
                SetRegisterCommand(
                    key: "r\(random.next(below: 4))", value: Array("\(client)-\(sequence)".utf8),
                    expectedVersion: version()))
        }
    }

    mutating func store() -> StoreCommand {
        let tiers: [Tier] = [.short, .mid, .long]
        return StoreCommand(
            id: id(), tier: tiers[random.next(below: 3)], namespace: random.next(below: 4) == 0 ? "team" : "global",
            title: title(), content: text(), tags: [Self.words[random.next(below: Self.words.count)]],
            priority: 1 + random.next(below: 10), confidence: Double(random.next(below: 101)) / 100, source: "api",
            at: time(), expiresAt: random.next(below: 5) == 0 ? time(plusSeconds: 3_600) : nil,
            metadata: "{\"n\":\(sequence)}")
    }

    mutating func id() -> String { "memory-\(random.next(below: idCount))" }
    mutating func title() -> String { "title \(random.next(below: idCount))" }
    mutating func version() -> UInt64? {
        random.next(below: 3) == 0 ? UInt64(random.next(below: 4)) : nil
    }

    mutating func word() -> String { Self.words[random.next(below: Self.words.count)] }

    mutating func text() -> String {
        (0..<(1 + random.next(below: contentWordsMax))).map { _ in
            word() + "\(random.next(below: 50))"
        }.joined(separator: " ")
    }

    private func nanoseconds() -> Int64 { Self.baseNanoseconds + Int64(sequence) * 1_000_000_000 }
    func time(plusSeconds seconds: Int64 = 0) -> String {
        Timestamp.text(nanoseconds: nanoseconds() + seconds * 1_000_000_000)
    }
}
