import Logging
import Raft
import StateMachine
import Synchronization

/// Delivers what the log queued: the leader sends, and proposes how it ended.
///
/// Owns: when an attempt is made. The outbox is replicated, so a new leader goes on where the old one stopped; one that sent
/// and could not say so sends again, under the same delivery number. Must never: send while another leads, keep a delivery
/// for ever, or let one subscriber hold up the others.
final class WebhookDispatcher: Sendable {
    /// How a message gets to its subscriber; nil when it did, else why not.
    typealias Send = @Sendable (WebhookMessage, String) async -> String?

    static let attemptsMax = 3
    private static let pause = Duration.milliseconds(500)
    private static let batch = 64
    private static let concurrentMax = 8

    private struct Attempts {
        var count = 0
        var nextNanoseconds: UInt64 = 0
    }

    private let service: any MemoryService
    private let isLeader: @Sendable () -> Bool
    private let clock: any Clock
    private let logger: Logger
    private let send: Send
    private let attempts = Mutex<[Int64: Attempts]>([:])

    init(
        service: any MemoryService, isLeader: @escaping @Sendable () -> Bool, clock: any Clock, logger: Logger,
        send: @escaping Send
    ) {
        self.service = service
        self.isLeader = isLeader
        self.clock = clock
        self.logger = logger
        self.send = send
    }

    /// Until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.pause) } catch { return }
            guard isLeader(), service.hasTables() else {
                attempts.withLock { $0 = [:] }
                continue
            }
            do throws(ServiceError) {
                // A full batch means that there is more.
                while isLeader(), try await dispatch() == Self.batch, !Task.isCancelled {}
            } catch {
                logger.notice("webhooks are put off: \(error)")
            }
        }
    }

    /// One look at the outbox.
    /// - Returns: deliveries settled.
    @discardableResult
    func dispatch() async throws(ServiceError) -> Int {
        let due = try await due()
        guard !due.isEmpty else { return 0 }
        let results = await attempt(due)
        guard !results.isEmpty else { return 0 }
        let now = clock.wallNanoseconds()
        _ = try await service.submit(
            CommandEnvelope(
                timeNanoseconds: now,
                command: .settle(SettleCommand(results: results, at: Timestamp.text(nanoseconds: now)))),
            timeoutMilliseconds: 10_000)
        attempts.withLock { attempts in
            for result in results { attempts[result.number] = nil }
        }
        return results.count
    }

    private struct Due: Sendable {
        var delivery: Delivery
        /// nil: nobody wants it any more.
        var subscription: Subscription?
    }

    private func due() async throws(ServiceError) -> [Due] {
        let now = clock.monotonicNanoseconds()
        let waiting = attempts.withLock { attempts in
            Set(attempts.filter { $0.value.nextNanoseconds > now }.keys)
        }
        return try await service.read { reader throws(StoreError) in
            // What waits for its next attempt must not keep the rest from its first.
            let deliveries = try reader.deliveries(limit: Self.batch + waiting.count)
                .filter { !waiting.contains($0.number) }.prefix(Self.batch)
            if deliveries.isEmpty { return [] }
            let subscriptions = try reader.subscriptions(owner: nil)
            return deliveries.map { delivery in
                Due(delivery: delivery, subscription: subscriptions.first { $0.id == delivery.subscriptionID })
            }
        }
    }

    /// - Returns: what has ended, well or badly.
    private func attempt(_ due: [Due]) async -> [SettleCommand.Result] {
        await withTaskGroup(of: SettleCommand.Result?.self) { group in
            var results: [SettleCommand.Result] = []
            var running = 0
            for each in due {
                if running == Self.concurrentMax {
                    if let result = await group.next() ?? nil { results.append(result) }
                    running -= 1
                }
                group.addTask { await self.attempt(each) }
                running += 1
            }
            for await result in group { if let result { results.append(result) } }
            return results.sorted { $0.number < $1.number }
        }
    }

    private func attempt(_ due: Due) async -> SettleCommand.Result? {
        let number = due.delivery.number
        guard let subscription = due.subscription else { return .init(number: number, isDelivered: false) }
        let message = WebhookMessage(
            due.delivery, secretHash: subscription.secretHash, nowNanoseconds: clock.wallNanoseconds())
        guard let problem = await send(message, subscription.url) else {
            return .init(number: number, isDelivered: true)
        }
        let count = attempts.withLock { attempts in
            var state = attempts[number] ?? Attempts()
            state.count += 1
            // One second, then four.
            let seconds: UInt64 = 1 << UInt64(2 * (state.count - 1))
            state.nextNanoseconds = clock.monotonicNanoseconds() + seconds * 1_000_000_000
            attempts[number] = state
            return state.count
        }
        logger.notice("webhook \(subscription.id), attempt \(count) of \(Self.attemptsMax): \(problem)")
        return count >= Self.attemptsMax ? .init(number: number, isDelivered: false) : nil
    }
}
