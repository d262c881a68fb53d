/// The steps of the upgrade drill, and what each is waited for.
///
/// Owns: their order: the leader is always the next to go, so that each build leads the other; once a node goes back.
/// Must never: call a node upgraded before it applied what was committed when it returned.
import Client

struct UpgradeStory: Sendable {
    private static let exitLimit = Duration.seconds(20)
    private static let catchUpLimit = Duration.seconds(60)

    let stage: ChangeStage
    let before: String
    let after: String

    /// - Parameter ended: told of each step as it ends.
    func play(_ ended: (ChangeDrillReport.Step) -> Void) async throws(OperationsError) {
        let count = stage.cluster.layout.founderCount
        ended(try await stage.step("\(count) nodes of the build before") { () throws(OperationsError) in })
        let first = try await stage.place(leading: true)
        ended(try await restart(first, on: after, "comes back with the new build"))
        ended(try await restart(first, on: before, "goes back to the build before"))
        ended(try await restart(first, on: after, "takes the new build again"))
        var left = Set(stage.nodes.current).subtracting([first])
        while let some = left.min() {
            let leader = try await stage.place(leading: true)
            let next = left.contains(leader) ? leader : some
            ended(try await restart(next, on: after, "comes back with the new build"))
            left.remove(next)
        }
        ended(
            try await stage.step("leadership is handed over") { () throws(OperationsError) in
                try await stage.call("hand over leadership") { () throws(ClientError) in
                    _ = try await stage.client.transferLeadership(
                        to: nil, waitMilliseconds: ChangeStage.stepMilliseconds)
                }
            })
    }

    private func restart(
        _ place: Int, on executable: String, _ what: String
    ) async throws(OperationsError) -> ChangeDrillReport.Step {
        let id = stage.id(place)
        return try await stage.step("node \(id) \(what)") { () throws(OperationsError) in
            // Nobody is sent to a node that is about to stop; whoever is there already is sent on.
            stage.nodes.remove(place)
            try await stage.cluster.stop(place, within: Self.exitLimit)
            try stage.cluster.start(place, executable: executable)
            let cluster = stage.cluster
            _ = try await ClusterWatcher(endpoints: cluster.endpoints).wait(
                for: "node \(id) caught up", within: Self.catchUpLimit, abort: { cluster.deaths().first },
                until: { sights in
                    guard let leader = ClusterWatcher.leader(sights), let leading = sights[leader].report,
                        let returned = sights[place].report
                    else { return false }
                    return returned.appliedIndex >= leading.commitIndex
                })
            stage.nodes.add(place)
        }
    }
}
