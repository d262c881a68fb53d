/// Bugs to inject on purpose, one at a time, to prove that the harness would notice them.
///
/// Owns: the list and the switch. Without the build flag `MUTANTS` every one of them is a constant `false`, which the
/// optimiser removes together with everything behind it; no release has the flag. Numbers up to 48 are those of the
/// project's mutation plan, the rest are of this project's own bug history and catalogue.
/// Must never: change anything while no mutant is chosen.

#if MUTANTS
public struct Mutant: Sendable, CustomStringConvertible {
    public let number: Int
    public let name: String
    /// What is wrong with the code when it is on.
    public let fault: String
    /// Where it really happened, or what it contradicts.
    public let precedent: String

    /// "M06"
    public var label: String { number < 10 ? "M0\(number)" : "M\(number)" }
    public var description: String { "\(label) \(name)" }

    /// Chosen once, before the first node starts; zero is the control.
    nonisolated(unsafe) public static var chosen = 0
    /// Whether the local assertions (`Invariant.require`) are on. Off, a mutant must be caught by the checkers that
    /// look from outside.
    nonisolated(unsafe) public static var assertionsAreOn = true

    public static let all: [Mutant] = [
        Mutant(
            number: 1, name: "votesBeforeSync",
            fault: "vote and term leave before they are durable",
            precedent: "tikv#1610"),
        Mutant(
            number: 2, name: "forgetsTerm",
            fault: "term and vote are not written unless entries are",
            precedent: "hashicorp/raft#661, PySyncObj#202"),
        Mutant(
            number: 3, name: "votesTwice",
            fault: "a vote already given in the term is ignored",
            precedent: "camunda#5356"),
        Mutant(
            number: 4, name: "clearsVoteOnStepDown",
            fault: "stepping down within a term forgets the vote",
            precedent: "CCF#8094, redpanda#19"),
        Mutant(
            number: 5, name: "votesForShorterLogs",
            fault: "a vote is given without comparing logs",
            precedent: "thesis §3.6.1"),
        Mutant(
            number: 6, name: "commitsOldTermByCounting",
            fault: "a leader commits entries of earlier terms by counting",
            precedent: "logcabin#44"),
        Mutant(
            number: 7, name: "skipsNoop",
            fault: "a new leader appends nothing and serves reads at once",
            precedent: "tikv#6340"),
        Mutant(
            number: 8, name: "ignoresPreviousTerm",
            fault: "an append is joined on its index alone",
            precedent: "paper figure 2"),
        Mutant(
            number: 9, name: "truncatesAlways",
            fault: "every append cuts what follows it, conflict or not",
            precedent: "openraft 9540c904"),
        Mutant(
            number: 10, name: "keepsStaleTail",
            fault: "a conflict is overwritten but what follows it stays",
            precedent: "paper figure 2"),
        Mutant(
            number: 11, name: "commitsUnclamped",
            fault: "a follower commits what the leader names, verified or not",
            precedent: "scylladb#9965"),
        Mutant(
            number: 12, name: "acknowledgesBeforeSync",
            fault: "an append is acknowledged before it is durable",
            precedent: "Jepsen NATS 2.12.1"),
        Mutant(
            number: 13, name: "answersBeforeCommit",
            fault: "a client is answered when its entry is appended",
            precedent: "etcd#14370"),
        Mutant(
            number: 14, name: "countsOwnUnsynced",
            fault: "the leader counts its own entries before they are durable",
            precedent: "etcd#14370"),
        Mutant(
            number: 15, name: "readsLocally",
            fault: "a leader answers its own reads without asking anyone",
            precedent: "consul#54"),
        Mutant(
            number: 16, name: "readsWithoutRound",
            fault: "followers' reads are answered without a round",
            precedent: "thesis §6.4"),
        Mutant(
            number: 17, name: "reusesReadContext",
            fault: "a repeated read question keeps its name, and late answers count",
            precedent: "etcd#20418"),
        Mutant(
            number: 18, name: "stretchesLease",
            fault: "a lease runs from the answer, without regard to drift",
            precedent: "tikv#964"),
        Mutant(
            number: 19, name: "readsBeforeApplied",
            fault: "a read does not wait for the state machine",
            precedent: "thesis §6.4"),
        Mutant(number: 20, name: "skipsPreVote", fault: "no PreVote", precedent: "hashicorp/raft#474"),
        Mutant(
            number: 21, name: "skipsCheckQuorum",
            fault: "an isolated leader keeps believing that it leads",
            precedent: "thesis §6.2"),
        Mutant(
            number: 22, name: "jointNeedsOnlyIncoming",
            fault: "a joint configuration is decided by its new half",
            precedent: "thesis §4.3"),
        Mutant(
            number: 23, name: "changesWithoutBarrier",
            fault: "a change is taken before the last one, or anything of the term, is committed",
            precedent: "Ongaro 2015"),
        Mutant(
            number: 24, name: "configuresAtCommit",
            fault: "a configuration is in force only when it is committed",
            precedent: "etcd#11284"),
        Mutant(
            number: 25, name: "removedNodesCampaign",
            fault: "a removed node campaigns, and others listen to it",
            precedent: "hashicorp/raft#524"),
        Mutant(
            number: 26, name: "snapshotLosesTerm",
            fault: "an installed snapshot has no term",
            precedent: "atomix#1070"),
        Mutant(
            number: 27, name: "snapshotLosesSessions",
            fault: "a snapshot leaves the sessions out",
            precedent: "thesis §6.3"),
        Mutant(
            number: 28, name: "sessionsIgnoreClient",
            fault: "sessions are told apart by sequence alone",
            precedent: "thesis §6.3"),
        Mutant(
            number: 29, name: "publishesUnsyncedSnapshot",
            fault: "an installed state is named before its bytes are durable",
            precedent: "rqlite#2747"),
        Mutant(
            number: 30, name: "trimsBeforeCheckpoint",
            fault: "the log is cut at the applied index, checkpoint or not",
            precedent: "etcd#13766"),
        Mutant(
            number: 31, name: "reappliesAfterInstall",
            fault: "a restart after an install begins again before it",
            precedent: "rqlite#2759"),
        Mutant(
            number: 32, name: "adoptsUninstalledSnapshot",
            fault: "the position of a snapshot is taken up before its content",
            precedent: "rqlite#2747"),
        Mutant(
            number: 33, name: "installDropsLongerLog",
            fault: "an install drops a log that matches it and goes on",
            precedent: "openraft#511"),
        Mutant(
            number: 34, name: "appliesTwice",
            fault: "a restart applies the last entry again",
            precedent: "etcd#13766"),
        Mutant(number: 35, name: "skipsAnEntry", fault: "a restart leaves one entry out", precedent: "etcd#13766"),
        Mutant(
            number: 36, name: "appliesByChance",
            fault: "apply depends on something that differs between nodes",
            precedent: "reference §10"),
        Mutant(
            number: 37, name: "skipsChecksums",
            fault: "the log does not compare checksums",
            precedent: "FAST'17"),
        Mutant(
            number: 38, name: "takesDamageForEnd",
            fault: "a damaged record ends the log wherever it stands",
            precedent: "Jepsen NATS 2.12.1"),
        Mutant(
            number: 39, name: "retriesFailedSync",
            fault: "a failed sync is tried again and believed",
            precedent: "fsyncgate"),
        Mutant(
            number: 40, name: "ignoresFullDisk",
            fault: "an append that found no room counts as done",
            precedent: "rabbitmq/ra#578"),
        Mutant(
            number: 41, name: "checkpointsUnsynced",
            fault: "a checkpoint is reported before it is durable",
            precedent: "etcd#13766"),
        Mutant(
            number: 44, name: "countsVotesTwice",
            fault: "votes are counted, not voters",
            precedent: "paper §5.2"),
        Mutant(
            number: 47, name: "skipsUnknownEntries",
            fault: "clients use new commands at once, and an older build passes over what it does not know",
            precedent: "TigerBeetle 0.16.11"),
        Mutant(
            number: 48, name: "resendsOnEveryAnswer",
            fault: "every answer sends everything outstanding again",
            precedent: "etcd#10167"),
        Mutant(
            number: 49, name: "takesForwardsTwice",
            fault: "a forwarded proposal that arrives twice is appended twice",
            precedent: "cockroach#27868"),
        Mutant(
            number: 50, name: "keepsLeaseInTransfer",
            fault: "a lease outlives the hand-over",
            precedent: "tikv#1593"),
        Mutant(
            number: 51, name: "listensToLostDirectories",
            fault: "a member whose directory was lost is listened to",
            precedent: "catalogue 9"),
        Mutant(
            number: 52, name: "truncationKeepsConfiguration",
            fault: "a configuration stays in force when its entry is cut",
            precedent: "canonical/raft#250"),
        Mutant(
            number: 53, name: "countsReplacedWrites",
            fault: "the end of a write proves entries that replaced the written ones",
            precedent: "etcd-io/raft#8"),
        Mutant(
            number: 54, name: "leavesJointEarly",
            fault: "the joint phase is left before its entry is committed",
            precedent: "camunda#60086"),
        Mutant(
            number: 55, name: "leadsWithHangingDisk",
            fault: "a leader whose disk hangs goes on leading",
            precedent: "hashicorp/raft#503"),
        Mutant(
            number: 56, name: "learnersCount",
            fault: "learners count for commits",
            precedent: "openraft beb0302b"),
        Mutant(
            number: 57, name: "readsJoinRunningRound",
            fault: "a read is answered by a round that began before it came",
            precedent: "thesis §6.4"),
        Mutant(
            number: 58, name: "skipsDirectorySync",
            fault: "a new log file is used before its name is durable",
            precedent: "rabbitmq/ra#138"),
        Mutant(
            number: 59, name: "windowNeverTimesOut",
            fault: "a full window waits for ever",
            precedent: "hashicorp/raft#612"),
        Mutant(
            number: 60, name: "transferNeverEnds",
            fault: "a hand-over has no deadline",
            precedent: "hashicorp/raft#413"),
        Mutant(
            number: 61, name: "raisesLevelAlone",
            fault: "a leader raises the feature level without asking the members",
            precedent: "mutation plan M47"),
    ]
}

