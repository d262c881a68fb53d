/// Why the index refused something.
///
/// Owns: the kinds of refusal that a caller can tell apart. Must never: stand for a bug of the index itself.

public enum VectorIndexError: Error, Equatable, CustomStringConvertible {
    /// A parameter out of its bounds.
    case parameter(String)
    /// A vector or query that has the wrong length, is not finite, or is not of unit length.
    case vector(String)
    /// No slot is left: rebuild, or make the index with more.
    case full(slots: Int)
    /// The operating system refused.
    case system(String)
    /// The file is not an index, or is damaged, truncated, or contradicts itself.
    case damaged(String)
    /// The file was written by another version or for other parameters: rebuild from the source.
    case incompatible(String)

    public var description: String {
        switch self {
        case .parameter(let text): "vector index parameter: \(text)"
        case .vector(let text): "vector: \(text)"
        case .full(let slots): "all \(slots) slots of the vector index are taken"
        case .system(let text): "vector index: \(text)"
        case .damaged(let text): "vector index file is damaged: \(text)"
        case .incompatible(let text): "vector index file does not fit: \(text)"
        }
    }
}
