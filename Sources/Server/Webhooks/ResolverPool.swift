import NIOCore
import NIOPosix
import Synchronization

/// Looks names up, on threads of its own: the system's resolver blocks for as long as it likes.
///
/// Owns: the threads, and how much may wait for them. Must never: hold two threads for one name, let lookups wait without
/// bound, or keep a node that stops waiting for one.
final class ResolverPool: Sendable {
    /// Addresses of a name, 4 or 16 bytes each. Blocks.
    typealias Lookup = @Sendable (String) throws -> [[UInt8]]

    private struct Job {
        /// nil while it waits for a thread.
        var startedAt: NIODeadline?
        var waiters: [Int: EventLoopPromise<[[UInt8]]>]
    }

    private struct State {
        var jobs: [String: Job] = [:]
        var waitersCount = 0
        var isStopped = false
    }

    private static let stopping = WebhookTarget.Problem(description: "this node is stopping")

    private let pool: NIOThreadPool
    private let waitingMax: Int
    private let stuckAfter: TimeAmount
    private let lookup: Lookup
    private let state = Mutex(State())

    /// - Parameters:
    ///   - waitingMax: names that may wait for a thread.
    ///   - stuckAfter: a lookup that takes longer is not counted on any more.
    init(
        threads: Int = 4, waitingMax: Int = 16, stuckAfter: TimeAmount = WebhookSender.timeout,
        lookup: @escaping Lookup = { try SocketAddresses.resolve(host: $0) }
    ) {
        pool = NIOThreadPool(numberOfThreads: threads)
        self.waitingMax = waitingMax
        self.stuckAfter = stuckAfter
        self.lookup = lookup
        pool.start()
    }

    /// Who asks for a name that is being looked up already waits for the same answer.
    /// - Returns: how to stop waiting, after which the promise has failed.
    func look(up host: String, _ promise: EventLoopPromise<[[UInt8]]>) -> @Sendable () -> Void {
        var isNew = false
        var number = 0
        let problem = state.withLock { state in
            isNew = state.jobs[host] == nil
            if let problem = refusal(state, isNew: isNew) { return problem as String? }
            state.waitersCount += 1
            number = state.waitersCount
            state.jobs[host, default: Job(waiters: [:])].waiters[number] = promise
            return nil
        }
        if let problem {
            promise.fail(WebhookTarget.Problem(description: "cannot resolve '\(host)': \(problem)"))
            return {}
        }
        if isNew { pool.submit { [self] in run(host, isActive: $0 == .active) } }
        return { [self, number] in
            let promise = state.withLock { $0.jobs[host]?.waiters.removeValue(forKey: number) }
            promise?.fail(WebhookTarget.Problem(description: "nobody waits for '\(host)' any more"))
        }
    }

    private func refusal(_ state: State, isNew: Bool) -> String? {
        if state.isStopped { return "this node is stopping" }
        guard isNew else { return nil }
        let now = NIODeadline.now()
        let stuck = state.jobs.values.count { job in job.startedAt.map { now - $0 >= stuckAfter } ?? false }
        if stuck >= pool.numberOfThreads { return "all \(stuck) resolver threads are stuck in other names" }
        let waiting = state.jobs.values.count { $0.startedAt == nil }
        return waiting >= waitingMax ? "\(waiting) other names wait for a resolver thread" : nil
    }

    /// On a thread of the pool.
    private func run(_ host: String, isActive: Bool) {
        // Whoever asked may have given up while it waited.
        let unwanted: Job? = state.withLock { state in
            guard isActive, state.jobs[host]?.waiters.isEmpty == false else {
                return state.jobs.removeValue(forKey: host) ?? Job(waiters: [:])
            }
            state.jobs[host]?.startedAt = .now()
            return nil
        }
        if let unwanted {
            for promise in unwanted.waiters.values { promise.fail(Self.stopping) }
            return
        }
        let answer = Result { try lookup(host) }
        let waiters = state.withLock { $0.jobs.removeValue(forKey: host)?.waiters } ?? [:]
        for promise in waiters.values { promise.completeWith(answer) }
    }

    /// Before the loops of its promises end. A thread that is stuck in the system's resolver ends when that lets it go.
    func stop() {
        let waiters = state.withLock { state in
            state.isStopped = true
            defer { state.jobs = [:] }
            return state.jobs.values.flatMap(\.waiters.values)
        }
        for promise in waiters { promise.fail(Self.stopping) }
        pool.shutdownGracefully { _ in }
    }
}
