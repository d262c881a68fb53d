/// One simulated node: a core, its disk, its state machine (a chain of digests), and the work that is under way.

@testable import RaftCore

struct TestNode {
    let id: NodeID
    var core: RaftCore
    var disk: SimulatedDisk
    var isRunning = true
    var incarnation: UInt64 = 1
    /// Applied entries, oldest first: digest after each. The state machine survives a crash in full, which is always
    /// within the durable log because only durable entries are applied.
    var digests: [UInt64] = []
    var appliedTerms: [Term] = []
    var appliedProposals: [ProposalID] = []
    var toApply: [Entry] = []
    var loads: [(peer: NodeID, from: LogIndex, bytesMax: Int)] = []
    var snapshotsOwed: [NodeID] = []
    var roles: [ReportedState] = []
    var ready: [ReadID: LogIndex] = [:]
    var readsRefused: [ReadID: RefusalReason] = [:]
    var proposalsRefused: [ProposalID: RefusalReason] = [:]

    var applied: LogIndex { LogIndex(UInt64(digests.count)) }
    var appliedPosition: LogPosition { LogPosition(index: applied, term: appliedTerms.last ?? .zero) }

    init(id: NodeID, core: RaftCore, disk: SimulatedDisk) {
        self.id = id
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
