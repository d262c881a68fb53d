import Raft

/// What is taken out of a drawn plan by hand: the words of a shrunk failure.
///
/// Owns: values and their form on a command line. Must never: add trouble.
public struct PlanChanges: Sendable, Equatable {
    public var withoutFaults: [FaultKind] = []
    public var withoutTriggers = false
    public var withoutKnobs = false
    public var withoutOlderBuilds = false
    public var withoutNetworkTrouble = false
    public var nodes: Int?
    public var clients: Int?
    public var requests: Int?
    public var faultsEndMilliseconds: UInt64?
    public var droppedFaults: [Int] = []
    public var droppedTriggers: [Int] = []

    public init() {}

    /// As arguments of the command.
    public var arguments: [String] {
        var words: [String] = []
        func add(_ name: String, _ values: [String]) {
            if !values.isEmpty { words += ["--\(name)", values.joined(separator: ",")] }
        }
        add("without", withoutFaults.map(\.rawValue))
        if withoutTriggers { words.append("--without-triggers") }
        if withoutOlderBuilds { words.append("--without-older-builds") }
        if withoutKnobs { words.append("--without-knobs") }
        if withoutNetworkTrouble { words.append("--without-network-trouble") }
        add("nodes", nodes.map { ["\($0)"] } ?? [])
        add("clients", clients.map { ["\($0)"] } ?? [])
        add("requests", requests.map { ["\($0)"] } ?? [])
        add("faults-end", faultsEndMilliseconds.map { ["\($0)"] } ?? [])
        add("drop", droppedFaults.map { "\($0)" })
        add("drop-triggers", droppedTriggers.map { "\($0)" })
        return words
    }

    public func apply(to plan: inout Plan) {
        plan.faults.removeAll { withoutFaults.contains($0.kind) || droppedFaults.contains($0.number) }
        if withoutTriggers || withoutFaults.contains(.trigger) {
            plan.triggersPerThousand = plan.triggersPerThousand.map { _ in 0 }
        }
        plan.droppedTriggers = Set(droppedTriggers)
        if withoutKnobs { removeKnobs(&plan) }
        if withoutOlderBuilds { plan.cluster.olderBuilds = [] }
        if withoutNetworkTrouble {
            let encodes = plan.cluster.network.encodesMessages
            plan.cluster.network = NetworkModel()
            plan.cluster.network.encodesMessages = encodes
        }
        if let nodes {
            plan.nodeCount = nodes
            plan.cluster.nodeCount = nodes
            plan.cluster.olderBuilds.removeAll { $0.rawValue > UInt64(nodes) }
        }
        if let clients { plan.workload.clients = clients }
        if let requests { plan.workload.requests = requests }
        if let faultsEndMilliseconds { plan.faultsEndNanoseconds = faultsEndMilliseconds * 1_000_000 }
    }

    /// Sizes and switches as in a plain cluster; times stay, for they decide everything that follows.
    private func removeKnobs(_ plan: inout Plan) {
        let core = plan.cluster.core
        var plain = CoreOptions()
        plain.heartbeatTicks = core.heartbeatTicks
        plain.electionTimeoutTicks = core.electionTimeoutTicks
        plain.tickNanoseconds = core.tickNanoseconds
        plain.entryBytesMax = core.entryBytesMax
        plan.cluster.core = plain
        plan.cluster.node.checkpointBytes = 64 << 10
        plan.cluster.node.compactionKeepEntries = 100
        plan.cluster.node.snapshotChunkBytes = 4 << 10
    }
}
