/// Turns texts into vectors for whoever waits: the recalls and single writes of clients.
///
/// Owns: the threads on which it happens, and how many may wait for them. Must never: hold up a write for long: when
/// too many wait, a write goes without its vector, and the backlog brings it later.
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
        /// Writes that wait for theirs; a further one goes without.
        public var waitingWritesMax = 16
        /// Questions that wait; a further one is answered by words alone. They share the threads, so a write also goes
        /// without when there are more than `waitingMax` of both before it.
        public var waitingQueriesMax = 256
        public var waitingMax = 64
        /// Vectors kept in case a text comes again.
        public var cacheCountMax = 4_096
        public init() {}
    }

    private let embedder: any TextEmbedding
    private let options: Options
    private let pool: NIOThreadPool
    private let cache: EmbeddingCache
    private let waiting = Mutex<(writes: Int, queries: Int)>((0, 0))

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

    /// Of the texts of one write. nil: too many wait, or the service stops.
    func attachment(_ texts: [String]) async -> TextVectors? {
        let mayWait = waiting.withLock { waiting in
            guard waiting.writes < options.waitingWritesMax,
                waiting.writes + waiting.queries < options.waitingMax
            else { return false }
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
        cache.vector(of: text) { embedder.embed($0) }
    }

    private func computed(_ texts: [String]) async -> [[Float]]? {
        do {
            return try await pool.runIfActive { texts.map { self.compute($0) } }
        } catch {
            return nil
        }
    }
}
