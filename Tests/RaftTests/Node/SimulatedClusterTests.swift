import Raft
import Simulator
import Testing

/// Three whole nodes on virtual time over the in-memory twins.
@Suite struct SimulatedClusterTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func `three nodes elect one leader and take writes and reads through every node`() throws {
        let cluster = try ListCluster(seed: 1)
        #expect(
            cluster.run(forNanoseconds: 5_000_000_000) { cluster.ids.allSatisfy { cluster.status($0)?.leader != nil } })
        for round in 0..<5 {
            for id in cluster.ids { cluster.propose(Self.bytes("w\(round)-\(id)"), on: id) }
            #expect(cluster.run(forNanoseconds: 5_000_000_000) { cluster.acknowledged.count == (round + 1) * 3 })
            for id in cluster.ids { cluster.read(on: id) }
            #expect(cluster.run(forNanoseconds: 5_000_000_000) { cluster.reads.count == (round + 1) * 3 })
        }
        #expect(try cluster.healAndConverge())
        #expect(cluster.violations() == [])
        #expect(cluster.machine(cluster.ids[0])?.commands.count == 15)
    }

    @Test func `a group of one elects itself, acknowledges only what is durable, and keeps it over power loss`() throws
    {
        var options = ListCluster.Options()
        options.nodeCount = 1
        let cluster = try ListCluster(seed: 2, options: options)
        let only = cluster.ids[0]
        for round in 0..<10 {
            #expect(cluster.runUntilLeader() == only)
            for number in 0..<20 { cluster.propose(Self.bytes("r\(round)-\(number)"), on: only) }
            #expect(cluster.run(forNanoseconds: 5_000_000_000) { cluster.acknowledged.count >= round * 10 + 5 })
            cluster.crash(only)
            try cluster.start(only)
        }
        #expect(try cluster.healAndConverge())
        #expect(cluster.violations() == [])
    }

    @Test func `no acknowledged write is lost when the leader loses power again and again`() throws {
        let cluster = try ListCluster(seed: 3)
        var number = 0
        for _ in 0..<8 {
            let leader = try #require(cluster.runUntilLeader())
            for id in cluster.ids {
                for _ in 0..<10 {
                    number += 1
                    cluster.propose(Self.bytes("w\(number)"), on: id)
                }
            }
            let wanted = cluster.acknowledged.count + 10
            cluster.run(forNanoseconds: 3_000_000_000) { cluster.acknowledged.count >= wanted }
            cluster.crash(leader)
            cluster.run(forNanoseconds: 500_000_000)
            try cluster.start(leader)
        }
        #expect(try cluster.healAndConverge())
        #expect(cluster.violations() == [])
        #expect(cluster.acknowledged.count >= 80)
        #expect(cluster.leaderCount >= 8)
    }

    @Test func `a follower that was away too long gets a snapshot and converges`() throws {
        let cluster = try ListCluster(seed: 4)
        let leader = try #require(cluster.runUntilLeader())
        let away = try #require(cluster.ids.first { $0 != leader })
        cluster.crash(away)
        for batch in 0..<40 {
            for number in 0..<25 { cluster.propose(Self.bytes("batch \(batch) number \(number) of many"), on: leader) }
            #expect(cluster.run(forNanoseconds: 5_000_000_000) { cluster.acknowledged.count == (batch + 1) * 25 })
        }
        let base = try #require(cluster.status(leader)).base.index
        #expect(base > LogIndex(100), "the log was cut below the follower's position")
        cluster.run(forNanoseconds: 1_000_000_000)
        try cluster.start(away)
        #expect(try cluster.healAndConverge())
        #expect(cluster.violations() == [])
        #expect(cluster.gauges(away)?.snapshotsInstalled == 1, "none was made while nobody was there to take it")
    }

    @Test func `a leader cut off from the others serves no read and takes no write, and steps down`() throws {
        let cluster = try ListCluster(seed: 5)
        let old = try #require(cluster.runUntilLeader())
        cluster.propose(Self.bytes("before"), on: old)
        #expect(cluster.run(forNanoseconds: 5_000_000_000) { cluster.acknowledged.count == 1 })
        cluster.network.isolate(old, from: cluster.ids)
        cluster.propose(Self.bytes("lost"), on: old)
        cluster.read(on: old)
        cluster.run(forNanoseconds: 5_000_000_000)
        #expect(cluster.acknowledged.count == 1)
        #expect(cluster.reads.isEmpty)
        #expect(cluster.status(old)?.role != .leader)
        let new = try #require(cluster.leader)
        #expect(new != old)
        cluster.propose(Self.bytes("after"), on: new)
        #expect(cluster.run(forNanoseconds: 5_000_000_000) { cluster.acknowledged.count == 2 })
        #expect(try cluster.healAndConverge())
        #expect(cluster.violations() == [])
    }

    /// One seed is one run: drops, duplicates, delays, cut links, power losses and restarts in a seeded order.
    @Test(arguments: 1...24)
    func `seeded faults lose nothing, double nothing and serve nothing stale`(seed: Int) throws {
        let run = try FaultRun(seed: UInt64(seed)).perform()
        #expect(run.converged, "seed \(seed) does not converge after healing")
        #expect(run.violations == [], "seed \(seed)")
        #expect(run.acknowledged > 5, "seed \(seed) made too little progress to mean anything")
    }

    @Test func `the same seed is the same run`() throws {
        let first = try FaultRun(seed: 11).perform()
        let second = try FaultRun(seed: 11).perform()
        #expect(first.fingerprint == second.fingerprint)
        #expect(first.events == second.events)
    }
}

/// One seeded run: faults for a while, then healing and judgement.
struct FaultRun {
    struct Result {
        var converged: Bool
        var violations: [String]
        var acknowledged: Int
        var events: Int
        var fingerprint: [[UInt8]]
    }
    let seed: UInt64

    func perform() throws -> Result {
        let cluster = try ListCluster(seed: seed)
        var random = SplitMix64(seed: seed &* 7_919)
        var down: [NodeID] = []
        var number = 0
        for _ in 0..<60 {
            switch random.next() % 12 {
            case 0:
                cluster.network.model = .rough
            case 1:
                cluster.network.healAll()
            case 2:
                cluster.network.isolate(cluster.ids[Int(random.next() % 3)], from: cluster.ids)
            case 3:
                let from = cluster.ids[Int(random.next() % 3)]
                let to = cluster.ids[Int(random.next() % 3)]
                if from != to { cluster.network.cut(from: from, to: to) }
            case 4, 5:
                let node = cluster.leader ?? cluster.ids[Int(random.next() % 3)]
                if !down.contains(node) {
                    cluster.crash(node)
                    down.append(node)
                }
            case 6:
                let node = cluster.ids[Int(random.next() % 3)]
                if !down.contains(node) {
                    cluster.crash(node)
                    down.append(node)
                }
            case 7, 8, 9:
                if !down.isEmpty { try cluster.start(down.removeFirst()) }
            default:
                break
            }
            for id in cluster.ids {
                for _ in 0..<(random.next() % 6) {
                    number += 1
                    cluster.propose(Array("seed \(seed) write \(number)".utf8), on: id)
                }
                cluster.read(on: id)
            }
            cluster.run(forNanoseconds: random.between(20_000_000, 400_000_000))
        }
        let converged = try cluster.healAndConverge()
        return Result(
            converged: converged, violations: cluster.violations(), acknowledged: cluster.acknowledged.count,
            events: cluster.time.eventCount, fingerprint: cluster.machine(cluster.ids[0])?.commands ?? [])
    }
}
