import Raft

/// Damage that random faults avoid, because they must not destroy what nothing could save.
extension Scenario {
    static let storage = [damagedMiddle]

    /// Corrupt is not absent: what stood there was acknowledged (Alagappan et al., FAST'18).
    private static let damagedMiddle = Scenario(
        name: "damaged-middle", purpose: "a node whose log is damaged before its end does not start with what is left",
        prepare: {
            $0.node.checkpointBytes = 1 << 20
            $0.log.segmentBytes = 256 << 10
        },
        play: { stage in
            guard let leader = stage.cluster.leader, let follower = stage.others(than: leader).first else { return }
            // 40 entries of more than 500 bytes each: more than 20 KB in one file.
            for _ in 0..<40 where !stage.write(on: leader, ballastBytes: 500) {
                throw ScenarioError("a write has no answer")
            }
            stage.rest(3)
            guard let before = stage.cluster.glance(follower)?.durableIndex else {
                throw ScenarioError("\(follower) is down")
            }
            stage.cluster.crash(follower, .powerLoss)
            try stage.damageLog(of: follower, withinBytes: 12_000)
            do {
                try stage.cluster.start(follower)
            } catch {
                stage.trace?("\(follower) refuses: \(error)")
                return
            }
            let after = stage.cluster.glance(follower)?.durableIndex ?? .zero
            if after < before {
                stage.find(
                    .correctness,
                    "invariant 9: \(follower) had its log on disk up to \(before) and starts again with \(after)")
            } else {
                stage.find(.correctness, "invariant 15: \(follower) starts with a damaged log and holds it for whole")
            }
        })
}
