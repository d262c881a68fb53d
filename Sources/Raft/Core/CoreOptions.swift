/// Limits and timings of one core. Time is in ticks, sizes in bytes of `Entry.costBytes`; nothing is ever unlimited
/// (invariant 13).

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
    /// Whether this node, as a leader, serves reads under a lease (thesis §6.4.1). Off by default. Every node of a
    /// cluster must have the same value: it also makes a node wait a whole election timeout after its start before it
    /// votes, because it may have forgotten a leader it heard.
    public var leaseReads: Bool
    /// By how much two clocks of the cluster may run apart, in parts of a thousand; leases are shortened by it.
    public var clockDriftPerThousand: Int
    /// Length of a tick; only leases need it.
    public var tickNanoseconds: UInt64
    /// The highest feature level this build can follow.
    public var featureLevelMax: UInt16
    /// A node with an empty log is elected only by every voter, not by a majority: a new cluster begins when all its
    /// founding members are there. Otherwise two nodes whose directories were lost, started again with the founding list,
    /// could elect each other and serve an empty cluster beside the real one (catalogue bug 9).
    public var foundsUnanimously: Bool
    /// Names the data directory (`Member.incarnation`); zero when there is none to name.
    public var incarnation: UInt64
    /// PreVote and check-quorum are always on in a real node. Only the simulator turns one off, because each masks bugs
    /// that the other parts must be free of by themselves.
    public var preVote: Bool
    public var checkQuorum: Bool

    public init(
        heartbeatTicks: Int = 1, electionTimeoutTicks: Int = 10,
        appendBytesMax: Int = 1 << 20, inflightBytesMax: Int = 8 << 20, inflightMessagesMax: Int = 64,
        uncommittedBytesMax: Int = 64 << 20, unappliedBytesMax: Int = 64 << 20, tailBytesMax: Int = 32 << 20,
        entryBytesMax: Int = 4 << 20, readsMax: Int = 65_536, leaseReads: Bool = false, clockDriftPerThousand: Int = 10,
        tickNanoseconds: UInt64 = 10_000_000, featureLevelMax: UInt16 = 1,
        foundsUnanimously: Bool = false, incarnation: UInt64 = 0,
        preVote: Bool = true, checkQuorum: Bool = true
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
        self.leaseReads = leaseReads
        self.clockDriftPerThousand = clockDriftPerThousand
        self.tickNanoseconds = tickNanoseconds
        self.featureLevelMax = featureLevelMax
        self.foundsUnanimously = foundsUnanimously
        self.incarnation = incarnation
        self.preVote = preVote
        self.checkQuorum = checkQuorum
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
        if !(0..<1000).contains(clockDriftPerThousand) {
            return "clockDriftPerThousand is \(clockDriftPerThousand), it must be from 0 to 999"
        }
        if electionTimeoutTicks > 1 << 20 || tickNanoseconds < 1 || tickNanoseconds > 1 << 40 {
            return "an election timeout of \(electionTimeoutTicks) ticks of \(tickNanoseconds) ns cannot be measured"
        }
        return tailBytesMax < 0 ? "tailBytesMax is \(tailBytesMax), the least is 0" : nil
    }
}
