/// One bounded world to explore completely: who is there, what may happen, and how often.
///
/// Owns: every bound, stated in one place. A bound cuts behaviour off; nothing else does.

import RaftCore

public struct ModelSetting: Sendable {
    public var name: String
    /// What it is for, in one line.
    public var purpose: String
    /// Voters of the founding configuration.
    public var voters: [UInt64] = [1, 2, 3]
    /// Members of the founding configuration that do not vote.
    public var learners: [UInt64] = []
    /// Nodes that exist but belong to no configuration yet.
    public var strangers: [UInt64] = []
    /// Nodes that nothing but their names tells apart: states that differ only by a renaming of these count once.
    public var interchangeable: [UInt64] = [1, 2, 3]
    /// Terms of the entries on each node's disk at the start, for explorations that begin in the middle of a story.
    public var startingLogs: [UInt64: [UInt64]] = [:]

    // What may happen, and how often.
    public var termMax: UInt64 = 3
    public var messagesMax = 4
    public var proposalsMax = 0
    public var restartsMax = 0
    /// How many messages may be delivered a second time.
    public var duplicatesMax = 0
    public var readsMax = 0
    public var transfersMax = 0
    /// Asked for in this order, each once.
    public var changes: [MembershipChange] = []
    public var heartbeats = false
    public var quorumChecks = false
    public var givesUp = false
    /// Writes complete in events of their own, and a restart loses any suffix of those under way.
    public var writesTakeTime = false
    /// A candidate and any set of helpers hold an election in one event; message by message otherwise. What elections
    /// do to each other half-way is then left to the settings that have them message by message.
    public var electionsAreAtomic = false
    /// Requests of terms that their receiver has left are lost: they could only teach their sender the new term, which
    /// other messages do as well.
    public var losesStaleRequests = true
    /// Appends never arrive, so that logs differ only by what each node began with and its own no-ops.
    public var losesAppends = false
    /// Proposals are also made at followers, which forward them.
    public var forwards = false

    /// Rounds of heartbeats that carry a number.
    public var roundsMax: UInt64 = 3
    public var preVote = true
    public var checkQuorum = true
    /// One entry per append when 1.
    public var appendBytesMax = 1
    /// The promises of single messages are checked too; without it only what whole clusters show.
    public var checksLocally = true
    /// Ends the exploration with the report "not complete".
    public var statesMax = 60_000_000

    public init(name: String, purpose: String) {
        self.name = name
        self.purpose = purpose
    }

    /// The states of a node that this setting tells apart.
    func encoder(names: [UInt64] = []) -> ExplorationEncoder {
        var encoder = ExplorationEncoder(names: names)
        encoder.tellsCommitHint = restartsMax > 0
        encoder.tellsActivity = quorumChecks || givesUp || !changes.isEmpty || transfersMax > 0
        return encoder
    }

    func isLost(_ body: MessageBody) -> Bool {
        switch body {
        case .append, .appendReply: losesAppends
        case .heartbeat, .heartbeatReply: !heartbeats && readsMax == 0
        default: false
        }
    }

    var nodeCount: Int { voters.count + learners.count + strangers.count }

    func options(of node: NodeID) -> CoreOptions {
        CoreOptions(
            heartbeatTicks: 2, electionTimeoutTicks: 6, appendBytesMax: appendBytesMax, inflightMessagesMax: 2,
            featureLevelMax: 0, preVote: preVote, checkQuorum: checkQuorum)
    }

    func founding(of node: NodeID) -> Configuration {
        if strangers.contains(node.rawValue) { return .none }
        let members = (voters + learners).map { Member(id: NodeID($0)) }
        return Configuration(members: members, voters: voters.map { NodeID($0) })
    }

    /// Every disk knows the newest term of the story so far.
    func startingDisk(of node: NodeID) -> ModelDisk {
        var disk = ModelDisk()
        for terms in startingLogs.values {
            for term in terms { disk.hardState.term = max(disk.hardState.term, Term(term)) }
        }
        for term in startingLogs[node.rawValue] ?? [] {
            disk.entries.append(Entry(index: disk.lastIndex.next, term: Term(term), kind: .noop))
        }
        return disk
    }

    /// Every renaming of the interchangeable nodes, the identity first: `names[id]` is the new name.
    var renamings: [[UInt64]] {
        let identity = (0...UInt64(nodeCount)).map { $0 }
        var result: [[UInt64]] = []
        func place(_ remaining: [UInt64], _ names: [UInt64], _ position: Int) {
            guard position < interchangeable.count else {
                result.append(names)
                return
            }
            for choice in remaining {
                var next = names
                next[Int(interchangeable[position])] = choice
                place(remaining.filter { $0 != choice }, next, position + 1)
            }
        }
        place(interchangeable, identity, 0)
        return result
    }
}
