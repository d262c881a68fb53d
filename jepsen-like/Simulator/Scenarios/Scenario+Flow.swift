import Raft

/// Replication that stands still, or does too much.
extension Scenario {
    static let flow = [laggingFollower, lostWindow, lostTarget]

    /// Each answer may cause as many messages as there is news to send, and no more.
    private static let laggingFollower = Scenario(
        name: "lagging-follower",
        purpose: "a follower with a slow link and doubled messages costs few appends per write",
        prepare: {
            $0.core.appendBytesMax = 1
            $0.network.duplicatePerThousand = 20
            $0.network.delayNanosecondsMean = 3_000_000
        },
        play: { stage in
            guard let leader = stage.cluster.leader, let follower = stage.others(than: leader).first else { return }
            stage.cluster.node(follower).load.slowness = 20
            let before = stage.sent(.append)
            let writes = 100
            for _ in 0..<writes where !stage.write(on: leader) { throw ScenarioError("a write has no answer") }
            stage.rest(20)
            let appends = stage.sent(.append) - before
            if appends > writes * 8 {
                stage.find(.liveness, "\(appends) messages for \(writes) writes to two followers")
            }
        })

    /// What a full window holds is lost on the way. Builds of layout 3 hear of it with the next heartbeat; between earlier
    /// ones nothing but time tells.
    private static let lostWindow = Scenario(
        name: "lost-window", purpose: "a follower that lost a window of entries gets them again",
        prepare: {
            $0.core.inflightMessagesMax = 1
            $0.olderBuilds = [NodeID(1), NodeID(2), NodeID(3)]
            $0.network.encodesMessages = true
        },
        play: { stage in
            guard let leader = stage.cluster.leader, let follower = stage.others(than: leader).first else { return }
            stage.cut(leader, follower)
            for _ in 0..<4 where !stage.write(on: leader) { throw ScenarioError("a write has no answer") }
            stage.heal()
            stage.rest(30)
            if stage.cluster.glance(follower)?.last != stage.cluster.glance(leader)?.last {
                stage.find(.liveness, "\(follower) does not become equal to \(leader) in thirty election timeouts")
            }
        })

    /// Thesis §3.10: a hand-over has a deadline.
    private static let lostTarget = Scenario(
        name: "lost-target", purpose: "a leader whose chosen successor is gone goes on by itself"
    ) { stage in
        guard let leader = stage.cluster.leader, let target = stage.others(than: leader).first else { return }
        stage.write(on: leader)
        stage.isolate(target)
        stage.cluster.raft(leader)?.transferLeadership(to: target)
        stage.rest(10)
        let helper = stage.others(than: leader).last ?? leader
        let writer = stage.cluster.leader ?? helper
        var answered = false
        for _ in 0..<5 where !answered { answered = stage.write(on: writer, timeouts: 5) }
        if !answered {
            stage.find(.liveness, "\(writer) takes no writes ten election timeouts after a hand-over failed")
        }
    }
}
