import Checkers
import Raft

/// Everything the register machine replicates: keys, sessions, the last configuration, and a digest of how it came to be.
///
/// Owns: what a command does. Deterministic: time comes from the commands, order from arrays. Must never: apply a request
/// whose session, or whose place in it, is forgotten; whoever forgets must refuse.
struct RegisterState {
    struct Key {
        var number: UInt32
        var value: UInt32 = 0
        var list: [UInt32] = []
    }
    struct Kept {
        var sequence: UInt32
        var outcome: Outcome
    }
    struct Session {
        /// Index of the entry that opened it.
        var name: UInt64
        var client: UInt32
        var highestSequence: UInt32 = 0
        var lastUsedIndex: UInt64
        var lastUsedAtNanoseconds: Int64
        /// Ascending by sequence.
        var kept: [Kept] = []
    }

    var position = LogPosition.zero
    /// Where the state was last replaced by a snapshot.
    var installed = LogPosition.zero
    var configuration: AppliedConfiguration?
    var logTimeNanoseconds = Int64.min
    var digest = WordDigest()
    var keys: [Key]
    /// Ascending by name.
    var sessions: [Session] = []

    init(limits: RegisterLimits) {
        keys = (0..<limits.slots).map { Key(number: UInt32($0)) }
    }

    /// - Parameter isReadable: false passes the command over.
    mutating func apply(_ command: CommittedCommand, isReadable: Bool = true, limits: RegisterLimits) -> Outcome {
        let index = command.position.index.rawValue
        position = command.position
        var outcome = Outcome(status: .done, index: index)
        switch command.kind {
        case .noop: break
        case .configuration:
            configuration = AppliedConfiguration(index: command.position.index, bytes: command.command)
        case .command:
            if isReadable, let request = RegisterCommand.decode(command.command) {
                outcome = apply(request, index: index, limits: limits)
            } else {
                outcome.status = .malformed
            }
        }
        digest.fold(index)
        digest.fold(command.position.term.rawValue << 8 | UInt64(command.kind.rawValue))
        digest.fold(command.command)
        digest.fold(outcome)
        return outcome
    }

    private mutating func apply(_ request: Request, index: UInt64, limits: RegisterLimits) -> Outcome {
        logTimeNanoseconds = max(logTimeNanoseconds, request.loggedAtNanoseconds)
        expireSessions(limits)
        if request.action == .open {
            open(request, index: index, limits: limits)
            return Outcome(status: .done, index: index)
        }
        guard let place = place(of: request) else { return Outcome(status: .expired, index: index) }
        sessions[place].lastUsedIndex = index
        sessions[place].lastUsedAtNanoseconds = logTimeNanoseconds
        if request.sequence <= sessions[place].highestSequence {
            for kept in sessions[place].kept where kept.sequence == request.sequence { return kept.outcome }
            return Outcome(status: .expired, index: index)
        }
        let outcome = decide(request, index: index, limits: limits)
        sessions[place].highestSequence = request.sequence
        if sessions[place].kept.count == limits.outcomesPerSession { sessions[place].kept.removeFirst() }
        sessions[place].kept.append(Kept(sequence: request.sequence, outcome: outcome))
        return outcome
    }

    // MARK: sessions

    private mutating func expireSessions(_ limits: RegisterLimits) {
        let (oldest, overflow) = logTimeNanoseconds.subtractingReportingOverflow(limits.sessionTTLNanoseconds)
        // Usually nothing is due, and then nothing is to be moved.
        guard !overflow, sessions.contains(where: { $0.lastUsedAtNanoseconds <= oldest }) else { return }
        sessions.removeAll { $0.lastUsedAtNanoseconds <= oldest }
    }

    private mutating func open(_ request: Request, index: UInt64, limits: RegisterLimits) {
        if sessions.count >= limits.sessionsMax {
            var least = 0
            for place in sessions.indices where sessions[place].lastUsedIndex < sessions[least].lastUsedIndex {
                least = place
            }
            sessions.remove(at: least)
        }
        sessions.append(
            Session(
                name: index, client: request.client, lastUsedIndex: index,
                lastUsedAtNanoseconds: logTimeNanoseconds))
    }

    private func place(of request: Request) -> Int? {
        if Mutant.sessionsIgnoreClient {
            return sessions.firstIndex { $0.kept.contains { $0.sequence == request.sequence } }
                ?? sessions.firstIndex { $0.name == request.session }
        }
        for place in sessions.indices where sessions[place].name == request.session {
            return sessions[place].client == request.client ? place : nil
        }
        return nil
    }

    // MARK: keys

    private mutating func decide(_ request: Request, index: UInt64, limits: RegisterLimits) -> Outcome {
        let slot = Int(request.key % UInt32(keys.count))
        if request.key < keys[slot].number { return Outcome(status: .retired, index: index) }
        if request.key > keys[slot].number { keys[slot] = Key(number: request.key) }
        switch request.action {
        case .open, .read:
            return Outcome(status: .malformed, index: index)
        case .write:
            keys[slot].value = request.value
            return Outcome(status: .done, index: index)
        case .compareAndSet:
            let found = keys[slot].value
            if found != request.expected { return Outcome(status: .mismatch, index: index, value: found) }
            keys[slot].value = request.value
            return Outcome(status: .done, index: index, value: found)
        case .append:
            if keys[slot].list.count >= limits.listLengthMax { return Outcome(status: .full, index: index) }
            keys[slot].list.append(request.value)
            return Outcome(status: .done, index: index, value: UInt32(keys[slot].list.count))
        }
    }

    // MARK: digest of the whole state

    /// Every replicated value, in one order. `installed` is a node's own business and left out.
    func stateHash() -> UInt64 {
        var hash = WordDigest()
        hash.fold(position.index.rawValue)
        hash.fold(position.term.rawValue)
        hash.fold(digest.value)
        hash.fold(UInt64(bitPattern: logTimeNanoseconds))
        hash.fold(configuration?.index.rawValue ?? 0)
        hash.fold(configuration?.bytes ?? [])
        for key in keys {
            hash.fold(UInt64(key.number) << 32 | UInt64(key.value))
            hash.fold(UInt64(key.list.count))
            for element in key.list { hash.fold(UInt64(element)) }
        }
        for session in sessions {
            hash.fold(session.name)
            hash.fold(UInt64(session.client) << 32 | UInt64(session.highestSequence))
            hash.fold(session.lastUsedIndex)
            hash.fold(UInt64(bitPattern: session.lastUsedAtNanoseconds))
            for kept in session.kept {
                hash.fold(UInt64(kept.sequence))
                hash.fold(kept.outcome)
            }
        }
        return hash.value
    }
}
