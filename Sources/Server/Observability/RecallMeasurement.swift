/// How long a recall takes in stores of a given size, and how long such a store takes to open: without HTTP and consensus,
/// and without the embedding of the question, which are measured elsewhere and do not grow with the store.
///
/// Owns: the filling, the questions and the clock around them. Must never: count a question that found nothing as
/// answered.
import Foundation
import StateMachine

public struct RecallMeasurement: Sendable {
    public struct Row: Sendable {
        public var name: String
        /// Milliseconds: half, 95 and 99 of a hundred take no longer.
        public var p50: Double
        public var p95: Double
        public var p99: Double
        /// Questions whose memory was among the ten found.
        public var foundShare: Double
    }

    public struct Filling: Sendable {
        public var applySeconds: Double
        /// Until the last vector was linked into the graph, from the first apply.
        public var linkedSeconds: Double
    }

    public struct Opening: Sendable {
        public var openSeconds: Double
        /// Of the first recall after it.
        public var firstRecallMilliseconds: Double
        public var vectors: Int
        public var unlinked: Int
        /// Resident bytes of the process that are its own, and those that are pages of files.
        public var anonymousBytes: Int
        public var fileBytes: Int
    }

    private let directory: String
    private let memories: SyntheticMemories
    private var options: StoreOptions

    /// - Parameter directory: of the store.
    public init(directory: String, memories: Int) {
        self.directory = directory
        self.memories = SyntheticMemories(count: memories)
        options = StoreOptions()
        options.vectorModel = SyntheticMemories.model
    }

    /// Makes the store; the directory must not exist.
    public func fill(progress: (String) -> Void) throws -> Filling {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        let store = try MemoryStore.open(directory: directory, options: options)
        defer { store.close() }
        let began = ContinuousClock.now
        _ = try store.apply([
            LogCommand(index: 1, term: 1, kind: .configuration(featureLevel: FeatureLevel.max), command: [1])
        ])
        for start in stride(from: 0, to: memories.count, by: 256) {
            let batch = (start..<min(memories.count, start + 256)).map { number in
                LogCommand(index: UInt64(number) + 2, term: 1, command: CommandCodec.encode(memories.envelope(number)))
            }
            _ = try store.apply(batch)
            if start / 256 % 200 == 0 { progress("\(start + batch.count) of \(memories.count) memories applied") }
        }
        _ = try store.checkpoint()
        let applied = Self.seconds(since: began)
        var told = Int.max
        store.waitForVectors { report in
            if told - report.unlinked > 50_000 {
                told = report.unlinked
                progress("\(told) vectors are still to be linked")
            }
            return report.unlinked == 0
        }
        return Filling(applySeconds: applied, linkedSeconds: Self.seconds(since: began))
    }

    /// Opens the store in this process, which should have done nothing else.
    public func open() throws -> (store: MemoryStore, opening: Opening) {
        let began = ContinuousClock.now
        let store = try MemoryStore.open(directory: directory, options: options)
        let opened = Self.seconds(since: began)
        let asked = ContinuousClock.now
        _ = try ask(store, memories.question(-1)) { _ in }
        let first = Self.seconds(since: asked)
        let report = store.vectorReport()
        return (
            store,
            Opening(
                openSeconds: opened, firstRecallMilliseconds: first * 1_000, vectors: report.vectors,
                unlinked: report.unlinked, anonymousBytes: try Self.residentBytes("RssAnon"),
                fileBytes: try Self.residentBytes("RssFile"))
        )
    }

    /// One question after another, each kind on the same ones.
    public func questions(_ store: MemoryStore, count: Int) throws -> [Row] {
        let questions = (0..<count).map { memories.question($0) }
        func measure(_ name: String, _ set: (inout RecallQuery, SyntheticMemories.Question) -> Void) throws -> Row {
            var times: [Double] = []
            var found = 0
            for question in questions {
                let began = ContinuousClock.now
                let ids = try ask(store, question) { set(&$0, question) }
                times.append(Self.seconds(since: began) * 1_000)
                if ids.contains(question.id) { found += 1 }
            }
            times.sort()
            func at(_ share: Double) -> Double { times[min(times.count - 1, Int(Double(times.count) * share))] }
            return Row(
                name: name, p50: at(0.5), p95: at(0.95), p99: at(0.99), foundShare: Double(found) / Double(count))
        }
        return [
            try measure("default (words and meaning)") { _, _ in },
            try measure("default, one namespace of a hundred") { query, question in
                query.namespace = question.namespace
            },
            try measure("vector") { query, _ in query.ranking = .vector },
            try measure("keyword") { query, _ in query.ranking = .keyword },
            try measure("compat") { query, _ in query.ranking = .compat },
        ]
    }

    private func ask(
        _ store: MemoryStore, _ question: SyntheticMemories.Question, _ set: (inout RecallQuery) -> Void
    ) throws -> [String] {
        var query = RecallQuery(context: question.text, limit: 10)
        query.vector = question.vector
        set(&query)
        return try store.read { [query] (reader) throws(StoreError) in
            try reader.recall(query, now: SyntheticMemories.time).hits.map(\.memory.id)
        }
    }

    private static func seconds(since began: ContinuousClock.Instant) -> Double {
        let took = (ContinuousClock.now - began).components
        return Double(took.seconds) + Double(took.attoseconds) * 1e-18
    }

    /// A line of Linux's /proc/self/status; 0 where there is none.
    private static func residentBytes(_ name: String) throws -> Int {
        let path = "/proc/self/status"
        guard FileManager.default.fileExists(atPath: path) else { return 0 }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
            return (line.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap { Int($0) } ?? 0)
                * 1_024
        }
        return 0
    }
}
