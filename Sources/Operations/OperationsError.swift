/// What went wrong while running processes or checking them, in words for the person at the terminal.
///
/// Owns: one error type for the whole room. Must never: carry a stack of causes nobody reads.
import Client

public struct OperationsError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }

    /// - Parameter doing: what was being done, as in "read the status of node 2".
    init(_ doing: String, _ error: ClientError) { description = "cannot \(doing): \(error)" }
    init(_ doing: String, errno code: CInt) { description = "cannot \(doing): \(SystemText.error(code))" }
}
