import Client
import Foundation
import Operations
import Testing

/// What a refused start leaves behind: everything. Each case breaks or misuses a directory with memories in it, reads the
/// refusal, puts things right, and finds every memory again.
@Suite(.serialized) struct NothingLostTests {
    private static let words = ["--segment-bytes", "16777216"]

    private func withMemories(
        _ body: (_ data: String, _ outputs: String, _ acknowledged: [AcknowledgedMemory]) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory(prefix: "mneme-nothing-lost")
        do {
            let data = directory.path + "/data"
            let node = try await SingleNode.start(data: data, output: directory.path + "/first.log", Self.words)
            var acknowledged: [AcknowledgedMemory] = []
            for number in 0..<40 { acknowledged.append(try await node.store("memory \(number)", contentBytes: 500)) }
            await node.stop()
            try await body(data, directory.path, acknowledged)
            let again = try await SingleNode.start(data: data, output: directory.path + "/again.log", Self.words)
            await again.verify(acknowledged)
            await again.stop()
        } catch {
            try directory.remove()
            throw error
        }
        try directory.remove()
    }

    @Test func `another node's number is refused with both names, and the node's own still finds everything`()
        async throws
    {
        try await withMemories { data, outputs, _ in
            let other = try await SingleNode.refused(
                data: data, output: outputs + "/other.log",
                Self.words + ["--node-id", "2", "--peer", "2=127.0.0.1:1"])
            #expect(other.exit == .code(1))
            #expect(other.text.contains(data), "\(other.text)")
            #expect(other.text.contains("1"))
            #expect(other.text.contains("2"))
        }
    }

    @Test func `a bit flipped between memories is refused at its place, and flipped back nothing is missing`()
        async throws
    {
        try await withMemories { data, outputs, _ in
            let name = try #require(
                FileManager.default.contentsOfDirectory(atPath: data + "/log").first { $0.hasSuffix(".log") })
            let url = URL(fileURLWithPath: data + "/log/" + name)
            let whole = [UInt8](try Data(contentsOf: url))
            let end = try #require(whole.lastIndex { $0 != 0 })
            // Half-way between the header page and the last record: durable records stand on both sides.
            let place = 4_096 + (end - 4_096) / 2
            var broken = whole
            broken[place] ^= 0x04
            try Data(broken).write(to: url)
            let refused = try await SingleNode.refused(data: data, output: outputs + "/flip.log", Self.words)
            #expect(refused.exit == .code(1))
            #expect(refused.text.contains("\(name) is corrupt at byte"), "\(refused.text)")
            #expect(refused.text.contains("log index"))
            #expect(refused.text.contains("Nothing was changed"))
            #expect([UInt8](try Data(contentsOf: url)) == broken, "a refused start changes nothing")
            try Data(whole).write(to: url)
        }
    }

    @Test func `a port in use and a missing log part are refused by name, and nothing is missing afterwards`()
        async throws
    {
        try await withMemories { data, outputs, _ in
            let holder = try await SingleNode.start(
                data: outputs + "/holder", output: outputs + "/holder.log", Self.words)
            let taken = try #require(holder.client.endpoints.first).port
            let port = try await SingleNode.refused(
                data: data, output: outputs + "/port.log", Self.words + ["--port", "\(taken)"])
            await holder.stop()
            #expect(port.exit == .code(1))
            #expect(port.text.contains("127.0.0.1:\(taken)"), "\(port.text)")

            let files = FileManager.default
            try files.moveItem(atPath: data + "/log", toPath: data + "/log-away")
            let missing = try await SingleNode.refused(data: data, output: outputs + "/missing.log", Self.words)
            #expect(missing.exit == .code(1), "an applied state without its log must not start empty: \(missing.text)")
            if files.fileExists(atPath: data + "/log") { try files.removeItem(atPath: data + "/log") }
            try files.moveItem(atPath: data + "/log-away", toPath: data + "/log")
        }
    }

    @Test func `bodies a node refuses over its socket store nothing and disturb nobody`() async throws {
        let directory = try TemporaryDirectory(prefix: "mneme-nothing-lost")
        let node = try await SingleNode.start(
            data: directory.path + "/data", output: directory.path + "/node.log", Self.words)
        let kept = try await node.store("kept")
        let before = try await appliedIndex(node)
        let valid = Array(#"{"title":"t","content":"c"}"#.utf8)
        let cases: [(name: String, body: [UInt8], status: Int, says: String)] = [
            ("2 MiB and a byte", valid + [UInt8](repeating: 0x20, count: 2_097_153 - valid.count), 413, "2097152"),
            (
                "invalid UTF-8", Array(#"{"title":""#.utf8) + [0xC3, 0x28] + Array(#"","content":"c"}"#.utf8), 400,
                "UTF-8"
            ),
            ("UTF-16", [0xFF, 0xFE] + valid.flatMap { [$0, 0] }, 400, "line 1 column 1"),
            ("a wrong type", Array(#"{"title":"t","content":["c"]}"#.utf8), 422, "content: invalid type"),
            ("CRLF", Array(#"{"title":"t","content":"a\r\nb"}"#.utf8), 400, "content contains invalid"),
            (
                "a number beyond all bounds", Array(#"{"title":"t","content":"c","confidence":1e400}"#.utf8), 400,
                "number"
            ),
            (
                "a priority of 10^30",
                Array("{\"title\":\"t\",\"content\":\"c\",\"priority\":1\(String(repeating: "0", count: 30))}".utf8),
                422, "priority: "
            ),
            ("a hundred thousand brackets", [UInt8](repeating: 0x5B, count: 100_000), 400, "nested deeper"),
        ]
        for one in cases {
            let answer = try await node.client.sendOnce(
                APIRequest(method: "POST", target: "/api/v1/memories", body: one.body), to: 0,
                timeoutMilliseconds: 20_000)
            #expect(answer.response.status == one.status, "\(one.name): \(answer.response.bodyText)")
            #expect(answer.response.bodyText.contains(one.says), "\(one.name): \(answer.response.bodyText)")
        }
        let after = try await appliedIndex(node)
        #expect(after == before, "a refused body reaches no log")
        await node.verify([kept])
        await node.stop()
        try directory.remove()
    }

    /// The index a linearizable read is served at: everything acknowledged before it, and nothing else is running.
    private func appliedIndex(_ node: SingleNode) async throws -> String {
        let answer = try await node.client.sendOnce(
            APIRequest(method: "GET", target: "/api/v1/memories?limit=0"), to: 0, timeoutMilliseconds: 20_000)
        return try #require(answer.response.header("X-Mneme-Applied-Index"))
    }
}
