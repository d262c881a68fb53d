/// One simulated node: a core, its disk, its state machine (a chain of digests), and the work that is under way.

@testable import RaftCore

struct TestNode {
    let id: NodeID
    var core: RaftCore
    var disk: SimulatedDisk
    var isRunning = true
    var incarnation: UInt64 = 1
    /// As this node was started: its limits, its directory's name, and what it knew of its cluster.
    var options: CoreOptions
    var founding: Configuration
    /// The last configuration that was applied; part of the state machine.
    var appliedConfiguration: LoggedConfiguration?
    /// Its clock shows `offset + real time × rate`.
    var clockOffset: UInt64 = 0
    var clockPermille: UInt64 = 1000
    var ticksGiven: UInt64 = 0
    var isPaused = false
    /// Applied entries, oldest first: digest after each. The state machine survives a crash in full, which is always
    /// within the durable log because only durable entries are applied.
    var digests: [UInt64] = []
    var appliedTerms: [Term] = []
    var appliedProposals: [ProposalID] = []
    var toApply: [Entry] = []
    var loads: [(peer: NodeID, from: LogIndex, bytesMax: Int)] = []
    var snapshotsOwed: [NodeID] = []
    var roles: [ReportedState] = []
    var configurations: [Configuration] = []
    var wasToldOfRemoval = false
    var ready: [ReadID: LogIndex] = [:]
    var readsRefused: [ReadID: RefusalReason] = [:]
    var proposalsRefused: [ProposalID: RefusalReason] = [:]

    var isActive: Bool { isRunning && !isPaused }
    var applied: LogIndex { LogIndex(UInt64(digests.count)) }
    var appliedPosition: LogPosition { LogPosition(index: applied, term: appliedTerms.last ?? .zero) }

    init(id: NodeID, options: CoreOptions, founding: Configuration, core: RaftCore, disk: SimulatedDisk) {
        self.id = id
        self.options = options
        self.founding = founding
        self.core = core
        self.disk = disk
    }

    mutating func apply(_ entry: Entry) {
        guard entry.index > applied else { return }
        precondition(entry.index == applied.next, "applied \(applied), then \(entry.position)")
        var digest = (digests.last ?? 14_695_981_039_346_656_037) ^ entry.index.rawValue
        digest = (digest ^ entry.term.rawValue) &* 1_099_511_628_211
        digest = (digest ^ entry.proposal.nonce) &* 1_099_511_628_211
        for byte in entry.payload { digest = (digest ^ UInt64(byte)) &* 1_099_511_628_211 }
        digests.append(digest)
        appliedTerms.append(entry.term)
        appliedProposals.append(entry.proposal)
        if entry.kind == .configuration {
            do {
                let configuration = try Configuration.decode(entry.payload)
                appliedConfiguration = LoggedConfiguration(index: entry.index, configuration: configuration)
            } catch {
                preconditionFailure("applied \(entry.position): \(error)")
            }
        }
    }

    var view: ClusterView {
        if isRunning {
            return core.clusterView(
                incarnation: incarnation, applied: applied, appliedDigest: digests.last)
        }
        return ClusterView(
            nodeID: id, incarnation: incarnation, isRunning: false, role: .follower, term: disk.hardState.term,
            vote: disk.hardState.vote, commit: disk.base.index, applied: applied, appliedDigest: nil,
            durableIndex: disk.last.index, log: disk.logTail, configuration: core.configuration)
    }
}
