import StateMachine

/// Free text into every full-text query there is: whatever is asked, SQLite must be able to answer.
///
/// Owns: the texts and the rows they are asked of. Must never: take an error for an answer.
public struct QueryFuzzer: Fuzzer {
    private let service: FuzzStore

    public init(seed: UInt64) throws {
        service = try FuzzStore()
        var random = FuzzRandom(seed: seed, number: 0)
        var batch: [StoreCommand] = []
        for number in 0..<60 {
            batch.append(
                StoreCommand(
                    id: "row-\(number)", tier: .long, namespace: number % 3 == 0 ? "a/b" : "global",
                    title: "title \(number) \(HostileText.make(&random))", content: HostileText.make(&random) + " raft",
                    tags: ["x"], priority: 5, confidence: 1, source: "api", at: "2026-01-01T00:00:00+00:00",
                    expiresAt: nil, metadata: "{}"))
        }
        let envelope = CommandEnvelope(timeNanoseconds: 0, command: .storeBatch(batch))
        _ = try service.store.apply([LogCommand(index: 2, term: 1, command: CommandCodec.encode(envelope))])
    }

    public mutating func attempt(_ random: inout FuzzRandom) async -> String? {
        let text = HostileText.make(&random)
        let namespace = random.oneIn(3) ? HostileText.make(&random) : nil
        let asAgent = random.oneIn(3) ? HostileText.make(&random) : nil
        let tag = random.oneIn(4) ? HostileText.make(&random) : nil
        let now = "2026-01-02T00:00:00+00:00"
        let which = random.below(4)
        do throws(StoreError) {
            try service.store.read { reader throws(StoreError) in
                switch which {
                case 0:
                    _ = try reader.search(
                        SearchQuery(text: text, namespace: namespace, tag: tag, asAgent: asAgent), now: now)
                case 1, 2:
                    var query = RecallQuery(
                        context: text, namespace: namespace, tags: tag.map { [$0] } ?? [], asAgent: asAgent)
                    query.ranking = which == 1 ? .compat : .standard
                    _ = try reader.recall(query, now: now)
                default:
                    _ = try reader.similarTitles(title: text, namespace: namespace ?? "global", limit: 5)
                }
            }
        } catch {
            return "\(error) for \(text.debugDescription)"
        }
        return nil
    }
}
