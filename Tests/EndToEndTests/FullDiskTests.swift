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

/// Real nodes on a real disk that fills up: they refuse what they could not keep, or stop before they acknowledge it, say
/// what is missing where, and lose nothing once there is room again.
@Suite(.serialized, .enabled(if: SmallDisk.isPossible, SmallDisk.reason)) struct FullDiskTests {
    /// Small segments; checkpoints so often that SQLite's write-ahead file stays small, and a log that is never cut. The
    /// low mark is four segments, 64 MiB; entries are taken again from 96 MiB on.
    private static let logGrows = [
        "--segment-bytes", "16777216", "--checkpoint-bytes", "2000000", "--keep-entries", "1000000",
    ]

    @Test func `a log that runs out of room refuses writes, serves on, and takes them when there is room`()
        async throws
    {
        try await SmallDisk.with(mebibytes: 180) { disk, outputs in
            let data = disk.path + "/data"
            let node = try await SingleNode.start(data: data, output: outputs + "/full.log", Self.logGrows)
            var acknowledged: [AcknowledgedMemory] = []
            var register: [UInt8] = []
            // Each entry is compressed by itself: the same noise again, told apart by its first bytes, saves nothing.
            let noise = Array(SingleNode.noise(60_000).utf8)
            var refusal: HTTPResponse?
            // Registers are overwritten: the log grows, the database does not. 4 000 of 60 KB are more than the disk.
            for number in 0..<4_000 where refusal == nil {
                if number % 50 == 0, number < 500 { acknowledged.append(try await node.store("memory \(number)")) }
                let attempt = Array("\(number) ".utf8) + noise
                let response = try await put(attempt, node)
                if response.status == 200 { register = attempt } else { refusal = response }
            }
            let refused = try #require(refusal, "4 000 writes of 60 KB fitted on 180 MiB")
            let text = String(decoding: Array(refused.body.readableBytesView), as: UTF8.self)
            #expect([429, 503].contains(refused.status) && text.contains("nearly full"), "\(refused.status) \(text)")
            #expect(node.child.exit == nil)
            // Somebody else takes the rest: the node stays and serves what it has.
            try fill(disk, leaving: 0)
            try await Task.sleep(for: .seconds(2))
            #expect(node.child.exit == nil)
            #expect(try await readRegister(node) == register)
            // What the node itself gave back meanwhile, by cutting its log, is room that it may use; that is taken too.
            let deadline = ContinuousClock.now + .seconds(30)
            var answer = try await put(noise, node)
            while answer.status == 200, ContinuousClock.now < deadline {
                register = noise
                try fill(disk, leaving: 0)
                answer = try await put(noise, node)
            }
            let said = String(decoding: Array(answer.body.readableBytesView), as: UTF8.self)
            #expect(answer.status == refused.status && said.contains("nearly full"), "\(answer.status) \(said)")

            try disk.resize(mebibytes: 400)
            acknowledged.append(try await storeOnceThereIsRoom("with room again", node))
            await node.verify(acknowledged)
            #expect(try await readRegister(node) == register, "the last acknowledged value")
            await node.stop()
            let again = try await SingleNode.start(data: data, output: outputs + "/again.log", Self.logGrows)
            await again.verify(acknowledged)
            #expect(try await readRegister(again) == register)
            await again.stop()
        }
    }

    @Test func `a database without room stops the node, and nothing acknowledged is lost`() async throws {
        let words = ["--segment-bytes", "16777216"]
        try await SmallDisk.with(mebibytes: 24) { disk, outputs in
            // Only the database is on the small disk: the log, whose room is watched, has enough.
            let data = outputs + "/data"
            let files = FileManager.default
            try files.createDirectory(atPath: data, withIntermediateDirectories: false)
            try files.createDirectory(atPath: disk.path + "/store", withIntermediateDirectories: false)
            try files.createSymbolicLink(atPath: data + "/store", withDestinationPath: disk.path + "/store")
            var node = try await SingleNode.start(data: data, output: outputs + "/first.log", words)
            var acknowledged = [try await node.store("first")]
            await node.stop()
            node = try await SingleNode.start(data: data, output: outputs + "/full.log", words)
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
            try disk.resize(mebibytes: 200)
            let node = try await SingleNode.start(data: data, output: outputs + "/again.log", words)
            await node.verify([try await node.store("at last")])
            await node.stop()
        }
    }

    private func put(_ value: [UInt8], _ node: SingleNode) async throws -> HTTPResponse {
        let request = APIRequest(method: "PUT", target: "/cluster/v1/registers/grows", body: value)
        return try await node.client.sendOnce(request, to: 0, timeoutMilliseconds: 20_000).response
    }

    private func readRegister(_ node: SingleNode) async throws -> [UInt8] {
        let read = try await node.client.sendOnce(
            APIRequest(method: "GET", target: "/cluster/v1/registers/grows"), to: 0, timeoutMilliseconds: 20_000)
        return Array(read.response.body.readableBytesView)
    }

    /// The node looks once a second, and first makes the segment files that it could not keep ready.
    private func storeOnceThereIsRoom(_ title: String, _ node: SingleNode) async throws -> AcknowledgedMemory {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            do {
                return try await node.store(title)
            } catch let error as ClientError {
                guard ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    private func fill(_ disk: SmallDisk, leaving rest: Int) throws {
        let attributes = try FileManager.default.attributesOfFileSystem(forPath: disk.path)
        let free = try #require(attributes[.systemFreeSize] as? NSNumber).intValue
        try Data(count: free - rest).write(to: URL(fileURLWithPath: disk.path + "/ballast-\(UUID().uuidString)"))
    }
}
