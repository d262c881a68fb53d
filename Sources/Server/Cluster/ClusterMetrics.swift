import Raft
import StateMachine

/// The node's counters and gauges in Prometheus text format 0.0.4.
enum ClusterMetrics {
    /// - Parameter vectors: nil on a node that keeps none.
    static func text(
        core: CoreStatus, applied: AppliedState, gauges: NodeGauges.Values, vectors: VectorReport?, nodeID: UInt64
    ) -> String {
        var lines: [String] = []
        func metric(_ name: String, _ kind: String, _ help: String, _ value: UInt64) {
            lines.append("# HELP mneme_\(name) \(help)")
            lines.append("# TYPE mneme_\(name) \(kind)")
            lines.append("mneme_\(name){node=\"\(nodeID)\"} \(value)")
        }
        metric("raft_applied_entries_total", "counter", "Entries applied since start.", gauges.appliedEntries)
        metric("raft_applied_index", "gauge", "Last index applied to the state machine.", applied.index)
        metric("raft_apply_batches_total", "counter", "State-machine transactions since start.", gauges.applyBatches)
        metric("raft_commit_index", "gauge", "Last index known to be committed.", core.commit.rawValue)
        metric("raft_elections_won_total", "counter", "Times this node became leader since start.", gauges.elections)
        metric("raft_is_leader", "gauge", "1 while this node leads.", core.role == .leader ? 1 : 0)
        metric("raft_last_index", "gauge", "Last index in the log.", core.lastIndex.rawValue)
        metric("raft_log_bytes", "gauge", "Bytes of log files on disk.", gauges.logBytes)
        metric("raft_log_requests_total", "counter", "Persist requests since start.", gauges.logRequests)
        metric("raft_log_syncs_total", "counter", "Log syncs since start; requests share them.", gauges.logSyncs)
        metric("raft_snapshots_installed_total", "counter", "Snapshots installed here.", gauges.snapshotsInstalled)
        metric("raft_snapshots_sent_total", "counter", "Snapshots sent to others.", gauges.snapshotsSent)
        metric("raft_term", "gauge", "Current term.", core.term.rawValue)
        if let vectors {
            metric("vectors", "gauge", "Memories with a vector of this node's model.", UInt64(vectors.vectors))
            metric("vectors_bytes", "gauge", "Memory of the vectors and their graph.", UInt64(vectors.bytes))
            metric("vectors_refused_total", "counter", "Vectors that could not be taken.", UInt64(vectors.refused))
            metric(
                "vectors_unlinked", "gauge", "Vectors that every search still compares one by one.",
                UInt64(vectors.unlinked))
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
