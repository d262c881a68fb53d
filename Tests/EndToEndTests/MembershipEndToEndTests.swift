import Client
import Foundation
import Operations
import Testing

/// Clusters of real processes that change while they run.
@Suite(.serialized) struct MembershipEndToEndTests {
    private static let serveArguments = ["--segment-bytes", "16777216"]

    /// Starts the next prepared node and waits until it votes.
    private func join(_ place: Int, _ real: RealCluster, through other: Int, replacing: UInt64? = nil) async throws {
        try real.cluster.join(
            place, through: [real.cluster.endpoints[other]], replacing: replacing)
        let id = real.cluster.layout.members[place].id
        try await real.until("node \(id) votes, and the change is over") {
            let members = try await real.client.members(first: other)
            return members.member(id)?.role == "voter" && !members.isJoint
        }
    }

    @Test func `one node joins and the leader is removed, without a lost or doubled write`() async throws {
        try await RealCluster.run(nodes: 3, joiners: 1, serveArguments: Self.serveArguments) { real in
            var acknowledged: [AcknowledgedMemory] = []
            for number in 0..<20 {
                acknowledged.append(try await real.store("before \(number)", through: number % 3))
            }
            try await join(3, real, through: 1)
            #expect(try await real.client.status(of: 3).membership == "voter")
            for number in 0..<20 {
                acknowledged.append(try await real.store("with four \(number)", through: number % 4))
            }
            // The joined node restarts from its directory alone.
            try await real.cluster.kill(3)
            _ = try real.cluster.start(3)
            try await real.untilServing([3])

            let leader = try await real.leader()
            let id = real.cluster.layout.members[leader].id
            let answer = try await real.client.removeMember(id, waitMilliseconds: 30_000, first: leader)
            #expect(answer.isFinished, "\(answer.pending)")
            try await real.cluster.retire(leader, within: .seconds(20))
            let left = (0..<4).filter { $0 != leader }
            for number in 0..<20 {
                acknowledged.append(try await real.store("after \(number)", through: left[number % 3]))
            }
            let endpoints = left.map { real.cluster.endpoints[$0] }
            let report = await ClusterVerifier(endpoints).verify(acknowledged: acknowledged)
            #expect(report.isSound, "\(report.list())")
            #expect(report.digestsAgree)
            #expect(report.nodes.map(\.rows) == [60, 60, 60])
            for place in left {
                let members = try await real.client.members(first: place)
                #expect(members.members.map(\.id) == left.map { UInt64($0 + 1) })
                #expect(members.members.allSatisfy { $0.role == "voter" && $0.incarnation != nil })
            }

            // Whoever starts the removed node again is told what to do instead.
            _ = try real.cluster.start(leader)
            #expect(await real.cluster.exited(leader, within: .seconds(20)) == .code(78))
            let log = try String(contentsOfFile: real.cluster.layout.members[leader].logPath, encoding: .utf8)
            #expect(log.contains("this node was removed from the cluster"))
        }
    }

    @Test func `bug 9: a wiped directory under an old id is not taken, and the node is replaced by a new one`()
        async throws
    {
        try await RealCluster.run(nodes: 3, joiners: 1, serveArguments: Self.serveArguments) { real in
            let acknowledged = [try await real.store("kept", through: 0)]
            let leader = try await real.leader()
            let wiped = (leader + 1) % 3
            let member = real.cluster.layout.members[wiped]
            try await real.until("the leader has bound every directory") {
                try await real.client.members(first: leader).members.allSatisfy { $0.incarnation != nil }
            }
            try await real.cluster.kill(wiped)
            try FileManager.default.removeItem(atPath: member.dataDirectory)
            _ = try real.cluster.start(wiped)
            #expect(await real.cluster.exited(wiped, within: .seconds(20)) == .code(78))
            let log = try String(contentsOfFile: member.logPath, encoding: .utf8)
            #expect(log.contains("knows this node id with another data directory"))

            try await join(3, real, through: leader, replacing: member.id)
            let members = try await real.client.members(first: leader)
            #expect(members.member(member.id) == nil)
            #expect(members.members.count == 3)
            let left = (0..<4).filter { $0 != wiped }.map { real.cluster.endpoints[$0] }
            let report = await ClusterVerifier(left).verify(acknowledged: acknowledged)
            #expect(report.isSound, "\(report.list())")
        }
    }

