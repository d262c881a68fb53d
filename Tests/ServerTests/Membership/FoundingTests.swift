/// The founding file, the flags beside it, and what the cluster says: which of them counts, and which mistakes are certain.
import Foundation
import Logging
import Raft
import RaftTCP
import Testing

@testable import Server

@Suite("How a directory came to its cluster")
struct FoundingTests {
    private func founding(joining: Bool = false) -> Founding {
        Founding(
            isJoining: joining, nodeID: 2, clusterName: "with blanks and ü", address: PeerAddress(host: "h", port: 2),
            members: [
                .init(id: 3, address: PeerAddress(host: "::1", port: 3)), .init(id: 1, address: nil),
                .init(id: 2, address: PeerAddress(host: "h", port: 2)),
            ])
    }

    @Test(arguments: [false, true]) func `the file reads back as it was written`(joining: Bool) throws {
        let written = founding(joining: joining)
        #expect(try Founding.decode(written.encoded(), path: "members", nodeID: 9) == written)
        #expect(written.members.map(\.id) == [1, 2, 3])
        #expect(written.configuration.isNone == joining)
        #expect(written.seeds == [NodeID(3): PeerAddress(host: "::1", port: 3)])
    }

    /// What a file of these bytes says; nil and the reason when it is refused.
    private func read(_ bytes: [UInt8]) -> (founding: Founding?, reason: String) {
        do throws(Founding.Problem) {
            return (try Founding.decode(bytes, path: "members", nodeID: 2), "")
        } catch {
            return (nil, error.description)
        }
    }

    @Test func `any flipped bit and any missing end is noticed`() {
        let bytes = founding().encoded()
        // The line break at the very end is the one byte that means nothing.
        for place in bytes.indices.dropLast() {
            var damaged = bytes
            damaged[place] ^= 0x04
            #expect(read(damaged).founding == nil, "byte \(place)")
            #expect(read(damaged).reason.hasPrefix("members is damaged: "))
            #expect(read(Array(bytes[..<place])).founding == nil, "cut at \(place)")
        }
    }

    @Test func `the file of the first version, ids only, still says who the founders are`() throws {
        let old = try Founding.decode(Array("1 2 3\n".utf8), path: "members", nodeID: 2)
        #expect(old.members == [.init(id: 1, address: nil), .init(id: 2, address: nil), .init(id: 3, address: nil)])
        #expect(old.nodeID == 2)
        #expect(read(Array("1 x\n".utf8)).founding == nil)
    }

    // MARK: flags

    private func flags(
        _ peers: [String] = [], id: UInt64? = nil, name: String? = nil, raftPort: Int? = nil
    ) -> ServeFlags {
        ServeFlags(
            dataDirectory: "d", host: "127.0.0.1", port: 0, nodeID: id, clusterName: name, peers: peers,
            raftPort: raftPort)
    }

