/// Recall bookkeeping: access counts, expiry, promotion, priority.
///
/// Owns: the three steps of a touch. Must never: write the full-text index, or the row's version unless it promotes.

/// The columns that a touch may change.
struct TouchedColumns: Hashable {
    var tier: Tier
    var priority: Int64
    var accessCount: Int64
    var version: UInt64
    var updatedAt: String
    var lastAccessedAt: String
    var expiresAt: String?
}

/// The rule, free of the database.
enum TouchRule {
    static let accessCountMax: Int64 = 1_000_000
    static let promotionAccessCount: Int64 = 5
    static let priorityBumpEvery: Int64 = 10
    static let priorityMax: Int64 = 10

    /// - Parameters:
    ///   - row: before; its `lastAccessedAt` is not looked at.
    ///   - shortExpiry: `at` plus the short step. It is assigned, also when that is earlier than the present expiry.
    ///   - midExpiry: `at` plus the mid step.
    /// - Returns: the row after, and whether more than count, access time and expiry changed.
    static func touched(
        _ row: TouchedColumns, at: String, shortExpiry: String, midExpiry: String, index: UInt64
    ) -> (row: TouchedColumns, promotedOrRaised: Bool) {
        var after = row
        var changed = false
        after.accessCount = min(row.accessCount + 1, accessCountMax)
        after.lastAccessedAt = at
        if row.expiresAt != nil {
            switch row.tier {
            case .short: after.expiresAt = shortExpiry
            case .mid: after.expiresAt = midExpiry
            case .long: break
            }
        }
        if after.tier == .mid && after.accessCount >= promotionAccessCount {
            after.tier = .long
            after.expiresAt = nil
            after.updatedAt = at
            after.version = index
            changed = true
        }
        if after.accessCount % priorityBumpEvery == 0 && after.priority < priorityMax {
            after.priority += 1
            changed = true
        }
        return (after, changed)
    }
}

extension ApplyContext {
    /// Ids without a row are skipped: they were deleted after the recall.
    func touch(_ command: TouchCommand) throws(StoreError) -> Outcome {
        let shortExpiry = Timestamp.text(
            nanoseconds: Timestamp.adding(seconds: max(0, command.shortStepSeconds), to: command.atNanoseconds))
        let midExpiry = Timestamp.text(
            nanoseconds: Timestamp.adding(seconds: max(0, command.midStepSeconds), to: command.atNanoseconds))
        var count = 0
        for id in command.ids {
            guard let before = try touchable(id: id) else { continue }
            let (after, promotedOrRaised) = TouchRule.touched(
                before.columns, at: command.at, shortExpiry: shortExpiry, midExpiry: midExpiry, index: index)
            try write(after, row: before.row, whole: promotedOrRaised)
            try digest.memoryTouched(row: before.row, after)
            changes.append(
                .touched(row: before.row, tier: after.tier, expiresAt: after.expiresAt, version: after.version))
            count += 1
        }
        return .touched(count: count)
    }

    private func touchable(id: String) throws(StoreError) -> (row: Int64, columns: TouchedColumns)? {
        let statement = statements.touchedByID
        defer { statement.reset() }
        try statement.bind(1, id)
        guard try statement.step() else { return nil }
        let columns = TouchedColumns(
            tier: Tier(rawValue: UInt8(truncatingIfNeeded: statement.int64(1))) ?? .mid,
            priority: statement.int64(2), accessCount: statement.int64(3),
            version: UInt64(bitPattern: statement.int64(4)), updatedAt: statement.text(5), lastAccessedAt: "",
            expiresAt: statement.optionalText(6))
        return (statement.int64(0), columns)
    }

    private func write(_ columns: TouchedColumns, row: Int64, whole: Bool) throws(StoreError) {
        let statement = whole ? statements.updatePromoted : statements.updateTouched
        try statement.bind(1, row)
        try statement.bind(2, columns.accessCount)
        try statement.bind(3, columns.lastAccessedAt)
        try statement.bind(4, columns.expiresAt)
        if whole {
            try statement.bind(5, Int64(columns.tier.rawValue))
            try statement.bind(6, columns.priority)
            try statement.bind(7, columns.updatedAt)
            try statement.bind(8, Int64(bitPattern: columns.version))
        }
        try statement.run()
    }
}
