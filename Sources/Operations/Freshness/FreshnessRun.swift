/// The freshness property: what is stored, changed or deleted through one node is at once so for a recall through another.
///
/// Owns: the clients of a run, on any cluster that serves: real processes in a drill, nodes of this process in a test. Must
/// never: begin before every node takes all kinds of commands, and with a vector: what a cluster in its first moments
/// cannot do yet is not what is looked at.
import Client
import JSON

public struct FreshnessRun: Sendable {
    public struct Options: Hashable, Sendable {
        public var rounds: Int
        public var clients: Int
        /// Of what the clients draw; which of them is answered first it does not decide.
        public var seed: UInt64
        /// Of the recalls. With anything but linearizable the property does not hold, and the run has to see that.
        public var consistency: Consistency
        public init(rounds: Int, clients: Int, seed: UInt64, consistency: Consistency = .linearizable) {
            self.rounds = rounds
            self.clients = clients
            self.seed = seed
            self.consistency = consistency
        }
    }
    public enum Event: Sendable {
        /// So many are over.
        case round(Int)
        /// In words.
        case fault(String)
    }
    private static let readyLimit = Duration.seconds(30)
    /// A whole id that no memory has.
    private static let nobody = "00000000-0000-4000-8000-000000000000"

    private let endpoints: [Endpoint]
    private let options: Options

    /// - Parameter endpoints: at least two nodes of one cluster, which nobody else writes to.
    public init(endpoints: [Endpoint], options: Options) {
        precondition(endpoints.count >= 2, "what is stored through one node is recalled through another")
        precondition(options.clients >= 1, "somebody has to ask")
        self.endpoints = endpoints
        self.options = options
    }

    /// Runs all rounds, or until the task is cancelled.
    /// - Throws: when the cluster does not become ready.
    public func run(
        observe: @escaping @Sendable (Event) -> Void = { _ in }
    ) async throws(OperationsError) -> FreshnessReport {
        var report = FreshnessReport()
        report.seed = options.seed
        report.roundsPlanned = options.rounds
        report.embeds = try await ready()
        let ledger = FreshnessLedger(report, observe: observe)
        let begun = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<options.clients {
                let share = options.rounds / options.clients + (number < options.rounds % options.clients ? 1 : 0)
                let embeds = report.embeds
                group.addTask {
                    var client = FreshnessClient(
                        number: number, wire: wire(), ledger: ledger, embeds: embeds, seed: options.seed)
                    await client.run(rounds: share)
                }
            }
        }
        report = ledger.report
        report.seconds = Double((ContinuousClock.now - begun).milliseconds) / 1_000
        return report
    }

    private func wire() -> FreshnessWire {
        FreshnessWire(
            client: MemoryClient(endpoints: endpoints, options: ClientOptions(agentID: "mneme-drill")),
            consistency: options.consistency)
    }

    /// Waits until every node has answered a command of the newest feature level: from then on it sends vectors along.
    /// - Returns: whether all nodes embed.
    private func ready() async throws(OperationsError) -> Bool {
        let watcher = ClusterWatcher(endpoints: endpoints)
        let wire = wire()
        let deadline = ContinuousClock.now + Self.readyLimit
        var embeds = true
        for place in endpoints.indices {
            while true {
                let reply = await wire.send(FreshnessWrite.promote(id: Self.nobody), to: place)
                if case .answered(404, _, _) = reply.answer { break }
                guard ContinuousClock.now < deadline, !Task.isCancelled else {
                    throw OperationsError("\(endpoints[place]) is not ready for writes: \(reply.text)")
                }
                try await watcher.pause()
            }
            guard let report = await watcher.look(at: place).report else {
                throw OperationsError("\(endpoints[place]) took a write and does not tell its status")
            }
            embeds = embeds && report.document["vectors"]?.objectValue != nil
        }
        return embeds
    }
}

/// One client's way to single nodes: no fail-over, so that it is known which node answered.
struct FreshnessWire: Sendable {
    let client: MemoryClient
    let consistency: Consistency

    struct Reply: Sendable {
        enum Answer: Sendable {
            case answered(status: Int, body: JSONValue, text: String)
            /// Nothing, or that no leader is there: what became of the request is not known.
            case unknown(String)
        }
        var answer: Answer
        var microseconds: Int64

        /// In a line, for people.
        var text: String {
            switch answer {
            case .answered(let status, _, let text): "\(status) \(text)"
            case .unknown(let reason): reason
            }
        }
    }

    var nodes: Int { client.endpoints.count }

    func send(_ request: APIRequest, to place: Int) async -> Reply {
        let begun = ContinuousClock.now
        let answer = await answer(request, place)
        let (seconds, attoseconds) = (ContinuousClock.now - begun).components
        return Reply(answer: answer, microseconds: seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }

    private func answer(_ request: APIRequest, _ place: Int) async -> Reply.Answer {
        let response: HTTPResponse
        do throws(ClientError) {
            response = try await client.sendOnce(request, to: place).response
        } catch {
            return .unknown("\(request.method) \(request.target): \(error)")
        }
        let text = response.bodyText
        if response.status == 503 { return .unknown("\(client.endpoints[place]): 503 \(text)") }
        do throws(JSONError) {
            return .answered(status: response.status, body: try JSONValue.parse(response.bodyBytes), text: text)
        } catch {
            return .answered(status: response.status, body: .null, text: text)
        }
    }
}
