/// The only way to write the tables of feature level 2.
///
/// Owns: that every change of a row goes into the digest, one statement a row. Must never: change several rows by one
/// statement (docs/decisions/002-sqlite-c-api.md).

extension ApplyContext {
    /// - Parameter values: all columns, the key first.
    func insert(_ table: Table, _ values: [Value]) throws(StoreError) {
        try run(table.insertSQL, values)
        try digest.add(.rowWritten, table, values)
    }

    /// The row with this key exists.
    func update(_ table: Table, _ values: [Value]) throws(StoreError) {
        try run(table.updateSQL, values)
        try digest.add(.rowWritten, table, values)
    }

    func remove(_ table: Table, key: [Value]) throws(StoreError) {
        try run(table.removeSQL, key)
        try digest.add(.rowRemoved, table, key)
    }

    private func run(_ sql: String, _ values: [Value]) throws(StoreError) {
        let statement = try database.statement(sql)
        defer { statement.reset() }
        try statement.bind(values)
        try statement.run()
    }

    /// All rows of a query, read before anything is changed.
    func rows<Row>(
        _ sql: String, _ values: [Value], _ read: (Statement) throws(StoreError) -> Row
    ) throws(StoreError) -> [Row] {
        let statement = try database.statement(sql)
        defer { statement.reset() }
        try statement.bind(values)
        var found: [Row] = []
        while try statement.step() { found.append(try read(statement)) }
        return found
    }

    func row<Row>(
        _ sql: String, _ values: [Value], _ read: (Statement) throws(StoreError) -> Row
    ) throws(StoreError) -> Row? {
        let statement = try database.statement(sql)
        defer { statement.reset() }
        try statement.bind(values)
        return try statement.step() ? try read(statement) : nil
    }
}
