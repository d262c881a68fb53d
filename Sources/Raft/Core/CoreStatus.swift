/// A picture of one core for status pages, metrics and tests. A value: it does not follow the core.

public struct CoreStatus: Hashable, Sendable {
    public struct Peer: Hashable, Sendable {
        public var peer: NodeID
        public var match: LogIndex
        public var next: LogIndex
        public var state: Progress.State
        public var inflightMessages: Int
        public var inflightBytes: Int
        /// Ticks since the peer last answered this leader.
        public var silentTicks: Int
        /// Receives everything, counts nowhere.
        public var isLearner: Bool
        /// It would not hold up a commit for longer than an election timeout; always true of voters.
        public var isCaughtUp: Bool
        /// The highest feature level it announced to this leader; zero when it did not yet.
        public var featureLevelMax: UInt16
    }

    public var nodeID: NodeID
    public var role: Role
    public var term: Term
    public var leader: NodeID?
    /// In force, whether committed or not.
    public var configuration: Configuration
    /// Index of the entry that brought it; zero for the one the cluster was founded with.
    public var configurationIndex: LogIndex
    /// A committed configuration no longer has this node, or names another data directory under its id.
    public var isExcluded: Bool
    /// Leadership is being handed over.
    public var isTransferring: Bool
    /// Lease reads are served without asking anyone, as of the clock last read.
    public var leaseIsValid: Bool
    public var storageIsLow: Bool
    public var commit: LogIndex
    public var applied: LogIndex
    public var lastIndex: LogIndex
    /// The log starts after this position.
    public var base: LogPosition
    public var durableIndex: LogIndex
    /// On a leader, one per other member, ascending; elsewhere empty.
    public var peers: [Peer]
    /// Leader only: no members any more, but not yet told so; messages to them still come.
    public var departing: [NodeID]
    /// Ticks since the leader was heard; zero on the leader.
    public var ticksSinceLeaderHeard: Int
    /// Appended and not committed, as this node knows it.
    public var uncommittedBytes: Int
    /// Committed and not applied.
    public var unappliedBytes: Int
    public var bytesInMemory: Int
    public var readsWaiting: Int
    /// Writes asked for and not yet reported durable.
    public var writesPending: Int
    /// Messages dropped because no correct node of this cluster sends them. Anything but zero deserves a look.
    public var ignoredMessages: UInt64
}

extension RaftCore {
    /// The current term, without the cost of a whole status.
    public var currentTerm: Term { hardState.term }

    /// Leader only: nothing came from `peer` for an election timeout; true for every node on anyone else.
    public func isSilent(_ peer: NodeID) -> Bool {
        guard let place = placeOfPeer(peer) else { return true }
        return peers[place].silentTicks >= options.electionTimeoutTicks
    }

    public var status: CoreStatus {
        CoreStatus(
            nodeID: nodeID, role: role, term: hardState.term, leader: leader, configuration: configuration,
            configurationIndex: history.newestIndex, isExcluded: standing.isRemoved || standing.isDisplaced,
            isTransferring: transfer != nil, leaseIsValid: leaseIsValid, storageIsLow: storageIsLow,
            commit: commit, applied: applied, lastIndex: log.lastIndex, base: log.base, durableIndex: durableIndex,
            peers: peers.filter { $0.departure == nil }.map {
                CoreStatus.Peer(
                    peer: $0.peer, match: $0.match, next: $0.next, state: $0.state,
                    inflightMessages: $0.inflight.count, inflightBytes: $0.inflight.bytes,
                    silentTicks: $0.silentTicks, isLearner: $0.isLearner,
                    isCaughtUp: !$0.isLearner || $0.catchUp.isCaughtUp, featureLevelMax: $0.featureLevelMax)
            },
            departing: peers.filter { $0.departure != nil }.map(\.peer),
            ticksSinceLeaderHeard: role == .leader ? 0 : electionElapsedTicks,
            uncommittedBytes: log.bytes(after: commit, through: log.lastIndex),
            unappliedBytes: log.bytes(after: applied, through: commit),
            bytesInMemory: log.bytesInMemory, readsWaiting: reads.count, writesPending: pendingWrites.count,
            ignoredMessages: ignoredMessages)
    }
}
