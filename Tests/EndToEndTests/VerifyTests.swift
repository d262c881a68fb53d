import CSQLite
import Client
import Foundation
import Operations
import Testing

/// `mneme cluster verify` against real nodes: equal under load, and a row that somebody changed behind a node's back named.
@Suite(.serialized) struct VerifyTests {
    @Test func `nodes are equal at one index while clients write; a changed row is found by table and key`()
        async throws
    {
        try await RealCluster.run(nodes: 3) { real in
            var last: AcknowledgedMemory?
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 0..<60 { _ = try await real.store("during \(number)", through: number % 3) }
                }
                for _ in 0..<3 {
                    let report = try await DigestComparison(real.cluster.endpoints).run(content: false)
                    #expect(report.isEqual && report.index != nil && report.digests.count == 3)
                }
                try await group.waitForAll()
            }
            last = try await real.store("the last", through: 0)
            let few = await #expect(throws: OperationsError.self) {
                try await DigestComparison([real.cluster.endpoints[1]]).run(content: false)
            }
            #expect(few?.description.contains("3 members and 1 endpoints were named") == true)
            let whole = try await DigestComparison(real.cluster.endpoints).run(content: true)
            #expect(whole.isEqual && whole.tablesCompared == 13, "\(whole)")

            // A third hand on the file of one node.
            let place = 2
            _ = await real.cluster.stopped(place)
            try real.damage(place, sql: "UPDATE memories SET content = 'forged' WHERE id = '\(last?.id ?? "")'")
            _ = try real.cluster.start(place)
            try await real.untilServing([place])
            let damaged = try await DigestComparison(real.cluster.endpoints).run(content: true)
            #expect(!damaged.isEqual)
            #expect(
                damaged.differences.contains {
                    $0.hasPrefix("table memories differs at row 61: ") && $0.contains("[61]")
                },
                "\(damaged.differences)")
        }
    }
}

extension LocalCluster {
    /// Told to stop in order, and seen to have ended.
    func stopped(_ place: Int) async -> ChildExit? {
        child(place)?.send(SIGTERM)
        return await exited(place, within: .seconds(20))
    }
}

extension RealCluster {
    /// Changes a stopped node's database behind its back.
    func damage(_ place: Int, sql: String) throws {
        let store = cluster.layout.members[place].dataDirectory + "/store"
        let generation = try #require(
            try FileManager.default.contentsOfDirectory(atPath: store).first { $0.hasPrefix("generation-") })
        var database: OpaquePointer?
        defer { sqlite3_close_v2(database) }
        #expect(sqlite3_open_v2("\(store)/\(generation)/state.db", &database, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK)
        #expect(sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK)
        #expect(sqlite3_changes(database) == 1)
    }
}
