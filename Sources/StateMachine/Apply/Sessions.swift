/// Exactly once: the outcome under each idempotency key, until it expires by logged time or room is needed.
///
/// Owns: which outcomes are kept. Must never: expire by a wall clock, or do unbounded work for one command.

/// Totals of the `sessions` table, kept in memory so that a command without a key costs no query.
struct SessionLedger {
    struct Oldest: Hashable {
        var number: Int64
        var loggedAt: Int64
        var outcomeBytes: Int64
    }
    var rows: Int64
    var outcomeBytes: Int64
    var oldest: Oldest?
    let ttlNanoseconds: Int64
    let rowsMax: Int64
    let bytesMax: Int64

    init(_ database: Database, options: StoreOptions) throws(StoreError) {
        rows = try database.integer("SELECT count(*) FROM sessions")
        outcomeBytes = try database.integer("SELECT coalesce(sum(length(outcome)), 0) FROM sessions")
        ttlNanoseconds = Timestamp.adding(seconds: options.sessionTTLSeconds, to: 0)
        rowsMax = options.sessionRowsMax
        bytesMax = options.sessionBytesMax
        oldest = nil
        oldest = try SessionLedger.oldest(
            try database.statement("SELECT number, logged_at, length(outcome) FROM sessions ORDER BY number LIMIT 1"))
    }

    static func oldest(_ statement: Statement) throws(StoreError) -> Oldest? {
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        return Oldest(
            number: statement.int64(0), loggedAt: statement.int64(1), outcomeBytes: statement.int64(2))
    }

    func isExpired(loggedAt: Int64, now: Int64) -> Bool {
        let (age, overflow) = now.subtractingReportingOverflow(loggedAt)
        return overflow || age >= ttlNanoseconds
    }

    var isTooLarge: Bool { rows > rowsMax || outcomeBytes > bytesMax }
}

struct Session {
    var number: Int64
    var requestDigest: [UInt8]
    var outcome: [UInt8]
}

extension ApplyContext {
    /// More than one per command, so that the table shrinks; few enough that no command is slow.
    private static let expiredPerCommandMax = 16

    func expireSessions() throws(StoreError) {
        var removed = 0
        while let oldest = sessions.oldest, removed < ApplyContext.expiredPerCommandMax,
            sessions.isExpired(loggedAt: oldest.loggedAt, now: logTime)
        {
            try removeSession(number: oldest.number, outcomeBytes: oldest.outcomeBytes)
            removed += 1
        }
    }

    /// The kept outcome; one that is past its time counts as absent even if not removed yet.
    func session(_ key: String) throws(StoreError) -> Session? {
        let found: Session
        let expired: Bool
        do {
            let statement = statements.sessionByKey
            defer { statement.reset() }
            try statement.bind(1, key)
            guard try statement.step() else { return nil }
            found = Session(
                number: statement.int64(0), requestDigest: statement.blob(1), outcome: statement.blob(3))
            expired = sessions.isExpired(loggedAt: statement.int64(2), now: logTime)
        }
        guard expired else { return found }
        try removeSession(number: found.number, outcomeBytes: Int64(found.outcome.count))
        return nil
    }

    func keepSession(_ idempotency: Idempotency, outcome: [UInt8]) throws(StoreError) {
        let number = Int64(bitPattern: index)
        let statement = statements.insertSession
        try statement.bind(1, number)
        try statement.bind(2, idempotency.key)
        try statement.bind(3, idempotency.requestDigest)
        try statement.bind(4, logTime)
        try statement.bind(5, outcome)
        try statement.run()
        try digest.sessionWritten(number: number, idempotency, loggedAt: logTime, outcome: outcome)
        sessions.rows += 1
        sessions.outcomeBytes += Int64(outcome.count)
        if sessions.oldest == nil {
            sessions.oldest = SessionLedger.Oldest(
                number: number, loggedAt: logTime, outcomeBytes: Int64(outcome.count))
        }
        // One outcome is far smaller than the whole allowance, so this is one or a few rows.
        while sessions.isTooLarge, let oldest = sessions.oldest {
            try removeSession(number: oldest.number, outcomeBytes: oldest.outcomeBytes)
        }
    }

    private func removeSession(number: Int64, outcomeBytes: Int64) throws(StoreError) {
        try statements.deleteSession.bind(1, number)
        try statements.deleteSession.run()
        try digest.sessionRemoved(number: number)
        sessions.rows -= 1
        sessions.outcomeBytes -= outcomeBytes
        if sessions.oldest?.number == number {
            sessions.oldest = try SessionLedger.oldest(statements.oldestSession)
        }
    }
}
