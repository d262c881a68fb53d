/// What the register machine is meant to do, written a second time and as plainly as possible.
///
/// Owns: registers, lists and sessions as of one index. Must never: share code with the machine it judges.
public struct ReferenceModel: Sendable {
    struct Session {
        var client: UInt32
        var lastUsedIndex: UInt64
        var lastUsedAt: Int64
        var highestSequence: UInt32 = 0
        var kept: [(sequence: UInt32, outcome: Outcome)] = []
    }
    struct Key {
        var number: UInt32
        var value: UInt32 = 0
        var list: [UInt32] = []
    }
    public enum Reading: Hashable, Sendable {
        case retired
        case value(UInt32, list: [UInt32])
    }

    private let limits: RegisterLimits
    private var time: Int64 = .min
    // Ascending by name, which is the index of the request that opened it.
    private var sessions: [(name: UInt64, session: Session)] = []
    private var keys: [UInt32: Key] = [:]

    public init(limits: RegisterLimits) { self.limits = limits }

    public func read(_ key: UInt32) -> Reading {
        guard let there = keys[key % UInt32(limits.slots)] else { return .value(0, list: []) }
        if there.number > key { return .retired }
        return there.number < key ? .value(0, list: []) : .value(there.value, list: there.list)
    }

    public mutating func apply(_ request: Request, index: UInt64) -> Outcome {
        time = max(time, request.loggedAtNanoseconds)
        let (limit, now) = (limits.sessionTTLNanoseconds, time)
        sessions.removeAll { now - $0.session.lastUsedAt >= limit }
        if request.action == .open {
            if sessions.count >= limits.sessionsMax,
                let oldest = sessions.min(by: { $0.session.lastUsedIndex < $1.session.lastUsedIndex })?.name
            {
                sessions.removeAll { $0.name == oldest }
            }
            let session = Session(client: request.client, lastUsedIndex: index, lastUsedAt: time)
            sessions.append((index, session))
            return Outcome(status: .done, index: index)
        }
        guard let place = sessions.firstIndex(where: { $0.name == request.session }),
            sessions[place].session.client == request.client
        else { return Outcome(status: .expired, index: index) }
        sessions[place].session.lastUsedIndex = index
        sessions[place].session.lastUsedAt = time
        if let kept = sessions[place].session.kept.first(where: { $0.sequence == request.sequence }) {
            return kept.outcome
        }
        if request.sequence <= sessions[place].session.highestSequence {
            return Outcome(status: .expired, index: index)
        }
        let outcome = decide(request, index)
        sessions[place].session.highestSequence = request.sequence
        sessions[place].session.kept.append((request.sequence, outcome))
        if sessions[place].session.kept.count > limits.outcomesPerSession {
            sessions[place].session.kept.removeFirst()
        }
        return outcome
    }

    private mutating func decide(_ request: Request, _ index: UInt64) -> Outcome {
        let slot = request.key % UInt32(limits.slots)
        // A key nobody wrote yet is not there; the first write of any key of the slot brings it.
        var key = keys[slot] ?? Key(number: slot)
        if request.key < key.number { return Outcome(status: .retired, index: index) }
        if request.key > key.number { key = Key(number: request.key) }
        defer { keys[slot] = key }
        switch request.action {
        case .open, .read: return Outcome(status: .malformed, index: index)
        case .write:
            key.value = request.value
            return Outcome(status: .done, index: index)
        case .compareAndSet:
            let found = key.value
            guard found == request.expected else { return Outcome(status: .mismatch, index: index, value: found) }
            key.value = request.value
            return Outcome(status: .done, index: index, value: found)
        case .append:
            guard key.list.count < limits.listLengthMax else { return Outcome(status: .full, index: index) }
            key.list.append(request.value)
            return Outcome(status: .done, index: index, value: UInt32(key.list.count))
        }
    }
}
