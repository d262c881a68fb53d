/// What the webhook tests share: a receiver that answers as it is told, a clock that stands, and a bell for waiting on
/// events.
///
/// Owns: the deadline of every wait. Must never: wait for time instead of an event.
import Logging
import NIOCore
import Raft
import Server
import Synchronization
import Testing

@testable import Server
@testable import StateMachine

/// Rings at every event; who waits looks again whether its condition holds.
final class Bell: Sendable {
    private let rings: AsyncStream<Void>
    private let ringing: AsyncStream<Void>.Continuation

    init() { (rings, ringing) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func ring() { ringing.yield() }

    /// One waiter at a time.
    func until(_ what: String, seconds: Int = 20, _ holds: () async throws -> Bool) async throws {
        let start = ContinuousClock.now
        // What else rings may have stopped.
        let alarm = Task { [self] in
            do { try await Task.sleep(for: .seconds(seconds)) } catch { return }
            ring()
        }
        defer { alarm.cancel() }
        ring()
        for await _ in rings {
            if try await holds() { return }
            try #require(ContinuousClock.now - start < .seconds(seconds), "not within \(seconds) s: \(what)")
        }
    }
}

/// Counts what is sent and answers as it is told; addresses in `silent` are answered only when the sender gives up.
final class WebhookReceiver: Sendable {
    struct Got: Sendable {
        var url: String
        var body: String
        var headers: [String: String]
        var number: Int64 { headers["x-mneme-delivery"].flatMap { Int64($0) } ?? -1 }
    }
    private struct State {
        var got: [Got] = []
        var problems: [String: String] = [:]
        var silent: Set<String> = []
        var running: [String: Int] = [:]
        var runningMost = 0
        var runningMostOfOne = 0
    }
    private let state = Mutex(State())
    let bell: Bell

    init(bell: Bell) { self.bell = bell }

    func send(_ message: WebhookMessage, _ url: String) async -> String? {
        let headers = Dictionary(uniqueKeysWithValues: message.headers.map { ($0.name, $0.value) })
        let (problem, isSilent) = state.withLock { state in
            state.got.append(Got(url: url, body: String(decoding: message.body, as: UTF8.self), headers: headers))
            state.running[url, default: 0] += 1
            state.runningMost = max(state.runningMost, state.running.values.reduce(0, +))
            state.runningMostOfOne = max(state.runningMostOfOne, state.running[url] ?? 0)
            return (state.problems[url], state.silent.contains(url))
        }
        bell.ring()
        if isSilent { await Self.cancellation() }
        state.withLock { $0.running[url, default: 1] -= 1 }
        return isSilent ? "cancelled" : problem
    }

    private static func cancellation() async {
        let (never, end) = AsyncStream.makeStream(of: Void.self)
        for await _ in never {}
        withExtendedLifetime(end) {}
    }

    func fail(_ url: String, _ problem: String?) { state.withLock { $0.problems[url] = problem } }
    func silence(_ url: String) { state.withLock { _ = $0.silent.insert(url) } }
    func got(_ url: String) -> [Got] { state.withLock { $0.got.filter { $0.url == url } } }
    var count: Int { state.withLock { $0.got.count } }
    var runningMost: Int { state.withLock { $0.runningMost } }
    var runningMostOfOne: Int { state.withLock { $0.runningMostOfOne } }
}

final class HandClock: Clock {
    private let now = Mutex<UInt64>(1_000_000_000)
    func monotonicNanoseconds() -> UInt64 { now.withLock { $0 } }
    func wallNanoseconds() -> Int64 { TestClock.start }
    func after(nanoseconds: UInt64, on lane: any Lane, _ work: @escaping @Sendable () -> Void) {}
    func advance(seconds: UInt64) { now.withLock { $0 += seconds * 1_000_000_000 } }
}

/// A store that rings at every read and every write, so that a test sees the dispatcher's looks and settles.
final class RingingService: MemoryService {
    private let base: LocalService
    private let bell: Bell
    private let counts = Mutex((reads: 0, failures: 0))

    init(_ base: LocalService, _ bell: Bell) {
        self.base = base
        self.bell = bell
    }
    var reads: Int { counts.withLock { $0.reads } }
    /// Writes that were refused.
    var failures: Int { counts.withLock { $0.failures } }

