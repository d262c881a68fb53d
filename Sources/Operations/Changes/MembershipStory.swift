/// The steps of the membership drill, and what each is waited for.
///
/// Owns: their order. Must never: call a step done before the cluster shows the final configuration and a node that was
/// removed has ended by itself.
import Client

struct MembershipStory: Sendable {
    /// A removed node finishes requests and says goodbye; then it ends.
    private static let exitLimit = Duration.seconds(20)

    let stage: ChangeStage
    private var cluster: LocalCluster { stage.cluster }
    private var nodes: NodeRota { stage.nodes }

    /// - Parameter ended: told of each step as it ends.
    func play(_ ended: (ChangeDrillReport.Step) -> Void) async throws(OperationsError) {
        let founders = cluster.layout.founderCount
        ended(try await stage.step("\(founders) founders, nothing changes") { () throws(OperationsError) in })
        for place in founders..<founders + 2 {
            let id = cluster.layout.members[place].id
            ended(
                try await stage.step("node \(id) joins") { () throws(OperationsError) in
                    try await self.join(place, replacing: nil)
                })
        }
        let follower = try await stage.place(leading: false)
        ended(
            try await stage.step("node \(stage.id(follower)) is removed, a follower") { () throws(OperationsError) in
                try await self.remove(follower, through: stage.other(than: follower))
            })
        let leader = try await stage.place(leading: true)
        ended(
            try await stage.step("node \(stage.id(leader)) is removed, the leader") { () throws(OperationsError) in
                // Through the node itself: it has to answer before it ends.
                try await self.remove(leader, through: leader)
            })
        let replaced = try await stage.place(leading: false)
        let new = founders + 2
        ended(
            try await stage.step("node \(stage.id(new)) replaces node \(stage.id(replaced))") {
                () throws(OperationsError) in
                try await self.join(new, replacing: replaced)
                try await self.retire(replaced)
            })
        ended(
            try await stage.step("leadership is handed over") { () throws(OperationsError) in
                try await stage.call("hand over leadership") { () throws(ClientError) in
                    _ = try await stage.client.transferLeadership(
                        to: nil, waitMilliseconds: ChangeStage.stepMilliseconds)
                }
            })
    }

    // MARK: steps

    private func join(_ place: Int, replacing replaced: Int?) async throws(OperationsError) {
        let member = cluster.layout.members[place]
        try cluster.join(
            place, through: nodes.current.map { cluster.layout.members[$0].endpoint },
            replacing: replaced.map { stage.id($0) })
        try await stage.until("node \(member.id) votes") { members in
            guard members.member(member.id)?.role == "voter", !members.isJoint else { return false }
            return replaced.map { members.member(stage.id($0)) == nil } ?? true
        }
        nodes.add(place)
    }

    private func remove(_ place: Int, through other: Int) async throws(OperationsError) {
        try await stage.call("remove node \(stage.id(place))") { () throws(ClientError) in
            let answer = try await stage.client.removeMember(
                stage.id(place), waitMilliseconds: ChangeStage.stepMilliseconds, first: other)
            guard answer.isFinished else { throw .invalidRequest("not finished: \(answer.pending)") }
        }
        try await retire(place)
    }

    /// The node ends by itself; until then it takes load like the others.
    private func retire(_ place: Int) async throws(OperationsError) {
        try await cluster.retire(place, within: Self.exitLimit)
        nodes.remove(place)
    }
}
