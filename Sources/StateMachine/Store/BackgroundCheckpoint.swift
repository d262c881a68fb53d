/// Moves the write-ahead file into the database on a thread of its own, so that applies go on meanwhile and the apply
/// lane has only the rest to move.
///
/// Owns: one thread at a time and its connection. Must never: outlive its owner: the deinit waits for it.
import CSQLite
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

final class BackgroundCheckpoint {
    private final class Work: Sendable {
        let generation: Generation
        let result = Mutex<Result<Void, StoreError>?>(nil)
        init(generation: Generation) { self.generation = generation }

        func run() {
            let outcome: Result<Void, StoreError>
            do throws(StoreError) {
                let database = try Database(
                    path: generation.databasePath, files: generation.directory.files, mode: .readWrite,
                    cacheBytes: 1 << 20, keeping: generation)
                // The first read is what makes a connection open the write-ahead file.
                _ = try Meta.read(database)
                outcome = .success(try Self.checkpoint(database))
            } catch {
                outcome = .failure(error)
            }
            result.withLock { $0 = outcome }
        }

        private static func checkpoint(_ database: Database) throws(StoreError) {
            let code = sqlite3_wal_checkpoint_v2(database.handle, "main", SQLITE_CHECKPOINT_PASSIVE, nil, nil)
            // Busy: somebody else is at it.
            guard code == SQLITE_OK || code & 0xFF == SQLITE_BUSY else {
                throw Database.error(database.handle, doing: "checkpoint \(database.path) in the background")
            }
        }
    }

    private struct Running {
        var work: Work
        /// nil: the work was done at once, by the thread that asked for it.
        var thread: pthread_t?
    }

    private var running: Running?

    var isRunning: Bool { running != nil }

    /// Whether the thread has done its work, so that `wait` returns at once.
    var isFinished: Bool { running?.work.result.withLock { $0 != nil } ?? false }

    func start(_ generation: Generation) throws(StoreError) {
        precondition(running == nil, "one background checkpoint at a time")
        let work = Work(generation: generation)
        guard !generation.directory.files.isSingleThreaded else {
            work.run()
            running = Running(work: work, thread: nil)
            return
        }
        let argument = Unmanaged.passRetained(work).toOpaque()
        #if canImport(Darwin)
        var created: pthread_t?
        let code = pthread_create(&created, nil, { BackgroundCheckpoint.main($0) }, argument)
        let thread = created
        #else
        var created = pthread_t()
        let code = pthread_create(&created, nil, { BackgroundCheckpoint.main($0) }, argument)
        let thread: pthread_t? = created
        #endif
        guard code == 0, let thread else {
            Unmanaged<Work>.fromOpaque(argument).release()
            throw PosixStoreFiles.failure("start the checkpoint thread", code)
        }
        running = Running(work: work, thread: thread)
    }

    private static func main(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
        return nil
    }

    /// Waits for the thread, if there is one.
    /// - Throws: what went wrong there.
    func wait() throws(StoreError) {
        guard let running else { return }
        self.running = nil
        if let thread = running.thread { pthread_join(thread, nil) }
        try running.work.result.withLock { $0 }?.get()
    }

    deinit {
        // Nobody is left to hear of a failure: the next open reads what the files hold.
        if let thread = running?.thread { pthread_join(thread, nil) }
    }
}
