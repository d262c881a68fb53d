/// Random faults over whole clusters: safety after every event, convergence at the end.

import Testing

@testable import RaftCore

@Suite struct ChaosTests {
    @Test("Random drops, delays, duplicates, partitions and crashes break no invariant", arguments: [1, 2, 3, 5])
    func chaos(nodes: Int) {
        var coverage = Coverage()
        for seed in 1...(nodes == 3 ? 30 : 8) {
            var run = ChaosRun(seed: UInt64(seed * 1000 + nodes), nodes: nodes)
            run.run(events: 2500)
            run.cluster.expectNoProblems("seed \(seed), \(nodes) nodes")
            coverage = coverage + run.cluster.coverage
        }
        #expect(nodes < 3 || coverage.least > 0, "a rare place was never reached: \(coverage)")
    }

    @Test func `the same seed gives the same run`() {
        var first = ChaosRun(seed: 77, nodes: 3)
        var second = ChaosRun(seed: 77, nodes: 3)
        first.run(events: 1500)
        second.run(events: 1500)
        #expect(first.cluster.nodes.map(\.digests) == second.cluster.nodes.map(\.digests))
        #expect(first.cluster.messagesDelivered == second.cluster.messagesDelivered)
        #expect(first.cluster.messagesDelivered > 100)
    }
}
