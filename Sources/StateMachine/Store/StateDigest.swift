/// The rolling digest of the replicated state: after entry i it is SHA-256 over the digest after i-1, i, the state
/// machine's time, and every row that entry i wrote.
///
/// Owns: which bytes go in. Must never: see batch or transaction boundaries, which differ between nodes.

struct StateDigest {
    /// Digest of an empty store.
    static let initial = [UInt8](repeating: 0, count: SHA256.byteCount)

    enum Mark: UInt8 {
        case memoryWritten = 1
        case memoryRemoved = 2
        case memoryTouched = 3
        case registerWritten = 4
        case sessionWritten = 5
        case sessionRemoved = 6
        case configurationWritten = 7
        case rowWritten = 8
        case rowRemoved = 9
        case migrated = 10
    }

    /// Bytes gathered before they are hashed: one entry may change any number of rows.
    private static let gatheredBytesMax = 64 << 10

    private let hash: SHA256
    private var effects = ByteWriter(capacity: 4096)

    init() throws(StoreError) { hash = try SHA256() }

    mutating func begin(previous: [UInt8], index: UInt64, logTimeNanoseconds: Int64) throws(StoreError) {
        try hash.begin()
        effects.removeAll()
        effects.blob(previous)
        effects.fixed64(index)
        effects.fixed64(UInt64(bitPattern: logTimeNanoseconds))
    }

    mutating func finish() throws(StoreError) -> [UInt8] {
        try hash.add(effects.bytes)
        return try hash.finish()
    }

    private mutating func hashIfLarge() throws(StoreError) {
        guard effects.bytes.count >= Self.gatheredBytesMax else { return }
        try hash.add(effects.bytes)
        effects.removeAll()
    }

    mutating func memoryWritten(row: Int64, _ memory: Memory) throws(StoreError) {
        effects.byte(Mark.memoryWritten.rawValue)
        effects.signed(row)
        OutcomeCodec.write(memory, to: &effects)
        try hashIfLarge()
    }

    mutating func memoryRemoved(row: Int64, id: String) throws(StoreError) {
        effects.byte(Mark.memoryRemoved.rawValue)
        effects.signed(row)
        effects.text(id)
        try hashIfLarge()
    }

    /// Only what a touch can change; the rest of the row went in when it was written.
    mutating func memoryTouched(row: Int64, _ touched: TouchedColumns) throws(StoreError) {
        effects.byte(Mark.memoryTouched.rawValue)
        effects.signed(row)
        effects.byte(touched.tier.rawValue)
        effects.signed(touched.priority)
        effects.signed(touched.accessCount)
        effects.text(touched.updatedAt)
        effects.text(touched.lastAccessedAt)
        effects.optional(touched.expiresAt) { $0.text($1) }
        effects.fixed64(touched.version)
        try hashIfLarge()
    }

    mutating func registerWritten(key: String, version: UInt64, value: [UInt8]) throws(StoreError) {
        effects.byte(Mark.registerWritten.rawValue)
        effects.text(key)
        effects.fixed64(version)
        effects.blob(value)
        try hashIfLarge()
    }

    mutating func sessionWritten(
        number: Int64, _ idempotency: Idempotency, loggedAt: Int64, outcome: [UInt8]
    ) throws(StoreError) {
        effects.byte(Mark.sessionWritten.rawValue)
        effects.signed(number)
        effects.text(idempotency.key)
        effects.blob(idempotency.requestDigest)
        effects.signed(loggedAt)
        effects.blob(outcome)
        try hashIfLarge()
    }

    mutating func configurationWritten(_ bytes: [UInt8]) throws(StoreError) {
        effects.byte(Mark.configurationWritten.rawValue)
        effects.blob(bytes)
        try hashIfLarge()
    }

    mutating func migrated(to schemaVersion: Int64) throws(StoreError) {
        effects.byte(Mark.migrated.rawValue)
        effects.signed(schemaVersion)
        try hashIfLarge()
    }

    /// A row of one of the tables of feature level 2.
    mutating func add(_ mark: Mark, _ table: Table, _ values: [Value]) throws(StoreError) {
        effects.byte(mark.rawValue)
        effects.byte(table.number)
        for value in values { effects.value(value) }
        try hashIfLarge()
    }

    mutating func sessionRemoved(number: Int64) throws(StoreError) {
        effects.byte(Mark.sessionRemoved.rawValue)
        effects.signed(number)
        try hashIfLarge()
    }
}
