/// Children, ports and directories.
///
/// Must never: leave a process or a directory behind.
import Foundation
import Testing

@testable import Operations

@Suite("Child processes are started alone and never left behind", .timeLimit(.minutes(1)))
struct ProcessTests {
    private func shell(_ script: String, in directory: TemporaryDirectory) throws -> ChildProcess {
        try ChildProcess(
            executable: "/bin/sh", arguments: ["-c", script], outputPath: directory.path + "/output")
    }

    @Test func `the exit code and the output arrive`() async throws {
        let directory = try TemporaryDirectory(prefix: "mneme-test")
        let child = try shell("echo out; echo err >&2; exit 7", in: directory)
        #expect(await child.exited(within: .seconds(30)) == .code(7))
        #expect(child.exit == .code(7))
        let output = try String(contentsOfFile: directory.path + "/output", encoding: .utf8)
        #expect(output == "out\nerr\n")
        #expect(LogTail.text(of: directory.path + "/output").contains("    err"))
        try directory.remove()
        #expect(!FileManager.default.fileExists(atPath: directory.path))
    }

    @Test func `a child leads its own process group and dies of the signal it is sent`() async throws {
        let directory = try TemporaryDirectory(prefix: "mneme-test")
        defer { #expect(throws: Never.self) { try directory.remove() } }
        let child = try shell("exec sleep 1000", in: directory)
        #expect(getpgid(child.processID) == child.processID)
        #expect(child.send(SIGKILL))
        #expect(await child.exited(within: .seconds(30)) == .signal(SIGKILL))
        #expect(!child.send(SIGKILL))
        // Reaped: the pid names no process any more.
        #expect(kill(child.processID, 0) == -1)
    }

    @Test func `signals that are ignored here are not ignored there`() async throws {
        signal(SIGINT, SIG_IGN)
        defer { signal(SIGINT, SIG_DFL) }
        let directory = try TemporaryDirectory(prefix: "mneme-test")
        defer { #expect(throws: Never.self) { try directory.remove() } }
        let child = try shell("exec sleep 1000", in: directory)
        #expect(child.send(SIGINT))
        #expect(await child.exited(within: .seconds(30)) == .signal(SIGINT))
    }

    @Test func `waiting for a child that lives ends with the limit`() async throws {
        let directory = try TemporaryDirectory(prefix: "mneme-test")
        defer { #expect(throws: Never.self) { try directory.remove() } }
        let child = try shell("exec sleep 1000", in: directory)
        #expect(await child.exited(within: .milliseconds(20)) == nil)
        child.send(SIGKILL)
        #expect(await child.exited(within: .seconds(30)) == .signal(SIGKILL))
    }

    @Test func `an executable that is not there is named`() throws {
        let directory = try TemporaryDirectory(prefix: "mneme-test")
        defer { #expect(throws: Never.self) { try directory.remove() } }
        let error = #expect(throws: OperationsError.self) {
            try ChildProcess(executable: "/no/such/mneme", arguments: [], outputPath: directory.path + "/output")
        }
        #expect(error?.description.contains("/no/such/mneme") == true)
    }

    @Test func `captured output is bounded, and a failing program has none`() {
        #expect(CommandCapture.output(of: "sh", ["-c", "printf hello"], bytesMax: 100) == Array("hello".utf8))
        #expect(CommandCapture.output(of: "sh", ["-c", "yes"], bytesMax: 1000)?.count == 1000)
        #expect(CommandCapture.output(of: "sh", ["-c", "echo x; exit 1"], bytesMax: 100) == nil)
        #expect(CommandCapture.output(of: "no-such-program-here", [], bytesMax: 100) == nil)
    }

    @Test func `a port that somebody listens on is refused by number`() throws {
        let node = try ScriptedNode { _ in .silence }
        defer { node.stop() }
        #expect(!LoopbackPorts.isFree(node.endpoint.port))
        let error = #expect(throws: OperationsError.self) {
            try ClusterLayout(nodes: 3, directory: "/tmp/x", clusterID: "c", basePort: node.endpoint.port - 1)
        }
        #expect(error?.description.contains("port \(node.endpoint.port) on 127.0.0.1 is in use") == true)
    }

    @Test func `free ports are different ones`() throws {
        let ports = try LoopbackPorts.free(10)
        #expect(Set(ports).count == 10)
        #expect(ports.allSatisfy { LoopbackPorts.isFree($0) })
    }

    @Test func `a directory of another cluster size is refused`() throws {
        let directory = try TemporaryDirectory(prefix: "mneme-test")
        defer { #expect(throws: Never.self) { try directory.remove() } }
        try ClusterLayout(nodes: 3, directory: directory.path, clusterID: "c", basePort: nil).prepareDirectories()
        try ClusterLayout(nodes: 3, directory: directory.path, clusterID: "c", basePort: nil).prepareDirectories()
        let error = #expect(throws: OperationsError.self) {
            try ClusterLayout(nodes: 5, directory: directory.path, clusterID: "c", basePort: nil).prepareDirectories()
        }
        #expect(error?.description.contains("holds a cluster of 3 nodes, not 5") == true)
    }

    @Test func `every member is told about every member`() throws {
        let layout = try ClusterLayout(nodes: 3, directory: "/tmp/x", clusterID: "c", basePort: nil)
        let words = layout.arguments(for: layout.members[1])
        #expect(words.first == "serve")
        #expect(words.contains("--exit-with-parent"))
        #expect(words.filter { $0 == "--peer" }.count == 3)
        for member in layout.members { #expect(words.contains("\(member.id)=127.0.0.1:\(member.raftPort)")) }
    }

    @Test func `a cluster whose nodes end at once says so and leaves nothing running`() async throws {
        let directory = try TemporaryDirectory(prefix: "mneme-test")
        defer { #expect(throws: Never.self) { try directory.remove() } }
        let layout = try ClusterLayout(nodes: 3, directory: directory.path, clusterID: "c", basePort: nil)
        // `false` ignores its arguments and ends with 1, as a node does that cannot open its directory.
        let cluster = LocalCluster(layout: layout, executable: "/bin/false")
        try cluster.startAll()
        let error = await #expect(throws: OperationsError.self) {
            try await LeaderKill(cluster: cluster).waitForLeader()
        }
        #expect(error?.description.contains("ended with exit code 1") == true)
        #expect(await cluster.stopAll() == [])
        // By themselves, or by the signal of `stopAll`, whichever came first.
        #expect(cluster.layout.members.indices.allSatisfy { cluster.child($0)?.exit != nil })
    }
}
