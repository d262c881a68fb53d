import Checkers
import Raft

/// The clients of one run and all they saw.
///
/// Owns: the clients, the history, the budget. Every request is asked for, with one session and sequence, until it is
/// answered, for ever if need be. Must never: call a request failed that may have happened, or look into a node.
public final class Workload: @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    public struct Statistics: Sendable, Equatable {
        public var answered = 0
        public var copies = 0
        public var refusals = 0
        public var unknown = 0
        public var expired = 0
        public var leftOpen = 0
        public var reads = 0
        public var repeated = 0
        public var repeatedAnswered = 0
        public var late = 0
        public init() {}
    }

    public let options: WorkloadOptions
    public private(set) var history = History()
    public private(set) var statistics = Statistics()
    /// What clients noticed at once: an answer that differs from the first one, bytes that are no outcome.
    public private(set) var violations: [String] = []
    private(set) var refused: Set<LogChecker.Refused> = []
    private unowned let cluster: any WorkloadCluster
    private var clients: [VirtualClient] = []
    private var keys: KeySpace
    private var random: SplitMix64
    private var begun = 0
    private var quietUntilNanoseconds: UInt64 = 0
    private static let violationsMax = 20

    public init(seed: UInt64, options: WorkloadOptions, cluster: any WorkloadCluster) {
        self.options = options
        self.cluster = cluster
        random = SplitMix64(seed: seed ^ 0x636c_6965_6e74_7321)
        keys = KeySpace(
            slots: options.limits.slots, operationsPerKeyMax: options.operationsPerKeyMax, random: &random)
        let nodes = cluster.workloadNodes
        for number in 0..<options.clients {
            // Somebody has to write.
            let isReader = random.chance(perThousand: options.readersPerThousand) && number > 0
            let isPinned = random.chance(perThousand: options.pinnedPerThousand) || isReader
            let node = isPinned ? nodes[number % nodes.count] : nil
            clients.append(VirtualClient(number: UInt32(number), pinned: node, isReader: isReader))
        }
    }

    /// Each request of the budget was answered, and every client has read all keys once more.
    public var isFinished: Bool { clients.allSatisfy(\.isFinished) }

    /// What the clients still wait for, for a report.
    public var waiting: [String] {
        clients.compactMap { client in client.current.map { history.operations[$0.operation].description } }
    }

    public func start() {
        for client in clients.indices { scheduleNext(client) }
    }

    // MARK: asking

    private func scheduleNext(_ client: Int) {
        var delay = clients[client].pause(options, &random)
        // Now and then nobody asks anything for a while: idle leaders have bugs of their own.
        if random.next(below: 300) == 0 {
            quietUntilNanoseconds = cluster.nowNanoseconds + random.between(500_000_000, 5_000_000_000)
        }
        if cluster.nowNanoseconds + delay < quietUntilNanoseconds {
            delay += quietUntilNanoseconds - cluster.nowNanoseconds
        }
        cluster.schedule(afterNanoseconds: delay) { [self] in begin(client) }
    }

    private func begin(_ client: Int) {
        let wish: VirtualClient.Wish
        if clients[client].isReader, goesOnReading(client) {
            clients[client].readCount += 1
            wish = clients[client].next(options, &keys, &random)
        } else if begun < options.requests, !clients[client].isReader {
            wish = clients[client].next(options, &keys, &random)
            if case .request(let request) = wish, request.action == .open {} else { begun += 1 }
        } else {
            var left = clients[client].finalKeys ?? keys.live.map(\.key)
            guard let key = left.popLast() else {
                clients[client].isFinished = true
                return
            }
            clients[client].finalKeys = left
            wish = .read(key: key, .linearizable)
        }
        begin(client, wish)
    }

    private func goesOnReading(_ client: Int) -> Bool {
        clients[client].readCount < options.requests
            && !clients.allSatisfy { $0.isReader || $0.isFinished || $0.finalKeys != nil }
    }

    private func begin(_ client: Int, _ wish: VirtualClient.Wish) {
        let number = clients[client].number
        let node = node(for: client)
        let operation: Operation
        switch wish {
        case .request(let request):
            operation = Operation(
                client: number, sequence: request.sequence, action: request.action, key: request.key,
                value: request.value, expected: request.expected, node: node.rawValue)
        case .read(let key, let consistency):
            operation = Operation(
                client: number, action: .read, key: key, consistency: consistency, node: node.rawValue)
        }
        let place = history.invoke(operation, atNanoseconds: cluster.nowNanoseconds)
        clients[client].current = VirtualClient.Current(wish: wish, operation: place)
        ask(client, on: node)
    }

    private func node(for client: Int) -> NodeID {
        let nodes = cluster.workloadNodes
        if let pinned = clients[client].pinned {
            if nodes.contains(pinned) { return pinned }
            clients[client].pinned = nodes[random.next(below: nodes.count)]
        }
        return clients[client].pinned ?? nodes[random.next(below: nodes.count)]
    }

    /// Sends the next copy of what is under way.
    private func ask(_ client: Int, on node: NodeID) {
        guard var current = clients[client].current else { return }
        current.attempt += 1
        clients[client].current = current
        let (operation, attempt, wish) = (current.operation, current.attempt, current.wish)
        statistics.copies += 1
        cluster.schedule(afterNanoseconds: options.timeoutNanoseconds + 100_000_000) { [self] in
            guard isOut(client, operation, attempt) else { return }
            switch wish {
            case .request(let request): answer(client, operation, attempt, request, .unknown)
            case .read: answer(client, operation, attempt, .timedOut)
            }
        }
        switch wish {
        case .request(var request):
            request.attempt = attempt
            request.loggedAtNanoseconds = cluster.wallNanoseconds(on: node)
            let sent = request
            cluster.propose(command(sent, on: node), on: node, timeoutNanoseconds: options.timeoutNanoseconds) {
                [self] result in
                answer(client, operation, attempt, sent, result)
            }
        case .read(let key, let consistency):
            cluster.read(key, on: node, consistency: consistency, timeoutNanoseconds: options.timeoutNanoseconds) {
                [self] result in
                answer(client, operation, attempt, result)
            }
        }
    }

    private func command(_ request: Request, on node: NodeID) -> [UInt8] {
        let ballast = options.ballastBytesMax == 0 ? 0 : random.next(below: options.ballastBytesMax + 1)
        let level = Mutant.skipsUnknownEntries ? 1 : cluster.featureLevel(on: node)
        return RegisterCommand.encode(request, ballastBytes: ballast, featureLevel: level)
    }

    private func isOut(_ client: Int, _ operation: Int, _ attempt: UInt32) -> Bool {
        guard let current = clients[client].current else { return false }
        return current.operation == operation && current.attempt == attempt
    }

    private func askAgain(_ client: Int, mayHaveHappened: Bool) {
        guard var current = clients[client].current else { return }
        current.failures += 1
        if mayHaveHappened { current.mayHaveHappened = true }
        // No copy is out while it waits: what still comes is late.
        current.attempt += 1
        clients[client].current = current
        let (operation, attempt, wish) = (current.operation, current.attempt, current.wish)
        let longest = min(UInt64(10_000_000) << UInt64(min(current.failures, 6)), 500_000_000)
        cluster.schedule(afterNanoseconds: random.between(longest / 4, longest)) { [self] in
            guard isOut(client, operation, attempt) else { return }
            let node = node(for: client)
            if case .read(let key, let consistency) = wish {
                let read = Operation(
                    client: clients[client].number, action: .read, key: key, consistency: consistency,
                    node: node.rawValue)
                clients[client].current?.operation = history.invoke(read, atNanoseconds: cluster.nowNanoseconds)
            }
            ask(client, on: node)
        }
    }

    // MARK: hearing

    private func answer(
        _ client: Int, _ operation: Int, _ attempt: UInt32, _ sent: Request, _ result: ProposalResult
    ) {
        // A refusal is a promise, also when nobody waits for it any more.
        if case .refused = result { note(refused: sent) }
        guard isOut(client, operation, attempt), let current = clients[client].current else {
            statistics.late += 1
            return
        }
        switch result {
        case .applied(let index, let bytes):
            guard let outcome = RegisterCommand.decodeOutcome(bytes), outcome.status != .malformed,
                outcome.index <= index.rawValue
            else { return report("client \(sent.client) #\(sent.sequence): \(bytes) is no outcome at \(index)") }
            decided(client, current, sent, outcome)
        case .refused:
            statistics.refusals += 1
            askAgain(client, mayHaveHappened: false)
        case .unknown:
            statistics.unknown += 1
            askAgain(client, mayHaveHappened: true)
        }
    }

    private func decided(_ client: Int, _ current: VirtualClient.Current, _ sent: Request, _ outcome: Outcome) {
        let now = cluster.nowNanoseconds
        clients[client].current = nil
        if outcome.status == .expired {
            statistics.expired += 1
            clients[client].lostSession()
            if current.mayHaveHappened {
                statistics.leftOpen += 1
                keys.leftOpen(sent.key)
            } else {
                history.fail(current.operation, atNanoseconds: now)
            }
        } else {
            statistics.answered += 1
            history.succeed(
                current.operation, atNanoseconds: now, status: outcome.status, index: outcome.index,
                result: outcome.value)
            clients[client].decided(sent, outcome)
            if outcome.status == .done, sent.action != .append { keys.saw(sent.value, at: sent.key) }
            if outcome.status == .mismatch { keys.saw(outcome.value, at: sent.key) }
        }
        if random.chance(perThousand: options.duplicatesPerThousand) { scheduleRepeat(client) }
        scheduleNext(client)
    }

    private func answer(_ client: Int, _ operation: Int, _ attempt: UInt32, _ result: WorkloadRead) {
        guard isOut(client, operation, attempt), let current = clients[client].current,
            case .read(let key, let consistency) = current.wish
        else {
            statistics.late += 1
            return
        }
        let now = cluster.nowNanoseconds
        guard case .ready(let reading, let age) = result else {
            // Nothing was read and nothing changed; the next try is another read, with another beginning.
            statistics.refusals += 1
            history.fail(operation, atNanoseconds: now)
            return askAgain(client, mayHaveHappened: false)
        }
        statistics.answered += 1
        statistics.reads += 1
        clients[client].current = nil
        history.succeed(
            operation, atNanoseconds: now, status: reading.isRetired ? .retired : .done,
            index: reading.applied.index.rawValue, result: reading.value, list: reading.list, ageNanoseconds: age)
        if consistency != .stale, !reading.isRetired { keys.saw(reading.value, at: key) }
        scheduleNext(client)
    }

    // MARK: old requests once more

    private func scheduleRepeat(_ client: Int) {
        let isLong = random.next(below: 4) == 0
        let delay = random.between(1, isLong ? 30_000_000_000 : 500_000_000)
        cluster.schedule(afterNanoseconds: delay) { [self] in
            guard !isFinished, let old = clients[client].repeated(&random) else { return }
            statistics.repeated += 1
            let nodes = cluster.workloadNodes
            let node = nodes[random.next(below: nodes.count)]
            var request = old.request
            request.loggedAtNanoseconds = cluster.wallNanoseconds(on: node)
            let sent = request
            cluster.propose(command(sent, on: node), on: node, timeoutNanoseconds: options.timeoutNanoseconds) {
                [self] result in
                heardRepeated(sent, first: old.outcome, result)
            }
        }
    }

    private func heardRepeated(_ sent: Request, first: Outcome, _ result: ProposalResult) {
        switch result {
        case .refused: note(refused: sent)
        case .unknown: break
        case .applied(let index, let bytes):
            statistics.repeatedAnswered += 1
            guard let outcome = RegisterCommand.decodeOutcome(bytes) else {
                return report("client \(sent.client) #\(sent.sequence): \(bytes) is no outcome at \(index)")
            }
            guard outcome.status != .expired, outcome != first else { return }
            report(
                "exactly once: client \(sent.client) #\(sent.sequence) \(sent.action) of key \(sent.key) was answered "
                    + "\(first) first and \(outcome) when repeated at index \(index)")
        }
    }

    private func note(refused request: Request) {
        refused.insert(
            LogChecker.Refused(client: request.client, sequence: request.sequence, attempt: request.attempt))
    }

    private func report(_ text: String) {
        if violations.count < Self.violationsMax { violations.append(text) }
    }
}
