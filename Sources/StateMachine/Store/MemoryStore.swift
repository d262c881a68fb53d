/// The replicated memory store of one node: applies the log to SQLite, serves reads, makes and installs snapshots.
///
/// Owns: the store's directory and connections. Must never: know about leaders, clocks or the network.
import Synchronization

public final class MemoryStore: @unchecked Sendable {
    // Sendable: `writer` and `outgoingAttempts` are used only by the apply lane, whose calls (`apply`, `checkpoint`,
    // `prepareSnapshot`, `install`, `close`) the caller makes one at a time. `appliedState` is a lock, `pool` and `keeper`
    // lock themselves, the rest never changes.
    let directory: StoreDirectory
    var files: any StoreFiles { directory.files }
    let options: StoreOptions
    private let pool: ReaderPool
    private let appliedState: Mutex<AppliedState>
    private let tables: Mutex<Bool>
    private let recent = Mutex(RecentDigests())
    private let currentIndex: Mutex<RecallIndex>
    /// nil: there is nothing to keep, or no thread to do it.
    let keeper: VectorKeeper?
    let vectorNote: Mutex<String?>
    private let installedPosition: Mutex<InstalledPosition>
    /// The incoming snapshot that was begun last.
    let incoming = Mutex<IncomingState?>(nil)
    private var writer: Writer?
    var writerForTests: Writer? { writer }
    private var outgoingAttempts: UInt64 = 0
    /// Tests stop an install at each of its steps with this.
    var installStep: ((InstallStep) throws(StoreError) -> Void)?

    private init(
        directory: StoreDirectory, options: StoreOptions, writer: Writer, installed: InstalledPosition,
        contents: RecallContents, keeper: VectorKeeper?
    ) throws(StoreError) {
        let index = try MemoryStore.recallIndex(contents, writer.generation, options: options, keeper: keeper)
        self.currentIndex = Mutex(index)
        self.keeper = keeper
        self.vectorNote = Mutex(contents.note)
        self.installedPosition = Mutex(installed)
        self.directory = directory
        self.options = options
        self.writer = writer
        self.pool = ReaderPool(generation: writer.generation, options: options)
        self.appliedState = Mutex(writer.context.meta.applied)
        self.tables = Mutex(writer.context.hasTables)
        let applied = writer.context.meta.applied
        recent.withLock { $0.add(.init(index: applied.index, digest: applied.digest)) }
    }

    /// Opens the store in `directory`, making it when there is none.
    /// - Throws: when the directory holds something else, another schema version, or a `CURRENT` that names nothing.
    public static func open(
        directory path: String, options: StoreOptions, files: any StoreFiles = PosixStoreFiles()
    ) throws(StoreError) -> MemoryStore {
        let directory = try StoreDirectory(path: path, files: files)
        let number: UInt64
        if let current = try directory.current() {
            number = current
        } else {
            number = try create(in: directory, options: options)
        }
        try directory.removeLeftovers(keeping: number)
        let generation = Generation(number: number, directory: directory)
        let writer = try Writer(generation: generation, options: options)
        try directory.removeStaleIncoming(appliedIndex: writer.context.meta.applied.index)
        let installed = try InstalledPosition.read(
            generationPath: directory.generationPath(number), files: files)
        let vectors = try vectorPath(generation, options: options)
        if let vectors { try removeStaleVectors(generation, keeping: vectors) }
        let contents = try RecallContents(
            writer.database, model: options.vectorModel, hasTables: writer.context.hasTables,
            appliedIndex: writer.context.meta.applied.index,
            path: try vectors.flatMap { (path) throws(StoreError) in try files.exists(path) ? path : nil })
        let hasKeeper = options.vectorModel != nil && !files.isSingleThreaded
        let keeper = hasKeeper ? VectorKeeper(options: options.vectorKeeper) : nil
        try keeper?.start()
        return try MemoryStore(
            directory: directory, options: options, writer: writer, installed: installed, contents: contents,
            keeper: keeper)
    }

