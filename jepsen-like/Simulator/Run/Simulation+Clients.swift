import Checkers
import Raft

/// What the clients of the run need.
extension Simulation: WorkloadCluster {
    public var workloadNodes: [NodeID] { clientNodes }
    public var nowNanoseconds: UInt64 { now }

    public func wallNanoseconds(on node: NodeID) -> Int64 { cluster.node(node).clock.wallNanoseconds() }

    public func featureLevel(on node: NodeID) -> UInt16 {
        cluster.node(node).committedConfiguration?.configuration.featureLevel ?? 0
    }

    public func propose(
        _ command: [UInt8], on node: NodeID, timeoutNanoseconds: UInt64,
        done: @escaping @Sendable (ProposalResult) -> Void
    ) {
        guard let raft = cluster.raft(node) else { return done(.refused(.stopping)) }
        raft.propose(command, timeoutNanoseconds: timeoutNanoseconds) { [self] result in
            if case .refused(.overloaded) = result { outcome.counters.count(.proposalsRefusedOverload) }
            done(result)
        }
    }

    public func read(
        _ key: UInt32, on node: NodeID, consistency: ReadConsistency, timeoutNanoseconds: UInt64,
        done: @escaping @Sendable (WorkloadRead) -> Void
    ) {
        guard let raft = cluster.raft(node), let machine = cluster.machine(node) as? RegisterMachine else {
            return done(.refused)
        }
        let complete: @Sendable (ReadResult) -> Void = { [self] result in
            switch result {
            case .ready: done(.ready(machine.read(key: key), ageNanoseconds: 0))
            case .refused:
                outcome.counters.count(.readRefused)
                done(.refused)
            case .timedOut: done(.timedOut)
            }
        }
        switch consistency {
        case .linearizable:
            raft.readBarrier(timeoutNanoseconds: timeoutNanoseconds, complete)
        case .lease:
            outcome.counters.count(.leaseRead)
            raft.leaseRead(timeoutNanoseconds: timeoutNanoseconds, complete)
        case .stale:
            done(.ready(machine.read(key: key), ageNanoseconds: raft.leaderContactAgeNanoseconds))
        }
    }

    public func schedule(afterNanoseconds: UInt64, _ work: @escaping @Sendable () -> Void) {
        cluster.time.schedule(afterNanoseconds: afterNanoseconds, work)
    }
}
