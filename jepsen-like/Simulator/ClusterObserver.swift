import Raft

/// Watches all nodes after every event and remembers what must never change (invariants 1, 3, 5 and 17).
///
/// Owns: the memory of the run. Must never: ask a node for anything but its published state.
public struct ClusterObserver: Sendable {
    public private(set) var violations: [String] = []
    private var leaders: [Term: NodeID] = [:]
    private var digests: [LogIndex: (digest: [UInt8], term: Term, node: NodeID)] = [:]
    private var terms: [NodeID: Term] = [:]
    private var lastApplied: [NodeID: LogIndex] = [:]
    /// How often things of interest were seen; a run that never saw them proves little.
    public private(set) var leaderCount = 0

    public init() {}

    mutating func observe(node: NodeID, status: CoreStatus, applied: LogPosition, digest: [UInt8]) {
        if status.role == .leader {
            if let known = leaders[status.term] {
                if known != node { report("invariant 1: \(known) and \(node) both led \(status.term)") }
            } else {
                leaders[status.term] = node
                leaderCount += 1
            }
        }
        if let known = terms[node], status.term < known {
            report("invariant 3: \(node) went from \(known) back to \(status.term)")
        }
        terms[node] = status.term
        if status.applied > status.commit || status.commit > status.lastIndex {
            report("invariant 5: \(node) applied \(status.applied), commit \(status.commit), last \(status.lastIndex)")
        }
        guard lastApplied[node] != applied.index else { return }
        lastApplied[node] = applied.index
        guard applied.index > .zero else { return }
        if let known = digests[applied.index] {
            if known.digest != digest || known.term != applied.term {
                report("invariant 17: \(known.node) and \(node) differ at \(applied.index)")
            }
        } else {
            digests[applied.index] = (digest, applied.term, node)
        }
    }

    /// A term that was not yet durable may be forgotten with a crash: it had not left the node.
    mutating func crashed(_ node: NodeID) {
        terms[node] = nil
        lastApplied[node] = nil
    }

    private mutating func report(_ text: String) {
        if violations.count < 20 { violations.append(text) }
    }
}
