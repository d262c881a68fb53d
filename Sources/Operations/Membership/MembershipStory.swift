/// The steps of the membership drill, and what each is waited for.
///
/// Owns: their order. Must never: call a step done before the cluster shows the final configuration and a node that was
/// removed has ended by itself.
import Client

struct MembershipStory: Sendable {
    private static let stepLimit = Duration.seconds(60)
    private static let stepMilliseconds: Int64 = 60_000
    /// A removed node finishes requests and says goodbye; then it ends.
    private static let exitLimit = Duration.seconds(20)

    let cluster: LocalCluster
    let nodes: NodeRota
    let ledger: WriteLedger
    let register: RegisterWatch
    let writesPerStep: Int
    private let client: MemoryClient

    init(
        cluster: LocalCluster, nodes: NodeRota, ledger: WriteLedger, register: RegisterWatch, writesPerStep: Int
    ) {
        self.cluster = cluster
        self.nodes = nodes
        self.ledger = ledger
        self.register = register
        self.writesPerStep = writesPerStep
        client = MemoryClient(
            endpoints: cluster.endpoints,
            options: ClientOptions(callTimeoutMilliseconds: 30_000, roundPauseMilliseconds: 20))
    }

    /// - Parameter ended: told of each step as it ends.
    func play(_ ended: (MembershipDrillReport.Step) -> Void) async throws(OperationsError) {
        let founders = cluster.layout.founderCount
        ended(try await step("\(founders) founders, nothing changes") { () throws(OperationsError) in })
        for place in founders..<founders + 2 {
            let id = cluster.layout.members[place].id
            ended(
                try await step("node \(id) joins") { () throws(OperationsError) in
                    try await self.join(place, replacing: nil)
                })
        }
        let follower = try await place(leading: false)
        ended(
            try await step("node \(id(follower)) is removed, a follower") { () throws(OperationsError) in
                try await self.remove(follower, through: self.other(than: follower))
            })
        let leader = try await place(leading: true)
        ended(
            try await step("node \(id(leader)) is removed, the leader") { () throws(OperationsError) in
                // Through the node itself: it has to answer before it ends.
                try await self.remove(leader, through: leader)
            })
        let replaced = try await place(leading: false)
        let new = founders + 2
        ended(
            try await step("node \(id(new)) replaces node \(id(replaced))") { () throws(OperationsError) in
                try await self.join(new, replacing: replaced)
                try await self.retire(replaced)
            })
        ended(
            try await step("leadership is handed over") { () throws(OperationsError) in
                try await self.call("hand over leadership") { () throws(ClientError) in
                    _ = try await self.client.transferLeadership(to: nil, waitMilliseconds: Self.stepMilliseconds)
                }
            })
    }

    // MARK: steps

    private func step(
        _ name: String, _ body: () async throws(OperationsError) -> Void
    ) async throws(OperationsError) -> MembershipDrillReport.Step {
        let clock = ContinuousClock()
        let (writes, reads) = (ledger.count, register.reads)
        _ = (ledger.takeLongest(), register.takeLongest())
        let begun = clock.now
        try await body()
        let took = clock.now - begun
        try await reach(ledger.count + writesPerStep)
        let members = try await members()
        guard let leaderID = members.leaderID else { throw OperationsError("after '\(name)' no leader is known") }
        return MembershipDrillReport.Step(
            name: name, milliseconds: took.milliseconds, leaderID: leaderID,
            voters: members.members.filter { $0.role == "voter" }.map(\.id), writes: ledger.count - writes,
            reads: register.reads - reads, longestWriteMilliseconds: ledger.takeLongest().milliseconds,
            longestReadMilliseconds: register.takeLongest().milliseconds)
    }

    private func join(_ place: Int, replacing replaced: Int?) async throws(OperationsError) {
        let member = cluster.layout.members[place]
        try cluster.join(
            place, through: nodes.current.map { cluster.layout.members[$0].endpoint },
            replacing: replaced.map { id($0) })
        try await until("node \(member.id) votes") { members in
            guard members.member(member.id)?.role == "voter", !members.isJoint else { return false }
            return replaced.map { members.member(id($0)) == nil } ?? true
        }
        nodes.add(place)
    }

    private func remove(_ place: Int, through other: Int) async throws(OperationsError) {
        try await call("remove node \(id(place))") { () throws(ClientError) in
            let answer = try await client.removeMember(
                id(place), waitMilliseconds: Self.stepMilliseconds, first: other)
            guard answer.isFinished else { throw .invalidRequest("not finished: \(answer.pending)") }
        }
        try await retire(place)
    }

    /// The node ends by itself; until then it takes load like the others.
    private func retire(_ place: Int) async throws(OperationsError) {
        try await cluster.retire(place, within: Self.exitLimit)
        nodes.remove(place)
    }

    // MARK: pieces

    private func id(_ place: Int) -> UInt64 { cluster.layout.members[place].id }

    private func place(leading: Bool) async throws(OperationsError) -> Int {
        let leader = try await members().leaderID
        guard let place = nodes.current.first(where: { (id($0) == leader) == leading }) else {
            throw OperationsError("no node takes part that \(leading ? "leads" : "follows")")
        }
        return place
    }

    private func other(than place: Int) -> Int { nodes.current.first { $0 != place } ?? place }

    private func members() async throws(OperationsError) -> ClusterMembers {
        do throws(ClientError) {
            return try await client.members(first: nodes.current.last)
        } catch {
            throw OperationsError("see the members", error)
        }
    }

    private func until(
        _ what: String, _ isReached: (ClusterMembers) -> Bool
    ) async throws(OperationsError) {
        let deadline = ContinuousClock().now + Self.stepLimit
        while true {
            let members = try await members()
            if isReached(members) { return }
            if let death = cluster.deaths().first { throw OperationsError(death) }
            guard ContinuousClock().now < deadline else {
                throw OperationsError(
                    "\(what): not within \(Self.stepLimit.milliseconds) ms; last seen:\n"
                        + MembershipText.table(members))
            }
            do { try await Task.sleep(for: ClusterWatcher.pollInterval) } catch { throw OperationsError("interrupted") }
        }
    }

    private func call(_ doing: String, _ body: () async throws(ClientError) -> Void) async throws(OperationsError) {
        do throws(ClientError) { try await body() } catch { throw OperationsError(doing, error) }
    }

    private func reach(_ count: Int) async throws(OperationsError) {
        guard await ledger.reached(count) else {
            throw OperationsError(
                "the writers stopped after \(ledger.count) acknowledgements:\n"
                    + ledger.failures.prefix(5).joined(separator: "\n"))
        }
    }
}
