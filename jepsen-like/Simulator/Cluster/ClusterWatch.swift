import Raft

/// Looks at a node after every turn of its core and remembers what must never change over all of them.
///
/// Owns: the invariants over the whole cluster, the memory of the run, and who is told of a `NodeMoment`. Must never: ask
/// a node for anything that changes it; nor look where nothing happened, which is what keeps long runs quick.
public final class ClusterWatch: @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    public private(set) var violations: [String] = []
    public private(set) var leaderCount = 0
    public private(set) var highestTerm: Term = .zero
    public private(set) var highestCommit: LogIndex = .zero
    private var invariants = ClusterInvariants()
    /// Digest at each applied index, from whoever was there first.
    private var digests: [LogIndex: (digest: [UInt8], node: NodeID)] = [:]
    private unowned let cluster: SimulatedCluster
    var onMoment: (NodeMoment, SimulatedNode) -> Void = { _, _ in }
    var onChange: ((SimulatedNode, CoreGlance?, CoreGlance) -> Void)?

    init(cluster: SimulatedCluster) { self.cluster = cluster }

    func report(_ text: String) {
        if violations.count < 20 { violations.append(text) }
    }

    func moment(_ moment: NodeMoment, on node: SimulatedNode) { onMoment(moment, node) }

    func coreRan(on node: SimulatedNode) {
        guard let running = node.running else { return }
        let glance = running.node.glanceOnCoreLane
        let before = node.lastGlance
        guard glance != before else { return }
        node.lastGlance = glance
        noteConfiguration(node, running.node, glance, before)
        check(node, running.node, glance, before)
        highestTerm = max(highestTerm, glance.term)
        highestCommit = max(highestCommit, glance.commit)
        onChange?(node, before, glance)
        tellMoments(node, glance, before)
    }

    private func check(_ node: SimulatedNode, _ raft: RaftNode, _ glance: CoreGlance, _ before: CoreGlance?) {
        let own = node.view(of: raft)
        // Only what is newly committed, or newly led, concerns the other nodes.
        let concernsAll =
            glance.commit > invariants.committedThrough || (glance.role == .leader && before?.role != .leader)
        let views = concernsAll ? cluster.views() : [own]
        for violation in invariants.check(views) { report("\(violation)") }
    }

    private func noteConfiguration(
        _ node: SimulatedNode, _ raft: RaftNode, _ glance: CoreGlance, _ before: CoreGlance?
    ) {
        if node.configurationIsStale || glance.configurationIndex != before?.configurationIndex {
            node.configurationIsStale = false
            let own = LoggedConfiguration(
                index: glance.configurationIndex, configuration: raft.statusOnCoreLane.configuration)
            if own != node.configuration { node.configurationAtNanoseconds = cluster.time.nowNanoseconds }
            node.configuration = own
        }
        guard let own = node.configuration, own.index <= glance.commit, !own.configuration.isNone else { return }
        if node.committedConfiguration.map({ $0.index < own.index }) ?? true { node.committedConfiguration = own }
    }

    private func tellMoments(_ node: SimulatedNode, _ glance: CoreGlance, _ before: CoreGlance?) {
        guard let before else { return }
        if glance.role == .leader, before.role != .leader {
            leaderCount += 1
            onMoment(.becameLeader, node)
        }
        if glance.role != .leader, before.role == .leader { onMoment(.lostLeadership, node) }
        if glance.last != before.last {
            let cut = glance.last.index < before.last.index || (glance.last.index == before.last.index)
            onMoment(cut ? .truncated : .appended, node)
            if glance.role != .leader, glance.last.term == glance.term, node.firstAppendTerm < glance.term {
                node.firstAppendTerm = glance.term
                onMoment(.firstAppendOfTerm, node)
            }
        }
        if glance.commit > before.commit { onMoment(.committed, node) }
        if glance.base > before.base { onMoment(.logCut, node) }
    }

    /// Equal applied index means equal state (invariant 17).
    func applied(_ position: AppliedPosition, on node: SimulatedNode) {
        let index = position.position.index
        if let known = digests[index] {
            if known.digest != position.digest {
                report("invariant 17 (equal applied index means equal state): \(known.node) and \(node.id) at \(index)")
            }
        } else {
            digests[index] = (position.digest, node.id)
        }
    }
}
