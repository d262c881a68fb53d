import Checkers
import Raft

/// What the clients of a run need from whoever runs the nodes.
///
/// Owns: the border between workload and engine. Everything happens on the thread that runs virtual time. Clients sit
/// beside the nodes: asking costs no time and is never lost on the way; only nodes fail.
public protocol WorkloadCluster: AnyObject {
    /// The nodes a client may turn to now, running or not; never empty. When faults are over for only some of the nodes,
    /// these are the ones.
    var workloadNodes: [NodeID] { get }
    /// Virtual time.
    var nowNanoseconds: UInt64 { get }
    /// The wall clock of `node`, which may be wrong; it goes into the commands proposed there.
    func wallNanoseconds(on node: NodeID) -> Int64
    /// The feature level that `node` knows to be committed: what it proposes must be readable at it.
    func featureLevel(on node: NodeID) -> UInt16
    /// `done` runs at most once; never when the node ends before it knows. A node that is down refuses.
    func propose(
        _ command: [UInt8], on node: NodeID, timeoutNanoseconds: UInt64,
        done: @escaping @Sendable (ProposalResult) -> Void)
    /// Reads `key` from the machine of `node` at the moment its consistency is reached; `done` as for `propose`.
    func read(
        _ key: UInt32, on node: NodeID, consistency: ReadConsistency, timeoutNanoseconds: UInt64,
        done: @escaping @Sendable (WorkloadRead) -> Void)
    func schedule(afterNanoseconds: UInt64, _ work: @escaping @Sendable () -> Void)
}

/// How a read ended.
public enum WorkloadRead: Sendable {
    /// - Parameter ageNanoseconds: how old the state is at most, as the node says; only stale reads are asked.
    case ready(RegisterMachine.Reading, ageNanoseconds: UInt64)
    case refused
    case timedOut
}
