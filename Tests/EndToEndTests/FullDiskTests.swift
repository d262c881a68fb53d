import Client
import Foundation
import Operations
import Testing

/// A small file system in memory that can fill up. Mounting one takes root, so the tests ask first whether it can be done.
private struct SmallDisk {
    let path: String
    private let directory: TemporaryDirectory

    static let isPossible: Bool = {
        do {
            let disk = try SmallDisk.mountBlocking(mebibytes: 1)
            try disk.remove()
            return true
        } catch {
            return false
        }
    }()

    static let reason: Comment = "a full disk takes a file system of its own, and mounting a tmpfs is not allowed here"

    static func mountBlocking(mebibytes: Int) throws -> SmallDisk {
        let directory = try TemporaryDirectory(prefix: "mneme-small-disk")
        let path = directory.path + "/mount"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        do {
            try run(["mount", "-t", "tmpfs", "-o", "size=\(mebibytes)m", "mneme-test", path])
        } catch {
            try directory.remove()
            throw error
        }
        return SmallDisk(path: path, directory: directory)
    }

    func resize(mebibytes: Int) throws {
        try SmallDisk.run(["mount", "-o", "remount,size=\(mebibytes)m", path])
    }

    func remove() throws {
        // Lazily: a test that failed may have left a node on it, which ends together with the tests.
        try SmallDisk.run(["umount", "-l", path])
        try directory.remove()
    }

    private static func run(_ words: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CancellationError() }
    }

    /// Runs `body` on a fresh disk of this size, with a directory beside it for what the node prints.
    static func with(mebibytes: Int, _ body: (SmallDisk, _ outputs: String) async throws -> Void) async throws {
        let disk = try mountBlocking(mebibytes: mebibytes)
        do {
            try await body(disk, disk.directory.path)
        } catch {
            try disk.remove()
            throw error
        }
        try disk.remove()
    }
}

