/// Whole nodes on virtual time against single faults, each placed where it hurts, and against swarms of them.

import Raft
import Simulator
import Synchronization
import Testing

@Suite struct SimulatedFaultTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    private static let second: UInt64 = 1_000_000_000

    /// Writes `count` commands through `id` and waits for their acknowledgements.
    private func write(_ count: Int, _ name: String, on id: NodeID, of cluster: ListCluster) {
        let wanted = cluster.acknowledged.count + count
        for number in 0..<count { cluster.propose(Self.bytes("\(name) \(number) and some more text"), on: id) }
        #expect(cluster.run(forNanoseconds: 5 * Self.second) { cluster.acknowledged.count >= wanted }, "\(name)")
    }
    /// Waits until another node than `old` leads.
    private func newLeader(than old: NodeID, of cluster: ListCluster) -> NodeID? {
        cluster.run(forNanoseconds: 10 * Self.second) { cluster.leader.map { $0 != old } ?? false }
        return cluster.leader
    }

    // MARK: disk

    @Test(arguments: [DiskError.Operation.write, .sync])
    func `bug 68: a failed write or sync ends that node at once, and the others go on`(
        operation: DiskError.Operation
    ) throws {
        for kind in [EndOfProcess.kill, .powerLoss] {
            let cluster = try ListCluster(seed: 31)
            let old = try #require(cluster.runUntilLeader())
            write(20, "before", on: old, of: cluster)
            cluster.disk(old)?.inject(DiskFault(.error(DiskFault.inputOutputError), on: operation))
            cluster.propose(Self.bytes("in doubt"), on: old)
            let new = try #require(newLeader(than: old, of: cluster))
            #expect(cluster.failures.map(\.node) == [old])
            #expect(!cluster.isRunning(old))
            write(20, "after", on: new, of: cluster)
            // The page cache may show what the disk never got: the second end takes that away again.
            try cluster.start(old)
            cluster.run(forNanoseconds: Self.second / 20)
            cluster.crash(old, kind)
            #expect(try cluster.healAndConverge())
            #expect(cluster.violations(expectedFailure: SwarmRun.isInjected) == [])
        }
    }

    /// Noise, so that compression cannot save the disk.
    private func noise(_ random: inout SplitMix64) -> [UInt8] {
        (0..<1_500).map { _ in UInt8(random.next(below: 256)) }
    }

    @Test func `a leader whose disk fills up hands over, stays, votes, and catches up when there is room`() throws {
        let cluster = try ListCluster(seed: 32)
        let old = try #require(cluster.runUntilLeader())
        write(20, "before", on: old, of: cluster)
        cluster.disk(old)?.setCapacity(bytes: 0)
        var random = SplitMix64(seed: 32)
        var refusedAsFull = 0
        let refusals = Mutex(0)
        for _ in 0..<150 {
            cluster.propose(noise(&random), on: old) { result in
                if case .refused(.diskFull) = result { refusals.withLock { $0 += 1 } }
            }
            cluster.run(forNanoseconds: Self.second / 50)
        }
        refusedAsFull = refusals.withLock { $0 }
        let new = try #require(newLeader(than: old, of: cluster))
        #expect(cluster.isRunning(old) && cluster.failures.isEmpty, "\(cluster.failures.map(\.reason))")
        #expect(cluster.status(old)?.storageIsLow == true)
        // The others commit without its copy; it votes: with one of them away, the cluster still elects.
        write(20, "after", on: new, of: cluster)
        let third = try #require(cluster.ids.first { $0 != old && $0 != new })
        let term = try #require(cluster.status(new)?.term)
        cluster.crash(new, .kill)
        cluster.run(forNanoseconds: 10 * Self.second) { cluster.leader == third }
        #expect(cluster.leader == third, "\(refusedAsFull) proposals were refused before the hand-over")
        #expect(cluster.status(old)?.term ?? .zero > term, "it took part")
        #expect(cluster.isRunning(old))
        // Room again.
        cluster.disk(old)?.setCapacity(bytes: nil)
        try cluster.start(new)
        cluster.run(forNanoseconds: 5 * Self.second) { cluster.status(old)?.storageIsLow == false }
        #expect(cluster.status(old)?.storageIsLow == false)
        #expect(try cluster.healAndConverge())
        #expect(cluster.violations() == [])
    }

    @Test func `a group of one with a full disk refuses writes as such, and takes them again with room`() throws {
        var options = ListCluster.Options()
        options.nodeCount = 1
        let cluster = try ListCluster(seed: 33, options: options)
        let only = try #require(cluster.runUntilLeader())
        write(20, "before", on: only, of: cluster)
        cluster.disk(only)?.setCapacity(bytes: 0)
        let refusals = Mutex(0)
        var random = SplitMix64(seed: 33)
        for _ in 0..<150 {
            cluster.propose(noise(&random), on: only) { result in
                if case .refused(.diskFull) = result { refusals.withLock { $0 += 1 } }
            }
            cluster.run(forNanoseconds: Self.second / 50)
        }
        #expect(refusals.withLock { $0 } > 20)
        #expect(cluster.isRunning(only))
        cluster.disk(only)?.setCapacity(bytes: nil)
        cluster.run(forNanoseconds: 3 * Self.second)
        write(20, "after", on: only, of: cluster)
        #expect(try cluster.healAndConverge())
        #expect(cluster.violations() == [])
    }

    /// The power of the leader goes in the middle of its first, second, … disk operation under load.
    @Test(arguments: [0, 1, 2, 3, 4, 6, 9, 13])
    func `power lost in the middle of any disk operation of the leader loses nothing`(operation: Int) throws {
        let cluster = try ListCluster(seed: UInt64(100 + operation))
        let old = try #require(cluster.runUntilLeader())
        cluster.disk(old)?.inject(DiskFault(.powerLoss, after: operation))
        for number in 0..<40 {
            for id in cluster.ids { cluster.propose(Self.bytes("write \(number) by \(id)"), on: id) }
            cluster.run(forNanoseconds: 5_000_000)
        }
        let new = try #require(newLeader(than: old, of: cluster))
        write(10, "after", on: new, of: cluster)
        #expect(cluster.failures.map(\.node) == [old])
        #expect(try cluster.healAndConverge())
        #expect(cluster.violations(expectedFailure: SwarmRun.isInjected) == [])
    }

    @Test func `bug 38: a leader whose disk hangs is replaced, and what hung with it stays in doubt`() throws {
        let cluster = try ListCluster(seed: 33)
        let old = try #require(cluster.runUntilLeader())
        write(5, "before", on: old, of: cluster)
        cluster.stall(old, .log, forNanoseconds: 30 * Self.second)
        cluster.propose(Self.bytes("hangs"), on: old)
        let began = cluster.time.nowNanoseconds
        let new = try #require(newLeader(than: old, of: cluster))
        #expect(new != old)
        #expect(cluster.time.nowNanoseconds - began < 2 * Self.second)
        write(20, "after", on: new, of: cluster)
        #expect(cluster.isRunning(old))
        cluster.run(forNanoseconds: 31 * Self.second)
        #expect(try cluster.healAndConverge())
        #expect(cluster.violations() == [])
    }

    @Test func `bug 39: a follower whose disk or apply hangs holds nobody up and catches up afterwards`() throws {
        for what in [ListCluster.Stall.log, .apply] {
            let cluster = try ListCluster(seed: 34)
            let leader = try #require(cluster.runUntilLeader())
            let slow = try #require(cluster.ids.first { $0 != leader })
            cluster.stall(slow, what, forNanoseconds: 20 * Self.second)
            for round in 0..<10 { write(20, "round \(round)", on: leader, of: cluster) }
            #expect(cluster.leader == leader, "nobody was deposed for it")
            cluster.run(forNanoseconds: 21 * Self.second)
            #expect(try cluster.healAndConverge())
            #expect(cluster.violations() == [])
        }
    }

    // MARK: snapshot install

    /// The receiver ends `events` events after its state machine was replaced: before the core knows, before the log's
    /// reset is written, before it is synced, and after.
    @Test(arguments: [0, 1, 2, 3, 5, 8, 13])
    func `a crash at any moment of a snapshot install loses nothing and doubles nothing`(events: Int) throws {
        for end in [EndOfProcess.powerLoss, .kill] {
            let cluster = try ListCluster(seed: UInt64(200 + events))
            let leader = try #require(cluster.runUntilLeader())
            let away = try #require(cluster.ids.first { $0 != leader })
            write(10, "known to all", on: leader, of: cluster)
            cluster.crash(away)
            for batch in 0..<10 { write(25, "batch \(batch)", on: leader, of: cluster) }
            try cluster.start(away)
            let began = cluster.run(forNanoseconds: 20 * Self.second) {
                (cluster.machine(away)?.appliedPosition().installed.index ?? .zero) > .zero
            }
            #expect(began, "it was brought a snapshot")
            for number in 0..<10 { cluster.propose(Self.bytes("meanwhile \(number)"), on: leader) }
            var left = events
            cluster.run(forNanoseconds: Self.second) {
                left -= 1
                return left < 0
            }
            cluster.crash(away, end)
            try cluster.start(away)
            #expect(try cluster.healAndConverge())
            #expect(cluster.violations() == [])
        }
    }

    @Test func `a snapshot gets through a network that loses, doubles and reorders`() throws {
        var options = ListCluster.Options()
        options.node.snapshotChunkBytes = 256
        let cluster = try ListCluster(seed: 35, options: options)
        let leader = try #require(cluster.runUntilLeader())
        let away = try #require(cluster.ids.first { $0 != leader })
        cluster.crash(away)
        for batch in 0..<16 { write(25, "batch \(batch)", on: leader, of: cluster) }
        cluster.network.model = .rough
        cluster.network.model.duplicatePerThousand = 500
        try cluster.start(away)
        #expect(
            cluster.run(forNanoseconds: 600 * Self.second) { (cluster.gauges(away)?.snapshotsInstalled ?? 0) > 0 })
        #expect(try cluster.healAndConverge())
        #expect(cluster.violations() == [])
    }

    @Test func `a follower catches up by snapshot while writes go on and the log is cut behind them`() throws {
        var options = ListCluster.Options()
        options.node.snapshotChunkBytes = 256
        options.node.checkpointBytes = 2 << 10
        options.node.compactionKeepEntries = 5
        options.log.segmentBytes = 16 << 10
        options.log.recordBytesMax = 4 << 10
        options.log.batchBytesMax = 8 << 10
        let cluster = try ListCluster(seed: 37, options: options)
        let leader = try #require(cluster.runUntilLeader())
        let away = try #require(cluster.ids.first { $0 != leader })
        cluster.crash(away)
        for batch in 0..<16 { write(25, "batch \(batch)", on: leader, of: cluster) }
        try cluster.start(away)
        var number = 0
        var installed: UInt64 = 0
        for _ in 0..<600 {
            for _ in 0..<2 {
                number += 1
                cluster.propose(Self.bytes("meanwhile \(number) and some more text"), on: leader)
            }
            cluster.run(forNanoseconds: Self.second / 200)
            installed = cluster.gauges(away)?.snapshotsInstalled ?? 0
        }
        let lag =
            try #require(cluster.status(leader)).commit.rawValue - (try #require(cluster.status(away)).applied.rawValue)
        #expect(lag < 50, "it follows")
        #expect(installed == 1, "the log was kept for it from the snapshot on")
        #expect(try cluster.healAndConverge())
        #expect(cluster.violations() == [])
    }

    // MARK: stop

    @Test func `bug 43: stopping ends every wait, keeps what was acknowledged and turns away what comes later`() throws
    {
        let cluster = try ListCluster(seed: 36)
        let leader = try #require(cluster.runUntilLeader())
        write(20, "before", on: leader, of: cluster)
        let ended = Mutex<[ProposalResult]>([])
        let stopped = Mutex(0)
        func propose(_ name: String) {
            cluster.propose(Self.bytes(name), on: leader) { result in ended.withLock { $0.append(result) } }
        }
        for number in 0..<10 { propose("meanwhile \(number)") }
        cluster.stop(leader) { stopped.withLock { $0 += 1 } }
        for number in 0..<10 { propose("later \(number)") }
        cluster.run(forNanoseconds: 200_000) { ended.withLock { $0.count } == 20 }
        // The lane that stops has run, the lanes that finish have not: this is told without anybody to answer it.
        propose("last")
        cluster.read(on: leader)
        #expect(cluster.run(forNanoseconds: Self.second) { stopped.withLock { $0 } == 1 })
        #expect(ended.withLock { $0.count } == 21)
        #expect(ended.withLock { $0.last } == .refused(.stopping))
        #expect(try cluster.healAndConverge())
        #expect(cluster.violations() == [])
    }

    // MARK: swarms

    /// Each seed has its own choice of troubles.
    @Test func `groups of three and of five survive swarms of troubles`() throws {
        var failures = 0
        var snapshots: UInt64 = 0
        var leaders = 0
        for seed in UInt64(1)...10 {
            let nodeCount = seed % 2 == 0 ? 3 : 5
            let run = try SwarmRun(seed: seed, nodeCount: nodeCount).perform()
            #expect(run.converged, "seed \(seed) of \(nodeCount) nodes does not converge after healing")
            #expect(run.violations == [], "seed \(seed) of \(nodeCount) nodes")
            failures += run.failures
            snapshots += run.snapshots
            leaders += run.leaders
        }
        // A swarm that met none of this would prove little.
        #expect(failures > 0)
        #expect(snapshots > 0)
        #expect(leaders > 8)
    }
}
