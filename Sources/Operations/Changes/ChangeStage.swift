/// Where the steps of a drill play: the cluster, the load on it, and what each step is measured by.
///
/// Owns: the measuring and the waiting. Must never: call a step done before writes were acknowledged after it.
import Client

struct ChangeStage: Sendable {
    private static let stepLimit = Duration.seconds(60)
    static let stepMilliseconds: Int64 = 60_000

    let cluster: LocalCluster
    let nodes: NodeRota
    let ledger: WriteLedger
    let register: RegisterWatch
    let writesPerStep: Int
    let client: MemoryClient

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

    func step(
        _ name: String, _ body: () async throws(OperationsError) -> Void
    ) async throws(OperationsError) -> ChangeDrillReport.Step {
        let clock = ContinuousClock()
        let (writes, reads) = (ledger.count, register.reads)
        _ = (ledger.takeLongest(), register.takeLongest())
        let begun = clock.now
        try await body()
        let took = clock.now - begun
        try await reach(ledger.count + writesPerStep)
        let members = try await members()
        guard let leaderID = members.leaderID else { throw OperationsError("after '\(name)' no leader is known") }
        return ChangeDrillReport.Step(
            name: name, milliseconds: took.milliseconds, leaderID: leaderID,
            voters: members.members.filter { $0.role == "voter" }.map(\.id), writes: ledger.count - writes,
            reads: register.reads - reads, longestWriteMilliseconds: ledger.takeLongest().milliseconds,
            longestReadMilliseconds: register.takeLongest().milliseconds)
    }

    func id(_ place: Int) -> UInt64 { cluster.layout.members[place].id }

    func place(leading: Bool) async throws(OperationsError) -> Int {
        let leader = try await members().leaderID
        guard let place = nodes.current.first(where: { (id($0) == leader) == leading }) else {
            throw OperationsError("no node takes part that \(leading ? "leads" : "follows")")
        }
        return place
    }

    func other(than place: Int) -> Int { nodes.current.first { $0 != place } ?? place }

    func members() async throws(OperationsError) -> ClusterMembers {
        do throws(ClientError) {
            return try await client.members(first: nodes.current.last)
        } catch {
            throw OperationsError("see the members", error)
        }
    }

    func until(
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

    func call(_ doing: String, _ body: () async throws(ClientError) -> Void) async throws(OperationsError) {
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
