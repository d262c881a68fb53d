import Foundation
import Operations
import Testing

/// The drill that brings a cluster to another build, with real processes. The other build is this one behind a script, so
/// what is proven here is the drill: every node ends up on the other executable, and the same one twice is refused.
@Suite(.serialized) struct UpgradeDrillTests {
    private func run(_ words: [String], output: String) async throws -> (exit: ChildExit?, text: String) {
        let child = try ChildProcess(
            executable: RealCluster.executable, arguments: ["drill", "upgrade"] + words, outputPath: output)
        let exit = await child.exited(within: .seconds(180))
        if exit == nil {
            child.send(SIGINT)
            _ = await child.exited(within: .seconds(30))
        }
        return (exit, try String(contentsOfFile: output, encoding: .utf8))
    }

    @Test func `all nodes move to the new build under load, one goes back once, and nothing is lost`() async throws {
        let directory = try TemporaryDirectory(prefix: "mneme-upgrade-test")
        let before = directory.path + "/mneme"
        try "#!/bin/sh\nexec \(RealCluster.executable) \"$@\"\n".write(
            toFile: before, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: before)
        let ended = try await run(
            ["--from", before, "--writes", "20", "--writers", "4", "--readers", "2", "--json"],
            output: directory.path + "/drill.log")
        #expect(ended.exit == .code(0), "\(ended.text)")
        #expect(ended.text.contains("\"passed\":true"), "\(ended.text)")
        #expect(ended.text.components(separatedBy: "comes back with the new build").count == 4, "\(ended.text)")
        try directory.remove()
    }

    @Test func `the same build twice, and a file that cannot be run, are refused`() async throws {
        let directory = try TemporaryDirectory(prefix: "mneme-upgrade-test")
        let same = try await run(["--from", RealCluster.executable], output: directory.path + "/same.log")
        #expect(same.exit == .code(1) && same.text.contains("is the same build as"), "\(same.text)")
        let none = try await run(["--from", directory.path + "/none"], output: directory.path + "/none.log")
        #expect(none.exit == .code(1) && none.text.contains("is not an executable file"), "\(none.text)")
        try directory.remove()
    }
}
