import Logging
import Raft
import StateMachine

/// Delivers what the log queued: the leader sends, and proposes how it ended.
///
/// Owns: when the outbox is looked at, and what runs meanwhile. The outbox is replicated, so a new leader goes on where
/// the old one stopped; one that sent and could not say so sends again, under the same delivery number. Must never: begin
/// to send while another leads, keep a delivery for ever, send again because the log cannot be told, or let one
/// subscriber hold up the others.
final class WebhookDispatcher: Sendable {
    /// How a message gets to its subscriber; nil when it did, else why not. Returns soon after its task was cancelled.
    typealias Send = @Sendable (WebhookMessage, String) async -> String?

    private static let settledMax = 512

    private enum Event: Sendable {
        case pauseOver
        case ended(WebhookQueue.Due, problem: String?)
        case settled([SettleCommand.Result], failure: ServiceError?)
    }

    /// What one run knows; it ends with it.
    private struct Progress {
        var queue = WebhookQueue()
        var isSettling = false
        /// After a failure only the next look tries again.
        var maySettle = true
    }

    private let service: any MemoryService
    private let isLeader: @Sendable () -> Bool
    private let clock: any Clock
    private let logger: Logger
    private let pause: Duration
    private let send: Send

    /// - Parameter pause: between two looks at the outbox.
    init(
        service: any MemoryService, isLeader: @escaping @Sendable () -> Bool, clock: any Clock, logger: Logger,
        pause: Duration = .milliseconds(500), send: @escaping Send
    ) {
        self.service = service
        self.isLeader = isLeader
        self.clock = clock
        self.logger = logger
        self.pause = pause
        self.send = send
    }

    /// Until the task is cancelled, and what it began has ended.
    func run() async {
        await withTaskGroup(of: Event.self) { group in
            var progress = Progress()
            group.addTask { await self.waitForPause() }
            while let event = await group.next() {
                // The group's tasks are cancelled with this one; they are waited for, and begin nothing new.
                if Task.isCancelled { continue }
                switch event {
                case .pauseOver:
                    progress.maySettle = true
                    await look(&progress.queue)
                    group.addTask { await self.waitForPause() }
                case .ended(let due, let problem): ended(due, problem, &progress.queue)
                case .settled(let results, let failure): settled(results, failure, &progress)
                }
                guard isLeader() else { continue }
                for due in progress.queue.next(nowNanoseconds: clock.monotonicNanoseconds()) {
                    group.addTask { await self.attempt(due) }
                }
                guard !progress.isSettling, progress.maySettle else { continue }
                let results = progress.queue.results(countMax: Self.settledMax)
                guard !results.isEmpty else { continue }
                progress.isSettling = true
                group.addTask { await self.settle(results) }
            }
        }
    }

    private func waitForPause() async -> Event {
        do { try await Task.sleep(for: pause) } catch { return .pauseOver }
        return .pauseOver
    }

    /// Between two events, so that what it sees is not older than what the queue was told.
    private func look(_ queue: inout WebhookQueue) async {
        guard isLeader(), service.hasTables() else { return queue.leadershipEnded() }
        do throws(ServiceError) {
            let (outbox, subscriptions) = try await service.read { reader throws(StoreError) in
                // As many as there can be: behind the backlog of one subscriber wait the others.
                let outbox = try reader.deliveries(limit: StoreReader.limitMax)
                return (outbox, outbox.isEmpty ? [] : try reader.subscriptions(owner: nil))
            }
            for (id, count) in queue.look(at: outbox, subscriptions) {
                logger.notice("webhook \(id): \(count) deliveries are given up: too many wait for this subscriber")
            }
        } catch {
            logger.notice("webhooks are put off: \(error)")
        }
    }

    private func attempt(_ due: WebhookQueue.Due) async -> Event {
        let message = WebhookMessage(
            due.delivery, secretHash: due.subscription.secretHash, nowNanoseconds: clock.wallNanoseconds())
        return .ended(due, problem: await send(message, due.subscription.url))
    }

    private func ended(_ due: WebhookQueue.Due, _ problem: String?, _ queue: inout WebhookQueue) {
        let now = clock.monotonicNanoseconds()
        guard let count = queue.ended(due, isDelivered: problem == nil, nowNanoseconds: now), let problem else {
            return
        }
        logger.notice(
            "webhook \(due.subscription.id), attempt \(count) of \(WebhookQueue.attemptsMax): \(problem)")
    }

    private func settle(_ results: [SettleCommand.Result]) async -> Event {
        let now = clock.wallNanoseconds()
        let command = SettleCommand(results: results, at: Timestamp.text(nanoseconds: now))
        do throws(ServiceError) {
            _ = try await service.submit(
                CommandEnvelope(timeNanoseconds: now, command: .settle(command)), timeoutMilliseconds: 10_000)
            return .settled(results, failure: nil)
        } catch {
            return .settled(results, failure: error)
        }
    }

    private func settled(_ results: [SettleCommand.Result], _ failure: ServiceError?, _ progress: inout Progress) {
        progress.isSettling = false
        guard let failure else { return progress.queue.settled(results) }
        progress.maySettle = false
        logger.notice("\(results.count) webhooks were attempted and cannot be settled yet: \(failure)")
    }
}