    @Test func `a node with a damaged log is rebuilt from its peers under a new id, and its old directory is kept`()
        async throws
    {
        try await RealCluster.run(nodes: 3, serveArguments: Self.serveArguments) { real in
            var acknowledged = [try await real.store("first", through: 0)]
            let leader = try await real.leader()
            let damaged = (leader + 1) % 3
            let member = real.cluster.layout.members[damaged]
            acknowledged.append(try await real.store("second", through: damaged))
            try await real.cluster.kill(damaged)
            let log = member.dataDirectory + "/log/"
            let name = try #require(
                FileManager.default.contentsOfDirectory(atPath: log).first { $0.hasSuffix(".log") })
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: log + name)))
            // The first record begins right behind the 4 KiB header page.
            bytes[4_096 + 50] ^= 0x10
            try Data(bytes).write(to: URL(fileURLWithPath: log + name))
            _ = try real.cluster.start(damaged)
            #expect(await real.cluster.exited(damaged, within: .seconds(20)) == .code(1))

            let words = [
                "recover", "--from-peers", "http://\(real.cluster.endpoints[leader])", "--data-dir",
                member.dataDirectory, "--segment-bytes", "16777216",
            ]
            // Twice: a rebuild that was cut short is begun again and ends the same.
            for _ in 0..<2 {
                let recover = try ChildProcess(
                    executable: RealCluster.executable, arguments: words, outputPath: member.logPath)
                #expect(await recover.exited(within: .seconds(30)) == .code(0))
            }
            #expect(FileManager.default.fileExists(atPath: member.dataDirectory + ".damaged-1/log/" + name))
            let node = try ChildProcess(
                executable: RealCluster.executable,
                arguments: [
                    "serve", "--exit-with-parent", "--data-dir", member.dataDirectory, "--port", "\(member.httpPort)",
                ] + Self.serveArguments, outputPath: member.logPath)
            do {
                try await real.until("the rebuilt node votes in place of the old one") {
                    let members = try await real.client.members(first: leader)
                    return members.member(4)?.role == "voter" && members.member(member.id) == nil
                }
                let report = await ClusterVerifier(real.cluster.endpoints).verify(acknowledged: acknowledged)
                #expect(report.isSound, "\(report.list())")
            } catch {
                node.send(SIGKILL)
                throw error
            }
            node.send(SIGTERM)
            #expect(await node.exited(within: .seconds(20)) == .code(0))
        }
    }

    @Test func `leadership moves to the node that is named, and changes that make no sense are refused in words`()
        async throws
    {
        try await RealCluster.run(nodes: 3, serveArguments: Self.serveArguments) { real in
            let leader = try await real.leader()
            let target = UInt64((leader + 1) % 3 + 1)
            // Through the one that is neither.
            let moved = try await real.client.transferLeadership(
                to: target, waitMilliseconds: 10_000, first: (leader + 2) % 3)
            #expect(moved.leaderID == target)
            #expect(try await real.leader() == Int(target) - 1)

            for place in 0..<3 {
                let unknown = await #expect(throws: ClientError.self) {
                    try await real.client.removeMember(9, waitMilliseconds: 1_000, first: place)
                }
                #expect(unknown?.description == "node 9 is not a member")
                let voter = await #expect(throws: ClientError.self) {
                    try await real.client.promoteMember(1, waitMilliseconds: 1_000, first: place)
                }
                #expect(voter?.description == "node 1 is not a learner")
                let all = await #expect(throws: ClientError.self) {
                    try await real.client.changeMembers(remove: [1, 2, 3], waitMilliseconds: 1_000, first: place)
                }
                #expect(all?.description == "the change would leave no voter")
            }
            // Nobody runs there: it stays a learner, and the answer says so in time.
            let begun = ContinuousClock.now
            let dead = try await real.client.addMember(
                NewMember(address: "127.0.0.1:1"), waitMilliseconds: 500, first: 0)
            #expect(!dead.isFinished)
            #expect(dead.pending == "node 4 is a learner and becomes a voter as soon as it has caught up")
            #expect(ContinuousClock.now - begun < .seconds(5))
            let removed = try await real.client.removeMember(4, waitMilliseconds: 10_000, first: 1)
            #expect(removed.isFinished)
            #expect(removed.cluster.members.map(\.id) == [1, 2, 3])
        }
    }

    @Test func `reads under a lease and stale reads with a bound answer through every node`() async throws {
        try await RealCluster.run(nodes: 3, serveArguments: Self.serveArguments + ["--lease-reads"]) { real in
            let memory = try await real.store("leased", through: 0)
            for place in 0..<3 {
                for headers in [
                    [APIRequest.Header("X-Consistency", "lease")],
                    [.init("X-Consistency", "stale"), .init("X-Max-Staleness-Ms", "5000")],
                ] {
                    let answer = try await real.client.sendOnce(
                        APIRequest(method: "GET", target: "/api/v1/memories/\(memory.id)", headers: headers), to: place,
                        timeoutMilliseconds: 10_000)
                    #expect(answer.response.status == 200, "\(answer.response.bodyText)")
                    #expect(answer.response.header("X-Mneme-Applied-Index") != nil)
                    let age = answer.response.header("X-Mneme-Age-Ms").flatMap { Int($0) }
                    #expect((age != nil) == (headers.count == 2))
                }
            }
            // Without a majority nobody can vouch for a short age any more, and the age is told.
            let leader = try await real.leader()
            for place in 0..<3 where place != leader { try await real.cluster.kill(place) }
            try await real.until("the age is over the bound") {
                let answer = try await real.client.sendOnce(
                    APIRequest(
                        method: "GET", target: "/api/v1/memories/\(memory.id)",
                        headers: [.init("X-Consistency", "stale"), .init("X-Max-Staleness-Ms", "100")]), to: leader,
                    timeoutMilliseconds: 10_000)
                guard answer.response.status == 503 else { return false }
                #expect(answer.response.bodyText.contains("X-Max-Staleness-Ms asked for at most 100 ms"))
                #expect((answer.response.header("X-Mneme-Age-Ms").flatMap { Int($0) } ?? 0) > 100)
                return true
            }
        }
    }
}
