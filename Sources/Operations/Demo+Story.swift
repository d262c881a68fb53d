/// The acts of the demo.
///
/// Owns: what happens and what is said about it.
import Client
import Synchronization

extension Demo {
    func play(_ texts: SourceTexts, _ cluster: LocalCluster) async throws(OperationsError) -> VerificationReport {
        console.line("Mneme demo: three nodes on this machine, one of them will die while we write.")
        console.line()
        let kill = LeaderKill(cluster: cluster)
        try cluster.startAll()
        console.step("started 3 nodes: \(cluster.endpoints.map(\.description).joined(separator: ", "))")
        let leader = try await kill.waitForLeader()
        console.step("node \(leader.nodeID) leads (term \(leader.term))")

        let half = texts.texts.count / 2
        let ledger = WriteLedger()
        try await storeQuietly(Array(texts.texts[..<half]), kind: texts.kind, cluster, ledger)
        try await ask(texts.questions, cluster)
        let interrupted = WriteLedger()
        try await storeThroughKill(Array(texts.texts[half...]), kill, interrupted)
        let question = texts.questions[0]
        try await ask([question], cluster)
        return await verify(ledger.acknowledged + interrupted.acknowledged, cluster)
    }

    private func storeQuietly(
        _ texts: [SourceText], kind: String, _ cluster: LocalCluster, _ ledger: WriteLedger
    ) async throws(OperationsError) {
        let clock = ContinuousClock()
        console.step("storing \(texts.count) \(kind), round-robin through all three nodes")
        let begun = clock.now
        await load(cluster, ledger).run(next: Demo.queue(texts))
        try complete(ledger, expected: texts.count)
        let took = clock.now - begun
        console.step(
            "\(texts.count) acknowledged in \(Console.seconds(took)) s (\(Demo.rate(texts.count, took)) writes/s)")
    }

    private func ask(_ questions: [String], _ cluster: LocalCluster) async throws(OperationsError) {
        let client = MemoryClient(endpoints: cluster.endpoints, options: WriteLoad.clientOptions)
        let clock = ContinuousClock()
        for (number, question) in questions.enumerated() {
            let place = number % cluster.endpoints.count
            let begun = clock.now
            let page: MemoryPage
            do throws(ClientError) {
                page = try await client.recall(
                    question, MemoryFilter(namespace: Demo.namespace, limit: 2), first: place)
            } catch {
                throw OperationsError("recall '\(question)'", error)
            }
            let milliseconds = Demo.milliseconds(clock.now - begun)
            guard !page.memories.isEmpty else {
                throw OperationsError("recall '\(question)' found nothing among \(Demo.namespace)")
            }
            let id = cluster.layout.members[place].id
            console.step("recall \"\(question)\" through node \(id), \(milliseconds) ms:")
            for memory in page.memories {
                let firstLine = memory.content.split(separator: "\n").first.map(String.init) ?? ""
                console.line("            \(memory.title): \(firstLine.prefix(80))")
            }
        }
    }

    private func storeThroughKill(
        _ texts: [SourceText], _ kill: LeaderKill, _ ledger: WriteLedger
    ) async throws(OperationsError) {
        let clock = ContinuousClock()
        let leader = try await kill.waitForLeader()
        let begun = clock.now
        console.step("storing \(texts.count) more")
        async let load: Void = load(kill.cluster, ledger).run(next: Demo.queue(texts))
        guard await ledger.reached(texts.count / 3) else { throw writersEnded(ledger) }
        try await kill.kill(leader, ledger: ledger)
        let beforeKill = ledger.count
        console.step("kill -9 of node \(leader.nodeID), the leader, after \(beforeKill) of them")
        guard await ledger.reached(beforeKill + (texts.count - beforeKill) / 2) else { throw writersEnded(ledger) }
        if let gap = ledger.timeToNextAcknowledgement {
            console.step("writing goes on through the others: next acknowledgement \(Demo.milliseconds(gap)) ms later")
        }
        let caughtUpIn = try await kill.restart(leader)
        console.step("node \(leader.nodeID) is back, caught up \(Console.seconds(caughtUpIn)) s after its restart")
        await load
        try complete(ledger, expected: texts.count)
        console.step("\(texts.count) acknowledged in \(Console.seconds(clock.now - begun)) s, the kill included")
    }

    private func verify(
        _ acknowledged: [AcknowledgedMemory], _ cluster: LocalCluster
    ) async -> VerificationReport {
        console.step("verifying: every acknowledged memory, byte for byte, on each node by itself")
        let report = await ClusterVerifier(cluster.endpoints).verify(acknowledged: acknowledged)
        for node in report.nodes {
            console.step(
                "node \(node.nodeID): \(node.rows) memories, applied index \(node.appliedIndex), "
                    + "digest \(node.digest.prefix(16))")
        }
        guard report.isSound else { return report }
        console.line()
        console.line(
            "All \(report.acknowledged) acknowledged memories are on all \(report.nodes.count) nodes, "
                + "none twice, and the states are equal.")
        return report
    }

    private func load(_ cluster: LocalCluster, _ ledger: WriteLedger) -> WriteLoad {
        WriteLoad(endpoints: cluster.endpoints, writers: Demo.writers, ledger: ledger)
    }

    /// Hands out each text once.
    private static func queue(_ texts: [SourceText]) -> @Sendable () -> StoreRequest? {
        let handedOut = SharedCounter()
        return {
            let place = handedOut.next()
            guard place < texts.count else { return nil }
            return StoreRequest(
                title: texts[place].title, content: texts[place].content, namespace: Demo.namespace, source: "import")
        }
    }

    private func complete(_ ledger: WriteLedger, expected: Int) throws(OperationsError) {
        guard ledger.count == expected else { throw writersEnded(ledger) }
    }

    private func writersEnded(_ ledger: WriteLedger) -> OperationsError {
        OperationsError(
            "the writing stopped after \(ledger.count) acknowledgements:\n"
                + ledger.failures.prefix(5).joined(separator: "\n"))
    }

    static func milliseconds(_ duration: Duration) -> String { "\(duration.milliseconds)" }

    private static func rate(_ count: Int, _ duration: Duration) -> Int64 {
        Int64(count) * 1000 / max(1, duration.milliseconds)
    }
}

/// Counts from 0, for any number of tasks.
final class SharedCounter: Sendable {
    private let value = Atomic<Int>(0)
    func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).oldValue }
}
