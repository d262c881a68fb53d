/// Runs closed-loop clients against a cluster and reports what they saw.
///
/// Owns: the event loop that all clients share (one: the loader runs on the cores it measures) and the order of a run:
/// look up ids, connect, warm up, measure. Must never: count anything before all clients are connected.
import Client
import JSON
import NIOCore
import NIOPosix

public enum LoadGenerator {
    /// - Returns: the counts and quantiles of the measured time; for a fill, of the whole fill.
    /// - Throws: an option out of its limits, a node that cannot be reached, or a run in which nothing succeeded.
    public static func run(_ options: LoadOptions) async throws(OperationsError) -> LoadReport {
        try options.validate()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let result: Result<LoadReport, OperationsError>
        do throws(OperationsError) {
            result = .success(try await run(options, on: group.next()))
        } catch {
            result = .failure(error)
        }
        do {
            try await group.shutdownGracefully()
        } catch {
            throw OperationsError("cannot end the loader's event loop: \(error)")
        }
        return try result.get()
    }

    private static func run(
        _ options: LoadOptions, on eventLoop: any EventLoop
    ) async throws(OperationsError) -> LoadReport {
        let ids = options.operation == .getMemory ? try await memoryIDs(options, on: eventLoop) : []
        let promise = eventLoop.makePromise(of: LoadReport.self)
        eventLoop.execute {
            LoadSession(options: options, ids: ids, eventLoop: eventLoop, promise: promise).start()
        }
        let report: LoadReport
        do {
            report = try await promise.futureResult.get()
        } catch {
            throw OperationsError("cannot load the cluster: \(error)")
        }
        guard report.operations > 0 else {
            throw OperationsError("no operation succeeded; the first error: \(report.firstError ?? "none")")
        }
        return report
    }

    /// The ids of stored memories of the load's namespace, at most `keys`.
    private static func memoryIDs(
        _ options: LoadOptions, on eventLoop: any EventLoop
    ) async throws(OperationsError) -> [String] {
        let pageSize = 1000
        var ids: [String] = []
        do {
            let connection = try await HTTPConnection.connect(to: options.endpoints[0], on: eventLoop).get()
            defer { connection.close() }
            while ids.count < options.keys {
                let request = APIRequest(
                    method: "GET",
                    target: "/api/v1/memories?namespace=\(LoadRequests.namespace)&limit=\(pageSize)&offset=\(ids.count)"
                )
                let bytes = try request.encoded(for: connection.endpoint)
                let answer = try await connection.exchange(bytes, timeout: .seconds(30)).get()
                guard answer.status == 200 else {
                    throw OperationsError("cannot list memories: \(answer.status): \(answer.bodyText.prefix(200))")
                }
                let memories = try JSONValue.parse(answer.bodyBytes)["memories"]?.arrayValue ?? []
                ids.append(contentsOf: memories.compactMap { $0["id"]?.stringValue })
                if memories.count < pageSize { break }
            }
        } catch let error as OperationsError {
            throw error
        } catch {
            throw OperationsError("cannot list memories: \(error)")
        }
        guard !ids.isEmpty else {
            throw OperationsError(
                "there are no memories in namespace '\(LoadRequests.namespace)' to get; store some with --op fill-memory"
            )
        }
        return Array(ids.prefix(options.keys))
    }
}

/// One run on its event loop.
private final class LoadSession {
    private let run: LoadClient.Run
    private let ids: [String]
    private let eventLoop: NIOIsolatedEventLoop
    private let promise: EventLoopPromise<LoadReport>
    private var clients: [LoadClient] = []
    private var running = 0
    private var startedAt = NIODeadline.now()

    init(options: LoadOptions, ids: [String], eventLoop: any EventLoop, promise: EventLoopPromise<LoadReport>) {
        run = LoadClient.Run(options: options)
        self.ids = ids
        self.eventLoop = eventLoop.assumeIsolated()
        self.promise = promise
    }

    func start() {
        let endpoints = run.options.endpoints
        let loop = eventLoop.nonisolated()
        clients = (0..<run.options.clients).map { number in
            LoadClient(
                run: run, endpoint: endpoints[number % endpoints.count], eventLoop: loop, number: number, ids: ids)
        }
        EventLoopFuture.andAllSucceed(clients.map { $0.connect() }, on: loop).assumeIsolated().whenComplete { result in
            switch result {
            case .success: self.begin()
            case .failure(let error): self.promise.fail(error)
            }
        }
    }

    private func begin() {
        let options = run.options
        startedAt = .now()
        run.countsFrom = options.operation.isFill ? startedAt : startedAt + LoadSession.amount(options.warmupSeconds)
        run.countsUntil = run.countsFrom + LoadSession.amount(options.seconds)
        running = clients.count
        sweep()
        for client in clients {
            client.start {
                self.running -= 1
                if self.running == 0 { self.promise.succeed(self.report()) }
            }
        }
    }

    /// One look a second at all requests under way is cheaper than a timer for each.
    private func sweep() {
        eventLoop.scheduleTask(in: .seconds(1)) {
            guard self.running > 0 else { return }
            let oldest = NIODeadline.now() - LoadSession.amount(self.run.options.timeoutSeconds)
            for client in self.clients {
                if let sentAt = client.sentAt, sentAt < oldest { client.abandon() }
            }
            self.sweep()
        }
    }

    private func report() -> LoadReport {
        let options = run.options
        let elapsed = (NIODeadline.now() - startedAt).nanoseconds
        let seconds = options.operation.isFill ? Double(elapsed) / 1e9 : options.seconds
        let histogram = run.histogram
        return LoadReport(
            operation: options.operation, clients: options.clients, sizeBytes: options.sizeBytes,
            operations: histogram.total, errors: run.errors, perSecond: Double(histogram.total) / seconds,
            p50Microseconds: histogram.microseconds(at: 0.5), p99Microseconds: histogram.microseconds(at: 0.99),
            p999Microseconds: histogram.microseconds(at: 0.999), firstError: run.firstError)
    }

    private static func amount(_ seconds: Double) -> TimeAmount { .nanoseconds(Int64(seconds * 1e9)) }
}
