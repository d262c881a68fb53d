/// Turns texts into vectors for whoever waits: the recalls and single writes of clients.
///
/// Owns: the threads on which it happens, and how long writes may wait for them. Must never: hold up a write for long: one
/// that would have to wait goes without its vector, and the backlog brings it later.
import Embedding
import NIOPosix
import StateMachine
import Synchronization

/// What computes vectors. Calls take milliseconds and may come from several threads at a time.
public protocol TextEmbedding: Sendable {
    var model: VectorModel { get }
    /// - Returns: `model.dimension` floats, of unit length together.
    func embed(_ text: String) -> [Float]
}

public final class EmbeddingService: Sendable {
    public struct Options: Sendable {
        /// Embeddings computed at the same time.
        public var threads = 2
        /// A write that would wait longer for its vector goes without, and the backlog brings it; one that finds nobody
        /// before it always waits.
        public var writeWaitMillisecondsMax = 100.0
        /// Questions that wait; a further one is answered by words alone.
        public var waitingQueriesMax = 256
        /// Vectors kept in case a text comes again.
        public var cacheCountMax = 4_096
        public init() {}
    }

    private let embedder: any TextEmbedding
    private let options: Options
    private let pool: NIOThreadPool
    private let cache: EmbeddingCache
    private let waiting = Mutex<(writes: Int, queries: Int)>((0, 0))
    /// What one text took lately.
    private let millisecondsPerText = Mutex(5.0)

    public init(_ embedder: any TextEmbedding, options: Options = Options()) {
        self.embedder = embedder
        self.options = options
        cache = EmbeddingCache(capacity: options.cacheCountMax)
        pool = NIOThreadPool(numberOfThreads: options.threads)
        pool.start()
    }

    public var model: VectorModel { embedder.model }

    public func stop() async throws { try await pool.shutdownGracefully() }

    /// For tests: until so many wait.
    func untilWaiting(writes: Int, queries: Int) async {
        while waiting.withLock({ $0.writes < writes || $0.queries < queries }) { await Task.yield() }
    }

    /// Of a question. nil: too many wait, or the service stops.
    func query(_ text: String) async -> [Float]? {
        let mayWait = waiting.withLock { waiting in
            guard waiting.queries < options.waitingQueriesMax else { return false }
            waiting.queries += 1
            return true
        }
        guard mayWait else { return nil }
        defer { waiting.withLock { $0.queries -= 1 } }
        return await computed([text])?.first
    }

    /// Of the texts of one write. nil: it would wait too long, or the service stops.
    func attachment(_ texts: [String]) async -> TextVectors? {
        let pace = millisecondsPerText.withLock { $0 }
        let mayWait = waiting.withLock { waiting in
            let before = waiting.writes + waiting.queries
            let milliseconds = Double(before + texts.count) * pace / Double(max(1, options.threads))
            guard before == 0 || milliseconds <= options.writeWaitMillisecondsMax else { return false }
            waiting.writes += 1
            return true
        }
        guard mayWait else { return nil }
        defer { waiting.withLock { $0.writes -= 1 } }
        guard let vectors = await computed(texts) else { return nil }
        return TextVectors(model: model.tag, entries: zip(texts, vectors).map { Self.entry($0, $1) })
    }

    static func entry(_ text: String, _ vector: [Float]) -> TextVectors.Entry {
        TextVectors.Entry(text: TextDigest(text), vector: VectorBytes.bytes(vector))
    }

    /// On the caller's thread; for work that nobody waits for.
    func compute(_ text: String) -> [Float] {
        cache.vector(of: text) { text in
            let began = ContinuousClock.now
            let vector = embedder.embed(text)
            let took = (ContinuousClock.now - began).components
            let milliseconds = Double(took.seconds) * 1e3 + Double(took.attoseconds) * 1e-15
            millisecondsPerText.withLock { $0 += (milliseconds - $0) / 8 }
            return vector
        }
    }

    private func computed(_ texts: [String]) async -> [[Float]]? {
        do {
            return try await pool.runIfActive { texts.map { self.compute($0) } }
        } catch {
            return nil
        }
    }
}
