import Client
import Foundation
import Operations
import Testing

/// A single real node on a directory the test chooses, with its output elsewhere: what a full disk must not swallow.
///
/// Owns: one process. Must never: leave it running, which is what `end` is for.
struct SingleNode {
    struct Ending {
        var exit: ChildExit?
        var text: String
    }

    let child: ChildProcess
    let output: String
    let client: MemoryClient

    /// Starts a node on a free port and waits until it serves, at most 30 s.
    /// - Parameter openFilesMax: its limit of open files, soft and hard; nil leaves the one of the tests.
    static func start(
        data: String, output: String, openFilesMax: Int? = nil, _ words: [String] = []
    ) async throws -> SingleNode {
        let arguments = ["serve", "--exit-with-parent", "--data-dir", data, "--port", "0"] + words
        let child: ChildProcess
        if let openFilesMax {
            child = try ChildProcess(
                executable: "/bin/sh",
                arguments: ["-c", "ulimit -n \(openFilesMax) && exec \"$0\" \"$@\"", RealCluster.executable]
                    + arguments,
                outputPath: output)
        } else {
            child = try ChildProcess(executable: RealCluster.executable, arguments: arguments, outputPath: output)
        }
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline, child.exit == nil {
            if let port = try port(in: output) {
                let client = MemoryClient(endpoints: [Endpoint(host: "127.0.0.1", port: port)])
                return SingleNode(child: child, output: output, client: client)
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        child.send(SIGKILL)
        _ = await child.exited(within: .seconds(10))
        Issue.record("the node did not serve: \(try String(contentsOfFile: output, encoding: .utf8))")
        throw CancellationError()
    }

    /// Runs a node that is expected to end by itself, at most 30 s.
    static func refused(data: String, output: String, _ words: [String]) async throws -> Ending {
        let child = try ChildProcess(
            executable: RealCluster.executable,
            arguments: ["serve", "--exit-with-parent", "--data-dir", data, "--port", "0"] + words, outputPath: output)
        return try await ending(of: child, output: output)
    }

    private static func ending(of child: ChildProcess, output: String) async throws -> Ending {
        let exit = await child.exited(within: .seconds(30))
        if exit == nil {
            child.send(SIGKILL)
            _ = await child.exited(within: .seconds(10))
        }
        return Ending(exit: exit, text: try String(contentsOfFile: output, encoding: .utf8))
    }

    /// What the node printed once it served: `mneme: node 1 ready: http://HOST:PORT (raft …)`.
    private static func port(in output: String) throws -> Int? {
        guard FileManager.default.fileExists(atPath: output) else { return nil }
        let text = try String(contentsOfFile: output, encoding: .utf8)
        guard let mark = text.range(of: "ready: http://127.0.0.1:") else { return nil }
        let digits = text[mark.upperBound...].prefix { $0.isNumber }
        guard text[digits.endIndex...].hasPrefix(" ") else { return nil }
        return Int(digits)
    }

    /// Waits for the node to end by itself.
    func ended() async throws -> Ending { try await SingleNode.ending(of: child, output: output) }

    /// SIGTERM, and nothing may be left after 20 s.
    func stop() async {
        child.send(SIGTERM)
        if await child.exited(within: .seconds(20)) == nil {
            Issue.record("the node did not stop within 20 s of SIGTERM")
            child.send(SIGKILL)
            _ = await child.exited(within: .seconds(10))
        }
    }

    /// Stores one memory, its content as large as asked for.
    func store(_ title: String, contentBytes: Int = 40) async throws -> AcknowledgedMemory {
        let request = StoreRequest(
            title: title, content: SingleNode.noise(contentBytes), namespace: "single",
            idempotencyKey: title.replacingOccurrences(of: " ", with: "-"))
        guard case .stored(let receipt) = try await client.store(request) else {
            Issue.record("\(title) was queued for approval")
            throw CancellationError()
        }
        return AcknowledgedMemory(receipt: receipt, request: request)
    }

    /// Letters that do not compress to much less than three quarters.
    static func noise(_ count: Int) -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_".utf8)
        return String(decoding: (0..<count).map { _ in letters[Int.random(in: 0..<64)] }, as: UTF8.self)
    }

    /// Everything acknowledged is there, byte for byte; a write without an answer may be there too.
    func verify(_ acknowledged: [AcknowledgedMemory], maybe: Set<String> = []) async {
        let report = await ClusterVerifier(client.endpoints).verify(
            acknowledged: acknowledged, unacknowledgedTitles: maybe)
        #expect(report.isSound, "\(report.list())")
    }
}
