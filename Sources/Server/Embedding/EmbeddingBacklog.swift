/// Gives rows their vectors after the fact: those of bulk writes and imports, of approved and cloned memories, and
/// those written while no embedder was at hand. The leader computes and proposes; every replica stores what it
/// proposed.
///
/// Owns: the pace. Must never: put a vector to a text it was not computed from; the command says which text it is of,
/// and apply compares.
import Logging
import NIOPosix
import Raft
import StateMachine

struct EmbeddingBacklog: Sendable {
    /// Texts of one command: a second of one core's work at most.
    private static let batch = 32
    private static let pause = Duration.milliseconds(100)
    /// After a failure: a full disk or a lost majority does not end in a moment, and looking at all rows takes time.
    private static let pauseAfterFailure = Duration.seconds(5)

    let service: MemoryCluster
    let store: MemoryStore
    let embedding: EmbeddingService
    let isLeader: @Sendable () -> Bool
    let clock: any Clock
    let logger: Logger

    /// Until the task is cancelled.
    func run() async {
        let thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
        var hasLooked = false
        var pause = Self.pause
        while !Task.isCancelled {
            do { try await Task.sleep(for: pause) } catch { break }
            pause = Self.pause
            if let note = store.takeVectorNote() { logger.warning("vectors: \(note)") }
            guard isLeader(), service.hasTables() else {
                hasLooked = false
                continue
            }
            do {
                if !hasLooked { try await lookAtAll(thread) }
                hasLooked = true
                while try await next(thread), !Task.isCancelled, isLeader() {}
                if store.takeRowsWithoutVectorOverflow() { hasLooked = false }
            } catch {
                // Whoever leads next looks at everything.
                hasLooked = false
                pause = Self.pauseAfterFailure
                logger.debug("vectors were put off: \(error)")
            }
        }
        do { try await thread.shutdownGracefully() } catch {
            logger.debug("the embedding thread did not end: \(error)")
        }
    }

    private func lookAtAll(_ thread: NIOThreadPool) async throws {
        try await thread.runIfActive { [store] in try store.noticeRowsWithoutVector() }
    }

    /// - Returns: whether there may be more to do.
    private func next(_ thread: NIOThreadPool) async throws -> Bool {
        let rows = store.takeRowsWithoutVector(limit: Self.batch)
        guard !rows.isEmpty else { return false }
        let command = try await thread.runIfActive { [store, embedding] in
            let texts = try store.read { (reader) throws(StoreError) in try reader.embeddedTexts(rows: rows) }
            return SetVectorsCommand(
                model: embedding.model.tag,
                items: texts.map {
                    .init(id: $0.id, entry: EmbeddingService.entry($0.text, embedding.compute($0.text)))
                })
        }
        guard !command.items.isEmpty else { return true }
        _ = try await service.submit(
            CommandEnvelope(timeNanoseconds: clock.wallNanoseconds(), command: .setVectors(command)),
            timeoutMilliseconds: 10_000)
        return true
    }
}
