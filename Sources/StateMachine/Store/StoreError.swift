/// Why the store could not do what it was asked, in words for the operator.
///
/// Owns: the error type. Must never: carry the content of memories.

public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was being done: "open …/state.db", "apply index 17".
    public var doing: String
    public var message: String
    /// SQLite's extended result code; 0 when SQLite was not the one that refused.
    public var sqliteCode: Int32

    public init(doing: String, message: String, sqliteCode: Int32 = 0) {
        self.doing = doing
        self.message = message
        self.sqliteCode = sqliteCode
    }

    public var description: String {
        sqliteCode == 0 ? "\(doing): \(message)" : "\(doing): \(message) (SQLite code \(sqliteCode))"
    }

    /// The same error with the larger task in front.
    func within(_ outer: String) -> StoreError {
        StoreError(doing: "\(outer): \(doing)", message: message, sqliteCode: sqliteCode)
    }
}
