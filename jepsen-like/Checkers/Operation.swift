/// One operation of one client, from its invocation to its end, if that was seen.
///
/// Owns: what a client can know. Must never: hold what only a node knows, except indexes and ages a node reported.

/// What a read was promised.
public enum ReadConsistency: UInt8, Sendable, Hashable {
    case linearizable
    /// Linearizable as well, by another way.
    case lease
    /// A prefix of the log, as old as the answer says.
    case stale
}

public struct Operation: Sendable {
    public enum End: UInt8, Sendable {
        /// Nobody knows whether it happened or will.
        case open
        case ok
        /// It did not happen and will not.
        case fail
    }
    public var client: UInt32
    public var sequence: UInt32
    public var action: Action
    public var consistency: ReadConsistency = .linearizable
    public var key: UInt32
    public var value: UInt32 = 0
    public var expected: UInt32 = 0
    /// The node that was asked first.
    public var node: UInt64 = 0

    /// Place among all invocations and completions of the run. Times may be equal, these never are.
    public internal(set) var invokedOrder: UInt32 = 0
    public internal(set) var completedOrder = UInt32.max
    public var invokedAtNanoseconds: UInt64 = 0
    public var completedAtNanoseconds: UInt64 = .max

    public var end: End = .open
    public var status: Outcome.Status = .done
    /// Where it was decided; for reads the applied index they saw.
    public var index: UInt64 = 0
    /// Of a read: the register's value. Of others: as in `Outcome`.
    public var result: UInt32 = 0
    /// Of a read: the key's list.
    public var list: [UInt32] = []
    /// Of a stale read: how old its state is at most, by its own words.
    public var ageNanoseconds: UInt64 = 0

    public init(
        client: UInt32, sequence: UInt32 = 0, action: Action, key: UInt32, value: UInt32 = 0, expected: UInt32 = 0,
        consistency: ReadConsistency = .linearizable, node: UInt64 = 0
    ) {
        self.client = client
        self.sequence = sequence
        self.action = action
        self.key = key
        self.value = value
        self.expected = expected
        self.consistency = consistency
        self.node = node
    }

    public var isStaleRead: Bool { action == .read && consistency == .stale }
    /// Ended well, and what it saw or did has a place in the one order of everything.
    var isOrdered: Bool { end == .ok && !isStaleRead }
}

extension Operation: CustomStringConvertible {
    public var description: String {
        var text = "client \(client)"
        if action != .read { text += " #\(sequence)" }
        switch action {
        case .open: text += " open"
        case .write: text += " write key \(key) := \(value)"
        case .compareAndSet: text += " cas key \(key) \(expected) -> \(value)"
        case .append: text += " append key \(key) + \(value)"
        case .read: text += " \(consistency) read key \(key)"
        }
        text += " via n\(node) [\(Operation.milliseconds(invokedAtNanoseconds)), "
        switch end {
        case .open: return text + "open)"
        case .fail: return text + "\(Operation.milliseconds(completedAtNanoseconds))] failed"
        case .ok: text += "\(Operation.milliseconds(completedAtNanoseconds))] "
        }
        if status != .done {
            text += "\(status)"
            if status == .mismatch { text += " (found \(result))" }
        } else if action == .read {
            text += "= \(result), list of \(list.count) ending \(list.suffix(3))"
        } else if action == .append {
            text += "ok, place \(result)"
        } else {
            text += "ok"
        }
        return text + " at index \(index)"
    }

    static func milliseconds(_ nanoseconds: UInt64) -> String {
        let fraction = String(nanoseconds / 1_000 % 1_000)
        let zeros = String(repeating: "0", count: 3 - fraction.count)
        return "\(nanoseconds / 1_000_000).\(zeros)\(fraction) ms"
    }
}
