/// The last message of a conversation is lost, and nothing follows that would show it; catalogue bug 39.

import Testing

@testable import RaftCore

@Suite struct LostMessageTests {
    @Test func `bug 39: the last append lost on the way is missed at the second heartbeat after it, and sent again`() {
        var cluster = TestCluster(nodes: 3)
        cluster.elect(0)
        cluster.tickAll(times: 8)
        let id = cluster.propose(0)
        // Everything that this step sent is lost, the second voter's copy too.
        cluster.network.removeAll()
        cluster.tickAll(times: 2 * cluster.options.heartbeatTicks)
        #expect(cluster.nodes.allSatisfy { $0.appliedProposals.contains(id) }, "\(cluster.summary)")
        cluster.expectNoProblems()
    }

    @Test func `bug 39: the last acknowledgement lost on the way is made good by the next heartbeat`() {
        var cluster = TestCluster(nodes: 3)
        cluster.elect(0)
        cluster.tickAll(times: 8)
        let id = cluster.propose(0)
        cluster.exchange { if case .append = $0.body { true } else { false } }
        #expect(cluster.nodes[0].core.commit < cluster.nodes[0].core.log.lastIndex)
        cluster.tickAll(times: cluster.options.heartbeatTicks)
        #expect(cluster.nodes.allSatisfy { $0.appliedProposals.contains(id) }, "\(cluster.summary)")
        cluster.expectNoProblems()
    }
}
