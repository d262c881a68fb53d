/// What a batch changes in the full-text index, gathered per row and written once, in the order of the rows.
///
/// FTS5 keeps the terms of a transaction in memory and writes them as one segment, but only while rows come in ascending
/// order: a row below the last one makes it write what it has first. Upserts come in any order, so without this every
/// one of them would cost a segment of its own, and the merging of it. Owns: the pending texts, which never outlive the
/// transaction. Must never: influence a row, an outcome or the digest; the index is derived from the rows.
struct TextIndexChanges {
    /// Gathered bytes from which on they are written at once: one command may remove any number of rows.
    static let gatheredBytesMax = 16 << 20

    struct Text {
        var title: String
        var content: String
        var tags: String

        var byteCount: Int { title.utf8.count + content.utf8.count + tags.utf8.count }

        func isSame(as other: Text) -> Bool {
            title.hasSameBytes(as: other.title) && content.hasSameBytes(as: other.content)
                && tags.hasSameBytes(as: other.tags)
        }
    }
    private struct Change {
        /// What the index holds for the row; nil: nothing.
        var indexed: Text?
        /// What it is to hold; nil: nothing.
        var wanted: Text?
    }

    // Iterated only by sorted keys.
    private var changes: [Int64: Change] = [:]
    private var gatheredBytes = 0

    /// The row no longer has `text`.
    mutating func remove(row: Int64, _ text: Text) {
        gatheredBytes += text.byteCount
        if changes[row] == nil { changes[row] = Change(indexed: text, wanted: nil) }
        changes[row]?.wanted = nil
    }

    /// The row has `text` from now on.
    mutating func add(row: Int64, _ text: Text) {
        gatheredBytes += text.byteCount
        changes[row, default: Change(indexed: nil, wanted: nil)].wanted = text
    }

    /// Writes all changes; inside the transaction that changed the rows. External content: FTS5 must be given back
    /// exactly the text that it indexed.
    mutating func write(_ statements: ApplyStatements) throws(StoreError) {
        guard !changes.isEmpty else { return }
        for row in changes.keys.sorted() {
            guard let change = changes[row] else { continue }
            if let old = change.indexed, let new = change.wanted, old.isSame(as: new) { continue }
            if let old = change.indexed { try run(statements.deleteText, row, old) }
            if let new = change.wanted { try run(statements.insertText, row, new) }
        }
        changes.removeAll(keepingCapacity: true)
        gatheredBytes = 0
    }

    mutating func writeIfLarge(_ statements: ApplyStatements) throws(StoreError) {
        if gatheredBytes >= Self.gatheredBytesMax { try write(statements) }
    }

    private func run(_ statement: Statement, _ row: Int64, _ text: Text) throws(StoreError) {
        try statement.bind(1, row)
        try statement.bind(2, text.title)
        try statement.bind(3, text.content)
        try statement.bind(4, text.tags)
        try statement.run()
    }
}
