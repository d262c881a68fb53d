/// Read-only connections, lent to one thread at a time.
///
/// Owns: the connections and the waiting. Must never: lend a connection of a replaced generation.
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

final class ReaderPool: @unchecked Sendable {
    // Sendable: every stored `var` is read and written only between `lock` and `unlock` of `mutex`. A `Reader` is
    // reachable either from `idle` (under the mutex) or from the one caller it is lent to, never both.

    final class Reader {
        let generation: Generation
        let database: Database
        init(generation: Generation, database: Database) {
            self.generation = generation
            self.database = database
        }
    }

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let returned: UnsafeMutablePointer<pthread_cond_t>
    private let cacheBytes: Int
    private let connectionsMax: Int
    private var generation: Generation?
    private var idle: [Reader] = []
    private var lent = 0

    init(generation: Generation, options: StoreOptions) {
        mutex = .allocate(capacity: 1)
        returned = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(returned, nil)
        cacheBytes = options.readerCacheBytes
        connectionsMax = max(1, options.readConnections)
        self.generation = generation
    }

    deinit {
        pthread_cond_destroy(returned)
        pthread_mutex_destroy(mutex)
        returned.deallocate()
        mutex.deallocate()
    }

    /// Blocks until a connection is free.
    func borrow() throws(StoreError) -> Reader {
        pthread_mutex_lock(mutex)
        while lent >= connectionsMax && generation != nil { pthread_cond_wait(returned, mutex) }
        guard let generation else {
            pthread_mutex_unlock(mutex)
            throw StoreError(doing: "read", message: "the store is closed")
        }
        lent += 1
        let reader = idle.popLast()
        pthread_mutex_unlock(mutex)
        if let reader { return reader }
        do {
            let database = try Database(
                path: generation.databasePath, files: generation.directory.files, mode: .readOnly,
                cacheBytes: cacheBytes, keeping: generation)
            try database.prepareForRecall()
            return Reader(generation: generation, database: database)
        } catch {
            finishLoan(nil)
            throw error
        }
    }

    /// A connection that is open and free right now; nil otherwise. Never waits and never opens a file.
    func borrowIdle() -> Reader? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard generation != nil, let reader = idle.popLast() else { return nil }
        lent += 1
        return reader
    }

    func giveBack(_ reader: Reader) { finishLoan(reader) }

    private func finishLoan(_ reader: Reader?) {
        pthread_mutex_lock(mutex)
        lent -= 1
        if let reader, reader.generation === generation { idle.append(reader) }
        pthread_cond_signal(returned)
        pthread_mutex_unlock(mutex)
    }

    /// From now on connections go to `next`; nil closes the pool. Readers at work finish with what they have.
    func replaceGeneration(_ next: Generation?) {
        pthread_mutex_lock(mutex)
        generation = next
        let old = idle
        idle = []
        pthread_cond_broadcast(returned)
        pthread_mutex_unlock(mutex)
        // Outside the lock: closing connections touches files.
        _ = consume old
    }
}
