/// One closed-loop client: a connection, one request under way, and what came of them.
///
/// Owns: its connection and its clock points. Lives on one event loop and is touched there only. Must never: retry; a
/// request that failed is an error in the report.
import Client
import NIOCore

final class LoadClient {
    /// What all clients of a run share; on the same event loop.
    final class Run {
        let options: LoadOptions
        /// Latencies count for operations that end within these; moved once, when all clients are connected.
        var countsFrom = NIODeadline.distantFuture
        var countsUntil = NIODeadline.distantFuture
        var histogram = LatencyHistogram()
        var errors: UInt64 = 0
        var firstError: String?
        /// Next key of a fill.
        var nextKey = 0

        init(options: LoadOptions) { self.options = options }

        func fail(_ text: String) {
            errors += 1
            if firstError == nil { firstError = text }
        }
    }

    /// After an error the client waits a little, so that a node that refuses is not asked a hundred thousand times.
    private static let pauseAfterError = TimeAmount.milliseconds(20)

    private let run: Run
    private let endpoint: Endpoint
    private let eventLoop: NIOIsolatedEventLoop
    private var requests: LoadRequests
    private var connection: HTTPConnection?
    private var finished: (() -> Void)?
    /// When the request under way was sent; nil between requests.
    private(set) var sentAt: NIODeadline?

    init(run: Run, endpoint: Endpoint, eventLoop: any EventLoop, number: Int, ids: [String]) {
        self.run = run
        self.endpoint = endpoint
        self.eventLoop = eventLoop.assumeIsolated()
        requests = LoadRequests(options: run.options, endpoint: endpoint, client: number, ids: ids)
    }

    func connect() -> EventLoopFuture<Void> {
        let promise = eventLoop.nonisolated().makePromise(of: Void.self)
        HTTPConnection.connect(to: endpoint, on: eventLoop.nonisolated()).assumeIsolated().whenComplete { result in
            switch result {
            case .success(let connection):
                self.connection = connection
                promise.succeed()
            case .failure(let error):
                promise.fail(error)
            }
        }
        return promise.futureResult
    }

    /// Sends requests until the time is up or the fill is done, then calls `finished` once.
    func start(finished: @escaping () -> Void) {
        self.finished = finished
        next()
    }

    /// The request under way has waited too long: its connection ends, and with it the request.
    func abandon() { connection?.close() }

    private func next() {
        let now = NIODeadline.now()
        guard now < run.countsUntil, let chosen = nextKey() else { return finish() }
        guard let connection, connection.isActive else { return reconnect() }
        let request = requests.next(key: chosen.key)
        let begin = NIODeadline.now()
        sentAt = begin
        connection.exchange(request) { result in
            self.sentAt = nil
            self.took(result, begin: begin)
        }
    }

    /// - Returns: nil when a fill has no keys left; a key of nil leaves the choice to the generator.
    private func nextKey() -> (key: Int?, Void)? {
        guard run.options.operation.isFill else { return (nil, ()) }
        guard run.nextKey < run.options.keys else { return nil }
        defer { run.nextKey += 1 }
        return (run.nextKey, ())
    }

    private func took(_ result: Result<HTTPResponse, ExchangeError>, begin: NIODeadline) {
        let end = NIODeadline.now()
        let counts = end >= run.countsFrom && end <= run.countsUntil
        switch result {
        case .success(let response) where (200..<300).contains(response.status):
            if counts { run.histogram.add(microseconds: UInt64(max(0, (end - begin).nanoseconds)) / 1000) }
            next()
        case .success(let response):
            if counts { run.fail("\(response.status): \(response.bodyText.prefix(200))") }
            pause()
        case .failure(let error):
            if counts { run.fail("\(endpoint): \(error)") }
            pause()
        }
    }

    private func pause() {
        eventLoop.scheduleTask(in: LoadClient.pauseAfterError) { self.next() }
    }

    private func reconnect() {
        connect().assumeIsolated().whenComplete { result in
            switch result {
            case .success:
                self.next()
            case .failure(let error):
                if NIODeadline.now() >= self.run.countsFrom { self.run.fail("\(self.endpoint): \(error)") }
                self.pause()
            }
        }
    }

    private func finish() {
        connection?.close()
        finished?()
        finished = nil
    }
}