    private static func create(in directory: StoreDirectory, options: StoreOptions) throws(StoreError) -> UInt64 {
        // A crash while creating leaves a generation in which nothing was ever applied. Anything else without CURRENT
        // is a damaged directory, and its data must not be thrown away.
        for number in try directory.generations() where try directory.files.exists(directory.databasePath(number)) {
            let path = directory.databasePath(number)
            let database = try Database(
                path: path, files: directory.files, mode: .readWrite, cacheBytes: 1 << 20)
            let tables = try database.integer("SELECT count(*) FROM sqlite_master WHERE name = 'meta'")
            let applied = tables == 0 ? 0 : try database.integer("SELECT applied_index FROM meta")
            guard applied == 0 else {
                throw StoreError(
                    doing: "open \(directory.path)",
                    message: "there is no CURRENT, but \(path) holds data; refusing to start empty")
            }
        }
        let number: UInt64 = 1
        try directory.makeGeneration(number)
        do {
            let database = try Database(
                path: directory.databasePath(number), files: directory.files, mode: .readWrite,
                cacheBytes: options.cacheBytes)
            try Schema.create(in: database, options: options)
            // The whole of it goes into the one file that is synced next.
            try database.setCheckpointsOnClose(true)
        }
        try directory.files.syncFile(directory.databasePath(number))
        try directory.files.syncDirectory(directory.generationPath(number))
        try directory.setCurrent(number)
        return number
    }

    // MARK: the apply lane

    /// What is applied now. Any thread.
    public func applied() -> AppliedState { appliedState.withLock { $0 } }

    /// Whether commands of feature level 2 can follow what is applied. Any thread.
    public func hasTables() -> Bool { tables.withLock { $0 } }

    /// The digests after each of the last entries, ascending. Any thread.
    public func recentDigests() -> [RecentDigests.Entry] { recent.withLock { $0.entries } }

    /// Where the state was last replaced by a snapshot; zeros when never. Any thread.
    public func installed() -> (index: UInt64, term: UInt64) {
        installedPosition.withLock { ($0.index, $0.term) }
    }

    /// Applies entries that follow the applied index without a gap, in one transaction.
    /// - Returns: the encoded outcome of each, in order.
    /// - Throws: with nothing of the batch applied. The node must stop: the store refuses to go on until reopened.
    public func apply(_ batch: [LogCommand]) throws(StoreError) -> [[UInt8]] {
        if batch.isEmpty { return [] }
        let writer = try openWriter("apply")
        let outcomes: [[UInt8]]
        do {
            outcomes = try writer.apply(batch)
        } catch {
            self.writer = nil
            throw error
        }
        publish(writer)
        return outcomes
    }

    /// The index for recall first: whoever sees the new applied index finds there what was applied.
    private func publish(_ writer: Writer) {
        let context = writer.context
        let applied = context.meta.applied
        index.apply(context.takeChanges(), appliedIndex: applied.index, durableIndex: writer.durableIndex)
        let hasTables = context.hasTables
        let digests = context.takeDigests()
        recent.withLock { recent in
            for entry in digests { recent.add(entry) }
            if digests.isEmpty, applied.index > 0 { recent.add(.init(index: applied.index, digest: applied.digest)) }
        }
        appliedState.withLock { $0 = applied }
        tables.withLock { $0 = hasTables }
    }

    /// Makes everything applied so far durable and, as far as readers allow, moves it into the main database file.
    /// - Returns: the index and term that survive power loss from now on.
    public func checkpoint() throws(StoreError) -> (index: UInt64, term: UInt64) {
        let writer = try openWriter("checkpoint")
        do {
            try writer.checkpoint()
        } catch {
            self.writer = nil
            throw error
        }
        index.noteDurable(writer.durableIndex)
        let applied = writer.context.meta.applied
        return (applied.index, applied.term)
    }

    /// Runs `body` on the connection that applies. Apply lane only.
    func examine<Result>(
        _ body: (Database) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try body(try openWriter("examine the store").database)
    }

    /// Whether `apply` still works: false after a failure that only reopening heals, and after `close`. Apply lane only.
    public var isUsable: Bool { writer != nil }

    private func openWriter(_ doing: String) throws(StoreError) -> Writer {
        guard let writer else {
            throw StoreError(doing: doing, message: "the store is closed, or an earlier failure stopped it")
        }
        return writer
    }

    /// Closes the store. Reads at work finish; later calls throw.
    public func close() {
        pool.replaceGeneration(nil)
        writer = nil
        keeper?.stop()
    }

    deinit { keeper?.stop() }

    // MARK: reads

    /// What recall keeps in memory. Any thread.
    var index: RecallIndex { currentIndex.withLock { $0 } }

    /// Runs `body` on one consistent state. Blocks while all connections are lent, so call it on a thread for that.
    public func read<Result>(_ body: (StoreReader) throws(StoreError) -> Result) throws(StoreError) -> Result {
        try read(with: try pool.borrow(), body)
    }

