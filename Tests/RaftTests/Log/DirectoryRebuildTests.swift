/// A damaged directory is put aside whole, and the node that takes its place is another one.

import Foundation
import Testing

@testable import Raft

@Suite("Directory rebuild")
struct DirectoryRebuildTests {
    private static let cluster = testIdentity.clusterID

    /// A data directory of node 1 with a log in use and something in `store/`.
    private func used(_ directory: borrowing TemporaryDirectory) throws -> String {
        let path = directory.path + "/node"
        let disk = try PosixDisk(path: path + "/log")
        let log = try makeLog(on: disk, count: 5)
        log.close()
        try FileManager.default.createDirectory(atPath: path + "/store", withIntermediateDirectories: true)
        try Data("precious".utf8).write(to: URL(fileURLWithPath: path + "/store/state.db"))
        return path
    }
    private func rebuild(
        _ path: String, node: UInt64 = 4, draw: UInt64 = 99
    ) throws(LogError) -> DirectoryRebuild.Outcome {
        try DirectoryRebuild.run(
            dataDirectory: path, clusterID: Self.cluster, nodeID: NodeID(node), logOptions: smallOptions(),
            random: { draw })
    }
    private func files(_ path: String) throws -> [String: Data] {
        var found: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) where !name.hasSuffix("lock") {
            found[name] = FileManager.default.contents(atPath: path + "/" + name)
        }
        return found
    }

    @Test("the old directory is renamed, untouched; the new one has another id and another incarnation")
    func rebuilds() throws {
        let directory = TemporaryDirectory()
        let path = try used(directory)
        let before = try files(path)
        let outcome = try rebuild(path)
        #expect(outcome.setAside == path + ".damaged-1")
        #expect(outcome.old == testIdentity)
        #expect(outcome.new == LogIdentity(clusterID: Self.cluster, nodeID: NodeID(4), incarnation: 99))
        #expect(try files(path + ".damaged-1") == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["log"])
        let disk = try PosixDisk(path: path + "/log")
        #expect(try LogIdentity.read(disk: disk) == outcome.new)
        #expect(try RunCounter.next(disk: disk) == 1)
    }

    @Test("damage of any kind is put aside, also a meta file that nobody can read, also a second and a third time")
    func anyDamage() throws {
        let directory = TemporaryDirectory()
        let path = try used(directory)
        try Data("nonsense".utf8).write(to: URL(fileURLWithPath: path + "/log/meta"))
        let first = try rebuild(path + "/")
        #expect(first.old == nil && first.setAside == path + ".damaged-1")
        let segment = try #require(try segmentNames(try PosixDisk(path: path + "/log", access: .inspect)).first)
        try Data().write(to: URL(fileURLWithPath: path + "/log/" + segment))
        let second = try rebuild(path, node: 5)
        #expect(second.setAside == path + ".damaged-2" && second.old?.nodeID == NodeID(4))
        try FileManager.default.removeItem(atPath: path + "/log")
        #expect(try rebuild(path, node: 6).setAside == path + ".damaged-3")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
                == ["node", "node.damaged-1", "node.damaged-2", "node.damaged-3"])
    }

    @Test("cut short after any step and called again, it ends the same")
    func resumes() throws {
        let directory = TemporaryDirectory()
        let path = try used(directory)
        // 1. Only the rename was done.
        #expect(try DirectorySetAside.run(path) == path + ".damaged-1")
        let outcome = try rebuild(path)
        #expect(outcome.setAside == nil && outcome.new.nodeID == NodeID(4))
        // 2. All of it was done.
        let again = try rebuild(path, draw: 1_000)
        #expect(again.new == outcome.new && again.setAside == nil, "an incarnation is drawn once")
        // 3. The node ran meanwhile: now its id is used.
        do {
            let disk = try PosixDisk(path: path + "/log")
            _ = try RunCounter.next(disk: disk)
        }
        let error = logError { () throws(LogError) in _ = try rebuild(path) }
        #expect(error?.description.contains("an id is used only once") == true)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        #expect(names == ["node", "node.damaged-1"])
    }

    @Test("bug 9: the own id, another cluster, and a directory in use are refused before anything is moved")
    func refusals() throws {
        let directory = TemporaryDirectory()
        let path = try used(directory)
        let before = try files(path)
        guard case .invalidRequest = logError({ () throws(LogError) in _ = try rebuild(path, node: 1) }) else {
            Issue.record("the old id came back")
            return
        }
        var other = Self.cluster
        other[5] ^= 1
        let foreign = logError { () throws(LogError) in
            _ = try DirectoryRebuild.run(
                dataDirectory: path, clusterID: other, nodeID: NodeID(4), logOptions: smallOptions(), random: { 1 })
        }
        guard case .identityMismatch = foreign else {
            Issue.record("\(String(describing: foreign))")
            return
        }
        let running = try PosixDisk(path: path + "/log")
        guard case .disk(let error) = logError({ () throws(LogError) in _ = try rebuild(path) }) else {
            Issue.record("carried away under a running node")
            return
        }
        #expect(error.operation == .lock && running.path == path + "/log")
        #expect(try files(path) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["node"])
    }
}
