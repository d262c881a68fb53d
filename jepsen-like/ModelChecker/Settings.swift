/// The settings that are explored, with their bounds: together they cover elections, replication, storage, membership,
/// reads and transfers, each deep in its own matter and shallow in the others'.

import RaftCore

extension ModelSetting {
    public static let all: [ModelSetting] = [
        elections, electionsPlain, replication, divergence, silence, storage, overlap, joint, joining, joiningPair,
        reads, transfer,
    ]

    /// Votes, terms and leaders, message by message, with pre-votes, heartbeats and a restart.
    public static let elections = {
        var setting = ModelSetting(name: "elections", purpose: "pre-votes, votes and heartbeats, message by message")
        setting.losesAppends = true
        setting.heartbeats = true
        setting.termMax = 3
        setting.restartsMax = 1
        setting.messagesMax = 3
        return setting
    }()

    /// Logs of different length and age from the start, no pre-votes: every vote is a real one.
    public static let electionsPlain = {
        var setting = ModelSetting(name: "elections-plain", purpose: "votes over unequal logs, without pre-votes")
        setting.preVote = false
        setting.losesAppends = true
        setting.termMax = 4
        setting.startingLogs = [1: [1], 2: [1, 1]]
        setting.interchangeable = []
        setting.restartsMax = 1
        setting.messagesMax = 3
        return setting
    }()

    public static let replication = {
        var setting = ModelSetting(name: "replication", purpose: "appends message by message under changing leaders")
        setting.electionsAreAtomic = true
        setting.termMax = 3
        setting.proposalsMax = 2
        setting.duplicatesMax = 1
        setting.messagesMax = 2
        return setting
    }()

    /// Figure 8 of the paper from its second picture on: two leaders have each left entries on their own disk only.
    public static let divergence = {
        var setting = ModelSetting(name: "divergence", purpose: "leaders over logs that contradict each other")
        setting.electionsAreAtomic = true
        setting.startingLogs = [1: [1, 1], 2: [2, 2]]
        setting.interchangeable = []
        setting.termMax = 4
        setting.messagesMax = 3
        return setting
    }()

    /// A follower that seems gone is probed without entries; what it holds beyond the probe may be anything.
    public static let silence = {
        var setting = divergence
        setting.name = "silence"
        setting.purpose = "probes without entries, and leaders that give up on answers"
        setting.startingLogs = [1: [1], 2: [1, 2]]
        setting.givesUp = true
        setting.termMax = 3
        return setting
    }()

    public static let storage = {
        var setting = ModelSetting(name: "storage", purpose: "writes that take time, and restarts that lose them")
        setting.preVote = false
        setting.writesTakeTime = true
        setting.termMax = 1
        setting.restartsMax = 2
        setting.messagesMax = 3
        return setting
    }()

    /// Two leaders one after the other: entries are cut and replaced while their writes are still under way.
    public static let overlap = {
        var setting = ModelSetting(name: "overlap", purpose: "writes of entries that are replaced meanwhile")
        setting.preVote = false
        setting.writesTakeTime = true
        setting.termMax = 2
        setting.messagesMax = 2
        return setting
    }()

    /// From voters {1,2,3} to {3,4}: the old majority {1,2} and the new one {3,4} have nobody in common.
    public static let joint = {
        var setting = ModelSetting(name: "joint", purpose: "a change of voters with disjoint majorities")
        setting.learners = [4]
        setting.interchangeable = [1, 2]
        setting.changes = [MembershipChange(promote: [NodeID(4)], remove: [NodeID(1), NodeID(2)])]
        setting.electionsAreAtomic = true
        setting.termMax = 2
        setting.messagesMax = 2
        return setting
    }()

    /// A new node is added as a learner, catches up, and takes the place of a voter by itself.
    public static let joining = {
        var setting = ModelSetting(name: "joining", purpose: "a new node joins and replaces a voter")
        setting.strangers = [4]
        setting.interchangeable = [2, 3]
        setting.changes = [MembershipChange(add: [Member(id: NodeID(4), isJoining: true, replaces: NodeID(1))])]
        setting.electionsAreAtomic = true
        setting.termMax = 2
        setting.messagesMax = 1
        return setting
    }()

    /// The same with two voters only, and more messages at once.
    public static let joiningPair = {
        var setting = joining
        setting.name = "joining-pair"
        setting.voters = [1, 2]
        setting.strangers = [3]
        setting.interchangeable = []
        setting.changes = [MembershipChange(add: [Member(id: NodeID(3), isJoining: true, replaces: NodeID(1))])]
        setting.messagesMax = 3
        return setting
    }()

    public static let reads = {
        var setting = ModelSetting(name: "reads", purpose: "linearizable reads on any node under changing leaders")
        setting.electionsAreAtomic = true
        setting.termMax = 2
        setting.readsMax = 1
        setting.proposalsMax = 1
        setting.forwards = true
        setting.messagesMax = 2
        return setting
    }()

    public static let transfer = {
        var setting = ModelSetting(name: "transfer", purpose: "leadership handed over, in time and too late")
        setting.termMax = 3
        setting.transfersMax = 1
        setting.messagesMax = 2
        return setting
    }()
}