    /// Runs `body` at once if a connection is free; nil when none is. For lookups of some microseconds, which may then
    /// run on an event loop: a hop to another thread costs more than they do.
    public func readIfIdle<Result>(
        _ body: (StoreReader) throws(StoreError) -> Result
    ) throws(StoreError) -> Result? {
        guard let reader = pool.borrowIdle() else { return nil }
        return try read(with: reader, body)
    }

    private func read<Result>(
        with reader: ReaderPool.Reader, _ body: (StoreReader) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        defer { pool.giveBack(reader) }
        let database = reader.database
        try database.statement("BEGIN").run()
        do {
            let result = try body(try StoreReader(database, index: index))
            try database.statement("COMMIT").run()
            return result
        } catch {
            do {
                try database.statement("ROLLBACK").run()
            } catch let second {
                throw StoreError(
                    doing: error.doing, message: "\(error.message); then \(second)", sqliteCode: error.sqliteCode)
            }
            throw error
        }
    }

    // MARK: snapshots

    /// Pins the state as it is now. The returned work, run once on any thread, copies it to a file.
    public func prepareSnapshot() throws(StoreError) -> @Sendable () -> Result<StoreSnapshot, StoreError> {
        let writer = try openWriter("prepare a snapshot")
        outgoingAttempts += 1
        let applied = writer.context.meta.applied
        let path = directory.outgoingPath(index: applied.index, attempt: outgoingAttempts)
        let pinned = try PinnedState(generation: writer.generation, path: path, applied: applied)
        return { pinned.copy() }
    }

    /// Where an incoming snapshot may be written; on the same file system as the store.
    public func incomingSnapshotPath(identifier: UInt64) -> String { directory.incomingPath(identifier) }

    /// Removes a snapshot file, made here or received. One that is gone is fine; a failure costs only space, which the
    /// next open gives back.
    public func discardSnapshot(path: String) {
        guard directory.isSnapshotPath(path) else { return }
        do {
            try files.remove(path)
            try files.remove(path + directory.incomingStateSuffix)
        } catch {
            return
        }
    }

    /// Replaces the whole state by a snapshot file whose bytes the caller has verified. The file is consumed.
    /// A crash leaves either the old state or the new one, whole.
    /// - Throws: when the file does not hold what is said, or would go back. The node must stop unless the store still
    ///   answers `apply`: a refusal before anything was changed leaves it usable.
    public func install(snapshotPath: String, index: UInt64, term: UInt64) throws(StoreError) {
        let old = try openWriter("install a snapshot")
        let applied = old.context.meta.applied
        guard index > applied.index else {
            throw StoreError(
                doing: "install a snapshot",
                message: "it is at index \(index), the store already at \(applied.index)")
        }
        let next = old.generation.number + 1
        let install = SnapshotInstall(directory: directory, options: options, step: installStep)
        try install.verify(snapshotPath, index: index, term: term)
        let fresh: Writer
        do {
            fresh = try install.run(
                snapshotPath: snapshotPath, installed: InstalledPosition(index: index, term: term), generation: next)
        } catch {
            // Past the switch or not, memory and disk may disagree: only a reopen tells.
            writer = nil
            throw error
        }
        // Consumed; what was known of it goes too.
        discardSnapshot(path: snapshotPath)
        old.generation.markReplaced()
        pool.replaceGeneration(fresh.generation)
        writer = fresh
        do {
            try replaceIndex(fresh, appliedBefore: applied.index)
        } catch {
            // The state is the new one, and what recall has in memory is not: only a reopen brings them together.
            writer = nil
            throw error
        }
        // What was received was synced before it took the old state's place.
        self.index.noteDurable(index)
        installedPosition.withLock { $0 = InstalledPosition(index: index, term: term) }
        publish(fresh)
    }

    /// The vectors in memory stay, as far as they are in the snapshot too: making a graph takes long.
    private func replaceIndex(_ fresh: Writer, appliedBefore: UInt64) throws(StoreError) {
        let kept = index.vectorIndex.map { RecallContents.Kept(index: $0, coveredIndex: appliedBefore) }
        let contents = try RecallContents(
            fresh.database, model: options.vectorModel, hasTables: fresh.context.hasTables,
            appliedIndex: fresh.context.meta.applied.index, kept: kept)
        let replacement = try MemoryStore.recallIndex(contents, fresh.generation, options: options, keeper: keeper)
        currentIndex.withLock { $0 = replacement }
    }
}
