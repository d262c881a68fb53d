/// From the tables of one feature level to those of the next, at the same index on every replica.
///
/// Owns: which schema a feature level needs, and the steps between. A migration runs inside the transaction of the entry
/// that raised the level, so a replica has it or has not, and a snapshot carries it. Must never: run at any other
/// moment, however easy that would be at a start.

enum Migration {
    /// The schema that commands of a feature level need.
    static func schemaVersion(featureLevel: UInt16) -> Int64 {
        featureLevel >= Schema.tablesLevel ? Schema.version : Schema.versionMin
    }

    /// Does nothing when the store is there already.
    static func run(to version: Int64, from found: Int64, in database: Database) throws(StoreError) {
        guard found < version else { return }
        for definition in Table.definitions { try database.execute(definition) }
        try database.execute("UPDATE meta SET schema_version = \(version) WHERE one = 1")
    }
}
