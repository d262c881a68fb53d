/// A client of a whole cluster: asks one node and goes to the next by itself.
///
/// Owns: one connection per endpoint, the endpoint that worked last, and the rules of fail-over. Must never: repeat a
/// write without an idempotency key, or report success for anything but a node's answer.
import NIOCore
import NIOPosix

public actor MemoryClient {
    public nonisolated let endpoints: [Endpoint]
    public nonisolated let options: ClientOptions
    /// With less time than this no attempt is begun but the first: one that cannot be answered in time only makes the
    /// outcome of a write unknown.
    private static let attemptMillisecondsMin: Int64 = 50

    private let eventLoop: any EventLoop
    /// The connection to each endpoint, or the attempt to make it; shared by all callers.
    private var slots: [EventLoopFuture<HTTPConnection>?]
    private var preferred = 0

    /// - Parameters:
    ///   - endpoints: tried in this order until one works; not empty.
    ///   - eventLoopGroup: carries the connections; the process-wide one unless given.
    public init(
        endpoints: [Endpoint], options: ClientOptions = ClientOptions(),
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        precondition(!endpoints.isEmpty, "a client needs at least one endpoint")
        self.endpoints = endpoints
        self.options = options
        eventLoop = eventLoopGroup.next()
        slots = Array(repeating: nil, count: endpoints.count)
    }

    deinit {
        for slot in slots { slot?.whenSuccess { $0.close() } }
    }

    /// An answer and who gave it.
    public struct Answer: Sendable {
        public var endpoint: Endpoint
        public var response: HTTPResponse
    }

    /// Sends until a node answers with anything but 503, through all endpoints, in rounds, until the call's time is up.
    ///
    /// A timeout or a lost connection leaves open whether the node acted; repeating is safe because reads change nothing
    /// that matters and writes carry an idempotency key.
    /// - Parameter first: index of the endpoint to begin with; nil begins with the one that worked last.
    public func send(_ request: APIRequest, first: Int? = nil) async throws(ClientError) -> Answer {
        precondition(
            request.method == "GET" || request.idempotencyKey != nil || request.target.hasPrefix("/api/v1/recall"),
            "a write without an idempotency key must not be retried")
        let clock = ContinuousClock()
        let deadline = clock.now + .milliseconds(options.callTimeoutMilliseconds)
        let start = first ?? preferred
        var mayHaveTakenEffect = false
        // The last failure of each endpoint; a round that the deadline cuts short keeps those of the round before.
        var lastFailures = endpoints.map { endpoint in
            EndpointFailure(endpoint: endpoint, reason: "not asked, the time was up", isConnectFailure: false)
        }
        while true {
            var failures: [EndpointFailure] = []
            for offset in endpoints.indices {
                let index = (start + offset) % endpoints.count
                let remaining = (deadline - clock.now).milliseconds
                guard remaining >= Self.attemptMillisecondsMin || failures.isEmpty else { break }
                let timeout = max(1, min(options.attemptTimeoutMilliseconds, remaining))
                switch await attempt(request, index: index, timeoutMilliseconds: timeout) {
                case .answered(let response):
                    if first == nil { preferred = index }
                    return Answer(endpoint: endpoints[index], response: response)
                case .failed(let failure, let effect):
                    failures.append(failure)
                    lastFailures[index] = failure
                    mayHaveTakenEffect = mayHaveTakenEffect || effect
                case .unsendable(let error):
                    throw error
                }
                if Task.isCancelled { throw .cancelled }
            }
            let nobodyListens = failures.allSatisfy(\.isConnectFailure)
            let pause = options.roundPauseMilliseconds + Self.attemptMillisecondsMin
            let isOver = clock.now + .milliseconds(pause) >= deadline
            if isOver || (nobodyListens && options.givesUpWhenNobodyListens) {
                let key = mayHaveTakenEffect ? request.idempotencyKey : nil
                throw .allEndpointsFailed(lastFailures, mayHaveTakenEffect: key)
            }
            try await self.pause()
        }
    }

    /// Asks exactly one endpoint, once; any status is an answer.
    /// - Throws: `ClientError.allEndpointsFailed` with the one failure.
    public func sendOnce(
        _ request: APIRequest, to index: Int, timeoutMilliseconds: Int64? = nil
    ) async throws(ClientError) -> Answer {
        let bytes = try encoded(request, for: endpoints[index])
        do throws(ExchangeError) {
            let response = try await exchange(
                bytes, index: index, timeoutMilliseconds: timeoutMilliseconds ?? options.attemptTimeoutMilliseconds)
            return Answer(endpoint: endpoints[index], response: response)
        } catch {
            let key = error.mayHaveTakenEffect ? request.idempotencyKey : nil
            throw .allEndpointsFailed([failure(at: index, error)], mayHaveTakenEffect: key)
        }
    }

    private enum Attempt {
        case answered(HTTPResponse)
        case failed(EndpointFailure, mayHaveTakenEffect: Bool)
        case unsendable(ClientError)
    }

    private func attempt(_ request: APIRequest, index: Int, timeoutMilliseconds: Int64) async -> Attempt {
        let bytes: ByteBuffer
        do throws(ClientError) {
            bytes = try encoded(request, for: endpoints[index])
        } catch {
            return .unsendable(error)
        }
        do throws(ExchangeError) {
            let response = try await exchange(bytes, index: index, timeoutMilliseconds: timeoutMilliseconds)
            guard response.status == 503 else { return .answered(response) }
            let reason = "503 \(ErrorText.message(of: response))"
            let failure = EndpointFailure(endpoint: endpoints[index], reason: reason, isConnectFailure: false)
            // A 503 is "nothing was written" or "the outcome is unknown"; the node says which.
            return .failed(failure, mayHaveTakenEffect: ErrorText.saysOutcomeUnknown(response))
        } catch {
            return .failed(failure(at: index, error), mayHaveTakenEffect: error.mayHaveTakenEffect)
        }
    }

    private func encoded(_ request: APIRequest, for endpoint: Endpoint) throws(ClientError) -> ByteBuffer {
        var request = request
        if let agentID = options.agentID { request.headers.append(APIRequest.Header("X-Agent-Id", agentID)) }
        if let apiKey = options.apiKey { request.headers.append(APIRequest.Header("X-API-Key", apiKey)) }
        return try request.encoded(for: endpoint)
    }

    private func failure(at index: Int, _ error: ExchangeError) -> EndpointFailure {
        var isConnectFailure = false
        if case .connectFailed = error { isConnectFailure = true }
        return EndpointFailure(
            endpoint: endpoints[index], reason: error.description, isConnectFailure: isConnectFailure)
    }

    private func exchange(
        _ bytes: ByteBuffer, index: Int, timeoutMilliseconds: Int64
    ) async throws(ExchangeError) -> HTTPResponse {
        let (connection, isFresh) = try await connection(index)
        do throws(ExchangeError) {
            return try await exchange(bytes, on: connection, timeoutMilliseconds: timeoutMilliseconds)
        } catch {
            // A node may close an idle connection just as we use it: that says nothing about the node, so one more try.
            guard case .closed = error, !isFresh else { throw error }
        }
        let (second, _) = try await self.connection(index)
        return try await exchange(bytes, on: second, timeoutMilliseconds: timeoutMilliseconds)
    }

    private func exchange(
        _ bytes: ByteBuffer, on connection: HTTPConnection, timeoutMilliseconds: Int64
    ) async throws(ExchangeError) -> HTTPResponse {
        do {
            return try await connection.exchange(bytes, timeout: .milliseconds(timeoutMilliseconds)).get()
        } catch let error as ExchangeError {
            throw error
        } catch {
            throw .malformed("\(error)")
        }
    }

    private func connection(_ index: Int) async throws(ExchangeError) -> (HTTPConnection, isFresh: Bool) {
        if let slot = slots[index] {
            let connection = try await opened(slot, index: index)
            if connection.isActive { return (connection, false) }
            if slots[index] === slot { slots[index] = nil }
        }
        // While this caller waited another one may have begun to connect: share that.
        if let slot = slots[index] { return (try await opened(slot, index: index), true) }
        let slot = HTTPConnection.connect(to: endpoints[index], on: eventLoop, limits: options.limits)
        slots[index] = slot
        return (try await opened(slot, index: index), true)
    }

    private func opened(
        _ slot: EventLoopFuture<HTTPConnection>, index: Int
    ) async throws(ExchangeError) -> HTTPConnection {
        do {
            return try await slot.get()
        } catch {
            if slots[index] === slot { slots[index] = nil }
            throw error as? ExchangeError ?? .connectFailed("\(error)")
        }
    }

    private func pause() async throws(ClientError) {
        do {
            try await Task.sleep(for: .milliseconds(options.roundPauseMilliseconds))
        } catch {
            throw .cancelled
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    public var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