/// Real nodes on a real disk that fills up: they stop before they acknowledge what they cannot keep, say what is missing
/// where, and lose nothing once there is room again.
@Suite(.serialized, .enabled(if: SmallDisk.isPossible, SmallDisk.reason)) struct FullDiskTests {
    /// Small segments; checkpoints so often that SQLite's write-ahead file stays small, and a log that is never cut.
    private static let logGrows = [
        "--segment-bytes", "16777216", "--checkpoint-bytes", "2000000", "--keep-entries", "1000000",
    ]

    @Test func `a log without room stops the node with file and bytes, and nothing acknowledged is lost`() async throws
    {
        try await SmallDisk.with(mebibytes: 64) { disk, outputs in
            let data = disk.path + "/data"
            let node = try await SingleNode.start(data: data, output: outputs + "/full.log", Self.logGrows)
            var acknowledged: [AcknowledgedMemory] = []
            var register: [UInt8] = []
            // Each entry is compressed by itself: the same noise again, told apart by its first bytes, saves nothing.
            let noise = Array(SingleNode.noise(60_000).utf8)
            var attempt: [UInt8] = []
            var number = 0
            // Registers are overwritten: the log grows, the database does not. 2 000 of 60 KB are nearly two disks.
            while node.child.exit == nil, number < 2_000 {
                do {
                    if number % 20 == 0 { acknowledged.append(try await node.store("memory \(number)")) }
                    attempt = Array("\(number) ".utf8) + noise
                    guard try await put(attempt, node).status == 200 else { break }
                    register = attempt
                } catch is ClientError {
                    break
                }
                number += 1
            }
            let ending = try await node.ended()
            #expect(ending.exit == .code(70), "\(ending.text)")
            #expect(ending.text.contains("stopping at once"))
            #expect(ending.text.contains("no room for log file \(data)/log/"), "\(ending.text)")
            #expect(ending.text.contains("16777216 bytes are needed"), "\(ending.text)")
            #expect(ending.text.contains("bytes are free"))
            #expect(acknowledged.count > 10)

            try disk.resize(mebibytes: 200)
            let again = try await SingleNode.start(data: data, output: outputs + "/again.log", Self.logGrows)
            await again.verify(acknowledged, maybe: ["memory \(number)"])
            let read = try await again.client.sendOnce(
                APIRequest(method: "GET", target: "/cluster/v1/registers/grows"), to: 0, timeoutMilliseconds: 20_000)
            let found = Array(read.response.body.readableBytesView)
            #expect(found == register || found == attempt, "the last acknowledged value, or the one without an answer")
            acknowledged.append(try await again.store("with room again"))
            await again.verify(acknowledged, maybe: ["memory \(number)"])
            await again.stop()
        }
    }

    @Test func `a database without room stops the node, and nothing acknowledged is lost`() async throws {
        let words = ["--segment-bytes", "16777216"]
        try await SmallDisk.with(mebibytes: 60) { disk, outputs in
            let data = disk.path + "/data"
            var node = try await SingleNode.start(data: data, output: outputs + "/first.log", words)
            var acknowledged = [try await node.store("first")]
            await node.stop()
            // All but 3 MiB are taken by somebody else once the log has its segment and its spare.
            node = try await SingleNode.start(data: data, output: outputs + "/full.log", words)
            try await spareIsReady(data)
            try fill(disk, leaving: 3 << 20)
            var number = 0
            while node.child.exit == nil, number < 500 {
                do {
                    acknowledged.append(try await node.store("memory \(number)", contentBytes: 60_000))
                } catch is ClientError {
                    break
                }
                number += 1
            }
            let ending = try await node.ended()
            #expect(ending.exit == .code(70), "\(ending.text)")
            #expect(ending.text.contains("stopping at once: the state machine cannot go on after index"))
            #expect(ending.text.contains("full"), "\(ending.text)")
            #expect(ending.text.contains("state.db"), "\(ending.text)")
            #expect(ending.text.contains("bytes are free"), "\(ending.text)")

            try disk.resize(mebibytes: 200)
            let again = try await SingleNode.start(data: data, output: outputs + "/again.log", words)
            await again.verify(acknowledged, maybe: ["memory \(number)"])
            acknowledged.append(try await again.store("with room again"))
            await again.verify(acknowledged, maybe: ["memory \(number)"])
            await again.stop()
        }
    }

    @Test func `a node without room for its first log file refuses to start, and starts in the same place with room`()
        async throws
    {
        try await SmallDisk.with(mebibytes: 4) { disk, outputs in
            let data = disk.path + "/data"
            let words = ["--segment-bytes", "16777216"]
            for round in 0..<2 {
                let refused = try await SingleNode.refused(data: data, output: outputs + "/refused-\(round).log", words)
                #expect(refused.exit == .code(1))
                #expect(refused.text.contains("no room for log file \(data)/log/"), "\(refused.text)")
                #expect(refused.text.contains("16777216 bytes are needed"))
            }
            try disk.resize(mebibytes: 60)
            let node = try await SingleNode.start(data: data, output: outputs + "/again.log", words)
            await node.verify([try await node.store("at last")])
            await node.stop()
        }
    }

    private func put(_ value: [UInt8], _ node: SingleNode) async throws -> HTTPResponse {
        let request = APIRequest(method: "PUT", target: "/cluster/v1/registers/grows", body: value)
        return try await node.client.sendOnce(request, to: 0, timeoutMilliseconds: 20_000).response
    }

    /// The spare segment is made in a quiet moment after the start.
    private func spareIsReady(_ data: String) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            let sizes = try FileManager.default.contentsOfDirectory(atPath: data + "/log")
                .filter { $0.hasSuffix(".tmp") }
                .map { try FileManager.default.attributesOfItem(atPath: data + "/log/" + $0)[.size] as? Int }
            if sizes == [16_777_216] { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("no spare segment within 20 s")
    }

    private func fill(_ disk: SmallDisk, leaving rest: Int) throws {
        let attributes = try FileManager.default.attributesOfFileSystem(forPath: disk.path)
        let free = try #require(attributes[.systemFreeSize] as? NSNumber).intValue
        try Data(count: free - rest).write(to: URL(fileURLWithPath: disk.path + "/ballast"))
    }
}
