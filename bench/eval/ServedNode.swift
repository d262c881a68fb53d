/// A node of our own for one evaluation, in a directory of its own.
///
/// Owns: starting it, learning its port, ending it, removing its files. Must never: leave it running.
import Client
import Foundation
import Operations

struct ServedNode: Sendable {
    let endpoint: Endpoint
    private let child: ChildProcess
    private let directory: TemporaryDirectory

    /// - Parameter executable: path of `mneme`.
    /// - Throws: `EvalError` with the node's output when it does not serve within a minute.
    static func start(executable: String) async throws -> ServedNode {
        let directory = try TemporaryDirectory(prefix: "mneme-eval")
        let output = directory.path + "/output"
        let child: ChildProcess
        do {
            child = try ChildProcess(
                executable: executable,
                arguments: ["serve", "--exit-with-parent", "--data-dir", directory.path + "/data", "--port", "0"],
                outputPath: output)
        } catch {
            try directory.remove()
            throw error
        }
        do {
            let port = try await port(of: child, output: output)
            return ServedNode(
                endpoint: Endpoint(host: "127.0.0.1", port: port), child: child, directory: directory)
        } catch {
            await end(child)
            try directory.remove()
            throw error
        }
    }

    private static func port(of child: ChildProcess, output: String) async throws -> Int {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline, child.exit == nil {
            if FileManager.default.fileExists(atPath: output) {
                let text = try String(contentsOfFile: output, encoding: .utf8)
                if let port = announcedPort(in: text) { return port }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw EvalError("the node did not serve:\n" + (try String(contentsOfFile: output, encoding: .utf8)))
    }

    /// From `mneme: node 1 ready: http://127.0.0.1:PORT (…)`; a line that is still being written is not taken.
    private static func announcedPort(in text: String) -> Int? {
        guard let mark = text.range(of: "ready: http://127.0.0.1:") else { return nil }
        let digits = text[mark.upperBound...].prefix { $0.isNumber }
        guard text[digits.endIndex...].hasPrefix(" ") else { return nil }
        return Int(digits)
    }

    func stop() async throws {
        await ServedNode.end(child)
        try directory.remove()
    }

    private static func end(_ child: ChildProcess) async {
        child.send(SIGTERM)
        if await child.exited(within: .seconds(20)) == nil {
            child.send(SIGKILL)
            _ = await child.exited(within: .seconds(10))
        }
    }
}

/// Why there is no result.
struct EvalError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
