/// What a checker found.
///
/// Owns: violations and honest doubts. "Not decided" is not a pass: whoever runs checkers counts it.
public struct Verdict: Sendable, CustomStringConvertible {
    /// What does not hold, with key, operations, times and indexes; at most `violationsMax`.
    public private(set) var violations: [String] = []
    /// What could not be decided within the limits.
    public private(set) var undecided: [String] = []
    private static let violationsMax = 20

    public init() {}

    public var isValid: Bool { violations.isEmpty && undecided.isEmpty }

    public mutating func violated(_ text: @autoclosure () -> String) {
        if violations.count < Verdict.violationsMax { violations.append(text()) }
    }
    public mutating func doubt(_ text: @autoclosure () -> String) {
        if undecided.count < Verdict.violationsMax { undecided.append(text()) }
    }
    public mutating func add(_ other: Verdict) {
        for violation in other.violations { violated(violation) }
        for text in other.undecided { doubt(text) }
    }

    public var description: String {
        isValid ? "valid" : (violations + undecided.map { "undecided: " + $0 }).joined(separator: "\n")
    }
}