extension Mutant {
    public static var votesBeforeSync: Bool { chosen == 1 }
    public static var forgetsTerm: Bool { chosen == 2 }
    public static var votesTwice: Bool { chosen == 3 }
    public static var clearsVoteOnStepDown: Bool { chosen == 4 }
    public static var votesForShorterLogs: Bool { chosen == 5 }
    public static var commitsOldTermByCounting: Bool { chosen == 6 }
    public static var skipsNoop: Bool { chosen == 7 }
    public static var ignoresPreviousTerm: Bool { chosen == 8 }
    public static var truncatesAlways: Bool { chosen == 9 }
    public static var keepsStaleTail: Bool { chosen == 10 }
    public static var commitsUnclamped: Bool { chosen == 11 }
    public static var acknowledgesBeforeSync: Bool { chosen == 12 }
    public static var answersBeforeCommit: Bool { chosen == 13 }
    public static var countsOwnUnsynced: Bool { chosen == 14 }
    public static var readsLocally: Bool { chosen == 15 }
    public static var readsWithoutRound: Bool { chosen == 16 }
    public static var reusesReadContext: Bool { chosen == 17 }
    public static var stretchesLease: Bool { chosen == 18 }
    public static var readsBeforeApplied: Bool { chosen == 19 }
    public static var skipsPreVote: Bool { chosen == 20 }
    public static var skipsCheckQuorum: Bool { chosen == 21 }
    public static var jointNeedsOnlyIncoming: Bool { chosen == 22 }
    public static var changesWithoutBarrier: Bool { chosen == 23 }
    public static var configuresAtCommit: Bool { chosen == 24 }
    public static var removedNodesCampaign: Bool { chosen == 25 }
    public static var snapshotLosesTerm: Bool { chosen == 26 }
    public static var snapshotLosesSessions: Bool { chosen == 27 }
    public static var sessionsIgnoreClient: Bool { chosen == 28 }
    public static var publishesUnsyncedSnapshot: Bool { chosen == 29 }
    public static var trimsBeforeCheckpoint: Bool { chosen == 30 }
    public static var reappliesAfterInstall: Bool { chosen == 31 }
    public static var adoptsUninstalledSnapshot: Bool { chosen == 32 }
    public static var installDropsLongerLog: Bool { chosen == 33 }
    public static var appliesTwice: Bool { chosen == 34 }
    public static var skipsAnEntry: Bool { chosen == 35 }
    public static var appliesByChance: Bool { chosen == 36 }
    public static var skipsChecksums: Bool { chosen == 37 }
    public static var takesDamageForEnd: Bool { chosen == 38 }
    public static var retriesFailedSync: Bool { chosen == 39 }
    public static var ignoresFullDisk: Bool { chosen == 40 }
    public static var checkpointsUnsynced: Bool { chosen == 41 }
    public static var countsVotesTwice: Bool { chosen == 44 }
    public static var skipsUnknownEntries: Bool { chosen == 47 }
    public static var resendsOnEveryAnswer: Bool { chosen == 48 }
    public static var takesForwardsTwice: Bool { chosen == 49 }
    public static var keepsLeaseInTransfer: Bool { chosen == 50 }
    public static var listensToLostDirectories: Bool { chosen == 51 }
    public static var truncationKeepsConfiguration: Bool { chosen == 52 }
    public static var countsReplacedWrites: Bool { chosen == 53 }
    public static var leavesJointEarly: Bool { chosen == 54 }
    public static var leadsWithHangingDisk: Bool { chosen == 55 }
    public static var learnersCount: Bool { chosen == 56 }
    public static var readsJoinRunningRound: Bool { chosen == 57 }
    public static var skipsDirectorySync: Bool { chosen == 58 }
    public static var windowNeverTimesOut: Bool { chosen == 59 }
    public static var transferNeverEnds: Bool { chosen == 60 }
    public static var raisesLevelAlone: Bool { chosen == 61 }
}
#else
public enum Mutant {
    @inlinable @inline(__always) public static var votesBeforeSync: Bool { false }
    @inlinable @inline(__always) public static var forgetsTerm: Bool { false }
    @inlinable @inline(__always) public static var votesTwice: Bool { false }
    @inlinable @inline(__always) public static var clearsVoteOnStepDown: Bool { false }
    @inlinable @inline(__always) public static var votesForShorterLogs: Bool { false }
    @inlinable @inline(__always) public static var commitsOldTermByCounting: Bool { false }
    @inlinable @inline(__always) public static var skipsNoop: Bool { false }
    @inlinable @inline(__always) public static var ignoresPreviousTerm: Bool { false }
    @inlinable @inline(__always) public static var truncatesAlways: Bool { false }
    @inlinable @inline(__always) public static var keepsStaleTail: Bool { false }
    @inlinable @inline(__always) public static var commitsUnclamped: Bool { false }
    @inlinable @inline(__always) public static var acknowledgesBeforeSync: Bool { false }
    @inlinable @inline(__always) public static var answersBeforeCommit: Bool { false }
    @inlinable @inline(__always) public static var countsOwnUnsynced: Bool { false }
    @inlinable @inline(__always) public static var readsLocally: Bool { false }
    @inlinable @inline(__always) public static var readsWithoutRound: Bool { false }
    @inlinable @inline(__always) public static var reusesReadContext: Bool { false }
    @inlinable @inline(__always) public static var stretchesLease: Bool { false }
    @inlinable @inline(__always) public static var readsBeforeApplied: Bool { false }
    @inlinable @inline(__always) public static var skipsPreVote: Bool { false }
    @inlinable @inline(__always) public static var skipsCheckQuorum: Bool { false }
    @inlinable @inline(__always) public static var jointNeedsOnlyIncoming: Bool { false }
    @inlinable @inline(__always) public static var changesWithoutBarrier: Bool { false }
    @inlinable @inline(__always) public static var configuresAtCommit: Bool { false }
    @inlinable @inline(__always) public static var removedNodesCampaign: Bool { false }
    @inlinable @inline(__always) public static var snapshotLosesTerm: Bool { false }
    @inlinable @inline(__always) public static var snapshotLosesSessions: Bool { false }
    @inlinable @inline(__always) public static var sessionsIgnoreClient: Bool { false }
    @inlinable @inline(__always) public static var publishesUnsyncedSnapshot: Bool { false }
    @inlinable @inline(__always) public static var trimsBeforeCheckpoint: Bool { false }
    @inlinable @inline(__always) public static var reappliesAfterInstall: Bool { false }
    @inlinable @inline(__always) public static var adoptsUninstalledSnapshot: Bool { false }
    @inlinable @inline(__always) public static var installDropsLongerLog: Bool { false }
    @inlinable @inline(__always) public static var appliesTwice: Bool { false }
    @inlinable @inline(__always) public static var skipsAnEntry: Bool { false }
    @inlinable @inline(__always) public static var appliesByChance: Bool { false }
    @inlinable @inline(__always) public static var skipsChecksums: Bool { false }
    @inlinable @inline(__always) public static var takesDamageForEnd: Bool { false }
    @inlinable @inline(__always) public static var retriesFailedSync: Bool { false }
    @inlinable @inline(__always) public static var ignoresFullDisk: Bool { false }
    @inlinable @inline(__always) public static var checkpointsUnsynced: Bool { false }
    @inlinable @inline(__always) public static var countsVotesTwice: Bool { false }
    @inlinable @inline(__always) public static var skipsUnknownEntries: Bool { false }
    @inlinable @inline(__always) public static var resendsOnEveryAnswer: Bool { false }
    @inlinable @inline(__always) public static var takesForwardsTwice: Bool { false }
    @inlinable @inline(__always) public static var keepsLeaseInTransfer: Bool { false }
    @inlinable @inline(__always) public static var listensToLostDirectories: Bool { false }
    @inlinable @inline(__always) public static var truncationKeepsConfiguration: Bool { false }
    @inlinable @inline(__always) public static var countsReplacedWrites: Bool { false }
    @inlinable @inline(__always) public static var leavesJointEarly: Bool { false }
    @inlinable @inline(__always) public static var leadsWithHangingDisk: Bool { false }
    @inlinable @inline(__always) public static var learnersCount: Bool { false }
    @inlinable @inline(__always) public static var readsJoinRunningRound: Bool { false }
    @inlinable @inline(__always) public static var skipsDirectorySync: Bool { false }
    @inlinable @inline(__always) public static var windowNeverTimesOut: Bool { false }
    @inlinable @inline(__always) public static var transferNeverEnds: Bool { false }
    @inlinable @inline(__always) public static var raisesLevelAlone: Bool { false }
}
#endif
