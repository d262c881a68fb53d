import Checkers
import Raft

/// The one log of a run: whatever is applied first at an index is what every node must apply there (invariant 17).
///
/// Owns: entries, outcomes and digests by index, told by the machines of all nodes as they apply. A node that crashes and
/// applies anew tells again, and is held to what it said. Must never: forget, or be asked by a machine.
public final class CanonicalLog: @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    private struct Record {
        var command: CommittedCommand
        var outcome: Outcome
        var digest: UInt64
        var node: NodeID
    }

    /// Whole states are compared at indexes that are multiples of this; digests at every index.
    public static let hashEvery: UInt64 = 64
    private static let violationsMax = 20

    /// Record n is of index n + 1.
    private var records: [Record] = []
    private var hashes: [UInt64: (hash: UInt64, node: NodeID)] = [:]
    public private(set) var violations: [String] = []

    public init() {}

    public var lastIndex: LogIndex { LogIndex(UInt64(records.count)) }
    public var lastTerm: Term { records.last?.command.position.term ?? .zero }

    /// What stands at `index`; nil beyond what anyone applied.
    public func command(at index: LogIndex) -> CommittedCommand? {
        guard index > .zero, index <= lastIndex else { return nil }
        return records[Int(index.rawValue) - 1].command
    }

    /// The digest after `index`.
    public func digest(at index: LogIndex) -> UInt64? {
        guard index > .zero, index <= lastIndex else { return nil }
        return records[Int(index.rawValue) - 1].digest
    }

    /// Entries of kind command, ascending, as the checkers want them.
    public func requests() -> [LoggedRequest] {
        records.compactMap { record in
            guard record.command.kind == .command, let request = RegisterCommand.decode(record.command.command) else {
                return nil
            }
            return LoggedRequest(
                index: record.command.position.index.rawValue, request: request, outcome: record.outcome)
        }
    }

    // MARK: told by machines

    func applied(_ command: CommittedCommand, outcome: Outcome, digest: UInt64, by node: NodeID) {
        let place = Int(command.position.index.rawValue) - 1
        guard place < records.count else {
            if place > records.count {
                report("invariant 5: \(node) applied \(command.position) while nobody applied \(lastIndex.next)")
            } else {
                records.append(Record(command: command, outcome: outcome, digest: digest, node: node))
            }
            return
        }
        let known = records[place]
        if known.command != command {
            report(
                "invariant 17: \(known.node) applied \(words(known.command)) at \(known.command.position), "
                    + "\(node) applied \(words(command)) at \(command.position)")
        } else if known.outcome != outcome {
            report(
                "invariant 17: at \(command.position) \(words(command)) led to \(known.outcome) on \(known.node), "
                    + "to \(outcome) on \(node)")
        } else if known.digest != digest {
            report("invariant 17: \(known.node) and \(node) have different digests at \(command.position)")
        }
    }

    func installed(_ position: LogPosition, digest: UInt64, stateHash: UInt64, by node: NodeID) {
        let place = Int(position.index.rawValue) - 1
        guard place < records.count, records[place].command.position == position, records[place].digest == digest else {
            report("invariant 17: \(node) installed a snapshot of \(position) that is not what was applied there")
            return
        }
        reached(position, stateHash: stateHash, by: node)
    }

    func reached(_ position: LogPosition, stateHash: UInt64, by node: NodeID) {
        guard let known = hashes[position.index.rawValue] else {
            hashes[position.index.rawValue] = (stateHash, node)
            return
        }
        if known.hash != stateHash {
            report("invariant 17: the whole states of \(known.node) and \(node) differ at \(position)")
        }
    }

    private func report(_ text: @autoclosure () -> String) {
        if violations.count < Self.violationsMax { violations.append(text()) }
    }

    private func words(_ command: CommittedCommand) -> String {
        guard command.kind == .command else { return "\(command.kind)" }
        guard let request = RegisterCommand.decode(command.command) else {
            return "a command of \(command.command.count) bytes"
        }
        return "client \(request.client) #\(request.sequence) \(request.action) of key \(request.key)"
    }
}
