/// Random faults over whole clusters: safety after every event, convergence at the end.
///
/// `RAFT_CHAOS_SEEDS=100000-102000` in the environment runs those seeds instead of the fixed few.

import Foundation
import Testing

@testable import RaftCore

@Suite struct ChaosTests {
    private static func seeds(_ standard: Int) -> [UInt64] {
        let asked = ProcessInfo.processInfo.environment["RAFT_CHAOS_SEEDS"]?.split(separator: "-") ?? []
        let numbers = asked.compactMap { UInt64($0) }
        guard numbers.count == 2, numbers[0] <= numbers[1] else { return (1...standard).map { UInt64($0) } }
        return Array(numbers[0]...numbers[1])
    }

    private func run(_ kind: ChaosRun.Kind, nodes: Int, seeds: Int, events: Int) -> Coverage {
        var coverage = Coverage()
        for seed in Self.seeds(seeds) {
            var run = ChaosRun(seed: seed * 1000 + UInt64(nodes), nodes: nodes, kind: kind)
            run.run(events: events)
            run.cluster.expectNoProblems("\(kind), seed \(seed), \(nodes) nodes")
            coverage = coverage + run.cluster.coverage
        }
        return coverage
    }

    @Test("Random drops, delays, duplicates, partitions and crashes break no invariant", arguments: [1, 2, 3, 5])
    func chaos(nodes: Int) {
        let coverage = run(.plain, nodes: nodes, seeds: nodes == 3 ? 30 : 8, events: 2500)
        #expect(nodes < 3 || coverage.least > 0, "a rare place was never reached: \(coverage)")
    }

    @Test("Changes of membership, transfers and full disks under faults break no invariant", arguments: [1, 3, 4])
    func membership(nodes: Int) {
        let coverage = run(.membership, nodes: nodes, seeds: nodes == 3 ? 12 : 4, events: 3500)
        #expect(nodes != 3 || coverage.leastOfMembers > 0, "a rare place was never reached: \(coverage)")
    }

    @Test("Reads by lease are never stale, though clocks drift, ticks are late and nodes pause", arguments: [1, 3, 5])
    func leases(nodes: Int) {
        let coverage = run(.leases, nodes: nodes, seeds: nodes == 3 ? 12 : 4, events: 3500)
        #expect(coverage.leaseReads > 50, "hardly a read by lease: \(coverage)")
    }

    @Test func `the same seed gives the same run`() {
        for kind in [ChaosRun.Kind.plain, .leases] {
            var first = ChaosRun(seed: 77, nodes: 3, kind: kind)
            var second = ChaosRun(seed: 77, nodes: 3, kind: kind)
            first.run(events: 1500)
            second.run(events: 1500)
            #expect(first.cluster.nodes.map(\.digests) == second.cluster.nodes.map(\.digests))
            #expect(first.cluster.messagesDelivered == second.cluster.messagesDelivered)
            #expect(first.cluster.messagesDelivered > 100)
        }
    }
}
