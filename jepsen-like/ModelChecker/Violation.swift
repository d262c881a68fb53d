/// A broken promise, with the number of the invariant it breaks.

import RaftCore

public struct Violation: Error, Hashable, Sendable, CustomStringConvertible {
    public var invariant: Invariant
    public var detail: String

    init(_ invariant: Invariant, _ detail: String) {
        self.invariant = invariant
        self.detail = detail
    }

    public var description: String { "invariant \(invariant.rawValue) (\(invariant.statement)): \(detail)" }
}
