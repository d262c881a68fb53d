import CSQLite
import Client
import Foundation
import Import
import JSON
import Operations
import Testing

/// `mneme import` of a file as v0.6.3 leaves it, into three real nodes.
@Suite(.serialized) struct ImportTests {
    /// The tables of schema 16 that matter here, with rows that its API would refuse among them.
    private static func database(at path: String, memories: Int) throws {
        var opened: OpaquePointer?
        #expect(sqlite3_open(path, &opened) == SQLITE_OK)
        defer { sqlite3_close_v2(opened) }
        func run(_ sql: String) { #expect(sqlite3_exec(opened, sql, nil, nil, nil) == SQLITE_OK, "\(sql)") }
        let columns = """
            id TEXT PRIMARY KEY, tier TEXT, namespace TEXT, title TEXT, content TEXT, tags TEXT, priority INTEGER,
            confidence REAL, source TEXT, access_count INTEGER, created_at TEXT, updated_at TEXT, last_accessed_at TEXT,
            expires_at TEXT, metadata TEXT
            """
        run("CREATE TABLE memories (\(columns), embedding BLOB)")
        run("CREATE TABLE archived_memories (\(columns), archived_at TEXT, archive_reason TEXT)")
        run(
            """
            CREATE TABLE memory_links (source_id TEXT, target_id TEXT, relation TEXT, created_at TEXT, valid_from TEXT,
                valid_until TEXT, observed_by TEXT, signature BLOB);
            CREATE TABLE entity_aliases (entity_id TEXT, alias TEXT, created_at TEXT);
            CREATE TABLE namespace_meta (namespace TEXT, standard_id TEXT, updated_at TEXT, parent_namespace TEXT);
            CREATE TABLE pending_actions (id TEXT); CREATE TABLE subscriptions (id TEXT);
            CREATE TABLE schema_version (version INTEGER); INSERT INTO schema_version VALUES (16);
            INSERT INTO pending_actions VALUES ('p');
            """)
        let time = "2026-01-01T00:00:00+00:00"
        run("BEGIN")
        for number in 0..<memories {
            run(
                """
                INSERT INTO memories VALUES ('m\(number)', 'long', 'old', 'title \(number)', 'content \(number)',
                    '["t"]', 5, 1.0, 'mine-claude', \(number), '\(time)', '\(time)', NULL, NULL, '{"agent_id":"ada"}', NULL)
                """)
        }
        run(
            """
            INSERT INTO memories VALUES ('bad', 'mid', 'old', ' ', 'c', '[', 5, 1.0, 'api', 0, '\(time)', '\(time)', NULL,
                NULL, '{', NULL);
            INSERT INTO archived_memories VALUES ('a1', 'mid', 'old', 'gone', 'c', '[]', 5, 1.0, 'api', 0, '\(time)',
                '\(time)', NULL, NULL, '{}', '\(time)', 'ttl_expired');
            INSERT INTO memory_links VALUES ('m0', 'm1', 'supersedes', '\(time)', '\(time)',
                '2026-02-01T00:00:00+00:00', 'ada', NULL);
            INSERT INTO memory_links VALUES ('m3', 'm2', 'related_to', '\(time)', NULL, NULL, NULL, NULL);
            INSERT INTO memory_links VALUES ('m0', 'missing', 'related_to', '\(time)', NULL, NULL, NULL, NULL);
            INSERT INTO entity_aliases VALUES ('m0', 'zero', '\(time)');
            INSERT INTO entity_aliases VALUES ('m3', 'three', '\(time)');
            INSERT INTO namespace_meta VALUES ('old', 'm1', '\(time)', 'older');
            COMMIT
            """)
    }

    @Test func `a database of v0.6.3 comes over whole, what cannot is named, and a second run changes nothing`()
        async throws
    {
        let directory = try TemporaryDirectory(prefix: "mneme-import-test")
        let path = directory.path + "/ai-memory.db"
        try Self.database(at: path, memories: 450)
        try await RealCluster.run(nodes: 3) { real in
            // One of them is here already, under another id.
            let standing = JSONValue.object(
                JSONObject([("title", "title 3"), ("content", "here"), ("namespace", "old")]))
            let stored = try await real.client.send(
                APIRequest(
                    method: "POST", target: "/api/v1/memories", body: standing.encoded(), idempotencyKey: "standing"))
            let survivor = try JSONValue.parse(stored.response.bodyBytes)["id"]?.stringValue ?? ""
            let importer = Importer(real.cluster.endpoints)
            var seen: [String] = []
            let report = try await importer.run(path: path) { table, sent, total in
                seen.append("\(table) \(sent)/\(total)")
            }
            #expect(report.memories == 450 && report.links == 2 && report.merged == 1)
            #expect(
                report.errors == [
                    "bad: title cannot be empty", "link m0 -> missing: there is no memory missing",
                ])
            #expect(report.leftOut == ["1 pending actions"])
            #expect(seen.contains("memories 451/451") && seen.contains("standards 1/1"))

            func get(_ target: String) async throws -> JSONValue {
                let answer = try await real.client.sendOnce(APIRequest(method: "GET", target: target), to: 1)
                return try JSONValue.parse(answer.response.bodyBytes)
            }
            let memory = try await get("/api/v1/memories/m7")
            #expect(memory["memory"]?["access_count"] == 7 && memory["memory"]?["source"] == "mine-claude")
            let event = try await get("/api/v1/kg/timeline?source_id=m0")["events"]?.arrayValue?.first
            #expect(event?["valid_until"] == "2026-02-01T00:00:00+00:00" && event?["observed_by"] == "ada")
            #expect(
                try await get("/api/v1/archive")["archived"]?.arrayValue?.first?["archived_at"]
                    == "2026-01-01T00:00:00+00:00")
            #expect(try await get("/api/v1/namespaces?namespace=old")["standard_id"] == "m1")
            #expect(
                try await get("/api/v1/links/\(survivor)")["links"]?.arrayValue?.first?["target_id"] == "m2")
            #expect(
                try await get("/api/v1/entities/by_alias?alias=three")["entity_id"]?.stringValue == survivor)
            let before = try await DigestComparison(real.cluster.endpoints).run(content: true)
            #expect(before.isEqual)

            let again = try await importer.run(path: path) { _, _, _ in }
            #expect(again.memories == 450 && again.errors == report.errors)
            #expect(try await get("/api/v1/stats")["total"] == 450)
            #expect(try await get("/api/v1/archive/stats")["archived_total"] == 1)
        }
        try directory.remove()
    }

    @Test func `what is no database of that release is refused with its version`() async throws {
        let directory = try TemporaryDirectory(prefix: "mneme-import-test")
        let old = directory.path + "/old.db"
        try Self.database(at: old, memories: 1)
        var opened: OpaquePointer?
        #expect(sqlite3_open(old, &opened) == SQLITE_OK)
        #expect(sqlite3_exec(opened, "UPDATE schema_version SET version = 14", nil, nil, nil) == SQLITE_OK)
        sqlite3_close_v2(opened)
        let text = directory.path + "/text.json"
        try "{\"rows\":[]}".write(toFile: text, atomically: true, encoding: .utf8)
        let importer = Importer([try Endpoint(parsing: "127.0.0.1:1")])
        for (path, words) in [
            (old, "has schema version 14"), (text, "no array `memories`"), ("/nowhere", "cannot read"),
        ] {
            let error = await #expect(throws: OperationsError.self) {
                try await importer.run(path: path) { _, _, _ in }
            }
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
        try directory.remove()
    }
}
