/// Starts a node from what its disk holds: opens the log, compares it with the state machine, loads the tail.
///
/// Owns: the decision whether log and state machine belong together. Must never: repair by guessing; where the two
/// contradict each other the node refuses to start and says which index of which is wrong.

public struct RecoveredNode {
    public var wal: WriteAheadLog
    public var recovered: RecoveredState
    /// What recovery saw, for the log of the process.
    public var summary: String
}

public enum NodeRecoveryError: Error, Sendable, CustomStringConvertible {
    case log(LogError)
    /// The log ends before what the state machine has applied, and no snapshot explains it.
    case logBehindState(logLast: LogIndex, applied: LogIndex)
    /// The log begins after what the state machine has applied: entries in between are gone (catalogue bug 52).
    case gap(logFirst: LogIndex, applied: LogIndex)
    /// The log's entry at the applied index has another term than the one that was applied.
    case termMismatch(applied: LogPosition, logTerm: Term)
    /// The configuration that the state machine holds cannot be read, or is later than what it has applied.
    case configuration(index: LogIndex, problem: String)

    public var description: String {
        switch self {
        case .log(let error):
            "\(error)"
        case .logBehindState(let last, let applied):
            "the log ends at index \(last.rawValue) but the state machine has applied index \(applied.rawValue): "
                + "log files are missing. Restore the data directory, or rejoin as a new node with an empty one."
        case .gap(let first, let applied):
            "the log begins at index \(first.rawValue) but the state machine has applied only index "
                + "\(applied.rawValue): it is older than the log. Restore the data directory, or rejoin as a new node."
        case .termMismatch(let applied, let logTerm):
            "the state machine applied index \(applied.index.rawValue) of term \(applied.term.rawValue) but the log "
                + "has term \(logTerm.rawValue) there: log and state are not of the same node."
        case .configuration(let index, let problem):
            "the state machine holds the cluster configuration of index \(index.rawValue), which cannot be used: "
                + "\(problem). Restore the data directory, or rejoin as a new node with an empty one."
        }
    }
}

public enum NodeRecovery {
    /// - Parameters:
    ///   - disk: the directory of the log.
    ///   - machine: already open; its applied position is the truth about itself.
    public static func open(
        disk: any Disk, identity: LogIdentity, logOptions: LogOptions, machine: any ReplicatedStateMachine
    ) throws(NodeRecoveryError) -> RecoveredNode {
        let applied = machine.appliedPosition()
        let configuration = try configuration(of: applied)
        let wal: WriteAheadLog
        var recovery: LogRecovery
        // What was applied one by one stood in the log first; what a snapshot brought may never have been there.
        let known = applied.position.index > applied.installed.index ? applied.position.index : .zero
        do throws(LogError) {
            (wal, recovery) = try WriteAheadLog.open(
                disk: disk, identity: identity, options: logOptions, knownDurableIndex: known,
                mayCreate: applied.position.index == .zero)
        } catch {
            throw .log(error)
        }
        var notes: [String] = []
        if try resetIsOwed(recovery, applied) {
            // 1. A snapshot was installed in the state machine. 2. The node stopped before the log was reset to it.
            // 3. The log's content is older than, or in conflict with, committed state: finish the reset now.
            var hardState = recovery.hardState
            hardState.term = max(hardState.term, applied.position.term)
            if hardState.term != recovery.hardState.term { hardState.vote = nil }
            hardState.commit = max(hardState.commit, applied.position.index)
            do throws(LogError) {
                try wal.append([PersistRequest(sequence: 0, hardState: hardState, resetTo: applied.position)])
            } catch {
                throw .log(error)
            }
            recovery.hardState = hardState
            recovery.base = applied.position
            recovery.lastIndex = applied.position.index
            recovery.termRuns = []
            notes.append("finished the log reset of a snapshot at \(applied.position)")
        }
        let tail = try loadTail(wal, after: applied.position.index, through: recovery.lastIndex)
        let extent =
            recovery.lastIndex > recovery.base.index
            ? "log \(recovery.base.index.next)…\(recovery.lastIndex)" : "log empty after \(recovery.base)"
        notes.append(
            "\(extent), applied \(applied.position), "
                + "\(tail.count) entries to apply at most, \(recovery.hardState.term)")
        let state = RecoveredState(
            hardState: recovery.hardState, base: recovery.base, termRuns: recovery.termRuns,
            lastIndex: recovery.lastIndex, tail: tail, applied: applied.position.index, configuration: configuration)
        return RecoveredNode(wal: wal, recovered: state, summary: notes.joined(separator: "; "))
    }

    /// What the state machine says of the cluster, which can be known before the log is opened.
    /// - Returns: nil while it has applied no configuration.
    public static func configuration(
        of applied: AppliedPosition
    ) throws(NodeRecoveryError) -> LoggedConfiguration? {
        guard let held = applied.configuration else { return nil }
        guard held.index <= applied.position.index else {
            throw .configuration(index: held.index, problem: "only index \(applied.position.index.rawValue) is applied")
        }
        do throws(ConfigurationDecodingError) {
            return try applied.loggedConfiguration()
        } catch {
            throw .configuration(index: held.index, problem: error.description)
        }
    }

    /// Whether an installed snapshot has to replace the log. Every other disagreement is refused.
    static func resetIsOwed(
        _ log: LogRecovery, _ applied: AppliedPosition
    ) throws(NodeRecoveryError) -> Bool {
        let position = applied.position
        guard position.index >= log.base.index else {
            throw .gap(logFirst: log.base.index.next, applied: position.index)
        }
        guard position.index <= log.lastIndex else {
            guard applied.installed.index > log.lastIndex else {
                throw .logBehindState(logLast: log.lastIndex, applied: position.index)
            }
            return true
        }
        let term = term(at: position.index, in: log)
        guard term != position.term else { return false }
        guard applied.installed == position else { throw .termMismatch(applied: position, logTerm: term) }
        return true
    }

    private static func term(at index: LogIndex, in log: LogRecovery) -> Term {
        if index == log.base.index { return log.base.term }
        return log.termRuns.last { $0.first <= index }?.term ?? log.base.term
    }

    private static func loadTail(
        _ wal: WriteAheadLog, after applied: LogIndex, through last: LogIndex
    ) throws(NodeRecoveryError) -> [Entry] {
        var tail: [Entry] = []
        var next = applied.next
        do throws(LogError) {
            while next <= last {
                let entries = try wal.entries(from: next, through: last, bytesMax: 8 << 20)
                guard let final = entries.last else { break }
                tail.append(contentsOf: entries)
                next = final.index.next
            }
        } catch {
            throw .log(error)
        }
        return tail
    }
}