    @Test func `a directory is found again without any flag`() throws {
        let configuration = try ServeConfiguration(flags: flags(), founding: founding())
        #expect(configuration.nodeID == 2)
        #expect(configuration.clusterName == "with blanks and ü")
        #expect(configuration.listen == PeerAddress(host: "h", port: 2))
        for wrong in [flags(id: 1), flags(name: "another")] {
            let problem = #expect(throws: ServeConfiguration.Problem.self) {
                try ServeConfiguration(flags: wrong, founding: founding())
            }
            #expect(problem?.description.contains("belongs to node 2") == true)
            #expect(problem?.isUsage == false)
        }
    }

    @Test func `a cluster of one can be joined when it listens, and not otherwise`() throws {
        let alone = try ServeConfiguration(flags: flags(), founding: nil)
        #expect(alone.listen == nil)
        #expect(alone.founding.configuration.members == [Member(id: NodeID(1))])
        let open = try ServeConfiguration(flags: flags(raftPort: 7), founding: nil)
        #expect(open.listen == PeerAddress(host: "127.0.0.1", port: 7))
        #expect(open.founding.configuration.members.map(\.address) == ["127.0.0.1:7"])
    }

    @Test func `joining needs an address for good`() throws {
        #expect(throws: ServeConfiguration.Problem.self) { try flags().joinAddress() }
        #expect(throws: ServeConfiguration.Problem.self) { try flags(["1=h:1"], raftPort: 7).joinAddress() }
        #expect(try flags(raftPort: 7).joinAddress() == "127.0.0.1:7")
        var named = flags()
        named.advertise = "[::1]:9"
        #expect(try named.joinAddress() == "[::1]:9")
        let founding = try named.joined(
            nodeID: 4, clusterName: "c", address: "[::1]:9", seeds: [(1, "h:1"), (4, "[::1]:9"), (2, "")])
        #expect(founding.members == [.init(id: 1, address: PeerAddress(host: "h", port: 1))])
        let configuration = try ServeConfiguration(flags: named, founding: founding)
        #expect(configuration.nodeID == 4)
        #expect(configuration.listen == PeerAddress(host: "::1", port: 9))
        #expect(configuration.founding.configuration.isNone)
    }

    // MARK: what is replicated

    /// Opens the directory, settles, and closes it again.
    private func settle(_ root: String, _ flags: ServeFlags, _ replicated: Configuration?) throws -> [String] {
        var flags = flags
        flags.dataDirectory = root
        let configuration = try ServeConfiguration(flags: flags, founding: try ServeConfiguration.founding(of: flags))
        var directory = try DataDirectory.open(configuration)
        return try directory.settle(configuration, replicated: replicated)
    }

    private func withDirectory(_ body: (String) throws -> Void) throws {
        let root = NSTemporaryDirectory() + "mneme-founding-" + UUID().uuidString
        defer {
            do { try FileManager.default.removeItem(atPath: root) } catch { Issue.record("\(error)") }
        }
        try body(root)
    }

    @Test func `other founders are refused while nothing is replicated, moved ones are taken over`() throws {
        try withDirectory { root in
            #expect(try settle(root, flags(["1=h:1", "2=h:2"]), nil) == [])
            #expect(try settle(root, flags(), nil) == [])
            let problem = #expect(throws: DataDirectory.Problem.self) {
                try settle(root, flags(["1=h:1", "2=h:2", "3=h:3"]), nil)
            }
            #expect(problem?.description.contains("was founded by nodes 1 2, but --peer names nodes 1 2 3") == true)
            #expect(try settle(root, flags(["1=h:1", "2=h:22"]), nil) == [])
            let found = try #require(try DataDirectory.founding(at: root, nodeID: 1))
            #expect(
                found.members.map(\.address) == [PeerAddress(host: "h", port: 1), PeerAddress(host: "h", port: 22)])
        }
    }

    @Test func `a directory has no log before it says how it came to its cluster`() async throws {
        let root = NSTemporaryDirectory() + "mneme-founding-" + UUID().uuidString
        defer {
            do { try FileManager.default.removeItem(atPath: root) } catch { Issue.record("\(error)") }
        }
        _ = try settle(root, flags(["1=h:1", "2=h:2"]), nil)
        let before = try FileManager.default.contentsOfDirectory(atPath: "\(root)/log").sorted()
        var wrong = flags(["1=h:1", "2=h:2", "3=h:3"])
        wrong.dataDirectory = root
        let founding = try ServeConfiguration.founding(of: wrong)
        let server = NodeServer(
            configuration: try ServeConfiguration(flags: wrong, founding: founding), logger: Logger(label: "test"))
        await #expect(throws: DataDirectory.Problem.self) { try await server.run() }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(root)/log").sorted() == before)
    }

    @Test func `once a configuration is replicated, --peer is compared and does not count`() throws {
        try withDirectory { root in
            _ = try settle(root, flags(["1=h:1", "2=h:2"]), nil)
            let members = [Member(id: NodeID(1), address: "h:1"), Member(id: NodeID(4), address: "h:4")]
            let replicated = Configuration(members: members, voters: [NodeID(1), NodeID(4)])
            let notes = try settle(root, flags(["1=h:11", "2=h:2", "7=h:7"]), replicated)
            #expect(notes.count == 3)
            #expect(notes[0].contains("node 2") && notes[1].contains("node 7"))
            #expect(notes[2].contains("--peer says that node 1 is at h:11, the cluster knows it at h:1"))
            let redirected = RunningParts.redirected(replicated, [NodeID(4): PeerAddress(host: "x", port: 44)])
            #expect(redirected.members.map(\.address) == ["h:1", "x:44"])
            #expect(redirected.voters == replicated.voters)
            // Alone it would know of every member, so this one is a mistake for certain.
            let alone = Configuration(members: [members[0]], voters: [NodeID(1)])
            let problem = #expect(throws: DataDirectory.Problem.self) {
                try settle(root, flags(["1=h:1", "2=h:2"]), alone)
            }
            #expect(problem?.description.contains("--peer names node 2, which never was a member") == true)
        }
    }

    @Test func `an age is only known after a confirmation, and counts from when it was asked for`() {
        let freshness = Freshness()
        #expect(freshness.age(nowNanoseconds: 5) == nil)
        #expect(freshness.shouldRefresh(nowNanoseconds: 1_000_000_000))
        #expect(!freshness.shouldRefresh(nowNanoseconds: 9_000_000_000), "one look at a time")
        freshness.confirmed(asOfNanoseconds: 9_000_000_000)
        freshness.confirmed(asOfNanoseconds: 8_000_000_000)
        #expect(freshness.age(nowNanoseconds: 9_000_000_001) == 1)
        #expect(freshness.age(nowNanoseconds: 9_100_000_000) == 100)
        #expect(!freshness.shouldRefresh(nowNanoseconds: 9_100_000_000))
        #expect(freshness.shouldRefresh(nowNanoseconds: 9_200_000_000))
        freshness.refreshFailed()
        #expect(!freshness.shouldRefresh(nowNanoseconds: 9_300_000_000), "a failure is not asked again at once")
        #expect(freshness.shouldRefresh(nowNanoseconds: 9_400_000_000))
    }
}
