/// One kill of the leader and its return, as the demo tells it and the drill repeats it.
///
/// Owns: finding the leader, the signal, the restart and the wait for its recovery.
import Client

struct LeaderKill: Sendable {
    /// How long a cluster may be without a leader before that is an error, and a node may take to catch up.
    static let leaderLimit = Duration.seconds(30)
    static let catchUpLimit = Duration.seconds(120)

    let cluster: LocalCluster
    let watcher: ClusterWatcher

    init(cluster: LocalCluster) {
        self.cluster = cluster
        watcher = ClusterWatcher(endpoints: cluster.endpoints)
    }

    struct Leader: Sendable {
        /// Index in the layout.
        var place: Int
        var nodeID: UInt64
        var term: UInt64
    }

    /// Waits until all nodes answer and one leads.
    func waitForLeader() async throws(OperationsError) -> Leader {
        let cluster = cluster
        let sights = try await watcher.wait(
            for: "all nodes up with a leader", within: LeaderKill.leaderLimit, abort: { cluster.deaths().first },
            until: ClusterWatcher.isWhole)
        guard let place = ClusterWatcher.leader(sights), let report = sights[place].report else {
            throw OperationsError("no node leads")
        }
        return Leader(place: place, nodeID: report.nodeID, term: report.term)
    }

    /// kill -9, with the moment noted in the ledger before the signal leaves.
    func kill(_ leader: Leader, ledger: WriteLedger) async throws(OperationsError) {
        ledger.markKill()
        try await cluster.kill(leader.place)
    }

    /// Starts the node again and waits until it has applied what the leader has committed.
    /// - Returns: the time from the start to that.
    func restart(_ leader: Leader) async throws(OperationsError) -> Duration {
        let clock = ContinuousClock()
        let begun = clock.now
        try cluster.start(leader.place)
        let cluster = cluster
        _ = try await watcher.wait(
            for: "node \(leader.nodeID) caught up", within: LeaderKill.catchUpLimit,
            abort: { cluster.deaths().first },
            until: { sights in
                guard let place = ClusterWatcher.leader(sights), let leading = sights[place].report,
                    let returned = sights[leader.place].report
                else { return false }
                return returned.appliedIndex >= leading.commitIndex
            })
        return clock.now - begun
    }
}
