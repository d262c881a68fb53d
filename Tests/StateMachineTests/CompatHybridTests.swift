/// The hybrid formula of `ranking=compat`, computed here a second time from its parts: what words give (`RecallTests` holds
/// that to its formula), the cosine, the length of the content, the age and the tier.
import Foundation
import Testing

@testable import StateMachine

@Suite struct CompatHybridTests {
    private static let model = VectorModel(tag: "test", dimension: 4)
    private static let day: Int64 = 86_400

    private struct Row {
        var id: String
        var content: String
        var vector: [Float]
        var tier = Tier.mid
        var ageDays = 0.0
    }

    private static func unit(_ values: [Float]) -> [Float] {
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return values.map { $0 / length }
    }

    private static func store(_ rows: [Row], now: Int64) throws -> TestStore {
        var options = StoreOptions()
        options.vectorModel = model
        let test = try TestStore(options: options)
        _ = try test.store.apply([
            LogCommand(index: 1, term: 1, kind: .configuration(featureLevel: FeatureLevel.max), command: [1])
        ])
        for row in rows {
            let command = storing(
                row.id, title: row.id, content: row.content, tier: row.tier,
                at: now - Int64(row.ageDays * Double(day)))
            var envelope = envelope(.store(command))
            envelope.vectors = TextVectors(
                model: model.tag,
                entries: [
                    .init(
                        text: TextDigest(title: command.title, content: command.content),
                        vector: VectorBytes.bytes(unit(row.vector)))
                ])
            try test.apply([envelope])
        }
        return test
    }

    private static func scores(_ test: TestStore, vector: [Float]?, now: Int64) throws -> [String: Double] {
        var query = RecallQuery(context: "needle", limit: 20)
        query.ranking = .compat
        query.vector = vector
        let hits = try test.read { [query] reader throws(StoreError) in
            try reader.recall(query, now: time(now)).hits
        }
        return Dictionary(hits.map { ($0.memory.id, $0.score) }, uniquingKeysWith: { first, _ in first })
    }

    @Test func `blend, share by length, gate and decay are those of the formula`() throws {
        let now = 400 * Self.day
        let padding = String(repeating: "filler words ", count: 400)
        let rows = [
            Row(id: "both", content: "needle in the hay", vector: [1, 0.5, 0, 0]),
            Row(id: "words", content: "needle needle needle", vector: [0, 0, 1, 0]),
            Row(id: "meaning", content: "nothing of that", vector: [1, 0.1, 0, 0]),
            Row(id: "old", content: "nothing either", vector: [1, 0.1, 0, 0], ageDays: 45),
            Row(id: "short", content: "passing", vector: [1, 0.1, 0, 0], tier: .short, ageDays: 7),
            Row(id: "long", content: "lasting", vector: [1, 0.1, 0, 0], tier: .long, ageDays: 365),
            Row(id: "middling", content: String(padding.prefix(2_750)), vector: [1, 0.1, 0, 0]),
            Row(id: "wide", content: String(padding.prefix(5_100)), vector: [1, 0.1, 0, 0]),
            Row(id: "far", content: "too far away", vector: [0.19, 1, 0, 0]),
            Row(id: "future", content: "ahead of its time", vector: [1, 0.1, 0, 0], ageDays: -3),
        ]
        let test = try Self.store(rows, now: now)
        let question: [Float] = [1, 0, 0, 0]
        let byWords = try Self.scores(test, vector: nil, now: now)
        #expect(Set(byWords.keys) == ["both", "words"])
        let best = max(1, byWords.values.max() ?? 0)
        let found = try Self.scores(test, vector: question, now: now)
        for row in rows {
            let cosine = Double(Self.unit(row.vector)[0])
            guard byWords[row.id] != nil || cosine > 0.2 else {
                #expect(found[row.id] == nil, "\(row.id) is below the gate")
                continue
            }
            let bytes = Double(row.content.utf8.count)
            let share = bytes <= 500 ? 0.5 : bytes >= 5_000 ? 0.15 : 0.5 - 0.35 * (bytes - 500) / 4_500
            let halfLives: [Tier: Double] = [.short: 7, .mid: 30, .long: 365]
            let halfLife = try #require(halfLives[row.tier])
            let decay = row.ageDays <= 0 ? 1 : pow(0.5, row.ageDays / halfLife)
            let expected = (share * cosine + (1 - share) * (byWords[row.id] ?? 0) / best) * decay
            let score = try #require(found[row.id], "\(row.id)")
            #expect(abs(score - expected) < 0.001_5, "\(row.id): \(score), by the formula \(expected)")
        }
    }
}
