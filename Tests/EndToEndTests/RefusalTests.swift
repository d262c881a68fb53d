import Foundation
import Operations
import Testing

/// What `mneme serve` refuses to start with, and what it says then. Nothing may be changed by a refused start.
@Suite(.serialized) struct RefusalTests {
    private struct Ending {
        var exit: ChildExit?
        var text: String
    }

    /// Starts a node that is expected to end by itself.
    private func serve(_ words: [String], output: String) async throws -> Ending {
        let child = try ChildProcess(
            executable: RealCluster.executable, arguments: ["serve", "--exit-with-parent"] + words, outputPath: output)
        let exit = await child.exited(within: .seconds(30))
        if exit == nil {
            child.send(SIGKILL)
            _ = await child.exited(within: .seconds(10))
        }
        return Ending(exit: exit, text: try String(contentsOfFile: output, encoding: .utf8))
    }

    /// A data directory that a real node used and left.
    private func usedDirectory(_ root: String) async throws -> String {
        let data = root + "/data"
        let output = root + "/first.log"
        let child = try ChildProcess(
            executable: RealCluster.executable,
            arguments: [
                "serve", "--exit-with-parent", "--data-dir", data, "--port", "0", "--segment-bytes", "16777216",
            ],
            outputPath: output)
        let deadline = ContinuousClock.now + .seconds(30)
        var ready = false
        while !ready, ContinuousClock.now < deadline {
            ready =
                try FileManager.default.fileExists(atPath: output)
                && String(contentsOfFile: output, encoding: .utf8).contains("ready")
            if !ready { try await Task.sleep(for: .milliseconds(50)) }
        }
        #expect(ready)
        child.send(SIGTERM)
        #expect(await child.exited(within: .seconds(20)) != nil, "a node stops within 20 s of SIGTERM")
        return data
    }

    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = try TemporaryDirectory(prefix: "mneme-refusal")
        do { try await body(directory.path) } catch {
            try directory.remove()
            throw error
        }
        try directory.remove()
    }

    @Test func `the data directory of another node, cluster or membership is refused by name`() async throws {
        try await withDirectory { root in
            let data = try await usedDirectory(root)
            let other = try await serve(
                ["--data-dir", data, "--port", "0", "--cluster-id", "another"], output: root + "/cluster.log")
            #expect(other.exit == .code(1))
            #expect(other.text.contains("belongs to node 1"))
            #expect(other.text.contains(data))
            let members = try await serve(
                [
                    "--data-dir", data, "--port", "0", "--peer", "1=127.0.0.1:1", "--peer", "2=127.0.0.1:2",
                    "--peer", "3=127.0.0.1:3",
                ], output: root + "/members.log")
            #expect(members.exit == .code(1))
            // By the founding list or, once the node has written down its own directory, by the replicated configuration.
            #expect(members.text.contains("--peer names node"))
        }
    }

    @Test func `a directory in use and a port in use are refused by name`() async throws {
        try await RealCluster.run(nodes: 1) { real in
            let member = real.cluster.layout.members[0]
            let directory = try TemporaryDirectory(prefix: "mneme-refusal")
            let locked = try await serve(
                ["--data-dir", member.dataDirectory, "--port", "0"], output: directory.path + "/lock.log")
            #expect(locked.exit == .code(1))
            #expect(locked.text.contains(member.dataDirectory))
            let port = try await serve(
                ["--data-dir", directory.path + "/data", "--port", "\(member.httpPort)"],
                output: directory.path + "/port.log")
            #expect(port.exit == .code(1))
            #expect(port.text.contains("127.0.0.1:\(member.httpPort)"))
            try directory.remove()
        }
    }

    @Test func `a flipped bit in the middle of the log is refused with file, byte and index, and nothing is changed`()
        async throws
    {
        try await withDirectory { root in
            let data = try await usedDirectory(root)
            let name = try #require(
                FileManager.default.contentsOfDirectory(atPath: data + "/log").first { $0.hasSuffix(".log") })
            let path = data + "/log/" + name
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            // The first record begins right behind the 4 KiB header page.
            bytes[4_096 + 50] ^= 0x10
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let ending = try await serve(
                ["--data-dir", data, "--port", "0", "--segment-bytes", "16777216"], output: root + "/flip.log")
            #expect(ending.exit == .code(1))
            #expect(ending.text.contains(name))
            #expect(ending.text.contains("corrupt at byte"))
            #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) == bytes)
        }
    }

    @Test func `a limit of open files that is too low is refused with the number`() async throws {
        try await withDirectory { root in
            let few = try ChildProcess(
                executable: "/bin/sh",
                arguments: [
                    "-c", "ulimit -n 200; exec \"$0\" serve --data-dir \"$1\" --port 0", RealCluster.executable,
                    root + "/few",
                ], outputPath: root + "/few.log")
            #expect(await few.exited(within: .seconds(30)) == .code(1))
            let text = try String(contentsOfFile: root + "/few.log", encoding: .utf8)
            #expect(text.contains("the limit of open files is 200"), "\(text)")
        }
    }

    @Test func `flags that contradict each other are refused before anything is opened`() async throws {
        try await withDirectory { root in
            let data = root + "/never"
            let missing = try await serve(
                ["--data-dir", data, "--node-id", "4", "--peer", "1=127.0.0.1:1", "--peer", "2=127.0.0.1:2"],
                output: root + "/missing.log")
            #expect(missing.exit == .code(2))
            #expect(missing.text.contains("--peer 4="))
            let address = try await serve(
                ["--data-dir", data, "--peer", "1=127.0.0.1:99999"], output: root + "/address.log")
            #expect(address.exit == .code(2))
            #expect(address.text.contains("99999"))
            #expect(!FileManager.default.fileExists(atPath: data))
        }
    }
}
