/// Limits and timings of one core. Time is in ticks, sizes in bytes of `Entry.costBytes`; nothing is ever unlimited
/// (invariant 13). PreVote, check-quorum and leader stickiness are always on and therefore not options.

public struct CoreOptions: Hashable, Sendable {
    /// Ticks between two heartbeats of a leader; at least 1.
    public var heartbeatTicks: Int
    /// Shortest time T without a leader before a node stands for election; each wait is drawn from [T, 2T).
    /// At least three heartbeats.
    public var electionTimeoutTicks: Int
    /// Entries of one append message. One entry always fits, whatever its size.
    public var appendBytesMax: Int
    /// Sent to one peer and not yet acknowledged.
    public var inflightBytesMax: Int
    public var inflightMessagesMax: Int
    /// Appended by a leader and not yet committed; beyond it proposals are refused (catalogue bug 71).
    public var uncommittedBytesMax: Int
    /// Committed and not yet applied; beyond it a leader refuses proposals and a follower entries (bug 72).
    public var unappliedBytesMax: Int
    /// Applied, durable entries kept in memory for followers that lag a little.
    public var tailBytesMax: Int
    /// One proposal.
    public var entryBytesMax: Int
    /// Reads waiting on this node, local and remote.
    public var readsMax: Int

    public init(
        heartbeatTicks: Int = 1, electionTimeoutTicks: Int = 10,
        appendBytesMax: Int = 1 << 20, inflightBytesMax: Int = 8 << 20, inflightMessagesMax: Int = 64,
        uncommittedBytesMax: Int = 64 << 20, unappliedBytesMax: Int = 64 << 20, tailBytesMax: Int = 32 << 20,
        entryBytesMax: Int = 4 << 20, readsMax: Int = 65_536
    ) {
        self.heartbeatTicks = heartbeatTicks
        self.electionTimeoutTicks = electionTimeoutTicks
        self.appendBytesMax = appendBytesMax
        self.inflightBytesMax = inflightBytesMax
        self.inflightMessagesMax = inflightMessagesMax
        self.uncommittedBytesMax = uncommittedBytesMax
        self.unappliedBytesMax = unappliedBytesMax
        self.tailBytesMax = tailBytesMax
        self.entryBytesMax = entryBytesMax
        self.readsMax = readsMax
    }

    /// The first option that makes no sense, in words; nil when all do.
    public var problem: String? {
        if heartbeatTicks < 1 { return "heartbeatTicks is \(heartbeatTicks), the least is 1" }
        if electionTimeoutTicks < 3 * heartbeatTicks {
            return "electionTimeoutTicks is \(electionTimeoutTicks), the least is 3 × heartbeatTicks"
        }
        let sizes: [(String, Int)] = [
            ("appendBytesMax", appendBytesMax), ("inflightBytesMax", inflightBytesMax),
            ("inflightMessagesMax", inflightMessagesMax), ("uncommittedBytesMax", uncommittedBytesMax),
            ("unappliedBytesMax", unappliedBytesMax), ("entryBytesMax", entryBytesMax), ("readsMax", readsMax),
        ]
        for (name, value) in sizes where value < 1 { return "\(name) is \(value), the least is 1" }
        return tailBytesMax < 0 ? "tailBytesMax is \(tailBytesMax), the least is 0" : nil
    }
}
