/// What a check of all nodes against the acknowledged writes found.
///
/// Owns: the kinds of violation and their wording. Must never: call anything sound that has a violation.
import Client

public struct VerificationReport: Hashable, Sendable {
    public enum Violation: Hashable, Sendable, CustomStringConvertible {
        /// An acknowledged memory is not on a node.
        case missing(endpoint: Endpoint, id: String, title: String)
        /// It is there, but a field is not what was acknowledged.
        case different(endpoint: Endpoint, id: String, title: String, field: String)
        /// Its version moved after the acknowledgement although it was written once: the write was applied again.
        case rewritten(endpoint: Endpoint, id: String, title: String, acknowledged: String, found: String)
        /// More than one row with this title.
        case doubled(endpoint: Endpoint, title: String, rows: Int)
        /// A row that nobody wrote.
        case unexpected(endpoint: Endpoint, id: String, title: String)
        /// Two acknowledged writes with different titles share one id.
        case sharedID(id: String, titles: [String])
        /// Nodes at the same applied index have different states.
        case digests(appliedIndex: UInt64, digests: [String])
        /// Repeating a write with its key gave another outcome.
        case notIdempotent(title: String, first: String, second: String)
        /// The nodes did not reach the same index in time.
        case notSettled(reason: String)
        /// A node could not be read.
        case unreadable(endpoint: Endpoint, reason: String)

        public var description: String {
            switch self {
            case .missing(let endpoint, let id, let title): "LOST: '\(title)' (\(id)) is not on \(endpoint)"
            case .different(let endpoint, let id, let title, let field):
                "CHANGED: \(field) of '\(title)' (\(id)) on \(endpoint) is not what was acknowledged"
            case .rewritten(let endpoint, let id, let title, let acknowledged, let found):
                "APPLIED AGAIN: '\(title)' (\(id)) on \(endpoint) has version \(found), acknowledged was \(acknowledged)"
            case .doubled(let endpoint, let title, let rows): "DOUBLED: '\(title)' has \(rows) rows on \(endpoint)"
            case .unexpected(let endpoint, let id, let title):
                "UNEXPECTED: '\(title)' (\(id)) on \(endpoint) was written by nobody"
            case .sharedID(let id, let titles):
                "SHARED ID: \(id) was acknowledged for \(titles.joined(separator: ", "))"
            case .digests(let index, let digests):
                "DIVERGED: at applied index \(index) the digests are \(digests.joined(separator: ", "))"
            case .notIdempotent(let title, let first, let second):
                "NOT IDEMPOTENT: repeating '\(title)' with its key gave \(second), first it was \(first)"
            case .notSettled(let reason): "NOT SETTLED: \(reason)"
            case .unreadable(let endpoint, let reason): "UNREADABLE: \(endpoint): \(reason)"
            }
        }

        public var isLoss: Bool {
            switch self {
            case .missing, .different: true
            case .rewritten, .doubled, .unexpected, .sharedID, .digests, .notIdempotent, .notSettled, .unreadable: false
            }
        }
        public var isDouble: Bool {
            switch self {
            case .rewritten, .doubled, .unexpected, .sharedID, .notIdempotent: true
            case .missing, .different, .digests, .notSettled, .unreadable: false
            }
        }
    }

    public struct NodeFinding: Hashable, Sendable {
        public var endpoint: Endpoint
        public var nodeID: UInt64
        public var appliedIndex: UInt64
        public var digest: String
        /// Rows in the namespaces that were written to.
        public var rows: Int
    }

    public var acknowledged: Int
    public var nodes: [NodeFinding] = []
    public var violations: [Violation] = []

    public var isSound: Bool { violations.isEmpty }
    public var lost: Int { violations.count { $0.isLoss } }
    public var doubled: Int { violations.count { $0.isDouble } }
    public var digestsAgree: Bool {
        nodes.count > 1
            && nodes.allSatisfy {
                $0.digest == nodes[0].digest && $0.appliedIndex == nodes[0].appliedIndex
            }
    }

    /// The violations as lines, at most `linesMax` of them.
    public func list(linesMax: Int = 20) -> String {
        var lines = violations.prefix(linesMax).map(\.description)
        if violations.count > linesMax { lines.append("… and \(violations.count - linesMax) more") }
        return lines.joined(separator: "\n")
    }
}
