/// How many rows a second the state machine applies, without consensus, network and log.
///
/// Owns: the commands and the clock around them. Must never: measure a batch size that a node does not use.
import Foundation
import StateMachine

public struct ApplyMeasurement: Sendable {
    public struct Result: Sendable {
        public var name: String
        public var rows: Int
        public var seconds: Double
        public var rowsPerSecond: Double { Double(rows) / max(seconds, 0.000_001) }
    }
    private static let words = (0..<2_000).map { "word\($0)" }
    private let directory: String

    /// - Parameter directory: must not exist; made and removed.
    public init(directory: String) { self.directory = directory }

    public func run(rows: Int, batch: Int) throws -> [Result] {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        let store = try MemoryStore.open(directory: directory + "/store", options: StoreOptions())
        _ = try store.apply([
            LogCommand(index: 1, term: 1, kind: .configuration(featureLevel: FeatureLevel.max), command: [1])
        ])
        var index: UInt64 = 1
        func measure(_ name: String, _ command: (Int) -> Command) throws -> Result {
            let entries = (0..<rows).map { number in
                LogCommand(
                    index: index + UInt64(number) + 1, term: 1,
                    command: CommandCodec.encode(
                        CommandEnvelope(timeNanoseconds: Int64(number), command: command(number))))
            }
            index += UInt64(rows)
            let began = ContinuousClock.now
            for start in stride(from: 0, to: rows, by: batch) {
                _ = try store.apply(Array(entries[start..<min(rows, start + batch)]))
            }
            let took = (ContinuousClock.now - began).components
            return Result(name: name, rows: rows, seconds: Double(took.seconds) + Double(took.attoseconds) * 1e-18)
        }
        let results = [
            try measure("store, new rows of 500 B") { .store(Self.store($0, version: 0)) },
            try measure("store over existing rows") { .store(Self.store($0, version: 1)) },
            try measure("governed store, no policy") { number in
                .governed(
                    GovernedCommand(
                        action: .store(Self.store(rows + number, version: 0)), caller: "ada", pendingID: "p\(number)",
                        at: Self.time))
            },
            try measure("link") { number in
                .link(
                    LinkCommand(
                        key: LinkKey(
                            sourceID: "id-\(number)", targetID: "id-\((number + 1) % rows)", relation: "related_to"),
                        at: Self.time))
            },
            try measure("touch") { number in
                .touch(
                    TouchCommand(
                        ids: ["id-\(number)"], at: Self.time, atNanoseconds: 0, shortStepSeconds: 1, midStepSeconds: 1))
            },
        ]
        store.close()
        try FileManager.default.removeItem(atPath: directory)
        return results
    }

    private static let time = "2026-01-01T00:00:00+00:00"

    /// Some seventy words out of two thousand, the same for the same number.
    private static func store(_ number: Int, version: Int) -> StoreCommand {
        var state = UInt64(number) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(version)
        var text: [String] = []
        var bytes = 0
        while bytes < 500 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let word = words[Int(state >> 33) % words.count]
            bytes += word.utf8.count + 1
            text.append(word)
        }
        return StoreCommand(
            id: "id-\(number)", tier: .long, namespace: "bench", title: "title \(number)",
            content: text.joined(separator: " "), tags: ["bench"], priority: 5, confidence: 1, source: "api", at: time,
            expiresAt: nil, metadata: "{}")
    }
}
