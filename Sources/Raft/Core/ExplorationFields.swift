/// The stored properties that the exploration's encoding was written for: each is encoded, fixed by `forgetElapsedTime`,
/// empty between steps, or of no influence on later steps.
///
/// Owns: the comparison with what the types really hold, so that a new property cannot be forgotten there.

extension RaftCore {
    /// Properties that the encoding does not know of, and known ones that are gone; empty when the two agree.
    public static func fieldsUnknownToExploration() -> [String] {
        let node = NodeID(1)
        let core = RaftCore(
            options: CoreOptions(), nodeID: node, configuration: Configuration(voters: [node]), seed: 0,
            recovered: RecoveredState())
        let progress = Progress(peer: NodeID(2), next: LogIndex(1), nowTicks: 0, options: core.options)
        let transfer = Transfer(target: node, deadlineTicks: 0)
        let departure = Departure(index: .zero, deadlineTicks: 0)
        let write = PendingWrite(sequence: 1, lastIndex: .zero, issuedTicks: 0)
        var found: [String] = []
        found += difference(core, "RaftCore", coreFields)
        found += difference(progress, "Progress", progressFields)
        found += difference(progress.catchUp, "CatchUp", ["target", "startedTicks", "isCaughtUp"])
        found += difference(departure, "Departure", ["index", "deadlineTicks", "farewellRound"])
        found += difference(transfer, "Transfer", ["target", "deadlineTicks", "isTold"])
        found += difference(write, "PendingWrite", ["sequence", "lastIndex", "issuedTicks"])
        found += difference(core.history, "ConfigurationHistory", ["items", "committedPlace"])
        found += difference(core.reads, "ReadQueue", readFields)
        found += difference(core.lease, "LeaseState", leaseFields)
        return found
    }

    private static func difference(_ value: Any, _ type: String, _ known: [String]) -> [String] {
        let labels = Mirror(reflecting: value).children.compactMap(\.label)
        let news = labels.filter { !known.contains($0) }.map { "\(type).\($0) is new" }
        return news + known.filter { !labels.contains($0) }.map { "\(type).\($0) is gone" }
    }

    private static let coreFields = [
        // Encoded, or the same for a node's whole life.
        "nodeID", "options", "configuration", "history", "hardState", "log", "role", "leader", "commit", "applied",
        "applyIssued", "durableIndex", "nextSequence", "durableSequence", "hardStateSequence", "pendingWrites", "held",
        "verified", "acknowledged", "refusedForSpace", "storageIsLow", "granted", "refused", "leaderTerm", "peers",
        "commitCheckNeeded", "seenProposals", "transfer", "reads",
        // Follows from the configurations.
        "standing",
        // Time and chance, fixed.
        "nowTicks", "electionElapsedTicks", "electionDeadlineTicks", "heartbeatElapsedTicks", "quorumElapsedTicks",
        "random", "nextHandoverTicks", "handoverFailures", "applyStalledTicks", "lastIndexBefore", "lastIndexLately",
        // Explorations begin with a founded cluster.
        "isFresh",
        // Empty between steps, or only for observers.
        "staged", "outbox", "ignoredMessages", "reported", "configurationIsNews", "reportedConfiguration",
        "removalIsReported",
        // Explorations have no leases: they would need clocks.
        "lease",
    ]
    private static let progressFields = [
        "peer", "match", "next", "state", "inflight", "recentActive", "hasAnswered", "silentTicks", "isLearner",
        "catchUp",
        "departure", "incarnation", "featureLevelMax", "steadyTicks", "probeOutstanding", "waitedTicks", "toldCommit",
        "confirmedRound", "promisedRound", "hasNoRoom", "storageIsLow",
        // Time and chance, fixed.
        "failedTransfers", "sentBefore", "sentLately",
    ]
    private static let readFields = [
        "waiting", "leased", "remoteWaiting", "confirming", "remoteConfirming", "confirmingIndex", "confirmingRound",
        "round", "asked", "askedContext", "askedTicks", "nextContext",
    ]
    private static let leaseFields = [
        "nowNanoseconds", "promisedUntilNanoseconds", "startNanoseconds", "rounds", "isForfeit", "checkNeeded",
    ]
}
