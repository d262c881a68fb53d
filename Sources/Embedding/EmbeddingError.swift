/// Why there is no embedder, in words for the operator.
///
/// Owns: the error type. Must never: carry a text that was to be embedded.

public struct EmbeddingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Path of the file that is at fault.
    public var file: String
    /// What is wrong with it.
    public var message: String

    public init(file: String, message: String) {
        self.file = file
        self.message = message
    }

    public var description: String { "\(file): \(message)" }
}
