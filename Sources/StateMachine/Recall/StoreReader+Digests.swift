/// The content of whole tables as digests, and row by row, for whoever compares nodes.
///
/// Owns: the questions. They read everything, so they are for an operator, never on the way of a request. Must never:
/// give out what a row holds: digests only.

public struct TableDigest: Hashable, Sendable {
    public var table: String
    public var rows: Int
    /// SHA-256 over all columns of all rows in the order of the key.
    public var digest: [UInt8]
}

public struct RowDigest: Hashable, Sendable {
    /// The key's columns as a JSON array.
    public var key: String
    public var digest: [UInt8]
}

extension StoreReader {
    /// Rows of one page of row digests at most.
    public static let rowDigestsMax = 10_000

    public func tableDigests() throws(StoreError) -> [TableDigest] {
        var found: [TableDigest] = []
        for (table, key) in tables {
            let hash = try SHA256()
            try hash.begin()
            var line = ByteWriter(capacity: 4_096)
            var rows = 0
            let statement = try database.statement("SELECT * FROM \(table) ORDER BY \(key)")
            defer { statement.reset() }
            while try statement.step() {
                line.removeAll()
                statement.writeColumns(to: &line)
                try hash.add(line.bytes)
                rows += 1
            }
            found.append(TableDigest(table: table, rows: rows, digest: try hash.finish()))
        }
        return found
    }

    /// A page of one table in the order of its key.
    /// - Returns: nil when there is no such table.
    public func rowDigests(of table: String, offset: Int, limit: Int) throws(StoreError) -> [RowDigest]? {
        guard let key = tables.first(where: { $0.table == table })?.key else { return nil }
        let columns = key.split(separator: ",").map { $0.split(separator: " ").joined() }
        let statement = try database.statement(
            """
            SELECT json_array(\(columns.joined(separator: ", "))), * FROM \(table) ORDER BY \(key) LIMIT ? OFFSET ?
            """)
        defer { statement.reset() }
        try statement.bind([
            .integer(Int64(min(max(0, limit), StoreReader.rowDigestsMax))), .integer(Int64(max(0, offset))),
        ])
        let hash = try SHA256()
        var line = ByteWriter(capacity: 4_096)
        var found: [RowDigest] = []
        while try statement.step() {
            line.removeAll()
            statement.writeColumns(to: &line)
            try hash.begin()
            try hash.add(line.bytes)
            found.append(RowDigest(key: statement.text(0), digest: try hash.finish()))
        }
        return found
    }

    private var tables: [(table: String, key: String)] {
        let first = ["configuration", "meta", "memories", "registers", "sessions"]
        let names = first + (hasTables ? Table.all.map(\.name) : [])
        return names.compactMap { name in Table.keys[name].map { (name, $0) } }
    }
}
