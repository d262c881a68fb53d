/// The vectors in memory, as others see them; and their file.
///
/// Owns: its name. Must never: put it where a snapshot of another cluster could be read beside it: it lies in the
/// generation, and goes with it.

extension MemoryStore {
    /// nil: the store keeps no vectors, or none between starts.
    static func vectorPath(_ generation: Generation, options: StoreOptions) throws(StoreError) -> String? {
        let directory = generation.directory
        guard let model = options.vectorModel, !directory.files.isSingleThreaded else { return nil }
        let hash = try SHA256()
        try hash.begin()
        try hash.add(Array(model.tag.utf8))
        let name = try hash.finish().prefix(8).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        return directory.generationPath(generation.number) + "/" + vectorPrefix + name.joined() + ".hnsw"
    }

    private static let vectorPrefix = "vectors-"

    /// Files of models before this one, and what a crash left half-written.
    static func removeStaleVectors(_ generation: Generation, keeping path: String) throws(StoreError) {
        let files = generation.directory.files
        let directory = generation.directory.generationPath(generation.number)
        for name in try files.names(in: directory) where name.hasPrefix(vectorPrefix) && directory + "/" + name != path
        {
            try files.remove(directory + "/" + name)
        }
    }

    static func recallIndex(
        _ contents: RecallContents, _ generation: Generation, options: StoreOptions, keeper: VectorKeeper?
    ) throws(StoreError) -> RecallIndex {
        let path = try vectorPath(generation, options: options)
        guard let keeper else { return RecallIndex(contents, model: options.vectorModel, path: path) }
        let signal = keeper.signal
        let index = RecallIndex(contents, model: options.vectorModel, path: path) { signal.notify() }
        keeper.serve(index)
        return index
    }

    /// Rows that were written without a vector, lowest first; each is given out once.
    public func takeRowsWithoutVector(limit: Int) -> [Int64] { index.takeMissing(limit: limit) }

    /// Whether there were more than could be remembered, so that all rows have to be looked at again; told once.
    public func takeRowsWithoutVectorOverflow() -> Bool { index.takeMissingOverflow() }

    /// Finds all rows that have none. Walks a narrow index of all rows.
    public func noticeRowsWithoutVector() throws(StoreError) {
        guard options.vectorModel != nil else { return }
        let rows = try read { (reader) throws(StoreError) in
            let statement = try reader.database.statement("SELECT row FROM memories INDEXED BY memories_order")
            defer { statement.reset() }
            var rows: [Int64] = []
            while try statement.step() { rows.append(statement.int64(0)) }
            return rows
        }
        index.noticeAll(rows: rows)
    }

    /// Whether there is a model whose vectors are kept in memory.
    public var keepsVectors: Bool { options.vectorModel != nil }

    /// Any thread.
    public func vectorReport() -> VectorReport { index.report }

    /// Waits for the thread that links vectors.
    /// - Parameter until: asked before and after each step of its work.
    public func waitForVectors(_ until: (VectorReport) throws -> Bool) rethrows {
        guard let keeper else { return }
        while true {
            let seen = keeper.progress.count
            if try until(vectorReport()) || keeper.progress.hasEnded { return }
            keeper.progress.wait(beyond: seen)
        }
    }

    /// What became of the vectors' file, for the log: why it was not used, or could not be written. Each is told once.
    public func takeVectorNote() -> String? {
        let note = vectorNote.withLock { note in
            defer { note = nil }
            return note
        }
        return note ?? keeper?.takeTrouble()
    }
}
