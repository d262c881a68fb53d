import Client
import Foundation
import Operations
import Testing

/// Three real processes, a real network and a real disk.
@Suite(.serialized) struct ClusterEndToEndTests {
    @Test func `a leader killed with -9 loses no acknowledged write, and the verification sees a removed one`()
        async throws
    {
        try await RealCluster.run(nodes: 3) { real in
            var acknowledged: [AcknowledgedMemory] = []
            for number in 0..<30 {
                acknowledged.append(try await real.store("before \(number)", through: number % 3))
            }
            let old = try await real.leader()
            try await real.cluster.kill(old)
            for number in 0..<30 {
                acknowledged.append(try await real.store("after \(number)", through: (old + 1 + number % 2) % 3))
            }
            // The same key again, also through another node, is the same write.
            let repeated = try await real.store("before 0", through: (old + 1) % 3)
            #expect(repeated.id == acknowledged[0].id)

            _ = try real.cluster.start(old)
            try await real.untilServing([old])
            let verifier = ClusterVerifier(real.cluster.endpoints)
            let report = await verifier.verify(acknowledged: acknowledged)
            #expect(report.isSound, "\(report.list())")
            #expect(report.digestsAgree)
            #expect(report.nodes.map(\.rows) == [60, 60, 60])

            // Every node answers a linearizable read of a memory that was written through another.
            for place in 0..<3 {
                let found = try await real.client.memory(id: acknowledged[59].id, first: place)
                #expect(found?.memory.content == "content of after 29")
            }

            #expect(try await real.client.delete(id: acknowledged[7].id) == .deleted)
            let damaged = await verifier.verify(acknowledged: acknowledged)
            #expect(!damaged.isSound)
            #expect(damaged.lost >= 3, "missing on each of the three nodes: \(damaged.list())")
            for endpoint in real.cluster.endpoints {
                #expect(damaged.list().contains("'before 7' (\(acknowledged[7].id)) is not on \(endpoint)"))
            }
        }
    }

    @Test func `two of three nodes gone is answered with 503 and a reason, and nothing is written`() async throws {
        try await RealCluster.run(nodes: 3) { real in
            let leader = try await real.leader()
            for place in 0..<3 where place != leader { try await real.cluster.kill(place) }
            try await real.until("the lonely leader steps down") {
                try await real.client.status(of: leader).leaderID == nil
            }
            let answer = try await real.client.sendOnce(
                APIRequest(
                    method: "POST", target: "/api/v1/memories", headers: [.init("Content-Type", "application/json")],
                    body: Array(#"{"title":"alone","content":"nobody to agree"}"#.utf8)),
                to: leader, timeoutMilliseconds: 20_000)
            #expect(answer.response.status == 503)
            #expect(answer.response.header("Retry-After") != nil)
            #expect(answer.response.bodyText.contains("no leader is known"))
            let read = try await real.client.sendOnce(
                APIRequest(method: "GET", target: "/api/v1/memories"), to: leader, timeoutMilliseconds: 20_000)
            #expect(read.response.status == 503, "a linearizable read needs a majority")
            let stale = try await real.client.sendOnce(
                APIRequest(
                    method: "GET", target: "/api/v1/memories", headers: [.init("X-Consistency", "stale")]),
                to: leader, timeoutMilliseconds: 20_000)
            #expect(stale.response.status == 200)
            #expect(stale.response.header("X-Mneme-Age-Ms") != nil)
        }
    }

    @Test func `a node that was away while the log was cut gets a snapshot and ends up equal`() async throws {
        try await RealCluster.run(
            nodes: 3,
            serveArguments: ["--checkpoint-bytes", "20000", "--keep-entries", "10", "--segment-bytes", "16777216"]
        ) { real in
            var acknowledged = [try await real.store("first", through: 0)]
            let away = (try await real.leader() + 1) % 3
            let writer = (away + 1) % 3
            try await real.cluster.kill(away)
            for number in 0..<200 { acknowledged.append(try await real.store("gap \(number)", through: writer)) }
            #expect(try await real.client.status(of: writer).firstIndex > 100, "the log was cut")
            let leader = try await real.leader()
            try await real.until("the leader notices that the peer is gone") {
                let peers = try await real.client.status(of: leader).peers
                return peers.contains { $0.id == UInt64(away + 1) && ($0.lastContactMilliseconds ?? 0) > 700 }
            }
            _ = try real.cluster.start(away)
            try await real.untilServing([away])
            let report = await ClusterVerifier(real.cluster.endpoints).verify(acknowledged: acknowledged)
            #expect(report.isSound, "\(report.list())")
            let metrics = try await real.client.sendOnce(
                APIRequest(method: "GET", target: "/cluster/v1/metrics"), to: away, timeoutMilliseconds: 5_000)
            let line = metrics.response.bodyText.split(separator: "\n").first {
                $0.hasPrefix("mneme_raft_snapshots_installed_total")
            }
            #expect(line == "mneme_raft_snapshots_installed_total{node=\"\(away + 1)\"} 1")
        }
    }

    @Test func `a group of one keeps what it acknowledged over kill -9`() async throws {
        try await RealCluster.run(nodes: 1) { real in
            var acknowledged: [AcknowledgedMemory] = []
            for round in 0..<3 {
                for number in 0..<10 {
                    acknowledged.append(try await real.store("round \(round) number \(number)", through: 0))
                }
                try await real.cluster.kill(0)
                _ = try real.cluster.start(0)
                try await real.untilServing([0])
            }
            let report = await ClusterVerifier(real.cluster.endpoints).verify(acknowledged: acknowledged)
            #expect(report.isSound, "\(report.list())")
        }
    }
}
