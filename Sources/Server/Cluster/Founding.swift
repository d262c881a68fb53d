import Raft
import RaftTCP
import StateMachine

/// How a data directory came to its cluster: as one of its founders, or by being added to it later.
///
/// Owns: the file `members`, written once. It is what a node starts from before it knows a replicated configuration, and
/// never again afterwards. Must never: follow later changes; the log does (catalogue bug 30: two sources of membership).
public struct Founding: Hashable, Sendable {
    public struct Member: Hashable, Sendable {
        public var id: UInt64
        /// host:port of its Raft listener; nil for a node that is a cluster of its own.
        public var address: PeerAddress?
        public init(id: UInt64, address: PeerAddress?) {
            self.id = id
            self.address = address
        }
    }
    /// False: this node is one of `members`, with whom the cluster began. True: the cluster took this node in; `members`
    /// are where it finds the cluster, and it knows no configuration before the leader tells it one.
    public var isJoining: Bool
    public var nodeID: UInt64
    /// Empty: written by a version that did not record it.
    public var clusterName: String
    /// Where this node listens for the others.
    public var address: PeerAddress?
    /// Ascending by id.
    public var members: [Member]

    public init(isJoining: Bool, nodeID: UInt64, clusterName: String, address: PeerAddress?, members: [Member]) {
        self.isJoining = isJoining
        self.nodeID = nodeID
        self.clusterName = clusterName
        self.address = address
        self.members = members.sorted { $0.id < $1.id }
    }

    public struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
        public var description: String
    }

    /// What consensus begins with when nothing is replicated yet.
    var configuration: Configuration {
        guard !isJoining else { return .none }
        let founders = members.map { member in
            RaftCoreMember(id: NodeID(member.id), address: member.address.map { "\($0)" } ?? "")
        }
        return Configuration(members: founders, voters: founders.map(\.id))
    }

    /// The others, for a node that knows no configuration, or one that does not name all of them.
    var seeds: [NodeID: PeerAddress] {
        var seeds: [NodeID: PeerAddress] = [:]
        for member in members where member.id != nodeID { seeds[NodeID(member.id)] = member.address }
        return seeds
    }
}

/// A member as the replicated configuration has it, beside `Founding.Member`.
typealias RaftCoreMember = Raft.Member

// MARK: the file

extension Founding {
    static let fileName = "members"
    private static let heading = "mneme members 2"
    private static let checksumBytes = 8

    /// Lines of words: what each is for stands in front. The last one guards the others against a disk that changes them.
    func encoded() -> [UInt8] {
        var lines = [
            Founding.heading, isJoining ? "joining" : "founding", "cluster \(clusterName)", "node \(nodeID)",
            "address \(Founding.text(address))",
        ]
        for member in members { lines.append("member \(member.id) \(Founding.text(member.address))") }
        let text = lines.joined(separator: "\n") + "\n"
        return Array((text + "checksum \(Founding.checksum(text))\n").utf8)
    }

    private static func text(_ address: PeerAddress?) -> String { address.map { "\($0)" } ?? "-" }

    private static func checksum(_ text: String) -> String {
        hexadecimal(SHA256Digest.of(Array(text.utf8)).prefix(checksumBytes))
    }

    /// - Parameters:
    ///   - path: for messages.
    ///   - nodeID: who this node is, for a file that does not say so.
    /// - Throws: `Problem` naming the file.
    static func decode(_ bytes: [UInt8], path: String, nodeID: UInt64) throws(Problem) -> Founding {
        func damaged(_ reason: String) -> Problem {
            Problem(description: "\(path) is damaged: \(reason). Put back the file, or join as a new node")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: true)
        guard let heading = lines.first else { throw damaged("it is empty") }
        guard heading == Founding.heading else {
            return try decodeFirstVersion(heading, count: lines.count, nodeID: nodeID, damaged)
        }
        let body = lines.dropLast().joined(separator: "\n") + "\n"
        guard let last = lines.popLast(), last == "checksum \(checksum(body))" else {
            throw damaged("its checksum is wrong")
        }
        var found = Founding(isJoining: false, nodeID: 0, clusterName: "", address: nil, members: [])
        for line in lines.dropFirst() {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            let rest = words.count > 1 ? words[1] : ""
            switch words.first {
            case "founding": found.isJoining = false
            case "joining": found.isJoining = true
            case "cluster": found.clusterName = rest
            case "node": found.nodeID = UInt64(rest) ?? 0
            case "address": found.address = try address(rest, damaged)
            case "member":
                let parts = rest.split(separator: " ").map(String.init)
                guard parts.count == 2, let id = UInt64(parts[0]), id > 0 else { throw damaged("'\(line)'") }
                found.members.append(Member(id: id, address: try address(parts[1], damaged)))
            default: throw damaged("'\(line)'")
            }
        }
        guard found.nodeID > 0 else { throw damaged("it does not say which node this is") }
        guard !found.members.isEmpty else { throw damaged("it names no member") }
        return found
    }

    /// The first version had one line with the ids of the founders; their addresses stood on the command line only.
    private static func decodeFirstVersion(
        _ line: Substring, count: Int, nodeID: UInt64, _ damaged: (String) -> Problem
    ) throws(Problem) -> Founding {
        let ids = line.split(separator: " ").map { UInt64($0) }
        var members: [Member] = []
        for id in ids {
            guard let id, count == 1 else { throw damaged("its first line is '\(line.prefix(80))'") }
            members.append(Member(id: id, address: nil))
        }
        return Founding(isJoining: false, nodeID: nodeID, clusterName: "", address: nil, members: members)
    }

    private static func address(_ text: String, _ damaged: (String) -> Problem) throws(Problem) -> PeerAddress? {
        if text == "-" { return nil }
        do throws(PeerAddressError) { return try PeerAddress(parsing: text) } catch { throw damaged("\(error)") }
    }
}

/// Lower-case digits.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
