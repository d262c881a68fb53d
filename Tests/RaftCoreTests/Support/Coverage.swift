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

    mutating func count(_ effect: Effect) {
        switch effect {
        case .persist(let request):
            if request.truncateFrom != nil { truncations += 1 }
            if request.resetTo != nil { resets += 1 }
        case .send(let message):
            if case .appendReply(let reply) = message.body, case .conflict = reply.result { conflicts += 1 }
        case .readReady: readsServed += 1
        case .readRefused: readsRefused += 1
        case .proposalsRefused: proposalsRefused += 1
        case .loadEntries: loads += 1
        case .sendSnapshot: snapshots += 1
        case .stateChanged(let role, _, _): if role == .leader { leaderships += 1 }
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
        return sum
    }

    var least: Int {
        min(truncations, resets, loads, snapshots, conflicts, readsServed, readsRefused, proposalsRefused, leaderships)
    }
}
