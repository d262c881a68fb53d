import Raft

/// What kind of run a seed means.
public enum Profile: String, Sendable, CaseIterable {
    /// Three nodes, few requests: as many seeds in a minute as possible.
    case tiny
    /// Everything at random.
    case swarm
    /// Members come and go.
    case member
    /// Disks are the trouble.
    case storage
    /// Rough from the first moment, and most of the trouble stays for ever.
    case liveness
    /// Half an hour of virtual time and more, with pauses.
    case long
    /// No trouble and no clients: how fast is standing still.
    case idle

    /// The mix that a run without a profile takes, one per seed.
    static let mixed: [Profile] = [.tiny, .swarm, .swarm, .member, .storage, .liveness]

    public static func mixed(seed: UInt64) -> Profile {
        var random = SplitMix64(seed: seed ^ 0x7072_6f66_696c_6573)
        return random.pick(mixed)
    }
}

/// Everything that decides a run, drawn from a seed and a profile, or changed by hand to make a failing run smaller.
///
/// Owns: values. Must never: be drawn from while the run goes on.
public struct Plan {
    public var seed: UInt64
    public var profile: Profile
    public var nodeCount = 3
    public var cluster = SimulatedCluster.Options()
    public var workload = WorkloadOptions()
    public var hasWorkload = true
    public var faults: [PlannedFault] = []
    /// How many of a thousand such moments are followed by a crash, by `NodeMoment.rawValue`.
    public var triggersPerThousand = [Int](repeating: 0, count: NodeMoment.allCases.count)
    /// Triggered crashes that do not happen, by their number in the run.
    public var droppedTriggers: Set<Int> = []
    /// Triggers rest after this moment, and planned faults do not come.
    public var faultsEndNanoseconds: UInt64 = 60_000_000_000
    /// The faults end at the latest here, answered or not.
    public var safetyNanosecondsMax: UInt64 = 90_000_000_000
    /// When the nodes of an earlier build get this one, one after the other; zero: never.
    public var upgradeAtNanoseconds: UInt64 = 0
    /// Outside the quorum core nothing is healed for the second half.
    public var staysBroken = true
    /// Whether there is a second half at all.
    public var hasLivenessPhase = true

    public init(seed: UInt64, profile: Profile) {
        self.seed = seed
        self.profile = profile
    }

    public var electionTimeoutNanoseconds: UInt64 {
        UInt64(cluster.core.electionTimeoutTicks) * cluster.node.tickNanoseconds
    }
}

extension Plan: CustomStringConvertible {
    public var description: String {
        let core = cluster.core
        let node = cluster.node
        let net = cluster.network
        var lines = [
            "seed \(seed) profile \(profile.rawValue): \(nodeCount) nodes, \(workload.clients) clients, "
                + "\(hasWorkload ? workload.requests : 0) requests",
            "tick \(node.tickNanoseconds / 1_000_000) ms, heartbeat \(core.heartbeatTicks), "
                + "election \(core.electionTimeoutTicks) ticks"
                + (core.preVote ? "" : ", no PreVote") + (core.checkQuorum ? "" : ", no CheckQuorum")
                + (core.leaseReads ? ", lease reads" : ""),
            "append \(core.appendBytesMax) B, window \(core.inflightMessagesMax), tail \(core.tailBytesMax) B, "
                + "unapplied \(core.unappliedBytesMax) B, checkpoint \(node.checkpointBytes) B, "
                + "keep \(node.compactionKeepEntries), piece \(node.snapshotChunkBytes) B, "
                + "batch \(node.applyBatchCountMax), segment \(cluster.log.segmentBytes) B",
            "network \(net.delayNanosecondsMin / 1_000)+\(net.delayNanosecondsMean / 1_000) us, "
                + "loss \(net.lossPerThousand)/1000" + (net.lossyKind.map { " of \($0)" } ?? "")
                + ", twice \(net.duplicatePerThousand)/1000, late \(net.lateDuplicateNanosecondsMax / 1_000_000) ms"
                + (net.isOrdered ? ", in order" : "") + (net.encodesMessages ? ", encoded" : ""),
            "disk up to \(cluster.diskNanosecondsMax / 1_000) us, drift up to \(cluster.driftPerMillionMax) ppm",
        ]
        let triggers = NodeMoment.allCases.filter { triggersPerThousand[Int($0.rawValue)] > 0 }
        if !triggers.isEmpty {
            let words = triggers.map { "\($0) \(triggersPerThousand[Int($0.rawValue)])/1000" }
            lines.append("crash on " + words.joined(separator: ", "))
        }
        if !cluster.olderBuilds.isEmpty {
            let moment = upgradeAtNanoseconds == 0 ? "for ever" : "until \(upgradeAtNanoseconds / 1_000_000) ms"
            lines.append("an earlier build on \(cluster.olderBuilds) \(moment)")
        }
        lines.append("\(faults.count) planned faults up to \(faultsEndNanoseconds / 1_000_000) ms")
        return lines.joined(separator: "\n")
    }
}
