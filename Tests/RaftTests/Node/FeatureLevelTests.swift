/// Builds of different age in one cluster: the feature level rises when every member follows it, not before, and a build
/// that cannot follow it does not run on.

import Raft
import Simulator
import Testing

@Suite struct FeatureLevelTests {
    private static func cluster(olderBuilds: [NodeID]) throws -> ListCluster {
        var options = ListCluster.Options()
        options.olderBuilds = olderBuilds
        options.network.encodesMessages = true
        let cluster = try ListCluster(seed: 7, options: options)
        _ = try #require(cluster.runUntilLeader())
        return cluster
    }

    private static func level(_ cluster: ListCluster) -> UInt16? {
        cluster.leader.flatMap { cluster.status($0)?.configuration.featureLevel }
    }

    @Test func theLevelRisesWhenTheLastMemberIsUpgraded() throws {
        let cluster = try Self.cluster(olderBuilds: [NodeID(1), NodeID(3)])
        for id in [NodeID(1), NodeID(3)] {
            cluster.run(forNanoseconds: 5_000_000_000)
            #expect(Self.level(cluster) == 0)
            cluster.crash(id, .kill)
            // Nobody knows with what build it comes back.
            cluster.run(forNanoseconds: 5_000_000_000)
            #expect(Self.level(cluster) == 0)
            cluster.cluster.node(id).isOlderBuild = false
            try cluster.start(id)
        }
        #expect(cluster.run(forNanoseconds: 10_000_000_000) { Self.level(cluster) == 1 })
        cluster.propose(Array("after".utf8), on: NodeID(1))
        #expect(cluster.run(forNanoseconds: 5_000_000_000) { !cluster.acknowledged.isEmpty })
        #expect(try cluster.healAndConverge())
        #expect(cluster.violations() == [])
    }

    @Test func aBuildThatWasPutBackStopsWithWordsAndTheOthersGoOn() throws {
        let cluster = try Self.cluster(olderBuilds: [])
        #expect(cluster.run(forNanoseconds: 10_000_000_000) { Self.level(cluster) == 1 })
        let leader = try #require(cluster.leader)
        let follower = try #require(cluster.ids.first { $0 != leader })
        cluster.run(forNanoseconds: 2_000_000_000)
        cluster.crash(follower, .kill)
        cluster.cluster.node(follower).isOlderBuild = true
        try cluster.start(follower)
        #expect(cluster.run(forNanoseconds: 5_000_000_000) { !cluster.failures.isEmpty })
        let stop = try #require(cluster.failures.first)
        #expect(stop.node == follower)
        #expect(stop.reason.contains("feature level 1 and this build follows at most 0: start a newer build"))
        cluster.propose(Array("two of three".utf8), on: leader)
        #expect(cluster.run(forNanoseconds: 5_000_000_000) { !cluster.acknowledged.isEmpty })
        #expect(cluster.cluster.watch.violations == [])
        #expect(cluster.failures.count == 1)
    }
}