    func submit(_ envelope: CommandEnvelope, timeoutMilliseconds: Int) async throws(ServiceError) -> Committed {
        defer { bell.ring() }
        do throws(ServiceError) {
            return try await base.submit(envelope, timeoutMilliseconds: timeoutMilliseconds)
        } catch {
            counts.withLock { $0.failures += 1 }
            throw error
        }
    }
    func read<Result: Sendable>(
        _ body: @escaping @Sendable (StoreReader) throws(StoreError) -> Result
    ) async throws(ServiceError) -> Result {
        defer {
            counts.withLock { $0.reads += 1 }
            bell.ring()
        }
        return try await base.read(body)
    }
    func hasTables() -> Bool { base.hasTables() }
    func recentDigests() -> [RecentDigests.Entry] { base.recentDigests() }
    func enqueueTouch(ids: [String]) { base.enqueueTouch(ids: ids) }
    func readBarrier(_ consistency: Consistency, timeoutMilliseconds: Int) async throws(ServiceError) -> ReadStamp {
        try await base.readBarrier(consistency, timeoutMilliseconds: timeoutMilliseconds)
    }
    func status() async -> NodeStatus { await base.status() }
    func metricsText() async -> String { await base.metricsText() }
}

/// A dispatcher at work over a fresh store.
struct Dispatching: Sendable {
    let contract: Contract
    let bell: Bell
    let receiver: WebhookReceiver
    let clock = HandClock()
    let service: RingingService
    private let leads = LeaderFlag()

    private final class LeaderFlag: Sendable {
        let value = Mutex((leads: true, asked: 0))
    }

    private init() throws {
        bell = Bell()
        contract = try Contract()
        receiver = WebhookReceiver(bell: bell)
        service = RingingService(contract.service, bell)
    }

    /// - Parameter prepare: before the first look.
    static func run(
        prepare: (Dispatching) async throws -> Void = { _ in }, _ body: (Dispatching) async throws -> Void
    ) async throws {
        let whole = try Dispatching()
        try await prepare(whole)
        let (receiver, leads, bell) = (whole.receiver, whole.leads, whole.bell)
        let dispatcher = WebhookDispatcher(
            service: whole.service,
            isLeader: {
                bell.ring()
                return leads.value.withLock { value in
                    value.asked += 1
                    return value.leads
                }
            }, clock: whole.clock, logger: Logger(label: "test"), pause: .milliseconds(2),
            send: { await receiver.send($0, $1) })
        let running = Task { await dispatcher.run() }
        do {
            try await body(whole)
        } catch {
            running.cancel()
            await running.value
            throw error
        }
        running.cancel()
        await running.value
    }

    func subscribe(_ url: String, more: String = "") async throws {
        let made = await contract.send("POST", "/api/v1/subscriptions", json: #"{"url":"\#(url)"\#(more)}"#)
        try #require(made.status == 201, "\(made.text)")
    }

    func store(_ title: String, namespace: String = "global") async throws {
        _ = try await contract.create(#"{"title":"\#(title)","content":"c","namespace":"\#(namespace)"}"#)
    }

    /// Dispatched and failed, as the subscription itself says.
    func counts(_ url: String) async -> [Int] {
        let rows = await contract.send("GET", "/api/v1/subscriptions").json["subscriptions"]?.arrayValue
        let row = rows?.first { $0["url"]?.stringValue == url }
        return [row?["dispatch_count"]?.integerValue ?? -1, row?["failure_count"]?.integerValue ?? -1]
    }

    /// Waits until the dispatcher has looked so many times more, whole looks.
    func looks(_ count: Int = 2) async throws {
        let before = service.reads
        try await bell.until("\(count) looks") { service.reads > before + count }
    }

    /// Takes the leadership away until the dispatcher has noticed, and gives it back.
    func loseLeadership() async throws {
        leads.value.withLock { $0 = (false, 0) }
        try await bell.until("the loss is noticed") { leads.value.withLock { $0.asked } > 4 }
        leads.value.withLock { $0.leads = true }
    }
}

extension Delivery {
    static func example(_ number: Int64 = 7, for subscription: String = "s") -> Delivery {
        Delivery(
            number: number, subscriptionID: subscription, event: "memory_store", memoryID: "m-1", namespace: "ops",
            agentID: nil, createdAt: TestClock.startText)
    }
}

extension Subscription {
    static func example(_ id: String) -> Subscription {
        Subscription(
            SubscribeCommand(
                id: id, url: "https://\(id).example.com/", events: "*", secretHash: [], namespaceFilter: nil,
                agentFilter: nil, caller: "ada", agentRowID: "a", at: TestClock.startText), number: 1)
    }
}
