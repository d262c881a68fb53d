/// How often a run came by the rare places; a fault test that never gets there proves nothing.

@testable import RaftCore

struct Coverage {
    var truncations = 0
    var resets = 0
    var loads = 0
    var snapshots = 0
    var conflicts = 0
    var readsServed = 0
    var readsRefused = 0
    var proposalsRefused = 0
    var leaderships = 0
    var configurations = 0
    var removals = 0
    var joints = 0
    var promotions = 0
    var transfers = 0
    var transferVotes = 0
    var leaseReads = 0
    var refusedChanges = 0
    var cutConfigurations = 0

    mutating func count(_ effect: Effect) {
        switch effect {
        case .persist(let request):
            if request.truncateFrom != nil { truncations += 1 }
            if request.resetTo != nil { resets += 1 }
        case .send(let message):
            switch message.body {
            case .appendReply(let reply): if case .conflict = reply.result { conflicts += 1 }
            case .timeoutNow: transfers += 1
            case .voteRequest(let request): if request.isTransfer { transferVotes += 1 }
            default: break
            }
        case .readReady: readsServed += 1
        case .readRefused: readsRefused += 1
        case .proposalsRefused(_, let reason):
            proposalsRefused += 1
            if reason == .changeUnderWay { refusedChanges += 1 }
        case .loadEntries: loads += 1
        case .sendSnapshot: snapshots += 1
        case .stateChanged(let role, _, _): if role == .leader { leaderships += 1 }
        case .configurationChanged(let configuration):
            configurations += 1
            if configuration.isJoint { joints += 1 }
        case .removedFromCluster: removals += 1
        case .apply: break
        }
    }

    static func + (left: Coverage, right: Coverage) -> Coverage {
        var sum = left
        sum.truncations += right.truncations
        sum.resets += right.resets
        sum.loads += right.loads
        sum.snapshots += right.snapshots
        sum.conflicts += right.conflicts
        sum.readsServed += right.readsServed
        sum.readsRefused += right.readsRefused
        sum.proposalsRefused += right.proposalsRefused
        sum.leaderships += right.leaderships
        sum.configurations += right.configurations
        sum.removals += right.removals
        sum.joints += right.joints
        sum.promotions += right.promotions
        sum.transfers += right.transfers
        sum.transferVotes += right.transferVotes
        sum.leaseReads += right.leaseReads
        sum.refusedChanges += right.refusedChanges
        sum.cutConfigurations += right.cutConfigurations
        return sum
    }

    var leastOfMembers: Int {
        min(
            min(configurations, removals, joints, promotions),
            min(transfers, transferVotes, refusedChanges))
    }

    var least: Int {
        min(truncations, resets, loads, snapshots, conflicts, readsServed, readsRefused, proposalsRefused, leaderships)
    }
}
