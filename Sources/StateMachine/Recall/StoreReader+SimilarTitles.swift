/// The probe for rows that may contradict a new one: those that share words with its title.
///
/// Owns: a bound on that probe. It runs before every store, so its cost must never grow with the table.
///
/// While at most `exactRowsMax` rows were ever stored, the answer is exactly that of v0.6.3: best BM25 first. Beyond,
/// BM25 would have to score every row that has any word of the title. Then only the newest `recentMatchesMax` matches are
/// looked at, those of the namespace are ranked by the number of title words they share with the title (newest first
/// among equals), and older rows are not found.

extension StoreReader {
    static let exactRowsMax: Int64 = 1_000
    static let recentMatchesMax = 64

    /// Ids of rows of the namespace whose text shares words with `title`; expired rows included.
    public func similarTitles(title: String, namespace: String, limit: Int = 5) throws(StoreError) -> [String] {
        let match = FullTextQuery.make(title, join: .any)
        return rowsEver <= StoreReader.exactRowsMax
            ? try bestByRank(match, namespace: namespace, limit: limit)
            : try bestOfRecent(match, title: title, namespace: namespace, limit: limit)
    }

    private func bestByRank(_ match: String, namespace: String, limit: Int) throws(StoreError) -> [String] {
        let statement = try database.statement(
            """
            SELECT memories.id FROM memories_fts CROSS JOIN memories ON memories.row = memories_fts.rowid
            WHERE memories_fts MATCH ?1 AND memories.namespace = ?2 ORDER BY memories_fts.rank, memories.id LIMIT ?3
            """)
        defer { statement.reset() }
        try statement.bind(1, match)
        try statement.bind(2, namespace)
        try statement.bind(3, StoreReader.limit(limit))
        var ids: [String] = []
        while try statement.step() { ids.append(statement.text(0)) }
        return ids
    }

    private func bestOfRecent(
        _ match: String, title: String, namespace: String, limit: Int
    ) throws(StoreError) -> [String] {
        let statement = try database.statement(
            """
            SELECT memories.id, memories.title
            FROM (SELECT rowid FROM memories_fts WHERE memories_fts MATCH ?1 ORDER BY rowid DESC LIMIT ?3) AS recent
            CROSS JOIN memories ON memories.row = recent.rowid
            WHERE memories.namespace = ?2
            """)
        defer { statement.reset() }
        try statement.bind(1, match)
        try statement.bind(2, namespace)
        try statement.bind(3, Int64(StoreReader.recentMatchesMax))
        let wanted = TitleWords(title)
        var found: [(id: String, shared: Int, position: Int)] = []
        while try statement.step() {
            let shared = statement.withBytes(1) { wanted.sharedCount(with: $0) }
            found.append((statement.text(0), shared, found.count))
        }
        found.sort { $0.shared == $1.shared ? $0.position < $1.position : $0.shared > $1.shared }
        return found.prefix(Int(StoreReader.limit(limit))).map(\.id)
    }
}

/// The words of one title, to be found in others: runs of ASCII letters and digits (ignoring case) and of anything
/// beyond ASCII. Hashed, and without allocation per candidate, because this runs 64 times before every store.
struct TitleWords {
    /// Distinct, in order of appearance; a title has at most 512 characters, and 64 words say enough about it.
    private var hashes: [UInt64] = []

    init(_ title: String) {
        var title = title
        var collected: [UInt64] = []
        title.withUTF8 { bytes in
            TitleWords.forEachWord(UnsafeRawBufferPointer(bytes)) { hash in
                if collected.count < 64 && !collected.contains(hash) { collected.append(hash) }
            }
        }
        hashes = collected
    }

    func sharedCount(with title: UnsafeRawBufferPointer) -> Int {
        var seen: UInt64 = 0
        TitleWords.forEachWord(title) { hash in
            if let position = hashes.firstIndex(of: hash) { seen |= 1 << UInt64(position) }
        }
        return seen.nonzeroBitCount
    }

    /// FNV-1a of each word.
    private static func forEachWord(_ bytes: UnsafeRawBufferPointer, _ body: (UInt64) -> Void) {
        let start: UInt64 = 0xCBF2_9CE4_8422_2325
        var hash = start
        var inWord = false
        for byte in bytes {
            let isUpper = byte >= 0x41 && byte <= 0x5A
            let isWord = isUpper || byte >= 0x80 || (byte >= 0x61 && byte <= 0x7A) || (byte >= 0x30 && byte <= 0x39)
            if isWord {
                hash = (hash ^ UInt64(isUpper ? byte | 0x20 : byte)) &* 0x100_0000_01B3
                inWord = true
            } else if inWord {
                body(hash)
                hash = start
                inWord = false
            }
        }
        if inWord { body(hash) }
    }
}
